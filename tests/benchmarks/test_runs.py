"""A run from end to end on tiny work: each system in a process of its own, absent ones named, what is measured kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import scoring
from benchmarks.groups import Group
from benchmarks.reliability import Reliability
from benchmarks.runs import NOT_INSTALLED, VARIABLE, Book, Record, measure, measure_all
from benchmarks.systems import OURS, OURS_BY_MAJORITY, System, named
from benchmarks.workloads.boxes import box_scenes

TINY = Group("boxes", "tiny", lambda: box_scenes(0, 2, things=5), "image", scoring.boxes, "boxes")
PEER = named("boxes", "ensemble-boxes WBF")


@pytest.fixture(autouse=True)
def without_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No peer is installed here, whatever the machine has."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "peers"))


@pytest.fixture(scope="module")
def measured() -> list[Record]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "nowhere")
        systems = [named("boxes", OURS), named("boxes", OURS_BY_MAJORITY), PEER]
        return list(measure(TINY, 1, systems))


def test_ours_has_time_accuracy_and_reliability(measured: list[Record]) -> None:
    ours = measured[0]
    assert ours.error == ""
    assert ours.objects == 2
    assert ours.milliseconds is not None
    assert ours.figures["F1@0.5"] > 0.5
    assert ours.reliability is not None


def test_an_absent_peer_is_named(measured: list[Record]) -> None:
    assert (measured[2].system, measured[2].error) == (PEER.name, NOT_INSTALLED)


def test_a_library_that_is_not_in_its_environment_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an environment was made of an older list."""
    here = System(PEER.name, PEER.groups, PEER.adapter, PEER.options, PEER.library)
    assert [record.error for record in measure(TINY, 1, [here])] == [NOT_INSTALLED]


def test_a_system_that_takes_too_long_is_stopped() -> None:
    (record,) = measure(TINY, 1, [named("boxes", OURS)], limit=0.001)
    assert record.error == "not finished in 0.001 s"


def test_a_book_gives_the_records_of_the_last_run_of_a_work(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "results.jsonl"
    book = Book(path)
    told = Reliability.of([0.9], [True])
    first = Record(1, "boxes", OURS, milliseconds=2.0, figures={"F1@0.5": 0.9}, reliability=told)
    again = Record(2, "boxes", OURS, milliseconds=1.0)
    for record in (first, Record(1, "spans", OURS), again):
        book.add(record)
    read = Book(path)
    assert read.last_run == 2
    assert read.latest("boxes") == {OURS: again}
    assert read.latest("spans")[OURS].run == 1
    assert Book(path).latest("polygons") == {}
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert Book(path).latest("boxes") == {OURS: first}


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    book = Book(tmp_path / "results.jsonl")
    for system in (OURS, OURS_BY_MAJORITY):
        book.add(Record(1, "boxes", system, error="as it was"))
    lines: list[str] = []
    measure_all([TINY], book, lines.append, resume=True)
    records = book.latest("boxes")
    assert records[OURS].error == "as it was"
    assert records[PEER.name].error == NOT_INSTALLED
    assert all(NOT_INSTALLED in line for line in lines)
