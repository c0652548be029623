"""The order that contradicts the fewest votes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.ordering import (
    EXACT,
    Preferences,
    borda_scores,
    cheapest_order,
    count_preferences,
    order_agreement,
)

NAN = float("nan")


def _cost(preferences: Preferences, order: Sequence[int]) -> float:
    return float(np.tril(preferences.before[np.ix_(order, order)], -1).sum())


@st.composite
def _rankings(draw: st.DrawFn) -> Preferences:
    items = draw(st.integers(2, 6))
    ranks = st.lists(st.sampled_from([NAN, 1.0, 2, 3, 4, 5, 6]), min_size=items, max_size=items)
    given_ranks = draw(st.lists(ranks, min_size=1, max_size=5))
    weights = draw(
        st.lists(st.sampled_from([0.3, 1, 2]), min_size=len(given_ranks), max_size=len(given_ranks))
    )
    return count_preferences(np.array(given_ranks), np.array(weights, float))


@given(_rankings())
def test_no_order_contradicts_fewer_votes(preferences: Preferences) -> None:
    """Against all permutations, with ties, items not ranked, and weights."""
    found = cheapest_order(preferences)
    assert found.exact
    assert sorted(found.order) == list(range(len(preferences.before)))
    least = min(_cost(preferences, order) for order in permutations(found.order))
    assert _cost(preferences, found.order) == pytest.approx(least)


def test_a_circle_of_majorities_is_told_and_cut_where_it_is_weakest() -> None:
    circle = np.array([[2, 3, 1]] * 3 + [[1, 2, 3]] * 2 + [[3, 1, 2]] * 2, float)
    found = cheapest_order(count_preferences(circle, np.ones(7)))
    assert found.circular
    assert found.order == (2, 0, 1)


def test_orders_of_equal_cost_put_lower_numbers_first() -> None:
    nobody_says = Preferences(np.zeros((4, 4)), np.zeros((4, 4)))
    assert cheapest_order(nobody_says).order == (0, 1, 2, 3)
    against = np.zeros((4, 4))
    against[3, 0] = 1
    assert cheapest_order(Preferences(against, np.zeros((4, 4)))).order == (1, 2, 3, 0)


def test_a_circle_too_large_for_the_exact_search_is_no_dearer_than_any_workers_own_order() -> None:
    rng = np.random.default_rng(3)
    ranks = np.array([rng.permutation(3 * EXACT) for _ in range(5)], float)
    preferences = count_preferences(ranks, np.ones(5))
    orders = [np.argsort(own).tolist() for own in ranks]
    found = cheapest_order(preferences, orders)
    assert not found.exact
    assert sorted(found.order) == list(range(3 * EXACT))
    assert _cost(preferences, found.order) <= min(_cost(preferences, order) for order in orders)
    order = list(found.order)
    swapped = [
        [*order[:place], order[place + 1], order[place], *order[place + 2 :]]
        for place in range(len(order) - 1)
    ]
    assert _cost(preferences, order) <= min(_cost(preferences, other) for other in swapped)


def test_many_items_without_a_circle_are_ordered_exactly() -> None:
    ranks = np.array([np.arange(200), np.arange(200), np.arange(200)[::-1]], float)
    found = cheapest_order(count_preferences(ranks, np.ones(3)))
    assert (found.exact, found.circular, found.order) == (True, False, tuple(range(200)))


def test_bordas_count_is_the_share_of_comparisons_won() -> None:
    preferences = count_preferences(np.array([[1, 2, 3, NAN], [1, 3, 2, NAN]], float), np.ones(2))
    assert borda_scores(preferences).tolist() == [1.0, 0.25, 0.25, 0.5]


def test_agreement_counts_pairs_that_both_ranked() -> None:
    ranks = np.array([[1, 2, 3], [3, 2, 1], [1, 1, 2], [1, NAN, 2], [NAN, 1, NAN]], float)
    shares = order_agreement(ranks, ranks[:1])[:, 0]
    assert shares[:4].tolist() == pytest.approx([1, 0, (0.5 + 1 + 1) / 3, 1])
    assert np.isnan(shares[4])
    assert order_agreement(ranks[2:3], ranks[2:3])[0, 0] == 1
