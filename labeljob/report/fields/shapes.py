"""Labels of the kinds whose parts are outlines on an image: boxes, polygons, lines and points."""

from __future__ import annotations

import math

from labeljob.report.canvas import MarkedPart, parts_canvas
from labeljob.report.drawings import DrawnParts
from labeljob.report.fields.entries import LabelledElement, category, category_colour, listed, part, summary
from labeljob.report.outlines import Outline, outline_of
from labeljob.report.view import Field
from labeljob.report.words import count
from shared.json_node import JsonNode

_OPEN = {"polylines", "lines"}
"""Kinds whose vertices make a line, not an area."""


def show_shapes(element: LabelledElement) -> Field:
    """The picture of the parts, and where each lies."""
    node, closed = element.node, element.kind not in _OPEN
    marked, rows = [], []
    for entry in listed(node["annotations"], node.get("candidates")):
        number, made, candidate = entry
        outline = outline_of(made, closed=closed)
        rows.append(part(entry, category_colour(made), where(made, outline)))
        if outline:
            marked.append(MarkedPart(number, category(made), outline, category_colour(made), candidate))
    size = image_size(node)
    canvas = parts_canvas(element.html_name, size, marked, element.drawn(DrawnParts), element.colours)
    return Field(
        element.name, summary(tuple(rows)), canvases=(canvas,), parts=tuple(rows), columns=("where",)
    )


def image_size(node: JsonNode) -> tuple[int, int] | None:
    """(width, height) of the image; None where nobody said."""
    for entry in node["image_size"].elements():
        return entry["width"].integer(least=1), entry["height"].integer(least=1)
    return None


def where(entry: JsonNode, outline: Outline | None) -> str:
    """Where a part is, how large, and what else its kind says of it."""
    words = [_place(entry, outline)] if outline else []
    if angle := entry.get("angle"):
        words.append(f"turned by {round(angle.number(), 1):g}°")
    if spread := entry.get("spread"):
        words.append(f"spread {spread.number():g}")
    if visible := entry.get("visible"):
        words.append("visible" if visible.boolean() else "hidden")
    if group := entry.get("group"):
        words.append(f"group {group.integer()}")
    return ", ".join(words)


def _place(entry: JsonNode, outline: Outline) -> str:
    if entry.get("vertices") and not outline.closed:
        length = sum(
            math.dist(one, other) for one, other in zip(outline.points, outline.points[1:], strict=False)
        )
        (left, top), (right, bottom) = outline.points[0], outline.points[-1]
        ends = f"from {_short(left)}, {_short(top)} to {_short(right)}, {_short(bottom)}"
        vertices = f"{len(outline.points)} vertices, " if len(outline.points) > 2 else ""
        return f"{vertices}{_short(length)} long, {ends}"
    left, top, width, height = outline.extent
    if entry.get("angle"):
        middle = (
            entry["left"].number() + entry["width"].number() / 2,
            entry["top"].number() + entry["height"].number() / 2,
        )
        size = f"{_short(entry['width'].number())} by {_short(entry['height'].number())}"
        return f"{size} about {_short(middle[0])}, {_short(middle[1])}"
    size = f"{_short(width)} by {_short(height)} " if len(outline.points) > 1 else ""
    vertices = f"{count(len(outline.points), 'vertex', 'vertices')}, " if entry.get("vertices") else ""
    return f"{vertices}{size}at {_short(left)}, {_short(top)}"


def _short(value: float) -> str:
    return f"{round(value, 1):g}"
