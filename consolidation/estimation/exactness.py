"""How exact each worker places things, seen over many data objects.

Two workers' points of the same things lie apart by the sum of both workers' errors. So the distances between the points of every two
workers tell whose errors are how large, wherever the things are; all that is kept of a data object is the median distance of each pair.
A worker's error has a variance of the worker's own, the same everywhere, times a scale of the data object: how hard it is, and how many
pixels it has. The most likely variances are found by multiplicative updates, as the Itakura-Saito divergence is minimised (Fevotte, Bertin
& Durrieu 2009, doi:10.1162/neco.2008.04-08-771): a squared distance over its expected value is Gamma distributed. Pairs far beyond their
expected value count as under a t-distribution (Lange, Little & Taylor 1989, doi:10.2307/2290063), so that one bad day counts for little.
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
_ROUNDS = 200
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
        points: float64, shape (W,): what this evidence tells of each worker, as if so many of the worker's errors had been seen: fewer
            than there are, as the errors of the other worker of a pair hide those of the more exact.
        errors: float64, shape (W,): the sum of these errors' squares along one axis, each over the scale of its data object.
    """

    variance: Floats
    points: Floats
    errors: Floats


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
        known: `points` and `errors` of an earlier `Exactness`, float64, shape (W,) each; zeros where nothing is known.
        exact: bool, shape (W,): whose points are the truth; None: nobody's.

    Returns:
        Variances, drawn to 1; `points` and `errors` are those of this evidence alone and add up with those known, so that batches learned
        one after the other come near to all at once. Where two workers are alone their distances say nothing of which is the more exact.

    Time O(E) a round, at most 200 rounds, memory O(E).
    """
    points, errors = known[0] + PRIOR, known[1] + PRIOR
    able = np.ones(len(points), bool) if exact is None else ~exact
    variance: Floats = np.where(able, errors / points, _EXACT)
    pairs = _Pairs.of(evidence, objects)
    if not len(pairs.squares):
        return Exactness(variance, np.zeros(len(points)), np.zeros(len(points)))
    pull: Floats = np.zeros(len(points))
    push, told = pull, pull
    scale = pairs.per_object(pairs.squares) / variance.mean()
    for _ in range(_ROUNDS):
        both = variance[pairs.first] + variance[pairs.second]
        seen = pairs.squares / scale[pairs.objects]
        seen = (FREEDOM + 2) * seen / (FREEDOM + 2 * seen / both)
        pull, push, told = (
            pairs.per_worker(what, len(points)) for what in (seen / both**2, 1 / both, both**-2)
        )
        before = variance
        variance = np.where(able, (errors / variance + pull * variance) / (points / variance + push), _EXACT)
        variance[able] *= (errors / variance)[able].sum() / points[able].sum()
        own = np.log(pairs.per_object(seen / both) * scale)
        usual = np.average(own, weights=pairs.total)
        scale = np.exp((pairs.total * own + SCALE_PRIOR * usual) / (pairs.total + SCALE_PRIOR))
        if np.abs(variance / before - 1).max() < _CLOSE:
            break
    told = able * told * variance**2
    return Exactness(variance, told, np.maximum(variance * told + able * variance**2 * (pull - push), 0.0))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs of all data objects that are apart at all.

    Attributes:
        first, second, objects: int64, shape (E,): the workers and the data object, numbered from 0.
        worth, squares: float64, shape (E,): points' worth of evidence, and variance of the difference.
        total: float64, shape (O,): the worth of each data object.
    """

    first: Integers
    second: Integers
    objects: Integers
    worth: Floats
    squares: Floats
    total: Floats

    @classmethod
    def of(cls, evidence: Apart, objects: Integers) -> _Pairs:
        shown = evidence.variance > 0
        _, numbers = np.unique(objects[shown], return_inverse=True)
        worth = evidence.points[shown]
        total = np.bincount(numbers, worth).astype(np.float64)
        return cls(
            evidence.first[shown], evidence.second[shown], numbers, worth, evidence.variance[shown], total
        )

    def per_object(self, values: Floats) -> Floats:
        """The mean of each data object."""
        mean: Floats = np.bincount(self.objects, self.worth * values) / self.total
        return mean

    def per_worker(self, values: Floats, count: int) -> Floats:
        """The sum over the pairs that each worker is in."""
        weighted = self.worth * values
        first, second = (np.bincount(end, weighted, count) for end in (self.first, self.second))
        return np.add(first, second, dtype=np.float64)
