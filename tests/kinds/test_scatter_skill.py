"""Ratings and numbers under the method `em`: workers' biases and noises are learned over a batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Kind, Task, merge_answers, study_answers
from consolidation.kinds.number import NumberKind
from consolidation.kinds.rating import RatingKind
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

TASK = Task(Settings(method="em"))
Said = Mapping[str, int]


def _stars(step: int) -> Any:
    return {str(one): one == step for one in range(1, 8)}


def _number(value: int) -> Any:
    return value


RATING = pytest.param(RatingKind(), _stars, (1, 2, 3, 4, 5, 6, 7), 1, id="rating")
NUMBER = pytest.param(NumberKind(), _number, (40, 55, 70, 90, 120, 160, 200), 12, id="number")
KINDS = pytest.mark.parametrize(("kind", "element", "truths", "step"), [RATING, NUMBER])
Element = Callable[[int], Any]


def _answers(kind: Kind, element: Element, said: Said) -> list[Answer]:
    return [
        Answer(
            worker,
            kind.parse(JsonNode(element(value), "$", AnswerError), TASK.settings.limits),
            gold=worker == GOLD,
        )
        for worker, value in said.items()
    ]


def _learned(kind: Kind, element: Element, batch: Sequence[Said], known: Tallies | None = None) -> Learned:
    studies = [study_answers(kind, _answers(kind, element, said), TASK) for said in batch]
    return kind.learn([study.evidence for study in studies], known or Tallies(), TASK)


def _value(kind: Kind, element: Element, said: Said, learned: Learned) -> Any:
    task = replace(TASK, skill=learned.skill)
    return kind.write(merge_answers(kind, _answers(kind, element, said), task), task, lambda *_: "")["value"]


def _batch(truths: Sequence[int], step: int, objects: int = 60) -> list[Said]:
    """`a`, `b` and `c` are exact, `high` is a step too high, `wild` says anything."""
    rng = random.Random(7)
    batch: list[Said] = []
    for _ in range(objects):
        true = rng.choice(truths[1:-1])
        batch.append({"a": true, "b": true, "c": true, "high": true + step, "wild": rng.choice(truths)})
    return batch


@KINDS
def test_the_exact_outweigh_the_wild(kind: Kind, element: Element, truths: Sequence[int], step: int) -> None:
    learned = _learned(kind, element, _batch(truths, step))
    said = {"a": truths[1], "wild": truths[5]}
    assert _value(kind, element, said, learned) == pytest.approx(truths[1], rel=0.03)
    assert learned.reliability_of("wild") < learned.reliability_of("somebody") < learned.reliability_of("a")


@KINDS
def test_a_bias_is_taken_off(kind: Kind, element: Element, truths: Sequence[int], step: int) -> None:
    learned = _learned(kind, element, _batch(truths, step))
    said = {"high": truths[3] + step, "wild": truths[5], "new": truths[2]}
    found, voted = (_value(kind, element, said, how) for how in (learned, _learned(kind, element, [])))
    assert abs(found - truths[3]) < abs(voted - truths[3])


@KINDS
def test_gold_answers_show_who_is_right(
    kind: Kind, element: Element, truths: Sequence[int], step: int
) -> None:
    rng = random.Random(2)
    batch: list[Said] = []
    for _ in range(40):
        true, wrong = rng.choice(truths), rng.choice(truths)
        batch.append({GOLD: true, "able": true, "copy-1": wrong, "copy-2": wrong})
    learned = _learned(kind, element, batch)
    assert learned.reliability_of("able") > 0.9
    assert learned.reliability_of("copy-1") < 0.6


@KINDS
def test_answers_that_tell_nothing_leave_the_vote_alone(
    kind: Kind, element: Element, truths: Sequence[int], step: int
) -> None:
    rng = random.Random(3)
    batch = [{name: rng.choice(truths) for name in "abcde"} for _ in range(60)]
    learned = _learned(kind, element, batch)
    for said in batch[:10]:
        assert _value(kind, element, said, learned) == pytest.approx(
            _value(kind, element, said, _learned(kind, element, [])), rel=0.1, abs=1
        )


@KINDS
def test_two_batches_are_as_one(kind: Kind, element: Element, truths: Sequence[int], step: int) -> None:
    batch = _batch(truths, step)
    first = _learned(kind, element, batch[:30])
    one, two = _learned(kind, element, batch), _learned(kind, element, batch[30:], first.tallies)
    for person in ("a", "high", "wild"):
        assert two.reliability_of(person) == pytest.approx(one.reliability_of(person), abs=0.1)
    assert [_value(kind, element, said, two) for said in batch] == [
        _value(kind, element, said, one) for said in batch
    ]


def test_what_all_say_alike_stands() -> None:
    kind = NumberKind()
    learned = _learned(kind, _number, _batch((40, 55, 70, 90, 120, 160, 200), 12))
    assert _value(kind, _number, {"a": 77, "high": 77, "wild": 77}, learned) == 77
