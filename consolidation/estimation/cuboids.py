"""Cuboids in space as arrays: how far they overlap.

A cuboid is [center-x, center-y, center-z, length, width, height, roll, pitch, yaw]: metres and radians, as Ground Truth writes them.
The length lies along x, the width along y and the height along z before it is turned by roll (about x), pitch (about y) and yaw (about
z, the vertical), in this order, each counter-clockwise.

Things that are labelled in point clouds stand on the ground, so that roll and pitch are slopes of a few degrees. Overlap is that of
the upright cuboids: their rectangles seen from above, cut with each other, times the heights they share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps

Cuboids = npt.NDArray[np.float64]
X, Y, Z, LENGTH, WIDTH, HEIGHT, ROLL, PITCH, YAW = range(9)
_PAIRS = 1 << 17
"""Pairs looked at together, for memory."""
_DIGITS = 12
"""Decimals kept of an IoU, so that equal cuboids have 1, not a sum's rounding of it."""
_CORNERS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) / 2


def overlaps_between(cuboids: Cuboids, workers: npt.NDArray[np.int64], most: int | None = None) -> Overlaps:
    """All pairs of cuboids of different workers that overlap.

    Args:
        cuboids: float64, shape (P, 9), sizes > 0. Not modified.
        workers: int64, shape (P,): who drew the cuboid.
        most: pairs that are borne, None for any number.

    Returns:
        The pairs with IoU > 0, sorted by part.

    Raises:
        OverflowError: there are more than `most` pairs.

    A sweep along x finds the pairs whose bounds meet; only these are cut with each other. Time O(P log P) plus the pairs that share an x
    range, memory O(P + pairs found).
    """
    low, high = _bounds(cuboids)
    found = 0
    firsts: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    seconds: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    ious: list[npt.NDArray[np.float64]] = [np.zeros(0)]
    for one, other in _meeting_in_x(low[:, X], high[:, X]):
        near = workers[one] != workers[other]
        for axis in (Y, Z):
            near &= (low[one, axis] < high[other, axis]) & (low[other, axis] < high[one, axis])
        first, second = np.minimum(one[near], other[near]), np.maximum(one[near], other[near])
        iou = iou_of_pairs(cuboids[first], cuboids[second])
        found += int((iou > 0).sum())
        if most is not None and found > most:
            raise OverflowError(f"more than {most} pairs of cuboids overlap")
        firsts.append(first[iou > 0])
        seconds.append(second[iou > 0])
        ious.append(iou[iou > 0])
    first, second, iou = np.concatenate(firsts), np.concatenate(seconds), np.concatenate(ious)
    sequence = np.lexsort((second, first))
    return Overlaps(first[sequence], second[sequence], iou[sequence])


def iou_of_pairs(cuboids: Cuboids, others: Cuboids) -> npt.NDArray[np.float64]:
    """Intersection over union of each cuboid with its counterpart, both taken as upright.

    Args:
        cuboids, others: float64, shape (E, 9), sizes > 0. Not modified.

    Returns:
        float64, shape (E,), in [0, 1].

    Time and memory O(E).
    """
    top = np.minimum(cuboids[:, Z] + cuboids[:, HEIGHT] / 2, others[:, Z] + others[:, HEIGHT] / 2)
    bottom = np.maximum(cuboids[:, Z] - cuboids[:, HEIGHT] / 2, others[:, Z] - others[:, HEIGHT] / 2)
    shared = ground_overlap(cuboids, others) * np.maximum(top - bottom, 0)
    union = _volume(cuboids) + _volume(others) - shared
    iou: npt.NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return np.round(iou, _DIGITS)


def ground_overlap(cuboids: Cuboids, others: Cuboids) -> npt.NDArray[np.float64]:
    """Area that the rectangles of two cuboids share, seen from above.

    In the frame of the first cuboid its rectangle is a box along the axes. The map that moves every point of the plane to the nearest
    point of that box keeps areas inside of it and flattens everything outside to none; so the image of the other rectangle's outline
    encloses exactly the shared area. An edge's image bends where the edge crosses one of four lines. Nothing is decided by a comparison
    that rounding could tip: touching, equal and nested rectangles need no case of their own.

    Args:
        cuboids, others: float64, shape (E, 9). Not modified.

    Returns:
        float64, shape (E,), square metres, >= 0.

    Time and memory O(E).
    """
    half = cuboids[:, None, None, LENGTH : WIDTH + 1] / 2
    start = _corners_seen_from(cuboids, others)
    edge = np.roll(start, -1, axis=1) - start
    bounds = np.stack([-half, half], axis=2) - start[:, :, None, None, :]
    steps = np.broadcast_to(edge[:, :, None, None, :], bounds.shape)
    with np.errstate(
        over="ignore"
    ):  # an edge that hardly leaves a line crosses it far away, which is clipped
        crossings = np.divide(bounds, steps, out=np.zeros_like(bounds), where=steps != 0)
    places = np.zeros((*start.shape[:2], 6))
    places[:, :, 1:5] = np.sort(np.clip(crossings.reshape(*start.shape[:2], 4), 0, 1), axis=2)
    places[:, :, 5] = 1
    outline = start[:, :, None, :] + places[..., None] * edge[:, :, None, :]
    x, y = np.moveaxis(np.clip(outline, -half, half), -1, 0)
    twice = (x[:, :, :-1] * y[:, :, 1:] - x[:, :, 1:] * y[:, :, :-1]).sum(axis=(1, 2))
    area: npt.NDArray[np.float64] = np.maximum(twice, 0) / 2
    return area


def _corners_seen_from(cuboids: Cuboids, others: Cuboids) -> npt.NDArray[np.float64]:
    """Corners of the others' rectangles, shape (E, 4, 2), counter-clockwise, in the frames of `cuboids`."""
    moved = _turned(others[:, None, X : Y + 1] - cuboids[:, None, X : Y + 1], -cuboids[:, YAW])
    corners = _CORNERS[None] * others[:, None, LENGTH : WIDTH + 1]
    return moved + _turned(corners, others[:, YAW] - cuboids[:, YAW])


def _turned(points: npt.NDArray[np.float64], angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points, shape (E, n, 2), turned about the origin by an angle for each E."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def _bounds(cuboids: Cuboids) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lowest and highest x, y, z of upright cuboids, shape (P, 3) each."""
    cos, sin = np.abs(np.cos(cuboids[:, YAW])), np.abs(np.sin(cuboids[:, YAW]))
    length, width, height = cuboids[:, LENGTH], cuboids[:, WIDTH], cuboids[:, HEIGHT]
    reach = np.column_stack([length * cos + width * sin, length * sin + width * cos, height]) / 2
    return cuboids[:, : Z + 1] - reach, cuboids[:, : Z + 1] + reach


def _meeting_in_x(
    low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """The pairs whose ranges in x meet, some at a time."""
    order = np.argsort(low, kind="stable")
    reach = np.searchsorted(low[order], high[order], side="left")
    partners = np.maximum(reach - np.arange(len(order)) - 1, 0)
    behind = np.cumsum(partners)
    start = 0
    while start < len(order):
        done = behind[start - 1] if start else 0
        stop = max(int(np.searchsorted(behind, done + _PAIRS, side="right")), start + 1)
        counts = partners[start:stop]
        rows = np.repeat(np.arange(start, stop), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield order[rows], order[rows + 1 + within]
        start = stop


def _volume(cuboids: Cuboids) -> npt.NDArray[np.float64]:
    volume: npt.NDArray[np.float64] = cuboids[:, LENGTH] * cuboids[:, WIDTH] * cuboids[:, HEIGHT]
    return volume
