"""One outline from several of the same thing, taken as shapes: whatever vertex each starts at, whichever way it runs, however many vertices it has."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from consolidation.estimation.contours import sharpened, simplified, trace, without_chamfers
from consolidation.estimation.outline_grid import crossings_of, extents, median_region
from consolidation.estimation.outlines import (
    Floats,
    Outline,
    Outlines,
    areas,
    canonical,
    distinct,
    is_simple,
    shared_winding,
    thinned,
)

LINES = (64, 128, 256)
"""Grid lines across a group: enough for its finest outline."""
TOLERANCE, TOLERANCE_SHARE = 0.5, 0.005
"""By how much leaving out vertices may move the border: pixels, and share of the extent's diagonal; the smaller of the two."""
_ACROSS = 4.0
"""Least grid lines across an outline's mean width."""
_NODES, _CROSSINGS = 1 << 20, 1 << 21
"""Nodes times members, and crossings, that are looked at together, for memory."""
_FEWEST = 16
_COMPARED = 256
"""Vertices of an outline that are enough for a look at its size."""
_REACH = 1.5
"""Steps by which a corner lies at most outside of the cut that the grid makes of it."""


def fuse(outlines: Outlines, groups: Sequence[Sequence[int]], weights: Floats) -> list[Outline]:
    """One outline for each group: its members' weighted median as shapes.

    An outline that more than half of a group's weight drew alike is that group's. Otherwise it is the zero contour of the weighted
    median of the members' signed distances (`estimation.outline_grid`), the largest piece of it, its holes filled. With an odd number of equal
    weights that is the border of what more than half of them cover; two members give the line midway between them; one gross outlier
    among three does no harm.

    Args:
        outlines: P of them, of some width and height.
        groups: members of each group, at least one; no outline in two.
        weights: float64, shape (P,): > 0.

    Returns:
        One outline for each group, in canonical order, its vertices those of a member or rounded to a tenth of the tolerance: TOLERANCE
        pixels or TOLERANCE_SHARE of the diagonal, the smaller. Where grid lines are farther apart, because the group is large, details
        smaller than two of them may be lost.

    Tie of outlines without any common region: the member that shares most with the others, of equals the first. Independent of the order of the
    members. Time O(members * LINES^2), at most 256 lines, and memory bounded by the constants above, whatever the size in pixels.
    """
    made: dict[int, Outline] = {}
    alike: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    needed = _lines_needed(outlines)
    for number, members in enumerate(groups):
        agreed = _agreed(outlines, members, weights)
        if agreed is not None:
            made[number] = agreed
        else:
            alike[len(members), _lines(needed[list(members)].max(), len(members))].append(number)
    for (_, lines), numbers in sorted(alike.items()):
        for chunk, laid in _chunks(outlines, groups, numbers, lines):
            share = weights[np.array([groups[number] for number in chunk])]
            made.update(zip(chunk, _fused(laid, share, lines), strict=True))
    return [made[number] for number in range(len(groups))]


def _agreed(outlines: Outlines, members: Sequence[int], weights: Floats) -> Outline | None:
    """The outline that more than half of the weight drew alike, in canonical order."""
    votes: defaultdict[bytes, float] = defaultdict(float)
    drawn = {}
    sizes = [int(outlines.starts[member + 1] - outlines.starts[member]) for member in members]
    for member, size in zip(members, sizes, strict=True):
        if 2 * sizes.count(size) >= len(members) or len(set(weights[list(members)].tolist())) > 1:
            outline = canonical(outlines[member])
            key = outline.tobytes()
            drawn[key] = outline
            votes[key] += float(weights[member])
    best = max(votes, key=lambda key: votes[key], default=b"")
    total = float(weights[list(members)].sum())
    return drawn[best] if votes and votes[best] > total / 2 * (1 + 1e-9) else None


def _lines_needed(outlines: Outlines) -> Floats:
    """Grid lines that each outline asks for: two for each of its vertices, and some across its mean width."""
    bounds = outlines.bounds()
    edges = np.hypot(*(outlines.following - outlines.points).T)
    thickness = 2 * areas(thinned(outlines, _COMPARED)) / outlines.summed(edges)
    extent = (bounds[:, 2:] - bounds[:, :2]).max(axis=1)
    return np.maximum(2.0 * outlines.sizes, _ACROSS * extent / np.maximum(thickness, extent * 1e-6))


def _lines(needed: float, members: int) -> int:
    """Grid lines for a group: about as many as its members ask for, as far as memory bears."""
    bearable = max((_NODES / members) ** 0.5, LINES[0])
    return max(lines for lines in LINES if lines <= min(max(needed * 1.6, LINES[0]), bearable))


def _chunks(
    outlines: Outlines, groups: Sequence[Sequence[int]], numbers: Sequence[int], lines: int
) -> Iterator[tuple[list[int], Outlines]]:
    """Groups of as many members to be fused together, with their outlines, as memory bears."""
    chunk: list[int] = []
    taken: list[Outline] = []
    nodes = crossings = 0.0
    for number in numbers:
        own = Outlines.of([outlines[member] for member in groups[number]])
        own, crossed = _bearable(own, lines)
        size = len(own) * float(lines + 2) ** 2
        if chunk and (nodes + size > _NODES or crossings + crossed > _CROSSINGS):
            yield chunk, Outlines.of(taken)
            chunk, taken, nodes, crossings = [], [], 0.0, 0.0
        chunk.append(number)
        taken += [own[member] for member in range(len(own))]
        nodes, crossings = nodes + size, crossings + crossed
    if chunk:
        yield chunk, Outlines.of(taken)


def _bearable(own: Outlines, lines: int) -> tuple[Outlines, float]:
    """The members of a group, and how often they cross its grid; scribbles that cross it too often are thinned."""
    most = int(own.sizes.max())
    while True:
        _, size = extents(own, len(own))
        crossed = crossings_of(own, size[0] / lines)
        if crossed <= _CROSSINGS or most <= _FEWEST:
            return own, crossed
        most //= 2
        own = thinned(own, most)


def _fused(laid: Outlines, weights: Floats, lines: int) -> list[Outline]:
    """The median outline of each of C groups, weights of shape (C, M)."""
    groups, members = weights.shape
    region = median_region(laid, weights, lines)
    traced = trace(region)
    found = [number for number, outline in enumerate(traced) if outline is not None]
    contours = Outlines.of([outline for outline in traced if outline is not None])
    tolerance = np.minimum(TOLERANCE, TOLERANCE_SHARE * np.hypot(*region.step.T) * lines)
    kept = simplified(contours, tolerance[found])
    corners = without_chamfers(contours, kept)
    reach = tolerance[found] + _REACH * region.step[found].max(axis=1)
    polished = sharpened(contours, corners, tolerance[found] + _REACH * region.step[found].max(axis=1))
    digits = [1 + max(0, math.ceil(-math.log10(each))) for each in tolerance.tolist()]
    low, high = region.origin, region.origin + region.step * (lines + 1)
    best = [
        distinct(np.round(np.clip(polished[place], low[number], high[number]), digits[number]))
        for place, number in enumerate(found)
    ]
    sound = are_simple(Outlines.of(best))
    made = [
        _medoid(laid, range(number * members, (number + 1) * members), weights[number])
        if outline is None
        else outline
        for number, outline in enumerate(traced)
    ]
    plain = contours.only(kept)
    for place, number in enumerate(found):
        made[number] = canonical(best[place] if sound[place] else plain[place])
    return made


def _medoid(laid: Outlines, members: Sequence[int], weights: Floats) -> Outline:
    """The member that shares most with the others; of equals the one that is lexically first."""
    first, second = np.array([*combinations(members, 2)]).T
    chosen = thinned(laid, _COMPARED)
    area = areas(chosen)
    shared = np.abs(shared_winding(chosen, first, second))
    iou = shared / np.maximum(area[first] + area[second] - shared, np.finfo(float).tiny)
    score = dict.fromkeys(members, 0.0)
    for one, other, likeness in zip(first.tolist(), second.tolist(), iou.tolist(), strict=True):
        score[one] += likeness * float(weights[other - members[0]])
        score[other] += likeness * float(weights[one - members[0]])
    ways = [(-round(score[member], 9), canonical(laid[member]).tolist()) for member in members]
    return np.array(min(ways)[1])
