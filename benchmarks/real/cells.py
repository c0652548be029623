"""Cells outlined by seven crowd workers, three microscopy sets, against the published gold standard: masks and boxes."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.real.labels import PLAIN, SETTINGS, Labelled, labels_of
from benchmarks.real.metrics import Mask, as_element, box_iou, corners, mask_iou, outline_f, reproduced
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json, rows_of
from consolidation.kinds.boxes import BoxesKind
from consolidation.kinds.instance_mask import InstanceMaskKind
from consolidation.kinds.semantic_mask import SemanticMaskKind
from shared.settings import Settings

DATA_SETS = ("bubil_cells_masks",)
CELL = "cell"
COLOUR = "#2ca02c"
_REACH = 2
_OUTLINE = f"F1 of the outline within {_REACH} pixels"


def measure(data: Path) -> list[Row]:
    """Five rows for each of the sets 1, 3 and 5: masks of both kinds by overlap and by outline, and boxes."""
    place = folder(data, DATA_SETS[0])
    expected = read_json(place / "expected.json")
    boxes: defaultdict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    sizes = {row["item"]: (int(row["width"]), int(row["height"])) for row in rows_of(place / "index.csv")}
    for row in rows_of(place / "boxes.csv"):
        boxes[row["item"]][row["worker"]] = row
    rows: list[Row] = []
    for number in (1, 3, 5):
        published = expected[f"dataset{number}"]["mean_iou_with_gold"]
        with np.load(place / f"masks_dataset{number}.npz") as archive:
            items = sorted({name.split("/")[0] for name in archive.files})
            crowds = [(archive[f"{item}/crowd"] > 0, archive[f"{item}/gold"] > 0) for item in items]
        rows += _mask_rows(number, crowds, published)
        rows.append(_box_row(number, [(sizes[item], boxes[item]) for item in items], published))
    return rows


def _mask_rows(number: int, crowds: list[tuple[Mask, Mask]], published: Mapping[str, float]) -> Iterator[Row]:
    gold = [truth for _, truth in crowds]
    majority = [crowd.sum(axis=0) * 2 > len(crowd) for crowd, _ in crowds]
    reproduced(_mean(map(mask_iou, majority, gold)), published["mv"])
    matched = "Ours: pixels that more than half of those cover whose outlines were matched, which need not be all seven. "
    common = "Majority: pixels that four of the seven cover. Single: one worker on average; the files do not tell workers apart."
    for kind, fuse, about in (
        (SemanticMaskKind.name, _semantic, ""),
        (InstanceMaskKind.name, _instance, matched),
    ):
        ours = fuse([crowd for crowd, _ in crowds], SETTINGS)
        plain = fuse([crowd for crowd, _ in crowds], PLAIN)
        for metric, score in (("IoU with the gold standard", mask_iou), (_OUTLINE, _outline)):
            yield Row(
                data_set=DATA_SETS[0],
                kind=kind,
                metric=f"{metric}, set {number}",
                items=len(crowds),
                ours=_mean(map(score, ours, gold)),
                majority=_mean(map(score, majority, gold)),
                single=_mean(score(mask, truth) for crowd, truth in crowds for mask in crowd),
                note=f"{about}{common} Under our method `majority`: {_mean(map(score, plain, gold)):.4f}.",
            )


def _box_row(
    number: int,
    items: list[tuple[tuple[int, int], Mapping[str, Mapping[str, str]]]],
    published: Mapping[str, float],
) -> Row:
    ours, plain, single, median = [], [], [], []
    drawn = [
        {
            f"crowd{place}": [corners(boxes[f"crowd{place}"])] if f"crowd{place}" in boxes else []
            for place in range(1, 8)
        }
        for _, boxes in items
    ]
    objects = {
        f"{number:04}": {
            f"{number:04}/{worker}": as_element([(CELL, box) for box in found], size)
            for worker, found in crowd.items()
        }
        for number, ((size, _), crowd) in enumerate(zip(items, drawn, strict=True))
    }
    made = [labels_of(BoxesKind(), objects, [CELL], settings).values() for settings in (SETTINGS, PLAIN)]
    for (_, boxes), crowd, label, by_majority in zip(items, drawn, *made, strict=True):
        gold = corners(boxes["gold"])
        ours.append(_nearest(label, gold))
        plain.append(_nearest(by_majority, gold))
        every = [box for found in crowd.values() for box in found]
        single += [box_iou(box, gold) for box in every]
        median.append(box_iou(np.median(every, axis=0).tolist(), gold))
    return Row(
        data_set=DATA_SETS[0],
        kind=BoxesKind.name,
        metric=f"IoU with the gold box, set {number}",
        items=len(items),
        ours=_mean(ours),
        majority=reproduced(_mean(median), published["box_median"]),
        single=reproduced(_mean(single), published["box_single"]),
        published={"mean of all seven boxes": published["box_mean"]},
        note="Majority: the median of all seven boxes, which knows that there is one cell; ours matches first, so that a box elsewhere is "
        f"another object and not an outlier. Single: one worker on average. Under our method `majority`: {_mean(plain):.4f}.",
    )


def _nearest(made: Labelled, gold: Sequence[float]) -> float:
    return max((box_iou(corners(box), gold) for box in made.label["annotations"]), default=0.0)


def _outline(drawn: Mask, truth: Mask) -> float:
    return outline_f(drawn, truth, _REACH)


def _semantic(crowds: Sequence[Mask], settings: Settings) -> list[Mask]:
    return _fused(SemanticMaskKind(), crowds, {"labelMappings": {CELL: {"color": COLOUR}}}, settings)


def _instance(crowds: Sequence[Mask], settings: Settings) -> list[Mask]:
    return _fused(InstanceMaskKind(), crowds, {"instances": [{"color": COLOUR, "label": CELL}]}, settings)


def _fused(
    kind: SemanticMaskKind | InstanceMaskKind,
    crowds: Sequence[Mask],
    names: Mapping[str, Any],
    settings: Settings,
) -> list[Mask]:
    """The labels' pixels; all images are one batch, in which no worker comes twice, as the files do not tell who drew."""
    objects = {
        f"{number:04}": {
            f"{number:04}/crowd{place}": {
                "inputImageProperties": {"width": crowd.shape[2], "height": crowd.shape[1]},
                "labeledImage": {"pngImageData": _png(mask)},
                **names,
            }
            for place, mask in enumerate(crowd, start=1)
        }
        for number, crowd in enumerate(crowds)
    }
    made = labels_of(kind, objects, [CELL], settings)
    return [label.picture("mask-ref") > 0 for label in made.values()]


def _png(mask: Mask) -> str:
    """A palette PNG with a transparent background, in base64, as the worker page makes it."""
    height, width = mask.shape
    image = Image.frombytes("P", (width, height), mask.astype(np.uint8).tobytes())
    image.putpalette([0, 0, 0, *bytes.fromhex(COLOUR[1:])])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def _mean(scores: Any) -> float:
    return float(np.mean(list(scores)))
