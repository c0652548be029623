"""Rotated boxes, by their rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.answers import WorkerForm, element_kinds
from tests.elements import Element, boxes_element
from tests.laws.kinds.rotated_boxes import rotated_element
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["rotated-boxes"]
Box = tuple[str, float, float, float, float, float]
CAR = ("ant", 20.0, 30.0, 40.0, 10.0, 30.0)


def _merge(*workers: list[Box], **options: Any) -> Merged:
    elements = [rotated_element(boxes) for boxes in workers]
    return merge(KIND, elements, label_categories=("ant", "bee"), **options)


def _shown(boxes: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    keys = ("class-name", "left", "top", "width", "height", "angle")
    return [(*(box[key] for key in keys), box["support"]["workers"]) for box in boxes]


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge([CAR], [("ant", 20, 30, 40, 10, 34)], [("bee", 80, 60, 8, 8, 5)])
    assert _shown(merged.label["annotations"]) == [("ant", 20, 30, 40, 10, 32, 2)]
    assert _shown(merged.label["candidates"]) == [("bee", 80, 60, 8, 8, 5, 1)]
    assert merged.label["class-map"] == {"0": "ant", "1": "bee"}


def test_half_a_turn_and_exchanged_sides_are_the_same_box() -> None:
    merged = _merge([CAR], [("ant", 20, 30, 40, 10, 210)], [("ant", 35, 15, 10, 40, 120)])
    assert _shown(merged.label["annotations"]) == [("ant", 20, 30, 40, 10, 30, 3)]
    assert merged.consensus.agreement == pytest.approx(1)


def test_boxes_across_each_other_are_two_things() -> None:
    merged = _merge([("ant", 20, 30, 40, 4, 0)], [("ant", 20, 30, 40, 4, 90)])
    assert len(merged.label["candidates"]) == 2


@pytest.mark.parametrize("key", ["angle", "rotation"])
def test_either_name_of_the_angle_is_read(key: str) -> None:
    element = boxes_element([("ant", 20, 30, 40, 10)])
    element["boundingBoxes"][0][key] = 30
    assert KIND.recognise(element)
    assert _shown(merge(KIND, [element]).label["annotations"]) == [("ant", 20, 30, 40, 10, 30, 1)]


def _kind_of(*elements: Element) -> str | None:
    kind = element_kinds([WorkerForm(f"w{place}", {"e": element}) for place, element in enumerate(elements)])[
        "e"
    ]
    return kind.name if kind else None


def test_one_angle_makes_all_answers_rotated_boxes() -> None:
    """A page may leave out an angle of 0, and a worker may have seen nothing."""
    plain, empty = boxes_element([("ant", 20, 30, 40, 10)]), boxes_element([])
    assert _kind_of(plain, empty, plain) == "boxes"
    assert _kind_of(plain, empty, rotated_element([CAR])) == "rotated-boxes"
    merged = merge(KIND, [plain, plain, rotated_element([("ant", 20, 30, 40, 10, 8)]), empty])
    assert _shown(merged.label["annotations"]) == [("ant", 20, 30, 40, 10, 0, 3)]


def test_boxes_along_the_axes_give_what_the_kind_boxes_gives() -> None:
    drawn = [
        [("ant", 10, 10, 20, 21)],
        [("ant", 13, 11, 20, 20)],
        [("ant", 11, 10, 25, 20), ("bee", 90, 70, 30, 30)],
    ]
    elements = [boxes_element(boxes) for boxes in drawn]
    made, expected = merge(KIND, elements).label, merge(BY_NAME["boxes"], elements).label
    for key in ("annotations", "candidates"):
        assert [
            {name: value for name, value in box.items() if name != "angle"} for box in made[key]
        ] == expected[key]
        assert {box["angle"] for box in made[key]} <= {0}


def test_a_box_turned_by_a_quarter_is_clipped_as_it_lies() -> None:
    """10 wide and 40 high, turned: it lies from -5 to 35."""
    merged = _merge([("ant", 10, 10, 10, 40, 90)])
    assert _shown(merged.label["annotations"]) == [("ant", 12.5, 12.5, 10, 35, 90, 1)]


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        pytest.param({"left": 200}, "lies outside of the image", id="outside"),
        pytest.param({"left": 110, "top": 90}, "lies outside of the image", id="outside, turned"),
        pytest.param({"width": 0}, "is 0x10; a box needs a width and a height", id="no width"),
        pytest.param({"angle": "30"}, ".angle: must be a number, is a string", id="no number"),
        pytest.param({"angle": 1e9}, ".angle: must be from -1e+06 to 1e+06", id="no angle"),
        pytest.param({"label": None}, ".label: is required and missing", id="no category"),
    ],
)
def test_a_box_that_cannot_be_read_costs_only_itself(box: dict[str, Any], reason: str) -> None:
    good = rotated_element([CAR])
    bad = {**good, "boundingBoxes": [*good["boundingBoxes"], {**good["boundingBoxes"][0], **box}]}
    merged = merge(KIND, [bad, good])
    assert [one["support"]["workers"] for one in merged.label["annotations"]] == [2]
    (rejection,) = merged.consensus.rejected
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.boundingBoxes[1]")
    assert reason in rejection.reason


def test_workers_who_disagree_on_the_category_still_saw_the_same_thing() -> None:
    merged = _merge([CAR], [CAR], [("bee", *CAR[1:])])
    assert _shown(merged.label["annotations"]) == [(*CAR, 3)]
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.0}
