"""How far apart two workers' marks of one thing may lie, and how alike two marks at a distance are.

IoU says nothing of things without an area. In its place stands a closeness in (0, 1] that falls with the distance, and a tolerance:
the distance at which closeness has fallen to `AT_TOLERANCE`. How exact workers can be differs from job to job, so the tolerance is taken
from the answers themselves, below a ceiling.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps
from consolidation.estimation.medians import median

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AT_TOLERANCE = 0.3
"""Closeness at the tolerance: the default of `iou-threshold`, which so means what it says of IoU. Marks farther apart are not compared."""
_TYPICAL = 0.75
_TIMES = 2.5
"""The tolerance is this often the upper quartile of the distances between marks of the same thing: 2.8 standard deviations in the plane."""
_LEAST_PIXELS, _LEAST_SHARE = 3.0, 0.1
_SAMPLE = 64
_BLOCK = 1 << 18
"""Pairs looked at in one go."""


def closeness(distances: Floats, tolerance: float) -> Floats:
    """How alike marks at a distance are: a Gaussian that is 1 at no distance and `AT_TOLERANCE` at the tolerance.

    Args:
        distances: float64, any shape, >= 0, in pixels.
        tolerance: in pixels, > 0.
    """
    close: Floats = AT_TOLERANCE ** ((distances / tolerance) ** 2)
    return close


def pairs_within(
    points: Floats, workers: Integers, reach: float, most: int, categories: Integers | None = None
) -> tuple[Integers, Integers, Floats]:
    """All pairs of points of different workers that lie within reach.

    Args:
        points: float64, shape (P, 2), in pixels. workers: int64, shape (P,). Not modified.
        reach: in pixels, > 0.
        most: pairs that are borne.
        categories: int64, shape (P,), >= 0: only pairs of one category; None: of any.

    Returns:
        int64, int64, float64, shape (E,) each: the two points, first < second, and their distance; sorted by point.

    Raises:
        OverflowError: there are more than `most` pairs.

    A sweep along y: time O(P log P) plus the pairs that share a y range, memory O(P + E) and a block of pairs.
    """
    sort = np.zeros(len(points), np.int64) if categories is None else categories
    order = np.lexsort((points[:, 1], sort))
    x, y, made_by, sort = points[order, 0], points[order, 1], workers[order], sort[order]
    ends = _ends(y, sort, reach)
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    pairs, start = 0, 0
    while start < len(y):
        stop = max(start + 1, int(np.searchsorted(np.cumsum(ends[start:] - start), _BLOCK)) + start)
        row, column = later(np.arange(start, stop), ends[start:stop])
        wanted = (np.abs(x[row] - x[column]) <= reach) & (made_by[row] != made_by[column])
        row, column = row[wanted], column[wanted]
        distances = np.hypot(x[row] - x[column], y[row] - y[column])
        within = distances <= reach
        one, other = order[row[within]], order[column[within]]
        found.append((np.minimum(one, other), np.maximum(one, other), distances[within]))
        pairs, start = pairs + len(one), stop
        if pairs > most:
            raise OverflowError(f"more than {most} pairs of points lie within {reach:g} pixels")
    first, second, distances = (np.concatenate(column) for column in zip(*found, strict=True))
    sequence = np.argsort(first * len(points) + second)
    return first[sequence], second[sequence], distances[sequence]


def _ends(y: Floats, sort: Integers, reach: float) -> Integers:
    """For each point, where those of its sort end that lie within reach above it; both sorted by sort, then by y."""
    bounds = np.flatnonzero(np.diff(sort, prepend=-1, append=-1))
    ends = np.empty(len(y), np.int64)
    for start, stop in pairwise(bounds.tolist()):
        ends[start:stop] = np.searchsorted(y[start:stop], y[start:stop] + reach, side="right") + start
    return ends


def later(rows: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Each row with every number after it that lies before the row's end.

    Args:
        rows, ends: int64, shape (n,): ends > rows. Not modified.

    Returns:
        int64, int64, shape (sum of ends - rows - 1,). Time and memory O of that.
    """
    counts = ends - rows - 1
    offsets = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(rows, counts), np.repeat(rows + 1, counts) + np.arange(counts.sum()) - offsets


def point_overlaps(
    points: Floats, workers: Integers, categories: Integers, ceiling: float, most: int
) -> Overlaps:
    """The closeness of all points of different workers that may mean the same.

    Args:
        points: float64, shape (P, 2), in pixels. workers, categories: int64, shape (P,). Not modified.
        ceiling: the largest tolerance, in pixels, > 0.
        most: pairs that are borne.

    Returns:
        Pairs with their closeness in the place of the IoU, at the tolerance that `tolerance_seen` finds.

    Raises:
        OverflowError: there are more than `most` pairs.
    """
    ceiling = min(ceiling, max(_spacing(points, workers, categories), least_tolerance(ceiling)))
    tolerance = tolerance_seen(*pairs_within(points, workers, ceiling, most, categories), workers, ceiling)
    first, second, distances = pairs_within(points, workers, tolerance, most)
    return Overlaps(first, second, closeness(distances, tolerance))


def tolerance_seen(
    first: Integers, second: Integers, distances: Floats, workers: Integers, ceiling: float
) -> float:
    """The tolerance that the distances between marks of the same things suggest.

    Marks of two workers are taken for the same thing where each is the other worker's nearest of its category.

    Args:
        first, second: int64, shape (E,): pairs of marks of one category, within the ceiling.
        distances: float64, shape (E,), in pixels.
        workers: int64, shape (P,): of the marks.
        ceiling: the largest tolerance, in pixels.

    Returns:
        A tolerance in pixels, from `least_tolerance` to the ceiling; the ceiling when there are no pairs.

    Time O(E log E).
    """
    if not len(distances):
        return ceiling
    order = np.argsort(distances, kind="stable")
    nearest = np.zeros(len(distances), np.int64)
    count = int(workers.max()) + 1
    for one, other in ((first, second), (second, first)):
        _, best = np.unique((one * count + workers[other])[order], return_index=True)
        nearest[order[best]] += 1
    typical = float(np.quantile(distances[nearest == 2], _TYPICAL))
    return min(max(_TIMES * typical, least_tolerance(ceiling)), ceiling)


def least_tolerance(ceiling: float) -> float:
    """The smallest tolerance that makes sense under a ceiling: what a hand can do, in pixels."""
    return min(max(_LEAST_PIXELS, _LEAST_SHARE * ceiling), ceiling)


def _spacing(points: Floats, workers: Integers, categories: Integers) -> float:
    """The usual distance from one worker's mark to the worker's next of the same category: nothing is matched beyond it.

    The median over at most `_SAMPLE` marks of each worker, then over workers; infinite where nobody marked a category twice.
    """
    usual = []
    for worker in range(int(workers.max(initial=-1)) + 1):
        own = np.flatnonzero(workers == worker)
        some = own[:: -(-len(own) // _SAMPLE) or 1]
        x, y = (points[some, None, axis] - points[None, own, axis] for axis in (0, 1))
        other = (categories[some, None] == categories[None, own]) & (some[:, None] != own[None])
        nearest = np.where(other, x * x + y * y, np.inf).min(axis=1, initial=np.inf)
        finite = nearest[np.isfinite(nearest)]
        if len(finite):
            usual.append(median(np.sqrt(finite)))
    return median(np.array(usual)) if usual else np.inf
