"""Entities under the method `em`: what a batch shows of its workers decides."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Task, merge_answers, study_answers
from consolidation.kinds.entities import EntitiesKind
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

KIND = EntitiesKind()
TASK = Task(Settings(method="em"), ("person", "place"))
Span = tuple[int, int, str]
Document = Mapping[str, Sequence[Span]]


def _answers(document: Document) -> list[Answer]:
    answers = []
    for worker, spans in document.items():
        element: Any = {
            "entities": [
                {"startOffset": start, "endOffset": end, "label": label} for start, end, label in spans
            ]
        }
        value = KIND.parse(JsonNode(element, "$", AnswerError), TASK.settings.limits)
        answers.append(Answer(worker, value, gold=worker == GOLD))
    return answers


def _learned(documents: Sequence[Document], known: Tallies | None = None) -> Learned:
    studies = [study_answers(KIND, _answers(document), TASK) for document in documents]
    return KIND.learn([study.evidence for study in studies], known or Tallies(), TASK)


def _merged(document: Document, learned: Learned) -> Consensus:
    answers = [replace(answer, skill=learned.reliability_of(answer.person)) for answer in _answers(document)]
    return merge_answers(KIND, answers, replace(TASK, skill=learned.skill))


def _labels(document: Document, learned: Learned) -> list[Span]:
    return [
        (entity.start, entity.end, entity.decision.label)
        for entity in _merged(document, learned).merged.labels
    ]


def _crowd(documents: int = 60) -> list[Document]:
    """Of ten things in each text `sure` finds nearly all and `half` every other, `wide` takes one character too many; `spam` invents."""
    rng = random.Random(4)
    batch: list[Document] = []
    for _ in range(documents):
        real = [
            (start, start + rng.randint(4, 9), rng.choice(("person", "place"))) for start in range(0, 200, 20)
        ]
        batch.append(
            {
                "sure": [span for span in real if rng.random() < 0.95],
                "half": [span for span in real if rng.random() < 0.5],
                "wide": [(start, end + 1, label) for start, end, label in real if rng.random() < 0.8],
                "spam": [(start + 12, start + 15, "place") for start, _, _ in real if rng.random() < 0.5],
            }
        )
    return batch


@pytest.fixture(scope="module")
def crowd() -> Learned:
    """What a batch of such texts shows."""
    return _learned(_crowd())


@pytest.mark.parametrize(
    ("who", "labels"),
    [
        pytest.param("sure", [(10, 15, "person")], id="who finds what is there"),
        pytest.param("spam", [], id="who invents"),
    ],
)
def test_who_marked_an_entity_alone_decides_whether_it_is_real(
    crowd: Learned, who: str, labels: list[Span]
) -> None:
    document: dict[str, Sequence[Span]] = {"sure": [], "half": [], "spam": []}
    document[who] = [(10, 15, "person")]
    assert _labels(document, crowd) == labels


def test_silence_of_who_overlooks_much_hardly_counts(crowd: Learned) -> None:
    marked = [(10, 15, "person")]
    with_half = _merged({"sure": marked, "half": [], "wide": marked}, crowd)
    with_sure = _merged({"sure": [], "half": marked, "wide": marked}, crowd)
    confidences = [merged.merged.labels[0].decision.confidence for merged in (with_half, with_sure)]
    assert confidences[0] > confidences[1]


def test_the_edges_are_those_of_the_exact(crowd: Learned) -> None:
    document = {"sure": [(10, 15, "person")], "wide": [(10, 16, "person")], "new": [(10, 16, "person")]}
    assert _labels({**document, "new": []}, crowd) == [(10, 15, "person")]


def test_reliability_tells_inventors_from_others(crowd: Learned) -> None:
    assert crowd.reliability_of("sure") > 0.9
    assert crowd.reliability_of("spam") < 0.3
    assert crowd.reliability_of("spam") < crowd.reliability_of("somebody") < crowd.reliability_of("sure")


def test_a_habit_of_confusing_two_categories_is_seen_through() -> None:
    span = (10, 15)
    texts = [
        {
            "one": [(*span, true)],
            "two": [(*span, true)],
            "three": [(*span, true)],
            "swaps": [(*span, "place" if true == "person" else "person")],
            "errs": [(*span, "person")],
        }
        for true in ("person", "place") * 20
    ]
    document = {"one": [(*span, "place")], "swaps": [(*span, "person")], "errs": [(*span, "person")]}
    assert _labels(document, _learned(texts)) == [(*span, "place")]


def test_a_gold_answer_outweighs_all_workers() -> None:
    def text(gold: Sequence[Span]) -> Document:
        wrong, right = [(40, 45, "place")], [(10, 15, "person")]
        return {"able": right, "bad-1": wrong, "bad-2": wrong, "bad-3": wrong, GOLD: gold}

    learned = _learned([text([(10, 15, "person")])] * 12)
    document = {name: spans for name, spans in text([]).items() if name != GOLD}
    assert _labels(document, learned) == [(10, 15, "person")]


def test_two_batches_are_as_one() -> None:
    texts = _crowd(80)
    first = _learned(texts[:40])
    one, two = _learned(texts), _learned(texts[40:], first.tallies)
    for person in ("sure", "half", "wide", "spam"):
        assert two.reliability_of(person) == pytest.approx(one.reliability_of(person), abs=0.02)
    assert [_labels(text, two) for text in texts[:10]] == [_labels(text, one) for text in texts[:10]]
    both = first.tallies + two.tallies
    for worker, sums in one.tallies.workers.items():
        assert both.of(worker).get(("real", "marked"), 0.0) == pytest.approx(
            sums.get(("real", "marked"), 0.0), abs=5
        )


def test_a_category_that_nobody_used_before_can_be_a_label(crowd: Learned) -> None:
    marked = [(10, 15, "thing")]
    assert _labels({"sure": marked, "half": marked, "wide": marked}, crowd) == [(10, 15, "thing")]


def test_when_nothing_is_known_the_vote_decides() -> None:
    document = {"a": [(10, 15, "person")], "b": [(10, 15, "person"), (30, 35, "place")], "c": []}
    voted = merge_answers(KIND, _answers(document), replace(TASK, settings=Settings(method="majority")))
    assert _merged(document, _learned([])) == voted
