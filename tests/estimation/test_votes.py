"""Votes: winners, ties, probabilities."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import factorial

import numpy as np
import pytest

from consolidation.estimation.votes import existence, pair_agreement, posterior, winner


def _beta(a: int, b: int) -> Fraction:
    return Fraction(factorial(a - 1) * factorial(b - 1), factorial(a + b - 1))


@pytest.mark.parametrize(
    ("votes", "skill", "expected"),
    [
        pytest.param([1, 3, 2], [1, 3, 2], (1, False), id="most votes"),
        pytest.param([2, 2, 1], [2, 3, 1], (1, True), id="tie: higher skill"),
        pytest.param([1, 2, 2], [1, 2, 2], (1, True), id="tie in votes and skill: earlier category"),
        pytest.param([0.1 + 0.2, 0.3], [1, 1], (0, True), id="tie up to rounding"),
        pytest.param([0, 0], [0, 0], (0, True), id="no votes at all"),
        pytest.param([5], [5], (0, False), id="one category"),
    ],
)
def test_winner(votes: list[float], skill: list[float], expected: tuple[int, bool]) -> None:
    assert winner(np.array(votes, float), np.array(skill, float)) == expected


def test_posterior_of_three_votes_against_two_among_ten_categories_is_the_closed_form() -> None:
    three, two = _beta(4 + 3, 1 + 2) / 9**2, _beta(4 + 2, 1 + 3) / 9**3
    nobody = 8 * _beta(4, 1 + 5) / 9**5
    found = posterior(np.array([3.0, 2.0]), 10)
    assert found.tolist() == pytest.approx([float(p / (three + two + nobody)) for p in (three, two)])


def test_three_of_five_is_surer_among_ten_categories_than_among_two() -> None:
    among_ten = posterior(np.array([3.0, 1.0, 1.0]), 10)[0]
    assert among_ten > posterior(np.array([3.0, 2.0]), 2)[0]


def test_five_of_five_is_surer_than_three_of_three() -> None:
    chances = [posterior(np.array([float(n), 0.0]), 2)[0] for n in range(1, 8)]
    assert all(later > earlier for earlier, later in pairwise(chances))
    assert chances[-1] < 1


def test_even_votes_are_even_chances() -> None:
    assert posterior(np.array([2.0, 2.0]), 2).tolist() == [0.5, 0.5]


def test_one_category_is_certain() -> None:
    assert posterior(np.array([3.0]), 1).tolist() == [1.0]


def test_many_votes_against_many_leave_doubt_since_a_crowd_may_err_together() -> None:
    odds = Fraction(903 * 902 * 901, 103 * 102 * 101)
    assert posterior(np.array([900.0, 100.0]), 2)[0] == pytest.approx(float(odds / (1 + odds)))


def test_existence_is_one_half_when_half_the_workers_marked_a_part() -> None:
    assert existence(2, 4) == pytest.approx(0.5)
    assert existence(1, 3) == pytest.approx(1 - existence(2, 3))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [([5, 0], 1.0), ([3, 2], 0.4), ([1, 1, 1], 0.0), ([1], None), ([0, 0], None)],
)
def test_pair_agreement(votes: list[float], expected: float | None) -> None:
    assert pair_agreement(np.array(votes, float)) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("votes", [600.0, 1e6])
def test_votes_beyond_what_an_exponential_holds_still_give_a_probability(votes: float) -> None:
    """Weights may be so large."""
    assert existence(votes, 2 * votes) == pytest.approx(0.5)
    assert posterior(np.array([votes, votes]), 2).tolist() == pytest.approx([0.5, 0.5])
