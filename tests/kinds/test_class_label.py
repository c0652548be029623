"""Single class, by its rule book."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Task, merge_alone, merge_answers, study_answers
from consolidation.kinds.class_label import ClassChoice, ClassKind
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings

KIND = ClassKind()
EM = Settings(method="em")
BIRDS = Path(__file__).parents[1] / "data" / "birds"


def _merge(*labels: str, skill: tuple[float, ...] = (), categories: tuple[str, ...] = ()) -> Consensus:
    skills = skill or (1.0,) * len(labels)
    answers = [
        Answer(f"w{place}", ClassChoice(label), 1.0, one)
        for place, (label, one) in enumerate(zip(labels, skills, strict=True))
    ]
    return merge_alone(KIND, answers, Task(Settings(), categories))


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        pytest.param({"label": "cat"}, True, id="crowd-classifier"),
        pytest.param(
            {"label": "cat", "workerComment": "blurred"}, True, id="crowd-image-classifier with comment"
        ),
        pytest.param({"cat": False, "dog": True}, True, id="radio buttons"),
        pytest.param({"cat": True, "dog": True}, False, id="checkboxes, several ticked"),
        pytest.param({"cat": False, "dog": False}, False, id="nothing ticked"),
        pytest.param({"on": True}, False, id="a lone checkbox"),
        pytest.param({"label": "cat", "left": 1}, False, id="a keypoint has a label too"),
        pytest.param({"labels": ["cat"]}, False, id="multi-select"),
        pytest.param("cat", False, id="a string"),
        pytest.param({}, False, id="empty"),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"label": "cat"}, ClassChoice("cat")),
        ({"label": "cat", "workerComment": "hm"}, ClassChoice("cat", "hm")),
        ({"cat": False, "dog": True}, ClassChoice("dog")),
    ],
)
def test_parsed(element: Any, expected: ClassChoice) -> None:
    assert KIND.parse(JsonNode(element, "$", AnswerError), Limits()) == expected


def test_a_label_over_the_limit_names_the_setting() -> None:
    with pytest.raises(
        LimitError, match=r"\$\.label: has 4 characters, allowed are 3 \(setting limits\.text\)"
    ) as caught:
        KIND.parse(JsonNode({"label": "lion"}, "$", AnswerError), Limits(text=3))
    assert str(caught.value).startswith("$.label")


@pytest.mark.parametrize(
    ("labels", "skill", "categories", "label", "reasons"),
    [
        pytest.param(("a", "b", "a"), (), (), "a", (), id="majority"),
        pytest.param(
            ("a", "b", "c", "a"), (), (), "a", ("quorum",), id="plurality of exactly half has no quorum"
        ),
        pytest.param(("b", "a"), (), (), "a", ("tie", "quorum"), id="tie: names in lexical order"),
        pytest.param(
            ("b", "a"), (), ("b", "a"), "b", ("tie", "quorum"), id="tie: order of the label categories"
        ),
        pytest.param(("a", "b"), (1, 2), (), "b", ("tie", "quorum"), id="tie: higher skill first"),
        pytest.param(("z",), (), (), "z", ("single-worker",), id="single worker"),
    ],
)
def test_label_and_reasons(
    labels: tuple[str, ...],
    skill: tuple[float, ...],
    categories: tuple[str, ...],
    label: str,
    reasons: tuple[str, ...],
) -> None:
    merged = _merge(*labels, skill=skill, categories=categories)
    assert (merged.merged.label, merged.reasons) == (label, reasons)


def test_a_single_worker_gives_no_confidence() -> None:
    merged = _merge("a")
    assert (merged.confidence, merged.agreement) == (None, None)


def test_the_label_value_has_the_documented_shape() -> None:
    merged = _merge("dog", "dog", "cat", categories=("cat", "dog", "owl"))
    label: dict[str, Any] = KIND.write(merged, Task(Settings()), lambda body, extension: "unused")
    assert label["class-id"] == 1
    assert label["class-name"] == "dog"
    assert label["votes"] == {"dog": 2, "cat": 1}
    assert label["confidence"] == label["probabilities"]["dog"]
    assert list(label["probabilities"]) == ["dog", "cat"]
    assert merged.agreement == pytest.approx(1 / 3)
    assert merged.worker_agreement == {"w0": 1.0, "w1": 1.0, "w2": 0.0}


def test_ids_follow_the_jobs_categories_and_unknown_names_come_behind() -> None:
    label = KIND.write(_merge("emu", "emu", categories=("owl", "cat")), Task(Settings()), lambda *_: "")
    assert label["class-id"] == 2


def test_comments_of_workers_are_kept() -> None:
    answers = [Answer("w1", ClassChoice("a", "looks odd")), Answer("w0", ClassChoice("a"))]
    label = KIND.write(merge_alone(KIND, answers, Task(Settings())), Task(Settings()), lambda *_: "")
    assert label["comments"] == [{"worker-id": "w1", "comment": "looks odd"}]


def _answers(said: Mapping[str, str], truth: str | None = None) -> list[Answer]:
    answers = [Answer(worker, ClassChoice(label)) for worker, label in said.items()]
    return answers if truth is None else [*answers, Answer(GOLD, ClassChoice(truth), gold=True)]


def _learn(objects: Sequence[Sequence[Answer]], known: Tallies | None = None) -> Learned:
    evidence = [study_answers(KIND, answers, Task(EM)).evidence for answers in objects]
    return KIND.learn(evidence, known or Tallies(), Task(EM))


def _label(learned: Learned, said: Mapping[str, str]) -> Consensus:
    answers = [replace(answer, skill=learned.reliability_of(answer.person)) for answer in _answers(said)]
    return merge_answers(KIND, answers, Task(EM, skill=learned.skill))


def _forest(numbers: range) -> list[dict[str, str]]:
    """What six workers say of trees: three know oaks from elms, two take one for the other, one always says oak."""
    objects = []
    for number in numbers:
        truth, other = ("oak", "elm") if number % 3 else ("elm", "oak")
        said = (
            dict.fromkeys(("ada", "ben", "cyd"), truth)
            | dict.fromkeys(("dan", "eve"), other)
            | {"fay": "oak"}
        )
        slip = ("ada", "ben", "cyd", "dan", "eve")[number % 5]
        said[slip] = other if said[slip] == truth else truth
        objects.append(said)
    return objects


def test_under_em_a_worker_who_takes_one_class_for_the_other_counts_for_the_other() -> None:
    learned = _learn([_answers(said) for said in _forest(range(60))])
    found = _label(learned, {"ada": "elm", "dan": "oak", "eve": "oak", "fay": "oak"})
    assert found.merged.label == "elm"
    assert found.merged.votes == {"oak": 3, "elm": 1}
    assert found.reasons == ("quorum",)
    assert found.confidence is not None
    assert 0.5 < found.confidence == found.merged.probabilities["elm"] < 0.97


def test_reliability_is_the_chance_to_be_right() -> None:
    reliability = _learn([_answers(said) for said in _forest(range(60))]).reliability
    assert min(reliability[name] for name in ("ada", "ben", "cyd")) > 0.7
    assert max(reliability[name] for name in ("dan", "eve")) < 0.3


def test_a_class_that_nobody_chose_is_never_the_label() -> None:
    learned = _learn([_answers(said) for said in _forest(range(60))])
    assert _label(learned, {"dan": "oak", "eve": "oak"}).merged.label == "oak"


def test_an_object_alone_is_a_matter_of_votes() -> None:
    said = {"ada": "oak", "ben": "elm", "cyd": "elm"}
    alone = merge_alone(KIND, _answers(said), Task(EM))
    assert alone == merge_answers(KIND, _answers(said), Task(Settings(method="majority")))


def test_equal_chances_go_to_the_order_of_categories() -> None:
    learned = _learn([_answers({"ada": "oak", "ben": "elm"}), _answers({"ada": "elm", "ben": "oak"})])
    found = _label(learned, {"ada": "oak", "ben": "elm"})
    assert (found.merged.label, found.reasons) == ("elm", ("tie", "quorum"))


def test_gold_answers_tell_who_is_right_against_the_crowd() -> None:
    said = {"ada": "oak", "dan": "elm", "eve": "elm"}
    gold = [_answers(said, "oak"), _answers({name: _other(label) for name, label in said.items()}, "elm")] * 8
    assert _label(_learn([_answers(said)] * 2), said).merged.label == "elm"
    assert _label(_learn(gold), said).merged.label == "oak"


def _other(label: str) -> str:
    return {"oak": "elm", "elm": "oak"}[label]


def test_batches_one_after_the_other_come_near_one_batch() -> None:
    forest = [_answers(said) for said in _forest(range(60))]
    whole = _learn(forest)
    known = Tallies()
    for first in range(0, 50, 10):
        known += _learn(forest[first : first + 10], known).tallies
    last = _learn(forest[50:], known)
    other_way = _learn(forest[:30], _learn(forest[30:]).tallies)
    for name in ("ada", "ben", "cyd", "dan", "eve", "fay"):
        assert last.reliability[name] == pytest.approx(whole.reliability[name], abs=0.1)
        assert other_way.reliability[name] == pytest.approx(whole.reliability[name], abs=0.1)


def test_a_name_that_was_not_learned_leaves_the_object_to_the_vote() -> None:
    learned = _learn([_answers(said) for said in _forest(range(20))])
    said = {"ada": "ash", "ben": "ash", "cyd": "oak"}
    plain = merge_answers(KIND, _answers(said), Task(Settings(method="majority")))
    assert _label(learned, said) == plain


def test_birds_are_at_least_as_often_right_as_by_the_vote() -> None:
    request = json.loads((BIRDS / "consolidation_request.json").read_text())
    truth = {
        row["item"]: row["label"] for row in csv.DictReader((BIRDS / "truth.csv").read_text().splitlines())
    }
    said = {
        entry["datasetObjectId"]: {
            answer["workerId"]: json.loads(answer["annotationData"]["content"])["crowd-image-classifier"][
                "label"
            ]
            for answer in entry["annotations"]
        }
        for entry in request
    }
    learned = _learn([_answers(one) for _, one in sorted(said.items())])
    labels = {item: _label(learned, one) for item, one in said.items()}
    right = sum(labels[item].merged.label == label for item, label in truth.items())
    shown = sum(labels[item].confidence or 0 for item in truth) / len(truth)
    assert right >= 137
    assert shown == pytest.approx(right / len(truth), abs=0.05)
