"""Polygons as pixels, and masks as polygons, for the sets whose truth is a mask or whose workers drew polygons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.real.metrics import Mask
from consolidation.estimation.contours import trace
from consolidation.estimation.outline_grid import Region
from consolidation.estimation.outlines import Outline


def polygons_element(
    polygons: Sequence[tuple[str, Any]], size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """Polygons, each with its label category and rows of x and y, as `crowd-polygon` submits them."""
    properties = {"inputImageProperties": {"width": size[0], "height": size[1]}} if size else {}
    return {
        **properties,
        "polygons": [
            {"label": label, "vertices": [{"x": x, "y": y} for x, y in np.asarray(rows).tolist()]}
            for label, rows in polygons
        ],
    }


def vertices_of(polygon: Mapping[str, Any]) -> Outline:
    """The vertices of a polygon in a label or an answer: float64, shape (n, 2)."""
    return np.array([[vertex["x"], vertex["y"]] for vertex in polygon["vertices"]], np.float64)


def painted(outline: Outline, size: tuple[int, int]) -> Mask:
    """The pixels of a polygon as Pillow fills them: bool, shape (height, width)."""
    image = Image.new("1", size)
    ImageDraw.Draw(image).polygon([tuple(row) for row in outline.tolist()], fill=1)
    return np.array(image)


def covered(outline: Outline, columns: int, rows: int) -> Mask:
    """The pixels whose centres, at halves, a polygon winds around: shape (rows, columns)."""
    start, end = outline, np.roll(outline, -1, axis=0)
    low, high = (
        np.ceil(pick(start[:, 1], end[:, 1]) - 0.5).astype(np.int64) for pick in (np.minimum, np.maximum)
    )
    count = high - low
    edge = np.repeat(np.arange(len(start)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + low[edge]
    way = end - start
    x = start[edge, 0] + (row + 0.5 - start[edge, 1]) * way[edge, 0] / way[edge, 1]
    column = np.clip(np.ceil(x - 0.5), 0, columns).astype(np.int64)
    seen = (row >= 0) & (row < rows)
    wound = np.zeros((rows, columns + 1), np.int64)
    np.add.at(wound, (row[seen], column[seen]), np.sign(way[edge, 1]).astype(np.int64)[seen])
    inside: Mask = np.cumsum(wound, axis=1)[:, :columns] != 0
    return inside


def deep_inside(outline: Outline, columns: int, rows: int, depth: float) -> Mask:
    """The pixels whose centres, at whole coordinates, lie inside a polygon and at least `depth` from its border: shape (rows, columns)."""
    x, y = (axis.reshape(-1, 1) for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    start, end = outline, np.roll(outline, -1, axis=0)
    way = end - start
    length = (way**2).sum(axis=1)
    along = np.clip(((x - start[:, 0]) * way[:, 0] + (y - start[:, 1]) * way[:, 1]) / length, 0, 1)
    distance = np.hypot(x - start[:, 0] - along * way[:, 0], y - start[:, 1] - along * way[:, 1])
    upward = (start[:, 1] <= y) & (end[:, 1] > y)
    downward = (start[:, 1] > y) & (end[:, 1] <= y)
    right = (x - start[:, 0]) * way[:, 1] < (y - start[:, 1]) * way[:, 0]
    wound = (upward & (right == (way[:, 1] > 0))).sum(axis=1) - (downward & (right == (way[:, 1] > 0))).sum(
        axis=1
    )
    inside: Mask = ((wound != 0) & (distance.min(axis=1) >= depth)).reshape(rows, columns)
    return inside


def outline_of(mask: Mask) -> Outline | None:
    """The border of the largest piece of a mask, through the middles between pixels in and out; None for an empty mask.

    Pixel (row, column) covers [column, column + 1] x [row, row + 1].
    """
    side = max(mask.shape) + 2
    inside = np.zeros((1, side, side), bool)
    inside[0, 1 : mask.shape[0] + 1, 1 : mask.shape[1] + 1] = mask
    halves = np.full(inside.shape, 0.5)
    return trace(Region(inside, halves, halves, np.full((1, 2), -0.5), np.ones((1, 2))))[0]
