"""Places from the points of several workers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.locations import grouped_median, locate


def _scene(
    deviations: list[float], places: int, seed: int
) -> tuple[
    npt.NDArray[np.float64], tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]
]:
    """True places, and the points that workers of these standard deviations make of them."""
    random = np.random.default_rng(seed)
    truth = random.uniform(0, 1000, (places, 2))
    points = np.concatenate([truth + random.normal(0, deviation, truth.shape) for deviation in deviations])
    number = np.tile(np.arange(places), len(deviations))
    return truth, (points, number, np.repeat(np.arange(len(deviations)), places))


def test_exact_workers_count_for_more_once_many_points_show_who_they_are() -> None:
    ours, median = [], []
    for seed in range(20):
        truth, (points, places, workers) = _scene([2, 4, 6, 12], 60, seed)
        found = locate(points, places, workers, np.ones(len(points))).centres
        ours.append(np.hypot(*(found - truth).T).mean())
        median.append(np.hypot(*(np.median(points.reshape(4, 60, 2), axis=0) - truth).T).mean())
    assert np.mean(ours) < 0.75 * np.mean(median)


def test_workers_who_are_equally_exact_come_near_the_mean() -> None:
    """No worker is picked at random: with equal workers the mean is best, and a median loses a quarter."""
    truth, (points, places, workers) = _scene([3, 3, 3, 3, 3], 200, 1)
    found = locate(points, places, workers, np.ones(len(points))).centres
    mean = points.reshape(5, 200, 2).mean(axis=0)
    assert np.hypot(*(found - truth).T).mean() < 1.06 * np.hypot(*(mean - truth).T).mean()


@pytest.mark.parametrize("distance", [30, 300, 3e6])
def test_one_of_three_points_may_be_anywhere(distance: float) -> None:
    points = np.array([[100.0, 100], [102, 100], [101, 100 + distance]])
    found = locate(points, np.zeros(3, np.int64), np.arange(3), np.ones(3)).centres
    assert found[0] == pytest.approx([101, 100], abs=1)


def test_two_workers_give_the_mean_and_their_spread() -> None:
    points = np.array([[10.0, 20], [16, 28], [50, 50], [50, 60]])
    found = locate(points, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    assert found.centres == pytest.approx(np.array([[13, 24], [50, 55]]))
    assert found.spread == pytest.approx([5, 5])


def test_equal_points_come_back_as_they_are() -> None:
    points = np.full((4, 2), 1 / 3)
    found = locate(points, np.zeros(4, np.int64), np.arange(4), np.ones(4))
    assert (found.centres == 1 / 3).all()
    assert (found.spread == 0).all()


def test_nothing_is_nowhere() -> None:
    nothing = np.zeros(0, np.int64)
    assert locate(np.zeros((0, 2)), nothing, nothing, np.zeros(0)).centres.shape == (0, 2)


def test_weighted_medians_of_groups() -> None:
    values = np.array([5.0, 1, 3, 10, 20, 7, 8, 9])
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    weights = np.array([1.0, 1, 1, 2, 2, 1, 1, 5])
    assert grouped_median(values, groups, weights).tolist() == [3, 15, 9]


def test_grouped_medians_are_those_of_each_group_alone() -> None:
    random = np.random.default_rng(7)
    groups = np.sort(random.integers(0, 40, 400))
    values = random.normal(size=400)
    _, groups = np.unique(groups, return_inverse=True)
    shuffled = random.permutation(400)
    medians = grouped_median(values[shuffled], groups[shuffled], np.ones(400))
    assert medians == pytest.approx([np.median(values[groups == group]) for group in range(groups.max() + 1)])
