"""Multi-label, by its rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.answers import WorkerForm, element_kinds
from consolidation.kinds.multi_label import MultiLabelKind
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.laws.merging import Merged, merge

KIND = MultiLabelKind()


def _merge(*workers: list[str], **options: Any) -> Merged:
    return merge(
        KIND, [{"labels": labels} for labels in workers], label_categories=("ant", "bee", "cat"), **options
    )


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        pytest.param({"labels": ["cat", "dog"]}, True, id="multi-select"),
        pytest.param({"labels": []}, True, id="nothing selected is an answer"),
        pytest.param({"cat": True, "dog": True}, True, id="checkboxes"),
        pytest.param({"on": False}, True, id="a lone checkbox"),
        pytest.param({"labels": [{"label": "person"}]}, False, id="a list of label objects"),
        pytest.param({"labels": ["cat"], "entities": []}, False, id="something else with labels"),
        pytest.param({"cat": 1}, False, id="numbers"),
        pytest.param({}, False, id="empty"),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        pytest.param([{"cat": True, "dog": False}] * 3, "class", id="radio buttons"),
        pytest.param(
            [{"cat": True, "dog": False}] * 3 + [{"cat": True, "dog": True}],
            "multi-label",
            id="checkboxes of which most workers ticked one",
        ),
        pytest.param(
            [{"cat": True, "dog": False}] * 3 + [{"cat": False, "dog": False}],
            "multi-label",
            id="checkboxes of which one worker ticked none",
        ),
    ],
)
def test_checkboxes_are_told_from_radio_buttons_by_all_answers(answers: list[Any], kind: str) -> None:
    forms = [WorkerForm(f"w{place}", {"choice": answer}) for place, answer in enumerate(answers)]
    found = element_kinds(forms)["choice"]
    assert found is not None
    assert found.name == kind


def test_a_category_needs_more_than_half_of_the_votes() -> None:
    merged = _merge(["ant", "bee"], ["ant"], ["ant", "cat"], ["bee"])
    assert merged.label["class-names"] == ["ant"]
    assert merged.label["class-ids"] == [0]
    assert [(one["class-name"], one["support"]["workers"]) for one in merged.label["candidates"]] == [
        ("bee", 2),
        ("cat", 1),
    ]
    assert merged.consensus.reasons == ("quorum:candidate-1", "quorum:candidate-2")


def test_every_category_that_somebody_chose_has_a_probability() -> None:
    label = _merge(["ant"], ["ant"], ["bee"]).label
    assert list(label["confidence-map"]) == ["ant", "bee"]
    assert label["confidence-map"]["ant"] == pytest.approx(1 - label["confidence-map"]["bee"], abs=1e-4)


def test_nobody_chose_anything() -> None:
    merged = _merge([], [], [])
    assert (merged.label["class-names"], merged.label["candidates"]) == ([], [])
    assert merged.consensus.agreement == 1.0
    assert merged.consensus.confidence == pytest.approx(0.9524, abs=1e-4)


def test_agreement_is_the_mean_jaccard_index() -> None:
    merged = _merge(["ant", "bee"], ["ant"], ["ant", "bee"])
    assert merged.consensus.agreement == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 0.5, "worker-2": 1.0}


def test_weights_are_votes() -> None:
    assert _merge(["ant"], [], [], weights=[3, 1, 1]).label["class-names"] == ["ant"]


def test_too_many_categories_name_the_setting() -> None:
    with pytest.raises(
        LimitError, match=r"\$\.labels: names 2 categories, allowed are 1 \(setting limits\.categories\)"
    ):
        KIND.parse(JsonNode({"labels": ["a", "b"]}, "$", AnswerError), Limits(categories=1))
