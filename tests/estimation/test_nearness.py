"""Tolerances and closeness of points."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.nearness import (
    AT_TOLERANCE,
    closeness,
    least_tolerance,
    pairs_within,
    point_overlaps,
    tolerance_seen,
)


def test_closeness_falls_from_one_to_its_value_at_the_tolerance() -> None:
    assert closeness(np.array([0.0, 8, 16]), 8.0) == pytest.approx([1, AT_TOLERANCE, AT_TOLERANCE**4])


def test_pairs_within_reach_are_those_of_all_pairs() -> None:
    random = np.random.default_rng(3)
    points, workers = random.uniform(0, 100, (300, 2)), random.integers(0, 4, 300)
    first, second, distances = pairs_within(points, workers, 9.0, 10**6)
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    wanted = np.triu((apart <= 9) & (workers[:, None] != workers[None]), 1)
    assert np.array_equal(np.column_stack([first, second]), np.argwhere(wanted))
    assert distances == pytest.approx(apart[first, second])


def test_pairs_are_counted_against_what_is_borne() -> None:
    points, workers = np.zeros((40, 2)), np.arange(40) % 2
    with pytest.raises(OverflowError, match="more than 399 pairs"):
        pairs_within(points, workers, 1.0, 399)
    assert len(pairs_within(points, workers, 1.0, 400)[0]) == 400


@pytest.mark.parametrize(("deviation", "low", "high"), [(0.1, 5, 5), (2, 7, 16), (30, 50, 50)])
def test_the_tolerance_follows_the_workers_within_its_bounds(
    deviation: float, low: float, high: float
) -> None:
    random = np.random.default_rng(5)
    truth = 200.0 * np.argwhere(np.ones((6, 6)))
    points = np.concatenate([truth + random.normal(0, deviation, truth.shape) for _ in range(3)])
    workers = np.repeat(np.arange(3), len(truth))
    first, second, distances = pairs_within(points, workers, 50.0, 10**6)
    assert low <= tolerance_seen(first, second, distances, workers, 50.0) <= high


def test_without_pairs_the_tolerance_is_the_ceiling() -> None:
    nothing = np.zeros(0, np.int64)
    assert tolerance_seen(nothing, nothing, np.zeros(0), nothing, 50.0) == 50.0


def test_no_tolerance_is_finer_than_a_hand() -> None:
    assert [least_tolerance(ceiling) for ceiling in (80.0, 20.0, 2.0)] == [8, 3, 2]


def test_a_crowd_of_marks_is_matched_no_farther_than_one_workers_marks_lie_apart() -> None:
    """Two thousand dots six pixels apart: without that bound every dot would be compared with half of the others."""
    truth = 6.0 * np.argwhere(np.ones((50, 40)))
    points = np.concatenate([truth, truth + 0.5])
    overlaps = point_overlaps(points, np.repeat([0, 1], 2000), np.zeros(4000, np.int64), 100.0, 500_000)
    assert len(overlaps.iou) < 10_000
    best = {(one, other) for one, other in zip(overlaps.first, overlaps.second, strict=True)}
    assert {(number, number + 2000) for number in range(2000)} <= best
