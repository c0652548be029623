"""Axis-aligned boxes as arrays: overlaps, fusion, distance. A box is [left, top, right, bottom] in pixels, right and bottom exclusive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps

Boxes = npt.NDArray[np.float64]
_BLOCK = 100_000


def overlaps_between(boxes: Boxes, workers: npt.NDArray[np.int64], most: int | None = None) -> Overlaps:
    """All pairs of boxes of different workers that overlap.

    Args:
        boxes: float64, shape (P, 4): left, top, right, bottom in pixels. Not modified.
        workers: int64, shape (P,): who drew the box.
        most: pairs that are borne, None for any number.

    Returns:
        The pairs with IoU > 0, sorted by part.

    Raises:
        OverflowError: there are more than `most` pairs.

    A sweep along x compares each box with those that start before it ends, in blocks of some 100,000 pairs: time O(P log P) plus the
    pairs that share an x range, memory O(P + block).
    """
    order = np.argsort(boxes[:, 0], kind="stable")
    swept, drawn = boxes[order], workers[order]
    place = np.arange(len(swept))
    reach = np.searchsorted(swept[:, 0], swept[:, 2], side="left") - place - 1
    ahead = np.cumsum(reach)
    left, top, right, bottom = np.ascontiguousarray(swept.T)
    area = (right - left) * (bottom - top)
    pairs, start = 0, 0
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
    while start < len(swept):
        done = int(ahead[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ahead, done + _BLOCK)), start + 1)
        one = np.repeat(place[start:stop], reach[start:stop])
        other = (
            np.arange(done, done + len(one))
            - np.repeat(ahead[start:stop] - reach[start:stop], reach[start:stop])
            + one
            + 1
        )
        height = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
        wanted = (height > 0) & (drawn[one] != drawn[other])
        one, other, height = one[wanted], other[wanted], height[wanted]
        shared = (np.minimum(right[one], right[other]) - left[other]) * height
        union = area[one] + area[other] - shared
        kept = (shared > 0) & (union > 0)
        pairs += int(kept.sum())
        if most is not None and pairs > most:
            raise OverflowError(f"more than {most} pairs of boxes overlap")
        found.append((order[one[kept]], order[other[kept]], shared[kept] / union[kept]))
        start = stop
    if not found:
        return Overlaps(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    one, other, iou = (np.concatenate(column) for column in zip(*found, strict=True))
    first, second = np.minimum(one, other), np.maximum(one, other)
    sequence = np.argsort(first * len(boxes) + second)
    return Overlaps(first[sequence], second[sequence], iou[sequence])


def iou_matrix(boxes: Boxes, others: Boxes) -> npt.NDArray[np.float64]:
    """Intersection over union of every box with every other.

    Args:
        boxes: float64, shape (P, 4). others: float64, shape (Q, 4). Not modified.

    Returns:
        float64, shape (P, Q), in [0, 1]; 0 where the union has no area.

    Time and memory O(P*Q).
    """
    width = np.minimum(boxes[:, None, 2], others[None, :, 2]) - np.maximum(
        boxes[:, None, 0], others[None, :, 0]
    )
    height = np.minimum(boxes[:, None, 3], others[None, :, 3]) - np.maximum(
        boxes[:, None, 1], others[None, :, 1]
    )
    intersection = np.clip(width, 0, None) * np.clip(height, 0, None)
    union = _area(boxes)[:, None] + _area(others)[None, :] - intersection
    iou: npt.NDArray[np.float64] = np.divide(
        intersection, union, out=np.zeros_like(intersection), where=union > 0
    )
    return iou


def _area(boxes: Boxes) -> npt.NDArray[np.float64]:
    area: npt.NDArray[np.float64] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area
