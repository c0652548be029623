"""Boxes: axis-aligned, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from consolidation.estimation.boxes import Boxes, overlaps_between
from consolidation.estimation.matching import Clusters
from consolidation.estimation.medians import grouped_medians
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
)
from consolidation.kinds.geometry import DIGITS, REACH, rounded_to
from consolidation.kinds.image_parts import MergedParts, plain_number, written_part
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.part_places import Measures
from consolidation.kinds.parts import (
    Decision,
    ImageSize,
    Layout,
    PartsKind,
    agree_on_size,
    consensus_of,
    decide,
    overlaps_limited,
    parse_image_size,
    read_parts,
)
from shared.json_node import Json, JsonNode
from shared.settings import Limits


@dataclass(frozen=True, slots=True)
class BoxesAnswer:
    """One worker's boxes.

    Attributes:
        size: (width, height) of the image in pixels, or None.
        boxes: float64, shape (n, 4): left, top, right, bottom in pixels, clipped to the image.
        labels: n label categories.
        whole: whether all coordinates came as whole numbers.
        faults: (JSON path, reason) of boxes that could not be read.
    """

    size: ImageSize | None
    boxes: npt.NDArray[np.float64]
    labels: tuple[str, ...]
    whole: bool = True
    faults: tuple[tuple[str, str], ...] = ()


class MergedBox(NamedTuple):
    """A decision with its fused box: left, top, width, height in pixels."""

    decision: Decision
    box: tuple[float, float, float, float]


class BoxesKind(PartsKind[Boxes]):
    """Boxes: `crowd-bounding-box`.

    Recognised: an object with an array `boundingBoxes`.
    Matched: across workers by mean IoU (setting `iou-threshold`, per kind or category), same category first, then any; at most one
    box per worker in a cluster (`estimation.matching`). Boxes are clipped to the image first; one outside of it is rejected.
    Fused: the weighted median of each edge, so that one gross outlier of three does no harm; two workers give the mean. Coordinates
    are whole pixels when all of the members' are, halves going to the even pixel.
    Under skill (`em`): each worker's edges without the worker's bias, averaged by the worker's precision, outliers counting little
    (`estimation.placing`); the medians where the noise is far from normal.
    Quorum: a box marked by more than `quorum` of the votes is a label; the others are kept under `candidates`. Under skill: a box that is
    likelier real than one that just meets the quorum by unknown workers (`estimation.presence`), of the likeliest category that somebody
    gave it (`estimation.naming`).
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`.
    Single worker: the worker's boxes, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts. Another image size than most workers': the answer is rejected.
    Confidence of a box: probability that it is real (given how many marked it) times that its category is right (given what they
    called it). Confidence of the label: the expected share of right decisions over boxes and candidates. Agreement: mean pairwise
    Dice of the workers' boxes, shared ones counted by their IoU.
    Time O(B log B) for B boxes of all workers plus the pairs that overlap, memory O(B + pairs).
    """

    name: ClassVar[str] = "boxes"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and isinstance(element.get("boundingBoxes"), list)

    def parse(self, element: JsonNode, limits: Limits) -> BoxesAnswer:
        """Read and clip the boxes; a box that cannot be read is a fault of its own, not of the answer."""
        size = parse_image_size(element)
        listed = element["boundingBoxes"]
        check_count(listed, len(listed.array()), "has {} boxes", limits.parts, "limits.parts")
        read, labels, faults = read_parts(listed, lambda node: _edges(node, size), limits)
        boxes = np.array(read, dtype=np.float64).reshape(-1, 4)
        whole = bool((boxes == np.round(boxes)).all())
        return BoxesAnswer(size, boxes, tuple(labels), whole, faults)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, fuse; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        decisions = decide(self.name, layout, kept, task)
        edges = self.placed(layout, decisions, kept, task)
        if edges is None:
            edges = _medians(decisions, layout.columns, layout.shapes, kept)
        sides = _sides(edges, digits_of(decisions, layout.columns, kept))
        fused = [MergedBox(made, side) for made, side in zip(decisions, sides, strict=True)]
        merged = MergedParts.of(size, task.categories(layout.columns.names), fused)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[Boxes]:
        """Boxes from top to bottom, left to right, with their IoU."""
        columns, boxes = in_reading_order(answers)
        with overlaps_limited():
            overlaps = overlaps_between(boxes, columns.worker, task.settings.limits.overlaps)
        return Layout(columns, overlaps, boxes, columns=columns)

    def measures(self, layout: Layout[Boxes], clusters: Clusters) -> Measures:
        """The edges, in units of the box's width and height."""
        del clusters
        boxes = layout.shapes
        return Measures(boxes, np.tile(boxes[:, 2:] - boxes[:, :2], 2))

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (`annotations`, `image_size`) with `class-map`, confidence, support and candidates."""
        merged: MergedParts[MergedBox] = consensus.merged
        single = consensus.confidence is None
        return merged.to_wire(lambda box: _written(box, merged.categories, single=single))


def _edges(node: JsonNode, size: ImageSize | None) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box, clipped to the image."""
    left, top, width, height = read_sides(node)
    right, bottom = left + width, top + height
    if size is not None:
        left, right = max(left, 0), min(right, size[0])
        top, bottom = max(top, 0), min(bottom, size[1])
    if right <= left or bottom <= top:
        raise node.fail("lies outside of the image")
    return left, top, right, bottom


def read_sides(node: JsonNode) -> tuple[float, float, float, float]:
    """`left`, `top`, `width` and `height` of a box.

    Raises:
        AnswerError: one is missing or no number within REACH, or there is no width or height.
    """
    left, top, width, height = (
        node[side].number(least=-REACH, most=REACH) for side in ("left", "top", "width", "height")
    )
    if width <= 0 or height <= 0:
        raise node.fail(f"is {width:g}x{height:g}; a box needs a width and a height")
    return left, top, width, height


def in_reading_order(answers: Sequence[Answer]) -> tuple[Columns, npt.NDArray[np.float64]]:
    """The parts of all workers from top to bottom, left to right: an order that does not depend on that of the workers.

    Args:
        answers: at least one; their values have `boxes`, float64, shape (n, C), left, top, right and bottom first, and `labels`.

    Returns:
        P parts, and their boxes, float64, shape (P, C).
    """
    boxes = np.concatenate([answer.value.boxes for answer in answers])
    labels = [label for answer in answers for label in answer.value.labels]
    workers = [worker for worker, answer in enumerate(answers) for _ in answer.value.labels]
    drawn = Columns.of(workers, labels)
    left, top, right, bottom, *more = boxes.T
    order = np.lexsort((drawn.worker, drawn.said, *reversed(more), right, bottom, left, top))
    return Columns(drawn.worker[order], drawn.said[order], drawn.names), boxes.take(order, axis=0)


def _medians(
    decisions: Sequence[Decision], columns: Columns, boxes: Boxes, answers: Sequence[Answer]
) -> Boxes:
    """The weighted median of each edge, for each decision."""
    clusters = Clusters.of([made.members for made in decisions])
    weights = np.array([answer.weight for answer in answers], np.float64)
    return grouped_medians(boxes[clusters.marks], clusters.sizes, weights[columns.worker[clusters.marks]])


def digits_of(
    decisions: Sequence[Decision], columns: Columns, answers: Sequence[Answer]
) -> npt.NDArray[np.int64]:
    """Decimals of each decision's coordinates: none if all members came in whole pixels; their answers' values say so by `whole`."""
    whole = np.array([answer.value.whole for answer in answers])
    if not whole.any():
        return np.full(len(decisions), DIGITS)
    clusters = Clusters.of([made.members for made in decisions])
    broken = np.bincount(clusters.part, ~whole[columns.worker[clusters.marks]], len(decisions))
    return np.where(broken > 0, DIGITS, 0)


def _sides(edges: Boxes, digits: npt.NDArray[np.int64]) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height, rounded to so many decimals, from left, top, right and bottom."""
    edges = rounded_to(edges, digits[:, None])
    sides = np.column_stack([edges[:, :2], rounded_to(edges[:, 2:] - edges[:, :2], digits[:, None])])
    return [(left, top, width, height) for left, top, width, height in sides.tolist()]


def _written(box: MergedBox, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    sides = zip(("left", "top", "width", "height"), box.box, strict=True)
    shape: dict[str, Json] = {side: plain_number(value) for side, value in sides}
    return written_part(box.decision, categories, shape, single=single)
