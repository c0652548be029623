"""One outline from several of the same thing, as shapes: wherever each starts, whichever way it runs, however many vertices it has."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from consolidation.estimation.contours import sharpened, simplified, trace
from consolidation.estimation.outline_grid import crossings_of, extents, median_region
from consolidation.estimation.outline_settling import Laid, apart, lay, settled
from consolidation.estimation.outlines import (
    Floats,
    Outline,
    Outlines,
    are_simple,
    areas,
    canonical,
    distinct,
    shared_winding,
    thinned,
)

LINES = (64, 128, 256)
"""Grid lines across a group, in each direction."""
TOLERANCE, TOLERANCE_SHARE = 0.5, 0.005
"""By how much leaving out vertices may move the border: pixels, and share of the diagonal of the group's extent; the smaller of the two."""
PLACES, COARSER = 128, 2
"""Places on a contour at which its outlines are compared; how much coarser its grid may be, as the outlines are then measured from it."""
_ACROSS = 4.0
"""Grid lines across the mean width of an outline, so that thin ones are not lost."""
_BETWEEN = 1.6
"""LINES are two times apart: how far beyond the need the next larger number is taken."""
_NODES, _CROSSINGS = 1 << 20, 1 << 21
"""Nodes times members, and crossings, that are looked at together, for memory."""
_MEMBERS = 4
"""Smaller groups are filled up to as many, so that they can be fused together."""
_FEWEST = 16
"""Vertices that no outline is thinned below."""
_COMPARED = 256
"""Vertices that are enough for a look at an outline's size."""
_REACH = 1.5
"""Steps of the grid by which a corner lies at most outside of the cut that the grid makes of it."""
_LEAST = 3
_DIGITS = 9
_SLACK = 1e-9


@dataclass(slots=True)
class _Batch:
    """Groups that are fused together: C numbers of groups, their outlines behind each other, M of each, and their weights, C * M."""

    groups: list[int] = field(default_factory=list)
    members: list[list[int]] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    nodes: int = 0
    crossings: float = 0.0

    def holds(self, nodes: int, crossings: float) -> bool:
        """Whether there is room for another group."""
        fits = self.nodes + nodes <= _NODES and self.crossings + crossings <= _CROSSINGS
        return fits or not self.groups


def fuse(outlines: Outlines, groups: Sequence[Sequence[int]], weights: Floats) -> list[Outline]:
    """One outline for each group: its members' weighted median as shapes.

    An outline that more than half of a group's weight drew alike is that group's. Otherwise it is the border of the median region
    (`estimation.outline_grid`), of the largest piece of it, its holes filled: with an odd number of equal weights that of what more
    than half of the members cover; two members give the line midway between them; one gross outlier among three does no harm.

    Args:
        outlines: P of them, of some width and height.
        groups: members of each group, at least one; no outline in two.
        weights: float64, shape (P,): > 0.

    Returns:
        One outline for each group, in canonical order: a member's vertices, or new ones, few and rounded to a tenth of the tolerance,
        which is TOLERANCE pixels or TOLERANCE_SHARE of the diagonal of the group's extent, the smaller. Details smaller than two lines
        of the grid may be lost: 1/32 of the extent for outlines of up to 40 vertices, 1/128 for those of many.

    Tie, where no region is common to half: the member that shares most with the others, of equals the one that is lexically first.
    Independent of the order of the members. Time O(members * LINES^2) at most, and memory by the constants above, whatever the size in
    pixels.
    """
    made: dict[int, Outline] = {}
    open_groups: list[int] = []
    for number, members in enumerate(groups):
        agreed = _agreed(outlines.chosen(members), weights[list(members)])
        if agreed is None:
            open_groups.append(number)
        else:
            made[number] = agreed
    for lines, batch in _batches(outlines, groups, open_groups, weights):
        made.update(_fused(batch, lines))
    return [made[number] for number in range(len(groups))]


@dataclass(frozen=True, slots=True)
class Arranged:
    """What fusing the outlines of some groups takes that does not depend on their workers.

    Attributes:
        groups: members of each group.
        fixed: outlines of groups, by number, that stay whoever drew them: drawn alike by more than half, or without a common region.
        laid: each with the groups' contours and how their members lie along them.
    """

    groups: Sequence[Sequence[int]]
    fixed: Mapping[int, Outline]
    laid: Sequence[tuple[_Traced, Laid]]


def arrange(outlines: Outlines, groups: Sequence[Sequence[int]]) -> Arranged:
    """Find the contours that `fuse` finds under equal weights, and lay the outlines along them.

    Args:
        outlines: P of them, clockwise on the screen, of some width and height.
        groups: members of each group, at least one; no outline in two.

    Time and memory: as `fuse`.
    """
    equal = np.ones(len(outlines))
    fixed: dict[int, Outline] = {}
    laid, open_groups = [], []
    for number, members in enumerate(groups):
        agreed = _agreed(outlines.chosen(members), equal[list(members)])
        if agreed is None:
            open_groups.append(number)
        else:
            fixed[number] = agreed
    for lines, batch in _batches(outlines, groups, open_groups, equal, COARSER):
        traced, lost = _traced(batch, lines)
        fixed.update(lost)
        own = [[outlines[member] for member in members] for members in traced.members]
        laid.append((traced, lay(traced.contours, own, PLACES)))
    return Arranged(groups, fixed, laid)


def settle(arranged: Arranged, variances: Floats, leanings: Floats, votes: Floats) -> list[Outline]:
    """One outline for each group, by how exact those who drew its members are (`estimation.outline_settling`).

    Args:
        arranged: of groups of P outlines.
        variances: float64, shape (P,): of each outline's worker, as a multiple of what is usual.
        leanings: float64, shape (P,): pixels by which the worker draws too wide.
        votes: float64, shape (P,): > 0.

    Returns:
        As `fuse`.
    """
    made = dict(arranged.fixed)
    for traced, laid in arranged.laid:
        size = laid.offsets.shape[1]
        member = np.array([[*chosen, *[-1] * (size - len(chosen))] for chosen in traced.members], np.int64)
        member = member.reshape(-1, size)
        real = member >= 0
        leaning = leanings[member] * real
        places = settled(laid, np.where(real, variances[member], 1.0), leaning, votes[member] * real)
        contours = Outlines.of([distinct(outline) for outline in places])
        wider = np.maximum(-leaning, 0.0).max(axis=1)
        made.update(zip(traced.groups, _tidied(traced, contours, wider), strict=True))
    return [made[number] for number in range(len(arranged.groups))]


def things_apart(arranged: Arranged) -> list[tuple[Sequence[int], Floats, Floats, float]]:
    """How far the outlines of each group lie apart that has several: its members, and what `border_exactness.Apart` has of them."""
    return [
        (members, *apart(laid, thing, len(members)), float(laid.widths[thing]))
        for traced, laid in arranged.laid
        for thing, members in enumerate(traced.members)
    ]


def _agreed(members: Outlines, weights: Floats) -> Outline | None:
    """The outline that more than half of the weight drew alike, in canonical order."""
    half = float(weights.sum()) / 2 * (1 + _SLACK)
    of_size, votes = defaultdict[int, float](float), defaultdict[bytes, float](float)
    for size, weight in zip(members.sizes.tolist(), weights.tolist(), strict=True):
        of_size[size] += weight
    for member, size in enumerate(members.sizes.tolist()):
        if of_size[size] > half:
            outline = canonical(members[member]) + 0.0  # no -0.0, which equals 0.0 but has other bytes
            key = outline.tobytes()
            votes[key] += float(weights[member])
            if votes[key] > half:
                return outline
    return None


def _batches(
    outlines: Outlines,
    groups: Sequence[Sequence[int]],
    numbers: Sequence[int],
    weights: Floats,
    coarser: int = 1,
) -> Iterator[tuple[int, _Batch]]:
    """Groups of about as many members with as many grid lines, as memory bears; filled up with members that have no weight."""
    needed = _lines_needed(outlines)
    alike = defaultdict[tuple[int, int], _Batch](_Batch)
    for number in numbers:
        chosen = list(groups[number])
        size = max(len(chosen) + len(chosen) % 2, _MEMBERS)
        lines = _lines(float(needed[chosen].max()), size) // coarser
        own, crossings = _bearable(outlines.chosen(chosen), lines)
        nodes = size * (lines + 2) ** 2
        if not alike[size, lines].holds(nodes, crossings):
            yield lines, alike.pop((size, lines))
        batch = alike[size, lines]
        batch.groups.append(number)
        batch.members.append(chosen)
        batch.outlines += [own[member] for member in range(len(own))] + [own[0]] * (size - len(own))
        batch.weights += weights[chosen].tolist() + [0.0] * (size - len(own))
        batch.nodes, batch.crossings = batch.nodes + nodes, batch.crossings + crossings
    for (_, lines), batch in alike.items():
        yield lines, batch


def _lines_needed(outlines: Outlines) -> Floats:
    """Grid lines that each outline asks for: two for each of its vertices, and some across its mean width."""
    bounds = outlines.bounds()
    edges = np.hypot(*(outlines.following - outlines.points).T)
    width = 2 * areas(thinned(outlines, _COMPARED)) / outlines.summed(edges)
    extent = (bounds[:, 2:] - bounds[:, :2]).max(axis=1)
    across: Floats = np.maximum(
        2.0 * outlines.sizes, _ACROSS * extent / np.maximum(width, extent / LINES[-1])
    )
    return across


def _lines(needed: float, members: int) -> int:
    bearable = math.sqrt(_NODES / members)
    return max(lines for lines in LINES if lines == LINES[0] or lines <= min(needed * _BETWEEN, bearable))


def _bearable(own: Outlines, lines: int) -> tuple[Outlines, float]:
    """The members of a group, and how often they cross its grid; scribbles that cross it too often are thinned."""
    most = int(own.sizes.max())
    while True:
        _, size = extents(own, len(own))
        crossings = crossings_of(own, size[0] / lines)
        if crossings <= _CROSSINGS or most <= _FEWEST:
            return own, crossings
        most //= 2
        own = thinned(own, most)


@dataclass(frozen=True, slots=True)
class _Traced:
    """Contours of groups that were traced on grids of as many lines: C of them.

    Attributes:
        groups: their numbers.
        members: numbers of each group's outlines.
        contours: C of them.
        low: float64, shape (C, 2): top left corner of what the members reach over. step: float64, shape (C, 2): pixels between lines.
        lines: grid lines across.
    """

    groups: list[int]
    members: list[list[int]]
    contours: Outlines
    low: Floats
    step: Floats
    lines: int


def _fused(batch: _Batch, lines: int) -> Iterator[tuple[int, Outline]]:
    """The median outline of each group of a batch."""
    traced, lost = _traced(batch, lines)
    yield from lost
    yield from zip(traced.groups, _polished(traced), strict=True)


def _traced(batch: _Batch, lines: int) -> tuple[_Traced, list[tuple[int, Outline]]]:
    """The contours of a batch's regions, and the medoids of groups that have none."""
    laid = Outlines.of(batch.outlines)
    weights = np.array(batch.weights).reshape(len(batch.groups), -1)
    region = median_region(laid, weights, lines)
    contours = trace(region)
    found = [number for number, outline in enumerate(contours) if outline is not None]
    size = weights.shape[1]
    lost = [
        (
            batch.groups[number],
            _medoid(laid.chosen(range(number * size, (number + 1) * size)), weights[number]),
        )
        for number, outline in enumerate(contours)
        if outline is None
    ]
    traced = _Traced(
        [batch.groups[number] for number in found],
        [batch.members[number] for number in found],
        Outlines.of([outline for outline in contours if outline is not None]),
        region.origin[found] + region.step[found] / 2,
        region.step[found],
        lines,
    )
    return traced, lost


def _polished(traced: _Traced) -> list[Outline]:
    """Contours with few vertices and sharp corners, or as they are where that would make them cross themselves."""
    contours = traced.contours
    if not len(contours):
        return []
    tolerance = _tolerance(traced)
    kept = simplified(contours, tolerance)
    reach = tolerance + _REACH * np.hypot(traced.step[:, 0], traced.step[:, 1])
    left = _rounded(traced, sharpened(contours, kept, reach), tolerance, np.zeros(len(contours)))
    sound = are_simple(Outlines.of(left)).tolist()
    plain = contours.only(kept)
    return [
        canonical(outline if good else _plain(plain[place], contours[place])) + 0.0
        for place, (outline, good) in enumerate(zip(left, sound, strict=True))
    ]


def _tidied(traced: _Traced, contours: Outlines, wider: Floats) -> list[Outline]:
    """Contours that were moved from those traced, with few vertices; one that crosses itself is what it winds around.

    Args:
        traced: where they come from.
        contours: C of them.
        wider: float64, shape (C,): pixels by which they may go beyond their members' extents.
    """
    if not len(contours):
        return []
    tolerance = _tolerance(traced)
    left = _rounded(traced, contours.only(simplified(contours, tolerance)), tolerance, wider)
    sound = are_simple(Outlines.of(left)).tolist()
    return [
        canonical(outline) + 0.0 if good else _unknotted(outline, traced.lines)
        for outline, good in zip(left, sound, strict=True)
    ]


def _tolerance(traced: _Traced) -> Floats:
    size = traced.lines * np.hypot(traced.step[:, 0], traced.step[:, 1])
    return np.minimum(TOLERANCE, TOLERANCE_SHARE * size)


def _rounded(traced: _Traced, outlines: Outlines, tolerance: Floats, wider: Floats) -> list[Outline]:
    """Outlines within their members' extents, or a little beyond, in steps of about a tenth of the tolerance.

    As traced where nothing is left.
    """
    low, high = traced.low - wider[:, None], traced.low + traced.lines * traced.step + wider[:, None]
    rounded = []
    for place, each in enumerate(tolerance.tolist()):
        digits = 1 + max(0, math.ceil(-math.log10(each)))
        outline = distinct(np.clip(outlines[place], low[place], high[place]).round(digits))
        rounded.append(outline if len(outline) >= _LEAST else traced.contours[place])
    return rounded


def _unknotted(outline: Outline, lines: int) -> Outline:
    """The border of what an outline winds around: its largest piece."""
    batch = _Batch([0], [[0]], [outline], [1.0])
    return dict(_fused(batch, lines))[0]


def _plain(simplified_only: Outline, contour: Outline) -> Outline:
    """The simplified contour, or where that crosses itself the contour."""
    sound = len(simplified_only) >= _LEAST and are_simple(Outlines.of([simplified_only]))[0]
    return simplified_only if sound else distinct(contour)


def _medoid(members: Outlines, weights: Floats) -> Outline:
    """The member that shares most with the others, in canonical order; of equals the one that is lexically first."""
    first, second = np.array([*combinations(range(len(members)), 2)]).T
    chosen = thinned(members, _COMPARED)
    area = areas(chosen)
    shared = np.abs(shared_winding(chosen, first, second))
    union = area[first] + area[second] - shared
    iou = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    score = np.bincount(first, iou * weights[second], len(members))
    score += np.bincount(second, iou * weights[first], len(members))
    real = np.flatnonzero(weights > 0).tolist()
    ways = [(-round(float(score[member]), _DIGITS), canonical(members[member]).tolist()) for member in real]
    return np.array(min(ways)[1])
