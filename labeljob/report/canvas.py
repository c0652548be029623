"""Pictures of labels: outlines and masks of the label, its candidates and the workers, on a plain canvas of the image's size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.mask_png import Colour
from consolidation.palette import hex_colour
from labeljob.report.drawings import DrawnMask, DrawnParts
from labeljob.report.outlines import Outline, Rectangle
from labeljob.report.rasters import IndexMap, outlines_within, picture
from labeljob.report.view import Canvas, Raster, Shape, Tag, Thumbnail

WORKER_COLOURS = (
    "#0050c8",
    "#b00020",
    "#7a3e9d",
    "#9a5b00",
    "#00695c",
    "#ad1457",
    "#37474f",
    "#5f6b00",
    "#5d4037",
)
"""Of the workers' lines, dark enough for the pale canvas."""
_LONG_SIDE = 480
"""Pixels of an embedded picture's longer side."""
_SMALL_SIDE = 120
"""The same for a worker's thumbnail."""
_LONGEST_PATH = 6_000
_MARGIN = 0.12
_LEAST_MARGIN = 0.04
"""Of the image's longer side."""
_WHOLE = 0.5
"""From this share of the image on, all of it is shown."""

_ARM = 0.012
"""Of the cross that stands for a point, as a share of the picture's longer side."""


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A part of the label or a candidate: its number in the picture, its category, line and colour."""

    number: str
    name: str
    outline: Outline
    colour: str
    candidate: bool


@dataclass(frozen=True, slots=True)
class MaskLayer:
    """Index maps of a label or of its candidates.

    Attributes:
        indices: shape (H, X), 0 is background.
        colours: of the indices from 1 on.
        candidate: whether it is drawn hatched and dashed.
    """

    indices: IndexMap
    colours: tuple[Colour, ...]
    candidate: bool


def worker_colour(place: int) -> str:
    """The colour of the worker at a place in the order of ids."""
    return WORKER_COLOURS[place % len(WORKER_COLOURS)]


def parts_canvas(
    name: str,
    size: tuple[int, int] | None,
    parts: Sequence[MarkedPart],
    workers: Mapping[str, DrawnParts],
    colours: Mapping[str, str],
) -> Canvas:
    """The picture of a label made of boxes, polygons, lines or points.

    Args:
        name: HTML id.
        size: (width, height) of the image, None when nobody said.
        parts: of the label and its candidates.
        workers: each worker's own parts.
        colours: of the workers' lines.
    """
    drawn = [outline.extent for answer in workers.values() for outline in answer.outlines]
    everything = [*drawn, *(part.outline.extent for part in parts)]
    right = max((box[0] + box[2] for box in everything), default=1)
    bottom = max((box[1] + box[3] for box in everything), default=1)
    width, height = size or (max(math.ceil(right), 1), max(math.ceil(bottom), 1))
    arm = _ARM * max(_view((width, height), everything)[2:])
    shapes = [
        Shape(outline.path(arm), "", colours[worker], "worker", filled=False, tip=f"{label}, {worker}")
        for worker, answer in workers.items()
        for outline, label in zip(answer.outlines, answer.names, strict=True)
    ]
    shapes += [_marked(part, arm) for part in parts]
    tags = [(part.outline.extent, part.number, part.candidate) for part in parts]
    return _canvas(name, (width, height), everything, (), shapes, tags)


def mask_canvas(
    name: str,
    layers: Sequence[MaskLayer],
    parts: Sequence[MarkedPart],
    workers: Mapping[str, DrawnMask],
    colours: Mapping[str, str],
) -> Canvas:
    """The picture of a mask label.

    Args:
        name: HTML id.
        layers: of the label and its candidates, all of one shape, at least one.
        parts: where they lie, for their numbers; candidates without a layer are drawn.
        workers: each worker's own mask; one of another shape is left out.
        colours: of the workers' lines.
    """
    height, width = layers[0].indices.shape
    fitting = {worker: mask for worker, mask in workers.items() if mask.indices.shape == (height, width)}
    maps = [*(layer.indices for layer in layers), *(mask.indices for mask in fitting.values())]
    extents = [extent for indices in maps if (extent := _extent(indices > 0))]
    left, top, crop_width, crop_height = _view((width, height), extents)
    crop = np.s_[top : top + crop_height, left : left + crop_width]
    step = max(1, math.ceil(max(crop_width, crop_height) / _LONG_SIDE))
    place = (left, top, step)
    rasters, shapes = [], list[Shape]()
    for worker, mask in fitting.items():
        shapes += _outlined(mask.indices[crop], place, colours[worker], "worker", worker)
    for layer in layers:
        role = "candidate" if layer.candidate else "label"
        part = layer.indices[crop]
        if part.any():
            rasters.append(_raster(part, layer, place, role))
            shapes += _layer_outlines(part, layer, place, role)
    shapes += [
        _marked(part, 0) for part in parts if part.candidate and not any(layer.candidate for layer in layers)
    ]
    tags = [(part.outline.extent, part.number, part.candidate) for part in parts]
    return _canvas(name, (width, height), extents, rasters, shapes, tags)


def thumbnails(masks: Mapping[str, DrawnMask], canvas: Canvas) -> dict[str, Thumbnail]:
    """Each worker's mask, small, of the part of the image that the picture shows.

    Args:
        masks: by worker; one of another size than the picture's image, or without a pixel, gets none.
        canvas: the picture.
    """
    step = max(1, math.ceil(max(canvas.view_width, canvas.view_height) / _SMALL_SIDE))
    rows = slice(canvas.top, canvas.top + canvas.view_height, step)
    columns = slice(canvas.left, canvas.left + canvas.view_width, step)
    made = {}
    for worker, mask in masks.items():
        if mask.drawn and mask.indices.shape == (canvas.height, canvas.width):
            small = mask.indices[rows, columns]
            data = picture(small, mask.colours, opacity=1)
            made[worker] = Thumbnail(data, small.shape[1], small.shape[0], f"What {worker} drew")
    return made


def _marked(part: MarkedPart, arm: float) -> Shape:
    return Shape(
        part.outline.path(arm),
        "",
        part.colour,
        "candidate" if part.candidate else "label",
        filled=part.outline.closed and not part.candidate,
        tip=f"{part.number}: {part.name}",
    )


def _extent(covered: npt.NDArray[np.bool_]) -> Rectangle | None:
    """The bounding box of what is covered."""
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def _view(size: tuple[int, int], boxes: Iterable[Rectangle]) -> tuple[int, int, int, int]:
    """The part of the image that holds all boxes, with a margin; all of it when that is most of it."""
    listed = list(boxes)
    width, height = size
    if not listed:
        return 0, 0, width, height
    left, top = min(box[0] for box in listed), min(box[1] for box in listed)
    right = max(box[0] + box[2] for box in listed)
    bottom = max(box[1] + box[3] for box in listed)
    margin = max(_LEAST_MARGIN * max(size), _MARGIN * max(right - left, bottom - top))
    first_x, first_y = max(0, math.floor(left - margin)), max(0, math.floor(top - margin))
    last_x, last_y = min(width, math.ceil(right + margin)), min(height, math.ceil(bottom + margin))
    if (last_x - first_x) * (last_y - first_y) >= _WHOLE * width * height:
        return 0, 0, width, height
    return first_x, first_y, last_x - first_x, last_y - first_y


def _canvas(
    name: str,
    size: tuple[int, int],
    boxes: Sequence[Rectangle],
    rasters: Sequence[Raster],
    shapes: Sequence[Shape],
    tags: Sequence[tuple[Rectangle, str, bool]],
) -> Canvas:
    left, top, view_width, view_height = _view(size, boxes)
    tag_size = round(max(view_width, view_height) * 0.045, 2)
    return Canvas(
        name=name,
        width=size[0],
        height=size[1],
        left=left,
        top=top,
        view_width=view_width,
        view_height=view_height,
        whole=(view_width, view_height) == size,
        tag_size=tag_size,
        description=_described(size, tags),
        rasters=tuple(rasters),
        shapes=tuple(shapes),
        tags=tuple(
            Tag(
                round(box[0] + box[2] + tag_size * 0.2, 2)
                if box[0] + box[2] + tag_size * 1.5 < left + view_width
                else round(max(box[0] - tag_size * 1.2, left), 2),
                round(min(max(box[1], top + tag_size), top + view_height), 2),
                number,
                "candidate" if candidate else "label",
            )
            for box, number, candidate in tags
        ),
    )


def _described(size: tuple[int, int], tags: Sequence[tuple[Rectangle, str, bool]]) -> str:
    labels = [number for _, number, candidate in tags if not candidate]
    candidates = [number for _, number, candidate in tags if candidate]
    parts = [f"{len(labels)} labelled", f"{len(candidates)} candidates"]
    return (
        f"Plain canvas of {size[0]} by {size[1]} pixels: {', '.join(parts)}; the table beside it names them."
    )


def _raster(part: IndexMap, layer: MaskLayer, place: tuple[int, int, int], role: str) -> Raster:
    left, top, step = place
    small = part[::step, ::step]
    return Raster(
        data=picture(small, layer.colours, opacity=0.9 if layer.candidate else 0.55, hatched=layer.candidate),
        left=left,
        top=top,
        width=small.shape[1] * step,
        height=small.shape[0] * step,
        role=role,
    )


def _layer_outlines(
    part: IndexMap, layer: MaskLayer, place: tuple[int, int, int], role: str
) -> Iterator[Shape]:
    """The borders of each value in its own colour."""
    for value in np.unique(part[part > 0]).tolist():
        only = np.where(part == value, 1, 0).astype(np.uint8)
        colour = layer.colours[(value - 1) % len(layer.colours)]
        yield from _outlined(only, place, hex_colour(colour), role, "")


def _outlined(
    part: IndexMap, place: tuple[int, int, int], colour: str, role: str, tip: str
) -> Iterator[Shape]:
    left, top, step = place
    path, coarser = outlines_within(part[::step, ::step], _LONGEST_PATH)
    if path:
        transform = f"translate({left} {top}) scale({step * coarser})"
        yield Shape(path, transform, colour, role, filled=False, tip=tip)
