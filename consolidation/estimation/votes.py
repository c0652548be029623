"""Votes of workers on one question: who wins, how sure that is, how far the workers agree.

The confidence is the posterior of a model with no free knob: every worker who looked at the data object is right with the same
unknown chance a, and wrong uniformly over the other categories; a has a Beta(ALPHA, BETA) prior and is integrated out
(a collapsed one-coin model; compare Dawid & Skene 1979, doi:10.2307/2346806). So one question's ease is learned from how far its
own answers agree: five of five is surer than three of three, and three of five among ten categories is surer than among two.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

ALPHA, BETA = 4.0, 1.0
"""Prior of a worker's chance to be right: as if five answers had been seen, four of them right (mean 0.8)."""

_TIE = 1e-9


def log_evidence(votes: npt.NDArray[np.float64], total: float, categories: int) -> npt.NDArray[np.float64]:
    """Log-likelihood of all answers to a question, given that a category with so many votes is the true one.

    Args:
        votes: float64, any shape: votes for the category, in [0, total]. Not modified.
        total: all votes on the question, >= 0.
        categories: categories a worker could choose from, >= 1.

    Returns:
        float64, the shape of `votes`: log B(ALPHA + v, BETA + total - v) - (total - v) log(categories - 1), B the beta
        function. Differences between categories are what counts. Grows with v.

    Time O(n log n) for n votes: `lgamma` runs once per distinct value.
    """
    distinct, place = np.unique(votes, return_inverse=True)
    wrong = np.maximum(total - distinct, 0.0)
    values = [math.lgamma(ALPHA + v) + math.lgamma(BETA + w) for v, w in zip(distinct, wrong, strict=True)]
    evidence = np.asarray(values, dtype=np.float64) - wrong * math.log(max(categories - 1, 1))
    return evidence[place].reshape(votes.shape)


def posterior(votes: npt.NDArray[np.float64], categories: int) -> npt.NDArray[np.float64]:
    """Probability of each category, given the votes on one question or on many.

    Args:
        votes: float64, shape (..., K): votes for each category named; every question has the same total.
        categories: categories a worker could choose from, >= 1; those beyond K got no vote and share what is left.

    Returns:
        float64, shape (..., K), in [0, 1]; sums to at most 1 along the last axis.

    A vote more for the leading category never lowers its probability. Time O(n log n), memory O(n).
    """
    total = float(votes.reshape(-1, votes.shape[-1])[0].sum()) if votes.size else 0.0
    evidence = log_evidence(votes, total, categories)
    unseen = max(categories - votes.shape[-1], 0)
    empty = log_evidence(np.zeros(1), total, categories)[0]
    top = evidence.max(axis=-1, keepdims=True)
    rest: npt.NDArray[np.float64] | float = 0.0
    if unseen:
        top = np.maximum(top, empty)
        rest = unseen * np.exp(empty - top)
    odds = np.exp(evidence - top)
    share: npt.NDArray[np.float64] = odds / (odds.sum(axis=-1, keepdims=True) + rest)
    return share


@lru_cache(maxsize=4096)
def existence(support: float, total: float) -> float:
    """Probability that a part is real, when workers with `support` of `total` votes marked it. In (0, 1)."""
    return chances((support, total - support), 2)[0]


@lru_cache(maxsize=4096)
def chances(votes: tuple[float, ...], categories: int) -> tuple[float, ...]:
    """`posterior` for one question. Remembered: the parts of a data object split its few votes in few ways."""
    return tuple(posterior(np.array(votes, dtype=np.float64), categories).tolist())


def existences(support: npt.NDArray[np.float64], against: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`existence` of many parts, which need not have the same number of votes.

    Args:
        support, against: float64, shape (n,): votes for and against each, >= 0. Not modified.

    Returns:
        float64, shape (n,), in (0, 1).

    Time O(n).
    """
    log_odds = [
        math.lgamma(ALPHA + s) + math.lgamma(BETA + a) - math.lgamma(ALPHA + a) - math.lgamma(BETA + s)
        for s, a in zip(support.tolist(), against.tolist(), strict=True)
    ]
    odds: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.array(log_odds, dtype=np.float64)))
    return odds


def winners(
    votes: npt.NDArray[np.float64], skill: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The category with most votes for each of many questions, and whether the tie rule had to decide.

    Args:
        votes: float64, shape (..., K), K >= 1: votes for each category, in the order of the label categories. Not modified.
        skill: float64, shape (..., K): summed skill of the workers who chose the category. Not modified.

    Returns:
        int64, shape (...,): the winner. bool, shape (...,): whether several categories led.

    Ties: votes within a billionth are equal; then higher summed skill, then the earlier category. Time and memory O(n) for n votes.
    """
    top = votes.max(axis=-1, keepdims=True)
    leading = votes >= top * (1 - _TIE)
    skilled = np.where(leading, skill, -np.inf)
    best = skilled >= skilled.max(axis=-1, keepdims=True) * (1 - _TIE)
    return best.argmax(axis=-1), leading.sum(axis=-1) > 1


def winner(votes: npt.NDArray[np.float64], skill: npt.NDArray[np.float64]) -> tuple[int, bool]:
    """`winners` for one question: votes and skill of shape (K,)."""
    best, tied = winners(votes, skill)
    return int(best), bool(tied)


def count_votes(
    choices: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], categories: int
) -> npt.NDArray[np.float64]:
    """Summed weight of those who chose each category.

    Args:
        choices: int64, shape (W,): categories chosen, in [0, categories).
        weights: float64, shape (W,): votes of each worker, >= 0.

    Returns:
        float64, shape (categories,).
    """
    return np.bincount(choices, weights=weights, minlength=categories).astype(np.float64)


def pair_agreement(votes: npt.NDArray[np.float64]) -> float | None:
    """Share of worker pairs that chose the same category.

    Args:
        votes: float64, shape (K,): workers per category.

    Returns:
        A share in [0, 1], or None for fewer than two workers.
    """
    workers = float(votes.sum())
    if workers < 2:
        return None
    return float((votes * (votes - 1)).sum() / (workers * (workers - 1)))
