"""The terminal sessions of a documentation page: run as a reader would run them, and written back into the page.

    python -m tools.terminal_sessions docs/labeljob.md          # show where the page differs from what the commands print
    python -m tools.terminal_sessions docs/labeljob.md --write  # put what they print into the page

A page's blocks of `console` are one session: every line that begins with `$ ` is run by bash, in the order of the page and in one folder,
with what it prints after it. Before a block, `<!-- file: NAME -->` makes a file of it, and `<!-- jobs: lead -->` (or hold, settle, release)
tells the local AWS how labeling jobs go on. What differs between two runs by its nature (times, durations, identifiers) is written in one
form.
"""

from __future__ import annotations

import argparse
import difflib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from PIL import Image

from labeljob.local import Crowd, LocalAws
from shared.s3_uri import S3Uri

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
UNSEEN = "s3://birdstop-ic-us-west-2/birds-open-images-subset/all_data/ffd8a1e95ac80ef7.jpg"
"""An image that nobody has answered for."""
IMAGES = ("birds", "nodules")
"""Jobs in tests/data whose images are there as far as their S3 objects are."""
_BLOCK = re.compile(
    r"(?P<open>(?:<!-- (?P<order>file|jobs): (?P<argument>\S+) -->\n)?```(?P<language>\w*)\n)(?P<body>.*?)(?P<close>^```$)",
    re.MULTILINE | re.DOTALL,
)
_PROMPT = "$ "
_SAME = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "2026-02-03 10:11:12 UTC"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?"), "2026-02-03T10:11:12"),
    (re.compile(r"[\d,]+ objects/h, about .+ to go"), "3,600 objects/h, about 4 min to go"),
    (re.compile(r"(^took +)[\d hmins]+$", re.MULTILINE), r"\g<1>4 s"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "01234567-89ab-cdef"),
    (re.compile(r"^\S+: Stopping\n", re.MULTILINE), ""),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:4599"),
)
"""What two runs cannot have in common, and the form in which it is written."""


@dataclass(frozen=True, slots=True)
class Session:
    """Where a page's commands run.

    Attributes:
        folder: the working folder; commands see nothing else of this machine by name.
        environment: all variables of the commands.
        jobs: tells the local AWS how labeling jobs go on.
    """

    folder: Path
    environment: Mapping[str, str]
    jobs: Callable[[str], None]

    def run(self, command: str) -> str:
        """Run one command by bash; what it prints on either stream, in one form."""
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        text = done.stdout.decode().replace(f"{self.folder}/", "").replace(str(self.folder), ".")
        return in_one_form(text)


def in_one_form(text: str) -> str:
    """What a command printed, without what two runs cannot have in common."""
    for pattern, form in _SAME:
        text = pattern.sub(form, text)
    lines = (line.rstrip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def played(page: str, session: Session) -> str:
    """The page with what its commands print now.

    Args:
        page: Markdown.
        session: where they run.
    """

    def replaced(block: re.Match[str]) -> str:
        if block["order"] == "file":
            (session.folder / block["argument"]).write_text(block["body"], encoding="utf-8")
        elif block["order"] == "jobs":
            for order in block["argument"].split(","):
                session.jobs(order)
        if block["language"] != "console":
            return block[0]
        body = "".join(
            _PROMPT + command + session.run(command.replace("\\\n", " "))
            for command in _commands(block["body"])
        )
        return block["open"] + body + block["close"]

    return _BLOCK.sub(replaced, page)


def _commands(body: str) -> list[str]:
    """The commands of a block, each with its line ends."""
    commands: list[str] = []
    goes_on = False
    for line in body.splitlines(keepends=True):
        if goes_on:
            commands[-1] += line
        elif line.startswith(_PROMPT):
            commands.append(line.removeprefix(_PROMPT))
        else:
            continue
        goes_on = line.rstrip("\n").endswith("\\")
    return commands


def difference(page: str, now: str, name: str) -> str:
    """Where the page is not what its commands print, as a unified diff; empty where it is."""
    return "".join(
        difflib.unified_diff(
            page.splitlines(keepends=True),
            now.splitlines(keepends=True),
            f"{name} (written)",
            f"{name} (run now)",
        )
    )


@contextmanager
def furnished(folder: Path) -> Iterator[Session]:
    """A working folder beside an AWS on this machine, with images and workers' recorded answers, for the sessions of the documentation.

    Args:
        folder: empty; becomes the working folder.
    """
    crowds = {
        "birds": Crowd(DATA / "birds" / "consolidation_request.json"),
        "radiologists": Crowd(DATA / "nodules" / "consolidation_request.json"),
        "public": Crowd(DATA / "nodules" / "consolidation_request.json"),
    }
    with LocalAws.started(crowds=crowds) as local:
        images = [
            json.loads(line)["source-ref"]
            for job in IMAGES
            for line in (DATA / job / "input.manifest").read_text().splitlines()
        ]
        put_images(local, [*images, UNSEEN])
        (folder / "worker_templates").symlink_to(ROOT / "worker_templates")
        (folder / "birds.json").symlink_to(DATA / "birds" / "consolidation_request.json")
        path = os.pathsep.join((str(Path(sys.executable).parent), os.defpath))
        variables = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "100"}
        orders = {"lead": local.lead, "hold": local.hold, "settle": local.settle, "release": local.release}
        yield Session(folder, variables | dict(local.environment), lambda order: orders[order]())


def put_images(local: LocalAws, uris: Iterable[str]) -> None:
    """Small grey images at S3 URIs, in place of those that the recorded answers are about."""
    drawn = io.BytesIO()
    Image.new("L", (64, 48), 128).save(drawn, "JPEG")
    session = boto3.Session("local", "local", region_name=local.environment["AWS_DEFAULT_REGION"])
    places = [S3Uri.parse(uri) for uri in uris]
    buckets = sorted({place.bucket for place in places})
    with closing(session.client("s3", endpoint_url=local.url)) as s3:
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket)
        for place in places:
            s3.put_object(Bucket=place.bucket, Key=place.key, Body=drawn.getvalue(), ContentType="image/jpeg")
    allowed = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}*" for bucket in buckets],
    }
    with closing(session.client("iam", endpoint_url=local.url)) as iam:
        iam.put_role_policy(
            RoleName="gt-execution",
            PolicyName="images",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )


def main() -> int:
    """Play a page; status 1 where it differs and was not to be written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--write", action="store_true", help="put what the commands print into the page")
    options = parser.parse_args()
    page = options.page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as session:
        now = played(page, session)
    if options.write:
        options.page.write_text(now, encoding="utf-8")
        return 0
    differs = difference(page, now, options.page.name)
    print(differs or f"{options.page}: as written")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
