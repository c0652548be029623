"""One order of items from several: the order that contradicts the fewest votes (Kemeny 1959).

Its cost is the number of votes, over all pairs of items, for the other order of the pair. Strict majorities are first condensed: where
everything in one group of items beats or ties everything in another, some cheapest order keeps the groups apart (the extended Condorcet
criterion, Truchon 1998), so that only groups in which majorities run in a circle need a search. Groups of up to EXACT items are solved
exactly by dynamic programming over their subsets (Betzler et al. 2009, doi:10.1016/j.tcs.2009.08.033), larger ones by the best of several
local searches.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
EXACT = 12
"""Items of a circle of majorities that are ordered exactly: 2^12 subsets."""
_SEARCHES = 10
"""Orders from which a local search starts."""
_SLACK = 1e-9
_MISSING = 2


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the workers say of each pair of items.

    Attributes:
        before: float64, shape (n, n): votes for the row's item before the column's.
        tied: float64, shape (n, n): votes for both at the same rank; 0 on the diagonal.
    """

    before: Floats
    tied: Floats

    @property
    def compared(self) -> Floats:
        """float64, shape (n, n): votes of those who ranked both."""
        total: Floats = self.before + self.before.T + self.tied
        return total


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order of items.

    Attributes:
        order: the items, best first.
        circular: whether majorities run in a circle somewhere, so that the order goes against one.
        exact: whether no order is cheaper; False where a circle was too large to tell.
    """

    order: tuple[int, ...]
    circular: bool
    exact: bool


def count_preferences(ranks: Floats, weights: Floats) -> Preferences:
    """Count the votes on each pair.

    Args:
        ranks: float64, shape (W, n): rank of each item by each worker, lower is better, NaN where the worker did not rank it. Not modified.
        weights: float64, shape (W,): > 0.

    Time O(W*n^2), memory O(n^2).
    """
    items = ranks.shape[1]
    before, tied = np.zeros((items, items)), np.zeros((items, items))
    for own, weight in zip(ranks, weights.tolist(), strict=True):
        before += weight * (own[:, None] < own[None, :])
        tied += weight * (own[:, None] == own[None, :])
    np.fill_diagonal(tied, 0)
    return Preferences(before, tied)


def borda_scores(preferences: Preferences) -> Floats:
    """Share of its comparisons that each item wins, ties counting half: Borda's count, where each worker ranks every item.

    Returns:
        float64, shape (n,), in [0, 1]; 0.5 for an item never compared.
    """
    won = preferences.before.sum(axis=1) + preferences.tied.sum(axis=1) / 2
    compared = preferences.compared.sum(axis=1)
    scores: Floats = np.divide(won, compared, out=np.full(len(won), 0.5), where=compared > 0)
    return scores


def cheapest_order(preferences: Preferences, rankings: Sequence[Sequence[int]] = ()) -> Ordering:
    """The order that contradicts the fewest votes.

    Args:
        preferences: of n items, numbered by the order in which they are to stand where the votes do not say. Not modified.
        rankings: orders of all items from which local searches may start, beside 0, 1, 2, ...

    Returns:
        Of all cheapest orders (within a billionth of the votes), for each circle the one that puts lower numbers first.

    Time O(n^3 log n) for the majorities, O(2^m * m) for a circle of m <= EXACT items, O(m^2) for each round of a local search on a larger
    one; memory O(n^2 + 2^m * m).
    """
    before = preferences.before
    slack = _SLACK * max(float(preferences.compared.max(initial=0.0)), 1e-300)
    majority = before - before.T > slack
    reach = _closure(majority)
    circles = reach & reach.T
    order: list[int] = []
    exact = True
    for members in _condensed(majority, circles):
        if len(members) <= 2:
            order += members
            continue
        own = before[np.ix_(members, members)]
        if len(members) <= EXACT:
            order += [members[place] for place in _exact(own, slack * len(members))]
        else:
            exact = False
            number = {item: place for place, item in enumerate(members)}
            starts = [[number[item] for item in ranking if item in number] for ranking in rankings]
            order += [members[place] for place in _searched(own, starts, slack)]
    return Ordering(tuple(order), bool(circles.any()), exact)


def order_agreement(ranks: Floats, others: Floats) -> Floats:
    """Kendall's tau of rankings with other rankings, mapped to [0, 1]: the share of item pairs that both put in the same order.

    Args:
        ranks: float64, shape (W, n). others: float64, shape (V, n). NaN where an item is not ranked. Not modified.

    Returns:
        float64, shape (W, V): over pairs of items that both ranked, 1 for the same order or a tie in both, 0.5 for a tie in one; NaN
        where both ranked no pair.

    Time O(W*V*n^2), memory O((W+V)*n^2).
    """
    one, other = _pair_signs(ranks), _pair_signs(others)
    common = (one != _MISSING).astype(np.float32) @ (other != _MISSING).astype(np.float32).T
    same = sum((one == sign).astype(np.float32) @ (other == sign).astype(np.float32).T for sign in (-1, 0, 1))
    opposed = sum(
        (one == sign).astype(np.float32) @ (other == -sign).astype(np.float32).T for sign in (-1, 1)
    )
    agreed = np.asarray(same + (common - same - opposed) / 2, np.float64)
    shares: Floats = np.divide(agreed, common, out=np.full(agreed.shape, np.nan), where=common > 0)
    return shares


def _pair_signs(ranks: Floats) -> npt.NDArray[np.int8]:
    """int8, shape (W, pairs): which of two items is better, 0 for a tie, _MISSING where one is not ranked."""
    first, second = np.triu_indices(ranks.shape[1], 1)
    signs = np.sign(ranks[:, first] - ranks[:, second])
    return np.where(np.isnan(signs), _MISSING, signs).astype(np.int8)


def _closure(edges: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which item reaches which along majorities."""
    reach = edges
    while True:
        step = reach.astype(np.float32)
        grown = reach | (step @ step > 0)
        if (grown == reach).all():
            return reach
        reach = grown


def _condensed(majority: npt.NDArray[np.bool_], circles: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Circles and single items, ascending within, in an order that follows every majority between them.

    Where that leaves a choice, the one with the lowest number comes first.
    """
    items = len(majority)
    head = np.where(circles.any(axis=1), circles.argmax(axis=1), np.arange(items))
    members: dict[int, list[int]] = {}
    for item, first in enumerate(head.tolist()):
        members.setdefault(first, []).append(item)
    beaten = {
        first: set(head[majority[own].any(axis=0)].tolist()) - {first} for first, own in members.items()
    }
    waiting = dict.fromkeys(members, 0)
    for others in beaten.values():
        for other in others:
            waiting[other] += 1
    free = [first for first, count in waiting.items() if count == 0]
    heapq.heapify(free)
    order = []
    while free:
        first = heapq.heappop(free)
        order.append(members[first])
        for other in beaten[first]:
            waiting[other] -= 1
            if waiting[other] == 0:
                heapq.heappush(free, other)
    return order


def _exact(before: Floats, slack: float) -> list[int]:
    """Dynamic programming from the full set down: `rest[S]` is the least cost of what follows once the items of S stand first."""
    items = len(before)
    subsets = np.arange(1 << items)
    inside = (subsets[:, None] >> np.arange(items)) & 1 == 1
    added = inside @ before.T
    size = inside.sum(axis=1)
    rest = np.zeros(1 << items)
    following = subsets[:, None] | (1 << np.arange(items))
    for count in range(items - 1, -1, -1):
        now = np.flatnonzero(size == count)
        options = np.where(inside[now], np.inf, added[now] + rest[following[now]])
        rest[now] = options.min(axis=1)
    order, placed = list[int](), 0
    while len(order) < items:
        options = np.where(inside[placed], np.inf, added[placed] + rest[following[placed]])
        best = int(np.argmax(options <= rest[placed] + slack))
        order.append(best)
        placed |= 1 << best
    return order


def _searched(before: Floats, starts: Sequence[Sequence[int]], slack: float) -> list[int]:
    """The best of local searches from 0, 1, 2, ... and from the cheapest of other orders; the first of equals."""
    others = sorted({tuple(start) for start in starts}, key=lambda start: (_cost(before, start), start))
    found = [
        _improved(before, list(start), slack) for start in (range(len(before)), *others[: _SEARCHES - 1])
    ]
    costs = [_cost(before, order) for order in found]
    return next(
        order for order, cost in zip(found, costs, strict=True) if cost <= min(costs) + slack * len(before)
    )


def _cost(before: Floats, order: Sequence[int]) -> float:
    placed = before[np.ix_(order, order)]
    return float(np.tril(placed, -1).sum())


def _improved(before: Floats, order: list[int], slack: float) -> list[int]:
    """Move single items to where they cost least, until none can gain."""
    net = before - before.T
    moved = True
    while moved:
        moved = False
        for item in list(order):
            place = order.index(item)
            gains = net[item, order]
            left = np.cumsum(gains[:place][::-1])[::-1]
            right = np.cumsum(-gains[place + 1 :])
            worth = np.concatenate([left, [0.0], right])
            best = int(worth.argmax())
            if worth[best] > slack:
                order.insert(best, order.pop(place))
                moved = True
    return order
