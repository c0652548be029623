"""Labels of the kinds `semantic-mask` and `instance-mask`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from consolidation.mask_png import Colour, parse_colour
from consolidation.palette import hex_colour, palette_colour
from labeljob.report.canvas import MarkedPart
from labeljob.report.drawings import DrawnMask
from labeljob.report.fields.entries import GREY, Entry, LabelledElement, category, listed, part, summary
from labeljob.report.fields.shapes import where
from labeljob.report.mask_pictures import MaskLayer, mask_canvas
from labeljob.report.outlines import outline_of
from labeljob.report.rasters import IndexMap, read_index_png
from labeljob.report.view import Field
from labeljob.report.words import count
from shared.json_node import JsonNode

_BACKGROUND = "0"


def show_instances(element: LabelledElement) -> Field:
    """The picture of the instances, and where each lies."""
    node = element.node
    label = read_index_png(element.job.artefact(node["mask-ref"].string()))
    colours = tuple(palette_colour(number) for number in range(max(int(label.max(initial=0)), 1)))
    entries = [
        (entry, hex_colour(palette_colour(entry[1]["instance"].integer(least=1, most=1_000_000) - 1)))
        for entry in listed(node["instances"], node.get("candidates"))
    ]
    return _mask(element, label, colours, entries)


def show_regions(element: LabelledElement) -> Field:
    """The picture of the categories, without background, and how large each is."""
    node = element.node
    label = read_index_png(element.job.artefact(node["mask-ref"].string()))
    entries = (
        (entry, hex_colour(GREY if entry[2] else parse_colour(entry[1]["hex-color"].string())))
        for entry in _regions(node)
    )
    return _mask(element, label, _region_colours(node, int(label.max(initial=0))), entries)


def _mask(
    element: LabelledElement,
    label: IndexMap,
    colours: tuple[Colour, ...],
    entries: Iterable[tuple[Entry, str]],
) -> Field:
    layers = [MaskLayer(label, colours, candidate=False), *_candidate_layers(element, label)]
    marked, rows = [], []
    for entry, colour in entries:
        number, made, candidate = entry
        outline = outline_of(made, closed=True)
        pixels = made.get("pixels")
        words = [count(pixels.integer(), "pixel")] if pixels else []
        rows.append(part(entry, colour, ", ".join([*words, *([where(made, outline)] if outline else [])])))
        if outline:
            marked.append(MarkedPart(number, category(made), outline, colour, candidate))
    canvas = mask_canvas(element.html_name, layers, marked, element.drawn(DrawnMask), element.colours)
    return Field(
        element.name, summary(tuple(rows)), canvases=(canvas,), parts=tuple(rows), columns=("where",)
    )


def _regions(node: JsonNode) -> Iterator[Entry]:
    """The categories by their number in the mask, without background, and the candidates."""
    for number, entry in node["internal-color-map"].items():
        if number != _BACKGROUND:
            yield number, entry, False
    candidates = node.get("candidates")
    for place, entry in enumerate(candidates.elements() if candidates else (), start=1):
        yield f"c{place}", entry, True


def _region_colours(node: JsonNode, highest: int) -> tuple[Colour, ...]:
    """The colour of each value of the mask, from 1 on."""
    named = {
        int(number): parse_colour(entry["hex-color"].string())
        for number, entry in node["internal-color-map"].items()
        if number.isdecimal() and len(number) < 6
    }
    return tuple(named.get(number, GREY) for number in range(1, max(highest, *named, 1) + 1))


def _candidate_layers(element: LabelledElement, label: IndexMap) -> list[MaskLayer]:
    """The candidates' own masks, where they have some."""
    candidates = element.node.get("candidates")
    references = [
        reference.string()
        for entry in (candidates.elements() if candidates else ())
        if (reference := entry.get("mask-ref"))
    ]
    layers = []
    for uri in dict.fromkeys(references):
        indices = read_index_png(element.job.artefact(uri))
        if indices.shape == label.shape:
            colours = tuple(palette_colour(number) for number in range(max(int(indices.max(initial=0)), 1)))
            layers.append(MaskLayer(indices, colours, candidate=True))
    return layers
