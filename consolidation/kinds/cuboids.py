"""Cuboids: boxes in a single frame of a 3D point cloud, each with a label category and attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.cuboids import Cuboids, Y, overlaps_between
from consolidation.estimation.medians import smooth_medians, weighted_medians
from consolidation.kinds.attributes import Attributes, parse_attributes, vote_on_attributes
from consolidation.kinds.base import Answer, Consensus, Save, Task, check_count, class_map, probability
from consolidation.kinds.cuboid_parts import (
    CuboidShapes,
    fuse_clusters,
    is_cuboid,
    named_category,
    read_category,
    read_cuboid,
    written_cuboid,
)
from consolidation.kinds.part_columns import Part
from consolidation.kinds.parts import (
    Decision,
    Layout,
    consensus_of,
    decide,
    overlaps_limited,
)
from consolidation.kinds.placed_parts import PlacedPartsKind
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CuboidsAnswer:
    """One worker's cuboids.

    Attributes:
        cuboids: float64, shape (n, 9), as in `estimation.cuboids`.
        categories: n label categories: names, or places among the job's.
        attributes: n times the label-category attributes.
        faults: (JSON path, reason) of cuboids that could not be read.
    """

    cuboids: Cuboids
    categories: tuple[str | int, ...]
    attributes: tuple[Attributes, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedCuboid:
    """A decision with its fused cuboid (center-x, y, z, length, width, height, roll, pitch, yaw) and attributes."""

    decision: Decision
    cuboid: tuple[float, ...]
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class MergedCuboids:
    """All cuboids of a label; `categories` gives the ids."""

    categories: tuple[str, ...]
    labels: tuple[MergedCuboid, ...]
    candidates: tuple[MergedCuboid, ...]


class CuboidsKind(PlacedPartsKind[CuboidShapes]):
    """Cuboids (3D object detection): a custom page's own form field, in the shape of Ground Truth's built-in label.

    Recognised: an array of cuboids (`center-x` ... `height`), bare or as `annotations`; an object with nothing but an empty `annotations`.
    The category is a cuboid's `label`, `class-name` or `object-name` without its number; else its `class-id`, by the answer's
    `class-map` or the job's label categories. Angles that are missing are 0.
    Matched: across workers by mean IoU in space (setting `iou-threshold`, per kind or category), same category first, then any; at most
    one cuboid per worker in a cluster (`estimation.matching`). Overlap takes cuboids as upright: yaw counts, roll and pitch do not.
    Fused: the weighted median of centre and sizes; angles by the weighted median on the circle. A cuboid drawn back to front, or
    with length and width exchanged, is turned in quarters until its faces lie nearest to the others'; which end is the front is then a
    vote of its own (`estimation.headings`). Attributes: the value with most votes, numbers by their weighted median.
    Under `em`: which cuboids are real, and their categories, by the workers' skill (`kinds.part_skill`). The weights of centre, sizes,
    angles and front are divided by each worker's scale of error, seen from above over the batch (`estimation.exactness`); the medians are
    then smooth (`estimation.medians`), so that a little more weight for one of four does not make the others' numbers void.
    Quorum: a cuboid marked by more than `quorum` of the votes is a label; the others are kept under `candidates`.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names. Tie (of headings): higher summed
    skill, then the longer side as length, then the end towards +y. The label says `tie:part-N`.
    Single worker: the worker's cuboids, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts.
    Confidence, agreement: as for boxes, with IoU in space. The confidence is that of the object, not of its heading.
    Time O(B log B) for B cuboids of all workers plus the pairs whose bounds overlap, memory O(B + pairs).
    Source: AWS's output format of 3D point cloud object detection jobs, from which the label's shape is taken.
    """

    name: ClassVar[str] = "cuboids"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        listed = element.get("annotations") if isinstance(element, dict) else element
        return isinstance(listed, list) and (any(map(is_cuboid, listed)) or element == {"annotations": []})

    def accepts(self, element: Json) -> bool:
        """Any array: one without cuboids says that there is nothing, or has its faults named."""
        return isinstance(element.get("annotations") if isinstance(element, dict) else element, list)

    def parse(self, element: JsonNode, limits: Limits) -> CuboidsAnswer:
        """Read the cuboids; one that cannot be read is a fault of its own, not of the answer."""
        bare = isinstance(element.value, list)
        listed = element if bare else element["annotations"]
        names = {} if bare else _class_names(element)
        check_count(listed, len(listed.array()), "has {} cuboids", limits.parts, "limits.parts")
        cuboids, categories, attributes, faults = [], [], [], []
        for node in listed.elements():
            try:
                cuboid, category = read_cuboid(node), read_category(node, names, limits)
                attributes.append(parse_attributes(node.get("label-category-attributes"), limits))
                cuboids.append(cuboid)
                categories.append(category)
            except AnswerError as fault:
                faults.append((node.path, fault.reason))
        array = np.array(cuboids, dtype=np.float64).reshape(-1, 9)
        return CuboidsAnswer(array, tuple(categories), tuple(attributes), tuple(faults))

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, fuse; see the class for the rules."""
        layout = self.layout(answers, task)
        parts, shapes = layout.parts, layout.shapes
        task, exactness = self.split_skill(answers, task)
        decisions = decide(self.name, layout, answers, task)
        votes = np.array([answer.weight for answer in answers], np.float64)
        median = weighted_medians
        if exactness is not None:
            votes, median = votes / np.sqrt(exactness), smooth_medians
        weights = votes[[part.worker for part in parts]]
        skill = np.array([answers[part.worker].skill for part in parts])
        fused, tied = fuse_clusters(
            shapes.cuboids, weights, skill, [made.members for made in decisions], median
        )
        decisions = [
            made._replace(tied=made.tied or split)
            for made, split in zip(decisions, tied.tolist(), strict=True)
        ]
        found = [
            MergedCuboid(made, tuple(cuboid), _fused_attributes(made, layout, answers))
            for made, cuboid in zip(decisions, fused.tolist(), strict=True)
        ]
        merged = MergedCuboids(
            categories=task.categories(part.label for part in parts),
            labels=tuple(one for one in found if one.decision.accepted),
            candidates=tuple(one for one in found if not one.decision.accepted),
        )
        return consensus_of(merged, layout, decisions, answers, ())

    def comparable(self, answers: Sequence[Answer]) -> Sequence[Answer]:
        """All of them."""
        return answers

    def places(self, shapes: CuboidShapes) -> Floats:
        """Their centres, seen from above."""
        return shapes.cuboids[:, : Y + 1]

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[CuboidShapes]:
        """Cuboids by their centres, from low x to high, with their IoU in space."""
        rows = [
            (*cuboid, named_category(category, task), worker, place)
            for worker, answer in enumerate(answers)
            for place, (cuboid, category) in enumerate(
                zip(answer.value.cuboids.tolist(), answer.value.categories, strict=True)
            )
        ]
        rows.sort()
        cuboids = np.array([row[:9] for row in rows], dtype=np.float64).reshape(-1, 9)
        parts = [Part(worker=row[10], label=row[9]) for row in rows]
        attributes = tuple(answers[row[10]].value.attributes[row[11]] for row in rows)
        workers = np.array([part.worker for part in parts], dtype=np.int64)
        with overlaps_limited():
            overlaps = overlaps_between(cuboids, workers, task.settings.limits.overlaps)
        return Layout(parts, overlaps, CuboidShapes(cuboids, attributes))

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (`annotations`) with `class-map`, confidence, support and candidates."""
        merged: MergedCuboids = consensus.merged
        single = consensus.confidence is None
        everything = (*merged.labels, *merged.candidates)
        written = _written(everything, merged.categories, single=single)
        return {
            "annotations": written[: len(merged.labels)],
            "class-map": class_map(merged.categories, (one.decision.label for one in everything)),
            "candidates": written[len(merged.labels) :],
        }


def _class_names(element: JsonNode) -> dict[str, str]:
    """Category name by class id, where the answer carries the map of an earlier label."""
    for member in ("class-map", "class_map"):
        listed = element.object().get(member)
        if isinstance(listed, dict):
            return {number: name for number, name in listed.items() if isinstance(name, str)}
    return {}


def _fused_attributes(made: Decision, layout: Layout[CuboidShapes], answers: Sequence[Answer]) -> Attributes:
    return vote_on_attributes(
        [(answers[layout.parts[member].worker], layout.shapes.attributes[member]) for member in made.members]
    )


def _written(
    found: Sequence[MergedCuboid], categories: Sequence[str], *, single: bool
) -> list[dict[str, Any]]:
    """Cuboids under Ground Truth's names; objects of a category are numbered from 1."""
    numbers: Counter[str] = Counter()
    written = []
    for one in found:
        label = one.decision.label
        numbers[label] += 1
        written.append(
            {
                "object-name": f"{label}:{numbers[label]}",
                "class-id": categories.index(label),
                "class-name": label,
                **written_cuboid(one.cuboid),
                "label-category-attributes": dict(one.attributes),
                "confidence": None if single else probability(one.decision.confidence),
                "support": one.decision.support.to_wire(),
            }
        )
    return written
