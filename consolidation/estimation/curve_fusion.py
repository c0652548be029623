"""One curve from several workers' drawings of it.

The drawings are laid along the most central of them (`curve_alignment`). What they say at each place along it is fused by
`locations.locate`, all curves together; where the curve begins and ends is the median of where they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from consolidation.estimation.curve_alignment import Warp, lay_along, runs_backwards
from consolidation.estimation.curves import arc_lengths, points_along, sampled, simplified
from consolidation.estimation.locations import PRIOR, grouped_median, locate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STEPS = 64
"""Places at which a drawing is laid along the central one."""
_EVEN_PLACES, _MOST_BENDS = 64, 2048
"""Places at which a curve is fused: at even steps, and at most so many vertices of its drawings."""
_ALIKE = 4
"""Neighbouring places that say the same of a worker's exactness."""
_ENOUGH = 0.5
"""Pixels by which simplification may always move a curve."""
_DOUBT = 0.5
"""Share of a curve's own uncertainty by which simplification may move it."""
_BEYOND = 0.05
"""Share of the curve by which a drawing is taken to go on beyond its ends."""
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class FusedCurve:
    """What became of the drawings of one curve.

    Attributes:
        vertices: float64, shape (n, 2), n >= 2, running as the central drawing does.
        backwards: bool, shape (m,): which of its drawings run the other way.
    """

    vertices: Floats
    backwards: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LaidCurves:
    """The drawings of K curves, laid along each other: all of `fuse_curves` that does not depend on who drew them.

    Attributes:
        oriented: M drawings, running as their central ones do.
        backwards: bool, shape (M,): which of them were turned round.
        groups: the drawings of each curve.
        said: for each curve, where each drawing has each place of it, shape (m, p, 2), and whether it reaches there, shape (m, p).
    """

    oriented: list[Floats]
    backwards: npt.NDArray[np.bool_]
    groups: list[Integers]
    said: list[tuple[Floats, npt.NDArray[np.bool_]]]


def fuse_curves(
    drawings: Sequence[Floats], curves: Integers, central: Integers, workers: Integers, votes: Floats
) -> list[FusedCurve]:
    """Fuse the drawings of several curves: `lay_curves`, then `fuse_laid`."""
    return fuse_laid(lay_curves(drawings, curves, central, votes), workers, votes)


def lay_curves(drawings: Sequence[Floats], curves: Integers, central: Integers, votes: Floats) -> LaidCurves:
    """Lay the drawings of several curves along each other.

    Args:
        drawings: M arrays, float64, shape (n, 2), n >= 2, of positive length, in pixels. Not modified.
        curves: int64, shape (M,), ascending: which of K curves it draws; every curve has a drawing.
        central: int64, shape (K,): the drawing of each curve that the others are laid along.
        votes: float64, shape (M,): > 0; where a curve begins and ends is their median.

    Time O(M s^2) for s steps, memory O(s^2) for a block of drawings.
    """
    if not len(drawings):
        return LaidCurves([], np.zeros(0, bool), [], [])
    oriented, samples, backwards = _same_way(drawings, central[curves])
    groups = np.split(np.arange(len(drawings)), np.searchsorted(curves, np.arange(1, len(central))))
    lengths = np.array([arc_lengths(drawing)[-1] for drawing in oriented])
    warps = _laid(samples, lengths, central[curves])
    begins = grouped_median(np.array([warp.along[0] for warp in warps]), curves, votes)
    ends = grouped_median(np.array([warp.along[-1] for warp in warps]), curves, votes)
    said = [
        _said([oriented[one] for one in group], [warps[one] for one in group], oriented[middle], begin, end)
        for group, middle, begin, end in zip(
            groups, central.tolist(), begins.tolist(), ends.tolist(), strict=True
        )
    ]
    return LaidCurves(oriented, backwards, groups, said)


def fuse_laid(
    laid: LaidCurves, workers: Integers, votes: Floats, exactness: Floats | None = None
) -> list[FusedCurve]:
    """Fuse drawings that are laid along each other.

    Args:
        laid: M drawings of K curves.
        workers: int64, shape (M,), in [0, W).
        votes: float64, shape (M,): > 0.
        exactness: float64, shape (W,): the workers' variances, as `locations.locate` wants them; None: all alike.

    Returns:
        K curves. Equal drawings, whichever way they run, come back unchanged; drawings of two vertices give a line of two.

    Time O(P log P) for P places of all drawings, memory O(P).
    """
    if not laid.groups:
        return []
    located = _located(laid, workers, votes, exactness)
    return [
        FusedCurve(_drawn([laid.oriented[one] for one in group], *found), laid.backwards[group])
        for group, found in zip(laid.groups, located, strict=True)
    ]


def curves_apart(laid: LaidCurves) -> list[tuple[Integers, Floats]]:
    """Of each curve its drawings, and the mean squared distance between each two where both have it, shape (m, m), in pixels."""
    found: list[tuple[Integers, Floats]] = []
    for group, (places, inside) in zip(laid.groups, laid.said, strict=True):
        squares = np.zeros((len(group), len(group)))
        for one in range(len(group)):
            gaps = ((places - places[one]) ** 2).sum(axis=2)
            both = inside & inside[one]
            both[~both.any(axis=1)] = (
                True  # drawings without a common place are compared where they are taken to go on
            )
            squares[one] = (gaps * both).sum(axis=1) / both.sum(axis=1)
        found.append((group, squares))
    return found


def _same_way(
    drawings: Sequence[Floats], central: Integers
) -> tuple[list[Floats], Floats, npt.NDArray[np.bool_]]:
    """The drawings running as their central ones do, closed ones beginning where those begin; their samples; which were turned round."""
    closed = np.array([len(drawing) > 2 and np.array_equal(drawing[0], drawing[-1]) for drawing in drawings])
    turned = list(drawings)
    samples = sampled(drawings, STEPS)
    for one in np.flatnonzero(closed & closed[central]).tolist():
        nearest = int(np.hypot(*(samples[one] - drawings[central[one]][0]).T).argmin())
        turned[one] = _from_way(drawings[one], nearest / (STEPS - 1))
        samples[one] = sampled([turned[one]], STEPS)[0]
    backwards = runs_backwards(samples, samples[central])
    samples[backwards] = samples[backwards, ::-1]
    oriented = [one[::-1] if back else one for one, back in zip(turned, backwards, strict=True)]
    return oriented, samples, backwards


def _from_way(closed: Floats, share: float) -> Floats:
    """A closed curve that begins, and ends, at some share of its length."""
    reached = arc_lengths(closed)
    way = share * reached[-1]
    if way in {0.0, reached[-1]}:
        return closed
    seam = points_along(closed, np.array([way]))
    return np.concatenate([seam, closed[reached > way], closed[1:][reached[1:] < way], seam])


def _laid(samples: Floats, lengths: Floats, central: Integers) -> list[Warp]:
    warps = []
    for start in range(0, len(samples), _BLOCK):
        rows = slice(start, start + _BLOCK)
        middle = central[rows]
        warps += lay_along(samples[rows], samples[middle], lengths[rows], lengths[middle])
    return warps


def _said(
    oriented: Sequence[Floats], warps: Sequence[Warp], central: Floats, begin: float, end: float
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Where each drawing of a curve has each place of it, shape (m, p, 2), and whether it reaches there, shape (m, p).

    A little beyond its ends a drawing is taken to go on beside the central one, so that no curve jumps where a drawing ends.
    """
    most = max(len(drawing) for drawing in oriented)
    if most == 2:
        return np.stack(oriented), np.ones((len(oriented), 2), bool)
    along = _places(oriented, warps, begin, end)
    beyond = _BEYOND * (end - begin)
    beside, places, inside = points_along(central, along), [], []
    for drawing, warp in zip(oriented, warps, strict=True):
        first, last = warp.along[0], warp.along[-1]
        own = points_along(drawing, np.interp(along, warp.along, warp.ways))
        places.append(own + beside - points_along(central, along.clip(first, last)))
        inside.append((along >= first - beyond) & (along <= last + beyond))
    reached = np.array(inside)
    somebody = reached.any(axis=0)
    return np.stack(places)[:, somebody], reached[:, somebody]


def _places(oriented: Sequence[Floats], warps: Sequence[Warp], begin: float, end: float) -> Floats:
    """Ways along the central drawing at which a curve is fused: even steps, and wherever a drawing has a vertex."""
    even = np.asarray(np.linspace(begin, end, _EVEN_PLACES), np.float64)
    vertices = [
        np.interp(arc_lengths(drawing), warp.ways, warp.along)
        for drawing, warp in zip(oriented, warps, strict=True)
    ]
    bends = np.concatenate(vertices)
    bends = bends[(bends > begin) & (bends < end)]
    return np.sort(np.concatenate([even, bends[:: -(-len(bends) // _MOST_BENDS) or 1]]))


def _located(
    laid: LaidCurves, workers: Integers, votes: Floats, exactness: Floats | None
) -> list[tuple[Floats, float]]:
    """The fused places of each curve and the mean spread of its drawings, in pixels."""
    said, groups = laid.said, laid.groups
    sizes = [places.shape[1] for places, _ in said]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    points, numbers, drawn = [], [], []
    for (places, inside), group, start in zip(said, groups, starts, strict=False):
        row, column = np.nonzero(inside)
        points.append(places[row, column])
        numbers.append(column + start)
        drawn.append(group[row])
    makers = np.concatenate(drawn)
    prior = PRIOR * (_ALIKE if max(sizes) > 2 else 1)
    located = locate(
        np.concatenate(points), np.concatenate(numbers), workers[makers], votes[makers], prior, exactness
    )
    return [
        (located.centres[start:stop], float(located.spread[start:stop].mean()))
        for start, stop in pairwise(starts)
    ]


def _drawn(oriented: Sequence[Floats], places: Floats, spread: float) -> Floats:
    """The vertices of a curve: as drawn where all drew the same, else as few as the drawings' doubt allows."""
    if all(np.array_equal(drawing, oriented[0]) for drawing in oriented):
        return oriented[0]
    if len(places) == 2:
        return places
    return simplified(places, max(_ENOUGH, _DOUBT * spread / len(oriented) ** 0.5))
