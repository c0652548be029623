"""Lines of parts, of labels and of answers alike: rectangles, polygons, polylines and points in pixels of the image."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shared.json_node import JsonNode

Rectangle = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the image."""
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The line of one part.

    Attributes:
        points: (x, y), at least one; a single point is shown as a cross.
        closed: whether the line returns to its first point.
    """

    points: Points
    closed: bool

    @property
    def extent(self) -> Rectangle:
        """The smallest rectangle around it."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return min(across), min(down), max(across) - min(across), max(down) - min(down)

    def path(self, arm: float) -> str:
        """SVG path data.

        Args:
            arm: of the cross that stands for a point, in pixels of the image.
        """
        if len(self.points) == 1:
            x, y = self.points[0]
            return f"M{_short(x - arm)} {_short(y)}h{_short(2 * arm)}M{_short(x)} {_short(y - arm)}v{_short(2 * arm)}"
        line = "L".join(f"{_short(x)} {_short(y)}" for x, y in self.points)
        return f"M{line}{'z' if self.closed else ''}"


def rectangle(box: Rectangle, degrees: float = 0) -> Outline:
    """The outline of a box that is turned clockwise about its centre."""
    left, top, width, height = box
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = (left + width / 2, top + height / 2)
    corners = ((-width, -height), (width, -height), (width, height), (-width, height))
    return Outline(
        tuple(
            (middle[0] + (x * cosine - y * sine) / 2, middle[1] + (x * sine + y * cosine) / 2)
            for x, y in corners
        ),
        closed=True,
    )


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
    node = entry.get("bounding-box") or entry
    sides = [node.get(side) for side in ("left", "top", "width", "height")]
    left, top, width, height = (side.number() if side else None for side in sides)
    if left is None or top is None or width is None or height is None:
        return None
    angle = entry.get("angle")
    return rectangle((left, top, width, height), angle.number() if angle else 0)


def _short(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{round(value)}"
