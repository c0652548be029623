"""Polylines and lines, by their rule book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.elements import Element
from tests.laws.merging import BY_NAME, Merged, merge

Curve = Sequence[tuple[float, float]]
LANE: Curve = [(100, 100), (200, 140), (300, 150), (400, 120)]


def _element(
    name: str, curves: Sequence[tuple[str, Curve]], size: tuple[int, int] | None = (1000, 800)
) -> Element:
    frame = {"inputImageProperties": {"width": size[0], "height": size[1]}} if size else {}
    drawn = [
        {"label": label, "vertices": [{"x": float(x), "y": float(y)} for x, y in curve]}
        for label, curve in curves
    ]
    return {name: drawn, **frame}


def _merge(*workers: Sequence[Any], name: str = "polylines", **options: Any) -> Merged:
    """Curves without a label are lanes."""
    elements = [
        _element(name, [curve if isinstance(curve, tuple) else ("lane", curve) for curve in curves])
        for curves in workers
    ]
    return merge(BY_NAME[name], elements, **{"label_categories": ("lane", "kerb"), **options})


def _vertices(part: dict[str, Any]) -> list[tuple[float, float]]:
    return [(vertex["x"], vertex["y"]) for vertex in part["vertices"]]


def _only(merged: Merged) -> list[tuple[float, float]]:
    (part,) = merged.label["annotations"]
    return _vertices(part)


def _moved(curve: Curve, x: float = 0, y: float = 0) -> Curve:
    return [(one + x, other + y) for one, other in curve]


def _dense(curve: Curve) -> npt.NDArray[np.float64]:
    vertices = np.array(curve, np.float64)
    places = np.linspace(0, len(vertices) - 1, 60 * len(vertices))
    return np.column_stack([np.interp(places, np.arange(len(vertices)), axis) for axis in vertices.T])


def _apart(curve: Curve, other: Curve) -> float:
    """The farthest that a place of either lies from the other."""
    gaps = np.hypot(*(_dense(curve)[:, None] - _dense(other)[None]).transpose(2, 0, 1))
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge([LANE], [_moved(LANE, y=4)], [("kerb", [(600, 600), (900, 700)])])
    (part,) = merged.label["annotations"]
    assert _apart(_vertices(part), _moved(LANE, y=2)) < 1.5
    assert (part["class-name"], part["support"]["workers"]) == ("lane", 2)
    (candidate,) = merged.label["candidates"]
    assert (candidate["class-name"], _vertices(candidate)) == ("kerb", [(600, 600), (900, 700)])
    assert merged.consensus.reasons == ("quorum:candidate-1",)
    assert merged.label["image_size"] == [{"width": 1000, "height": 800}]
    assert merged.label["class-map"] == {"0": "lane", "1": "kerb"}


def test_equal_polylines_come_back_unchanged_in_the_direction_of_most() -> None:
    back = list(reversed(LANE))
    assert _only(_merge([LANE], [LANE], [back])) == LANE
    assert _only(_merge([back], [LANE], [back])) == back


def test_a_tie_of_directions_runs_from_top_to_bottom() -> None:
    down = [(100, 100), (140, 200), (120, 300)]
    for answers in ([down, down[::-1]], [down[::-1], down]):
        assert _only(_merge(*([one] for one in answers))) == down


def test_the_more_skilled_worker_decides_a_tie_of_directions() -> None:
    down = [(100, 100), (140, 200), (120, 300)]
    element = [_element("polylines", [("lane", curve)]) for curve in (down, down[::-1])]
    skilled = merge(BY_NAME["polylines"], element, weights=[1, 1.5])
    assert _only(skilled) == down[::-1]


def test_one_of_three_who_goes_astray_does_no_harm() -> None:
    astray = [*LANE[:2], (300, 190), (400, 170)]
    assert _apart(_only(_merge([LANE], [_moved(LANE, y=1)], [astray])), LANE) < 6
    mean = [tuple(np.mean(each, axis=0)) for each in zip(LANE, _moved(LANE, y=1), astray, strict=True)]
    assert _apart(mean, LANE) > 15


def test_who_ends_early_or_overshoots_does_not_move_the_ends() -> None:
    """Two of four go all the way; one stops half-way, one goes on too far."""
    straight = [(100.0, 100.0 + 50 * place) for place in range(9)]
    merged = _merge([straight], [_moved(straight, x=1)], [straight[:5]], [[*straight, (100, 560)]])
    found = _only(merged)
    assert found[0] == pytest.approx((100, 100), abs=3)
    assert found[-1] == pytest.approx((100, 500), abs=3)
    assert merged.label["annotations"][0]["support"]["workers"] == 4


def test_other_numbers_of_vertices_give_one_curve() -> None:
    turns = np.linspace(0, np.pi, 60)
    arc = [(500 + 200 * float(np.cos(turn)), 300 + 200 * float(np.sin(turn))) for turn in turns]
    few, many, reverse = arc[::6] + arc[-1:], arc, arc[::-3] + arc[:1]
    found = _only(_merge([few], [many], [reverse]))
    assert _apart(found, arc) < 4
    assert len(found) < 30


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param([(100, 100), (300, 100), (300, 300), (100, 300), (100, 100)], id="closed"),
        pytest.param([(100, 100), (300, 300), (300, 100), (100, 300)], id="crossing itself"),
        pytest.param([(100, 100), (300, 100), (100, 100), (300, 100)], id="to and fro"),
        pytest.param([(100, 100), (100, 100), (300, 100), (300, 100)], id="places given twice"),
    ],
)
def test_odd_curves_are_fused_as_others_are(curve: Curve) -> None:
    moved = [_moved(curve, x, y) for x, y in ((0, 0), (3, 1), (1, 4))]
    assert _only(_merge([curve], [curve])) == curve
    assert _apart(_only(_merge(*([one] for one in moved))), _moved(curve, 1.3, 1.7)) < 5


def test_closed_curves_may_begin_anywhere() -> None:
    square = [(100, 100), (300, 100), (300, 300), (100, 300), (100, 100)]
    later = [(301, 301), (101, 301), (101, 101), (301, 101), (301, 301)]
    found = _only(_merge([square], [later], [_moved(square, x=1)]))
    assert _apart(found, square) < 4


def test_crossing_curves_are_two_things() -> None:
    falling, rising = [(100, 100), (500, 500)], [(100, 500), (500, 100)]
    merged = _merge([falling, rising], [rising, falling], [falling, rising[::-1]])
    assert sorted(_vertices(part) for part in merged.label["annotations"]) == [falling, rising]
    assert [part["support"]["workers"] for part in merged.label["annotations"]] == [3, 3]


def test_workers_who_disagree_on_the_category_still_saw_the_same_thing() -> None:
    merged = _merge([LANE], [("kerb", LANE)], [LANE])
    assert merged.label["annotations"][0]["class-name"] == "lane"
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 0.0, "worker-2": 1.0}


def test_lines_keep_two_end_points_fused_each_for_itself() -> None:
    one, other, back = [(100, 100), (400, 200)], [(104, 102), (402, 206)], [(401, 203), (102, 98)]
    merged = _merge([one], [other], [back], name="lines")
    (start, end) = _only(merged)
    assert start == pytest.approx((102, 100), abs=2)
    assert end == pytest.approx((401, 203), abs=2)


def test_two_workers_lines_give_the_mean() -> None:
    merged = _merge([[(100, 100), (400, 200)]], [[(404, 204), (102, 102)]], name="lines", weights=[1, 1])
    assert _only(merged) == [(101, 101), (402, 202)]


def test_fractions_stay_when_workers_give_fractions() -> None:
    merged = _merge([[(100, 100), (400, 200)]], [[(100.5, 100), (400.5, 200)]], name="lines")
    assert _only(merged) == [(100.25, 100), (400.25, 200)]


def test_vertices_are_clipped_to_the_image() -> None:
    beyond = [(900, 700), (1100, 700)]
    assert _only(_merge([beyond], [beyond])) == [(900, 700), (1000, 700)]


@pytest.mark.parametrize(
    ("name", "curve", "path", "reason"),
    [
        ("polylines", [(10, 10)], ".vertices", "has 1 vertices, needed are at least 2"),
        ("polylines", [], ".vertices", "has 0 vertices, needed are at least 2"),
        ("polylines", [(10, 10), (10, 10)], "", "has no length within the image"),
        ("polylines", [(1500, 10), (1800, 10)], "", "has no length within the image"),
        ("polylines", [(1e10, 10), (10, 10)], ".vertices[0].x", "must be from -1e+09 to 1e+09"),
        ("lines", LANE, ".vertices", "has 4 vertices, needed are exactly 2"),
    ],
)
def test_one_that_cannot_be_read_costs_only_itself(name: str, curve: Curve, path: str, reason: str) -> None:
    good = [(100, 100), (400, 200)]
    merged = _merge([good, curve], [good], name=name)
    assert _only(merged) == good
    (rejection,) = merged.consensus.rejected
    assert (rejection.worker_id, rejection.part) == ("worker-0", f"$.{name}[1]")
    assert rejection.reason == f"$.{name}[1]{path}: {reason}" or reason in rejection.reason


@pytest.mark.parametrize(
    ("limit", "complaint"), [("vertices", "has 8 vertices"), ("parts", "has 2 polylines")]
)
def test_too_much_is_refused_with_the_limit(limit: str, complaint: str) -> None:
    node = JsonNode(_element("polylines", [("lane", LANE), ("lane", LANE)]), "$.e", AnswerError)
    with pytest.raises(LimitError, match=complaint) as refused:
        BY_NAME["polylines"].parse(node, Limits(**{limit: 1}))
    assert (refused.value.path, refused.value.limit) == ("$.e.polylines", f"limits.{limit}")


def test_more_near_pairs_than_allowed_are_refused() -> None:
    heap = [_moved(LANE, y=place) for place in range(5)]
    with pytest.raises(LimitError, match="more than 10 pairs of polylines lie near each other"):
        _merge(heap, heap, settings=Settings(limits=Limits(overlaps=10)))


def test_without_an_image_size_curves_are_matched_all_the_same() -> None:
    elements = [_element("polylines", [("lane", _moved(LANE, y=shift))], None) for shift in (0, 2)]
    label = merge(BY_NAME["polylines"], elements).label
    assert label["image_size"] == []
    assert [part["support"]["workers"] for part in label["annotations"]] == [2]


def test_nobody_drew_anything() -> None:
    merged = _merge([], [], [])
    assert (merged.label["annotations"], merged.label["candidates"]) == ([], [])
    assert merged.consensus.agreement == 1.0
