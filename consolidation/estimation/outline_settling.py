"""Outlines settled by how exact their workers are: how far each lies from a common contour, and where the truth is then most likely.

From even places on a contour one looks along its normal for each outline. What the outlines say at a place is fused by a t-distribution
with a variance for each outline: between what its worker usually has and what the outline itself shows beside the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from consolidation.estimation.outlines import Floats, Outline, Outlines

FREEDOM = 4.0
_OWN = 1.0
"""How much an outline's own distance from the others says of its variance, for each part that its worker's usual one says."""
_ROUNDS = 8
_BESIDE = 4
"""Places to either side over which a normal is taken: around a corner the normals turn step by step, and do not cross."""
_LEAST_FREE = 0.05
_TYPICAL = 1.4826**2
_TINY = 1e-12
_REACH = 1.0
"""Mean widths of a thing within which an outline is looked for from its contour."""
_LEAN = 0.25
"""Mean widths by which an outline is moved at most for its worker's offset."""


@dataclass(frozen=True, slots=True)
class Laid:
    """How the outlines of C things lie along one contour of each; M for each thing, at N places.

    Attributes:
        places: float64, shape (C, N, 2): even places along each contour, clockwise on the screen.
        normals: float64, shape (C, N, 2): unit vectors to the outside there.
        offsets: float64, shape (C, M, N): how far outside of the place the outline is, in pixels; NaN where it is not within reach.
        widths: float64, shape (C,): mean width of each thing in pixels.
    """

    places: Floats
    normals: Floats
    offsets: Floats
    widths: Floats


def lay(contours: Outlines, members: Sequence[Sequence[Outline]], count: int) -> Laid:
    """Lay outlines along the contours of their things.

    Args:
        contours: C of them, clockwise on the screen, of some area.
        members: of each thing, outlines, clockwise.
        count: N, places on each contour.

    Time O(N * vertices) for each thing, memory the same.
    """
    places = even_places(contours, count)
    along = np.roll(places, -_BESIDE, axis=1) - np.roll(places, _BESIDE, axis=1)
    length = np.hypot(along[:, :, 0], along[:, :, 1])[:, :, None]
    along = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    edges = contours.following - contours.points
    doubled = contours.summed(contours.points[:, 0] * edges[:, 1] - contours.points[:, 1] * edges[:, 0])
    widths = np.abs(doubled) / np.maximum(contours.summed(np.hypot(edges[:, 0], edges[:, 1])), _TINY)
    offsets = np.full((len(places), max(map(len, members), default=0), count), np.nan)
    for thing, own in enumerate(members):
        found = _offsets(Outlines.of(own), places[thing], along[thing])
        offsets[thing, : len(own)] = np.where(np.abs(found) <= _REACH * widths[thing], found, np.nan)
    normals = np.stack([along[:, :, 1], -along[:, :, 0]], axis=2)
    return Laid(places, normals, offsets, widths)


def even_places(outlines: Outlines, count: int) -> Floats:
    """Places at even steps along each outline, from its first vertex on: float64, shape (P, count, 2)."""
    edges = outlines.following - outlines.points
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(edges[:, 0], edges[:, 1]))])
    begin, end = reached[outlines.starts[:-1], None], reached[outlines.starts[1:], None]
    ways = begin + (end - begin) * (np.arange(count) / count)
    edge = np.searchsorted(reached, ways, side="right") - 1
    edge = np.clip(edge, outlines.starts[:-1, None], outlines.starts[1:, None] - 1)
    length = reached[edge + 1] - reached[edge]
    share = np.divide(ways - reached[edge], length, out=np.zeros_like(length), where=length > 0)
    placed: Floats = outlines.points[edge] + share[:, :, None] * edges[edge]
    return placed


def _offsets(members: Outlines, places: Floats, along: Floats) -> Floats:
    """Where each of M outlines passes the normals of N places the way the contour does, nearest to the place: shape (M, N), NaN or pixels.

    An edge passes a normal where the distances of its ends along the contour change sign, from before it to behind it.
    """
    middle = places.mean(axis=0)  # for far coordinates
    here, points = places - middle, members.points - middle
    passed = points @ along.T - (here * along).sum(axis=1)
    behind = passed > 0
    ahead = members.ahead
    edge, place = np.nonzero(~behind & behind[ahead])
    start, end = passed[edge, place], passed[ahead[edge], place]
    crossing = points[edge] + (start / (start - end))[:, None] * (points[ahead[edge]] - points[edge])
    off = crossing - here[place]
    outside = off[:, 0] * along[place, 1] - off[:, 1] * along[place, 0]
    key = members.owners[edge] * len(places) + place
    order = np.lexsort((outside, np.abs(outside), key))
    first = order[np.append(True, np.diff(key[order]) != 0)] if len(order) else order
    found = np.full((len(members), len(places)), np.nan)
    found.reshape(-1)[key[first]] = outside[first]
    return found


def apart(laid: Laid, thing: int, members: int) -> tuple[Floats, Floats]:
    """Mean squared distance of each two outlines of a thing, shape (M, M), and how far outside of the contour each is, shape (M,)."""
    offsets = laid.offsets[thing, :members]
    there = np.isfinite(offsets)
    known = np.where(there, offsets, 0.0)
    both = there.astype(np.float64) @ there.T.astype(np.float64)
    squared = known**2 @ there.T.astype(np.float64)
    lost = laid.offsets.shape[2] - both
    far = (_REACH * laid.widths[thing]) ** 2
    squares = (squared + squared.T - 2 * known @ known.T + lost * far) / laid.offsets.shape[2]
    np.fill_diagonal(squares, 0.0)
    return np.maximum(squares, 0.0), known.sum(axis=1) / np.maximum(there.sum(axis=1), 1)


def settled(laid: Laid, variances: Floats, leanings: Floats, votes: Floats) -> Floats:
    """Where the border of each thing most likely is.

    Args:
        laid: C things, M outlines each, N places.
        variances: float64, shape (C, M): of the outlines' workers, as multiples of what is usual.
        leanings: float64, shape (C, M): pixels by which their workers draw too wide.
        votes: float64, shape (C, M): what the outlines count for; 0 where a thing has fewer.

    Returns:
        float64, shape (C, N, 2). A place at which all outlines are the same stays as it is.

    Time O(C * M * N).
    """
    lean = np.clip(leanings, -_LEAN * laid.widths[:, None], _LEAN * laid.widths[:, None])
    there = np.isfinite(laid.offsets) & (votes > 0)[:, :, None]
    offsets = np.where(there, laid.offsets - lean[:, :, None], 0.0)
    raw = np.where(there, laid.offsets, np.nan)
    count = there.sum(axis=2)
    relative = offsets**2 / variances[:, :, None]
    usual = np.array([_median(row[here]) for row, here in zip(relative, there, strict=True)]) * _TYPICAL
    variance = variances * usual[:, None]
    middle = np.zeros(offsets.shape[::2])
    for _ in range(_ROUNDS):
        squares = (offsets - middle[:, None]) ** 2
        scale = variance[:, :, None] + _TINY
        trust = np.where(there, (FREEDOM + 1) / (FREEDOM + squares / scale), 0.0)
        weight = votes[:, :, None] * trust / scale
        total = np.maximum(weight.sum(axis=1), _TINY)
        middle = (weight * offsets).sum(axis=1) / total
        squares = (offsets - middle[:, None]) ** 2
        free = np.maximum(1 - (weight / total[:, None]).mean(axis=2), _LEAST_FREE)
        own = (trust * squares * there).sum(axis=2) / np.maximum(count, 1) / free
        variance = (variances * usual[:, None] + _OWN * own) / (1 + _OWN)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(raw, axis=1), np.fmax.reduce(raw, axis=1)
        middle = np.where(np.isfinite(low), np.where(low == high, low, middle), 0.0)
    placed: Floats = laid.places + middle[:, :, None] * laid.normals
    return placed


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0
