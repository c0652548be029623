"""Where several things are that several workers located each: robust, and by how exact each worker is seen to be.

Every worker's error is taken to be a bivariate t-distribution around the true place, with a scale of the worker's own; places and
scales are estimated together by expectation-maximisation (Lange, Little & Taylor 1989, doi:10.2307/2290063). Its heavy tails make a gross
outlier count for nearly nothing. Scales are corrected for the places being estimated from the same points, and drawn to a common one,
which is a median, so that one of three points may lie anywhere even where nothing else is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.medians import median

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FREEDOM = 4.0
"""Degrees of freedom of the t-distribution: about one point in a hundred lies beyond 4.5 scales."""
PRIOR = 10.0
"""Points' worth of belief that a worker is as exact as the others: few points say little of who is exact."""
_ROUNDS = 12
_LEAST_SHARE = 0.03
"""No worker's variance is taken for less than this share of the common one, so that nobody decides alone."""
_LEAST_FREE = 0.05
_MEDIAN_OF_SQUARES = 2 * math.log(2)
"""Median of the sum of two squared standard normal values."""
_TINY = 1e-18


@dataclass(frozen=True, slots=True)
class Located:
    """What `locate` found.

    Attributes:
        centres: float64, shape (K, 2): the K places, in pixels.
        spread: float64, shape (K,): root mean square distance of the points to their place, in pixels.
    """

    centres: Floats
    spread: Floats


def locate(
    points: Floats,
    places: Integers,
    workers: Integers,
    votes: Floats,
    prior: float = PRIOR,
    exactness: Floats | None = None,
) -> Located:
    """The places that points of several workers mean.

    Args:
        points: float64, shape (P, 2), in pixels. Not modified.
        places: int64, shape (P,): the place a point means, in [0, K); each place has a point.
        workers: int64, shape (P,): whose point it is, in [0, W).
        votes: float64, shape (P,): what the worker counts for, > 0.
        prior: points' worth of belief that all workers are equally exact.
        exactness: float64, shape (W,): the workers' variances, over the common one, as far as known from elsewhere
            (`estimation.exactness`): what these points are weighed against by the prior. None: all alike.

    Returns:
        The places. Equal points come back unchanged; two workers of equal votes give the mean.

    Time O(P log P), memory O(P).
    """
    if not len(points):
        return Located(np.zeros((0, 2)), np.zeros(0))
    count = int(workers.max()) + 1
    expected = np.ones(count) if exactness is None else exactness[:count]
    middle = np.column_stack([grouped_median(points[:, axis], places, votes) for axis in (0, 1)])
    offsets = points - middle[places]
    squares = (offsets**2).sum(1)
    several = np.bincount(places)[places] > 1
    share = expected[workers]
    common = _common_variance((squares / share)[several])
    variance = common * expected
    shift = np.zeros_like(middle)
    for _ in range(_ROUNDS):
        weight = votes * (FREEDOM + 2) / (FREEDOM * variance[workers] + squares + _TINY)
        total = np.bincount(places, weight)
        shift = np.column_stack([np.bincount(places, weight * offsets[:, axis]) / total for axis in (0, 1)])
        squares = ((offsets - shift[places]) ** 2).sum(1)
        free = np.maximum(1 - weight / total[places], _LEAST_FREE)
        common = _common_variance((squares / (free * share))[several])
        spent = (FREEDOM + 2) * squares / (FREEDOM + squares / (variance[workers] + _TINY))
        errors = np.bincount(workers, spent * several)
        counts = np.bincount(workers, 2 * free * several)
        own = (errors + 2 * prior * common * expected) / (counts + 2 * prior)
        variance = np.maximum(own, _LEAST_SHARE * common)
    spread = np.sqrt(np.bincount(places, votes * squares) / np.bincount(places, votes))
    return Located(middle + shift, spread)


def _common_variance(squares: Floats) -> float:
    """Of one axis, from the median squared distance in the plane: up to half of the points may be anywhere."""
    return median(squares) / _MEDIAN_OF_SQUARES if len(squares) else 0.0


def grouped_median(values: Floats, groups: Integers, weights: Floats) -> Floats:
    """The weighted median of each group.

    Args:
        values: float64, shape (P,). Not modified.
        groups: int64, shape (P,), in [0, G); each group has a member.
        weights: float64, shape (P,): > 0.

    Returns:
        float64, shape (G,). Where the weight splits exactly in half, the two middle values are averaged.

    Time O(P log P), memory O(P).
    """
    order = np.lexsort((values, groups))
    sorted_groups, ranked = groups[order], values[order]
    starts = np.searchsorted(sorted_groups, np.arange(sorted_groups[-1] + 1))
    reached = np.cumsum(weights[order])
    before = np.concatenate([[0.0], reached])[starts]
    total = np.diff(np.append(before, reached[-1]))
    share = (reached - before[sorted_groups]) / total[sorted_groups]
    sizes = np.diff(np.append(starts, len(values)))
    lower = starts + np.minimum(np.add.reduceat(share < 0.5 - 1e-9, starts, dtype=np.int64), sizes - 1)
    upper = starts + np.minimum(np.add.reduceat(share <= 0.5 + 1e-9, starts, dtype=np.int64), sizes - 1)
    medians: Floats = (ranked[lower] + ranked[upper]) / 2
    return medians
