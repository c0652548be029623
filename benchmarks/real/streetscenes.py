"""Persons outlined by three public workers on two street scenes: there is no truth, so the pixel-wise majority stands for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import PLAIN, Labelled, labels_of
from benchmarks.real.metrics import Mask, mask_iou
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, request_elements
from consolidation.kinds.instance_mask import InstanceMaskKind

DATA_SETS = ("gt_streetscenes_instance_segmentation",)


def measure(data: Path) -> list[Row]:
    """One row: how far the instances together are the pixels that two of the three workers drew."""
    request = request_elements(folder(data, DATA_SETS[0]) / "consolidation_request.json")
    plain = labels_of(InstanceMaskKind(), request, settings=PLAIN)
    ours, by_majority, single = [], [], []
    for name, made in labels_of(InstanceMaskKind(), request).items():
        drawn = [_drawn(answer.value) for answer in made.answers]
        majority: Mask = np.sum(drawn, axis=0) * 2 > len(drawn)
        ours.append(mask_iou(_label(made), majority))
        by_majority.append(mask_iou(_label(plain[name]), majority))
        single += [mask_iou(mask, majority) for mask in drawn]
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=InstanceMaskKind.name,
            metric="IoU with the pixel-wise majority",
            items=len(request),
            ours=float(np.mean(ours)),
            majority=float(np.mean(by_majority)),
            single=float(np.mean(single)),
            note="A check of the format, with real base64 PNGs of the service: there is no ground truth, and it is no fault to differ from "
            "a majority of three. Majority: our method `majority`. Single: one worker on average.",
        )
    ]


def _drawn(value: Any) -> Mask:
    drawn: Mask = value.numbers[value.colour_map.indices] > 0
    return drawn


def _label(made: Labelled) -> Mask:
    return made.picture("mask-ref") > 0
