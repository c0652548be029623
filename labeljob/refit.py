"""`labeljob refit`: the skill of workers from all answers of a job, and every label made anew with it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.table import Table

from consolidation.batch import consolidate
from consolidation.label_facts import errors_of
from consolidation.learning import Skills
from labeljob.label_changes import Change, changes_between
from labeljob.local_store import LocalStore
from labeljob.replay import read_settings
from labeljob.requests import chunks
from labeljob.whole_job import ARTEFACTS, WholeJob
from shared.contract import AnnotatedDataObject
from shared.errors import ContractError
from shared.json_node import parse_json, write_json
from shared.storage import ObjectStore

MANIFEST, CHANGES, SUMMARY = "output.manifest", "changes.jsonl", "summary.json"
_MERGED_AT_ONCE = 16
"""Data objects consolidated together: few, so that large ones do not meet in memory and labels stay in the manifest."""
_MOST_BYTES = 1 << 32


@dataclass(slots=True)
class Counts:
    """What came of a refit."""

    objects: int = 0
    errors: int = 0
    changed: int = 0
    without_answers: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def to_wire(self, skills: Skills) -> dict[str, Any]:
        """The summary."""
        return {
            "objects": self.objects,
            "errors": self.errors,
            "changed": self.changed,
            "changes": dict(sorted(self.reasons.items())),
            "lines-without-answers": self.without_answers,
            "elements": [
                {"element": element, "kind": kind, "skill": skill, "workers": len(learned.reliability)}
                for (element, kind), learned in skills.learned.items()
                for skill in [skills.fingerprints[element, kind]]
            ],
        }


class Spool:
    """Labels on disk, found by data object id: they come in another order than the manifest's."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._places: dict[str, int] = {}

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        """Keep what is known of a data object."""
        self._places[name] = self._file.tell()
        self._file.write(write_json(entry).encode() + b"\n")

    def ids(self) -> list[str]:
        """Ids, numbers by their size and before others."""
        return sorted(
            self._places, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)
        )

    def of(self, name: str) -> dict[str, Any] | None:
        """What was kept, or None."""
        if name not in self._places:
            return None
        end = self._file.tell()
        self._file.seek(self._places[name])
        entry: dict[str, Any] = json.loads(self._file.readline())
        self._file.seek(end)
        return entry


@dataclass(frozen=True, slots=True)
class Refit:
    """A job to be labelled anew.

    Attributes:
        whole: its answers.
        out: folder for the results.
        manifest: the job's output manifest, a file or `s3://` URI; None: lines are made from the data objects, and labels are compared
            with those of a plain vote.
        answer_key: manifest attribute with the id under which answers were recorded; None: the line's number from 0.
    """

    whole: WholeJob
    out: Path
    manifest: str | None = None
    answer_key: str | None = None

    def run(self) -> tuple[Counts, Skills]:
        """Learn, label, write `output.manifest`, `changes.jsonl` and `summary.json`.

        Raises:
            ContractError: an input is unusable.
        """
        skills = self.whole.learn()
        counts = Counts()
        self.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as file:
            spool = Spool(file)
            self._label(skills, spool, counts)
            with (
                (self.out / MANIFEST).open("wb") as manifest,
                (self.out / CHANGES).open("wb") as changes,
            ):
                lines = self._made_lines(spool) if self.manifest is None else self._job_lines(spool, counts)
                for line, found in lines:
                    manifest.write(write_json(line).encode() + b"\n")
                    for change in found:
                        counts.reasons[change.what] += 1
                        changes.write(write_json(change.to_wire()).encode() + b"\n")
                    counts.changed += bool(found)
        (self.out / SUMMARY).write_text(json.dumps(counts.to_wire(skills), indent=2) + "\n", encoding="utf-8")
        return counts, skills

    def _label(self, skills: Skills, spool: Spool, counts: Counts) -> None:
        """The second pass: labels go to the spool, each with what it is to be compared with where there is no manifest."""
        plain = replace(self.whole.settings, method="majority")
        for few in chunks(self.whole.data_objects(), _MERGED_AT_ONCE):
            labels = self._labels(few, skills=skills)
            before = self._labels(few, settings=plain) if self.manifest is None else {}
            for entry in few:
                name = entry.data_object_id
                kept = {"label": labels[name], "source": dict(entry.data_object), "before": before.get(name)}
                spool.add(name, kept)
                counts.objects += 1
                counts.errors += bool(errors_of(labels[name]))

    def _labels(self, entries: list[AnnotatedDataObject], **how: Any) -> dict[str, dict[str, Any]]:
        settings = how.pop("settings", self.whole.settings)
        replies = consolidate(self.whole.job, entries, self.whole.store, settings, **how)
        return {reply.data_object_id: reply.label for reply in replies}

    def _made_lines(self, spool: Spool) -> Iterator[tuple[dict[str, Any], list[Change]]]:
        attribute = self.whole.job.label_attribute_name
        for name in spool.ids():
            kept = spool.of(name) or {}
            source = {_MANIFEST_KEYS.get(key, key): value for key, value in kept["source"].items()}
            line = {"datasetObjectId": name, **source, attribute: kept["label"]}
            yield line, changes_between(name, kept["before"], kept["label"])

    def _job_lines(self, spool: Spool, counts: Counts) -> Iterator[tuple[dict[str, Any], list[Change]]]:
        """The job's own lines, each with its new label; one without answers stays as it is."""
        attribute = self.whole.job.label_attribute_name
        used = 0
        for number, text in enumerate(_lines(str(self.manifest), self.whole.store)):
            node = parse_json(text, path=f"{self.manifest} line {number + 1}")
            line = dict(node.object())
            name = str(number) if self.answer_key is None else str(node[self.answer_key].value)
            kept = spool.of(name)
            if kept is None:
                counts.without_answers += 1
                yield line, []
                continue
            used += 1
            before, metadata = line.get(attribute), line.get(f"{attribute}-metadata")
            yield (
                {**line, attribute: kept["label"]},
                changes_between(name, before, kept["label"], metadata, line=number + 1),
            )
        if used < len(spool.ids()):
            raise ContractError(
                f"{len(spool.ids()) - used} of {len(spool.ids())} data objects have no line in {self.manifest}; is it this job's, "
                "and does it need --answer-key?"
            )


_MANIFEST_KEYS = {"s3Uri": "source-ref", "content": "source"}


def _lines(manifest: str, store: ObjectStore) -> Iterator[bytes]:
    if manifest.startswith("s3://"):
        body = store.read(manifest, limit=_MOST_BYTES, limit_name="--manifest")
        yield from (line for line in body.split(b"\n") if line.strip())
        return
    try:
        with Path(manifest).open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as failure:
        raise ContractError(f"{manifest} cannot be read: {failure.strerror}") from failure


def job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments that say which job."""
    for option in (
        click.option("--label-attribute", metavar="NAME", help="Key of the label.  [default: as recorded]"),
        click.option(
            "--settings",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Job settings (JSON).",
        ),
        click.option(
            "--copy",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Folder to read answers and payloads from that lie in S3.  [default: S3]",
        ),
        click.argument("answers", nargs=-1, required=True),
    ):
        command = option(command)
    return command


@contextmanager
def opened_job(
    answers: tuple[str, ...], options: Mapping[str, Any], artefacts: Path, output_config: str | None = None
) -> Iterator[WholeJob]:
    """The job that the arguments name; what is fetched from S3 is kept until the end of the block."""
    with tempfile.TemporaryDirectory() as scratch:
        yield WholeJob.found(
            answers,
            LocalStore(artefacts, options["copy"]),
            Path(scratch),
            settings=read_settings(options["settings"]),
            label_attribute=options["label_attribute"],
            output_config=output_config,
        )


@click.command("refit")
@job_options
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the results."
)
@click.option(
    "--manifest",
    metavar="FILE",
    help="The job's output manifest, a file or s3:// URI, to be corrected.  [default: lines made from the data objects]",
)
@click.option(
    "--answer-key",
    metavar="ATTRIBUTE",
    help="Manifest attribute with the id under which answers were recorded.  [default: the line's number from 0]",
)
@click.option(
    "--output-config", metavar="S3URI", help="The job's `s3://.../annotations`.  [default: as recorded]"
)
@click.pass_context
def refit_command(context: click.Context, /, answers: tuple[str, ...], **options: Any) -> None:
    """Make the labels of a finished job anew, with what all its answers show of its workers.

    ANSWERS are files, folders or s3:// URIs: the folder of a finished job, consolidation requests, events of the consolidation Lambda,
    or worker responses. Their order changes nothing; of a data object that comes twice the newest answers count.

    Exit status: 0 every object has a label, 1 some object ended in an error, 2 an input is unusable.
    """
    out: Path = options["out"]
    with opened_job(answers, options, out / ARTEFACTS, options["output_config"]) as whole:
        counts, skills = Refit(whole, out, options["manifest"], options["answer_key"]).run()
    _summarise(counts, skills, Console())
    click.echo(f"labels in {out / MANIFEST}, what changed in {out / CHANGES}, artefacts in {out / ARTEFACTS}")
    context.exit(1 if counts.errors else 0)


def _summarise(counts: Counts, skills: Skills, console: Console) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "objects": counts.objects,
        "changed": counts.changed,
        **{f"  {what}": times for what, times in sorted(counts.reasons.items())},
        "errors": counts.errors,
        **({"lines without answers": counts.without_answers} if counts.without_answers else {}),
    }
    for name, number in rows.items():
        table.add_row(name, str(number))
    console.print(table)
    for (element, kind), learned in skills.learned.items():
        console.print(
            f"  {element} ({kind}): {len(learned.reliability)} workers", highlight=False, markup=False
        )
