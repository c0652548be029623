"""Robust centre and spread, and how near the truth they are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from consolidation.estimation.medians import weighted_median
from consolidation.estimation.robust import chance_within, spread, student_within


def test_the_spread_of_normal_numbers_is_their_standard_deviation_whatever_a_few_of_them_say() -> None:
    values = np.random.default_rng(1).normal(50, 3, 4000)
    values[:200] = 1e6
    assert spread(values, np.ones(4000), 50.0) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("bound", [0.0, 1e-9, 0.3, 1.0, 4.0, 1e6, 1e200])
def test_student_of_one_and_two_degrees_has_its_closed_form(bound: float) -> None:
    assert student_within(bound, 1) == pytest.approx(2 / math.pi * math.atan(bound), abs=1e-10)
    assert student_within(bound, 2) == pytest.approx(bound / math.hypot(bound, math.sqrt(2)), abs=1e-10)


@pytest.mark.parametrize(
    ("freedom", "bound", "expected"), [(5, 2.570582, 0.95), (10, 2.228139, 0.95), (30, 2.749996, 0.99)]
)
def test_student_agrees_with_the_printed_tables(freedom: float, bound: float, expected: float) -> None:
    assert student_within(bound, freedom) == pytest.approx(expected, abs=1e-6)


def test_student_of_many_degrees_is_normal() -> None:
    assert student_within(1.96, 9_999) == pytest.approx(student_within(1.96, 10_001), abs=1e-4)


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 5.0])
def test_more_answers_are_surer(noise: float) -> None:
    chances = [chance_within(1.0, noise, answers) for answers in (0.5, 1, 1.5, 2, 3, 5, 8, 20)]
    assert all(later >= earlier for earlier, later in pairwise(chances))
    assert all(0 < chance <= 1 for chance in chances)


def test_less_noise_is_surer() -> None:
    chances = [chance_within(1.0, noise, 4) for noise in (8.0, 4.0, 2.0, 1.0, 0.5, 0.0)]
    assert all(later > earlier for earlier, later in pairwise(chances))


def test_noise_around_zero_proves_nothing_and_zeros_alone_do() -> None:
    assert chance_within(0.0, 1.0, 5) == 0
    assert chance_within(0.0, 0.0, 5) == chance_within(1.0, 0.0, 5) > 0.99


def test_four_fifths_of_truths_lie_where_four_fifths_are_promised() -> None:
    """Simulated crowds whose noise follows the prior: the promise is kept on the average."""
    rng = np.random.default_rng(5)
    kept, promised = 0.0, 0.0
    for _ in range(3000):
        noise = math.sqrt(2 * 0.5**2 / rng.chisquare(2))
        answers = rng.normal(0, noise, 5)
        centre = weighted_median(answers, np.ones(5))
        promised += chance_within(1.0, spread(answers, np.ones(5), centre), 5)
        kept += abs(centre) <= 1
    assert kept / 3000 == pytest.approx(promised / 3000, abs=0.05)
