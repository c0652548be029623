"""How far shapes cover each other, computed apart from the code that is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.found import Floats

_LINES = 8
"""Scan lines per pixel: along a line areas are exact, across it within 1e-4 of a shape of 60 pixels."""


def boundary_f(drawn: npt.NDArray[Any], truth: npt.NDArray[Any], reach: int = 2) -> float:
    """F1 of the pixels where the category changes, each right when one of the other map is within `reach` pixels to the side and down."""
    one, other = _edges(drawn), _edges(truth)
    precision = (one & _grown(other, reach)).sum() / max(one.sum(), 1)
    recall = (other & _grown(one, reach)).sum() / max(other.sum(), 1)
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def _edges(drawn: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    edges = np.zeros(drawn.shape, np.bool_)
    edges[:, 1:] |= drawn[:, 1:] != drawn[:, :-1]
    edges[1:] |= drawn[1:] != drawn[:-1]
    return edges


def _grown(edges: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    grown = edges.copy()
    for axis in (0, 1) * reach:
        here, before = np.moveaxis(grown, axis, 0), np.moveaxis(grown.copy(), axis, 0)
        here[1:] |= before[:-1]
        here[:-1] |= before[1:]
    return grown


def mask_overlaps(
    masks: Sequence[npt.NDArray[np.bool_]], numbers: npt.NDArray[np.uint8], things: int
) -> Floats:
    """IoU of masks with the things of a numbered map: float64, shape (masks, things)."""
    flat = numbers.ravel()
    pixels = np.bincount(flat, minlength=things + 1)[1:]
    found = np.zeros((len(masks), things))
    for row, mask in enumerate(masks):
        shared = np.bincount(flat[mask.ravel()], minlength=things + 1)[1:]
        found[row] = shared / np.maximum(pixels + mask.sum() - shared, 1)
    return found


def polygon_overlaps(
    polygons: Sequence[npt.NDArray[Any]],
    others: Sequence[npt.NDArray[Any]],
    wanted: npt.NDArray[np.bool_],
) -> Floats:
    """IoU of polygons, each shape (vertices, 2), where `wanted`, shape (polygons, others), says so; else 0. Non-zero winding."""
    found = np.zeros(wanted.shape)
    limits = [
        np.array([(*one.min(axis=0), *one.max(axis=0)) if len(one) else (0, 0, 0, 0) for one in some])
        for some in (polygons, others)
    ]
    one, other = (each.reshape(-1, 4) for each in limits)
    near = (one[:, None, :2] < other[None, :, 2:]).all(axis=2) & (other[None, :, :2] < one[:, None, 2:]).all(
        axis=2
    )
    for row, column in np.argwhere(near & wanted).tolist():
        found[row, column] = _polygon_iou(polygons[row], others[column])
    return found


def _polygon_iou(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Along each scan line, the stretches that one, the other and both polygons wind around."""
    crossings = [_crossings(one, np.array([1, 0])), _crossings(other, np.array([0, 1]))]
    line, x, turns = (np.concatenate(columns) for columns in zip(*crossings, strict=True))
    order = np.lexsort((x, line))
    # Every line leaves both polygons again, so that the winding numbers are 0 where the next line begins.
    inside = np.cumsum(turns[order], axis=0)[:-1] != 0
    length = np.diff(x[order])
    both = length[inside.all(axis=1)].sum()
    either = length[inside.any(axis=1)].sum()
    return float(both / either) if either > 0 else 0.0


def _crossings(
    polygon: npt.NDArray[Any], owner: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Where a polygon's edges cross the scan lines: number of the line, x, and the turn, int64, shape (n, 2)."""
    start = np.asarray(polygon, np.float64)
    way = np.roll(start, -1, axis=0) - start
    ends = np.sort(np.stack([start[:, 1], start[:, 1] + way[:, 1]]), axis=0)
    low, high = np.ceil(ends * _LINES - 0.5).astype(np.int64)
    count = high - low
    edge = np.repeat(np.arange(len(start)), count)
    line = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + low[edge]
    down = (line + 0.5) / _LINES - start[edge, 1]
    x = start[edge, 0] + down * way[edge, 0] / way[edge, 1]
    return line, x, np.sign(way[edge, 1]).astype(np.int64)[:, None] * owner
