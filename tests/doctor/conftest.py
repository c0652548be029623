"""Jobs in which nothing is wrong, on the local AWS; tests break one thing and look at what comes out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from labeljob.aws import Aws
from labeljob.doctor import Examination, examine
from labeljob.launch.job_file import read_job_file
from labeljob.local.process import LocalAws

ROOT = Path(__file__).parents[2]
PRE = "gt-consensus-PreLabelingFunction"
CONSOLIDATION = "gt-consensus-ConsolidationLabelingFunction"
EXECUTION = "gt-execution"
ACCOUNT = "123456789012"
MANIFEST = "s3://acme-in/roads/input.manifest"
LINES = tuple({"source-ref": f"s3://acme-in/roads/{number}.png"} for number in range(3))


def png(width: int = 8, height: int = 8) -> bytes:
    """A small image."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(file, "PNG")
    return file.getvalue()


@dataclass
class Bench:
    """A job to examine, and the AWS that it is examined on."""

    folder: Path
    aws: Aws
    job: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The job file, written as the job is now."""
        path = self.folder / "job.yaml"
        path.write_text(yaml.safe_dump(self.job, sort_keys=False))
        return path

    def examined(self, *, invoke: bool = False) -> Examination:
        """What doctor finds."""
        return examine(read_job_file(self.path), self.aws, invoke=invoke)

    def codes(self, *, invoke: bool = False) -> list[str]:
        """Codes of what doctor finds."""
        return [finding.rule.code for finding in self.examined(invoke=invoke).findings]

    def put(self, uri: str, body: bytes | str) -> str:
        """Write an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return uri

    def put_manifest(self, *lines: Mapping[str, Any]) -> None:
        """Write the manifest."""
        self.put(MANIFEST, "".join(f"{json.dumps(line)}\n" for line in lines))

    def configure(self, function: str, **options: Any) -> None:
        """Change a function; `environment` is laid over what it has."""
        found = self.aws.lambda_.get_function_configuration(FunctionName=function)
        if (changes := options.pop("environment", None)) is not None:
            options["Environment"] = {"Variables": {**found["Environment"]["Variables"], **changes}}
        self.aws.lambda_.update_function_configuration(FunctionName=function, **options)

    def role_policy(self, role: str, policy: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change an inline policy of a role."""
        document = self.aws.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        assert isinstance(document, dict)
        change(document)
        self.aws.iam.put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )

    def allow(self, role: str, actions: list[str], resources: list[str], effect: str = "Allow") -> None:
        """Give a role one more inline policy."""
        statement = {"Effect": effect, "Action": actions, "Resource": resources}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.aws.iam.put_role_policy(
            RoleName=role, PolicyName=f"test-{effect}", PolicyDocument=json.dumps(document)
        )


@pytest.fixture
def bench(local_aws: LocalAws, tmp_path: Path) -> Bench:
    """A sound batch job: classes of three images, labelled by the private team `birds`."""
    made = Bench(tmp_path, Aws(region="us-east-1"))
    for line in LINES:
        made.put(line["source-ref"], png())
    made.put_manifest(*LINES)
    (tmp_path / "page.liquid.html").write_text((ROOT / "worker_templates" / "class.liquid.html").read_text())
    made.job = {
        "name": "roads-7",
        "input": {"manifest": MANIFEST},
        "output": {"path": "s3://acme-out/run"},
        "role": EXECUTION,
        "labels": ["car", "bus"],
        "template": "page.liquid.html",
        "functions": {"stack": "gt-consensus"},
        "workforce": {"private": "birds"},
        "title": "Cars and buses",
        "description": "Say which kind of vehicle the image shows.",
        "keywords": ["images"],
    }
    return made
