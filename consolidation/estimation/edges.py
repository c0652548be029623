"""Where a thing begins or ends, when workers differ in how exactly they mark it and whether they take in too much or too little.

The edge is one that somebody marked. A worker marks it exactly, before, or after it, each with a chance of their own, drawn to the
crowd's; edge and chances are estimated together (Dawid & Skene 1979, doi:10.2307/2346806, with the distance's sign as the answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
EXACT, BEFORE, AFTER = 0, 1, 2
SIDES = 3
STRENGTH = 4.0
"""How many answers' worth of belief a worker is drawn to the crowd by, and the crowd to USUAL."""
USUAL = np.array([0.8, 0.1, 0.1])
"""A crowd's chances before anything is known."""
UNKNOWN = -1
_ROUNDS, _ENOUGH = 30, 0.01
_DIGITS = 9
"""Likelihoods whose logs are equal to so many decimals are a tie."""


@dataclass(frozen=True, slots=True)
class Edges:
    """One edge of many things: what was marked, compared with all that it may be.

    Attributes:
        thing, value: int64, shape (N,): the candidates, sorted: of which thing, and where.
        mark, candidate: int64, shape (P,): pairs of a mark and a candidate of the same thing.
        side: int64, shape (P,): whether the mark is EXACT, BEFORE or AFTER the candidate.
        certain: float64, shape (N,): 1 or 0 where the edge is known, else NaN.
        things: C.
    """

    thing: Integers
    value: Integers
    mark: Integers
    candidate: Integers
    side: Integers
    certain: Floats
    things: int


def edges_of(thing: Integers, value: Integers, known: Integers) -> Edges:
    """Compare all marks of each thing.

    Args:
        thing, value: int64, shape (M,): of which thing each mark is, in [0, C), and where, >= 0. Not modified.
        known: int64, shape (C,): where the edge is, or UNKNOWN.

    Time O(P log P) for P pairs of a mark and a place marked of the same thing, memory O(P).
    """
    sure = np.flatnonzero(known != UNKNOWN)
    pairs = np.stack([np.concatenate([thing, sure]), np.concatenate([value, known[sure]])], axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    fresh = np.ones(len(pairs), dtype=bool)
    fresh[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    places, values = pairs[fresh].T
    first = np.searchsorted(places, np.arange(len(known)))
    each = np.bincount(places, minlength=len(known))[thing]
    mark = np.repeat(np.arange(len(thing)), each)
    candidate = first[thing][mark] + np.arange(len(mark)) - np.repeat(np.cumsum(each) - each, each)
    away = np.sign(value[mark] - values[candidate])
    side = np.where(away == 0, EXACT, np.where(away < 0, BEFORE, AFTER))
    certain = np.where(known[places] == UNKNOWN, np.nan, known[places] == values)
    return Edges(places, values, mark, candidate, side, certain, len(known))


def likeliest(
    marks: Sequence[tuple[int, int, int]], begin: Sequence[Sequence[float]], end: Sequence[Sequence[float]]
) -> int:
    """Which of several marks of one thing has the likeliest start and end together.

    Args:
        marks: worker, start and end of each; at least one.
        begin, end: the workers' habits as `habits_of` gives them, shape (3, W).

    Ties: the shortest, so that a character which only half of the workers cover stays out; then the first. Time O(M^2) for M marks.
    """
    if all(mark[1:] == marks[0][1:] for mark in marks):
        return 0
    told = [
        {place: sum(habits[_side(mark[edge], place)][mark[0]] for mark in marks) for place in places}
        for edge, habits in ((1, begin), (2, end))
        for places in ({mark[edge] for mark in marks},)
    ]

    def rank(number: int) -> tuple[float, int, int]:
        _, first, last = marks[number]
        return -round(told[0][first] + told[1][last], _DIGITS), last - first, first

    return min(range(len(marks)), key=rank)


def _side(marked: int, place: int) -> int:
    return EXACT if marked == place else BEFORE if marked < place else AFTER


def place(edges: Edges, worker: Integers, habits: Floats) -> Floats:
    """Where each edge is.

    Args:
        worker: int64, shape (M,): who made each mark.
        habits: float64, shape (3, W or more): log of the chances to mark an edge exactly, before and after it.

    Returns:
        float64, shape (N,): probability of each candidate among those of its thing.
    """
    told = sums_at(edges.candidate, habits[edges.side, worker[edges.mark]], len(edges.thing))
    if not len(told):
        return told
    starts = np.flatnonzero(np.diff(edges.thing, prepend=-1))
    sizes = np.diff(np.append(starts, len(told)))
    odds = np.exp(told - np.repeat(np.maximum.reduceat(told, starts), sizes))
    chances = odds / np.repeat(np.add.reduceat(odds, starts), sizes)
    found: Floats = np.where(np.isnan(edges.certain), chances, edges.certain)
    return found


def habits_of(counts: Floats) -> Floats:
    """Log of the chances that explain the counts; a worker more at the end, of whom nothing is known: shape (3, W + 1).

    Args:
        counts: float64, shape (3, W): how often each worker marked an edge exactly, before and after it. Not modified.
    """
    crowd = counts.sum(axis=1, keepdims=True) + STRENGTH * USUAL[:, None]
    own = np.append(counts, np.zeros((SIDES, 1)), axis=1) + STRENGTH * crowd / crowd.sum()
    habits: Floats = np.log(own / own.sum(axis=0))
    return habits


def learn(edges: Edges, worker: Integers, weight: Floats, known: Floats) -> Floats:
    """Estimate the workers' habits.

    Args:
        worker: int64, shape (M,): who made each mark.
        weight: float64, shape (C,): how far each thing counts; 0 where nothing can be learned from it.
        known: float64, shape (3, W): counts of earlier batches.

    Returns:
        float64, shape (3, W): expected counts of these marks alone; see `habits_of`.
    """
    key = edges.side * known.shape[1] + worker[edges.mark]
    share = weight[edges.thing]
    at_all = sums_at(edges.candidate, edges.side == EXACT, len(edges.thing))
    total = sums_at(edges.thing, at_all, edges.things)[edges.thing]
    chances = np.where(np.isnan(edges.certain), at_all / np.maximum(total, 1), edges.certain)
    counts = np.zeros_like(known)
    for _ in range(_ROUNDS):
        summed = sums_at(key, (share * chances)[edges.candidate], known.size)
        counts = summed.reshape(known.shape)
        before, chances = chances, place(edges, worker, habits_of(counts + known))
        if not len(chances) or np.abs(chances - before).max() < _ENOUGH:
            break
    return counts
