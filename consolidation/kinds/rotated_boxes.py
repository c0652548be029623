"""Rotated boxes: boxes turned about their centres, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Clusters
from consolidation.estimation.outlines import Outlines, clipped, overlaps_between
from consolidation.estimation.rotated_boxes import (
    box_of,
    corners,
    edges_in,
    fuse,
    on_half_circle,
    quarter_turned,
)
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
)
from consolidation.kinds.boxes import BoxesKind, digits_of, in_reading_order, read_sides
from consolidation.kinds.geometry import DIGITS
from consolidation.kinds.image_parts import MergedParts, plain_number, written_part
from consolidation.kinds.part_columns import Part
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

_TURNS = 1e6
"""Degrees beyond which an angle is taken for a mistake."""
_EIGHTH = 45
_ANGLE = ("angle", "rotation")
Rotated = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RotatedBoxesAnswer:
    """One worker's rotated boxes.

    Attributes:
        size: (width, height) of the image in pixels, or None.
        boxes: float64, shape (n, 5): left, top, right, bottom in pixels before the turn, and the angle in degrees, in (-90, 90].
        labels: n label categories.
        whole: whether all coordinates came as whole numbers.
        faults: (JSON path, reason) of boxes that could not be read.
    """

    size: ImageSize | None
    boxes: Rotated
    labels: tuple[str, ...]
    whole: bool = True
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedRotatedBox:
    """A decision with its fused box: left, top, width, height in pixels before the turn, angle in degrees."""

    decision: Decision
    box: tuple[float, float, float, float, float]


class RotatedBoxesKind(PartsKind[Rotated]):
    """Rotated boxes, as custom pages send them: boxes as `crowd-bounding-box` has them, with an angle.

    Recognised: an object with an array `boundingBoxes` of which at least one has a number `angle` or `rotation`. One such answer makes the
    answers of the others, without any angle, rotated boxes too; a box without an angle has angle 0.
    The angle is in degrees, clockwise on the screen, about the box's centre: `left` and `top` are those of the box before it is turned.
    Matched: across workers by mean IoU of the turned boxes (setting `iou-threshold`, per kind or category), same category first, then any;
    at most one box per worker in a cluster (`estimation.matching`). Boxes along the axes are clipped to the image; one outside of it
    is rejected.
    Fused (`estimation.rotated_boxes`): half a turn is no difference, nor a quarter with width and height exchanged. Members are described
    alike; the angle is the weighted median of theirs, the edges are the weighted medians of their edges in the frame of that angle. So one
    gross outlier of three does no harm, two workers give the mean, and boxes along the axes give what the kind `boxes` gives. Angles are
    written in (-90, 90]; which side is the width is what most members say.
    Under skill (`em`): the edges in that frame as edges of boxes; the angle as without.
    Quorum: a box marked by more than `quorum` of the votes is a label; the others are kept under `candidates`. Under skill: as for boxes.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`. Tie (of
    which side is the width): higher summed skill, then the angle nearer to 0.
    Single worker: the worker's boxes, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts. Another image size than most workers': the answer is rejected.
    Confidence and agreement: as for boxes, with the IoU of the turned boxes.
    Time O(B log B) for B boxes of all workers plus the pairs whose bounding boxes overlap, memory O(B + pairs).
    """

    name: ClassVar[str] = "rotated-boxes"
    absorbs: ClassVar[frozenset[str]] = frozenset({BoxesKind.name})

    def recognise(self, element: Json) -> bool:
        """See the class."""
        listed = element.get("boundingBoxes") if isinstance(element, dict) else None
        return isinstance(listed, list) and any(
            isinstance(box, dict) and any(_is_number(box.get(key)) for key in _ANGLE) for box in listed
        )

    def accepts(self, element: Json) -> bool:
        """With an array `boundingBoxes`, whether or not a box in it has an angle."""
        return isinstance(element, dict) and isinstance(element.get("boundingBoxes"), list)

    def parse(self, element: JsonNode, limits: Limits) -> RotatedBoxesAnswer:
        """Read the boxes; one that cannot be read is a fault of its own, not of the answer."""
        size = parse_image_size(element)
        listed = element["boundingBoxes"]
        check_count(listed, len(listed.array()), "has {} boxes", limits.parts, "limits.parts")
        read, labels, faults = read_parts(listed, lambda node: _box(node, size), limits)
        boxes = np.array(read, dtype=np.float64).reshape(-1, 5)
        whole = bool((boxes[:, :4] == np.round(boxes[:, :4])).all())
        return RotatedBoxesAnswer(size, boxes, tuple(labels), whole, faults)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, fuse; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        parts, boxes = list(layout.parts), layout.shapes
        decisions = decide(self.name, layout, kept, task)
        plain = [_fused(made, parts, boxes, kept) for made in decisions]
        edges = self.placed(layout, decisions, kept, task)
        if edges is not None:
            frames = _frames(boxes, [made.members for made in decisions])
            plain = [
                _described(box_of(frame, own), box)
                for frame, own, box in zip(frames, edges, plain, strict=True)
            ]
        fused = [
            MergedRotatedBox(made, _rounded(box, digits))
            for made, box, digits in zip(
                decisions, plain, digits_of(decisions, layout.columns, kept).tolist(), strict=True
            )
        ]
        merged = MergedParts.of(size, task.categories(layout.columns.names), fused)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[Rotated]:
        """Boxes from top to bottom, left to right, as they are before the turn, with the IoU of the turned ones."""
        columns, boxes = in_reading_order(answers)
        outlines = Outlines(corners(boxes).reshape(-1, 2), np.arange(len(boxes) + 1) * 4)
        with overlaps_limited():
            overlaps = overlaps_between(outlines, columns.worker, task.settings.limits.overlaps)
        return Layout(columns, overlaps, boxes, columns=columns)

    def measures(self, layout: Layout[Rotated], clusters: Clusters) -> Measures:
        """The edges in the plane turned like the members' fused box, in units of its width and height."""
        boxes = layout.shapes
        values, size = np.zeros((len(boxes), 4)), np.ones((len(boxes), 4))
        for frame, members in zip(_frames(boxes, clusters), clusters, strict=True):
            edges = edges_in(frame, boxes[list(members)])
            values[list(members)] = edges
            size[list(members)] = np.tile(edges[:, 2:] - edges[:, :2], 2)
        return Measures(values, size)

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The shape of boxes with `angle`."""
        merged: MergedParts[MergedRotatedBox] = consensus.merged
        single = consensus.confidence is None
        return merged.to_wire(lambda box: _written(box, merged.categories, single=single))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _box(node: JsonNode, size: ImageSize | None) -> list[float]:
    """Left, top, right, bottom and angle of a box; one along the axes clipped to the image."""
    left, top, width, height = read_sides(node)
    told = next((one for key in _ANGLE if (one := node.get(key)) is not None), None)
    degrees = 0.0 if told is None else float(told.number(least=-_TURNS, most=_TURNS))
    box = np.array([[left, top, left + width, top + height, on_half_circle(np.array(degrees))]])
    if size is not None:
        if box[0, 4] in {0, 90}:
            box = _clipped(box, size)
        outside = len(clipped(corners(box)[0], *size)) <= 2
        if outside or (box[0, :2] >= box[0, 2:4]).any():
            raise node.fail("lies outside of the image")
    edges: list[float] = box[0].tolist()
    return edges


def _clipped(box: Rotated, size: ImageSize) -> Rotated:
    """A box along the axes within the image; without width or height where it is outside."""
    if box[0, 4]:
        return quarter_turned(_clipped(quarter_turned(box), size))
    return np.column_stack([np.clip(box[:, :4], 0, [*size, *size]), box[:, 4]])


def _fused(made: Decision, parts: Sequence[Part], boxes: Rotated, answers: Sequence[Answer]) -> Rotated:
    makers = [answers[parts[member].worker] for member in made.members]
    weights, skill = (
        np.array([getattr(maker, what) for maker in makers], np.float64) for what in ("weight", "skill")
    )
    return fuse(boxes[list(made.members)], weights, skill)


def _frames(boxes: Rotated, clusters: Sequence[Sequence[int]]) -> list[Rotated]:
    """The box that the members of each cluster make when all count alike."""
    return [fuse(boxes[list(members)], *np.ones((2, len(members)))) for members in clusters]


def _described(box: Rotated, like: Rotated) -> Rotated:
    """The box as the one of two descriptions that is nearer to another box' angle."""
    away = float(on_half_circle(box[4] - like[4]))
    return quarter_turned(box[None])[0] if abs(away) > _EIGHTH else box


def _rounded(box: Rotated, digits: int) -> tuple[float, float, float, float, float]:
    """Left, top, width, height and angle; in whole pixels only where nothing is turned."""
    *edges, angle = box.tolist()
    digits = digits if angle == 0 else DIGITS
    left, top, right, bottom = (round(edge, digits) for edge in edges)
    return left, top, round(right - left, digits), round(bottom - top, digits), round(angle, DIGITS)


def _written(box: MergedRotatedBox, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    members = zip(("left", "top", "width", "height", "angle"), box.box, strict=True)
    shape: dict[str, Json] = {member: plain_number(value) for member, value in members}
    return written_part(box.decision, categories, shape, single=single)
