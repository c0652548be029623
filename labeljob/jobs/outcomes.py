"""What became of each data object, read line by line from an output manifest of any length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consolidation.label_facts import errors_of
from labeljob.aws import Aws
from labeljob.manifest.reading import Manifest, rows
from labeljob.simulation.wire import parse

METADATA = "-metadata"
_KINDS_TOLD = 20
"""Different reasons that are counted one by one; more are counted together."""
_LINES_TOLD = 3
OTHER = "other reasons"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of an output manifest.

    Attributes:
        number: of the line, from 1.
        line: as it stands there; empty when it cannot be read.
        label: value of the label attribute, None when there is none.
        metadata: of the label; empty when there are none.
        fault: why the line cannot be read; empty when it can.
    """

    number: int
    line: Mapping[str, Any]
    label: Any
    metadata: Mapping[str, Any]
    fault: str = ""

    @property
    def source(self) -> str:
        """URI or text of the data object."""
        return str(self.line.get("source-ref") or self.line.get("source") or "")

    @property
    def block(self) -> Mapping[str, Any]:
        """The label's `consolidation` block; empty when it has none."""
        block = self.label.get("consolidation") if isinstance(self.label, dict) else None
        return block if isinstance(block, dict) else {}

    @property
    def errors(self) -> list[str]:
        """Why the label, or an element of it, says nothing."""
        return errors_of(self.label) if self.block else []

    @property
    def review(self) -> bool:
        """Whether the label asks for a person's look."""
        return self.block.get("needs-review") is True

    @property
    def failure(self) -> str:
        """Why there is no label; empty when there is one, or nobody says."""
        if self.label is not None:
            return ""
        return self.fault or str(self.metadata.get("failure-reason") or "")

    @property
    def machine(self) -> bool:
        """Whether automated labeling made the label."""
        return self.label is not None and self.metadata.get("human-annotated") == "no"

    @property
    def status(self) -> str:
        """`labelled`, `review`, `error` (a label that says why there is none), `failed` or `unlabelled`."""
        if self.label is None:
            return "failed" if self.failure else "unlabelled"
        if self.errors:
            return "error"
        return "review" if self.review else "labelled"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that some objects share: its text, how many they are, and the lines of the first."""

    text: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """An output manifest, counted.

    Attributes:
        objects: lines.
        labeled: with a label that says something, those to review included.
        machine: of these, made by automated labeling.
        review: of these, asking for a person's look.
        errors: labels that say why there is none.
        failed: given up by the service.
        unlabeled: as they came in.
        failures: why objects failed, most frequent first.
        error_reasons: what the error labels say, likewise.
        review_reasons: why labels ask for a look, likewise; one label may have several.
    """

    objects: int
    labeled: int
    machine: int
    review: int
    errors: int
    failed: int
    unlabeled: int
    failures: tuple[Reason, ...]
    error_reasons: tuple[Reason, ...]
    review_reasons: tuple[Reason, ...]


def read_outcomes(location: str | Path, label_attribute: str, aws: Aws | None = None) -> Iterator[Outcome]:
    """The lines of an output manifest, one at a time.

    Args:
        location: a file, or an `s3://` URI.
        label_attribute: key of the label.
        aws: needed for an `s3://` URI.

    Raises:
        AwsError: S3 refuses. ContractError: there is no such manifest, or it cannot be read.
    """
    for number, line, fault in read_lines(location, aws):
        metadata = line.get(label_attribute + METADATA)
        known = metadata if isinstance(metadata, dict) else {}
        yield Outcome(number, line, line.get(label_attribute), known, fault)


def read_lines(location: str | Path, aws: Aws | None = None) -> Iterator[tuple[int, dict[str, Any], str]]:
    """The lines of a manifest, each with its number from 1 and, when it is no JSON object, why not; empty lines are left out.

    Raises:
        As `read_outcomes`.
    """
    blocks = Manifest.at(str(location), aws).blocks()
    for number, row in enumerate(rows(blocks, longest=None), start=1):
        if row.strip():
            yield number, *_parsed(row)


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count outcomes, in memory that does not grow with their number."""
    statuses: Counter[str] = Counter()
    machine = 0
    failures, errors, reviews = _Reasons(), _Reasons(), _Reasons()
    for outcome in outcomes:
        statuses[outcome.status] += 1
        machine += outcome.machine
        if outcome.failure:
            failures.add(outcome.failure, outcome.number)
        for error in outcome.errors:
            errors.add(error, outcome.number)
        if outcome.status == "review":
            for code in dict.fromkeys(map(_without_number, outcome.block.get("reasons", ()))):
                reviews.add(code, outcome.number)
    return Tally(
        objects=statuses.total(),
        labeled=statuses["labelled"] + statuses["review"],
        machine=machine,
        review=statuses["review"],
        errors=statuses["error"],
        failed=statuses["failed"],
        unlabeled=statuses["unlabelled"],
        failures=failures.ranked(),
        error_reasons=errors.ranked(),
        review_reasons=reviews.ranked(),
    )


@dataclass(slots=True)
class _Reasons:
    """Reasons counted by their text; those that come after the first `_KINDS_TOLD` different ones as `OTHER`."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, text: str, number: int) -> None:
        known = text if text in self.counts or len(self.counts) < _KINDS_TOLD else OTHER
        self.counts[known] += 1
        first = self.lines.setdefault(known, [])
        if len(first) < _LINES_TOLD:
            first.append(number)

    def ranked(self) -> tuple[Reason, ...]:
        ranked = sorted(self.counts.items(), key=lambda entry: (entry[0] == OTHER, -entry[1], entry[0]))
        return tuple(Reason(text, count, tuple(self.lines[text])) for text, count in ranked)


def _parsed(row: bytes) -> tuple[dict[str, Any], str]:
    try:
        value = parse(row.decode())
    except ValueError as failure:
        return {}, f"the line is not JSON: {failure}"
    return (value, "") if isinstance(value, dict) else ({}, "the line is not a JSON object")


def _without_number(code: Any) -> str:
    """`quorum:candidate-3` as `quorum:candidate`, so that labels are counted by what they share."""
    return str(code).rstrip("0123456789").rstrip("-")
