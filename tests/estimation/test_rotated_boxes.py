"""Rotated boxes: corners, overlap, and the fusion of boxes in different descriptions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.medians import weighted_medians
from consolidation.estimation.outlines import Outlines, overlaps_between
from consolidation.estimation.rotated_boxes import corners, fuse, on_half_circle, quarter_turned, turned

BOX = (10.0, 20.0, 50.0, 30.0)


def _iou(one: Any, other: Any) -> float:
    outlines = corners(np.array([one, other], np.float64))
    found = overlaps_between(Outlines.of([*outlines]), np.arange(2))
    return float(found.iou[0]) if len(found.iou) else 0.0


def _fused(members: Any, weights: Any = None, skill: Any = None) -> Any:
    rows = np.array(members, np.float64)
    ones = np.ones(len(rows))
    return fuse(
        rows,
        ones if weights is None else np.array(weights, float),
        ones if skill is None else np.array(skill, float),
    )


def _described(box: Any, way: int) -> Any:
    """One of the four descriptions of a box."""
    row = np.array([box], np.float64)
    row = quarter_turned(row) if way % 2 else row
    row[0, 4] += 180 * (way // 2)
    return row[0].tolist()


@pytest.mark.parametrize(
    ("angle", "expected"),
    [(0, 0), (90, 90), (-90, 90), (91, -89), (180, 0), (350, -10), (-350, 10), (720.5, 0.5)],
)
def test_angles_are_taken_modulo_half_a_turn(angle: float, expected: float) -> None:
    assert float(on_half_circle(np.array(angle))) == pytest.approx(expected)


def test_corners_turn_clockwise_on_the_screen() -> None:
    """A quarter turn takes the top left corner to the top right, y running downwards."""
    (made,) = corners(np.array([[*BOX, 90.0]]))
    assert made.tolist() == [[35, 5], [35, 45], [25, 45], [25, 5]]


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [
        pytest.param((*BOX, 30), (*BOX, 30), 1.0, id="equal"),
        pytest.param((*BOX, 30), (*BOX, 210), 1.0, id="half a turn"),
        pytest.param((*BOX, 30), (25, 5, 35, 45, 120), 1.0, id="a quarter, sides exchanged"),
        pytest.param((0, 0, 10, 10, 0), (0, 0, 10, 10, 45), math.sqrt(0.5), id="a square by half a quarter"),
        pytest.param((0, 0, 40, 10, 0), (0, 0, 40, 10, 90), 100 / 700, id="a cross"),
        pytest.param((0, 0, 10, 10, 45), (14.2, 0, 24.2, 10, 45), 0.0, id="tip to tip"),
    ],
)
def test_overlap(one: Any, other: Any, iou: float) -> None:
    assert _iou(one, other) == pytest.approx(iou, abs=1e-9)


@given(angle=st.floats(-90, 90), shift=st.floats(0, 39))
def test_overlap_does_not_depend_on_how_the_pair_is_turned(angle: float, shift: float) -> None:
    """One box shifted along its own length, both turned about one point."""
    one, other = np.array([[*BOX, 0.0], [10 + shift, 20.0, 50 + shift, 30.0, 0.0]])
    both = np.array([one, other])
    centre = turned((both[:, :2] + both[:, 2:4]) / 2, np.array(angle))
    half = (both[:, 2:4] - both[:, :2]) / 2
    made = np.column_stack([centre - half, centre + half, np.full(2, angle)])
    assert _iou(*made) == pytest.approx((40 - shift) / (40 + shift), abs=1e-9)


@given(ways=st.lists(st.integers(0, 3), min_size=1, max_size=5), angle=st.integers(-89, 90))
def test_one_box_in_any_descriptions_is_that_box(ways: list[int], angle: int) -> None:
    box = (*BOX, float(angle))
    assert _iou(_fused([_described(box, way) for way in ways]), box) == pytest.approx(1, abs=1e-9)


def test_angles_meet_across_the_end_of_the_scale() -> None:
    assert _fused([(*BOX, 88), (*BOX, -88), (*BOX, 90)]).tolist() == pytest.approx([*BOX, 90])


def test_most_members_say_which_side_is_the_width() -> None:
    lying, standing = (0, 0, 40, 10, 2), (15, -15, 25, 25, -88)
    assert _fused([lying, standing, standing])[4] == pytest.approx(-88)
    assert _fused([lying, lying, standing])[4] == pytest.approx(2)
    assert _fused([lying, standing])[4] == pytest.approx(2)
    assert _fused([standing, lying])[4] == pytest.approx(2)
    assert _fused([lying, standing], skill=[1, 2])[4] == pytest.approx(-88)


def test_squares_are_turned_by_less_than_half_a_quarter() -> None:
    square = (0, 0, 20, 20)
    made = _fused([(*square, 2), (*square, 93), (*square, -86)])
    assert [made[4] % 90, *made[:4]] == pytest.approx([3, *square])


def test_one_gross_outlier_among_three_does_no_harm() -> None:
    made = _fused([(*BOX, 30), (200, 0, 900, 700, -60), (11, 21, 51, 31, 32)])
    assert _iou(made, (*BOX, 30)) > 0.8


def test_two_workers_give_the_mean() -> None:
    assert _fused([(*BOX, 10), (*BOX, 20)]).tolist() == pytest.approx([*BOX, 15])


@given(data=st.data())
def test_boxes_along_the_axes_give_what_boxes_give(data: st.DataObject) -> None:
    """Exactly, as long as nobody turned one."""
    shift = st.tuples(*[st.integers(-3, 3)] * 4)
    edges = np.array([BOX]) + np.array(data.draw(st.lists(shift, min_size=1, max_size=6)))
    weights = np.array(
        data.draw(st.lists(st.sampled_from([1.0, 2.0]), min_size=len(edges), max_size=len(edges)))
    )
    made = fuse(np.column_stack([edges, np.zeros(len(edges))]), weights, weights)
    assert made.tolist() == [*weighted_medians(edges, weights).tolist(), 0.0]
