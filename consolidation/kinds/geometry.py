"""What is drawn in a frame: how shapes of one geometry are compared and fused. Sequences are merged without knowing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.boxes import overlaps_between
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.medians import weighted_medians
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Shape = TypeVar("Shape")
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Clusters = Sequence[Sequence[int]]

REACH = 1e9
"""No image is larger in pixels; with coordinates up to here no area overflows."""
DIGITS = 6
"""Decimals kept of coordinates that do not come as whole pixels: enough to clean float sums, too few to move a shape."""
_HALF, _EXACT = 1e-3, 1e12
"""Scaled numbers so near a half, or so large, are rounded one by one."""


def rounded_to(values: Floats, digits: Ints) -> Floats:
    """Numbers as `round` gives them, halves to the even digit, each to so many decimals.

    Args:
        values: float64. Not modified.
        digits: int64, of a shape that broadcasts to theirs, in [0, DIGITS].
    """
    scale = 10.0**digits
    scaled = values * scale
    made: Floats = np.rint(scaled) / scale
    from_half = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5)
    doubtful = ((from_half < _HALF) | (np.abs(scaled) > _EXACT)) & (scale > 1)
    if doubtful.any():
        each = np.broadcast_to(digits, values.shape)[doubtful].tolist()
        made[doubtful] = [round(*one) for one in zip(values[doubtful].tolist(), each, strict=True)]
    return made


class Geometry(ABC, Generic[Shape]):
    """One geometry. Shapes are immutable values of its own type; lists of them are in the order of the parts."""

    @abstractmethod
    def order(self, shape: Shape) -> tuple[float, ...]:
        """A key that puts shapes in an order depending on content only, such as reading order."""

    @abstractmethod
    def overlaps(self, shapes: Sequence[Shape], workers: Ints, scale: float, most: int) -> Overlaps:
        """How far the parts of different workers in one frame are the same.

        Args:
            shapes: P shapes of one frame.
            workers: int64, shape (P,).
            scale: as `scale` gives it for the whole sequence.
            most: pairs that are borne.

        Raises:
            OverflowError: there are more.
        """

    @abstractmethod
    def fuse(self, shapes: Sequence[Shape], clusters: Clusters, weights: Floats) -> list[Shape]:
        """One shape for each cluster of parts; a single member or members all alike give just that.

        Args:
            shapes: P shapes.
            clusters: lists of parts, none empty.
            weights: float64, shape (P,): votes of each part's worker, > 0.
        """

    @abstractmethod
    def likeness(self, shapes: Sequence[Shape], first: Ints, second: Ints, scale: float) -> Floats:
        """How alike pairs of shapes of different frames are: n values in [0, 1]."""

    def scale(self, shapes: Sequence[Shape]) -> float:
        """A length in the shapes' unit against which distances in the sequence are judged; 1 where none is needed."""
        return 1.0


class FrameGeometry(Geometry[Shape]):
    """A geometry that Ground Truth draws in video frames.

    Attributes:
        list_name: key of the list of parts in a frame.
    """

    list_name: ClassVar[str]

    @abstractmethod
    def read(self, node: JsonNode, limits: Limits) -> Shape:
        """The shape of a part.

        Raises:
            AnswerError: it has none. LimitError: it has too many vertices.
        """

    @abstractmethod
    def write(self, shape: Shape) -> dict[str, Json]:
        """The members of a part that carry its shape."""

    def vertices(self, shape: Shape) -> int:
        """How many vertices count towards the limit of a frame."""
        return 0


Box = tuple[float, float, float, float]


class BoxGeometry(FrameGeometry[Box]):
    """Boxes: (left, top, right, bottom) in pixels, compared by IoU, fused by the weighted median of each edge."""

    list_name: ClassVar[str] = "annotations"

    def read(self, node: JsonNode, limits: Limits) -> Box:
        """`left`, `top`, `width`, `height`, both sides positive. The image size is unknown: nothing is clipped."""
        left, top, width, height = (
            node[edge].number(least=-REACH, most=REACH) for edge in ("left", "top", "width", "height")
        )
        if width <= 0 or height <= 0 or left + width <= left or top + height <= top:
            raise node.fail(f"is {width:g}x{height:g}; a box needs a width and a height")
        return left, top, left + width, top + height

    def write(self, shape: Box) -> dict[str, Json]:
        """The same four members."""
        left, top, right, bottom = shape
        return {
            "left": plain(left),
            "top": plain(top),
            "width": plain(right - left),
            "height": plain(bottom - top),
        }

    def order(self, shape: Box) -> tuple[float, ...]:
        """From top to bottom, left to right."""
        return shape[1], shape[0], shape[3], shape[2]

    def overlaps(self, shapes: Sequence[Box], workers: Ints, scale: float, most: int) -> Overlaps:
        """IoU."""
        return overlaps_between(np.array(shapes, np.float64).reshape(-1, 4), workers, most)

    def fuse(self, shapes: Sequence[Box], clusters: Clusters, weights: Floats) -> list[Box]:
        """Weighted medians of the edges; whole pixels stay whole, halves go to the even pixel."""
        return [
            (row[0], row[1], row[2], row[3])
            for row in median_rows(np.array(shapes, np.float64).reshape(-1, 4), clusters, weights)
        ]

    def likeness(self, shapes: Sequence[Box], first: Ints, second: Ints, scale: float) -> Floats:
        """IoU."""
        boxes = np.array(shapes, np.float64).reshape(-1, 4)
        one, other = boxes[first], boxes[second]
        sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
        shared = np.clip(sides, 0, None).prod(axis=1)
        union = (one[:, 2:] - one[:, :2]).prod(axis=1) + (other[:, 2:] - other[:, :2]).prod(axis=1) - shared
        alike: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return alike


Point = tuple[float, float]


class KeypointGeometry(FrameGeometry[Point]):
    """Keypoints: (x, y) in pixels. Two are the same up to a distance of `scale`, fused by the weighted median of each coordinate."""

    list_name: ClassVar[str] = "keypoints"

    def read(self, node: JsonNode, limits: Limits) -> Point:
        """`x`, `y`."""
        return read_point(node)

    def write(self, shape: Point) -> dict[str, Json]:
        """The same two members."""
        return {"x": plain(shape[0]), "y": plain(shape[1])}

    def vertices(self, shape: Point) -> int:
        """One."""
        return 1

    def order(self, shape: Point) -> tuple[float, ...]:
        """From top to bottom, left to right."""
        return shape[1], shape[0]

    def scale(self, shapes: Sequence[Point]) -> float:
        """A twentieth of the diagonal of what all points of the sequence span, at least 10 pixels."""
        return span_scale(np.array(shapes, np.float64).reshape(-1, 2))

    def overlaps(self, shapes: Sequence[Point], workers: Ints, scale: float, most: int) -> Overlaps:
        """1 - distance / `scale`, down to 0."""
        points = np.array(shapes, np.float64).reshape(-1, 2)
        squares = np.column_stack([points - scale, points + scale])
        near = overlaps_between(squares, workers, most)
        alike = self._alike(points[near.first], points[near.second], scale)
        return Overlaps(near.first[alike > 0], near.second[alike > 0], alike[alike > 0])

    def fuse(self, shapes: Sequence[Point], clusters: Clusters, weights: Floats) -> list[Point]:
        """Weighted medians; whole pixels stay whole."""
        rows = median_rows(np.array(shapes, np.float64).reshape(-1, 2), clusters, weights)
        return [(row[0], row[1]) for row in rows]

    def likeness(self, shapes: Sequence[Point], first: Ints, second: Ints, scale: float) -> Floats:
        """1 - distance / `scale`, down to 0."""
        points = np.array(shapes, np.float64).reshape(-1, 2)
        return self._alike(points[first], points[second], scale)

    @staticmethod
    def _alike(one: Floats, other: Floats, scale: float) -> Floats:
        alike: Floats = np.clip(1 - np.hypot(*(one - other).T) / scale, 0, 1)
        return alike


def read_point(node: JsonNode) -> Point:
    """`x` and `y` of an object.

    Raises:
        AnswerError: one is missing or no number of a sensible size.
    """
    return node["x"].number(least=-REACH, most=REACH), node["y"].number(least=-REACH, most=REACH)


def span_scale(points: Floats) -> float:
    """A twentieth of the diagonal that points, float64 of shape (n, 2), span; at least 10."""
    spanned = np.ptp(points, axis=0) if len(points) else np.zeros(2)
    return max(10.0, float(np.hypot(*spanned)) / 20)


def median_rows(rows: Floats, clusters: Clusters, weights: Floats) -> list[list[float]]:
    """The weighted median of the rows of each cluster; whole numbers where all of its rows are.

    Clusters of one size are fused together. Time O(P log P), memory O(P).
    """
    whole = (rows == np.round(rows)).all(axis=1)
    fused: list[Any] = [None] * len(clusters)
    by_size: dict[int, list[int]] = {}
    for place, members in enumerate(clusters):
        by_size.setdefault(len(members), []).append(place)
    for places in by_size.values():
        chosen = np.array([clusters[place] for place in places])
        medians = weighted_medians(rows[chosen], weights[chosen])
        made = np.where(whole[chosen].all(axis=1)[:, None], np.round(medians), np.round(medians, DIGITS))
        for place, row in zip(places, made.tolist(), strict=True):
            fused[place] = row
    return fused


def plain(value: float) -> float:
    """A coordinate as labels carry it: whole numbers as integers, others without the dust of float sums."""
    value = round(value, DIGITS)
    return int(value) if value == int(value) else value
