"""Polygons: outlines, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.border_exactness import Hands
from consolidation.estimation.outline_fusion import Arranged, arrange, fuse, settle, things_apart
from consolidation.estimation.outlines import (
    Outline,
    Outlines,
    areas,
    canonical,
    clipped,
    distinct,
    overlaps_between,
    signed_area,
    thinned,
)
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
)
from consolidation.kinds.drawn_parts import DrawnLayout, DrawnPartsKind, Things, split_skill
from consolidation.kinds.geometry import DIGITS, REACH
from consolidation.kinds.image_parts import MergedParts, written_part, written_point
from consolidation.kinds.part_columns import Part
from consolidation.kinds.parts import (
    Decision,
    ImageSize,
    Layout,
    agree_on_size,
    consensus_of,
    decide,
    overlaps_limited,
    parse_image_size,
    read_parts,
    vertices_in,
)
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_LEAST = 3
_FLAT = 1e-9
"""Share of its bounding box that a polygon's area must exceed."""
_LOOK = 256
"""Vertices that are enough to see whether a polygon that crosses itself has an area."""


@dataclass(frozen=True, slots=True)
class PolygonsAnswer:
    """One worker's polygons.

    Attributes:
        size: (width, height) of the image in pixels, or None.
        outlines: n outlines in canonical order, clipped to the image.
        labels: n label categories.
        faults: (JSON path, reason) of polygons that could not be read.
    """

    size: ImageSize | None
    outlines: tuple[Outline, ...]
    labels: tuple[str, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedPolygon:
    """A decision with its fused outline: float64, shape (n, 2)."""

    decision: Decision
    outline: Outline


class PolygonsKind(DrawnPartsKind[Outlines]):
    """Polygons: `crowd-polygon`.

    Recognised: an object with an array `polygons`.
    Matched: across workers by mean IoU (setting `iou-threshold`, per kind or category), same category first, then any; at most one
    polygon per worker in a cluster (`estimation.matching`). Polygons are clipped to the image first; one outside of it, of fewer than three
    distinct vertices or without area is rejected alone. One that crosses itself covers what it winds around (non-zero rule).
    Fused: as shapes, never vertex by vertex (`estimation.outline_fusion`). A polygon that more than half of the votes drew alike is kept
    to the vertex. Otherwise the border of what more than half of the votes cover; where they split in half, as for two workers, the line
    midway. One piece without holes, as a polygon has no more. Vertices are as few as keep the border within half a pixel, or 1/200
    of the diagonal where that is less, and need not be whole; they run clockwise from the topmost, of several the leftmost.
    Under skill (`em`): the distances of the outlines from that border, without their workers' usual ones, averaged place by place by the
    workers' exactness and by that which the outline shows, outliers counting little (`estimation.border_exactness`, `outline_settling`).
    Quorum: a polygon marked by more than `quorum` of the votes is a label; the others are kept under `candidates`. Under skill: as for
    boxes.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`.
    Single worker: the worker's polygons, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts. Another image size than most workers': the answer is rejected.
    Confidence and agreement: as for boxes, with the polygons' IoU.
    Time: the vertices of each pair with overlapping bounding boxes, multiplied; and about a millisecond per polygon of the label.
    Memory does not grow with the image: nothing is painted.
    """

    name: ClassVar[str] = "polygons"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and isinstance(element.get("polygons"), list)

    def parse(self, element: JsonNode, limits: Limits) -> PolygonsAnswer:
        """Read and clip the polygons; one that cannot be read is a fault of its own, not of the answer."""
        size = parse_image_size(element)
        listed = element["polygons"]
        check_count(listed, len(listed.array()), "has {} polygons", limits.parts, "limits.parts")
        check_count(listed, vertices_in(listed), "has {} vertices", limits.vertices, "limits.vertices")
        outlines, labels, faults = read_parts(listed, lambda node: read_outline(node, size), limits)
        return PolygonsAnswer(size, tuple(outlines), tuple(labels), faults)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, fuse; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        task, hands = split_skill(task)
        decisions = decide(self.name, layout, kept, task)
        outlines = _fused(layout, decisions, kept, size, hands)
        fused = [MergedPolygon(*made) for made in zip(decisions, outlines, strict=True)]
        merged = MergedParts.of(size, task.categories(layout.columns.names), fused)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def apart(
        self, layout: DrawnLayout[Outlines], clusters: Sequence[Sequence[int]]
    ) -> tuple[Things, DrawnLayout[Outlines]]:
        """How far the outlines of each polygon lie apart, along the contour that they have without skill."""
        arranged = arrange(layout.shapes, clusters)
        return things_apart(arranged), replace(layout, drawn=arranged)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> DrawnLayout[Outlines]:
        """Polygons from top to bottom, left to right, with their IoU."""
        parts, outlines = _in_reading_order(answers)
        workers = np.array([part.worker for part in parts], dtype=np.int64)
        with overlaps_limited():
            overlaps = overlaps_between(outlines, workers, task.settings.limits.overlaps)
        return DrawnLayout(parts, overlaps, outlines)

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`annotations` with `vertices`, `image_size`, `class-map`, confidence, support and candidates."""
        merged: MergedParts[MergedPolygon] = consensus.merged
        single = consensus.confidence is None
        return merged.to_wire(lambda polygon: _written(polygon, merged.categories, single=single))


def _fused(
    layout: Layout[Outlines],
    decisions: Sequence[Decision],
    answers: Sequence[Answer],
    size: ImageSize | None,
    hands: Hands | None,
) -> list[Outline]:
    """The outline of each polygon; without skill the plain one."""
    groups = [made.members for made in decisions]
    makers = [answers[part.worker] for part in layout.parts]
    votes = np.array([maker.weight for maker in makers], np.float64)
    if not hands:
        return fuse(layout.shapes, groups, votes)
    known: Arranged | None = layout.drawn if isinstance(layout, DrawnLayout) else None
    if known is None or list(map(tuple, known.groups)) != groups:
        known = arrange(layout.shapes, groups)
    persons = [maker.person for maker in makers]
    settled = settle(known, hands.variances_of(persons), hands.offsets_of(persons), votes)
    return settled if size is None else [_within(outline, size) for outline in settled]


def _within(outline: Outline, size: ImageSize) -> Outline:
    """The part of an outline within the image; all of it where none is left."""
    if ((outline >= 0) & (outline <= size)).all():
        return outline
    inside = clipped(outline, *size)
    return canonical(inside) + 0.0 if _has_area(inside) else outline


def read_outline(node: JsonNode, size: ImageSize | None) -> Outline:
    """The outline of a polygon, its `vertices` in canonical order, clipped to the image if that is known.

    Raises:
        AnswerError: it has fewer than three distinct vertices, no area, or lies outside of the image.
    """
    points = _points(node["vertices"])
    outline = distinct(points)
    if not _has_area(outline):
        different = len(set(map(tuple, points.tolist())))
        if different < _LEAST:
            raise node.fail(f"has {different} distinct vertices; a polygon needs {_LEAST}")
        raise node.fail("has no area")
    if size is not None and not ((outline >= 0) & (outline <= size)).all():
        outline = clipped(outline, *size)
        if not _has_area(outline):
            raise node.fail("lies outside of the image")
    return canonical(outline)


def _points(listed: JsonNode) -> npt.NDArray[np.float64]:
    """float64, shape (n, 2): x and y of the vertices.

    Vertices are many, so that they are read one by one only where something is wrong with them, to say what.
    """
    try:
        rows = [(vertex["x"], vertex["y"]) for vertex in listed.array()]
        if {type(number) for row in rows for number in row} <= {int, float}:
            points = np.array(rows, np.float64).reshape(-1, 2)
            if (np.abs(points) <= REACH).all():
                return points.round(DIGITS) + 0.0
    except (TypeError, KeyError, OverflowError):
        pass
    read = [
        [vertex[axis].number(least=-REACH, most=REACH) for axis in ("x", "y")] for vertex in listed.elements()
    ]
    return np.array(read, np.float64).reshape(-1, 2).round(DIGITS) + 0.0


def _has_area(outline: Outline) -> bool:
    if len(outline) < _LEAST:
        return False
    width, height = outline.max(axis=0) - outline.min(axis=0)
    least = _FLAT * width * height
    return bool(
        width * height > 0
        and (
            abs(signed_area(outline)) > least
            or areas(thinned(Outlines.of([outline]), _LOOK))[0] > least  # halves of a figure of eight cancel
        )
    )


def _in_reading_order(answers: Sequence[Answer]) -> tuple[list[Part], Outlines]:
    """The parts of all workers from top to bottom, left to right: an order that does not depend on that of the workers."""
    drawn = [
        (outline, label, worker)
        for worker, answer in enumerate(answers)
        for outline, label in zip(answer.value.outlines, answer.value.labels, strict=True)
    ]
    bounds = Outlines.of([outline for outline, _, _ in drawn]).bounds().tolist()
    rows = [
        (top, left, bottom, right, label, outline.tobytes(), worker, place)
        for place, ((outline, label, worker), (left, top, right, bottom)) in enumerate(
            zip(drawn, bounds, strict=True)
        )
    ]
    order = [row[-1] for row in sorted(rows)]
    parts = [Part(worker=drawn[place][2], label=drawn[place][1]) for place in order]
    return parts, Outlines.of([drawn[place][0] for place in order])


def _written(polygon: MergedPolygon, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    vertices: Json = [written_point(x, y) for x, y in polygon.outline.tolist()]
    return written_part(polygon.decision, categories, {"vertices": vertices}, single=single)
