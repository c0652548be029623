"""An output manifest read line by line, from a file and from S3."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from labeljob.aws import Aws as Clients
from labeljob.jobs.outcomes import OTHER, read_outcomes, tally
from shared.errors import ContractError
from tests.conftest import Aws

EXPIRED = {
    "retry-count": 1,
    "failure-reason": "ClientError: Annotation tasks expired.",
    "human-annotated": "true",
}
BLOCK = {"needs-review": False, "reasons": []}


def line(number: int, label: Any = None, **metadata: Any) -> dict[str, Any]:
    """A manifest line with a label, or without."""
    found: dict[str, Any] = {"source-ref": f"s3://acme-in/{number}.jpg"}
    if label is not None:
        found["cats"] = label
    if metadata:
        found["cats-metadata"] = metadata
    return found


LINES = [
    line(1, {"class-name": "cat", "consolidation": BLOCK}, **{"human-annotated": "yes"}),
    line(
        2,
        {
            "class-name": "cat",
            "consolidation": {"needs-review": True, "reasons": ["quorum:candidate-1", "quorum:candidate-2"]},
        },
    ),
    line(3, {"error": {"code": "answer", "message": "no answer is usable"}, "consolidation": BLOCK}),
    line(4, **EXPIRED),
    line(5, **EXPIRED),
    line(6),
    line(7, 0, **{"human-annotated": "no"}),
]
STATUSES = ["labelled", "review", "error", "failed", "failed", "unlabelled", "labelled", "failed"]


def manifest(lines: list[Any]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in lines)


def test_a_manifest_says_the_same_from_s3_and_from_a_file(aws: Aws, tmp_path: Path) -> None:
    body = manifest(LINES) + "{broken\n"
    file = tmp_path / "output.manifest"
    file.write_text(body)
    uri = aws.put("s3://acme-out/run/output.manifest", body)
    from_file = list(read_outcomes(file, "cats"))
    assert list(read_outcomes(uri, "cats", Clients())) == from_file
    assert [outcome.status for outcome in from_file] == STATUSES
    assert from_file[-1].failure.startswith("the line is not JSON")


def test_a_tally_counts_every_status_and_every_reason(tmp_path: Path) -> None:
    file = tmp_path / "output.manifest"
    file.write_text(manifest(LINES))
    counted = tally(read_outcomes(file, "cats"))
    assert (counted.objects, counted.labeled, counted.machine) == (7, 3, 1)
    assert (counted.review, counted.errors, counted.failed, counted.unlabeled) == (1, 1, 2, 1)
    assert [(reason.text, reason.count, reason.lines) for reason in counted.failures] == [
        (EXPIRED["failure-reason"], 2, (4, 5))
    ]
    assert [reason.text for reason in counted.error_reasons] == ["no answer is usable"]
    assert [(reason.text, reason.count) for reason in counted.review_reasons] == [("quorum:candidate", 1)]


def test_what_cannot_be_read_says_why(aws: Aws, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"none\.manifest cannot be read: No such file"):
        list(read_outcomes(tmp_path / "none.manifest", "cats"))
    with pytest.raises(ContractError, match=r"there is no s3://acme-out/none"):
        list(read_outcomes("s3://acme-out/none", "cats", Clients()))
    with pytest.raises(ContractError, match="lies in S3"):
        list(read_outcomes("s3://acme-out/none", "cats"))


def test_memory_does_not_grow_with_the_manifest(tmp_path: Path) -> None:
    """Forty megabytes, and no two reasons alike."""
    padding = "x" * 2_000
    file = tmp_path / "output.manifest"
    with file.open("w") as opened:
        for number in range(20_000):
            reason = {"failure-reason": f"{number}: {padding}"}
            opened.write(json.dumps(line(number, **reason)) + "\n")
    tracemalloc.start()
    counted = tally(read_outcomes(file, "cats"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted.failed == 20_000
    assert counted.failures[-1].text == OTHER
    assert counted.failures[-1].count == 20_000 - 20
    assert peak < 8_000_000


def test_a_label_may_be_longer_than_a_line_of_an_input_manifest(tmp_path: Path) -> None:
    file = tmp_path / "output.manifest"
    file.write_text(manifest([line(1, {"value": "x" * 3_000_000}), line(2, {"value": "y"})]))
    assert [len(outcome.label["value"]) for outcome in read_outcomes(file, "cats")] == [3_000_000, 1]
