"""Polylines: open or closed curves given by their vertices, each with a label category."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.border_exactness import Hands
from consolidation.estimation.curve_fusion import FusedCurve, LaidCurves, curves_apart, fuse_laid, lay_curves
from consolidation.estimation.curves import SAMPLES, curve_overlaps, sampled
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
)
from consolidation.kinds.drawn_parts import DrawnLayout, DrawnPartsKind, Things, split_skill
from consolidation.kinds.geometry import DIGITS, read_point
from consolidation.kinds.image_parts import MergedParts, image_diagonal, written_part, written_point
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

Vertices = npt.NDArray[np.float64]
Curves = tuple[Vertices, ...]


@dataclass(frozen=True, slots=True)
class PolylinesAnswer:
    """One worker's polylines.

    Attributes:
        size: (width, height) of the image in pixels, or None.
        curves: float64, shape (n, 2), n >= 2, each: x and y of the vertices in pixels, clipped to the image.
        labels: their label categories.
        whole: whether all coordinates came as whole numbers.
        faults: (JSON path, reason) of polylines that could not be read.
    """

    size: ImageSize | None
    curves: Curves
    labels: tuple[str, ...]
    whole: bool = True
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedPolyline:
    """A decision with its vertices: x and y in pixels."""

    decision: Decision
    vertices: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Laid:
    """The drawings of some clusters, laid along each other."""

    clusters: list[tuple[int, ...]]
    curves: LaidCurves


class PolylinesKind(DrawnPartsKind[Curves]):
    """Polylines: `crowd-polyline`. The kind `lines` has the same rules.

    Recognised: an object with an array `polylines`.
    Matched: across workers by likeness, whichever way they run: the mean over all places of both curves of a Gaussian of the
    distance to the other curve, 1 at none, 0.3 at the tolerance, 0 beyond (`estimation.curves`); best first, same category first, then
    any; at most one polyline per worker in a cluster (`estimation.matching`). The tolerance is 2.5 times the upper quartile of the mean
    distances between polylines of one category that are nearest to each other; at most `distance-tolerance` of the image's diagonal, at
    least 3 pixels and a tenth of `distance-tolerance`.
    Fused: laid along the polyline that is most like the others, turned round where need be, by dynamic time warping; at each place by
    `estimation.locations`, so that exact workers count for more and a gross outlier of three does no harm; beginning and ending at the
    median of where they do; simplified by half of the place's own doubt (spread by the root of the workers), at least by half a pixel
    (`estimation.curve_fusion`). Equal polylines come back unchanged. Where all have two vertices, so has the label. The direction is
    that of most votes. Closed polylines (first vertex = last) are turned to begin where the central one does. Vertices are whole pixels
    when all of the members' are.
    Under skill (`em`): exact workers are also those who drew near the others over all data objects (`estimation.border_exactness`).
    Quorum: a polyline drawn by more than `quorum` of the votes is a label; the others are kept under `candidates`. Under skill:
    as for boxes.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`. Of
    directions: higher summed skill, then from top to bottom, then from left to right.
    Single worker: the worker's polylines, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts. Another image size than most workers': the answer is rejected. A polyline of no length is rejected alone.
    Confidence of a polyline: probability that it is real (given how many drew it) times that its category is right (given what they
    called it). Confidence of the label: the expected share of right decisions over polylines and candidates. Agreement: mean pairwise
    Dice of the workers' polylines, shared ones counted by their likeness.
    Time O(pairs whose surroundings overlap + P) at a fixed number of places per polyline, memory O(pairs + P) for P polylines.
    """

    name: ClassVar[str] = "polylines"
    vertices: ClassVar[tuple[int, float]] = (2, math.inf)
    """The least and most vertices of one."""

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and isinstance(element.get(self.name), list)

    def parse(self, element: JsonNode, limits: Limits) -> PolylinesAnswer:
        """Read and clip the polylines; one that cannot be read is a fault of its own, not of the answer."""
        size = parse_image_size(element)
        listed = element[self.name]
        check_count(listed, len(listed.array()), f"has {{}} {self.name}", limits.parts, "limits.parts")
        check_count(listed, vertices_in(listed), "has {} vertices", limits.vertices, "limits.vertices")
        curves, labels, faults = read_parts(listed, lambda node: self._curve(node, size), limits)
        whole = all((vertices == np.round(vertices)).all() for vertices in curves)
        return PolylinesAnswer(size, tuple(curves), tuple(labels), whole, faults)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, fuse; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        task, hands = split_skill(task)
        decisions = decide(self.name, layout, kept, task)
        fused = [
            MergedPolyline(made, _finished(curve, made, layout, kept))
            for made, curve in zip(decisions, _fused(layout, decisions, kept, hands), strict=True)
        ]
        merged = MergedParts.of(size, task.categories(layout.columns.names), fused)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def apart(
        self, layout: DrawnLayout[Curves], clusters: Sequence[Sequence[int]]
    ) -> tuple[Things, DrawnLayout[Curves]]:
        """How far the drawings of each polyline lie apart, laid along the one most like the others."""
        members = [member for chosen in clusters for member in chosen]
        equal = [1.0] * (1 + max((part.worker for part in layout.parts), default=0))
        laid = _laid(layout, [tuple(chosen) for chosen in clusters], equal)
        things = [
            ([members[one] for one in group.tolist()], squares, np.zeros(len(group)), 1.0)
            for group, squares in curves_apart(laid.curves)
        ]
        return things, replace(layout, drawn=laid)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> DrawnLayout[Curves]:
        """Polylines from top to bottom, left to right, whichever way they run, with their likeness."""
        rows = [
            (curve, label, worker)
            for worker, answer in enumerate(answers)
            for curve, label in zip(answer.value.curves, answer.value.labels, strict=True)
        ]
        rows.sort(key=lambda row: (*_content(row[0]), row[1], row[2]))
        parts = [Part(worker, label) for _, label, worker in rows]
        curves = tuple(curve for curve, _, _ in rows)
        number = {name: place for place, name in enumerate(sorted({part.label for part in parts}))}
        most = task.settings.limits.overlaps
        with overlaps_limited(f"more than {most} pairs of {self.name} lie near each other"):
            overlaps = curve_overlaps(
                sampled(curves, SAMPLES),
                np.array([part.worker for part in parts], np.int64),
                np.array([number[part.label] for part in parts], np.int64),
                task.settings.distance_tolerance
                * image_diagonal(answers, np.vstack([np.zeros((0, 2)), *curves])),
                most,
            )
        return DrawnLayout(parts, overlaps, curves)

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`annotations` and `image_size` as built-in jobs have them, `class-map`, confidence, support and candidates."""
        merged: MergedParts[MergedPolyline] = consensus.merged
        single = consensus.confidence is None
        return merged.to_wire(lambda line: _written(line, merged.categories, single=single))

    def _curve(self, node: JsonNode, size: ImageSize | None) -> Vertices:
        """The vertices of a polyline, clipped to the image."""
        listed = node["vertices"]
        given = [read_point(vertex) for vertex in listed.elements()]
        least, most = self.vertices
        if not least <= len(given) <= most:
            needed = f"exactly {least}" if least == most else f"at least {least}"
            raise listed.fail(f"has {len(given)} vertices, needed are {needed}")
        vertices = np.array(given, np.float64)
        if size is not None:
            vertices = vertices.clip(0, size)
        if (vertices == vertices[0]).all():
            raise node.fail("has no length within the image")
        return vertices


def _content(curve: Vertices) -> tuple[Any, ...]:
    """What orders polylines: where they lie, then their vertices, from whichever end comes first."""
    ways = sorted([curve[:, ::-1].tolist(), curve[::-1, ::-1].tolist()])
    return curve[:, 1].min(), curve[:, 0].min(), ways[0], curve[:, ::-1].tolist()


def _fused(
    layout: Layout[Curves], decisions: Sequence[Decision], answers: Sequence[Answer], hands: Hands | None
) -> list[FusedCurve]:
    clusters = [tuple(made.members) for made in decisions]
    known = layout.drawn if hands and isinstance(layout, DrawnLayout) else None
    if known is None or known.clusters != clusters:
        known = _laid(layout, clusters, [answer.weight for answer in answers])
    makers = np.array([layout.parts[member].worker for members in clusters for member in members], np.int64)
    votes = np.array([answer.weight for answer in answers], np.float64)
    exactness = hands.variances_of([answer.person for answer in answers]) if hands else None
    return fuse_laid(known.curves, makers, votes[makers], exactness)


def _laid(layout: Layout[Curves], clusters: Sequence[tuple[int, ...]], votes: Sequence[float]) -> _Laid:
    """The drawings of each cluster laid along the one most like the others."""
    members = [member for chosen in clusters for member in chosen]
    place = {member: number for number, member in enumerate(members)}
    likeness = np.zeros(len(layout.parts))
    cluster = np.zeros(len(layout.parts), np.int64)
    for number, chosen in enumerate(clusters):
        cluster[list(chosen)] = number
    overlaps = layout.overlaps
    together = cluster[overlaps.first] == cluster[overlaps.second]
    for ends in (overlaps.first, overlaps.second):
        likeness += np.bincount(ends[together], overlaps.iou[together], len(layout.parts))
    central = [place[max(chosen, key=lambda member: likeness[member].round(9))] for chosen in clusters]
    curves = lay_curves(
        [layout.shapes[member] for member in members],
        cluster[members],
        np.array(central, np.int64),
        np.array([votes[layout.parts[member].worker] for member in members], np.float64),
    )
    return _Laid(list(clusters), curves)


def _finished(
    curve: FusedCurve, made: Decision, layout: Layout[Curves], answers: Sequence[Answer]
) -> tuple[tuple[float, float], ...]:
    """The vertices in the direction of most votes, as whole pixels where all workers gave such."""
    makers = [answers[layout.parts[member].worker] for member in made.members]
    vertices = curve.vertices[::-1] if _turned(curve, makers) else curve.vertices
    digits = 0 if all(maker.value.whole for maker in makers) else DIGITS
    given = [(round(x, digits), round(y, digits)) for x, y in vertices.tolist()]
    kept = [one for one, before in zip(given, [None, *given], strict=False) if one != before]
    drawn = any(np.array_equal(curve.vertices, layout.shapes[member]) for member in made.members)
    if drawn or len(kept) < 2:
        return tuple((x, y) for x, y in vertices.tolist())
    return tuple(kept)


def _turned(curve: FusedCurve, makers: Sequence[Answer]) -> bool:
    """Whether most votes are for the other direction than the central polyline's."""
    (left, top), (right, bottom) = curve.vertices[0].tolist(), curve.vertices[-1].tolist()
    downwards = (top, left) <= (bottom, right)
    said = zip(map(bool, curve.backwards), makers, strict=True)
    return count_ballot(said, order=lambda back: back == downwards).choice


def _written(line: MergedPolyline, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    vertices: Json = [written_point(x, y) for x, y in line.vertices]
    return written_part(line.decision, categories, {"vertices": vertices}, single=single)
