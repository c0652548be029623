"""How good tracks are.

IDF1: Ristani et al. 2016, doi:10.1007/978-3-319-48881-3_2. MOTA and switches: Bernardin & Stiefelhagen 2008, doi:10.1155/2008/246309.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.track_scenes import Tracks
from consolidation.estimation.boxes import iou_matrix

LEAST_IOU = 0.5


@dataclass(frozen=True)
class Score:
    """Of tracks against the truth.

    Attributes:
        idf1: 2 * parts under their true identity / (parts + true parts), best one-to-one assignment of identities, in [0, 1].
        mota: 1 - (missed + invented parts + switches) / true parts, at most 1.
        switches: true tracks' changes of identity.
        tracks: identities given.
        iou: mean over parts that are right.
    """

    idf1: float
    mota: float
    switches: int
    tracks: int
    iou: float


def score(found: Tracks, truth: Tracks) -> Score:
    """Parts are right from an IoU of 0.5 on; what matched in the frame before is matched first."""
    overlaps: defaultdict[tuple[int, int], int] = defaultdict(int)
    identity: dict[int, int] = {}
    right = switches = 0
    ious = []
    for frame in np.unique(np.concatenate([truth.frames, found.frames])).tolist():
        here, there = np.flatnonzero(found.frames == frame), np.flatnonzero(truth.frames == frame)
        iou = iou_matrix(found.boxes[here], truth.boxes[there])
        iou[iou < LEAST_IOU] = 0
        names, true_names = found.tracks[here], truth.tracks[there]
        for row, column in zip(*np.nonzero(iou), strict=True):
            overlaps[int(true_names[column]), int(names[row])] += 1
        kept = np.array([[identity.get(int(true)) == int(name) for true in true_names] for name in names])
        for row, column in _greedy(iou + 2 * kept.reshape(iou.shape) * (iou > 0)):
            name, true = int(names[row]), int(true_names[column])
            switches += identity.get(true, name) != name
            identity[true] = name
            right += 1
            ious.append(iou[row, column])
    true_parts, parts = len(truth.frames), len(found.frames)
    return Score(
        idf1=2 * _assigned(overlaps) / (true_parts + parts),
        mota=1 - (true_parts - right + parts - right + switches) / true_parts,
        switches=switches,
        tracks=len(set(found.tracks.tolist())),
        iou=float(np.mean(ious)),
    )


def _greedy(values: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """One-to-one pairs, best value first."""
    pairs = []
    values = values.copy()
    while values.size and values.max() > 0:
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        pairs.append((int(row), int(column)))
        values[row, :] = values[:, column] = 0
    return pairs


def _assigned(overlaps: dict[tuple[int, int], int]) -> int:
    """Parts under the best one-to-one assignment of identities."""
    rows = {name: place for place, name in enumerate(sorted({one for one, _ in overlaps}))}
    columns = {name: place for place, name in enumerate(sorted({other for _, other in overlaps}))}
    size = max(len(rows), len(columns))
    gain = np.zeros((size, size))
    for (one, other), count in overlaps.items():
        gain[rows[one], columns[other]] = count
    return int(gain[np.arange(size), assignment(-gain)].sum())


def assignment(cost: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The column of each row in the cheapest one-to-one assignment (Jonker & Volgenant 1987), float64, shape (n, n). Time O(n^3)."""
    size = len(cost)
    row_price, column_price = np.zeros(size + 1), np.zeros(size + 1)
    row_of = np.full(size + 1, size)
    for row in range(size):
        row_of[size], column = row, size
        slack, back = np.full(size, np.inf), np.full(size, size)
        used = np.zeros(size + 1, bool)
        while row_of[column] != size or column == size:
            used[column] = True
            current = row_of[column]
            reduced = cost[current] - row_price[current] - column_price[:size]
            better = ~used[:size] & (reduced < slack)
            slack[better], back[better] = reduced[better], column
            open_slack = np.where(used[:size], np.inf, slack)
            following = int(open_slack.argmin())
            step = open_slack[following]
            row_price[row_of[used]] += step
            column_price[used] -= step
            slack[~used[:size]] -= step
            column = following
        while column != size:
            row_of[column], column = row_of[back[column]], int(back[column])
    columns = np.empty(size, np.int64)
    columns[row_of[:size]] = np.arange(size)
    return columns
