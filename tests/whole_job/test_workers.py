"""`labeljob workers`: who is how able, and who is odd; and that honest workers are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeljob.workers import interval
from tests.elements import boxes_element
from tests.payloads import answer, entry
from tests.whole_job.conftest import ABLE, CATEGORIES, RANDOM, Run, crowd, write_job

BIRDS = Path(__file__).parents[1] / "data" / "birds"
NAMES = tuple(f"worker-{number:02}" for number in range(20))


def workers(labeljob: Run, *locations: object) -> dict[str, Any]:
    """What `--json` says, by worker."""
    status, printed, _ = labeljob("workers", *locations, "--json")
    assert status == 0
    return {one["worker-id"]: one for one in json.loads(printed)}


def odd(told: dict[str, Any]) -> dict[str, list[str]]:
    """The suspicious among them, and why."""
    return {name: one["suspicious"] for name, one in told.items() if one["suspicious"]}


def honest(objects: int = 200, seed: int = 1, *, copies: bool = False) -> list[Any]:
    """Objects answered by four of twenty workers each, who err alike where it is hard; the last may copy the one before."""
    random = np.random.default_rng(seed)
    entries = []
    for number in range(objects):
        true, hard = int(random.integers(4)), random.random() < 0.2
        said = {}
        for name in (NAMES[place] for place in random.choice(20, size=4, replace=False)):
            right = random.random() < (0.5 if hard else 0.85)
            said[name] = true if right else (true + 1) % 4 if hard else int(random.integers(4))
        if copies and number % 2:
            said[NAMES[18]] = true if random.random() < 0.5 else int(random.integers(4))
            said[NAMES[19]] = said[NAMES[18]]
        entries.append(
            entry(str(number), *(answer(who, kind={"label": CATEGORIES[what]}) for who, what in said.items()))
        )
    return entries


def test_the_real_birds_workers_are_shown_the_least_reliable_first(labeljob: Run) -> None:
    """91 people; nobody among them is suspicious."""
    told = workers(labeljob, BIRDS / "worker-response")
    assert sum(one["answers"] for one in told.values()) == 151 * 5
    chances = [one["reliability"] for one in told.values()]
    assert len(chances) == 91
    assert chances == sorted(chances)
    assert all(one["interval"][0] <= one["reliability"] <= one["interval"][1] for one in told.values())
    assert odd(told) == {}
    status, printed, _ = labeljob("workers", BIRDS / "worker-response")
    assert status == 0
    assert "crowd-image-classifier (class), Krippendorff's alpha 0.83" in printed
    assert {one["alpha"] for one in told.values()} == {0.8328}
    assert all(name in printed for name in told)


def test_one_who_answers_at_random_is_the_least_reliable(labeljob: Run, tmp_path: Path) -> None:
    told = workers(labeljob, write_job(tmp_path, crowd(200)[0]))
    assert next(iter(told)) == RANDOM
    assert told[RANDOM]["reliability"] < min(told[name]["reliability"] for name in ABLE) - 0.2
    assert told[RANDOM]["answers"] == 200


def test_mistakes_are_told_with_how_often_they_could_have_been_made(labeljob: Run, tmp_path: Path) -> None:
    """One worker takes every bus for a van."""
    entries = [
        entry(
            str(number),
            *(answer(who, kind={"label": CATEGORIES[number % 4]}) for who in ABLE),
            answer(RANDOM, kind={"label": "van" if number % 4 == 1 else CATEGORIES[number % 4]}),
        )
        for number in range(80)
    ]
    job = write_job(tmp_path, entries)
    (mistake,) = workers(labeljob, job)[RANDOM]["mistakes"]
    assert (mistake["true"], mistake["said"]) == ("bus", "van")
    assert mistake["share"] == pytest.approx(1, abs=0.05)
    assert mistake["of"] == pytest.approx(20, abs=1)
    assert "bus as van 100% of 20" in labeljob("workers", job)[1]


def test_honest_workers_who_err_alike_are_not_suspicious(labeljob: Run, tmp_path: Path) -> None:
    assert odd(workers(labeljob, write_job(tmp_path, honest()))) == {}


def test_a_copy_is_found_with_whom_it_copies(labeljob: Run, tmp_path: Path) -> None:
    found = odd(workers(labeljob, write_job(tmp_path, honest(copies=True))))
    assert set(found) == {NAMES[18], NAMES[19]}
    assert found[NAMES[19]][0].startswith(f"as {NAMES[18]}: ")


def test_a_worker_who_always_says_the_same_is_found(labeljob: Run, tmp_path: Path) -> None:
    entries = [
        {**one, "annotations": [*one["annotations"], answer("lazy", kind={"label": "bus"})]}
        for one in honest()
    ]
    found = odd(workers(labeljob, write_job(tmp_path, entries)))
    assert set(found) == {"lazy"}
    assert found["lazy"][0] == "the same answer 200 times of 200"


def _drawn(random: np.random.Generator, *, copied: bool) -> list[Any]:
    """Boxes of three workers on fifty objects; every fourth object is empty, and the last worker may copy the second."""
    entries = []
    for number in range(50):
        truth = random.integers(0, 500, size=(2, 2)) if number % 4 else np.zeros((0, 2), int)
        drawn = [truth + random.integers(-9, 10, size=truth.shape) for _ in range(3)]
        if copied and random.random() < 0.7:
            drawn[2] = drawn[1]
        forms = [
            boxes_element(
                [("car", int(left) + 20, int(top) + 20, 100, 80) for left, top in boxes], (640, 640)
            )
            for boxes in drawn
        ]
        entries.append(
            entry(str(number), *(answer(NAMES[place], boxes=form) for place, form in enumerate(forms)))
        )
    return entries


@pytest.mark.parametrize("copied", [False, True])
def test_of_drawings_the_identical_ones_are_told_but_not_the_empty_ones(
    labeljob: Run, tmp_path: Path, copied: bool
) -> None:
    entries = _drawn(np.random.default_rng(5), copied=copied)
    found = odd(workers(labeljob, write_job(tmp_path, entries)))
    assert set(found) == ({NAMES[1], NAMES[2]} if copied else set())


def test_time_is_told_and_haste_with_it(labeljob: Run, tmp_path: Path) -> None:
    """Worker responses carry the seconds that an answer took."""
    seconds = {"slow": 31.0, "usual": 20.0, "other": 22.0, "fast": 2.5}
    for number in range(12):
        file = tmp_path / f"worker-response/iteration-1/{number}/2026-02-03_10:11:12.json"
        file.parent.mkdir(parents=True)
        answers = [
            {
                "workerId": name,
                "answerContent": {"kind": {"label": CATEGORIES[number % 4]}},
                "timeSpentInSeconds": spent + number % 2,
            }
            for name, spent in seconds.items()
        ]
        file.write_text(json.dumps({"answers": answers}))
    told = workers(labeljob, tmp_path / "worker-response")
    assert {name: one["seconds"] for name, one in told.items()} == {
        name: spent + 0.5 for name, spent in seconds.items()
    }
    assert odd(told) == {"fast": ["3 s an answer, usual are 22"]}


def test_requests_tell_no_time(labeljob: Run, tmp_path: Path) -> None:
    told = workers(labeljob, write_job(tmp_path, crowd(10)[0]))
    assert {one["seconds"] for one in told.values()} == {None}
    assert "seconds" not in labeljob("workers", tmp_path / "Roads-7A")[1]


@pytest.mark.parametrize(
    ("share", "answers", "expected"),
    [(0.5, 10, (0.2366, 0.7634)), (1.0, 10, (0.7225, 1.0)), (0.9, 1_000, (0.8799, 0.9171)), (0.3, 0, (0, 1))],
)
def test_the_interval_is_wilsons(share: float, answers: int, expected: tuple[float, float]) -> None:
    """Values as statistics packages print them."""
    assert interval(share, answers) == pytest.approx(expected, abs=1e-4)
