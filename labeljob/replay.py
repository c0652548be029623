"""`labeljob replay`: recorded requests through the same function as the Lambda, with the same bytes for a result."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from consolidation.batch import Job, artefact_prefix, consolidate
from consolidation.label import serialise
from consolidation.label_facts import errors_of
from consolidation.skill_store import SkillStore, WarmSummaries, job_digest, request_digest, skill_folder
from labeljob.local_store import FolderStore, LocalStore
from labeljob.requests import RecordedRequest, read_requests
from shared.contract import ConsolidatedAnnotation
from shared.errors import SettingsError
from shared.json_node import JsonNode, parse_json
from shared.settings import METHODS, Settings

ARTEFACTS = "output"
DEFAULT_LABEL_ATTRIBUTE = "label"
_NO_PLACE = "s3://replay/annotations"
"""Where the skill of workers lies whose job has no known output; within the replay's own folder."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One request consolidated again.

    Attributes:
        request: what was replayed.
        replies: what the Lambda would return.
        response: the file it was written to.
    """

    request: RecordedRequest
    replies: tuple[ConsolidatedAnnotation, ...]
    response: Path

    @property
    def errors(self) -> list[tuple[str, str]]:
        """(data object id, message) of objects that ended in an error label, and of entries without an id."""
        failed = [(reply.data_object_id, error) for reply in self.replies for error in errors_of(reply.label)]
        return failed + [("(no id)", fault) for fault in self.request.faults]


@dataclass(frozen=True, slots=True)
class Replay:
    """What to do with each request.

    Attributes:
        out: folder for `<request>.response.json`; artefacts go to `output/` in it.
        settings: the settings document, None for the defaults.
        method: instead of the settings' method, or None.
        label_attribute: instead of the one recorded, or None.
        output_config: instead of the one recorded, or None. Where neither is known, labels refer to artefacts by their path from `out`.
    """

    out: Path
    settings: JsonNode | None = None
    method: str | None = None
    label_attribute: str | None = None
    output_config: str | None = None
    _warm: WarmSummaries = field(default_factory=WarmSummaries)

    def run(self, request: RecordedRequest, store: LocalStore, skills: FolderStore) -> Replayed:
        """Consolidate one request and write its response.

        Args:
            request: what to replay.
            store: answers are read from it, artefacts written to it.
            skills: what the job recorded of its workers, and what the requests replayed before showed of theirs; requests that nothing
                tells apart count as one job.

        Raises:
            SettingsError: the settings are wrong.
        """
        settings = self._settings(request)
        prefix = artefact_prefix(self.output_config or request.output_config, settings)
        job = Job(
            self.label_attribute or request.label_attribute_name or DEFAULT_LABEL_ATTRIBUTE,
            request.label_categories,
            prefix or f"{ARTEFACTS}/",
        )
        memory = self._memory(request, job.label_attribute_name, settings, skills)
        replies = consolidate(job, request.data_objects, store, settings, memory=memory)
        self.out.mkdir(parents=True, exist_ok=True)
        response = self.out / f"{request.name}.response.json"
        response.write_bytes(serialise([reply.to_wire() for reply in replies]))
        return Replayed(request, tuple(replies), response)

    def _memory(
        self, request: RecordedRequest, label_attribute_name: str, settings: Settings, skills: FolderStore
    ) -> SkillStore | None:
        """What the Lambda knew of the workers, or would have known, had it consolidated the same requests in the same order."""
        output_config = self.output_config or request.output_config
        folder = skill_folder(output_config or _NO_PLACE, label_attribute_name, settings)
        job = job_digest(output_config, request.labeling_job_name)
        name = request_digest(job, label_attribute_name, request.data_objects, settings)
        return None if folder is None else SkillStore(skills, folder, job, name, warm=self._warm)

    def _settings(self, request: RecordedRequest) -> Settings:
        settings = Settings()
        if self.settings is not None:
            settings = Settings.parse(self.settings, request.labeling_job_name)
        return replace(settings, method=self.method) if self.method else settings


@click.command("replay")
@click.argument("requests", nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the results."
)
@click.option("--label-attribute", metavar="NAME", help="Key of the label.  [default: as recorded]")
@click.option(
    "--settings", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Job settings (JSON)."
)
@click.option("--method", type=click.Choice(METHODS), help="Instead of the settings' method.")
@click.option(
    "--output-config", metavar="S3URI", help="The job's `s3://.../annotations`.  [default: as recorded]"
)
@click.option(
    "--copy",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to read answers and payloads from that lie in S3.  [default: S3]",
)
@click.pass_context
def replay_command(context: click.Context, /, requests: tuple[str, ...], **options: Any) -> None:
    """Consolidate recorded answers again, through the same function as the Lambda.

    REQUESTS are files, folders or s3:// URIs: consolidation requests, events of the consolidation Lambda, worker responses,
    or the folder of a finished job.

    Exit status: 0 every object has a label, 1 some object ended in an error, 2 an input is unusable.
    """
    replay = Replay(
        out=options["out"],
        settings=read_settings(options["settings"]),
        method=options["method"],
        label_attribute=options["label_attribute"],
        output_config=options["output_config"],
    )
    store = LocalStore(replay.out / ARTEFACTS, options["copy"])
    with tempfile.TemporaryDirectory() as scratch:
        elsewhere = options["copy"] or any(location.startswith("s3://") for location in requests)
        skills = FolderStore(Path(scratch) / "skills", store if elsewhere else None)
        found = read_requests(requests, store, Path(scratch) / "fetched")
        replayed = [replay.run(request, store, skills) for request in found]
    summarise(replayed, Console())
    click.echo(f"responses in {replay.out}, artefacts in {replay.out / ARTEFACTS}")
    context.exit(1 if any(each.errors for each in replayed) else 0)


def summarise(replayed: Sequence[Replayed], console: Console) -> None:
    """Print a line per request, the reasons for review, and every error."""
    table = Table("request", "objects", "labels", "errors", "to review", box=None, pad_edge=False)
    for each in replayed:
        review = sum(_block(reply)["needs-review"] for reply in each.replies)
        table.add_row(
            each.request.name,
            str(len(each.replies)),
            str(sum(not errors_of(reply.label) for reply in each.replies)),
            str(len(each.errors)),
            str(review),
        )
    console.print(table)
    reasons = Counter(
        reason
        for each in replayed
        for reply in each.replies
        for reason in {_without_number(reason) for reason in _block(reply)["reasons"]}
    )
    for reason, times in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        labels = "label" if times == 1 else "labels"
        console.print(f"  to review: {times} {labels} for {reason}", highlight=False)
    for each in replayed:
        for name, message in each.errors:
            console.print(
                f"  error: {each.request.name}: data object {name}: {message}", highlight=False, markup=False
            )


def _without_number(reason: str) -> str:
    """`quorum:candidate-3` as `quorum:candidate`, so that a label counts once."""
    return reason.rstrip("0123456789").rstrip("-")


def _block(reply: ConsolidatedAnnotation) -> dict[str, Any]:
    block: dict[str, Any] = reply.label["consolidation"]  # type: ignore[assignment]
    return block


def read_settings(path: Path | None) -> JsonNode | None:
    """The settings document of a file, None for none.

    Raises:
        SettingsError: it is not JSON.
    """
    return None if path is None else parse_json(path.read_bytes(), error=SettingsError, path=str(path))
