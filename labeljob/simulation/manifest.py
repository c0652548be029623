"""The input manifest: read from a file or S3, every line checked by Ground Truth's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeljob.simulation.wire import parse
from shared.errors import ContractError
from shared.json_node import write_json

LINE_CHARACTERS = 100_000
ATTRIBUTE_CHARACTERS = 20_000
MOST_OBJECTS = 100_000
"""Objects of one job, unless AWS raises the quota."""


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One line of an input manifest.

    Attributes:
        number: from 1.
        value: the data object; empty when the line cannot be read at all. Not modified.
        fault: which rule the line breaks, or None.
    """

    number: int
    value: Mapping[str, Any]
    fault: str | None = None

    @property
    def data_object_id(self) -> str:
        """`datasetObjectId`: the line's number from 0."""
        return str(self.number - 1)

    @property
    def data_object(self) -> dict[str, str]:
        """What the consolidation payload says of the line: its text or the URI of its data."""
        if self.value.get("source"):
            return {"content": self.value["source"]}
        return {"s3Uri": self.value["source-ref"]}

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"line {self.number}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An input manifest.

    Attributes:
        lines: in order.
        warnings: what the service's documentation does not allow for, but does not forbid either.
    """

    lines: tuple[ManifestLine, ...]
    warnings: tuple[str, ...]


def parse_manifest(body: bytes) -> Manifest:
    """Read a manifest: UTF-8, one JSON object per line; a broken line has a fault and does not stop the others.

    Raises:
        ContractError: there is no line.
    """
    rows = manifest_rows(body)
    if not rows:
        raise ContractError("the input manifest is empty")
    lines = tuple(_line(number, row) for number, row in enumerate(rows, start=1))
    return Manifest(lines, tuple(_warnings(lines)))


def manifest_rows(body: bytes) -> list[bytes]:
    """The lines of a manifest as they stand there, without their ends; a blank last one is none."""
    rows = body.split(b"\n")
    if not rows[-1].strip():
        rows.pop()
    return [row.removesuffix(b"\r") for row in rows]


def _line(number: int, row: bytes) -> ManifestLine:
    try:
        text = row.decode()
        value = parse(text)
    except UnicodeDecodeError as failure:
        return ManifestLine(number, {}, f"is not UTF-8: {failure}")
    except ValueError as failure:
        return ManifestLine(number, {}, f"is not JSON: {failure}")
    if not isinstance(value, dict):
        return ManifestLine(number, {}, "is not a JSON object")
    return ManifestLine(number, value, line_fault(text, value))


def line_fault(text: str, value: Mapping[str, Any], service_keys: frozenset[str] = frozenset()) -> str | None:
    """Which rule of Ground Truth a manifest line breaks, or None.

    Args:
        text: the line.
        value: the object in it.
        service_keys: keys that may start with $, since the service made them.
    """
    if len(text) > LINE_CHARACTERS:
        return f"has {len(text)} characters, allowed are {LINE_CHARACTERS}"
    for key, member in value.items():
        if key.startswith("$") and key not in service_keys:
            return f"has the attribute {key!r}; names must not start with $"
        length = len(member if isinstance(member, str) else write_json(member))
        if length > ATTRIBUTE_CHARACTERS:
            return f"has {length} characters in {key!r}, allowed are {ATTRIBUTE_CHARACTERS}"
    sources = [value[key] for key in ("source", "source-ref") if value.get(key)]
    if not sources:
        return "has neither source nor source-ref"
    if not all(isinstance(source, str) for source in sources):
        return "has a source or source-ref that is not a string"
    return None


def _warnings(lines: tuple[ManifestLine, ...]) -> list[str]:
    warnings = []
    both = [line.number for line in lines if line.value.get("source") and line.value.get("source-ref")]
    if both:
        warnings.append(
            f"line {both[0]} and {len(both) - 1} more have both source and source-ref; exactly one is expected, source is used"
            if len(both) > 1
            else f"line {both[0]} has both source and source-ref; exactly one is expected, source is used"
        )
    if len(lines) > MOST_OBJECTS:
        warnings.append(
            f"the manifest has {len(lines)} lines; a job takes {MOST_OBJECTS} unless AWS raises the quota"
        )
    return warnings
