"""Cloud patterns boxed by about 52 scientists per image: no truth, so one half of them against the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.real.labels import labels_of
from benchmarks.real.metrics import Mask, as_element, corners, reproduced
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json, rows_of
from consolidation.kinds.boxes import BoxesKind

DATA_SETS = ("sffg_cloud_boxes",)
PATTERNS = ("Fish", "Flower", "Gravel", "Sugar")
SIZE = (2100, 1400)
_CELL = 10
Boxes = Sequence[tuple[str, Sequence[float]]]


def measure(data: Path) -> list[Row]:
    """One row: how far the consensus of one half of the workers is that of the other half."""
    images: defaultdict[str, dict[str, list[tuple[str, Sequence[float]]]]] = defaultdict(dict)
    place = folder(data, DATA_SETS[0])
    for row in rows_of(place / "responses.csv"):
        images[row["image"]][row["worker"]] = []
    for row in rows_of(place / "boxes.csv"):
        images[row["image"]][row["worker"]].append((row["label"], corners(row)))
    expected = read_json(place / "expected.json")["stats"]
    majority, single = [], []
    split = {
        image: [{worker: answers[worker] for worker in sorted(answers)[start::2]} for start in (0, 1)]
        for image, answers in sorted(images.items())
    }
    one_half, other_half = (
        _consolidated({image: halves[side] for image, halves in split.items()}) for side in (0, 1)
    )
    ours = [_iou(one_half[image], other_half[image]) for image in split]
    for image, halves in split.items():
        answers, workers = images[image], sorted(images[image])
        majority.append(_iou(*(_majority(half) for half in halves)))
        single += [
            _iou(_raster(answers[one]), _raster(answers[other]))
            for one, other in zip(workers[::2], workers[1::2], strict=False)
        ]
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=BoxesKind.name,
            metric="IoU of one half's consensus with the other's",
            items=len(images),
            ours=_mean(ours),
            majority=reproduced(
                _mean(majority), expected["pixel_iou_majority_of_half_the_workers_vs_other_half"]
            ),
            single=reproduced(_mean(single), expected["pixel_iou_two_single_workers"]),
            note="Boxes rasterised on cells of 10 pixels, all four categories together. "
            f"Ours: mean over the {_known(ours)} images where either half has a label; majority: cells that more than half of a half "
            f"boxed, over the {_known(majority)} images where there is any. Single: two workers of an image.",
        )
    ]


def _consolidated(halves: Mapping[str, Mapping[str, Boxes]]) -> dict[str, Mask]:
    """The labels of all images, each by one half of its workers, as one batch: the halves know nothing of each other."""
    objects: dict[str, Any] = {
        image: {worker: as_element(boxes, SIZE) for worker, boxes in half.items()}
        for image, half in halves.items()
    }
    return {
        image: _raster((box["class-name"], corners(box)) for box in made.label["annotations"])
        for image, made in labels_of(BoxesKind(), objects, PATTERNS).items()
    }


def _majority(half: Mapping[str, Boxes]) -> Mask:
    votes: npt.NDArray[np.int64] = np.sum([_raster(boxes) for boxes in half.values()], axis=0, dtype=np.int64)
    return votes * 2 > len(half)


def _raster(boxes: Iterable[tuple[str, Sequence[float]]]) -> Mask:
    """bool, shape (4, rows, columns): which cells a pattern's boxes cover, edges rounded to whole cells."""
    grid = np.zeros((len(PATTERNS), SIZE[1] // _CELL, SIZE[0] // _CELL), np.bool_)
    for pattern, box in boxes:
        left, top, right, bottom = (max(round(edge / _CELL), 0) for edge in box)
        grid[PATTERNS.index(pattern), top:bottom, left:right] = True
    return grid


def _iou(one: Mask, other: Mask) -> float | None:
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else None


def _known(scores: Sequence[float | None]) -> int:
    return sum(score is not None for score in scores)


def _mean(scores: Sequence[float | None]) -> float:
    return float(np.mean([score for score in scores if score is not None]))
