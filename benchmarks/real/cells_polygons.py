"""Cells outlined by seven crowd workers, their masks traced to polygons, against the published gold standard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import Labelled, labels_of
from benchmarks.real.metrics import Mask, mask_iou, reproduced
from benchmarks.real.outlines import covered, outline_of, polygons_element, vertices_of
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json
from consolidation.kinds.polygons import PolygonsKind

DATA_SETS = ("bubil_cells_masks",)
CELL = "cell"


def measure(data: Path) -> list[Row]:
    """One row for each of the sets 1, 3 and 5."""
    place = folder(data, DATA_SETS[0])
    expected = read_json(place / "expected.json")
    rows = []
    for number in (1, 3, 5):
        with np.load(place / f"masks_dataset{number}.npz") as archive:
            items = sorted({name.split("/")[0] for name in archive.files})
            crowds = [(archive[f"{item}/crowd"] > 0, archive[f"{item}/gold"] > 0) for item in items]
        rows.append(_row(number, crowds, expected[f"dataset{number}"]["mean_iou_with_gold"]))
    return rows


def _row(number: int, crowds: list[tuple[Mask, Mask]], published: Mapping[str, float]) -> Row:
    majority = [mask_iou(crowd.sum(axis=0) * 2 > len(crowd), gold) for crowd, gold in crowds]
    largest = [[_largest(mask) for mask in crowd] for crowd, _ in crowds]
    vote = [
        mask_iou(np.sum(masks, axis=0) * 2 > len(masks), gold)
        for masks, (_, gold) in zip(largest, crowds, strict=True)
    ]
    single = [mask_iou(mask, gold) for crowd, gold in crowds for mask in crowd]
    return Row(
        data_set=DATA_SETS[0],
        kind=PolygonsKind.name,
        metric=f"IoU with the gold standard, set {number}",
        items=len(crowds),
        ours=float(np.mean(_scores(crowds))),
        majority=float(np.mean(vote)),
        single=float(np.mean(single)),
        published={
            "pixel majority of the whole masks": reproduced(float(np.mean(majority)), published["mv"])
        },
        note="Each worker's polygon is the border of the largest piece of the mask, without its holes. Majority: pixels in four of "
        "the seven polygons; ours matches them first, so that an outline elsewhere is another object. Single: one worker on average.",
    )


def _largest(mask: Mask) -> Mask:
    outline = outline_of(mask)
    return mask if outline is None else covered(outline, mask.shape[1], mask.shape[0])


def _scores(crowds: list[tuple[Mask, Mask]]) -> list[float]:
    """IoU with the gold standard of each label's pixels, all images as one batch.

    No worker comes twice: the files do not tell who drew.
    """
    elements = {f"{place:03}": _elements(crowd, f"{place:03}") for place, (crowd, _) in enumerate(crowds)}
    labels = labels_of(PolygonsKind(), elements, [CELL])
    return [
        mask_iou(_fused(made, gold), gold) for made, (_, gold) in zip(labels.values(), crowds, strict=True)
    ]


def _elements(crowd: Mask, image: str) -> dict[str, dict[str, Any]]:
    size = crowd.shape[2], crowd.shape[1]
    outlines = [outline_of(mask) for mask in crowd]
    return {
        f"{image}/crowd{place}": polygons_element([] if outline is None else [(CELL, outline)], size)
        for place, outline in enumerate(outlines, start=1)
    }


def _fused(made: Labelled, like: Mask) -> Mask:
    """The pixels of the label's polygons."""
    height, width = like.shape
    masks = [covered(vertices_of(one), width, height) for one in made.label["annotations"]]
    return np.any(masks, axis=0) if masks else np.zeros((height, width), bool)
