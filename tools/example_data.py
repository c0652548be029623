"""Derive the example jobs under `tests/data/` from the published data sets they come from.

Run once, by hand: `python tools/example_data.py SOURCE`, where SOURCE holds the folders `gt_birds_image_classification`,
`lidc_nodules` and `bubil_cells_masks` as `tests/data/README.md` describes them. Nothing is invented: every answer is a worker's.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

TARGET = Path(__file__).parent.parent / "tests" / "data"
CELL_COLOUR = "#2ca02c"
CELLS_PER_SET = 5
SLICES = 40


def birds(source: Path) -> None:
    """The input manifest of the bird job: its output lines without the label, with the id their answers were recorded under."""
    folder = source / "gt_birds_image_classification"
    lines = (folder / "output.manifest").read_text().splitlines()
    request = json.loads((folder / "consolidation_request.json").read_text())
    ids = {entry["dataObject"]["s3Uri"]: entry["datasetObjectId"] for entry in request}
    write_manifest(
        TARGET / "birds",
        [
            {"source-ref": reference, "recorded-object-id": ids[reference]}
            for reference in (json.loads(line)["source-ref"] for line in lines)
        ],
    )


def nodules(source: Path) -> None:
    """Boxes by four radiologists on CT slices: those with most boxes, every reader's answer, also the empty ones."""
    marks: defaultdict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
    with (source / "lidc_nodules" / "boxes_per_slice.csv").open() as table:
        for row in csv.DictReader(table):
            marks[row["scan"], int(row["slice"])].append(row)
    by_scan: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for (scan, number), rows in marks.items():
        by_scan[scan].append((len(rows), number))
    busiest = sorted(
        ((scan, max(found, key=lambda pair: (pair[0], -pair[1]))) for scan, found in by_scan.items()),
        key=lambda pair: (-pair[1][0], pair[0]),
    )[:SLICES]
    manifest, request = [], []
    for place, (scan, (_, number)) in enumerate(sorted(busiest)):
        reference = f"s3://example-bucket/lidc/{scan}/slice-{number:04}.png"
        manifest.append({"source-ref": reference})
        answers = {}
        for reader in ("r1", "r2", "r3", "r4"):
            answers[f"private.us-east-1.{reader}"] = {
                "boundingBoxes": [
                    {
                        "label": "nodule",
                        **{side: int(row[side]) for side in ("left", "top", "width", "height")},
                    }
                    for row in marks[scan, number]
                    if row["reader"] == reader
                ],
                "inputImageProperties": {"height": 512, "width": 512},
            }
        request.append(entry(place, reference, "boundingBox", answers))
    write_manifest(TARGET / "nodules", manifest)
    write_request(TARGET / "nodules", request)


def cells(source: Path) -> None:
    """Outlines of cells by seven crowd workers as semantic masks, with the published gold standard."""
    folder = TARGET / "cells"
    (folder / "gold").mkdir(parents=True, exist_ok=True)
    manifest: list[dict[str, str]] = []
    request = []
    for dataset in (1, 3, 5):
        with np.load(source / "bubil_cells_masks" / f"masks_dataset{dataset}.npz") as masks:
            items = sorted({name.split("/")[0] for name in masks.files})
            small = sorted(items, key=lambda item: (masks[f"{item}/gold"].size, item))[:CELLS_PER_SET]
            for item in small:
                reference = f"s3://example-bucket/cells/{item}.png"
                answers = {
                    f"public.us-east-1.CROWD{number}": mask_answer(mask)
                    for number, mask in enumerate(masks[f"{item}/crowd"], start=1)
                }
                request.append(entry(len(manifest), reference, "crowd-semantic-segmentation", answers))
                manifest.append({"source-ref": reference})
                (folder / "gold" / f"{item}.png").write_bytes(palette_png(masks[f"{item}/gold"]))
    write_manifest(folder, manifest)
    write_request(folder, request)


def mask_answer(mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    """A worker's binary mask as `crowd-semantic-segmentation` submits it."""
    height, width = mask.shape
    return {
        "inputImageProperties": {"height": height, "width": width},
        "labelMappings": {"cell": {"color": CELL_COLOUR}},
        "labeledImage": {"pngImageData": base64.b64encode(palette_png(mask)).decode()},
    }


def palette_png(mask: np.ndarray[Any, Any]) -> bytes:
    """A one-bit palette PNG with a transparent background, as the worker page makes it."""
    image = Image.fromarray(mask.astype(np.uint8)).convert("P")
    image.putdata(mask.astype(np.uint8).reshape(-1).tolist())
    image.putpalette([0, 0, 0, *bytes.fromhex(CELL_COLOUR[1:])])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", bits=1, transparency=b"\x00\xff", optimize=True)
    return buffer.getvalue()


def entry(place: int, reference: str, element: str, answers: dict[str, Any]) -> dict[str, Any]:
    """One data object of a consolidation payload."""
    return {
        "datasetObjectId": str(place),
        "dataObject": {"s3Uri": reference},
        "annotations": [
            {
                "workerId": worker,
                "annotationData": {"content": json.dumps({element: answer}, separators=(",", ":"))},
            }
            for worker, answer in answers.items()
        ],
    }


def write_manifest(folder: Path, lines: list[dict[str, str]]) -> None:
    """JSON Lines, one data object each."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (folder / "input.manifest").write_text(text)


def write_request(folder: Path, request: list[dict[str, Any]]) -> None:
    """A payload, one data object per line."""
    rows = ",\n".join(json.dumps(one, separators=(",", ":")) for one in request)
    (folder / "consolidation_request.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    for make in (birds, nodules, cells):
        make(Path(sys.argv[1]))
