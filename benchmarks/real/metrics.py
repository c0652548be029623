"""Measures that several sets share. Boxes are float64 arrays of left, top, right, bottom, right and bottom exclusive."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.boxes import Boxes, iou_matrix
from consolidation.kinds.boxes import BoxesAnswer

Mask = npt.NDArray[np.bool_]


def reproduced(made: float, expected: float) -> float:
    """A baseline made here, checked against the one in the set's README, so that a wrong metric cannot flatter us.

    Raises:
        AssertionError: they differ by more than the fourth decimal.
    """
    assert abs(made - expected) < 1e-4, f"{made} was expected to be {expected}"
    return made


def mask_iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two masks; 1 for two empty ones."""
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0


def box_iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes."""
    return float(iou_matrix(np.array([one], np.float64), np.array([other], np.float64))[0, 0])


def corners(box: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box given by left, top, width and height; the values may be texts."""
    left, top, width, height = (float(box[side]) for side in ("left", "top", "width", "height"))
    return left, top, left + width, top + height


def as_element(
    boxes: Iterable[tuple[str, Sequence[float]]], size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """Boxes, each with its label category, as `crowd-bounding-box` submits them."""
    drawn = [
        {"label": label, "left": box[0], "top": box[1], "width": box[2] - box[0], "height": box[3] - box[1]}
        for label, box in boxes
    ]
    frame = {} if size is None else {"inputImageProperties": {"width": size[0], "height": size[1]}}
    return {"boundingBoxes": drawn, **frame}


def outline_f(drawn: Mask, truth: Mask, reach: int) -> float:
    """F1 of the outline's pixels, each right when a pixel of the other outline is within `reach` pixels (Martin et al. 2004).

    0 where either mask is empty.
    """
    one, other = _outline(drawn), _outline(truth)
    if not one.any() or not other.any():
        return 0.0
    precision = float((one & _grown(other, reach)).sum() / one.sum())
    recall = float((other & _grown(one, reach)).sum() / other.sum())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: Mask) -> Mask:
    """Pixels of the mask with one of four neighbours outside of it."""
    framed = np.pad(mask, 1)
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    return mask & ~inner


def _grown(mask: Mask, reach: int) -> Mask:
    """All pixels within `reach` of the mask."""
    framed = np.pad(mask, reach)
    height, width = mask.shape
    grown = np.zeros_like(mask)
    span = range(-reach, reach + 1)
    for down, right in ((down, right) for down in span for right in span):
        if down * down + right * right <= reach * reach:
            top, left = reach + down, reach + right
            grown |= framed[top : top + height, left : left + width]
    return grown


def f1(said: Mask, truth: Mask) -> float:
    """F1 of the positive class."""
    return float(2 * (said & truth).sum() / (said.sum() + truth.sum()))


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean over bins of equal width of |mean confidence - share that is right|, weighted by size."""
    sure = np.array(confidence, np.float64)
    good = np.array(right, np.float64)
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    sizes = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, weights=sure - good, minlength=bins)
    return float(np.abs(gaps).sum() / sizes.sum())


def hits_of(
    found: Sequence[tuple[str, Sequence[float], float]], truth: Mapping[str, Boxes], threshold: float
) -> list[bool]:
    """Which of the boxes are hits, the highest score first; arguments as for `average_precision`."""
    taken: set[tuple[str, int]] = set()
    hits = []
    for image, box, _ in sorted(found, key=lambda one: -one[2]):
        true = truth.get(image, np.zeros((0, 4)))
        iou = iou_matrix(np.array([box], np.float64), true)[0]
        best = int(iou.argmax()) if len(iou) else -1
        hit = best >= 0 and bool(iou[best] >= threshold) and (image, best) not in taken
        if hit:
            taken.add((image, best))
        hits.append(hit)
    return hits


def average_precision(
    found: Sequence[tuple[str, Sequence[float], float]],
    truth: Mapping[str, Boxes],
    threshold: float,
) -> float:
    """PASCAL VOC average precision of one category with all-point interpolation.

    Args:
        found: (image, box, score); equal scores are ranked in the order given.
        truth: boxes by image, at least one in all.
        threshold: least IoU of a hit. A box is judged by the true box that it overlaps most; of several at one, the first is a hit.
    """
    hits = hits_of(found, truth, threshold)
    reached = np.cumsum(hits)
    precision = reached / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    gain = np.diff(reached / sum(len(boxes) for boxes in truth.values()), prepend=0.0)
    return float((gain * precision).sum())


def parts_of(answers: Sequence[Any], boxes: Boxes, workers: Sequence[int]) -> list[tuple[str, int]]:
    """For the boxes of a layout, who drew each and which of that worker's boxes it is.

    Args:
        answers: as merged; `worker_id` and `value`, a BoxesAnswer without faults.
        boxes, workers: the layout's, in its order. Of a worker's equal boxes the first comes first.
    """
    left: dict[tuple[int, tuple[float, ...]], list[int]] = {}
    for worker, answer in enumerate(answers):
        value: BoxesAnswer = answer.value
        for place, box in enumerate(value.boxes.tolist()):
            left.setdefault((worker, tuple(box)), []).append(place)
    return [
        (answers[worker].worker_id, left[worker, tuple(box)].pop(0))
        for worker, box in zip(workers, boxes.tolist(), strict=True)
    ]


def same_groups(one: Sequence[Hashable], other: Sequence[Hashable]) -> bool:
    """Whether two ways to number things put the same things together."""
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))
