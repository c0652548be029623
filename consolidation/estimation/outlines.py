"""Outlines as arrays: closed polygons, their canonical order, how far they overlap.

An outline is its vertices in order, x and y in pixels, y downwards, the last joined to the first. It may cross itself: inside is every
point that it winds around at all (the non-zero rule, by which browsers fill).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from consolidation.estimation import boxes
from consolidation.estimation.matching import Overlaps

Outline = npt.NDArray[np.float64]
"""float64, shape (n, 2): the vertices of one outline."""
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_BLOCK = 1 << 15
"""Pairs of edges looked at together, so that temporaries stay in the processor's cache."""
_EDGE_PAIRS = 50_000_000
"""Pairs of edges borne in one comparison; beyond it outlines are thinned to every second vertex, fourth, ..."""
_VERTICES, _LEAST = 1024, 16
_DIGITS = 12
"""Decimals kept of an IoU, so that equal outlines have 1, not a sum's rounding of it."""


@dataclass(frozen=True)
class Outlines:
    """Several outlines behind each other.

    Attributes:
        points: float64, shape (V, 2): the vertices of all.
        starts: int64, shape (P + 1,): outline p has the vertices starts[p] to starts[p + 1], at least three.
    """

    points: Floats
    starts: Indices

    @classmethod
    def of(cls, outlines: Sequence[Outline]) -> Outlines:
        """Put outlines behind each other."""
        sizes = [len(outline) for outline in outlines]
        points = np.concatenate([np.zeros((0, 2)), *outlines])
        return cls(points, np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Outline:
        return self.points[self.starts[number] : self.starts[number + 1]]

    def only(self, vertices: Indices) -> Outlines:
        """The outlines with some of their vertices, given ascending by number."""
        starts = np.searchsorted(self.owners[vertices], np.arange(len(self) + 1))
        return Outlines(self.points[vertices], starts)

    @cached_property
    def sizes(self) -> Indices:
        """int64, shape (P,): vertices of each."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Indices:
        """int64, shape (V,): the outline of each vertex."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @cached_property
    def ahead(self) -> Indices:
        """int64, shape (V,): number of the vertex that each is joined to."""
        ahead = np.arange(1, len(self.points) + 1)
        ahead[self.starts[1:] - 1] = self.starts[:-1]
        return ahead

    @cached_property
    def following(self) -> Floats:
        """float64, shape (V, 2): the vertex that each is joined to."""
        joined: Floats = self.points[self.ahead]
        return joined

    def summed(self, values: Floats) -> Floats:
        """Sums over the vertices of each outline: float64, shape (V,) to (P,)."""
        return np.bincount(self.owners, values, minlength=len(self)).astype(np.float64)

    def bounds(self) -> boxes.Boxes:
        """float64, shape (P, 4): left, top, right, bottom."""
        if not len(self):
            return np.zeros((0, 4))
        low = np.minimum.reduceat(self.points, self.starts[:-1])
        high = np.maximum.reduceat(self.points, self.starts[:-1])
        return np.column_stack([low, high])

    def chosen(self, numbers: Sequence[int]) -> Outlines:
        """Some of the outlines, in the order of their numbers given."""
        return Outlines.of([self[number] for number in numbers])


def distinct(outline: Outline) -> Outline:
    """The outline without vertices that repeat the one before. Time O(n)."""
    before = np.concatenate([outline[-1:], outline[:-1]])
    kept: Outline = outline[(outline != before).any(axis=1)]
    return kept


def clipped(outline: Outline, width: float, height: float) -> Outline:
    """The part of an outline within [0, width] x [0, height] (Sutherland & Hodgman 1974, doi:10.1145/360767.360802).

    Args:
        outline: float64, shape (n, 2). Not modified.

    Returns:
        float64, shape (m, 2), m may be 0; the outline itself where it lies inside. Parts that hang together outside stay joined along
        the border. Time O(n).
    """
    for axis, bound, sign in ((0, 0.0, 1), (0, width, -1), (1, 0.0, 1), (1, height, -1)):
        depth = sign * (outline[:, axis] - bound)
        if depth.min(initial=0.0) >= 0:
            continue
        deeper = np.roll(depth, -1)
        crossing = (depth >= 0) != (deeper >= 0)
        share = np.divide(depth, depth - deeper, out=np.zeros_like(depth), where=crossing)
        cut = outline + share[:, None] * (np.roll(outline, -1, axis=0) - outline)
        cut[:, axis] = bound
        kept = np.column_stack([depth >= 0, crossing]).reshape(-1)
        outline = distinct(np.stack([outline, cut], axis=1).reshape(-1, 2)[kept])
    return outline


def canonical(outline: Outline) -> Outline:
    """The same outline clockwise on the screen, from its topmost vertex, of several the leftmost.

    Args:
        outline: float64, shape (n, 2), n >= 1. Not modified.

    Ties: of an outline that is at its first vertex more than once, or winds as much one way as the other, the order that is lexically
    first. Time O(n), for each tie again.
    """
    turned = signed_area(outline)
    ways = [outline] if turned >= 0 else []
    ways += [outline[::-1]] if turned <= 0 else []
    firsts = []
    for way in ways:
        top = way[:, 1] == way[:, 1].min()
        starts = np.flatnonzero(top & (way[:, 0] == way[top, 0].min()))
        firsts += [np.concatenate([way[start:], way[:start]]) for start in starts.tolist()]
    return firsts[0] if len(firsts) == 1 else min(firsts, key=lambda points: points.tolist())


def are_simple(outlines: Outlines) -> npt.NDArray[np.bool_]:
    """Which outlines are such that no two sides meet, but for neighbours in their common vertex.

    Args:
        outlines: P of them, no vertex equal to the one before.

    Returns:
        bool, shape (P,).

    Time O(V) for outlines that turn one way around their middle, otherwise the square of their vertices, memory too.
    """
    simple = _turn_one_way(outlines)
    for number in np.flatnonzero(~simple).tolist():
        simple[number] = _is_simple(outlines[number])
    return simple


def _is_simple(outline: Outline) -> bool:
    near = outline - outline[0]
    ahead = np.roll(near, -1, axis=0)
    side = np.sign(_cross((ahead - near)[:, None], near[None] - near[:, None]))
    apart = side * np.roll(side, -1, axis=1) > 0
    order = np.abs(np.arange(len(near))[:, None] - np.arange(len(near)))
    strangers = (order > 1) & (order < len(near) - 1)
    meets = ~apart & ~apart.T & strangers & _boxes_meet(near, ahead)
    return not (bool(meets.any()) or _turns_back(near, ahead))


def _boxes_meet(start: Floats, end: Floats) -> npt.NDArray[np.bool_]:
    """bool, shape (n, n): whether the bounding boxes of two edges meet."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    meets: npt.NDArray[np.bool_] = np.all((low[:, None] <= high[None]) & (low[None] <= high[:, None]), axis=2)
    return meets


def _turns_back(start: Floats, end: Floats) -> bool:
    """Whether an edge runs back along the one before."""
    here, there = end - start, np.roll(end - start, -1, axis=0)
    return bool(((_cross(here, there) == 0) & ((here * there).sum(axis=1) < 0)).any())


def areas(outlines: Outlines) -> Floats:
    """Area of each outline, in square pixels; where it winds around a point twice, the point counts four times.

    Args:
        outlines: P of them.

    Returns:
        float64, shape (P,), >= 0: the integral of the squared winding number; 0 for an outline that goes there and back.

    Time O(V) for outlines that turn one way around their middle, otherwise the square of their vertices.
    """
    origin = outlines.points[outlines.starts[:-1]][outlines.owners]  # for far coordinates
    doubled = outlines.summed(_cross(outlines.points - origin, outlines.following - origin))
    area: Floats = np.abs(doubled) / 2
    others = np.flatnonzero(~_turn_one_way(outlines))
    area[others] = np.abs(shared_winding(outlines, others, others))
    return area


def overlaps_between(outlines: Outlines, workers: Indices, most: int | None = None) -> Overlaps:
    """All pairs of outlines of different workers that overlap.

    Args:
        outlines: P of them, of some area.
        workers: int64, shape (P,): who drew the outline.
        most: pairs with overlapping bounding boxes that are borne, None for any number.

    Returns:
        The pairs with IoU > 0, sorted by part. The IoU is exact where the outlines do not cross themselves; where they do, shared area and
        areas are integrals over products of winding numbers: at most 1, and 1 for equal outlines.

    Raises:
        OverflowError: there are more than `most` pairs.

    Time O(P log P) plus, for each pair with overlapping bounding boxes, the product of its vertices. Outlines of more than 1,024
    vertices, and of fewer where the pairs are many, are thinned for the comparison.
    """
    near = boxes.overlaps_between(outlines.bounds(), workers, most)
    iou = iou_of_pairs(outlines, near.first, near.second)
    found = iou > 0
    return Overlaps(near.first[found], near.second[found], iou[found])


def iou_of_pairs(outlines: Outlines, first: Indices, second: Indices) -> Floats:
    """Intersection over union of chosen pairs, as `overlaps_between` has it.

    Args:
        outlines: P of them, of some area.
        first, second: int64, shape (E,): the pairs.

    Returns:
        float64, shape (E,), in [0, 1].
    """
    thin = _thinned(outlines, first, second)
    area = areas(thin)
    shared = np.abs(shared_winding(thin, first, second))
    union = area[first] + area[second] - shared
    iou: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou.round(_DIGITS).clip(0.0, 1.0)


def shared_winding(outlines: Outlines, first: Indices, second: Indices) -> Floats:
    """Integral, over the plane, of the product of two outlines' winding numbers: for simple outlines the area they share.

    At height y, a winding number is a sum of steps at the places x_i where edges cross y, up or down (s_i = 1 or -1). The integral
    over x of the product of two such sums is -1/2 of the sum over all i, j of s_i s_j |x_i - x_j|, as the s_i of a closed outline
    cancel. Between two edges the distance |x_i - x_j| is linear in y, or bends once where they cross, so that the integral over y is
    closed too: exact, without cutting one outline with the other, and without a case for touching or equal edges.

    Args:
        outlines: P of them.
        first, second: int64, shape (E,): the pairs.

    Returns:
        float64, shape (E,), square pixels; negative where the outlines wind in opposite directions.

    Time O(product of the vertices of each pair), memory O(_BLOCK) or the largest such product.
    """
    start, end = outlines.points, outlines.following
    rise = end[:, 1] - start[:, 1]
    way = np.sign(rise)
    slope = np.divide(end[:, 0] - start[:, 0], rise, out=np.zeros_like(rise), where=rise != 0)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    result = np.zeros(len(first))
    for block in _blocks(outlines.sizes, first, second):
        one, other = _edges_of(outlines, first[block]), _edges_of(outlines, second[block])
        bottom = np.minimum(
            _padded(high, one, -np.inf)[:, :, None], _padded(high, other, -np.inf)[:, None, :]
        )
        top = np.maximum(_padded(low, one, np.inf)[:, :, None], _padded(low, other, np.inf)[:, None, :])
        pair, place, place_of_other = np.nonzero(bottom > top)
        height = bottom[pair, place, place_of_other] - top[pair, place, place_of_other]
        y = top[pair, place, place_of_other]
        a, b = one[pair, place], other[pair, place_of_other]
        above = start[a, 0] - start[b, 0] + slope[a] * (y - start[a, 1]) - slope[b] * (y - start[b, 1])
        below = above + (slope[a] - slope[b]) * height
        distance = np.abs(above) + np.abs(below)
        bent = above * below < 0
        distance[bent] = (above[bent] ** 2 + below[bent] ** 2) / distance[bent]
        result[block] = np.bincount(pair, way[a] * way[b] * distance * height, minlength=len(block)) / -4
    return result


def _blocks(sizes: Indices, first: Indices, second: Indices) -> Iterator[Indices]:
    """Pairs to be looked at together, those of similar sizes with each other."""
    wide, wide_of_other = sizes[first], sizes[second]
    order = np.lexsort((wide_of_other, wide))
    start = 0
    while start < len(order):
        ahead = order[start : start + _BLOCK]
        grown = np.maximum.accumulate(wide[ahead]) * np.maximum.accumulate(wide_of_other[ahead])
        cells = grown * np.arange(1, len(ahead) + 1)
        count = max(int(np.searchsorted(cells, _BLOCK, side="right")), 1)
        yield ahead[:count]
        start += count


def _edges_of(outlines: Outlines, chosen: Indices) -> Indices:
    """int64, shape (E, n): the edges of chosen outlines, -1 behind the last."""
    sizes = outlines.sizes[chosen]
    places = np.arange(sizes.max(initial=0))
    return np.where(places < sizes[:, None], outlines.starts[chosen][:, None] + places, -1)


def _padded(values: Floats, edges: Indices, padding: float) -> Floats:
    return np.where(edges >= 0, values[edges], padding)


def _thinned(outlines: Outlines, first: Indices, second: Indices) -> Outlines:
    """Outlines of as many vertices as the comparison of these pairs bears."""
    most = _VERTICES
    while most > _LEAST:
        sizes = np.minimum(outlines.sizes, most)
        if (sizes[first] * sizes[second]).sum() <= _EDGE_PAIRS:
            break
        most //= 2
    return thinned(outlines, most)


def thinned(outlines: Outlines, most: int) -> Outlines:
    """Outlines of at most `most` vertices, evenly taken from each; the same outlines where they have no more."""
    sizes = outlines.sizes
    if not (sizes > most).any():
        return outlines
    made = np.minimum(sizes, most)
    starts = np.concatenate([[0], np.cumsum(made)])
    owner = np.repeat(np.arange(len(made)), made)
    place = np.arange(len(owner)) - starts[owner]
    taken = outlines.starts[owner] + place * sizes[owner] // made[owner]
    return Outlines(outlines.points[taken], starts)


def _turn_one_way(outlines: Outlines) -> npt.NDArray[np.bool_]:
    """bool, shape (P,): outlines that go once around the mean of their vertices without turning back; they do not cross themselves."""
    owners, sizes = outlines.owners, outlines.sizes
    middle = np.column_stack([outlines.summed(outlines.points[:, axis]) / sizes for axis in (0, 1)])[owners]
    spoke, ahead = outlines.points - middle, outlines.following - middle
    cross = _cross(spoke, ahead)
    forward = outlines.summed((cross > 0).astype(np.float64))
    backward = outlines.summed((cross < 0).astype(np.float64))
    angle = outlines.summed(np.arctan2(cross, (spoke * ahead).sum(axis=1)))
    once = np.abs(np.abs(angle) - 2 * np.pi) < 1
    one_way: npt.NDArray[np.bool_] = once & ((forward == sizes) | (backward == sizes))
    return one_way


def signed_area(outline: Outline) -> float:
    """The area, positive where the outline runs clockwise on the screen. Relative to its first vertex, for far coordinates."""
    near = outline - outline[0]
    return float(_cross(near[:-1], near[1:]).sum()) / 2


def _cross(one: Floats, other: Floats) -> Floats:
    cross: Floats = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
    return cross
