"""Parts under the method `em`: what workers show of their skill on many images decides about each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Task, merge_alone, merge_answers, study_answers
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.elements import boxes_element
from tests.laws.merging import BY_NAME

Drawn = list[tuple[str, float, float, float, float]]
BOXES = BY_NAME["boxes"]
SPOTS = [(x, y) for x in (100, 300, 500, 700) for y in (100, 300, 500)]
SIZE = (900, 700)
TASK = Task(Settings(method="em"), ("ant", "bee"))
PLAIN = Task(Settings(method="majority"), ("ant", "bee"))


def _answer(worker: str, drawn: Drawn, kind: str = "boxes") -> Answer:
    element = boxes_element(drawn, SIZE) | (
        {"boundingBoxes": _turned(drawn)} if kind == "rotated-boxes" else {}
    )
    return Answer(
        worker,
        BY_NAME[kind].parse(JsonNode(element, "$", AnswerError), TASK.settings.limits),
        gold=worker == GOLD,
    )


def _turned(drawn: Drawn) -> list[dict[str, Any]]:
    return [
        {"label": label, "left": left, "top": top, "width": width, "height": height, "angle": 20}
        for label, left, top, width, height in drawn
    ]


def _truth(image: int) -> Drawn:
    """Six boxes of 100 x 80 pixels."""
    rng = np.random.default_rng([image, 1])
    spots = rng.permutation(len(SPOTS))[:6]
    return [("ant" if spot % 2 else "bee", *SPOTS[spot], 100.0, 80.0) for spot in spots]


def _drawn(image: int, number: int, *, noise: float, miss: float, shift: float = 0.0) -> Drawn:
    """What a worker makes of the truth: noise and shift of every edge in pixels."""
    rng = np.random.default_rng([image, 2, number])
    made: Drawn = []
    for label, left, top, width, height in _truth(image):
        west, north, east, south = rng.normal(0, noise, 4)
        box = (
            left - shift + west,
            top - shift + north,
            width + 2 * shift + east - west,
            height + 2 * shift + south - north,
        )
        if rng.random() >= miss:
            made.append((label, *box))
    return made


def _spam(image: int) -> Drawn:
    """Boxes where there is nothing."""
    free = set(SPOTS) - {(left, top) for _, left, top, _, _ in _truth(image)}
    return [("ant", *spot, 90.0, 90.0) for spot in sorted(free)[:5]]


def _image(image: int, kind: str = "boxes") -> list[Answer]:
    crew = {
        "careful": _drawn(image, 0, noise=1, miss=0.02),
        "good": _drawn(image, 1, noise=2, miss=0.05),
        "wide": _drawn(image, 2, noise=3, miss=0.05, shift=8),
        "hasty": _drawn(image, 3, noise=6, miss=0.4),
        "spammer": _spam(image),
    }
    return [_answer(worker, drawn, kind) for worker, drawn in crew.items()]


def _learn(images: Sequence[Sequence[Answer]], known: Tallies | None = None, kind: str = "boxes") -> Learned:
    studies = [study_answers(BY_NAME[kind], answers, TASK) for answers in images]
    return BY_NAME[kind].learn([study.evidence for study in studies], known or Tallies(), TASK)


def _merged(
    answers: Sequence[Answer], learned: Learned | None, kind: str = "boxes"
) -> tuple[Consensus, Mapping[str, Any]]:
    task = PLAIN if learned is None else replace(TASK, skill=learned.skill)
    consensus = merge_answers(BY_NAME[kind], answers, task)
    return consensus, BY_NAME[kind].write(consensus, task, lambda body, extension: "")


def _edges(label: Mapping[str, Any]) -> list[tuple[float, ...]]:
    boxes = label["annotations"]
    return sorted(
        (box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes
    )


LEARNED = _learn([_image(image) for image in range(40)])


def test_a_spammers_boxes_are_candidates_even_where_nobody_else_counts() -> None:
    _, label = _merged(
        [_answer("spammer", _spam(50)), _answer("careful", _drawn(50, 0, noise=1, miss=0))], LEARNED
    )
    assert len(label["annotations"]) == 6
    assert all(box["support"]["worker-ids"] == ["careful"] for box in label["annotations"])
    assert all(box["confidence"] < 0.2 for box in label["candidates"])


def test_one_careful_worker_stands_against_those_who_miss_much() -> None:
    seen = _truth(51)
    answers = [
        _answer("careful", seen),
        _answer("hasty", seen[:3]),
        _answer("spammer", []),
        _answer("stranger", seen[:5]),
    ]
    _, label = _merged(answers, LEARNED)
    assert len(label["annotations"]) >= 5
    assert len(_merged(answers, None)[1]["annotations"]) == 3


@pytest.mark.parametrize("kind", ["boxes", "rotated-boxes"])
def test_boxes_that_are_always_drawn_too_wide_are_corrected(kind: str) -> None:
    learned = _learn([_image(image, kind) for image in range(25)], kind=kind)
    sides: dict[str, list[float]] = {"em": [], "plain": []}
    for image in range(60, 64):
        pair = [answer for answer in _image(image, kind) if answer.worker_id in {"careful", "wide"}]
        for name, skill in (("em", learned), ("plain", None)):
            sides[name] += [box["width"] for box in _merged(pair, skill, kind)[1]["annotations"]]
    assert np.mean(sides["em"]) == pytest.approx(100, abs=1)
    assert np.mean(sides["plain"]) > 105


@pytest.mark.parametrize("kind", ["boxes", "rotated-boxes"])
def test_where_nobody_is_known_the_label_is_the_plain_one_to_the_byte(kind: str) -> None:
    unknown = BY_NAME[kind].learn([], Tallies(), TASK)
    for image in range(3):
        answers = _image(image, kind)
        assert json.dumps(_merged(answers, unknown, kind)[1]) == json.dumps(_merged(answers, None, kind)[1])
    assert not unknown.tallies


def test_what_the_study_arranged_changes_nothing() -> None:
    answers = _image(52)
    arranged = study_answers(BOXES, answers, TASK).arranged
    task = replace(TASK, skill=LEARNED.skill, arranged=arranged)
    consensus = merge_answers(BOXES, answers, task)
    assert BOXES.write(consensus, task, lambda body, extension: "") == _merged(answers, LEARNED)[1]


def test_batches_add_up() -> None:
    images = [_image(image) for image in range(40)]
    first = _learn(images[:20])
    second = _learn(images[20:], first.tallies)
    assert second.reliability == pytest.approx(dict(LEARNED.reliability), abs=0.03)
    answers = _image(53)
    together, apart = (_edges(_merged(answers, learned)[1]) for learned in (LEARNED, second))
    assert np.array(apart) == pytest.approx(np.array(together), abs=0.5)
    alone = BOXES.learn([], first.tallies + second.tallies, TASK)
    assert alone.reliability == pytest.approx(dict(LEARNED.reliability), abs=0.03)
    assert not alone.tallies.of("careful").get(("found",))


def test_tallies_survive_being_written() -> None:
    wire = json.loads(json.dumps(LEARNED.tallies.to_wire()))
    read = Tallies({worker: {tuple(key): value for key, value in sums} for worker, sums in wire.items()})
    assert BOXES.learn([], read, TASK).reliability == pytest.approx(
        dict(BOXES.learn([], LEARNED.tallies, TASK).reliability), abs=1e-4
    )


def test_the_reliable_are_told_from_the_others() -> None:
    reliability = LEARNED.reliability
    ranked = sorted(reliability, key=lambda worker: -reliability[worker])
    assert ranked[0] == "careful"
    assert ranked[-2:] == ["hasty", "spammer"]
    assert all(0 <= share <= 1 for share in reliability.values())


def test_gold_answers_are_what_counts_even_against_all() -> None:
    images = []
    for image in range(10):
        seen: Drawn = [("bee" if box[0] == "ant" else "ant", *box[1:]) for box in _truth(image)]
        images.append([_answer("one", seen), _answer("two", seen), _answer(GOLD, _truth(image)[:4])])
    learned = _learn(images)
    assert learned.reliability["one"] < 0.4
    assert GOLD not in learned.reliability
    assert learned.tallies.of("one")["confusion", "ant", "bee"] > 5
    assert learned.tallies.of("one")[("found",)] == pytest.approx(40)


def test_a_single_image_teaches_what_it_can() -> None:
    consensus = merge_alone(BOXES, _image(54), TASK)
    label: Mapping[str, Any] = BOXES.write(consensus, TASK, lambda body, extension: "")
    assert len(label["annotations"]) == 6
    assert all("spammer" not in box["support"]["worker-ids"] for box in label["annotations"])
