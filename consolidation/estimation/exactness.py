"""How exact each worker places things, seen over many data objects.

Two workers' points of the same things lie apart by the sum of both workers' errors. So the distances between the points of every two
workers tell whose errors are how large, wherever the things are; all that is kept of a data object is the median distance of each pair.
A worker's error has a variance of the worker's own, the same everywhere, times a scale of the data object: how hard it is, and how many
pixels it has. Both are estimated by expectation-maximisation for the components of a variance (Dempster, Laird & Rubin 1977, section 4.4),
with the heavy tails of a t-distribution (Lange, Little & Taylor 1989, doi:10.2307/2290063), so that one bad day counts for little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.locations import grouped_median
from consolidation.estimation.nearness import later

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PRIOR = 10.0
"""Points' worth of belief that a worker is as exact as the others."""
SCALE_PRIOR = 3.0
"""Points' worth of belief that a data object's scale is that of the batch."""
FREEDOM = 4.0
"""Degrees of freedom of the t-distribution."""
_ROUNDS = 500
_CLOSE = 1e-4
_EXACT = 1e-9
"""Variance of the truth."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How far apart pairs of workers place the same things, in one data object.

    Attributes:
        first, second: int64, shape (E,): two workers, first < second; each pair once, sorted.
        points: float64, shape (E,): points' worth of evidence; a thing that m workers placed is worth m - 1 points over all pairs.
        variance: float64, shape (E,): of the difference along one axis.
    """

    first: Integers
    second: Integers
    points: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Exactness:
    """What `learn_exactness` found.

    Attributes:
        variance: float64, shape (W,): each worker's, over the usual one; 1 where nothing is known.
        errors: float64, shape (W,): sum of the squared errors along one axis, each over the scale of its data object.
        points: float64, shape (W,): how many these are.
    """

    variance: Floats
    errors: Floats
    points: Floats


def apart(points: Floats, places: Integers, workers: Integers) -> Apart:
    """How far apart workers place the same things.

    Args:
        points: float64, shape (P, 2). Not modified.
        places: int64, shape (P,): the thing, ascending. workers: int64, shape (P,), each at most once for a thing.

    The variance is that of a normal distribution in the plane with the median of the squared distances: up to half of them may be gross.
    Time O(E log E) for E pairs of points of the same thing.
    """
    ends = np.searchsorted(places, places, side="right")
    size = ends - np.searchsorted(places, places)
    one, other = later(np.arange(len(places)), ends)
    if not len(one):
        return Apart(one, other, np.zeros(0), np.zeros(0))
    low, high = np.minimum(workers[one], workers[other]), np.maximum(workers[one], workers[other])
    count = int(high.max()) + 1
    pairs, pair, seen = np.unique(low * count + high, return_inverse=True, return_counts=True)
    squares = ((points[one] - points[other]) ** 2).sum(1)
    medians = grouped_median(squares, pair, np.ones(len(pair)))
    return Apart(
        pairs // count,
        pairs % count,
        np.bincount(pair, 2 / size[one]).astype(np.float64),
        medians / (2 * _median_of(seen)),
    )


def _median_of(counts: Integers) -> Floats:
    """The expected median of so many values of an exponential distribution of mean 1: a small sample's is larger than ln 2."""
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int(counts.max()) + 1))])
    expected: Floats = harmonic[counts] - (harmonic[counts // 2] + harmonic[(counts - 1) // 2]) / 2
    return expected


def learn_exactness(
    evidence: Apart,
    objects: Integers,
    known: tuple[Floats, Floats],
    exact: npt.NDArray[np.bool_] | None = None,
) -> Exactness:
    """Each worker's variance over the usual one.

    Args:
        evidence: of all data objects, one after the other: shape (E,); workers in [0, W).
        objects: int64, shape (E,): the data object.
        known: `errors` and `points` of an earlier `Exactness`, float64, shape (W,) each; zeros where nothing is known.
        exact: bool, shape (W,): whose points are the truth; None: nobody's.

    Returns:
        Variances, drawn to 1, which is what the harmonic mean of all is by what was known before. `errors` and `points` are those of this
        evidence alone and add up with those known.

    Time O(E) a round, at most 500 rounds, memory O(E).
    """
    errors, points = known[0] + PRIOR, known[1] + PRIOR
    able = np.ones(len(errors), bool) if exact is None else ~exact
    shown = evidence.variance > 0
    one, other, worth, square = (
        column[shown] for column in (evidence.first, evidence.second, evidence.points, evidence.variance)
    )
    here = (np.bincount(one, worth, len(errors)) + np.bincount(other, worth, len(errors))) * able
    variance: Floats = np.where(able, errors / points, _EXACT)
    found = np.zeros(len(errors))
    if not len(one):
        return Exactness(variance, found, here)
    _, objects = np.unique(objects[shown], return_inverse=True)
    total = np.bincount(objects, worth)
    scale = np.full(len(total), (square * worth).sum() / (worth * (variance[one] + variance[other])).sum())
    for _ in range(_ROUNDS):
        both = variance[one] + variance[other]
        seen = square / scale[objects]
        seen = worth * (FREEDOM + 2) * seen / (FREEDOM + 2 * seen / both)
        rest = worth * variance[one] * variance[other] / both
        found = np.zeros(len(errors))
        for end in (one, other):
            found += np.bincount(end, seen * (variance[end] / both) ** 2 + rest, len(errors))
        spent = np.bincount(objects, seen / both) * scale
        usual = spent.sum() / total.sum()
        scale = (spent + SCALE_PRIOR * usual) / (total + SCALE_PRIOR)
        before, variance = variance, np.where(able, (errors + found) / (points + here), _EXACT)
        variance[able] *= (errors / variance)[able].sum() / points[able].sum()
        if np.abs(variance / before - 1).max() < _CLOSE:
            break
    return Exactness(variance, found * able, here)
