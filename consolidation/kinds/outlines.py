"""Polygons and polylines in frames: compared by area or distance, fused as in a single image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import combinations
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.boxes import overlaps_between
from consolidation.estimation.curve_fusion import fuse_curves
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.paths import Path, area_iou, mean_gap
from consolidation.kinds.base import check_count
from consolidation.kinds.geometry import (
    Clusters,
    Floats,
    FrameGeometry,
    Ints,
    Point,
    plain,
    read_point,
    span_scale,
)
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Outline = tuple[Point, ...]
_DIGITS = 6
"""Decimals kept of coordinates that do not come as whole pixels."""


class _OutlineGeometry(FrameGeometry[Outline]):
    """Lists of vertices."""

    least: ClassVar[int]
    """Fewest vertices."""

    @abstractmethod
    def _alike(self, one: Path, other: Path, scale: float) -> float:
        """In [0, 1]."""

    def read(self, node: JsonNode, limits: Limits) -> Outline:
        """`vertices` of `x` and `y`."""
        listed = node["vertices"]
        check_count(listed, len(listed.array()), "has {} vertices", limits.vertices, "limits.vertices")
        vertices = tuple(read_point(vertex) for vertex in listed.elements())
        if len(set(vertices)) < self.least:
            raise listed.fail(f"has {len(set(vertices))} distinct vertices, needed are {self.least}")
        return vertices

    def write(self, shape: Outline) -> dict[str, Json]:
        """The same."""
        return {"vertices": [{"x": plain(x), "y": plain(y)} for x, y in shape]}

    def vertices(self, shape: Outline) -> int:
        """All of them."""
        return len(shape)

    def order(self, shape: Outline) -> tuple[float, ...]:
        """From top to bottom, left to right, by the middle of the vertices, then by all of them."""
        middle = np.array(shape).mean(axis=0)
        return (*middle[::-1].tolist(), *(coordinate for vertex in shape for coordinate in vertex))

    def overlaps(self, shapes: Sequence[Outline], workers: Ints, scale: float, most: int) -> Overlaps:
        """Likeness of those whose extents, widened by `scale`, overlap."""
        paths = [np.array(shape, np.float64) for shape in shapes]
        extents = [[*(path.min(axis=0) - scale), *(path.max(axis=0) + scale)] for path in paths]
        near = overlaps_between(np.array(extents).reshape(-1, 4), workers, most)
        pairs = zip(near.first.tolist(), near.second.tolist(), strict=True)
        alike = np.array([self._alike(paths[one], paths[other], scale) for one, other in pairs], np.float64)
        return Overlaps(near.first[alike > 0], near.second[alike > 0], alike[alike > 0])

    def _medoid(self, shapes: Sequence[Outline], members: Sequence[int], weights: Floats) -> int:
        """Place of the member with the highest likeness to the others, summed by their weights; of equals the first."""
        paths = [np.array(shapes[member], np.float64) for member in members]
        scale = span_scale(np.concatenate(paths))
        sums = weights[list(members)].copy()
        for one, other in combinations(range(len(members)), 2):
            alike = self._alike(paths[one], paths[other], scale)
            sums[one] += alike * weights[members[other]]
            sums[other] += alike * weights[members[one]]
        return int(np.argmax(np.round(sums, 9)))

    def likeness(self, shapes: Sequence[Outline], first: Ints, second: Ints, scale: float) -> Floats:
        """As within a frame."""
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        alike = [self._alike(np.array(shapes[one]), np.array(shapes[other]), scale) for one, other in pairs]
        return np.array(alike, np.float64)


class PolygonGeometry(_OutlineGeometry):
    """Closed outlines, compared by the IoU of their areas."""

    list_name: ClassVar[str] = "polygons"
    least: ClassVar[int] = 3

    def scale(self, shapes: Sequence[Outline]) -> float:
        """Extents need no widening: what does not overlap is not the same."""
        return 0.0

    def fuse(self, shapes: Sequence[Outline], clusters: Clusters, weights: Floats) -> list[Outline]:
        """The member most like the others."""
        return [shapes[members[self._medoid(shapes, members, weights)]] for members in clusters]

    def _alike(self, one: Path, other: Path, scale: float) -> float:
        return area_iou(one, other)


class PolylineGeometry(_OutlineGeometry):
    """Open lines, the same up to a mean distance of `scale`; their direction does not matter."""

    list_name: ClassVar[str] = "polylines"
    least: ClassVar[int] = 2

    def scale(self, shapes: Sequence[Outline]) -> float:
        """A twentieth of the diagonal of what all lines of the sequence span, at least 10 pixels."""
        return span_scale(np.array([vertex for shape in shapes for vertex in shape]).reshape(-1, 2))

    def fuse(self, shapes: Sequence[Outline], clusters: Clusters, weights: Floats) -> list[Outline]:
        """Laid along the member most like the others and fused place by place (`estimation.curve_fusion`).

        The line runs as most votes do, else as that member does.
        """
        members = [member for cluster in clusters for member in cluster]
        starts = np.cumsum([0, *(len(cluster) for cluster in clusters)])
        central = [
            start + self._medoid(shapes, cluster, weights)
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

    def _alike(self, one: Path, other: Path, scale: float) -> float:
        return max(0.0, 1 - mean_gap(one, other) / scale)


def _outvoted(backwards: npt.NDArray[np.bool_], votes: Floats) -> bool:
    return bool(votes[backwards].sum() > votes.sum() / 2 * (1 + 1e-9))


def _finished(vertices: Floats, members: Sequence[Outline]) -> Outline:
    """In whole pixels where all members are, each vertex once."""
    whole = all(axis == int(axis) for member in members for vertex in member for axis in vertex)
    rounded = vertices.round(0 if whole else _DIGITS)
    kept = rounded[np.r_[True, (np.diff(rounded, axis=0) != 0).any(axis=1)]]
    return tuple((x, y) for x, y in (kept if len(kept) > 1 else vertices).tolist())
