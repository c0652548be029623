"""Boxes, by their rule book."""

from __future__ import annotations

from typing import Any

import pytest

from tests.elements import Element, boxes_element
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["boxes"]


def _merge(*workers: list[tuple[str, float, float, float, float]], **options: Any) -> Merged:
    return merge(
        KIND, [boxes_element(boxes) for boxes in workers], label_categories=("ant", "bee"), **options
    )


def _shown(boxes: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (box["class-name"], box["left"], box["top"], box["width"], box["height"], box["support"]["workers"])
        for box in boxes
    ]


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge([("ant", 10, 10, 20, 20)], [("ant", 12, 10, 20, 20)], [("bee", 60, 40, 10, 10)])
    assert _shown(merged.label["annotations"]) == [("ant", 11, 10, 20, 20, 2)]
    assert _shown(merged.label["candidates"]) == [("bee", 60, 40, 10, 10, 1)]
    assert merged.label["annotations"][0]["support"] == {
        "workers": 2,
        "of": 3,
        "share": 0.6667,
        "worker-ids": ["worker-0", "worker-1"],
    }
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_the_label_value_is_the_built_in_shape_with_more() -> None:
    label = _merge([("bee", 1, 2, 3, 4)], [("bee", 1, 2, 3, 4)]).label
    assert label["image_size"] == [{"width": 100, "height": 80}]
    assert label["class-map"] == {"1": "bee"}
    box = label["annotations"][0]
    assert [box[key] for key in ("class_id", "left", "top", "width", "height")] == [1, 1, 2, 3, 4]


def test_workers_who_disagree_on_the_category_still_saw_the_same_thing() -> None:
    merged = _merge([("ant", 10, 10, 20, 20)], [("ant", 10, 10, 20, 20)], [("bee", 10, 10, 20, 20)])
    assert _shown(merged.label["annotations"]) == [("ant", 10, 10, 20, 20, 3)]
    assert merged.label["candidates"] == []
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.0}


def test_a_tie_between_categories_follows_their_order_and_is_noted() -> None:
    merged = _merge([("bee", 10, 10, 20, 20)], [("ant", 10, 10, 20, 20)])
    assert _shown(merged.label["annotations"])[0][0] == "ant"
    assert merged.consensus.reasons == ("tie:part-1",)


def test_weights_are_votes() -> None:
    merged = _merge([("ant", 10, 10, 20, 20)], [], [], weights=[3, 1, 1])
    assert len(merged.label["annotations"]) == 1
    assert merged.label["annotations"][0]["support"]["share"] == 0.6


def test_one_workers_two_marks_form_no_consensus_by_themselves() -> None:
    merged = _merge([("ant", 10, 10, 20, 20), ("ant", 11, 10, 20, 20)], [], [])
    assert merged.label["annotations"] == []
    assert len(merged.label["candidates"]) == 2


def test_nobody_marked_anything() -> None:
    merged = _merge([], [], [])
    assert (merged.label["annotations"], merged.label["candidates"]) == ([], [])
    assert merged.consensus.agreement == 1.0
    assert merged.consensus.confidence == pytest.approx(0.9524, abs=1e-4)


def test_boxes_are_clipped_to_the_image() -> None:
    merged = _merge([("ant", -10, 70, 30, 30)], [("ant", -10, 70, 30, 30)])
    assert _shown(merged.label["annotations"]) == [("ant", 0, 70, 20, 10, 2)]


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        pytest.param(("ant", 200, 10, 5, 5), "lies outside of the image", id="outside"),
        pytest.param(("ant", 10, 10, 0, 5), "is 0x5; a box needs a width and a height", id="no width"),
        pytest.param(("", 10, 10, 5, 5), "$.boundingBoxes[1].label: must not be empty", id="no category"),
    ],
)
def test_a_box_that_cannot_be_read_costs_only_itself(box: Any, reason: str) -> None:
    merged = _merge([("ant", 10, 10, 20, 20), box], [("ant", 10, 10, 20, 20)])
    assert _shown(merged.label["annotations"]) == [("ant", 10, 10, 20, 20, 2)]
    rejection = merged.consensus.rejected[0]
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.boundingBoxes[1]")
    assert reason in rejection.reason


def test_an_answer_for_another_image_size_is_rejected_and_named() -> None:
    box = [("ant", 10.0, 10.0, 20.0, 20.0)]
    elements: list[Element] = [boxes_element(box), boxes_element(box), boxes_element(box, (50, 40))]
    merged = merge(KIND, elements)
    assert merged.label["annotations"][0]["support"]["of"] == 2
    assert [rejection.worker_id for rejection in merged.consensus.rejected] == ["worker-2"]
    assert "50x40, most are for 100x80" in merged.consensus.rejected[0].reason


def test_fractions_stay_when_workers_give_fractions() -> None:
    merged = _merge([("ant", 10.25, 10, 20, 20)], [("ant", 10.75, 10, 20, 20)])
    assert _shown(merged.label["annotations"]) == [("ant", 10.5, 10, 20, 20, 2)]
