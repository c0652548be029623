"""Lines of parts, of labels and of answers alike: boxes (turned or not), polygons, lines, points; cuboids from above."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shared.json_node import JsonNode

Rectangle = tuple[float, float, float, float]
"""Left, top, width, height: pixels of the image, or metres."""
Point = tuple[float, float]
Points = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The line of one part.

    Attributes:
        points: (x, y), at least one; a single point is shown as a cross.
        closed: whether the line returns to its first point.
        strokes: open lines within it, such as the one that points ahead of a cuboid.
    """

    points: Points
    closed: bool
    strokes: tuple[Points, ...] = ()

    @property
    def extent(self) -> Rectangle:
        """The smallest rectangle around it."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return min(across), min(down), max(across) - min(across), max(down) - min(down)

    @property
    def anchor(self) -> Rectangle:
        """Where its number stands: at the upper right corner of this rectangle; of an open line, at its end."""
        return self.extent if self.closed else (*self.points[-1], 0, 0)

    @property
    def centre(self) -> Point:
        """Of the extent."""
        left, top, width, height = self.extent
        return left + width / 2, top + height / 2

    def moved(self, across: float, down: float) -> Outline:
        """The same elsewhere."""
        points, *strokes = (
            tuple((x + across, y + down) for x, y in line) for line in (self.points, *self.strokes)
        )
        return Outline(points, self.closed, tuple(strokes))

    def path(self, arm: float) -> str:
        """SVG path data.

        Args:
            arm: of the cross that stands for a point, in the units of the points.
        """
        if len(self.points) == 1:
            x, y = self.points[0]
            return f"M{_short(x - arm)} {_short(y)}h{_short(2 * arm)}M{_short(x)} {_short(y - arm)}v{_short(2 * arm)}"
        ends = "z" if self.closed else ""
        return line_path(self.points) + ends + "".join(map(line_path, self.strokes))


def line_path(points: Iterable[Point]) -> str:
    """SVG path data of an open line."""
    return "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)


def rectangle(box: Rectangle, degrees: float = 0) -> Outline:
    """The outline of a box that is turned clockwise about its centre."""
    left, top, width, height = box
    middle = (left + width / 2, top + height / 2)
    return Outline(_corners(middle, width, height, math.radians(degrees)), closed=True)


def from_above(x: float, y: float, length: float, width: float, yaw: float) -> Outline:
    """The outline of a cuboid on the ground with a stroke from its middle to its front.

    Args:
        x, y: of its centre, in metres.
        length, width: in metres.
        yaw: angle from the x axis towards the y axis, in radians.

    Returns:
        Metres; y runs downwards, as in SVG.
    """
    middle = (x, -y)
    front = (x + math.cos(yaw) * length / 2, -y - math.sin(yaw) * length / 2)
    return Outline(_corners(middle, length, width, -yaw), closed=True, strokes=((middle, front),))


def outline_of(entry: JsonNode, *, closed: bool) -> Outline | None:
    """The outline of a part of a label or of an answer, by the members it has; None when it has none that can be drawn.

    Args:
        entry: with a box, `vertices` or `x` and `y`; the box of an instance stands under `bounding-box`.
        closed: whether vertices make an area.

    Raises:
        GtConsensusError: a member is malformed.
    """
    if vertices := entry.get("vertices"):
        points = tuple((node["x"].number(), node["y"].number()) for node in vertices.elements())
        return Outline(points, closed) if points else None
    if "x" in entry.object() and "y" in entry.object():
        return Outline(((entry["x"].number(), entry["y"].number()),), closed=False)
    if "center-x" in entry.object():
        return _cuboid(entry)
    node = entry.get("bounding-box") or entry
    sides = [node.get(side) for side in ("left", "top", "width", "height")]
    left, top, width, height = (side.number() if side else None for side in sides)
    if left is None or top is None or width is None or height is None:
        return None
    angle = entry.get("angle") or entry.get("rotation")
    return rectangle((left, top, width, height), angle.number() if angle else 0)


def _cuboid(entry: JsonNode) -> Outline:
    x, y, length, width = (entry[key].number() for key in ("center-x", "center-y", "length", "width"))
    turned = entry.get("yaw")
    return from_above(x, y, length, width, turned.number() if turned else 0)


def _corners(middle: Point, width: float, height: float, angle: float) -> Points:
    """Of a rectangle that is turned from x towards y about its middle."""
    cosine, sine = math.cos(angle), math.sin(angle)
    signs = ((-width, -height), (width, -height), (width, height), (-width, height))
    return tuple(
        (middle[0] + (x * cosine - y * sine) / 2, middle[1] + (x * sine + y * cosine) / 2) for x, y in signs
    )


def _short(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{round(value)}"
