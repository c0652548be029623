"""Overlap of cuboids in space."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.boxes import iou_matrix
from consolidation.estimation.cuboids import ground_overlap, iou_of_pairs, overlaps_between

Numbers = tuple[float, float, float, float, float]
sizes = st.floats(0.1, 10)
places = st.floats(-8, 8)
angles = st.floats(-math.pi, math.pi)
rectangles = st.tuples(places, places, sizes, sizes, angles)


def _cuboid(x: float, y: float, length: float, width: float, yaw: float = 0.0) -> list[float]:
    return [x, y, 1.0, length, width, 2.0, 0.0, 0.0, yaw]


def _cuboids(*rows: Numbers) -> npt.NDArray[np.float64]:
    return np.array([_cuboid(*row) for row in rows])


def _overlap(one: Numbers, other: Numbers) -> float:
    return float(ground_overlap(_cuboids(one), _cuboids(other))[0])


CAR, SQUARE = (0.0, 0.0, 4.0, 2.0, 0.0), (0.0, 0.0, 2.0, 2.0, 0.0)


@pytest.mark.parametrize(
    ("one", "other", "area"),
    [
        pytest.param(CAR, CAR, 8, id="itself"),
        pytest.param(CAR, (0, 0, 4, 2, math.pi), 8, id="back to front"),
        pytest.param(CAR, (0, 0, 2, 4, math.pi / 2), 8, id="length and width exchanged"),
        pytest.param(CAR, (0, 0, 4, 2, math.pi / 2), 4, id="crossed"),
        pytest.param(SQUARE, (0, 0, 2, 2, math.pi / 4), 8 * (math.sqrt(2) - 1), id="octagon"),
        pytest.param(CAR, (0, 0, 1, 1, 0.3), 1, id="inside"),
        pytest.param(CAR, (2, 1, 4, 2, 0), 2, id="a quarter"),
        pytest.param(CAR, (4, 0, 4, 2, 0), 0, id="touching"),
        pytest.param(CAR, (9, 9, 4, 2, 0.5), 0, id="apart"),
        pytest.param(CAR, (2 + math.sqrt(2), 0, 2, 2, math.pi / 4), 0, id="corner to side"),
    ],
)
def test_shared_ground(one: Numbers, other: Numbers, area: float) -> None:
    assert _overlap(one, other) == pytest.approx(area, abs=1e-12)
    assert _overlap(other, one) == pytest.approx(area, abs=1e-12)


@given(one=rectangles, other=rectangles)
def test_shared_ground_is_that_of_polygons_cut_edge_by_edge(one: Numbers, other: Numbers) -> None:
    assert _overlap(one, other) == pytest.approx(_area(_cut(_corners(one), _corners(other))), abs=1e-9)


@given(one=rectangles, other=rectangles, turn=angles, x=places, y=places)
def test_turning_and_moving_the_scene_changes_nothing(
    one: Numbers, other: Numbers, turn: float, x: float, y: float
) -> None:
    moved = [_moved(rectangle, turn, x, y) for rectangle in (one, other)]
    assert _overlap(moved[0], moved[1]) == pytest.approx(_overlap(one, other), abs=1e-9)


def test_iou_counts_the_height_that_is_shared() -> None:
    one = np.array([[0, 0, 1, 4, 2, 2, 0, 0, 0.5]], np.float64)
    above = one + np.array([0, 0, 1, 0, 0, 0, 0, 0, 0])
    assert iou_of_pairs(one, above)[0] == pytest.approx(1 / 3)
    assert iou_of_pairs(one, one + np.array([0, 0, 2, 0, 0, 0, 0, 0, 0]))[0] == 0


def test_equal_cuboids_have_an_iou_of_exactly_one() -> None:
    cuboids = np.random.default_rng(0).uniform(0.5, 3, (200, 9))
    assert (iou_of_pairs(cuboids, cuboids) == 1).all()


def test_far_from_the_origin_the_overlap_is_as_exact() -> None:
    near = _cuboids((0, 0, 4, 2, 0.3), (1, 0, 4, 2, 0.4))
    far = near + np.array([5e5, 4e6, 0, 0, 0, 0, 0, 0, 0])
    assert iou_of_pairs(far[:1], far[1:]) == pytest.approx(iou_of_pairs(near[:1], near[1:]), abs=1e-8)


def test_pairs_are_those_of_different_workers_that_overlap() -> None:
    """Against every pair by itself."""
    random = np.random.default_rng(1)
    cuboids = random.uniform(0, 1, (150, 9)) * [30, 30, 2, 5, 3, 2, 0.1, 0.1, 6] + [0, 0, 0, 1, 1, 1, 0, 0, 0]
    workers = random.integers(0, 4, 150)
    found = overlaps_between(cuboids, workers)
    expected = [
        (one, other)
        for one in range(150)
        for other in range(one + 1, 150)
        if workers[one] != workers[other] and iou_of_pairs(cuboids[[one]], cuboids[[other]])[0] > 0
    ]
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert len(expected) > 100


def test_without_yaw_the_pairs_are_those_of_boxes() -> None:
    random = np.random.default_rng(2)
    edges = random.uniform(0, 20, (60, 2))
    spans = random.uniform(1, 5, (60, 2))
    boxes = np.column_stack([edges, edges + spans])
    cuboids = np.array(
        [_cuboid(x + w / 2, y + d / 2, w, d) for (x, y), (w, d) in zip(edges, spans, strict=True)]
    )
    found = overlaps_between(cuboids, np.arange(60))
    flat = iou_matrix(boxes, boxes)
    assert found.iou == pytest.approx(flat[found.first, found.second])
    assert len(found.iou) == (np.triu(flat, 1) > 0).sum()


def test_too_many_pairs_are_refused() -> None:
    with pytest.raises(OverflowError, match="more than 2 pairs of cuboids overlap"):
        overlaps_between(np.array([_cuboid(0, 0, 4, 2)] * 3), np.arange(3), most=2)


def _corners(rectangle: Numbers) -> list[complex]:
    x, y, length, width, yaw = rectangle
    turn = complex(math.cos(yaw), math.sin(yaw))
    signs = ((1, 1), (-1, 1), (-1, -1), (1, -1))
    return [complex(x, y) + turn * complex(along * length / 2, aside * width / 2) for along, aside in signs]


def _cut(polygon: list[complex], by: list[complex]) -> list[complex]:
    """Sutherland and Hodgman's clipping, one edge at a time."""
    for start, stop in zip(by, by[1:] + by[:1], strict=True):
        kept: list[complex] = []
        for one, other in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            inside, next_inside = (((point - start) / (stop - start)).imag for point in (one, other))
            if inside >= 0:
                kept.append(one)
            if (inside >= 0) != (next_inside >= 0):
                kept.append(one + (other - one) * inside / (inside - next_inside))
        polygon = kept
    return polygon


def _area(polygon: list[complex]) -> float:
    following = polygon[1:] + polygon[:1]
    return sum((one.conjugate() * other).imag for one, other in zip(polygon, following, strict=True)) / 2


def _moved(rectangle: Numbers, turn: float, x: float, y: float) -> Numbers:
    centre = complex(rectangle[0], rectangle[1]) * complex(math.cos(turn), math.sin(turn)) + complex(x, y)
    return centre.real, centre.imag, rectangle[2], rectangle[3], rectangle[4] + turn
