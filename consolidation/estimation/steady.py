"""Overlaps made steady through the frames: two tracks that lay on each other just before and after are likely the same now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.linking import NO_TRACK
from consolidation.estimation.matching import Overlaps

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STEPS = (-16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16)
"""Frames that count, seen from a frame: dense near it, far enough out to bridge things that pass each other slowly."""
REACH = 16
"""The farthest of them."""


def steady_overlaps(overlaps: Overlaps, frames: Ints, tracks: Ints) -> Floats:
    """How far pairs of parts are the same, their tracks' neighbouring frames considered.

    Where things pass each other, the best overlap of one frame may be that of two different things; their tracks tell. Where a worker swaps
    two things, the frame's own overlap still counts for half.

    Args:
        overlaps: of P parts, within frames. Not modified.
        frames: int64, shape (P,): place of each part's frame, >= 0.
        tracks: int64, shape (P,): the worker's own track, at most one part in a frame; NO_TRACK for none.

    Returns:
        float64, shape (E,), in (0, 1]: the mean of the pair's overlap and of the mean overlap that the same two tracks have in those of the
        frames at `STEPS` in which both have a part. The plain overlap where one has no track.

    Time O(E log E), memory O(P + E).
    """
    named = (tracks[overlaps.first] != NO_TRACK) & (tracks[overlaps.second] != NO_TRACK)
    first, second, iou = overlaps.first[named], overlaps.second[named], overlaps.iou[named]
    if not len(first):
        return overlaps.iou
    distinct, number = np.unique(tracks, return_inverse=True)
    span = int(frames.max()) + 1 + 2 * REACH
    at = frames + REACH
    seen = np.sort((number * span + at)[tracks != NO_TRACK])
    low, high = np.minimum(number[first], number[second]), np.maximum(number[first], number[second])
    now = at[first]
    pair = (low * len(distinct) + high) * span
    order = np.argsort(pair + now)
    known, values = (pair + now)[order], iou[order]
    total, count = np.zeros(len(first)), np.zeros(len(first))
    for step in STEPS:
        both = _found(seen, low * span + now + step)[1] & _found(seen, high * span + now + step)[1]
        place, there = _found(known, pair + now + step)
        total += np.where(there, values[place], 0.0)
        count += both
    steadied = overlaps.iou.copy()
    steadied[named] = (iou + total / count) / 2
    return steadied


def _found(keys: Ints, wanted: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Where each wanted number is among the sorted keys, and whether it is."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted
