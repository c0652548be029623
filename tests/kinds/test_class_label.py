"""Single class, by its rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.kinds.base import Answer, Consensus, Task, merge_answers
from consolidation.kinds.class_label import ClassChoice, ClassKind
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings

KIND = ClassKind()


def _merge(*labels: str, skill: tuple[float, ...] = (), categories: tuple[str, ...] = ()) -> Consensus:
    skills = skill or (1.0,) * len(labels)
    answers = [
        Answer(f"w{place}", ClassChoice(label), 1.0, one)
        for place, (label, one) in enumerate(zip(labels, skills, strict=True))
    ]
    return merge_answers(KIND, answers, Task(Settings(), categories))


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
    label = KIND.write(merge_answers(KIND, answers, Task(Settings())), Task(Settings()), lambda *_: "")
    assert label["comments"] == [{"worker-id": "w1", "comment": "looks odd"}]
