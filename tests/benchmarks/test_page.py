"""The page of the benchmarks and its pictures, from records made by hand."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks import calibration, real_classes, scoring, targets
from benchmarks.__main__ import chosen
from benchmarks.groups import Group, groups
from benchmarks.page import Machine, page
from benchmarks.reliability import Reliability
from benchmarks.runs import NOT_INSTALLED, Record
from benchmarks.shrinkage import drawn_to_crowd
from benchmarks.systems import OURS, SYSTEMS, of_group
from benchmarks.targets import TARGETS, Target
from consolidation.estimation.choices import Choices, learn_choices

WORKS = groups(Path("nowhere"))
MACHINE = Machine("x86_64", 2, "3.11.7", "2.4.6")
SURE = Reliability.of([0.95, 0.95, 0.55], [True, True, False])
BOXES = {
    OURS: Record(1, "boxes", OURS, milliseconds=1.0, memory=5.0, objects=200, figures={"F1@0.5": 0.99, "mean IoU": 0.9}, reliability=SURE),
    "ensemble-boxes WBF": Record(1, "boxes", "ensemble-boxes WBF", "1.0.9", 2.5, 7, 1.0, 200, {"F1@0.5": 0.93}),
    "Datumaro IntersectMerge": Record(1, "boxes", "Datumaro IntersectMerge", "1.13", 120.0, 1, 1.0, 50, {"F1@0.5": 0.93}),
    "caesar DBSCAN by IoU": Record(1, "boxes", "caesar DBSCAN by IoU", error=NOT_INSTALLED),
}  # fmt: skip


@pytest.fixture
def written() -> str:
    return page(list(WORKS.values()), {"boxes": BOXES}, MACHINE)


def test_a_work_shows_each_system_with_its_time_in_units_of_ours(written: str) -> None:
    assert "| ours | 1 | 1 | 5.0 | 0.9900 | 0.9000 |" in written
    assert "| ensemble-boxes WBF 1.0.9 | 2.5 | 2.5 | 1.0 | 0.9300 |  |" in written


def test_an_absent_peer_is_said_to_be_absent(written: str) -> None:
    assert "| caesar DBSCAN by IoU | not installed |  |  |  |  |" in written


def test_a_peer_that_was_given_less_says_so(written: str) -> None:
    assert "| Datumaro IntersectMerge 1.13 (50 of 200) | 120 | 120 |" in written


def test_targets_are_marked_as_reached_or_not(written: str) -> None:
    title = WORKS["boxes"].title
    assert "2 of 3 are reached." in written
    assert f"| {title} | F1@0.5 ≥ 0.987 | 0.9900 | yes |" in written
    assert f"| {title} | mean IoU ≥ 0.919 | 0.9000 | **no** |" in written
    assert f"| {title} | ms ≤ 1.2 | 1.0000 | yes |" in written


def test_what_was_not_measured_is_not_shown(written: str) -> None:
    assert WORKS["polygons"].title not in written


def test_the_same_records_give_the_same_page(written: str) -> None:
    assert page(list(WORKS.values()), {"boxes": BOXES}, MACHINE) == written


def test_a_target_beside_another_system_is_a_ratio() -> None:
    target = Target("boxes", targets.TIME, 1 / 25, "Datumaro IntersectMerge")
    found = target.found({"boxes": BOXES})
    assert found is not None
    assert found == pytest.approx(1 / 120)
    assert target.reached(found)
    assert (target.wanted(), target.shown(found)) == (
        "25 times as fast as Datumaro IntersectMerge",
        "120.0 times as fast",
    )


def test_a_target_whose_system_was_not_measured_is_open() -> None:
    assert Target("boxes", targets.TIME, 4, "nobody").found({"boxes": BOXES}) is None


def test_memory_counts_what_was_there_before() -> None:
    target = Target("boxes", targets.MEMORY, 14, added=10.0)
    assert target.found({"boxes": BOXES}) == 15.0
    assert not target.reached(15.0)


def test_targets_name_works_and_systems_that_exist() -> None:
    for target in TARGETS:
        names = {system.name for system in of_group(target.group)}
        assert target.system in names
        assert not target.beside or target.beside in names


def test_every_system_does_a_work_that_exists() -> None:
    for system in SYSTEMS:
        assert set(system.groups) <= {*WORKS, "real"}, system.name


def test_works_are_chosen_by_name_and_an_unknown_name_ends_with_those_there_are() -> None:
    assert [work.name for work in chosen(WORKS, ["spans", "boxes"])] == ["boxes", "spans"]
    assert chosen(WORKS, None) == list(WORKS.values())
    with pytest.raises(LookupError, match=r"no such work: boxen; there are semantic, .*alpha"):
        chosen(WORKS, ["boxen"])


def test_real_sets_are_compared_in_one_table() -> None:
    works = [WORKS["boxes"], *(work for work in WORKS.values() if work.name.startswith("real:"))]
    records = {
        work.name: {OURS: Record(1, work.name, OURS, milliseconds=1.0, objects=1, figures={"accuracy": 0.9})}
        for work in works[1:]
    }
    written = page(works, records, MACHINE)
    assert "| gt_birds_image_classification | **0.9000** |" in written
    assert "| **mean** | **0.9000** |" in written


def test_goals_on_real_sets_are_those_of_the_set_and_those_beside_the_peers() -> None:
    names = (OURS, "crowd-kit MajorityVote", "crowd-kit DawidSkene")
    given = {"bluebirds": (0.88, 0.76, 0.89), "snow_temporal": (0.93, 0.92, 0.933)}
    works = [Group(f"real:{name}", name, list, "set", scoring.classes) for name in given]
    records = {
        f"real:{title}": {
            name: Record(1, "", name, milliseconds=1.0, objects=1, figures={"accuracy": value})
            for name, value in zip(names, values, strict=True)
        }
        for title, values in given.items()
    }
    lines = real_classes.section(works, records).split("To reach; ")[1].splitlines()
    assert lines[0] == "2 of 4 are:"
    assert [line.split(" | ")[-2:] for line in lines[4:]] == [
        ["0.8800", "**no** |"],
        ["0.9300", "yes |"],
        ["0.9050", "**no** |"],
        ["-0.0100 on bluebirds", "yes |"],
    ]


def test_a_diagram_has_a_dot_for_each_tenth_that_is_used() -> None:
    root = ET.fromstring(calibration.diagram("boxes", SURE))  # noqa: S314 - our own text
    dots = [element.attrib for element in root.iter() if element.attrib.get("class") == "dot"]
    assert len(dots) == 2
    # The surer a dot is the farther right, the more often right the higher up.
    assert float(dots[0]["cx"]) < float(dots[1]["cx"])
    assert float(dots[0]["cy"]) > float(dots[1]["cy"])


def test_works_of_a_kind_count_alike_however_large() -> None:
    small, large = Reliability.of([1.0], [False]), Reliability.of([1.0] * 99, [True] * 99)
    assert calibration.mean_of([small, large]).error() == pytest.approx(0.5)


def test_pictures_are_drawn_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "IMAGES", tmp_path)
    (section,) = calibration.sections(WORKS, {"boxes": BOXES})
    assert [path.name for path in tmp_path.iterdir()] == ["calibration-boxes.svg"]
    assert "| `boxes` | boxes | 3 |" in section
    assert calibration.sections(WORKS, {}) == []


def test_workers_who_answer_alike_are_drawn_to_the_crowd_and_opposites_are_not() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 400)
    items, workers = np.repeat(np.arange(400), 4), np.tile(np.arange(4), 400)

    def drawn(right: list[float]) -> float:
        wrong = random.random(1600) > np.array(right)[workers]
        said = np.where(wrong, 1 - truth[items], truth[items])
        return drawn_to_crowd(learn_choices(Choices(items, workers, said, (400, 4, 2))))

    assert drawn([0.8, 0.8, 0.8, 0.8]) > drawn([0.95, 0.95, 0.95, 0.1])
