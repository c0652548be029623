"""A kind without a model of skill of its own: votes by how far workers agree with the plain label."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Kind, Task, merge_answers, study_answers
from consolidation.kinds.class_label import ClassChoice, ClassKind
from consolidation.kinds.skill import GOLD, Learned
from shared.settings import Settings

TASK = Task(Settings(method="em"), ("ant", "bee"))


class _Plain(ClassKind):
    """Single classes, as a kind that only knows how to merge."""

    study = Kind.study
    learn = Kind.learn


def _answers(**said: str) -> list[Answer]:
    return [Answer(worker, ClassChoice(label)) for worker, label in said.items()]


def _learned(objects: list[list[Answer]], known: Tallies | None = None) -> Learned:
    kind = _Plain()
    shown = [study_answers(kind, answers, TASK).evidence for answers in objects]
    return kind.learn([evidence for evidence in shown if evidence is not None], known or Tallies(), TASK)


CAREFUL = [_answers(ann="ant", bob="ant", cid="ant", dee="bee")] * 20


def test_who_agrees_with_the_others_decides_a_tie() -> None:
    learned = _learned(CAREFUL)
    torn = _answers(ann="ant", dee="bee")
    assert merge_answers(_Plain(), torn, replace(TASK, skill=learned.skill)).merged.label == "ant"
    assert learned.reliability_of("ann") > 0.9 > learned.typical > learned.reliability_of("dee")
    assert learned.reliability_of("a stranger") == learned.typical


def test_statistics_of_two_batches_teach_what_one_batch_of_both_does() -> None:
    first, second = CAREFUL[:5], CAREFUL[5:]
    later = _learned(second, _learned(first).tallies)
    whole = _learned(CAREFUL)
    assert later.reliability == pytest.approx(whole.reliability)
    assert (later.tallies + _learned(first).tallies).to_wire() == whole.tallies.to_wire()


def test_a_gold_answer_tells_who_is_right_among_two() -> None:
    gold = Answer(GOLD, ClassChoice("bee"), gold=True)
    learned = _learned([[*_answers(ann="ant", bob="ant", dee="bee"), gold]] * 10)
    assert learned.reliability_of("dee") > 0.7 > learned.reliability_of("ann")


def test_of_two_workers_nobody_can_say_who_is_right() -> None:
    assert _learned([_answers(ann="ant", dee="bee")] * 10).reliability == {}
