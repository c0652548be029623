"""Curves given by their vertices: even samples, distances, how alike curves are, simplification. Coordinates are pixels."""

from __future__ import annotations

from collections.abc import Sequence

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

    Time O(P log P + E n^2), memory O(E n).
    """
    half = ceiling / 2
    surroundings = np.hstack([samples.min(axis=1) - half, samples.max(axis=1) + half])
    near = overlaps_between(surroundings.reshape(-1, 4), workers, most)
    first, second = near.first, near.second
    lengths = np.hypot(*np.diff(samples, axis=1).transpose(2, 0, 1)).sum(axis=1)
    shares = np.column_stack([lengths[first], lengths[second]])
    shares /= shares.sum(axis=1, keepdims=True)
    there = distances_to(samples, first, second, ceiling)
    back = distances_to(samples, second, first, ceiling)
    mean = (np.column_stack([there.mean(axis=1), back.mean(axis=1)]) * shares).sum(axis=1)
    alike = (categories[first] == categories[second]) & (mean < _FAR * ceiling)
    tolerance = tolerance_seen(first[alike], second[alike], mean[alike], workers, ceiling)
    close = [np.where(way < tolerance, closeness(way, tolerance), 0.0).mean(axis=1) for way in (there, back)]
    likeness = (np.column_stack(close) * shares).sum(axis=1)
    some = likeness > 0
    return Overlaps(first[some], second[some], np.minimum(likeness[some], 1.0))


def distances_to(samples: Floats, first: Integers, second: Integers, most: float) -> Floats:
    """How far each place on some curves is from others: from the two segments at the nearest place of the other.

    Args:
        samples: float64, shape (P, n, 2). Not modified.
        first, second: int64, shape (E,): from which curve to which.
        most: distances are cut off here, in pixels.

    Returns:
        float64, shape (E, n). Time O(E n^2), memory O(E n).
    """
    found = np.zeros((len(first), samples.shape[1]))
    for start in range(0, len(first), _BLOCK):
        rows = slice(start, start + _BLOCK)
        places, others = samples[first[rows]], samples[second[rows]]
        gaps = (others**2).sum(2)[:, None] - 2 * places @ others.transpose(0, 2, 1)
        nearest = gaps.argmin(axis=2)
        pairs = np.arange(len(places))[:, None]
        beside = [
            _to_segment(
                places,
                others[pairs, nearest],
                others[pairs, np.clip(nearest + step, 0, samples.shape[1] - 1)],
            )
            for step in (-1, 1)
        ]
        found[rows] = np.minimum(np.minimum(*beside), most)
    return found


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
