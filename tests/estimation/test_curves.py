"""Curves: samples, likeness, simplification, how drawings are laid along each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.curve_alignment import lay_along, runs_backwards
from consolidation.estimation.curve_fusion import fuse_curves
from consolidation.estimation.curves import (
    SAMPLES,
    arc_lengths,
    curve_overlaps,
    points_along,
    sampled,
    simplified,
)
from consolidation.estimation.matching import Overlaps

ROAD = np.array([[0.0, 0], [300, 0], [300, 400]])


def _likeness(*curves: npt.NDArray[np.float64], ceiling: float = 20.0) -> Overlaps:
    numbers = np.arange(len(curves))
    return curve_overlaps(sampled(curves, SAMPLES), numbers, np.zeros_like(numbers), ceiling, 1000)


def test_ways_and_places_along_a_curve() -> None:
    assert arc_lengths(ROAD).tolist() == [0, 300, 700]
    assert points_along(ROAD, np.array([-5.0, 150, 400, 900])).tolist() == [
        [0, 0],
        [150, 0],
        [300, 100],
        [300, 400],
    ]


def test_samples_are_at_even_steps_with_both_ends() -> None:
    expected = [[0, 0], [100, 0], [200, 0], [300, 0], [300, 100], [300, 200], [300, 300], [300, 400]]
    assert sampled([ROAD], 8)[0] == pytest.approx(np.array(expected))


def test_equal_curves_are_wholly_alike_whichever_way_they_run() -> None:
    assert _likeness(ROAD, ROAD[::-1]).iou.tolist() == [1.0]


def test_half_a_curve_is_two_thirds_alike_to_the_whole() -> None:
    whole, half = np.array([[0.0, 0], [400, 0]]), np.array([[0.0, 0], [200, 0]])
    assert _likeness(whole, half).iou[0] == pytest.approx(2 / 3, abs=0.03)


def test_curves_that_cross_or_lie_apart_are_hardly_alike() -> None:
    falling, rising = np.array([[0.0, 0], [400, 400]]), np.array([[0.0, 400], [400, 0]])
    assert _likeness(falling, rising).iou.max(initial=0) < 0.1
    assert len(_likeness(falling, falling + np.array([0, 100])).iou) == 0


def test_likeness_is_counted_against_what_is_borne() -> None:
    with pytest.raises(OverflowError):
        curve_overlaps(sampled([ROAD] * 4, SAMPLES), np.arange(4), np.zeros(4, np.int64), 20.0, 5)


def test_simplification_keeps_what_matters_and_nothing_else() -> None:
    dense = points_along(ROAD, np.arange(0.0, 701, 10).astype(np.float64))
    assert simplified(dense, 0.1).tolist() == ROAD.tolist()
    assert len(simplified(dense + np.random.default_rng(1).normal(0, 1, dense.shape), 5.0)) == 3


def test_drawings_that_run_the_other_way_are_told() -> None:
    samples = sampled([ROAD, ROAD[::-1], ROAD + 3, ROAD[::-1] + 3], 64)
    assert runs_backwards(samples, samples[[0, 0, 0, 0]]).tolist() == [False, True, False, True]


def test_a_drawing_that_begins_late_and_overshoots_is_laid_where_it_belongs() -> None:
    whole = np.array([[0.0, 0], [600, 0]])
    late = np.array([[100.0, 2], [700, 2]])
    warp = lay_along(sampled([late], 64), sampled([whole], 64), np.array([600.0]), np.array([600.0]))[0]
    assert (warp.along[0], warp.along[-1]) == pytest.approx((100, 700), abs=5)
    assert np.interp([200, 500], warp.along, warp.ways) == pytest.approx([100, 400], abs=5)


def test_a_curve_that_crosses_itself_is_laid_along_its_own_course() -> None:
    turns = np.linspace(0, 2 * np.pi, 80)
    eight = np.column_stack([200 * np.sin(turns), 100 * np.sin(2 * turns)])
    moved = eight + np.array([4, -3])
    length = np.array([arc_lengths(eight)[-1]])
    warp = lay_along(sampled([moved], 64), sampled([eight], 64), length, length)[0]
    assert np.abs(warp.along - warp.ways).max() < 15


def test_fused_curves_are_much_nearer_to_the_truth_than_drawings() -> None:
    """The second worker draws from the other end."""
    random = np.random.default_rng(11)
    course = np.linspace(0, 6, 200)
    truths = [np.column_stack([100 * course, 80 * np.sin(course + turn)]) for turn in range(10)]
    drawings = [
        (truth[::step] + random.normal(0, 4, truth[::step].shape))[:: -1 if step == 12 else 1]
        for truth in truths
        for step in (10, 12, 14, 16, 18)
    ]
    fused = fuse_curves(
        drawings,
        np.repeat(np.arange(10), 5),
        np.arange(0, 50, 5),
        np.tile(np.arange(5), 10),
        np.ones(50),
    )

    def error(curve: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> float:
        places = sampled([curve], 400)[0]
        return float(np.hypot(*(places[:, None] - truth[None]).transpose(2, 0, 1)).min(axis=1).mean())

    ours = np.mean([error(curve.vertices, truth) for curve, truth in zip(fused, truths, strict=True)])
    drawn = np.mean([error(drawing, truths[number // 5]) for number, drawing in enumerate(drawings)])
    assert ours < 0.65 * drawn
    assert all(curve.backwards.tolist() == [False, True, False, False, False] for curve in fused)


def test_nothing_is_fused_to_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert fuse_curves([], none, none, none, np.zeros(0)) == []
