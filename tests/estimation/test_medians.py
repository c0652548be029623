"""Weighted medians of groups."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.medians import (
    grouped_medians,
    middle,
    smooth_medians,
    weighted_median,
    weighted_medians,
)


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [
        pytest.param([5], [2], 5, id="one"),
        pytest.param([1, 4], [1, 1], 2.5, id="two give their mean"),
        pytest.param([9, 1, 2], [1, 1, 1], 2, id="an outlier does no harm"),
        pytest.param([1, 2, 9], [1, 1, 3], 9, id="most of the weight"),
        pytest.param([1, 2, 9], [1, 1, 2], 5.5, id="weight split in half"),
        pytest.param([1.6e308, 1.6e308], [1, 1], 1.6e308, id="a sum that no float holds"),
        pytest.param([5e-324, 5e-324], [1, 1], 5e-324, id="a half that no float holds"),
        pytest.param([1, 2, 10], [0.1, 0.2, 0.3], 6, id="weight split in half up to rounding"),
        pytest.param([4, 1, 3, 2], [0.1, 0.1, 0.1, 0.1], 2.5, id="halves that floats do not hold"),
    ],
)
def test_median_of_one_group(values: list[float], weights: list[float], median: float) -> None:
    numbers, votes = np.array(values, np.float64), np.array(weights, np.float64)
    found = weighted_medians(numbers[:, None], votes)
    assert found == pytest.approx([median], abs=0)
    assert weighted_median(numbers, votes) == found[0]
    lower, upper = middle(numbers, votes)
    assert numbers[lower] <= median <= numbers[upper]
    assert numbers[lower] / 2 + numbers[upper] / 2 == pytest.approx(median)


def test_every_group_and_column_has_its_own() -> None:
    values = np.array([[[1, 30], [2, 10], [9, 20]], [[7, 7], [7, 8], [8, 9]]], np.float64)
    weights = np.array([[1, 1, 1], [1, 1, 5]], np.float64)
    before = values.copy()
    assert weighted_medians(values, weights).tolist() == [[2, 20], [8, 9]]
    assert (values == before).all()


def test_smooth_medians_of_equal_weights_are_the_medians() -> None:
    random = np.random.default_rng(3)
    for members in range(1, 5):
        values, weights = random.normal(size=(5, members, 2)), np.full((5, members), 0.7)
        assert smooth_medians(values, weights) == pytest.approx(np.median(values, axis=1), abs=1e-12)


def test_smooth_medians_move_with_the_weights() -> None:
    values = np.array([[0.0], [10.0]])
    assert smooth_medians(values, np.array([1.5, 1.0])) == pytest.approx([2])
    four = np.array([[0.0], [1.0], [2.0], [3.0]])
    slightly = smooth_medians(four, np.array([1.0, 1.0, 1.001, 1.0]))[0]
    assert slightly == pytest.approx(1.5, abs=0.002)
    assert slightly != 1.5


def test_smooth_medians_bear_a_gross_outlier_of_three() -> None:
    values = np.array([[1.0], [2.0], [1e9]])
    assert smooth_medians(values, np.ones(3)).tolist() == [2]
    assert smooth_medians(values, np.array([1.0, 1.0, 0.5]))[0] < 2


def test_smooth_medians_give_equal_members_back() -> None:
    assert smooth_medians(np.full((3, 1), 1 / 3), np.array([1.0, 0.7, 0.1])).tolist() == [1 / 3]


def test_groups_of_different_sizes_have_the_medians_of_each_alone() -> None:
    rng = np.random.default_rng(2)
    sizes = np.array([3, 1, 2, 5, 4, 2])
    values = rng.integers(0, 9, (sizes.sum(), 2)).astype(float)
    starts = np.cumsum(sizes) - sizes
    for weights in (np.ones(len(values)), rng.integers(1, 4, len(values)).astype(float)):
        alone = [
            weighted_medians(values[start : start + size], weights[start : start + size])
            for start, size in zip(starts, sizes, strict=True)
        ]
        assert grouped_medians(values, sizes, weights).tolist() == np.array(alone).tolist()


def test_smooth_medians_of_equal_members_do_not_depend_on_their_order() -> None:
    values, weights = np.array([[0.0], [0.0], [8.0]]), np.array([1.0, 2.0, 2.5])
    swapped = smooth_medians(values, weights[[1, 0, 2]])
    assert smooth_medians(values, weights).tolist() == swapped.tolist()
    assert smooth_medians(-values, weights) == pytest.approx(-swapped)
