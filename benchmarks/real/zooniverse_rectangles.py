"""Rectangles in the test cases of panoptes_aggregation: does our matching find the clusters that its tests expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.real.labels import label_of, task_of
from benchmarks.real.metrics import as_element, parts_of, same_groups
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json
from consolidation.kinds.boxes import BoxesKind, MergedBox
from consolidation.kinds.image_parts import MergedParts

DATA_SETS = ("zooniverse_reducer_fixtures",)
_SIDES = ("x", "y", "width", "height")
_CLUSTERS = "_cluster_labels"
Drawn = Sequence[tuple[float, float, float, float]]


def measure(data: Path) -> list[Row]:
    """One row: the share of the cases with rectangles whose clusters are alike."""
    cases = [
        case
        for case in read_json(folder(data, DATA_SETS[0]) / "cases.json")
        if "rectangle" in case["reducer"] or "rectangle" in case["test_file"]
    ]
    alike = {case["name"]: all(_alike(*drawing) for drawing in _drawings(case)) for case in cases}
    others = ", ".join(sorted(name.removeprefix("Test") for name, same in alike.items() if not same))
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=BoxesKind.name,
            metric="cases with the clusters of panoptes_aggregation",
            items=len(cases),
            ours=sum(alike.values()) / len(cases),
            note=f"A check of the design, not of accuracy: it clusters by distance, we match by IoU. Not alike: {others}. There, boxes of "
            "IoU 1/7 are one cluster to it (threshold 0.1), or one volunteer has a box without area and two in one cluster.",
        )
    ]


def _drawings(case: Mapping[str, Any]) -> Iterator[tuple[list[Drawn], list[int]]]:
    """For each frame and tool, the volunteers' rectangles and the number of each one's cluster in the expected result, -1 for none."""
    for frame, expected in case["expected"].items():
        for key in sorted(expected):
            if key.endswith(_CLUSTERS):
                tool = key.removesuffix(_CLUSTERS)
                marks = [extract.get(frame, {}) for extract in case["input"]]
                columns = [[mark.get(f"{tool}_{side}", []) for side in _SIDES] for mark in marks]
                drawn: list[Drawn] = [
                    [(x, y, x + width, y + height) for x, y, width, height in zip(*sides, strict=True)]
                    for sides in columns
                ]
                yield drawn, expected[key]


def _alike(drawn: Sequence[Drawn], expected: Sequence[int]) -> bool:
    kind = BoxesKind()
    elements = {
        f"volunteer-{number:02}": as_element([("rectangle", box) for box in boxes])
        for number, boxes in enumerate(drawn)
    }
    made = label_of(kind, elements, ["rectangle"])
    if made.consensus.rejected:
        return False
    layout = kind.lay_out(made.answers, task_of(["rectangle"]))
    owners = parts_of(made.answers, layout.shapes, [part.worker for part in layout.parts])
    merged: MergedParts[MergedBox] = made.consensus.merged
    clusters = [
        (owners[member], number)
        for number, box in enumerate((*merged.labels, *merged.candidates))
        for member in box.decision.members
    ]
    alone = [label if label >= 0 else f"alone {place}" for place, label in enumerate(expected)]
    return same_groups([number for _, number in sorted(clusters)], alone)
