"""Polygons and polylines in frames: compared by area or distance, fused as in a single image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation import outline_fusion, outlines
from consolidation.estimation.boxes import overlaps_between
from consolidation.estimation.curve_fusion import fuse_curves
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.outlines import Outlines
from consolidation.estimation.paths import Path, mean_gap
from consolidation.kinds.base import check_count
from consolidation.kinds.geometry import (
    DIGITS,
    Clusters,
    Floats,
    FrameGeometry,
    Ints,
    Point,
    plain,
    read_point,
    span_scale,
)
from consolidation.kinds.polygons import read_outline
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Vertices = tuple[Point, ...]
_LEAST = 2
"""Distinct vertices of a polyline."""


class _VertexGeometry(FrameGeometry[Vertices]):
    """Lists of vertices."""

    def write(self, shape: Vertices) -> dict[str, Json]:
        """`vertices` of `x` and `y`."""
        return {"vertices": [{"x": plain(x), "y": plain(y)} for x, y in shape]}

    def vertices(self, shape: Vertices) -> int:
        """All of them."""
        return len(shape)

    def order(self, shape: Vertices) -> tuple[float, ...]:
        """From top to bottom, left to right, by the middle of the vertices, then by all of them."""
        middle = np.array(shape).mean(axis=0)
        return (*middle[::-1].tolist(), *(coordinate for vertex in shape for coordinate in vertex))


class PolygonGeometry(_VertexGeometry):
    """Closed outlines, compared by the IoU of their areas and fused as shapes: see `kinds.polygons`."""

    list_name: ClassVar[str] = "polygons"

    def read(self, node: JsonNode, limits: Limits) -> Vertices:
        """`vertices` in canonical order. The image size is unknown: nothing is clipped."""
        _check_vertices(node, limits)
        return tuple((x, y) for x, y in read_outline(node, None).tolist())

    def overlaps(self, shapes: Sequence[Vertices], workers: Ints, scale: float, most: int) -> Overlaps:
        """IoU of those whose bounding boxes overlap."""
        return outlines.overlaps_between(_together(shapes), workers, most)

    def fuse(self, shapes: Sequence[Vertices], clusters: Clusters, weights: Floats) -> list[Vertices]:
        """The weighted median as shapes (`estimation.outline_fusion`)."""
        fused = outline_fusion.fuse(_together(shapes), clusters, weights)
        return [tuple((x, y) for x, y in outline.tolist()) for outline in fused]

    def likeness(self, shapes: Sequence[Vertices], first: Ints, second: Ints, scale: float) -> Floats:
        """As within a frame."""
        return outlines.iou_of_pairs(_together(shapes), first, second)


class PolylineGeometry(_VertexGeometry):
    """Open lines, the same up to a mean distance of `scale`; their direction does not matter."""

    list_name: ClassVar[str] = "polylines"

    def read(self, node: JsonNode, limits: Limits) -> Vertices:
        """`vertices` of `x` and `y`."""
        _check_vertices(node, limits)
        listed = node["vertices"]
        vertices = tuple(read_point(vertex) for vertex in listed.elements())
        if len(set(vertices)) < _LEAST:
            raise listed.fail(f"has {len(set(vertices))} distinct vertices, needed are {_LEAST}")
        return vertices

    def scale(self, shapes: Sequence[Vertices]) -> float:
        """A twentieth of the diagonal of what all lines of the sequence span, at least 10 pixels."""
        return span_scale(np.array([vertex for shape in shapes for vertex in shape]).reshape(-1, 2))

    def overlaps(self, shapes: Sequence[Vertices], workers: Ints, scale: float, most: int) -> Overlaps:
        """Likeness of those whose extents, widened by `scale`, overlap."""
        paths = [np.array(shape, np.float64) for shape in shapes]
        extents = [[*(path.min(axis=0) - scale), *(path.max(axis=0) + scale)] for path in paths]
        near = overlaps_between(np.array(extents).reshape(-1, 4), workers, most)
        alike = self.likeness(shapes, near.first, near.second, scale)
        return Overlaps(near.first[alike > 0], near.second[alike > 0], alike[alike > 0])

    def fuse(self, shapes: Sequence[Vertices], clusters: Clusters, weights: Floats) -> list[Vertices]:
        """Laid along the member most like the others and fused place by place (`estimation.curve_fusion`).

        The line runs as most votes do, else as that member does.
        """
        members = [member for cluster in clusters for member in cluster]
        starts = np.cumsum([0, *(len(cluster) for cluster in clusters)])
        central = [
            start + _medoid([shapes[member] for member in cluster], weights[list(cluster)])
            for start, cluster in zip(starts.tolist(), clusters, strict=False)
        ]
        fused = fuse_curves(
            [np.array(shapes[member], np.float64) for member in members],
            np.repeat(np.arange(len(clusters)), np.diff(starts)),
            np.array(central, np.int64),
            np.arange(len(members)),
            weights[members],
        )
        return [
            _finished(
                curve.vertices[::-1]
                if _outvoted(curve.backwards, weights[list(cluster)])
                else curve.vertices,
                [shapes[member] for member in cluster],
            )
            for curve, cluster in zip(fused, clusters, strict=True)
        ]

    def likeness(self, shapes: Sequence[Vertices], first: Ints, second: Ints, scale: float) -> Floats:
        """As within a frame."""
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        alike = [_alike(np.array(shapes[one]), np.array(shapes[other]), scale) for one, other in pairs]
        return np.array(alike, np.float64)


def _check_vertices(node: JsonNode, limits: Limits) -> None:
    listed = node["vertices"]
    check_count(listed, len(listed.array()), "has {} vertices", limits.vertices, "limits.vertices")


def _together(shapes: Sequence[Vertices]) -> Outlines:
    return Outlines.of([np.array(shape, np.float64) for shape in shapes])


def _alike(one: Path, other: Path, scale: float) -> float:
    """In [0, 1]."""
    return max(0.0, 1 - mean_gap(one, other) / scale)


def _medoid(shapes: Sequence[Vertices], weights: Floats) -> int:
    """Place of the line with the highest likeness to the others, summed by their weights; of equals the first."""
    paths = [np.array(shape, np.float64) for shape in shapes]
    scale = span_scale(np.concatenate(paths))
    sums = weights.copy()
    for one, other in combinations(range(len(paths)), 2):
        alike = _alike(paths[one], paths[other], scale)
        sums[one] += alike * weights[other]
        sums[other] += alike * weights[one]
    return int(np.argmax(np.round(sums, 9)))


def _outvoted(backwards: npt.NDArray[np.bool_], votes: Floats) -> bool:
    return bool(votes[backwards].sum() > votes.sum() / 2 * (1 + 1e-9))


def _finished(vertices: Floats, members: Sequence[Vertices]) -> Vertices:
    """In whole pixels where all members are, each vertex once."""
    whole = all(axis == int(axis) for member in members for vertex in member for axis in vertex)
    rounded = vertices.round(0 if whole else DIGITS)
    kept = rounded[np.r_[True, (np.diff(rounded, axis=0) != 0).any(axis=1)]]
    return tuple((x, y) for x, y in (kept if len(kept) > 1 else vertices).tolist())
