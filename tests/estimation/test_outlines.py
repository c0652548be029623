"""Outlines: their order, clipping, area and overlap, against what can be counted or cut by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation import boxes
from consolidation.estimation.outlines import (
    Outline,
    Outlines,
    are_simple,
    areas,
    canonical,
    clipped,
    overlaps_between,
    shared_winding,
    thinned,
)

SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10))
BOW_TIE = ((0, 0), (10, 10), (10, 0), (0, 10))
THERE_AND_BACK = ((0, 0), (10, 0), (10, 10), (10, 0))


def _outline(points: Any) -> Outline:
    return np.array(points, np.float64)


def _iou(one: Any, other: Any) -> float:
    found = overlaps_between(Outlines.of([_outline(one), _outline(other)]), np.arange(2))
    return float(found.iou[0]) if len(found.iou) else 0.0


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    """Three to nine vertices on a small grid in any order: with crossings, spikes, repeated places and equal heights."""
    points = draw(st.lists(st.tuples(*[st.integers(0, 8)] * 2), min_size=3, max_size=9))
    return _outline(points)


def _winding(outline: Outline, x: Any, y: Any) -> Any:
    """Winding numbers of points, counted edge by edge; none of the points may lie on an edge."""
    total = np.zeros(x.shape, np.int64)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        spans = (min(y0, y1) <= y) & (y < max(y0, y1))
        if y0 != y1:
            total += np.where(
                spans & (x0 + (y - y0) / (y1 - y0) * (x1 - x0) > x), np.sign(y1 - y0), 0
            ).astype(int)
    return total


@given(one=outlines(), other=outlines())
def test_shared_winding_is_the_integral_of_both_winding_numbers(one: Outline, other: Outline) -> None:
    """Compared with a sum over fine cells, whose error is at most the cells that an edge runs through."""
    cells = 400
    x, y = np.meshgrid(*((np.arange(cells) + place) * 8 / cells for place in (0.4142, 0.7321)))
    counted = (_winding(one, x, y) * _winding(other, x, y)).sum() * (8 / cells) ** 2
    shared = shared_winding(Outlines.of([one, other]), np.array([0]), np.array([1]))[0]
    assert shared == pytest.approx(counted, abs=2.5)


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [
        pytest.param(SQUARE, SQUARE, 1.0, id="equal"),
        pytest.param(SQUARE, SQUARE[2:] + SQUARE[:2], 1.0, id="begun elsewhere"),
        pytest.param(SQUARE, SQUARE[::-1], 1.0, id="the other way round"),
        pytest.param(SQUARE, ((5, 0), (15, 0), (15, 10), (5, 10)), 1 / 3, id="half shared"),
        pytest.param(SQUARE, ((2, 2), (4, 2), (4, 4), (2, 4)), 0.04, id="inside"),
        pytest.param(SQUARE, ((10, 0), (20, 0), (20, 10), (10, 10)), 0.0, id="a common side"),
        pytest.param(SQUARE, ((0, 0), (10, 0), (0, 10)), 0.5, id="two common sides"),
        pytest.param(SQUARE, ((5, -5), (15, 5), (5, 15), (-5, 5)), 1 / 2, id="turned around it"),
        pytest.param(BOW_TIE, BOW_TIE[::-1], 1.0, id="a figure of eight the other way round"),
        pytest.param(SQUARE, BOW_TIE, 0.0, id="the halves of a figure of eight cancel"),
    ],
)
def test_iou(one: Any, other: Any, iou: float) -> None:
    assert _iou(one, other) == pytest.approx(iou, abs=1e-12)


def test_far_away_nothing_is_lost() -> None:
    far = [(x + 1e9, y + 1e9) for x, y in SQUARE]
    beside = [(x + 5, y) for x, y in far]
    assert _iou(far, beside) == pytest.approx(1 / 3, abs=1e-9)


@given(data=st.data())
def test_rectangles_overlap_as_boxes_do(data: st.DataObject) -> None:
    sides = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20))
    drawn = data.draw(st.lists(sides, min_size=1, max_size=12))
    edges = np.array([(x, y, x + width, y + height) for x, y, width, height in drawn], np.float64)
    workers = np.arange(len(drawn)) % 4
    shapes = [_outline([(a, b), (c, b), (c, d), (a, d)]) for a, b, c, d in edges]
    found, expected = overlaps_between(Outlines.of(shapes), workers), boxes.overlaps_between(edges, workers)
    assert found.first.tolist() == expected.first.tolist()
    assert found.second.tolist() == expected.second.tolist()
    assert found.iou == pytest.approx(expected.iou, abs=1e-12)


def test_too_many_pairs_are_refused() -> None:
    crowd = Outlines.of([_outline(SQUARE)] * 5)
    with pytest.raises(OverflowError, match="more than 9 pairs"):
        overlaps_between(crowd, np.arange(5), most=9)


def test_outlines_of_very_many_vertices_are_compared_by_some_of_them() -> None:
    angle = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * 100
    assert _iou(circle, circle + np.array([10, 0])) == pytest.approx(0.8803, abs=1e-3)


@pytest.mark.parametrize(
    ("outline", "area"),
    [
        pytest.param(SQUARE, 100, id="square"),
        pytest.param(SQUARE[::-1], 100, id="the other way round"),
        pytest.param(BOW_TIE, 50, id="figure of eight"),
        pytest.param(THERE_AND_BACK, 0, id="there and back"),
        pytest.param(((0, 0), (10, 0), (10, 10), (5, 2), (0, 10)), 60, id="a notch"),
    ],
)
def test_areas(outline: Any, area: float) -> None:
    assert areas(Outlines.of([_outline(outline)]))[0] == pytest.approx(area)


@pytest.mark.parametrize(
    ("outline", "simple"),
    [
        pytest.param(SQUARE, True, id="square"),
        pytest.param(BOW_TIE, False, id="figure of eight"),
        pytest.param(THERE_AND_BACK, False, id="there and back"),
        pytest.param(((0, 0), (10, 0), (10, 10), (5, 2), (0, 10)), True, id="a notch"),
        pytest.param(
            ((0, 0), (10, 0), (10, 10), (5, 0), (0, 10)), False, id="a notch that reaches the other side"
        ),
        pytest.param(((0, 0), (9, 3), (0, 6), (9, 6), (0, 3), (9, 0)), False, id="a star of two turns"),
        pytest.param(((0, 0), (4, 0), (4, 6), (6, 6), (6, 0), (9, 0), (9, 9), (0, 9)), True, id="a bay"),
    ],
)
def test_are_simple(outline: Any, *, simple: bool) -> None:
    assert are_simple(Outlines.of([_outline(outline)])).tolist() == [simple]


@given(outline=outlines(), start=st.integers(0, 8), backwards=st.booleans())
def test_the_canonical_order_forgets_start_and_direction(
    outline: Outline, start: int, *, backwards: bool
) -> None:
    other = np.roll(outline, -start, axis=0)[:: -1 if backwards else 1]
    assert canonical(other).tolist() == canonical(outline).tolist()


def test_the_canonical_order_is_clockwise_from_the_top_left() -> None:
    assert canonical(_outline([(0, 9), (9, 9), (9, 0), (0, 0)])).tolist() == [[0, 0], [9, 0], [9, 9], [0, 9]]


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        pytest.param(SQUARE, SQUARE, id="inside"),
        pytest.param(
            ((-5, 2), (5, 2), (5, 8), (-5, 8)), ((0, 2), (5, 2), (5, 8), (0, 8)), id="over the left"
        ),
        pytest.param(
            ((15, 15), (30, 15), (30, 30), (15, 30)), ((15, 15), (20, 15), (20, 20), (15, 20)), id="corner"
        ),
        pytest.param(
            ((-9, -9), (29, -9), (29, 29), (-9, 29)), ((0, 0), (20, 0), (20, 20), (0, 20)), id="all over"
        ),
        pytest.param(((30, 0), (40, 0), (40, 10)), (), id="outside"),
    ],
)
def test_clipping(outline: Any, expected: Any) -> None:
    made = clipped(_outline(outline), 20, 20)
    assert (canonical(made) if len(made) else made).tolist() == [list(point) for point in expected]


@given(outline=outlines())
def test_clipping_keeps_what_lies_inside(outline: Outline) -> None:
    """Cut at x = 3: winding numbers on this side stay, those on the other are gone."""
    x, y = np.meshgrid((np.arange(40) + 0.4142) / 5, (np.arange(40) + 0.7321) / 5)
    made = clipped(outline, 3, 8)
    after = _winding(made, x, y) if len(made) else np.zeros(x.shape)
    assert (after == np.where(x < 3, _winding(outline, x, y), 0)).all()


def test_thinning_takes_vertices_evenly() -> None:
    crowd = Outlines.of([_outline([(2 * place, 0) for place in range(10)]), _outline(SQUARE)])
    thin = thinned(crowd, 5)
    assert thin[0][:, 0].tolist() == [0, 4, 8, 12, 16]
    assert thin[1].tolist() == _outline(SQUARE).tolist()
