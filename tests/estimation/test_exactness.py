"""How exact workers are, seen over many data objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.exactness import Apart, Exactness, apart, learn_exactness

Numbers = npt.NDArray[Any]
TRUE = np.array([2.0, 4.0, 8.0])
"""Standard deviations of three workers, in pixels of the first data object."""


def _seen(
    scales: list[float], seed: int, deviations: Numbers = TRUE, points: int = 1000
) -> tuple[Apart, Numbers]:
    """What data objects of these scales show, one after the other, and which each row is of."""
    random = np.random.default_rng(seed)
    shown = []
    for scale in scales:
        things = random.uniform(0, 1000, (points, 1, 2))
        errors = random.normal(0, 1, (points, len(deviations), 2)) * deviations[None, :, None] * scale
        places = np.repeat(np.arange(points), len(deviations))
        workers = np.tile(np.arange(len(deviations)), points)
        shown.append(apart((things + errors).reshape(-1, 2), places, workers))
    return _together(shown), np.repeat(np.arange(len(shown)), [len(one.first) for one in shown])


def _together(shown: list[Apart]) -> Apart:
    return Apart(
        np.concatenate([one.first for one in shown]),
        np.concatenate([one.second for one in shown]),
        np.concatenate([one.points for one in shown]),
        np.concatenate([one.variance for one in shown]),
    )


def _learned(evidence: Apart, objects: Numbers, known: tuple[Numbers, Numbers] | None = None) -> Exactness:
    nothing = np.zeros(len(TRUE))
    return learn_exactness(evidence, objects, known or (nothing, nothing))


def test_the_distances_of_pairs_tell_each_workers_variance() -> None:
    found = _learned(*_seen([1.0] * 30, 0)).variance
    assert found / found[1] == pytest.approx(TRUE**2 / TRUE[1] ** 2, rel=0.4)


def test_how_large_data_objects_are_does_not_matter() -> None:
    """Three small images by exact workers, and large ones: pixels of different images are not compared."""
    found = _learned(*_seen([0.1] * 10 + [1.0] * 10 + [20.0] * 10, 1)).variance
    assert found / found[1] == pytest.approx(TRUE**2 / TRUE[1] ** 2, rel=0.4)


def test_little_evidence_leaves_workers_near_the_crowd() -> None:
    found = _learned(*_seen([1.0], 2, points=1)).variance
    assert found == pytest.approx(np.ones(3), abs=0.35)


def test_nothing_known_is_the_crowd_exactly() -> None:
    nothing = np.zeros(0, np.int64)
    found = _learned(Apart(nothing, nothing, np.zeros(0), np.zeros(0)), nothing)
    assert found.variance.tolist() == [1.0, 1.0, 1.0]


def test_one_bad_day_does_not_make_a_worker_inexact() -> None:
    usual, _ = _seen([1.0] * 20, 3, np.array([3.0, 3.0, 3.0]))
    bad, _ = _seen([1.0], 4, np.array([3.0, 3.0, 300.0]))
    together = _together([usual, bad])
    objects = np.repeat(np.arange(21), 3)
    found = _learned(together, objects).variance
    assert found[2] < 2 * found[0]


def test_statistics_of_two_batches_add_up_to_those_of_both() -> None:
    first, second = _seen([1.0] * 12, 5), _seen([1.0] * 20, 6)
    early = _learned(*first)
    later = _learned(*second, known=(early.points, early.errors))
    both = _learned(_together([first[0], second[0]]), np.concatenate([first[1], second[1] + 12]))
    assert later.variance == pytest.approx(both.variance, rel=0.25)


def test_points_that_are_the_truth_are_no_worker_to_be_judged() -> None:
    evidence, objects = _seen([1.0] * 20, 7, np.array([0.0, 4.0, 8.0]))
    nothing = np.zeros(3)
    found = learn_exactness(evidence, objects, (nothing, nothing), np.array([True, False, False]))
    assert found.variance[2] / found.variance[1] == pytest.approx(4.0, rel=0.2)
    assert found.points[0] == 0


def test_everybody_in_the_same_place_says_nothing_of_who_is_exact() -> None:
    evidence, objects = _seen([1.0] * 3, 8, np.zeros(3))
    assert _learned(evidence, objects).variance == pytest.approx(np.ones(3))


def test_a_thing_that_one_worker_placed_has_no_distances() -> None:
    alone = apart(np.array([[1.0, 2.0], [5.0, 5.0]]), np.array([0, 1]), np.array([0, 1]))
    assert len(alone.first) == 0


def test_pairs_are_worth_a_point_less_than_they_have_workers() -> None:
    points = np.array([[0.0, 0], [3, 4], [0, 0], [3, 4], [6, 8]])
    found = apart(points, np.array([0, 0, 1, 1, 1]), np.array([2, 0, 0, 1, 2]))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert found.points.sum() == pytest.approx((2 - 1) + (3 - 1))
