"""One page being previewed: from the manifest line to the page, and from answers to the label."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Self
from urllib.parse import quote

from consolidation.batch import CONTENT_TYPES, Job, consolidate
from labeljob.local_store import file_of
from labeljob.preview.lint import Finding, check_template
from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.manifest import ManifestLine
from pre_annotation.app import TASK_INPUT_CHARACTERS
from pre_annotation.task_input import decide
from shared.contract import AnnotatedDataObject
from shared.errors import ContractError, ObjectMissingError, StorageError
from shared.json_node import Json, JsonNode
from shared.s3_uri import AllowedLocations, S3Uri
from shared.settings import Settings
from shared.storage import AwsAccess, S3Store

LABEL = "label"
_OBJECT_BYTES = 1_000_000_000
_ARTEFACTS = "artefacts/"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the answers so far.

    Attributes:
        label: of all answers together.
        workers: how many answers.
        pictures: paths on the server of the masks that the label refers to.
    """

    label: dict[str, Json]
    workers: int
    pictures: tuple[str, ...]


@dataclass(slots=True)
class DataObjects:
    """The data objects that a page shows, each under a path of the preview server. A path names a number, never a file.

    Attributes:
        folder: where copies of objects in S3 may lie; None to read S3 only.
        uris: the URIs granted so far; their place is their number.
    """

    folder: Path | None
    uris: list[str] = field(default_factory=list)

    def grant(self, uri: str) -> str:
        """The path under which the server gives an object: what `grant_read_access` writes into the page."""
        if uri not in self.uris:
            self.uris.append(uri)
        return f"/objects/{self.uris.index(uri)}/{quote(uri.rpartition('/')[2])}"

    def read(self, number: int) -> tuple[str, bytes]:
        """Name and bytes of a granted object: a copy in the folder, else the object in S3.

        Raises:
            StorageError: it is in neither place, or was never granted.
        """
        if not 0 <= number < len(self.uris):
            raise ObjectMissingError("the page was given no such object")
        place = S3Uri.parse(self.uris[number])
        copy = file_of(place, self.folder) if self.folder else None
        if copy:
            return place.name, copy.read_bytes()
        where = f"there is no copy of it in {self.folder}, and " if self.folder else ""
        try:
            store = S3Store(AwsAccess().client(), AllowedLocations(((place.bucket, ""),)))
            return place.name, store.read(
                str(place), limit=_OBJECT_BYTES, limit_name="what a preview can show"
            )
        except StorageError as failure:
            raise StorageError(f"{place} cannot be shown: {where}{failure}") from failure


@dataclass(slots=True)
class _Artefacts:
    """`ObjectStore` that keeps what labels refer to in memory."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """Nothing is read: answers come with the request."""
        raise ObjectMissingError(f"a preview has no object at {uri}")

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Keep an artefact."""
        self.bodies[uri] = body


@dataclass(slots=True)
class Preview:
    """A page for one manifest line.

    Attributes:
        template: its template.
        manifest: name of the manifest, for people.
        line: of the manifest.
        task_input: what the pre-annotation function makes of the line.
        skipped: why that function would ask for no human, or None.
        page: as Ground Truth would render it, but for URLs of data objects.
        findings: of the linter.
    """

    template: WorkerTemplate
    manifest: str
    line: ManifestLine
    objects: DataObjects
    settings: Settings
    categories: tuple[str, ...]
    task_input: Mapping[str, Any]
    skipped: str | None
    page: str
    findings: tuple[str, ...]
    _answers: list[Json] = field(default_factory=list)
    _artefacts: _Artefacts = field(default_factory=_Artefacts)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of_line(
        cls,
        template: Path,
        manifest: str,
        line: ManifestLine,
        categories: Sequence[str] = (),
        settings: Settings | None = None,
    ) -> Self:
        """Run the pre-annotation code for a line, render its page and check it.

        Args:
            template: path of the worker template.
            manifest: path or URI of the manifest; copies of data objects are looked for beside a path.
            line: of it.
            categories: label categories of the job; empty for those of the settings.
            settings: of the job; None for the defaults.

        Raises:
            ContractError: the line or the template cannot be used.
        """
        if line.fault:
            raise ContractError(f"line {line.number} of {manifest} {line.fault}")
        settings = settings or Settings()
        objects = DataObjects(None if manifest.startswith("s3://") else Path(manifest).resolve().parent)
        parsed = WorkerTemplate.read(template, objects.grant)
        categories = tuple(categories) or settings.label_categories
        decision = decide(line.value, categories, settings)
        task_input = decision.response.task_input
        findings = [str(finding) for finding in check_line(parsed, task_input)]
        return cls(
            template=parsed,
            manifest=manifest,
            line=line,
            objects=objects,
            settings=settings,
            categories=categories,
            task_input=task_input,
            skipped=decision.skipped,
            page=parsed.render_leniently(task_input),
            findings=tuple(findings),
        )

    @property
    def workers(self) -> int:
        """How many answers there are."""
        return len(self._answers)

    def submit(self, answer: Json) -> Outcome:
        """Take an answer as that of one more worker and consolidate all, by the function that the Lambda calls.

        Args:
            answer: the form's object, by element name.
        """
        with self._lock:
            self._answers.append(answer)
            annotations = [
                {"workerId": f"preview.worker-{number}", "annotationData": {"content": json.dumps(each)}}
                for number, each in enumerate(self._answers, start=1)
            ]
            entry = {
                "datasetObjectId": self.line.data_object_id,
                "dataObject": self.line.data_object,
                "annotations": annotations,
            }
            job = Job(LABEL, self.categories, _ARTEFACTS)
            (reply,) = consolidate(
                job, [AnnotatedDataObject.parse(JsonNode(entry))], self._artefacts, self.settings
            )
            pictures = [
                f"/{uri}"
                for uri in self._artefacts.bodies
                if uri.endswith(".png") and _holds(reply.label, uri)
            ]
            return Outcome(reply.label, len(self._answers), tuple(pictures))

    def start_over(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._answers.clear()
            self._artefacts.bodies.clear()

    def artefact(self, path: str) -> tuple[str, bytes]:
        """Content type and bytes of an artefact by its path on the server.

        Raises:
            ObjectMissingError: no label refers to it.
        """
        body = self._artefacts.bodies.get(path.removeprefix("/"))
        if body is None:
            raise ObjectMissingError("no label refers to it")
        return CONTENT_TYPES[path.rpartition(".")[2]], body


def check_line(template: WorkerTemplate, task_input: Mapping[str, Any]) -> list[Finding]:
    """What the linter finds for a task input, its length included."""
    findings = check_template(template, task_input)
    characters = len(json.dumps(task_input))
    if characters > TASK_INPUT_CHARACTERS:
        findings.append(
            Finding(
                1,
                f"the task input has {characters} characters, RenderUiTemplate takes {TASK_INPUT_CHARACTERS}",
                "put less into the manifest line; put what is long into S3",
            )
        )
    return findings


def _holds(label: Any, text: str) -> bool:
    """Whether a label has a text somewhere among its values."""
    if isinstance(label, dict):
        return any(_holds(value, text) for value in label.values())
    if isinstance(label, list):
        return any(_holds(value, text) for value in label)
    return bool(label == text)
