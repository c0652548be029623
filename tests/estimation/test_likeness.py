"""How much of what workers say is right, from how alike they are."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.likeness import TYPICAL, Comparisons, Floats, learn_shares, word_votes

RIGHT = np.array([0.95, 0.8, 0.6, 0.05])


def _comparisons(right: Floats, objects: int) -> Comparisons:
    """Of data objects on which all are as alike as such shares make them."""
    one, other = np.nonzero(~np.eye(len(right), dtype=bool))
    return Comparisons(
        np.tile(one, objects), np.tile(other, objects), np.tile(right[one] * right[other], objects)
    )


def test_each_workers_share_is_found() -> None:
    found = learn_shares(_comparisons(RIGHT, 1000), np.zeros((2, 5)))
    assert found.right == pytest.approx(RIGHT, abs=0.02)


def test_few_comparisons_leave_a_worker_near_the_crowd() -> None:
    found = learn_shares(_comparisons(RIGHT, 1), np.zeros((2, 5)))
    assert (np.diff(found.right) < 0).all()
    assert np.ptp(found.right) < np.ptp(RIGHT) * 0.75


def test_two_workers_are_as_good_as_each_other() -> None:
    found = learn_shares(_comparisons(np.array([0.9, 0.4]), 500), np.zeros((2, 3)))
    assert found.right == pytest.approx([0.6, 0.6], abs=0.02)


def test_the_truth_tells_who_is_right_of_two() -> None:
    both = np.array([0, 1] * 200)
    truth = Comparisons(both, np.full(400, -1), np.array([0.9, 0.2] * 200))
    assert learn_shares(truth, np.zeros((2, 3))).right == pytest.approx([0.9, 0.2], abs=0.03)


def test_counts_add_up() -> None:
    half = learn_shares(_comparisons(RIGHT, 500), np.zeros((2, 5)))
    known = np.pad(half.counts, ((0, 0), (0, 1)))
    both = learn_shares(_comparisons(RIGHT, 500), known)
    assert both.right == pytest.approx(
        learn_shares(_comparisons(RIGHT, 1000), np.zeros((2, 5))).right, abs=0.01
    )


def test_nothing_seen_is_a_typical_crowd_of_one_vote_each() -> None:
    nothing = Comparisons(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    found = learn_shares(nothing, np.zeros((2, 3)))
    assert (found.right.tolist(), found.usual) == ([TYPICAL] * 2, TYPICAL)
    assert word_votes(found.right, 10.0).tolist() == [1, 1]


def test_words_count_for_more_the_less_they_agree_by_chance() -> None:
    right = np.array([0.05, 0.5, 0.95])
    few, many = word_votes(right, 2.0), word_votes(right, 50.0)
    assert few[0] == 0
    assert many[1] / many[2] > few[1] / few[2] > 0
