"""Axis-aligned boxes as arrays: overlaps, fusion, distance. A box is [left, top, right, bottom] in pixels, right and bottom exclusive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps

Boxes = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
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

    A sweep along x compares each box with those that start before it ends; where these are many, within bands of the height of two boxes.
    Time O(P log P) plus the pairs that share a band and an x range, memory O(P + block).
    """
    order = np.argsort(boxes[:, 0], kind="stable")
    drawn = workers[order]
    left, top, right, bottom = np.ascontiguousarray(boxes[order].T)
    area = (right - left) * (bottom - top)
    pairs = 0
    found = [(order[:0], order[:0], area[:0])]
    for one, other in _touching(left, right, top, bottom):
        height = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
        shared = (np.minimum(right[one], right[other]) - left[other]) * height
        union = area[one] + area[other] - shared
        kept = (shared > 0) & (union > 0) & (drawn[one] != drawn[other])
        pairs += int(kept.sum())
        if most is not None and pairs > most:
            raise OverflowError(f"more than {most} pairs of boxes overlap")
        found.append((order[one[kept]], order[other[kept]], shared[kept] / union[kept]))
    one, other, iou = (np.concatenate(column) for column in zip(*found, strict=True))
    first, second = np.minimum(one, other), np.maximum(one, other)
    sequence = np.argsort(first * len(boxes) + second)
    return Overlaps(first[sequence], second[sequence], iou[sequence])


def _touching(
    left: Floats, right: Floats, top: Floats, bottom: Floats
) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of boxes that share an x range and a y range; each once, the one that starts first in front.

    Args:
        left: float64, shape (P,), ascending. right, top, bottom: float64, shape (P,).

    Yields:
        Places of both, int64, found among some 100,000 pairs at a time.
    """
    box: Integers = np.arange(len(left))
    ends = np.searchsorted(left, right)
    reach: Integers = ends - box - 1
    banded = int(reach.sum()) > _BLOCK
    band: Integers = np.zeros_like(box)
    first_band = band
    if banded:
        box, band, first_band = _bands(top, bottom)
        last = np.searchsorted(band * len(left) + box, band * len(left) + ends[box])
        reach = last - np.arange(len(box)) - 1
    ahead = np.cumsum(reach)
    done = start = 0
    while start < len(box):
        stop = max(int(np.searchsorted(ahead, done + _BLOCK)), start + 1)
        many, place = reach[start:stop], np.arange(start, stop)
        at = np.repeat(place, many)
        beside = np.arange(done, done + len(at)) + np.repeat(place + 1 - ahead[start:stop] + many, many)
        one, other = box[at], box[beside]
        met = np.minimum(bottom[one], bottom[other]) > np.maximum(top[one], top[other])
        one, other = one[met], other[met]
        if banded:
            new = band[at[met]] == np.maximum(first_band[one], first_band[other])
            one, other = one[new], other[new]
        yield one, other
        done, start = int(ahead[stop - 1]), stop


def _bands(top: Floats, bottom: Floats) -> tuple[Integers, Integers, Integers]:
    """Boxes with each band of the image that they reach into; and the first of these bands for every box.

    Bands are so high that a box reaches into one and a half on average, and that there are no more bands than boxes.

    Returns:
        int64, shape (N,) each: box and band, by band, then by box. int64, shape (P,): a box's first band.
    """
    count, above = len(top), top.min()
    height = max(2 * float((bottom - top).mean()), float(bottom.max() - above) / count) or 1.0
    first, last = (((edge - above) / height).astype(np.int64) for edge in (top, bottom))
    several = last - first + 1
    box = np.repeat(np.arange(count), several)
    step = np.arange(len(box)) - np.repeat(np.cumsum(several) - several, several)
    band, box = np.divmod(np.sort((first[box] + step) * count + box), count)
    return box, band, first


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
