"""Regions of an index map: their bounding boxes, in one pass over the runs of the map's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def bounding_boxes(indices: npt.NDArray[np.unsignedinteger[Any]], count: int) -> npt.NDArray[np.int64]:
    """The bounding box of each index.

    Args:
        indices: uint8 or uint16, shape (H, X), entries in [0, count). Not modified.
        count: number of indices.

    Returns:
        int64, shape (count, 4): left, top, width, height in pixels; zeros for an index without a pixel.

    Time O(H*X) for one comparison per pixel plus the runs, memory O(H*X) bytes.
    """
    height, width = indices.shape
    changes = np.ones((height, width), bool)
    np.not_equal(indices[:, 1:], indices[:, :-1], out=changes[:, 1:])
    starts = np.flatnonzero(changes)
    index = indices.reshape(-1)[starts]
    rows, left = np.divmod(starts, width)
    right = np.append(starts[1:], indices.size) - rows * width
    first = np.tile(np.array([width, height], np.int64), (count, 1))
    last = np.zeros((count, 2), np.int64)
    np.minimum.at(first, index, np.column_stack([left, rows]))
    np.maximum.at(last, index, np.column_stack([right, rows + 1]))
    absent = last[:, 0] == 0
    first[absent] = 0
    return np.column_stack([first, last - first])
