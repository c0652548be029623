"""Lung nodules boxed in space by four radiologists: which boxes of a CT scan belong together, and how good the fused one is."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real.labels import Labelled, labels_of, task_of
from benchmarks.real.rows import Row
from consolidation.estimation.cuboids import iou_of_pairs
from consolidation.kinds.cuboids import CuboidsKind, MergedCuboids

DATA_SETS = ("lidc_nodules",)
READERS = ("r1", "r2", "r3", "r4")
KIND, TASK = CuboidsKind(), task_of(("nodule",))
Numbers = tuple[float, ...]
Scan = Mapping[str, Sequence[tuple[str, Numbers]]]
"""For each reader, (nodule, cuboid): pixels in x and y, slices in z. IoU is the same in millimetres."""


def measure(data: Path) -> list[Row]:
    """Two rows: matching against pylidc's clusters, and cuboids against the extent of pylidc's consensus."""
    place = data / DATA_SETS[0]
    truth = {(row["scan"], row["nodule"]): _consensus(row) for row in _rows(place / "consensus_pylidc.csv")}
    scans = _scans(place)
    alike, scores = [], []
    objects = {
        # Reader 1 of two scans need not be the same person.
        name: {f"{name}/{reader}": _element(drawn) for reader, drawn in scan.items()}
        for name, scan in scans.items()
    }
    made = labels_of(KIND, objects, TASK.label_categories)
    for name, scan in scans.items():
        same, found = _compare(
            scan,
            made[name],
            {nodule: box for (scan_of, nodule), box in truth.items() if scan_of == name},
        )
        alike.append(same)
        scores += found
    fused, mean, single = np.mean(scores, axis=0).tolist()
    several = [same for scan, same in zip(scans.values(), alike, strict=True) if len(_nodules(scan)) > 1]
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=KIND.name,
            metric="scans with the clusters of pylidc",
            items=len(scans),
            ours=sum(alike) / len(alike),
            note=f"{sum(several)} of {len(several)} scans with several nodules. Boxes of one nodule that overlap less than the "
            "threshold are clusters of their own to us; pylidc joins contours that lie near each other.",
        ),
        Row(
            data_set=DATA_SETS[0],
            kind=KIND.name,
            metric="3-D IoU with the consensus' box",
            items=len(scores),
            ours=fused,
            majority=mean,
            single=single,
            note="Items: cuboids that became labels (three or four of four readers). Truth: extent of pylidc's 50 % consensus, one pixel "
            "wider on each side in x and y, as LIDC's outlines lie outside the nodule. Majority: the mean cuboid. Single: one reader on "
            "average; readers of different scans need not be the same person.",
        ),
    ]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as table:
        yield from csv.DictReader(table)


def _cuboid(row: Mapping[str, str], wider: float = 0.0) -> Numbers:
    """Centre, sizes and level angles of a row's box."""
    low = np.array([float(row[name]) for name in ("left", "top", "first_slice")])
    sizes = np.array([float(row[name]) for name in ("width", "height", "depth")])
    centre = low + sizes / 2
    return (*centre.tolist(), *(sizes + 2 * wider * np.array([1, 1, 0])).tolist(), 0.0, 0.0, 0.0)


def _consensus(row: Mapping[str, str]) -> Numbers:
    return _cuboid(row, wider=1.0)


def _scans(place: Path) -> dict[str, Scan]:
    found: defaultdict[str, dict[str, list[tuple[str, Numbers]]]] = defaultdict(
        lambda: {reader: [] for reader in READERS}
    )
    for row in _rows(place / "boxes3d.csv"):
        found[row["scan"]][row["reader"]].append((row["nodule"], _cuboid(row)))
    return dict(sorted(found.items()))


def _nodules(scan: Scan) -> set[str]:
    return {nodule for drawn in scan.values() for nodule, _ in drawn}


def _element(drawn: Sequence[tuple[str, Numbers]]) -> dict[str, object]:
    members = ("center-x", "center-y", "center-z", "length", "width", "height", "roll", "pitch", "yaw")
    return {
        "annotations": [
            {"label": "nodule", **dict(zip(members, numbers, strict=True))} for _, numbers in drawn
        ]
    }


def _compare(
    scan: Scan, made: Labelled, truth: Mapping[str, Numbers]
) -> tuple[bool, list[tuple[float, float, float]]]:
    """Whether the clusters are alike; for each label, IoU with the consensus' box of the fused, the mean, and a reader's box."""
    layout = KIND.lay_out(made.answers, TASK)
    nodule_of = {(reader, numbers): nodule for reader, drawn in scan.items() for nodule, numbers in drawn}
    nodules = [
        nodule_of[made.answers[part.worker].worker_id.rpartition("/")[2], tuple(numbers)]
        for part, numbers in zip(layout.parts, layout.shapes.cuboids.tolist(), strict=True)
    ]
    merged: MergedCuboids = made.consensus.merged
    clusters = [one.decision.members for one in (*merged.labels, *merged.candidates)]
    ours = {frozenset(members) for members in clusters}
    theirs = {
        frozenset(place for place, owner in enumerate(nodules) if owner == nodule) for nodule in set(nodules)
    }
    scores = []
    for one in merged.labels:
        drawn = layout.shapes.cuboids[list(one.decision.members)]
        target = truth[min(nodules[member] for member in one.decision.members)]
        scores.append(
            (
                _iou(np.array([one.cuboid]), target),
                _iou(drawn.mean(axis=0)[None], target),
                _iou(drawn, target),
            )
        )
    return ours == theirs, scores


def _iou(cuboids: npt.NDArray[np.float64], target: Numbers) -> float:
    """Mean IoU of cuboids with one."""
    return float(iou_of_pairs(cuboids, np.array([target] * len(cuboids))).mean())
