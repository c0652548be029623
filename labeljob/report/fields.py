"""One form element of a label: which kind it is by its shape, its parts and candidates, and its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from consolidation.mask_png import Colour, parse_colour
from consolidation.palette import hex_colour, palette_colour
from labeljob.report.canvas import (
    MarkedPart,
    MaskLayer,
    mask_canvas,
    parts_canvas,
)
from labeljob.report.drawings import Drawing, DrawnMask, DrawnParts
from labeljob.report.facts import JobFacts
from labeljob.report.outlines import outline_of
from labeljob.report.rasters import IndexMap, read_index_png
from labeljob.report.view import Canvas, Field, Part, Vote
from labeljob.report.words import count, tally
from shared.errors import GtConsensusError
from shared.json_node import JsonNode

_GREY: Colour = (0x75, 0x75, 0x75)
_BACKGROUND = "0"
_OPEN = {"polylines", "lines"}
"""Kinds whose vertices make a line, not an area."""


def show_field(
    job: JobFacts,
    node: JsonNode,
    name: str,
    html_name: str,
    drawings: Mapping[str, Drawing],
    colours: Mapping[str, str],
) -> Field:
    """The view of one form element's label value; what cannot be read becomes a note, never an error.

    Args:
        job: holds the masks.
        node: the label value.
        name: of the element, empty for the only one.
        html_name: id for its picture.
        drawings: the workers' answers.
        colours: of the workers' lines.
    """
    empty = Field(name, "see the label as written")
    if not isinstance(node.value, dict):
        return empty
    if "error" in node.value:
        return replace(empty, summary="no label")
    try:
        return _shown(job, node, name, html_name, drawings, colours)
    except (GtConsensusError, ValueError) as failure:
        return replace(empty, notes=(f"This label cannot be drawn: {failure}",))


def _shown(
    job: JobFacts,
    node: JsonNode,
    name: str,
    html_name: str,
    drawings: Mapping[str, Drawing],
    colours: Mapping[str, str],
) -> Field:
    keys = node.object()
    if "votes" in keys and "class-name" in keys:
        return _class(node, name)
    if "mask-ref" in keys:
        masks = {worker: made for worker, made in drawings.items() if isinstance(made, DrawnMask)}
        return _mask(job, node, name, html_name, masks, colours)
    if "confidence-map" in keys and "class-names" in keys:
        return _multi_label(node, name)
    parts = {worker: made for worker, made in drawings.items() if isinstance(made, DrawnParts)}
    if "annotations" in keys and isinstance(keys["annotations"], list):
        return _parts_label(node, name, html_name, parts, colours)
    return Field(name, "see the label as written")


def _class(node: JsonNode, name: str) -> Field:
    won = node["class-name"].string(empty=True)
    votes = {label: entry.integer(least=0) for label, entry in node["votes"].items()}
    chances = node["probabilities"].object() if node.get("probabilities") else {}
    total = max(sum(votes.values()), 1)
    return Field(
        name,
        won,
        votes=tuple(
            Vote(label, number, round(100 * number / total, 1), _number(chances.get(label)), label == won)
            for label, number in votes.items()
        ),
    )


def _multi_label(node: JsonNode, name: str) -> Field:
    """Every category that somebody chose, as a vote of its own."""
    chosen = [entry.string() for entry in node["class-names"].elements()]
    support = dict(node["support-map"].items())
    support |= {entry["class-name"].string(): entry["support"] for entry in node["candidates"].elements()}
    votes = (
        Vote(
            category,
            support[category]["workers"].integer(),
            round(100 * support[category]["share"].number(), 1),
            _number(chance.value),
            category in chosen,
        )
        for category, chance in node["confidence-map"].items()
    )
    return Field(name, ", ".join(chosen) or "none of the categories", votes=tuple(votes))


def _parts_label(
    node: JsonNode,
    name: str,
    html_name: str,
    workers: Mapping[str, DrawnParts],
    colours: Mapping[str, str],
) -> Field:
    """Boxes, polygons, lines and points; other kinds made of parts without their pictures."""
    listed = list(_listed(node, "annotations"))
    closed = _kind(node) not in _OPEN
    marked = [part for entry in listed if (part := _marked_part(*entry, closed=closed))]
    parts = tuple(
        _part(number, entry, candidate, _category_colour(entry)) for number, entry, candidate in listed
    )
    canvas = None
    if len(marked) == len(listed) and "image_size" in node.object():
        canvas = parts_canvas(html_name, _image_size(node), marked, workers, colours)
    return Field(name, _summary(parts), canvas=canvas, parts=parts)


def _mask(
    job: JobFacts,
    node: JsonNode,
    name: str,
    html_name: str,
    workers: Mapping[str, DrawnMask],
    colours: Mapping[str, str],
) -> Field:
    label = read_index_png(job.artefact(node["mask-ref"].string()))
    instances = "instances" in node.object()
    listed = list(_listed(node, "instances")) if instances else list(_regions(node))
    value_colours = _value_colours(node, int(label.max(initial=0)), instances=instances)
    layers = [MaskLayer(label, value_colours, candidate=False), *_candidate_layers(job, node, label)]
    marked, parts = [], []
    for number, entry, candidate in listed:
        colour = _part_colour(entry, instances=instances, candidate=candidate)
        parts.append(_part(number, entry, candidate, colour))
        if part := _marked_part(number, entry, candidate, closed=True):
            marked.append(replace(part, colour=colour))
    canvas: Canvas = mask_canvas(html_name, layers, marked, workers, colours)
    return Field(name, _summary(tuple(parts)), canvas=canvas, parts=tuple(parts))


def _listed(node: JsonNode, labels: str) -> Iterator[tuple[str, JsonNode, bool]]:
    """Number, entry and whether it is a candidate: labels, then candidates, each numbered from 1."""
    for place, entry in enumerate(node[labels].elements(), start=1):
        yield str(place), entry, False
    candidates = node.get("candidates")
    for place, entry in enumerate(candidates.elements() if candidates else (), start=1):
        yield f"c{place}", entry, True


def _regions(node: JsonNode) -> Iterator[tuple[str, JsonNode, bool]]:
    """The categories of a semantic mask by their number in it, without background, and its candidates."""
    for number, entry in node["internal-color-map"].items():
        if number != _BACKGROUND:
            yield number, entry, False
    candidates = node.get("candidates")
    for place, entry in enumerate(candidates.elements() if candidates else (), start=1):
        yield f"c{place}", entry, True


def _value_colours(node: JsonNode, highest: int, *, instances: bool) -> tuple[Colour, ...]:
    """The colour of each value of the label's mask, from 1 on."""
    if instances:
        return tuple(palette_colour(number) for number in range(max(highest, 1)))
    named = {
        int(number): parse_colour(entry["hex-color"].string())
        for number, entry in node["internal-color-map"].items()
        if number.isdecimal() and len(number) < 6
    }
    return tuple(named.get(number, _GREY) for number in range(1, max(highest, *named, 1) + 1))


def _candidate_layers(job: JobFacts, node: JsonNode, label: IndexMap) -> list[MaskLayer]:
    """The candidates' own masks, where they have some."""
    candidates = node.get("candidates")
    references = [
        reference.string()
        for entry in (candidates.elements() if candidates else ())
        if (reference := entry.get("mask-ref"))
    ]
    layers = []
    for uri in dict.fromkeys(references):
        indices = read_index_png(job.artefact(uri))
        if indices.shape == label.shape:
            colours = tuple(palette_colour(number) for number in range(max(int(indices.max(initial=0)), 1)))
            layers.append(MaskLayer(indices, colours, candidate=True))
    return layers


def _part_colour(entry: JsonNode, *, instances: bool, candidate: bool) -> str:
    if instances:
        return hex_colour(palette_colour(entry["instance"].integer(least=1) - 1))
    if candidate:
        return hex_colour(_GREY)
    return hex_colour(parse_colour(entry["hex-color"].string()))


def _category_colour(entry: JsonNode) -> str:
    number = entry.get("class_id")
    return hex_colour(palette_colour(number.integer(least=0)) if number else _GREY)


def _marked_part(number: str, entry: JsonNode, candidate: bool, *, closed: bool) -> MarkedPart | None:
    outline = outline_of(entry, closed=closed)
    return MarkedPart(number, _name(entry), outline, _category_colour(entry), candidate) if outline else None


def _kind(node: JsonNode) -> str | None:
    """The kind that a label's `consolidation` block names."""
    block = node.get("consolidation")
    kind = block.get("kind") if block else None
    return kind.string() if kind else None


def _part(number: str, entry: JsonNode, candidate: bool, colour: str) -> Part:
    return Part(
        number=number,
        name=_name(entry),
        colour=colour,
        confidence=_number(entry.object().get("confidence")),
        support=_support(entry),
        detail=_detail(entry),
        candidate=candidate,
    )


def _name(entry: JsonNode) -> str:
    node = entry.get("class-name") or entry.get("label")
    return node.string(empty=True) if node else ""


def _support(entry: JsonNode) -> str:
    support = entry.get("support")
    if support is None:
        return ""
    return f"{support['workers'].integer()} of {support['of'].integer()} workers"


def _detail(entry: JsonNode) -> str:
    """Where it is and how large."""
    pixels = entry.get("pixels")
    outline = outline_of(entry, closed=True)
    words = [count(pixels.integer(), "pixel")] if pixels else []
    if outline:
        left, top, width, height = (round(edge, 1) for edge in outline.extent)
        size = f"{width:g} by {height:g} " if len(outline.points) > 1 else ""
        words.append(f"{size}at {left:g}, {top:g}")
    return ", ".join(words)


def _image_size(node: JsonNode) -> tuple[int, int] | None:
    for entry in node["image_size"].elements():
        return entry["width"].integer(least=1), entry["height"].integer(least=1)
    return None


def _summary(parts: tuple[Part, ...]) -> str:
    labels = [part.name for part in parts if not part.candidate]
    candidates = sum(part.candidate for part in parts)
    kept = f" · {count(candidates, 'candidate')}" if candidates else ""
    return f"{tally(labels) or 'nothing marked'}{kept}"


def _number(value: object) -> str:
    """A number as the label has it; empty for none."""
    return (
        "" if value is None or isinstance(value, bool) or not isinstance(value, int | float) else f"{value}"
    )
