"""Cells boxed by ten pathology experts, five categories, against a truth made independently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import PLAIN, SETTINGS, labels_of
from benchmarks.real.metrics import as_element, average_precision, corners, hits_of, reproduced
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json, rows_of
from benchmarks.reliability import Reliability
from consolidation.estimation.boxes import Boxes
from consolidation.kinds.boxes import BoxesKind
from shared.settings import Settings

DATA_SETS = ("expert_boxes_asthma_cells",)
_IOU = 0.25
Found = tuple[str, str, Sequence[float], float]
"""Category, image, box, score."""


@dataclass(frozen=True)
class _Study:
    """Truth by category and image, image sizes by image, boxes as (category, box) by round, worker and image."""

    truth: Mapping[str, Mapping[str, Boxes]]
    sizes: Mapping[str, tuple[int, int]]
    drawn: Mapping[tuple[str, str, str], Sequence[tuple[str, tuple[float, ...]]]]


def measure(data: Path) -> list[Row]:
    """Two rows for each round: labels alone, and labels with candidates, both ranked by our confidence."""
    place = folder(data, DATA_SETS[0])
    study = _read(place)
    rounds = read_json(place / "expected.json")["results"]["rounds"]
    return [row for number, expected in rounds.items() for row in _rows(study, number, expected)]


def _rows(study: _Study, number: str, expected: Mapping[str, Any]) -> list[Row]:
    experts = expected["per_expert_mAP_iou_0_25"]
    single = {
        expert: reproduced(_score(study, _of_expert(study, number, expert)), score)
        for expert, score in experts.items()
    }
    best = max(single, key=lambda expert: (single[expert], expert))
    simple = expected["simple_consensus"]
    labels, candidates = _consolidated(study, number, sorted(experts), SETTINGS)
    plain = _score(study, _consolidated(study, number, sorted(experts), PLAIN)[0])
    row = Row(
        data_set=DATA_SETS[0],
        kind=BoxesKind.name,
        metric=f"mean average precision, round {number}, labels",
        items=len(study.sizes),
        ours=_score(study, labels),
        majority=simple["at_least_6_votes"],
        single=single[best],
        published={
            **{f"simple consensus, {name.replace('_', ' ')}": value for name, value in simple.items()},
            "one expert, mean": expected["mean_of_experts"],
        },
        note=f"At IoU {_IOU}, {len(labels)} boxes ranked by our confidence. Single: {best}, the best of ten. Simple consensus (computed "
        "for the set's README): greedy clusters, median box, most frequent category, ranked by votes; majority: at least 6 of the 10. "
        f"Under our method `majority`: {plain:.4f}.",
    )
    more = replace(
        row,
        metric=f"mean average precision, round {number}, with candidates",
        ours=_score(study, [*labels, *candidates]),
        note=f"As above, and the {len(candidates)} candidates.",
        reliability=_reliability(study, [*labels, *candidates]),
    )
    return [row, more]


def _read(place: Path) -> _Study:
    sizes = {row["image"]: (int(row["width"]), int(row["height"])) for row in rows_of(place / "images.csv")}
    truth: defaultdict[str, defaultdict[str, list[tuple[float, ...]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows_of(place / "truth.csv"):
        truth[row["label"]][row["image"]].append(_edges(row))
    drawn: defaultdict[tuple[str, str, str], list[tuple[str, tuple[float, ...]]]] = defaultdict(list)
    for row in rows_of(place / "boxes.csv"):
        drawn[row["round"], row["worker"], row["image"]].append((row["label"], _edges(row)))
    arrays = {
        label: {image: np.array(boxes) for image, boxes in images.items()} for label, images in truth.items()
    }
    return _Study(arrays, sizes, drawn)


def _edges(row: Mapping[str, str]) -> tuple[float, ...]:
    """Both corners are inclusive in the files."""
    return float(row["x1"]), float(row["y1"]), float(row["x2"]) + 1, float(row["y2"]) + 1


def _of_expert(study: _Study, number: str, expert: str) -> list[Found]:
    return [
        (label, image, box, 1.0)
        for (turn, worker, image), boxes in study.drawn.items()
        if (turn, worker) == (number, expert)
        for label, box in boxes
    ]


def _consolidated(
    study: _Study, number: str, experts: Sequence[str], settings: Settings
) -> tuple[list[Found], list[Found]]:
    """The labels' boxes and the candidates of all images of a round, which is one batch."""
    objects = {
        image: {expert: as_element(study.drawn.get((number, expert, image), ()), size) for expert in experts}
        for image, size in study.sizes.items()
    }
    labels: list[Found] = []
    candidates: list[Found] = []
    for image, made in labels_of(BoxesKind(), objects, sorted(study.truth), settings).items():
        labels += _found(image, made.label["annotations"])
        candidates += _found(image, made.label["candidates"])
    return labels, candidates


def _found(image: str, boxes: Iterable[Mapping[str, Any]]) -> list[Found]:
    return [(box["class-name"], image, corners(box), box["confidence"]) for box in boxes]


def _reliability(study: _Study, found: Sequence[Found]) -> Reliability:
    sure, right = list[float](), list[bool]()
    for label, boxes in sorted(study.truth.items()):
        named = sorted((one[1:] for one in found if one[0] == label), key=lambda one: -one[2])
        sure += [score for _, _, score in named]
        right += hits_of(named, boxes, _IOU)
    return Reliability.of(sure, right)


def _score(study: _Study, found: Sequence[Found]) -> float:
    """Mean over the categories of the average precision."""
    return float(
        np.mean(
            [
                average_precision([one[1:] for one in found if one[0] == label], boxes, _IOU)
                for label, boxes in sorted(study.truth.items())
            ]
        )
    )
