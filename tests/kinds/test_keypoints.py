"""Keypoints, by their rule book."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.elements import Element
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["keypoints"]
Point = tuple[str, float, float]


def _element(points: list[Point | Element], size: tuple[int, int] | None = (1000, 800)) -> Element:
    listed = [
        point if isinstance(point, dict) else {"label": point[0], "x": point[1], "y": point[2]}
        for point in points
    ]
    frame = {"inputImageProperties": {"width": size[0], "height": size[1]}} if size else {}
    return {"keypoints": listed, **frame}


def _merge(*workers: list[Any], **options: Any) -> Merged:
    elements = [_element(points) for points in workers]
    return merge(KIND, elements, **{"label_categories": ("left eye", "nose", "right eye"), **options})


def _shown(points: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(point["class-name"], point["x"], point["y"], point["support"]["workers"]) for point in points]


def _said(**more: Any) -> Element:
    return {"label": "nose", "x": 100, "y": 100, **more}


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge([("nose", 100, 100)], [("nose", 104, 98)], [("nose", 600, 500)])
    assert _shown(merged.label["annotations"]) == [("nose", 102, 99, 2)]
    assert _shown(merged.label["candidates"]) == [("nose", 600, 500, 1)]
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_the_label_value_has_the_built_in_shape_with_more() -> None:
    label = _merge([("nose", 100, 100)], [("nose", 106, 108)]).label
    assert label["image_size"] == [{"width": 1000, "height": 800}]
    assert label["class-map"] == {"1": "nose"}
    point = label["annotations"][0]
    assert (point["class_id"], point["x"], point["y"], point["spread"]) == (1, 103, 104, 5.0)
    assert point["support"] == {"workers": 2, "of": 2, "share": 1.0, "worker-ids": ["worker-0", "worker-1"]}
    assert "visible" not in point
    assert "group" not in point


def test_one_of_three_who_misplaces_a_point_does_not_drag_it() -> None:
    merged = _merge([("nose", 100, 100)], [("nose", 102, 101)], [("nose", 140, 130)])
    (point,) = merged.label["annotations"]
    assert point["support"]["workers"] == 3
    assert (point["x"], point["y"]) == pytest.approx((101, 100.5), abs=1.5)
    assert point["spread"] > 20


def test_swapped_sides_are_seen_and_do_not_move_the_points() -> None:
    """The label is voted, the place is that of all three."""
    eyes = [("left eye", 100.0, 100.0), ("right eye", 140.0, 100.0)]
    mouth = [("nose", 120.0 + 30 * place, 300.0) for place in range(4)]
    swapped = [("left eye", 141.0, 101.0), ("right eye", 101.0, 99.0)]
    merged = _merge(eyes + mouth, eyes + mouth, swapped + mouth)
    assert _shown(merged.label["annotations"])[:2] == [("left eye", 100, 100, 3), ("right eye", 140, 100, 3)]
    assert merged.label["candidates"] == []


def test_several_things_of_one_category_are_told_apart_though_workers_miss_some() -> None:
    row = [("nose", 100.0 + 60 * place, 100.0 + place) for place in range(8)]
    merged = _merge(row[1:], row[:2] + row[3:], row[:-1], row)
    assert _shown(merged.label["annotations"]) == [
        ("nose", x, y, 3 if place in {0, 2, 7} else 4) for place, (_, x, y) in enumerate(row)
    ]


def test_who_is_exact_elsewhere_counts_for_more_here() -> None:
    """Two workers agree to a pixel or two on twenty other points, from which the third is ten pixels off, to changing sides."""
    turns = [(-1) ** number for number in range(20)]
    places = [(40.0 * number + 40, 100.0, turn) for number, turn in enumerate(turns)]
    first = [("nose", x + turn, y) for x, y, turn in places]
    second = [("nose", x, y + turn) for x, y, turn in places]
    vague = [("nose", x + 10 * turn, y + 4) for x, y, turn in places]
    merged = _merge([*first, ("nose", 500, 400)], [*second, ("nose", 502, 400)], [*vague, ("nose", 512, 400)])
    assert merged.label["annotations"][-1]["x"] == 501


@pytest.mark.parametrize(
    ("said", "visible"),
    [
        ([{"visible": True}, {"visible": False}, {"visible": False}], False),
        ([{"visible": 1}, {"visible": 1}, {"visible": 0}], True),
        ([{"visibility": 2}, {"visibility": 2}, {"visibility": 1}], True),
        ([{"visibility": 1}, {"visibility": 0}, {"visibility": 2}], False),
        ([{"visible": False}, {}, {}], False),
        ([{"visible": False}, {"visible": True}, {}], True),
    ],
)
def test_visibility_is_voted_by_those_who_say_it(said: list[Element], visible: bool) -> None:
    merged = _merge(*([_said(**more)] for more in said))
    assert [point["visible"] for point in merged.label["annotations"]] == [visible]


def test_a_point_that_says_there_is_none_is_none() -> None:
    """COCO writes the points that an image does not show as visibility 0 at (0, 0)."""
    absent = {"label": "nose", "x": 0, "y": 0, "visibility": 0}
    merged = _merge([absent], [absent], [_said()])
    assert merged.label["annotations"] == []
    assert _shown(merged.label["candidates"]) == [("nose", 100, 100, 1)]
    assert merged.consensus.rejected == ()


def test_points_are_grouped_as_most_workers_group_them_whatever_they_call_the_groups() -> None:
    def person(x: float, name: Any, key: str = "group") -> list[Element]:
        return [
            {"label": label, "x": x + shift, "y": 100.0 + shift, key: name}
            for label, shift in (("left eye", 0), ("nose", 40), ("right eye", 80))
        ]

    first, second = person(100, "a") + person(500, "b"), person(101, 2) + person(501, 1)
    third = person(500, "p", "instance") + person(100, "q", "instance")
    third[0] = {**third[0], "instance": "q"}
    merged = _merge(first, second, third)
    grouped = {
        (point["class-name"], point["x"] > 400): point["group"] for point in merged.label["annotations"]
    }
    assert len(grouped) == 6
    assert {group for (_, right), group in grouped.items() if right} == {2}
    assert {group for (_, right), group in grouped.items() if not right} == {1}


def test_weights_are_votes_and_draw_the_place() -> None:
    merged = _merge([("nose", 100, 100)], [("nose", 112, 100)], [], weights=[3, 1, 1])
    ((_, x, _, workers),) = _shown(merged.label["annotations"])
    assert workers == 2
    assert 100 <= x <= 103


def test_without_an_image_size_points_are_matched_all_the_same() -> None:
    elements = [_element([("nose", 100, 100)], None), _element([("nose", 104, 100)], None)]
    label = merge(KIND, elements).label
    assert label["image_size"] == []
    assert _shown(label["annotations"]) == [("nose", 102, 100, 2)]


def test_the_tolerance_is_a_setting() -> None:
    workers = [_element([("nose", 100, 100)]), _element([("nose", 140, 100)])]
    apart = merge(KIND, workers, settings=Settings(distance_tolerance=0.02)).label
    assert len(merge(KIND, workers).label["annotations"]) == 1
    assert len(apart["candidates"]) == 2


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"x": 1001}, "", "lies at (1001, 100), outside of the image"),
        ({"y": "3"}, ".y", "must be a number"),
        ({"label": ""}, ".label", "must not be empty"),
        ({"visible": "yes"}, ".visible", "must be a number"),
        ({"visibility": 3}, ".visibility", "must be from 0 to 2"),
        ({"group": 1.5}, ".group", "must be a whole number"),
        ({"group": [1]}, ".group", "must be a number"),
    ],
)
def test_a_point_that_cannot_be_read_costs_only_itself(change: Element, path: str, reason: str) -> None:
    merged = _merge([_said(), _said(**change)], [_said()])
    assert _shown(merged.label["annotations"]) == [("nose", 100, 100, 2)]
    (rejection,) = merged.consensus.rejected
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.keypoints[1]")
    assert f"$.keypoints[1]{path}: " in rejection.reason
    assert reason in rejection.reason


@pytest.mark.parametrize("limit", ["parts", "vertices"])
def test_too_many_points_are_refused_with_the_limit(limit: str) -> None:
    element = JsonNode(_element([("nose", 1, 1)] * 4), "$.e", AnswerError)
    with pytest.raises(LimitError, match="has 4 points, allowed are 3") as refused:
        KIND.parse(element, Limits(**{limit: 3}))
    assert (refused.value.path, refused.value.limit) == ("$.e.keypoints", f"limits.{limit}")


def test_more_near_pairs_than_allowed_are_refused() -> None:
    heap = [("nose", 100.0 + place, 100.0) for place in range(5)]
    with pytest.raises(LimitError, match="more than 10 pairs of keypoints lie near each other"):
        _merge(heap, heap, settings=Settings(limits=Limits(overlaps=10)))


def test_nobody_marked_anything() -> None:
    merged = _merge([], [], [])
    assert (merged.label["annotations"], merged.label["candidates"]) == ([], [])
    assert merged.consensus.agreement == 1.0
