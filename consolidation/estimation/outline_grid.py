"""Groups of outlines on grids of lines: what lies inside the median outline of each group, and where it crosses the lines.

With an odd number of equal votes the median outline is the border of what more than half of the members cover. Where the votes split in
half it runs midway: where the median of the members' signed distances is zero, as the median of edges does for boxes.

Nothing is painted. All that is ever sorted are the places where outlines cross lines, which are exact at any size; the cost follows the
number of lines, not that of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.medians import weighted_medians
from consolidation.estimation.outlines import Floats, Indices, Outlines

Flags = npt.NDArray[np.bool_]
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Region:
    """What is inside on the nodes of one square grid per group, fitted to the extent of the group's members.

    Attributes:
        inside: bool, shape (C, S, S): rows from top to bottom, columns from left to right; never true on the rim.
        right: float64, shape (C, S, S): where the border crosses the row between a node and the next to its right, as a share of the way;
            undefined where the two are on one side. down: the same between a node and the next below.
        origin: float64, shape (C, 2): x and y of each grid's first node. step: float64, shape (C, 2): pixels between columns and rows.
    """

    inside: Flags
    right: Floats
    down: Floats
    origin: Floats
    step: Floats


@dataclass(frozen=True, slots=True)
class _Crossings:
    """Where outlines pass grid lines from outside to inside or back.

    Attributes:
        places: float64, shape (E + 2,): along the line, in steps; sorted by outline, line and place, between two stand-ins.
        lines: int64, shape (E + 2,): outline * S + line.
        facing: float64, shape (E + 2,): how far the edge is from a point on the line, for each step that the place is, in pixels.
        passed: int64, shape (P, S, S): entry [p, line, node] counts the crossings before this node on this line and on all before it. Odd
            inside the outline.
    """

    places: Floats
    lines: Indices
    facing: Floats
    passed: Indices


@dataclass(frozen=True, slots=True)
class _Grids:
    """C groups of M outlines laid on their grids.

    Attributes:
        laid: the outlines in steps; the first node is at 0, the last at S - 1.
        crossings: with rows, and with columns.
        covered: bool, shape (C, M, S, S): nodes inside each member.
        weights: float64, shape (C, M).
        step: as in `Region`.
    """

    laid: Outlines
    crossings: tuple[_Crossings, _Crossings]
    covered: Flags
    weights: Floats
    step: Floats


def crossings_of(outlines: Outlines, step: Floats) -> float:
    """How often outlines cross the lines of their grid, at most: what `median_region` needs memory for.

    Args:
        outlines: P of them.
        step: float64, shape (2,): pixels between lines.
    """
    return float((np.abs(outlines.following - outlines.points) / step + 1).sum())


def extents(outlines: Outlines, members: int) -> tuple[Floats, Floats]:
    """Top left corner and size of what C groups of `members` outlines reach over: float64, shape (C, 2) each."""
    bounds = outlines.bounds().reshape(-1, members, 4)
    low, high = bounds[:, :, :2].min(axis=1), bounds[:, :, 2:].max(axis=1)
    return low, high - low


def median_region(outlines: Outlines, weights: Floats, lines: int) -> Region:
    """The region inside the weighted median outline of each of C groups of M outlines.

    Args:
        outlines: C * M of them, the members of a group behind each other, of some width and height.
        weights: float64, shape (C, M): >= 0, a positive sum for each group.
        lines: grid lines across the extent of each group, in both directions; S is two more.

    Returns:
        The regions. They do not depend on the order of a group's members.

    Time O(crossings * log(crossings) + C * M * S^2), memory O(crossings + C * M * S^2).
    """
    groups, members = weights.shape
    low, size = extents(outlines, members)
    step, side = size / lines, lines + 2
    owner = (np.arange(len(outlines)) // members)[outlines.owners]
    laid = Outlines((outlines.points - low[owner]) / step[owner] + 0.5, outlines.starts)
    pixels = np.repeat(step, members, axis=0)
    crossings = _cross_lines(laid, 0, side, pixels), _cross_lines(laid, 1, side, pixels)
    covered = (crossings[0].passed & 1).astype(bool).reshape(groups, members, side, side)
    grids = _Grids(laid, crossings, covered, weights, step)
    votes = np.einsum("gmrc,gm->grc", covered, weights)
    half = weights.sum(axis=1)[:, None, None] / 2
    inside = votes > half * (1 + _SLACK)
    split = np.nonzero((votes >= half * (1 - _SLACK)) & ~inside)
    inside[split] = _median_distance(grids, split) < 0
    return Region(inside, _shares(grids, inside, 0), _shares(grids, inside, 1), low - step / 2, step)


def _cross_lines(laid: Outlines, along: int, side: int, pixels: Floats) -> _Crossings:
    """Crossings with rows (along x, axis 0) or columns (along y, axis 1) of outlines in steps of the grid."""
    start, way = laid.points, laid.following - laid.points
    across = 1 - along
    end = start[:, across] + way[:, across]
    first = np.ceil(np.minimum(start[:, across], end)).astype(np.int64)
    count = np.ceil(np.maximum(start[:, across], end)).astype(np.int64) - first
    edge = np.repeat(
        np.arange(len(start)), count
    )  # half open: a vertex on a line belongs to one of its edges
    line = np.arange(len(edge)) + (first - np.cumsum(count) + count)[edge]
    places = start[edge, along] + (line - start[edge, across]) * way[edge, along] / way[edge, across]
    lines = (laid.owners * side)[edge] + line
    order = np.argsort(lines * float(side) + places, kind="stable")
    upward = np.sign(way[:, across]).astype(np.int64)[edge[order]]
    wound = np.cumsum(upward)  # 0 again at the end of each line, as outlines are closed
    flips = order[(wound == 0) | (wound == upward)]
    places, lines, edge = places[flips], lines[flips], edge[flips]
    true = way * pixels[laid.owners]
    facing = np.abs(true[:, across]) / np.hypot(true[:, 0], true[:, 1]) * pixels[laid.owners, along]
    passing = np.bincount(lines * side + np.ceil(places).astype(np.int64), minlength=len(laid) * side * side)
    return _Crossings(
        np.concatenate([[0.0], places, [0.0]]),
        np.concatenate([[-1], lines, [-1]]),
        np.concatenate([[0.0], facing[edge], [0.0]]),
        np.cumsum(passing).reshape(len(laid), side, side),
    )


def _median_distance(grids: _Grids, nodes: tuple[Indices, ...]) -> Floats:
    """Weighted median of the members' signed distances from B nodes, in pixels: float64, shape (B,).

    A node looks along its row and its column for the next edges; the nearest of their lines is as far as the outline. A node that sees
    none is diagonal to the member's extent, whose corner is the nearest that is known.
    """
    group, row, column = nodes
    member = group[:, None] * grids.weights.shape[1] + np.arange(grids.weights.shape[1])
    beside = _nearest(grids.crossings[0], member, row, column, by_edge=True)
    above = _nearest(grids.crossings[1], member, column, row, by_edge=True)
    distance = np.minimum(beside, above)
    lost = np.nonzero(np.isinf(distance))
    if len(lost[0]):
        bounds = grids.laid.bounds()[member[lost]]
        at = np.column_stack([column, row])[lost[0]]
        gap = np.maximum(np.maximum(bounds[:, :2] - at, at - bounds[:, 2:]), 0)
        distance[lost] = np.hypot(*(gap * grids.step[group[lost[0]]]).T)
    return _median(grids, nodes, distance)


def _shares(grids: _Grids, inside: Flags, along: int) -> Floats:
    """Where the border crosses each row (along x, axis 0) or column (axis 1) between a node and the next on its other side."""
    nodes, steps = np.nonzero(np.diff(inside, axis=2 - along)), np.zeros(3, np.int64)
    steps[2 - along] = 1
    ahead = tuple(place + step for place, step in zip(nodes, steps, strict=True))
    both = tuple(np.concatenate(ends) for ends in zip(nodes, ahead, strict=True))
    near, far = np.split(_median_along(grids, both, along), 2)
    unsure = np.flatnonzero(~(np.isfinite(near) & np.isfinite(far)) | (near * far > 0))
    if len(unsure):
        places = np.concatenate([unsure, unsure + len(near)])
        near[unsure], far[unsure] = np.split(_median_distance(grids, tuple(end[places] for end in both)), 2)
    near, far = np.abs(near), np.abs(far)
    with np.errstate(invalid="ignore"):
        share = near / (near + far)
    shares = np.zeros(inside.shape)
    shares[nodes] = np.where(np.isfinite(share), share, 0.5)
    return shares


def _median_along(grids: _Grids, nodes: tuple[Indices, ...], along: int) -> Floats:
    """Weighted median of the members' signed distances along the row or column of B nodes, in steps; infinite where there is none."""
    group, row, column = nodes
    member = group[:, None] * grids.weights.shape[1] + np.arange(grids.weights.shape[1])
    line, node = (column, row) if along else (row, column)
    return _median(grids, nodes, _nearest(grids.crossings[along], member, line, node, by_edge=False))


def _median(grids: _Grids, nodes: tuple[Indices, ...], distance: Floats) -> Floats:
    group, row, column = nodes
    signed = np.where(grids.covered[group, :, row, column], -distance, distance)
    median: Floats = weighted_medians(signed[:, :, None], grids.weights[group])[:, 0]
    return median


def _nearest(
    crossings: _Crossings, member: Indices, line: Indices, node: Indices, *, by_edge: bool
) -> Floats:
    """How far B nodes are from the nearest crossing of M members on their line, in steps, or from the line of its edge, in pixels.

    Returns:
        float64, shape (B, M): infinite where there is no crossing.
    """
    own, at = member * crossings.passed.shape[1] + line[:, None], node[:, None]
    before = crossings.passed[member, line[:, None], at]
    behind, ahead = at - crossings.places[before], crossings.places[before + 1] - at
    if by_edge:
        behind, ahead = behind * crossings.facing[before], ahead * crossings.facing[before + 1]
    behind[crossings.lines[before] != own] = np.inf
    ahead[crossings.lines[before + 1] != own] = np.inf
    nearest: Floats = np.maximum(np.minimum(behind, ahead), 0.0)
    return nearest
