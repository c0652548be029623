"""The input manifest: read from a file or S3, every line checked by Ground Truth's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labeljob.manifest import rules
from labeljob.manifest.kinds import MOST_OBJECTS
from labeljob.manifest.lines import read_line
from labeljob.manifest.rules import Fault
from shared.errors import ContractError

_BORNE = frozenset({rules.TWO_SOURCES, rules.DUPLICATE_KEY})
"""Rules that a line may break and be labelled all the same: what the service does is not documented."""


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
    value, faults = read_line(number, row)
    return ManifestLine(number, value or {}, reason_to_fail(faults))


def reason_to_fail(faults: Iterable[Fault]) -> str | None:
    """Which rule of Ground Truth keeps a data object from being labelled, or None."""
    return next((fault.finding.what for fault in faults if fault.finding.rule not in _BORNE), None)


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
