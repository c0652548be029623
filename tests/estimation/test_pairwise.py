"""How often workers state pairs in the right order, from what they say of the same pairs."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.pairwise import TYPICAL, Floats, Statements, learn_orderers, patterns_of

NAN = np.nan


def _statements(rankings: Floats) -> Statements:
    """Of data objects whose rankings have shape (objects, W, n)."""
    found = [patterns_of(ranks) for ranks in rankings]
    places = [np.nonzero(one.signs) for one in found]
    before = np.cumsum([0, *(len(one.copies) for one in found)])
    return Statements(
        np.concatenate([pattern + start for (pattern, _), start in zip(places, before, strict=False)]),
        np.concatenate([worker for _, worker in places]),
        np.concatenate([one.signs[place] > 0 for one, place in zip(found, places, strict=True)]),
        np.concatenate([one.copies for one in found]),
        np.concatenate([one.sure for one in found]),
    )


def test_pairs_of_which_all_say_the_same_are_one_pattern_whichever_way_it_goes() -> None:
    found = patterns_of(np.array([[1.0, 2, 3, 4], [2, 1, 4, 3]]))
    assert found.signs.tolist() == [[1, -1], [1, 1]]
    assert found.copies == pytest.approx([1.0, 2.0])
    assert found.copies.sum() == pytest.approx(3)
    assert not found.sure.any()


def test_what_one_worker_alone_says_shows_nothing_unless_the_truth_is_known() -> None:
    ranks = np.array([[1.0, 2, NAN], [NAN, 1, 1]])
    assert not len(patterns_of(ranks).copies)
    found = patterns_of(ranks, np.array([2.0, 1, 3]))
    assert found.signs.tolist() == [[-1, 0]]
    assert found.sure.all()


def test_each_workers_chance_is_found() -> None:
    rng = np.random.default_rng(1)
    noise = np.array([0.5, 1.5, 4.0])
    scores = np.arange(8)[::-1] + rng.normal(size=(400, 3, 8)) * noise[None, :, None]
    ranks = np.argsort(np.argsort(-scores, axis=2), axis=2).astype(np.float64)
    first, second = np.triu_indices(8, 1)
    true = (ranks[:, :, first] < ranks[:, :, second]).mean(axis=(0, 2))
    found = learn_orderers(_statements(ranks), np.zeros((2, 4)))
    assert found.right == pytest.approx(true, abs=0.06)
    assert found.counts[1] == pytest.approx([400 * 7] * 3)


def test_nothing_seen_is_a_typical_crowd() -> None:
    empty = Statements(*(np.zeros(0, kind) for kind in (int, int, bool, float, bool)))
    found = learn_orderers(empty, np.zeros((2, 3)))
    assert (found.right.tolist(), found.usual) == ([TYPICAL] * 2, TYPICAL)
