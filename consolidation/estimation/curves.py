"""Curves given by their vertices: even samples, distances, how alike curves are, simplification. Coordinates are pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from consolidation.estimation.boxes import overlaps_between
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.nearness import closeness, tolerance_seen

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SAMPLES = 48
"""Places along a curve at which it is compared."""
_FAR = 0.9
_COARSE = 4
"""Of so many places one is looked at to see how far apart curves are."""
_BLOCK = 512


def arc_lengths(vertices: Floats) -> Floats:
    """The way along a curve to each of its vertices.

    Args:
        vertices: float64, shape (n, 2). Not modified.

    Returns:
        float64, shape (n,), from 0, ascending.
    """
    steps = vertices[1:] - vertices[:-1]
    reached = np.zeros(len(vertices))
    np.cumsum(np.hypot(steps[:, 0], steps[:, 1]), out=reached[1:])
    return reached


def points_along(vertices: Floats, ways: Floats) -> Floats:
    """The places at some ways along a curve.

    Args:
        vertices: float64, shape (n, 2). Not modified.
        ways: float64, shape (m,), in pixels from the first vertex; beyond the ends, the ends.

    Returns:
        float64, shape (m, 2). Time O(n + m log n).
    """
    return _at(vertices, arc_lengths(vertices), ways)


def sampled(curves: Sequence[Floats], count: int) -> Floats:
    """Each curve at even steps along its length, ends included.

    Returns:
        float64, shape (P, count, 2).
    """
    samples = np.empty((len(curves), count, 2))
    shares = np.linspace(0, 1, count)
    for place, curve in enumerate(curves):
        reached = arc_lengths(curve)
        samples[place] = _at(curve, reached, shares * reached[-1])
    return samples


def _at(vertices: Floats, reached: Floats, ways: Floats) -> Floats:
    places = np.empty((len(ways), 2))
    for axis in (0, 1):
        places[:, axis] = np.interp(ways, reached, vertices[:, axis])
    return places


def curve_overlaps(
    samples: Floats, workers: Integers, categories: Integers, ceiling: float, most: int
) -> Overlaps:
    """How alike the curves of different workers are, whichever way they run.

    The likeness of two curves is the mean closeness of a place on either to the other curve: over all places of both, so that the
    longer one has more say. Half of a curve is two thirds alike to the whole.

    Args:
        samples: float64, shape (P, n, 2): places at even steps along each curve. Not modified.
        workers, categories: int64, shape (P,).
        ceiling: the largest tolerance, in pixels, > 0.
        most: pairs that are borne.

    Returns:
        Pairs with their likeness in (0, 1] in the place of the IoU, at the tolerance that `nearness.tolerance_seen` finds
        from the mean distances of curves.

    Raises:
        OverflowError: the surroundings of more than `most` pairs overlap.

    Time O(P log P + E n^2), memory O(P n + E).
    """
    low, high = samples.min(axis=1), samples.max(axis=1)
    half = ceiling / 2
    near = overlaps_between(np.hstack([low - half, high + half]), workers, most)
    first, second = near.first, near.second
    apart = _mean_along(samples[:, ::_COARSE], samples, first, second, lambda gaps: np.minimum(gaps, ceiling))
    alike = (categories[first] == categories[second]) & (apart < _FAR * ceiling)
    tolerance = tolerance_seen(first[alike], second[alike], apart[alike], workers, ceiling)
    gaps = np.maximum(low[first], low[second]) - np.minimum(high[first], high[second])
    touching = (gaps < tolerance).all(axis=1)
    first, second = first[touching], second[touching]
    likeness = _mean_along(
        samples, samples, first, second, lambda gaps: closeness(gaps, tolerance) * (gaps < tolerance)
    )
    some = likeness > 0
    return Overlaps(first[some], second[some], np.minimum(likeness[some], 1.0))


def _mean_along(
    places: Floats, samples: Floats, first: Integers, second: Integers, value: Callable[[Floats], Floats]
) -> Floats:
    """The mean value of the distances from places on either curve of a pair to the other curve, by the curves' lengths.

    Args:
        places: float64, shape (P, m, 2): those looked at on each curve.
        samples: float64, shape (P, n, 2): those that the curves are made of.
        first, second: int64, shape (E,): the pairs.
        value: of distances in pixels, element by element.

    Returns:
        float64, shape (E,).
    """
    lengths = np.hypot(*np.diff(samples, axis=1).transpose(2, 0, 1)).sum(axis=1)
    means = np.zeros(len(first))
    for start in range(0, len(first), _BLOCK):
        rows = slice(start, start + _BLOCK)
        one, other = first[rows], second[rows]
        there = value(distances_to(places[one], samples[other])).mean(axis=1)
        back = value(distances_to(places[other], samples[one])).mean(axis=1)
        share = lengths[one] / (lengths[one] + lengths[other])
        means[rows] = share * there + (1 - share) * back
    return means


def distances_to(places: Floats, curves: Floats) -> Floats:
    """How far places are from a curve: from the two segments at its nearest sample.

    Args:
        places: float64, shape (E, m, 2). Not modified.
        curves: float64, shape (E, n, 2): samples of the curve that each row of places is compared with.

    Returns:
        float64, shape (E, m), in pixels. Time and memory O(E m n).
    """
    nearest = _nearest(places, curves)
    rows, last = np.arange(len(places))[:, None], curves.shape[1] - 1
    start = curves[rows, nearest]
    before, after = (
        _to_segment(places, start, curves[rows, (nearest + step).clip(0, last)]) for step in (-1, 1)
    )
    distances: Floats = np.minimum(before, after)
    return distances


def _nearest(places: Floats, curves: Floats) -> npt.NDArray[np.intp]:
    """The sample of its curve that each place is nearest to: the squared distance, but for the place's own square, as one product."""
    row = np.concatenate([-2 * curves, (curves**2).sum(2, keepdims=True)], axis=2)
    column = np.concatenate([places, np.ones((*places.shape[:2], 1))], axis=2)
    nearest: npt.NDArray[np.intp] = (column @ row.transpose(0, 2, 1)).argmin(axis=2)
    return nearest


def _to_segment(places: Floats, start: Floats, end: Floats) -> Floats:
    """Distance of each place to its segment; arrays of shape (..., 2)."""
    along = end - start
    length = (along**2).sum(-1)
    share = np.divide(((places - start) * along).sum(-1), length, out=np.zeros_like(length), where=length > 0)
    gap = places - start - np.clip(share, 0, 1)[..., None] * along
    distance: Floats = np.hypot(gap[..., 0], gap[..., 1])
    return distance


def simplified(vertices: Floats, tolerance: float) -> Floats:
    """The fewest of a curve's vertices that a Ramer-Douglas-Peucker search finds within a tolerance of the curve.

    Args:
        vertices: float64, shape (n, 2), n >= 2. Not modified.
        tolerance: in pixels, >= 0.

    Returns:
        float64, shape (m, 2), m >= 2: some of the vertices, in order, both ends included.

    Time O(n m), at worst O(n^2), memory O(n).
    """
    kept = np.zeros(len(vertices), bool)
    kept[[0, -1]] = True
    open_spans = [(0, len(vertices) - 1)]
    while open_spans:
        start, end = open_spans.pop()
        if end - start < 2:
            continue
        between = vertices[start + 1 : end]
        gaps = _to_segment(between, np.broadcast_to(vertices[start], between.shape), vertices[end])
        worst = int(gaps.argmax())
        if gaps[worst] > tolerance:
            kept[start + 1 + worst] = True
            open_spans += [(start, start + 1 + worst), (start + 1 + worst, end)]
    simple: Floats = vertices[kept]
    return simple
