"""What a job's folder says: its output manifest, its consolidation requests and its artefacts, read and joined per data object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from labeljob.output_layout import OUTPUT_MANIFEST, RECORD
from shared.contract import AnnotatedDataObject, ConsolidationPayload
from shared.errors import ContractError
from shared.json_node import JsonNode, parse_json

REQUESTS = "annotations/consolidated-annotation/consolidation-request"
_METADATA = "-metadata"
MOST_BYTES = 100_000_000
"""Of an artefact that is read to be shown."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One line of the output manifest.

    Attributes:
        number: of the line, from 1.
        source: URI or text of the data object.
        text: the data object itself, where it is a text that is known; else None.
        label: value of the label attribute, a moved label (`label-ref`) in full; None when the line has none.
        failure: why the service gave the object up, or None.
        answers: what was sent to consolidation, or None when nothing was.
        fault: why a moved label is not shown in full; empty when it is.
    """

    number: int
    source: str
    text: str | None
    label: Any
    failure: str | None
    answers: AnnotatedDataObject | None
    fault: str = ""

    @property
    def consolidation(self) -> Mapping[str, Any]:
        """The label's `consolidation` block; empty when it has none."""
        block = self.label.get("consolidation") if isinstance(self.label, dict) else None
        return block if isinstance(block, dict) else {}

    @property
    def error(self) -> Mapping[str, Any] | None:
        """`error` of an error label, else None."""
        error = self.label.get("error") if isinstance(self.label, dict) else None
        return error if isinstance(error, dict) else None

    @property
    def needs_review(self) -> bool:
        """Whether the label asks for a person's look."""
        return self.consolidation.get("needs-review") is True


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A labeling job, as its folder tells it.

    Attributes:
        folder: that holds `manifests/` and `annotations/`.
        name: of the job.
        label_attribute_name: key of the label in the manifest.
        record: `simulation.json`; empty for a folder that no simulation wrote.
        objects: in the order of the manifest.
    """

    folder: Path
    name: str
    label_attribute_name: str
    record: Mapping[str, Any]
    objects: tuple[ObjectFacts, ...]

    def artefact(self, uri: str, most: int = MOST_BYTES) -> bytes:
        """The artefact at an S3 URI, from the mirrored folder.

        Args:
            uri: of it.
            most: bytes that are read.

        Raises:
            ContractError: it is not in the folder, or larger.
        """
        return _artefact(self.folder, uri, most)


def read_job(folder: Path, label_attribute_name: str | None = None) -> JobFacts:
    """Read a job's folder: one that `labeljob simulate` wrote, or a mirror of a real job's output.

    Args:
        folder: with `manifests/output/output.manifest`.
        label_attribute_name: None for the one that `simulation.json` names, else the only one the manifest has.

    Raises:
        ContractError: there is no output manifest, it is broken, or the label attribute is not to be known; names the file.
    """
    manifest = folder / OUTPUT_MANIFEST
    record = read_record(folder)
    lines = _lines(manifest)
    label = label_attribute_name or record.get("label-attribute-name") or label_attribute_of(lines, manifest)
    if label_attribute_name and not any({label, label + _METADATA} & line.keys() for line in lines):
        seen = ", ".join(sorted({key for line in lines for key in line}))
        raise ContractError(f"no line of {manifest} has {label!r}; there are {seen}")
    answers = _answers(folder)
    failures = {failure["line"]: failure["reason"] for failure in record.get("failures", ())}
    objects = tuple(
        _object(folder, number, line, label, failures, answers) for number, line in enumerate(lines, start=1)
    )
    return JobFacts(folder, str(record.get("labeling-job-name") or label), label, record, objects)


def _object(
    folder: Path,
    number: int,
    line: Mapping[str, Any],
    label: str,
    failures: Mapping[int, str],
    answers: Mapping[str, AnnotatedDataObject],
) -> ObjectFacts:
    """What is known of a line of the output manifest."""
    sent = answers.get(str(number - 1))
    value, fault = line.get(label), ""
    try:
        value = _whole(folder, value)
    except ContractError as failure:
        fault = f"The label was moved to S3 for its size, and cannot be read there: {failure}"
    return ObjectFacts(
        number=number,
        source=str(line.get("source-ref") or line.get("source") or ""),
        text=_text(sent.data_object.get("content") if sent else line.get("source")),
        label=value,
        failure=failures.get(number) or _failure(line.get(label + _METADATA)),
        answers=sent,
        fault=fault,
    )


def _text(content: Any) -> str | None:
    """The data object, unless it is only the place of one."""
    return content if isinstance(content, str) and not content.startswith("s3://") else None


def read_record(folder: Path) -> Mapping[str, Any]:
    """`simulation.json` of a job's folder; empty for a folder that no simulation wrote."""
    file = folder / RECORD
    return parse_json(file.read_bytes(), path=RECORD).object() if file.is_file() else {}


def _lines(manifest: Path) -> list[dict[str, Any]]:
    try:
        rows = manifest.read_bytes().splitlines()
    except OSError as failure:
        raise ContractError(
            f"{manifest} cannot be read ({failure.strerror}); name the folder of a job, which holds it"
        ) from failure
    return [
        parse_json(row, path=f"{OUTPUT_MANIFEST} line {number}").object()
        for number, row in enumerate(rows, start=1)
    ]


def label_attribute_of(lines: Iterable[Mapping[str, Any]], manifest: Path) -> str:
    """The attribute whose metadata says that a custom job wrote it.

    Args:
        lines: of an output manifest.
        manifest: where it lies, for the message.

    Raises:
        ContractError: there is no such attribute, or more than one.
    """
    found = {
        key.removesuffix(_METADATA)
        for line in lines
        for key, value in line.items()
        if key.endswith(_METADATA)
        and isinstance(value, dict)
        and ("failure-reason" in value or value.get("type") == "groundtruth/custom")
    }
    if len(found) == 1:
        return found.pop()
    names = ", ".join(sorted(found)) or "none"
    raise ContractError(
        f"{manifest} has labels of custom jobs under: {names}; say which with --label-attribute"
    )


def _failure(metadata: Any) -> str | None:
    reason = metadata.get("failure-reason") if isinstance(metadata, dict) else None
    return None if reason is None else str(reason)


def _whole(folder: Path, label: Any) -> Any:
    """A label that was moved to S3 for its size, read from there."""
    reference = label.get("label-ref") if isinstance(label, dict) else None
    if not isinstance(reference, str):
        return label
    return parse_json(_artefact(folder, reference, MOST_BYTES), path=reference).value


def _artefact(folder: Path, uri: str, most: int) -> bytes:
    """Where an S3 URI lies in a mirror: the longest end of its key that is a file in the folder."""
    parts = PurePosixPath(uri.removeprefix("s3://")).parts
    root = folder.resolve()
    for start in range(len(parts)):
        for name in ("/".join(parts[start:]), "/".join(parts[start:]).replace(":", "_")):
            file = (root / name).resolve()
            if file.is_relative_to(root) and file.is_file():
                if (size := file.stat().st_size) > most:
                    raise ContractError(f"{uri} has {size} bytes, too many to show; at most {most} are read")
                return file.read_bytes()
    raise ContractError(f"{uri} is not in the job's folder")


def _answers(folder: Path) -> dict[str, AnnotatedDataObject]:
    """What was sent to consolidation, by data object; of several requests the last counts."""
    answers: dict[str, AnnotatedDataObject] = {}
    for file in sorted((folder / REQUESTS).glob("iteration-*/*.json"), key=_age):
        payload = ConsolidationPayload.parse(JsonNode(parse_json(file.read_bytes(), path=file.name).value))
        answers |= {entry.data_object_id: entry for entry in payload.data_objects}
    return answers


def _age(file: Path) -> tuple[int, str]:
    number = re.fullmatch(r"iteration-(\d+)", file.parent.name)
    return (int(number[1]) if number else 0), file.name
