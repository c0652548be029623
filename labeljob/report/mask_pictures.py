"""Pictures of mask labels: areas of the label and its candidates, the workers' outlines, and each worker's mask as a thumbnail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.mask_png import Colour
from consolidation.palette import hex_colour
from labeljob.report.canvas import Area, MarkedPart, canvas, marked, tags_of, view_of
from labeljob.report.drawings import DrawnMask
from labeljob.report.outlines import Rectangle
from labeljob.report.pictures import Canvas, Raster, Shape, Thumbnail
from labeljob.report.rasters import IndexMap, outlines_within, picture

_LONG_SIDE = 480
"""Pixels of an embedded picture's longer side."""
_SMALL_SIDE = 120
"""The same for a worker's thumbnail."""
_LONGEST_PATH = 6_000


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
    view = left, top, crop_width, crop_height = view_of((width, height), extents)
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
    if not any(layer.candidate for layer in layers):
        shapes += [shape for part in parts if part.candidate for shape in marked(part, 0)]
    area = Area((0, 0, width, height), view, image=True)
    return canvas(name, area, "", rasters, shapes, tags_of(parts))


def thumbnails(masks: Mapping[str, DrawnMask], shown: Canvas) -> dict[str, Thumbnail]:
    """Each worker's mask, small, of the part of the image that the picture shows.

    Args:
        masks: by worker; one of another size than the picture's image, or without a pixel, gets none.
        shown: the picture.
    """
    step = max(1, math.ceil(max(shown.view_width, shown.view_height) / _SMALL_SIDE))
    size = (int(shown.height), int(shown.width))
    left, top = int(shown.left), int(shown.top)
    rows = slice(top, top + int(shown.view_height), step)
    columns = slice(left, left + int(shown.view_width), step)
    made: dict[str, Thumbnail] = {}
    for worker, mask in masks.items():
        if mask.drawn and mask.indices.shape == size:
            small = mask.indices[rows, columns]
            data = picture(small, mask.colours, opacity=1)
            made[worker] = Thumbnail(data, small.shape[1], small.shape[0], f"What {worker} drew")
    return made


def _extent(covered: npt.NDArray[np.bool_]) -> Rectangle | None:
    """The bounding box of what is covered."""
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


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
