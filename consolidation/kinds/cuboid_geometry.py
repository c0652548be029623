"""Cuboids in the frames of a point-cloud sequence: how they are read, compared and fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from consolidation.estimation.cuboids import iou_of_pairs, overlaps_between
from consolidation.estimation.matching import Overlaps
from consolidation.kinds.cuboid_parts import fuse_clusters, read_cuboid, written_cuboid
from consolidation.kinds.geometry import Clusters, Floats, FrameGeometry, Ints
from shared.json_node import Json, JsonNode
from shared.settings import Limits


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A cuboid, and whether its heading was a tie between those who drew it.

    Attributes:
        numbers: center-x, center-y, center-z, length, width, height, roll, pitch, yaw.
        tied: only ever true of what has been fused.
    """

    numbers: tuple[float, ...]
    tied: bool = False


class CuboidGeometry(FrameGeometry[Cuboid]):
    """Cuboids, compared by IoU in space, fused with faces and heading apart (`estimation.headings`)."""

    list_name: ClassVar[str] = "annotations"

    def read(self, node: JsonNode, limits: Limits) -> Cuboid:
        """The nine numbers."""
        return Cuboid(read_cuboid(node))

    def write(self, shape: Cuboid) -> dict[str, Json]:
        """The same."""
        return written_cuboid(shape.numbers)

    def order(self, shape: Cuboid) -> tuple[float, ...]:
        """By the centre, from low x to high."""
        return shape.numbers

    def overlaps(self, shapes: Sequence[Cuboid], workers: Ints, scale: float, most: int) -> Overlaps:
        """IoU in space."""
        return overlaps_between(_array(shapes), workers, most)

    def fuse(self, shapes: Sequence[Cuboid], clusters: Clusters, weights: Floats) -> list[Cuboid]:
        """Weighted medians, angles on the circle, the front by vote; what breaks a tie of headings is the weight."""
        fused, tied = fuse_clusters(_array(shapes), weights, weights, clusters)
        return [
            Cuboid(tuple(numbers), split)
            for numbers, split in zip(fused.tolist(), tied.tolist(), strict=True)
        ]

    def likeness(self, shapes: Sequence[Cuboid], first: Ints, second: Ints, scale: float) -> Floats:
        """IoU in space."""
        cuboids = _array(shapes)
        return iou_of_pairs(cuboids[first], cuboids[second])


def _array(shapes: Sequence[Cuboid]) -> Floats:
    return np.array([shape.numbers for shape in shapes], np.float64).reshape(-1, 9)
