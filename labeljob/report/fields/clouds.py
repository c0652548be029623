"""Labels of the kinds `cuboids` and `point-labels`: single frames of point clouds."""

from __future__ import annotations

import math

from consolidation.mask_png import parse_colour
from consolidation.palette import hex_colour
from labeljob.report.canvas import MarkedPart, ground_canvas
from labeljob.report.drawings import DrawnParts
from labeljob.report.fields.entries import (
    GREY,
    LabelledElement,
    category,
    category_colour,
    listed,
    part,
    summary,
    without_empty_columns,
)
from labeljob.report.outlines import outline_of
from labeljob.report.view import Fact, Field, Part
from shared.errors import ContractError
from shared.json_node import JsonNode

_BACKGROUND = "0"


def show_cuboids(element: LabelledElement) -> Field:
    """The cuboids from above, and where each is, how large and turned which way."""
    node = element.node
    marked, rows = [], []
    for entry in listed(node["annotations"], node.get("candidates")):
        number, made, candidate = entry
        outline = outline_of(made, closed=True)
        if outline is None:
            raise ContractError("has no cuboid", path=made.path)
        marked.append(MarkedPart(number, category(made), outline, category_colour(made), candidate))
        rows.append(part(entry, category_colour(made), *_lies(made), _attributes(made)))
    workers = element.drawn(DrawnParts)
    drawn = marked or any(answer.outlines for answer in workers.values())
    canvas = ground_canvas(element.html_name, marked, workers, element.colours)
    names = ("centre, m", "length × width × height, m", "heading", "attributes")  # noqa: RUF001 - for people
    shown, columns = without_empty_columns(rows, names)
    return Field(
        element.name,
        summary(shown),
        canvases=(canvas,) if drawn else (),
        parts=shown,
        columns=columns,
    )


def show_point_labels(element: LabelledElement) -> Field:
    """How many points of the cloud are of which category."""
    node = element.node
    total = node["points"].integer(least=0)
    tied = node.get("tied-points")
    facts = [
        Fact("points", f"{total:,}"),
        Fact("tied", f"{tied.integer():,}" if tied and tied.integer() else ""),
    ]
    rows: list[Part] = []
    for number, made in node["color-map"].items():
        if number == _BACKGROUND:
            facts.append(Fact("background", f"{made['points'].integer():,}"))
            continue
        rows.append(
            _points((number, made, False), hex_colour(parse_colour(made["hex-color"].string())), total)
        )
    candidates = node.get("candidates")
    for place, made in enumerate(candidates.elements() if candidates else (), start=1):
        rows.append(_points((f"c{place}", made, True), hex_colour(GREY), total))
    return Field(
        element.name,
        summary(tuple(rows)),
        facts=tuple(fact for fact in facts if fact.value),
        parts=tuple(rows),
        noun="Categories",
        columns=("points", "share of all"),
    )


def _points(entry: tuple[str, JsonNode, bool], colour: str, total: int) -> Part:
    points = entry[1]["points"].integer(least=0)
    return part(entry, colour, f"{points:,}", f"{100 * points / max(total, 1):.1f} %")


def _lies(made: JsonNode) -> tuple[str, str, str]:
    """Centre, sizes and heading."""
    centre = ", ".join(f"{made[f'center-{axis}'].number():.2f}" for axis in "xyz")
    sizes = " × ".join(f"{made[side].number():.2f}" for side in ("length", "width", "height"))  # noqa: RUF001 - for people
    yaw = made.get("yaw")
    return centre, sizes, f"{math.degrees(yaw.number()):.1f}°" if yaw else ""


def _attributes(made: JsonNode) -> str:
    given = made.get("label-category-attributes")
    return ", ".join(f"{name}: {_plain(entry)}" for name, entry in (given.items() if given else ()))


def _plain(entry: JsonNode) -> str:
    """An attribute's value: a text, a number, yes or no, or several texts."""
    value = entry.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " / ".join(map(str, value)) if isinstance(value, list) else str(value)
