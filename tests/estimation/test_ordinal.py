"""Votes on an ordinal scale."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.ordinal import distance_agreement, median_steps, step_probabilities
from consolidation.estimation.votes import existence

votes = (
    st.lists(st.integers(0, 9), min_size=1, max_size=7)
    .filter(any)
    .map(lambda counts: np.array(counts, float))
)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([0, 3, 1], (1, 1)), ([1, 0, 1], (0, 2)), ([2, 1, 1], (0, 1)), ([1, 1, 1], (1, 1)), ([0, 0, 1], (2, 2))],
)
def test_median(counts: list[float], expected: tuple[int, int]) -> None:
    assert median_steps(np.array(counts, float)) == expected


@given(votes)
def test_probabilities_are_a_distribution_and_its_median_is_that_of_the_votes(
    counts: npt.NDArray[np.float64],
) -> None:
    chances = step_probabilities(counts)
    assert chances.min() >= 0
    assert chances.sum() == pytest.approx(1)
    lower, upper = median_steps(counts)
    below = np.cumsum(chances)
    assert below[lower] >= 0.5 - 1e-9
    assert lower == 0 or below[lower - 1] <= 0.5 + 1e-9
    assert upper == lower or below[lower] == pytest.approx(0.5)


@given(votes, st.data())
def test_another_vote_for_a_step_never_lowers_its_probability(
    counts: npt.NDArray[np.float64], data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, len(counts) - 1))
    more = counts.copy()
    more[step] += 1
    assert step_probabilities(more)[step] >= step_probabilities(counts)[step] - 1e-12


def test_two_steps_are_a_question_of_yes_or_no() -> None:
    assert step_probabilities(np.array([1.0, 3.0]))[1] == pytest.approx(existence(3, 4))


def test_far_votes_leave_more_doubt_between_them_than_near_ones() -> None:
    assert step_probabilities(np.array([0, 1, 3, 1, 0.0]))[2] == pytest.approx(
        step_probabilities(np.array([1, 0, 3, 0, 1.0]))[2]
    )
    assert (
        step_probabilities(np.array([2, 0, 3, 0, 0.0]))[2]
        < step_probabilities(np.array([1, 0, 3, 0, 1.0]))[2]
    )


def test_agreement_is_the_mean_distance_of_pairs() -> None:
    places = np.array([1.0, 2, 5, 5])
    pairs = [1 - abs(one - other) / 4 for one, other in combinations(places, 2)]
    assert distance_agreement(places, 4) == pytest.approx(np.mean(pairs))
    assert distance_agreement(places[:1], 4) is None
    assert distance_agreement(np.array([3.0, 3.0]), 0) == 1.0
