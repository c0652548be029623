"""Polygons, by their rule book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.elements import Element
from tests.laws.kinds.polygons import polygons_element
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["polygons"]
Vertices = Sequence[tuple[float, float]]
HOUSE = ((10, 30), (30, 10), (50, 30), (50, 70), (10, 70))


def _merge(*workers: list[tuple[str, Vertices]], **options: Any) -> Merged:
    elements = [polygons_element(polygons) for polygons in workers]
    return merge(KIND, elements, label_categories=("ant", "bee"), **options)


def _moved(vertices: Vertices, right: float, down: float) -> Vertices:
    return [(x + right, y + down) for x, y in vertices]


def _shown(polygons: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (one["class-name"], [(at["x"], at["y"]) for at in one["vertices"]], one["support"]["workers"])
        for one in polygons
    ]


def _parsed(element: Element, limits: Limits) -> Any:
    return KIND.parse(JsonNode(element, "$", AnswerError), limits)


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge(
        [("ant", [(10, 10), (30, 10), (30, 30), (10, 30)])],
        [("ant", [(12, 32), (32, 32), (32, 12), (12, 12)])],
        [("bee", [(60, 40), (70, 40), (65, 50)])],
    )
    ((label, vertices, workers),) = _shown(merged.label["annotations"])
    assert (label, workers) == ("ant", 2)
    left, right = min(x for x, _ in vertices), max(x for x, _ in vertices)
    assert (left, right) == pytest.approx((11, 31), abs=0.1)
    assert _shown(merged.label["candidates"]) == [("bee", [(60, 40), (70, 40), (65, 50)], 1)]
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_the_label_value_is_that_of_boxes_with_vertices() -> None:
    label = _merge([("bee", HOUSE)], [("bee", HOUSE)]).label
    assert label["image_size"] == [{"width": 100, "height": 80}]
    assert label["class-map"] == {"1": "bee"}
    (one,) = label["annotations"]
    assert one["class_id"] == 1
    assert one["vertices"][0] == {"x": 30, "y": 10}
    assert one["support"] == {"workers": 2, "of": 2, "share": 1.0, "worker-ids": ["worker-0", "worker-1"]}


def test_where_workers_begin_and_which_way_they_go_makes_no_difference() -> None:
    """All drew the same five corners; the label has these, clockwise from the topmost."""
    merged = _merge([("ant", HOUSE)], [("ant", HOUSE[2:] + HOUSE[:2])], [("ant", HOUSE[::-1])])
    canonical = [(30, 10), (50, 30), (50, 70), (10, 70), (10, 30)]
    assert _shown(merged.label["annotations"]) == [("ant", canonical, 3)]
    assert merged.consensus.agreement == 1.0


def test_another_number_of_vertices_on_the_same_border_is_the_same_shape() -> None:
    """All but a sliver of 5 pixels, where the finer one cuts a corner."""
    fine = [(x / 2, 10) for x in range(20, 60)] + [(30, 30), (10, 30)]
    coarse = [(10, 10), (30, 10), (30, 30), (10, 30)]
    merged = _merge([("ant", coarse)], [("ant", fine)])
    assert merged.consensus.agreement == pytest.approx(1 - 5 / 400)
    assert len(merged.label["annotations"]) == 1


def test_one_gross_outlier_among_three_does_no_harm() -> None:
    merged = _merge([("ant", HOUSE)], [("ant", _moved(HOUSE, 12, 5))], [("ant", HOUSE)])
    assert [vertices for _, vertices, _ in _shown(merged.label["annotations"])] == [
        [(30, 10), (50, 30), (50, 70), (10, 70), (10, 30)]
    ]


def test_workers_who_disagree_on_the_category_still_saw_the_same_thing() -> None:
    merged = _merge([("ant", HOUSE)], [("ant", HOUSE)], [("bee", HOUSE)])
    assert [(one["class-name"], one["support"]["workers"]) for one in merged.label["annotations"]] == [
        ("ant", 3)
    ]
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.0}


def test_a_tie_between_categories_follows_their_order_and_is_noted() -> None:
    merged = _merge([("bee", HOUSE)], [("ant", HOUSE)])
    assert merged.label["annotations"][0]["class-name"] == "ant"
    assert merged.consensus.reasons == ("tie:part-1",)


def test_nobody_marked_anything() -> None:
    merged = _merge([], [], [])
    assert (merged.label["annotations"], merged.label["candidates"]) == ([], [])
    assert merged.consensus.agreement == 1.0


def test_polygons_are_clipped_to_the_image() -> None:
    over = [(90, 60), (130, 60), (130, 100), (90, 100)]
    merged = _merge([("ant", over)], [("ant", over)])
    assert _shown(merged.label["annotations"]) == [("ant", [(90, 60), (100, 60), (100, 80), (90, 80)], 2)]


def test_a_polygon_that_crosses_itself_covers_what_it_winds_around() -> None:
    """A figure of eight in one stroke, and another worker's two triangles in one."""
    eight = [(10, 10), (50, 50), (50, 10), (10, 50)]
    triangles = [(10, 10), (29, 30), (31, 30), (50, 10), (50, 50), (31, 30.5), (29, 30.5), (10, 50)]
    merged = _merge([("ant", eight)], [("ant", eight[::-1])], [("ant", triangles)])
    assert [one["support"]["workers"] for one in merged.label["annotations"]] == [2]


def _at(*points: tuple[Any, Any]) -> dict[str, Any]:
    return {"vertices": [{"x": x, "y": y} for x, y in points]}


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        pytest.param(_at(), "has 0 distinct vertices", id="no vertices"),
        pytest.param(_at((1, 1), (5, 5), (1, 1)), "has 2 distinct vertices; a polygon needs 3", id="two"),
        pytest.param(_at((1, 1), (5, 5), (9, 9)), "has no area", id="a line"),
        pytest.param(_at((1, 1), (9, 1), (9, 5), (9, 1)), "has no area", id="there and back"),
        pytest.param(_at((101, 1), (105, 5), (109, 1)), "lies outside of the image", id="outside"),
        pytest.param(_at((1, 1), (5, None), (9, 9)), ".vertices[1].y: is required and missing", id="no y"),
        pytest.param(
            _at((1, 1), (True, 2), (9, 9)), ".vertices[1].x: must be a number, is a boolean", id="true"
        ),
        pytest.param(
            _at((1, 1), (1e10, 2), (9, 9)), ".vertices[1].x: must be from -1e+09 to 1e+09", id="far"
        ),
        pytest.param(_at((1, 1), (10**400, 2), (9, 9)), ".vertices[1].x: must be at most", id="no float"),
        pytest.param({"vertices": [[1, 1], [5, 5], [9, 1]]}, ".vertices[0]: must be an object", id="arrays"),
        pytest.param({}, ".vertices: is required and missing", id="no list"),
        pytest.param(
            {"label": "", **_at((1, 1), (5, 5), (9, 1))}, ".label: must not be empty", id="no category"
        ),
    ],
)
def test_a_polygon_that_cannot_be_read_costs_only_itself(polygon: dict[str, Any], reason: str) -> None:
    good = polygons_element([("ant", HOUSE)])
    bad = {**good, "polygons": [*good["polygons"], {"label": "ant", **polygon}]}
    merged = merge(KIND, [bad, good])
    assert [one["support"]["workers"] for one in merged.label["annotations"]] == [2]
    (rejection,) = merged.consensus.rejected
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.polygons[1]")
    assert reason in rejection.reason


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param(Limits(vertices=9), "has 10 vertices, allowed are 9", id="vertices"),
        pytest.param(Limits(parts=1), "has 2 polygons, allowed are 1", id="polygons"),
    ],
)
def test_limits_cost_the_answer(limits: Limits, reason: str) -> None:
    with pytest.raises(LimitError, match=reason):
        _parsed(polygons_element([("ant", HOUSE), ("ant", HOUSE)]), limits)


def test_too_many_overlaps_are_refused_by_name() -> None:
    limits = replace(Limits(), overlaps=2)
    with pytest.raises(LimitError) as refused:
        _merge([("ant", HOUSE)], [("ant", HOUSE)], [("ant", HOUSE)], settings=Settings(limits=limits))
    assert refused.value.limit == "limits.overlaps"


def test_an_answer_for_another_image_size_is_rejected_and_named() -> None:
    elements = [polygons_element([("ant", HOUSE)])] * 2 + [polygons_element([("ant", HOUSE)], (200, 80))]
    merged = merge(KIND, elements)
    assert merged.label["annotations"][0]["support"]["of"] == 2
    assert "200x80, most are for 100x80" in merged.consensus.rejected[0].reason


def test_polygons_larger_than_any_memory_are_merged() -> None:
    """A billion pixels wide: what is fused is the borders."""
    wide = 4e8
    square: Vertices = [(0, 0), (wide, 0), (wide, wide), (0, wide)]
    elements = [polygons_element([("ant", _moved(square, by, by))], (10**9, 10**9)) for by in (0, 1000, 3000)]
    (one,) = merge(KIND, elements).label["annotations"]
    assert one["support"]["workers"] == 3
    assert {round(at["x"], -5) for at in one["vertices"]} <= {0, wide}
