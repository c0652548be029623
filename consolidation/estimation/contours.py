"""Contours: the border of a region on a grid as an outline, with few vertices and sharp corners.

Marching squares (Lorensen & Cline 1987, doi:10.1145/37402.37422) gives an outline with a vertex on every grid line it crosses; these lie
exactly on straight borders, but corners inside a cell are cut off. Douglas & Peucker's simplification (1973,
doi:10.3138/FM57-6770-U75U-7727) keeps few of them. Then
each side is laid through all the vertices it stands for, and corners are where sides meet: sharp again, and a curve's sides run along it
instead of inside of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.outline_grid import Region
from consolidation.estimation.outlines import Floats, Indices, Outline, Outlines, signed_area

_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_TURNS = {
    1: ((_TOP, _LEFT),),
    2: ((_RIGHT, _TOP),),
    3: ((_RIGHT, _LEFT),),
    4: ((_BOTTOM, _RIGHT),),
    5: ((_TOP, _LEFT), (_BOTTOM, _RIGHT)),
    6: ((_BOTTOM, _TOP),),
    7: ((_BOTTOM, _LEFT),),
    8: ((_LEFT, _BOTTOM),),
    9: ((_TOP, _BOTTOM),),
    10: ((_RIGHT, _TOP), (_LEFT, _BOTTOM)),
    11: ((_RIGHT, _BOTTOM),),
    12: ((_LEFT, _RIGHT),),
    13: ((_TOP, _RIGHT),),
    14: ((_LEFT, _TOP),),
}
"""How the contour runs through a cell: by which of its corners are inside (1 top left, 2 top right, 4 bottom right, 8 bottom left), from
which side to which, clockwise on the screen around what is inside. Where only opposite corners are inside, they are kept apart."""
_SEGMENTS = np.array(
    [(case, *turn) for case in range(16) for turn in (*_TURNS.get(case, ()), (-1, -1), (-1, -1))[:2]]
).reshape(16, 2, 3)[:, :, 1:]
_FIT = 4
"""Least vertices that a side is laid through; others join their ends."""
_TRIM = 8
"""One in so many of a side's vertices is left out at either end, where the corner may be rounded."""
_CHAMFER = 2
"""Vertices of a side that may be a corner cut off."""
_LEAST = 3
"""Corners that every outline keeps."""


def trace(region: Region) -> list[Outline | None]:
    """The outline of the largest piece of each group's region, in pixels; None where nothing is inside.

    Args:
        region: of C groups with S x S nodes.

    Returns:
        C outlines, without crossings. Holes are filled.

    Time O(C * S^2), memory O(C * S^2).
    """
    groups, side, _ = region.inside.shape
    size = region.inside.size
    start, end = _segments(region.inside)
    spot, vertical = start % size, start >= size
    share = np.where(vertical, region.down.reshape(-1)[spot], region.right.reshape(-1)[spot])
    group, place = np.divmod(spot, side * side)
    row, column = np.divmod(place, side)
    nodes = np.column_stack([column + np.where(vertical, 0, share), row + np.where(vertical, share, 0)])
    points = region.origin[group] + nodes * region.step[group]
    loops = _loops(start, end)
    largest: list[Outline | None] = [None] * groups
    areas = [0.0] * groups
    for loop in loops:
        if len(loop) <= _LEAST:
            continue
        outline, number = points[loop], int(group[loop[0]])
        area = signed_area(outline)
        if area > areas[number]:
            largest[number], areas[number] = _from_corner(outline), area
    return largest


def _from_corner(outline: Outline) -> Outline:
    """The outline from the vertex farthest from its middle, which no simplification leaves out."""
    away = ((outline - outline.mean(axis=0)) ** 2).sum(axis=1)
    return np.roll(outline, -int(away.argmax()), axis=0)


def _segments(inside: npt.NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Where the contour's pieces begin and end: numbers of grid edges, those to the right of a node first, then those below; sorted."""
    side, size = inside.shape[1], inside.size
    corner = inside.astype(np.int8)
    cases = corner[:, :-1, :-1] + 2 * corner[:, :-1, 1:] + 4 * corner[:, 1:, 1:] + 8 * corner[:, 1:, :-1]
    group, row, column = np.nonzero((cases > 0) & (cases < 15))
    node = (group * side + row) * side + column
    edges = np.column_stack([node, size + node + 1, node + side, size + node])
    turns = _SEGMENTS[cases[group, row, column]]
    cell, which = np.nonzero(turns[:, :, 0] >= 0)
    start, end = edges[cell, turns[cell, which, 0]], edges[cell, turns[cell, which, 1]]
    order = np.argsort(start)
    return start[order], end[order]


def _loops(start: Indices, end: Indices) -> list[list[int]]:
    """Pieces joined end to start: closed loops of their numbers."""
    following = np.searchsorted(start, end).tolist()
    left = [True] * len(following)
    loops = []
    for first in range(len(following)):
        loop, at = [], first
        while left[at]:
            left[at] = False
            loop.append(at)
            at = following[at]
        if loop:
            loops.append(loop)
    return loops


def simplified(outlines: Outlines, tolerance: Floats) -> Indices:
    """The vertices that are enough for each outline not to move by more than a tolerance, by Douglas & Peucker, level by level.

    Args:
        outlines: P of them, each at a vertex that is certain to stay. Not modified.
        tolerance: float64, shape (P,): pixels, > 0.

    Returns:
        int64: numbers of the vertices kept, ascending; at least two of each outline.

    Time O(V) per level, of which there are about as many as the logarithm of the vertices kept; memory O(V).
    """
    points, starts, owners = outlines.points, outlines.starts[:-1], outlines.owners
    first = points[starts][owners]
    kept = np.zeros(len(points), bool)
    kept[starts] = True
    kept[_farthest(((points - first) ** 2).sum(axis=1), owners, np.zeros(len(starts)))] = True
    limit = tolerance**2
    still = np.arange(len(points))
    while True:
        ends = np.flatnonzero(kept)
        after = np.append(ends[1:], 0)
        owner = owners[ends]
        last = np.append(owner[1:] != owner[:-1], True)
        after[last] = starts[owner[last]]
        chord = (np.cumsum(kept) - 1)[still]
        firsts = np.flatnonzero(np.append(True, chord[1:] != chord[:-1]))
        apart = _squared_distance(points[still], points[ends[chord]], points[after[chord]])
        largest = np.maximum.reduceat(apart, firsts)
        wide = largest > limit[owner[chord[firsts]]]
        if not wide.any():
            return ends
        largest[~wide] = np.inf
        lengths = np.diff(np.append(firsts, len(chord)))
        places = np.flatnonzero(apart >= np.repeat(largest, lengths))
        run = np.repeat(np.arange(len(firsts)), lengths)[places]
        kept[still[places[np.append(True, run[1:] != run[:-1])]]] = True
        still = still[np.repeat(wide, lengths)]


def _farthest(values: Floats, groups: Indices, above: Floats) -> Indices:
    """The first place of the largest value of each group, where that is larger than `above` says. Groups are runs, numbered from 0."""
    firsts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    largest = np.maximum.reduceat(values, firsts)
    places = np.flatnonzero((values >= largest[groups]) & (values > above[groups]))
    return places[np.append(True, groups[places][1:] != groups[places][:-1])] if len(places) else places


def _squared_distance(points: Floats, start: Floats, end: Floats) -> Floats:
    """Of points to the chords from `start` to `end`."""
    chord = end - start
    length = (chord**2).sum(axis=1)
    away = points - start
    along = np.divide((away * chord).sum(axis=1), length, out=np.zeros_like(length), where=length > 0)
    off = away - np.clip(along, 0, 1)[:, None] * chord
    squared: Floats = (off**2).sum(axis=1)
    return squared


def sharpened(outlines: Outlines, kept: Indices, reach: Floats) -> Outlines:
    """Outlines with a corner wherever two sides meet, each side laid through the vertices it stands for.

    The grid cuts corners off inside its cells: a side of hardly any vertices between two long ones goes, where these meet near it.

    Args:
        outlines: P of them, as traced.
        kept: numbers of the vertices at which one side ends and the next begins, as from `simplified`.
        reach: float64, shape (P,): pixels by which a corner may move from its vertex; where sides meet farther off, the vertex stays.

    Returns:
        Outlines of the kept vertices, moved.

    Time and memory O(V).
    """
    owner = outlines.owners[kept]
    starts = np.searchsorted(owner, np.arange(len(outlines) + 1))
    corners = Outlines(outlines.points[kept], starts)
    begun, ended = corners.points, corners.following
    through, along = _sides(outlines.points - begun[_side_of(kept, len(outlines.points))], kept)
    through += begun
    short = np.isnan(along[:, 0])
    through[short], along[short] = begun[short], (ended - begun)[short]
    number = np.arange(len(kept))
    before, after = number - 1, number + 1
    before[starts[:-1]], after[starts[1:] - 1] = starts[1:] - 1, starts[:-1]
    limit = reach[owner]
    corner = _meeting(through[before], along[before], through, along)
    made = np.where(_near(corner, begun, limit)[:, None], corner, begun)
    tip = _meeting(through[before], along[before], through[after], along[after])
    lengths = np.diff(np.append(kept, len(outlines.points)))
    cut = (lengths <= _CHAMFER) & ~short[before] & ~short[after] & (np.diff(starts)[owner] > _LEAST)
    cut &= _near(tip, begun, limit) & _near(tip, ended, limit)
    made[cut] = tip[cut]
    staying = np.ones(len(kept), bool)
    staying[after[cut]] = False
    return Outlines(made, starts).only(np.flatnonzero(staying))


def _near(points: Floats, others: Floats, limit: Floats) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore", over="ignore"):
        near: npt.NDArray[np.bool_] = ((points - others) ** 2).sum(axis=1) <= limit**2
    return near


def _side_of(kept: Indices, points: int) -> Indices:
    """The side of each vertex: that of the last kept vertex up to it."""
    return np.searchsorted(kept, np.arange(points), side="right") - 1


def _sides(points: Floats, kept: Indices) -> tuple[Floats, Floats]:
    """Middle and direction of the line through the vertices between two kept ones, but for those by the corners; NaN if too few."""
    side = _side_of(kept, len(points))
    length = np.diff(np.append(kept, len(points)))[side]
    place = np.arange(len(points)) - kept[side]
    trimmed = np.maximum(1, length // _TRIM)
    usable = (place >= trimmed) & (place < length - trimmed + 1)
    count = np.bincount(side[usable], minlength=len(kept))
    enough = count >= _FIT
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.column_stack(
            [np.bincount(side[usable], points[usable, axis], len(kept)) / count for axis in (0, 1)]
        )
        off = points[usable] - middle[side[usable]]
        xx, yy, xy = (
            np.bincount(side[usable], off[:, one] * off[:, other], len(kept))
            for one, other in ((0, 0), (1, 1), (0, 1))
        )
    angle = np.arctan2(2 * xy, xx - yy) / 2
    along = np.column_stack([np.cos(angle), np.sin(angle)])
    middle[~enough], along[~enough] = 0.0, np.nan
    return middle, along


def _meeting(through: Floats, along: Floats, other_through: Floats, other_along: Floats) -> Floats:
    """Where two lines meet; far away or NaN where they are all but parallel."""
    cross = along[:, 0] * other_along[:, 1] - along[:, 1] * other_along[:, 0]
    apart = other_through - through
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (apart[:, 0] * other_along[:, 1] - apart[:, 1] * other_along[:, 0]) / cross
        met: Floats = through + share[:, None] * along
    return met
