"""ensemble-boxes: fusion of detectors' boxes, every worker a detector that is sure of each box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ensemble_boxes
import numpy as np

from benchmarks.found import Parts, Prepared
from benchmarks.workloads.boxes import BoxScene


def fusion(work: Sequence[BoxScene], function: str, least: float) -> Prepared:
    """One of the library's functions at IoU 0.5.

    Args:
        work: images.
        function: of the library.
        least: score from which a box is a label. Weighted boxes fusion scores a box by the share of workers behind it.
    """
    fuse = getattr(ensemble_boxes, function)
    given = []
    for scene in work:
        size = np.array([*scene.size, *scene.size], np.float64)
        edges = [np.clip(drawn.edges / size, 0, 1) for drawn in scene.drawn.values()]
        scores = [np.ones(len(one)) for one in edges]
        given.append((size, edges, scores, [drawn.categories for drawn in scene.drawn.values()]))

    def run() -> list[Any]:
        return [fuse(edges, scores, labels, iou_thr=0.5) for _, edges, scores, labels in given]

    def read(made: Sequence[Any]) -> list[Parts]:
        return [
            Parts.of(list(np.asarray(edges) * size), np.asarray(labels).astype(int).tolist(), scores, least)
            for (edges, scores, labels), (size, *_) in zip(made, given, strict=True)
        ]

    return Prepared(run, read)
