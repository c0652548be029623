"""How often each worker states a pair of items in the right order, learned from workers who state the same pairs.

Each pair has one right order, either with chance one half. A worker states it with a chance of the worker's own, whatever the pair (the
one-coin form of Dawid & Skene 1979, doi:10.2307/2346806); orders and chances are estimated in turns. A worker's chance is drawn to the
crowd's, the crowd's to TYPICAL. The pairs of one ranking follow from each other: n items ranked count as n - 1 statements, not as
n (n - 1) / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.shrinkage import drawn_to_crowd
from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
TYPICAL = 0.8
"""Chance to state a pair rightly, before anything is known: the prior mean of `estimation.votes`."""
STRENGTH = 20.0
"""Statements' worth of belief that a worker is like the crowd, and the crowd like TYPICAL."""
_ROUNDS, _SETTLED = 100, 1e-5


@dataclass(frozen=True, slots=True)
class Patterns:
    """Pairs of items of one data object, of which the same workers say the same: a row of signs for each pattern.

    Attributes:
        signs: int8, shape (P, W): 1 where the worker orders the pairs as the pattern does, -1 for the other way, 0 for a tie or nothing.
        copies: float64, shape (P,), > 0: statements that the pattern is worth.
        sure: bool, shape (P,): whether its order is known to be right.
    """

    signs: npt.NDArray[np.int8]
    copies: Floats
    sure: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Statements:
    """What workers say of pairs of items.

    Attributes:
        pattern, worker: int64, shape (n,): in [0, P) and [0, W); each pair once.
        agrees: bool, shape (n,): whether the worker orders the pairs as the pattern does.
        copies, sure: shape (P,): of `Patterns`.
    """

    pattern: Integers
    worker: Integers
    agrees: npt.NDArray[np.bool_]
    copies: Floats
    sure: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Orderers:
    """How well workers order.

    Attributes:
        right: float64, shape (W,), in (0, 1): chance to state a pair in the right order.
        usual: that of the crowd.
        counts: float64, shape (2, W): statements expected to be right, and all, of these alone; they add up.
    """

    right: Floats
    usual: float
    counts: Floats


def patterns_of(ranks: Floats, truth: Floats | None = None) -> Patterns:
    """What the rankings of one data object say of its pairs.

    Args:
        ranks: float64, shape (W, n): rank of each item by each worker, NaN where the worker did not rank it. Not modified.
        truth: float64, shape (n,): the true ranks, NaN where they are not known.

    Returns:
        Patterns, in an order that depends on the workers' only. Pairs of which fewer than two workers say anything are left out, unless
        their order is known.

    Time O(W n^2 log n), memory O(W n^2).
    """
    first, second = np.triu_indices(ranks.shape[1], 1)
    known = np.zeros(ranks.shape[1]) if truth is None else truth
    rows = np.vstack([known, ranks])
    signs = np.nan_to_num(np.sign(rows[:, first] - rows[:, second])).astype(np.int8).T
    said = np.abs(signs[:, 1:]).sum(axis=1)
    signs = signs[said > (signs[:, 0] == 0)]
    leading = (signs != 0).argmax(axis=1)
    signs = signs * signs[np.arange(len(signs)), leading][:, None]
    distinct, counts = np.unique(signs, axis=0, return_counts=True)
    return Patterns(distinct[:, 1:], counts * 2 / max(ranks.shape[1], 1), distinct[:, 0] != 0)


def learn_orderers(statements: Statements, known: Floats) -> Orderers:
    """Estimate how well each worker orders.

    Args:
        statements: of W workers. Not modified.
        known: float64, shape (2, W + 1): counts of earlier batches; the last column those of all other workers.

    Deterministic. Time O(n) a round, up to 100 rounds.
    """
    workers = known.shape[1] - 1
    worker, pattern = statements.worker, statements.pattern
    weight = statements.copies[pattern]
    said = sums_at(worker, weight, workers)
    right, usual = drawn_to_crowd(known, TYPICAL, STRENGTH)
    counts: Floats = np.zeros((2, workers))
    for _ in range(_ROUNDS):
        votes = log_odds(right)[worker]
        odds = sums_at(pattern, np.where(statements.agrees, votes, -votes), len(statements.copies))
        order = np.where(statements.sure, 1.0, 1 / (1 + np.exp(-odds)))[pattern]
        expected = sums_at(worker, weight * np.where(statements.agrees, order, 1 - order), workers)
        counts = np.stack([expected, said])
        before = right
        right, usual = drawn_to_crowd(known + np.pad(counts, ((0, 0), (0, 1))), TYPICAL, STRENGTH)
        if np.abs(right - before).max(initial=0.0) < _SETTLED:
            break
    return Orderers(right, usual, counts)


def log_odds(right: Floats) -> Floats:
    """What a statement counts for, of workers who are right with such a chance in (0, 1) (Nitzan & Paroush 1982, doi:10.2307/2526438)."""
    odds: Floats = np.log(right / (1 - right))
    return odds
