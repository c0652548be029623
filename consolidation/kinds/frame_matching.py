"""Parts of a sequence matched across workers, frame by frame, with an eye on the neighbouring frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps, cluster_parts
from consolidation.estimation.steady import REACH, steady_overlaps
from consolidation.kinds.base import Task
from consolidation.kinds.geometry import Geometry
from consolidation.kinds.marks import Marks
from shared.errors import LimitError

_PARTS = 4096
"""Parts matched at a time: enough for arrays to pay, few enough that a long sequence needs no more memory than a short one."""

_FRAMES_WORTH = 4
"""So many times the pairs that one frame may have are borne in all frames."""


def match_frames(
    kind: str, marks: Marks[Any], task: Task, geometry: Geometry[Any], scale: float
) -> tuple[list[list[int]], Overlaps]:
    """Group parts of one frame that mean the same thing.

    Args:
        kind: name of the kind, for its threshold.
        marks: of the sequence.
        task: of the data object.
        geometry: of the shapes.
        scale: of the sequence, by the geometry.

    Returns:
        Clusters, by frame, then by first part; every part is in exactly one. And the overlaps within clusters.

    Raises:
        LimitError: too many parts of one frame, or of all frames, overlap.

    Time O(P log P) plus that of the overlaps. Memory: the overlaps, and what matching `_PARTS` parts at a time takes.
    """
    categories = task.categories(marks.labels)
    number = {name: place for place, name in enumerate(categories)}
    threshold = {name: task.settings.iou_threshold_of(kind, name) for name in number}
    workers = marks.workers.tolist()
    clusters: list[list[int]] = []
    kept: list[Overlaps] = []
    for run in _runs(marks, geometry, scale, task.settings.limits.overlaps):
        labels = marks.labels[run.start : run.stop]
        found = cluster_parts(
            Overlaps(run.overlaps.first, run.overlaps.second, run.steadied),
            workers[run.start : run.stop],
            [number[label] for label in labels],
            [threshold[label] for label in labels],
        )
        cluster_of = np.empty(run.stop - run.start, np.int64)
        for place, members in enumerate(found):
            cluster_of[members] = place
        same = cluster_of[run.overlaps.first] == cluster_of[run.overlaps.second]
        kept.append(_moved(_chosen(run.overlaps, same), run.start))
        clusters += [[member + run.start for member in members] for members in found]
    return clusters, _joined(kept)


@dataclass(frozen=True, slots=True)
class _Run:
    """Whole frames that are matched at a time.

    Attributes:
        start, stop: their parts.
        overlaps: of these parts, numbered from `start`.
        steadied: the same in view of the frames around.
    """

    start: int
    stop: int
    overlaps: Overlaps
    steadied: npt.NDArray[np.float64]


def _runs(marks: Marks[Any], geometry: Geometry[Any], scale: float, most: int) -> Iterator[_Run]:
    spans = list(pairwise(np.flatnonzero(np.diff(marks.frames, prepend=-1, append=-1)).tolist()))
    found = _all_overlaps(marks, geometry, spans, scale, most)
    first = 0
    while first < len(spans):
        last = first
        while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= _PARTS:
            last += 1
        near = slice(max(first - REACH, 0), last + REACH + 1)
        around = slice(spans[near][0][0], spans[near][-1][1])
        joined = _moved(_joined(found[near]), -around.start)
        steadied = steady_overlaps(joined, marks.frames[around], marks.tracks[around])
        start, stop = spans[first][0], spans[last][1]
        inside = (joined.first >= start - around.start) & (joined.first < stop - around.start)
        yield _Run(start, stop, _moved(_chosen(joined, inside), around.start - start), steadied[inside])
        first = last + 1


def _all_overlaps(
    marks: Marks[Any], geometry: Geometry[Any], spans: Sequence[tuple[int, int]], scale: float, most: int
) -> list[Overlaps]:
    """Of each frame; all of them before the first is matched, for matching is what takes time where they are too many."""
    found: list[Overlaps] = []
    pairs = 0
    for span in spans:
        found.append(_overlaps(marks, geometry, span, scale, most))
        pairs += len(found[-1].iou)
        if pairs > _FRAMES_WORTH * most:
            borne = _FRAMES_WORTH * most
            raise LimitError(
                f"in all frames more than {borne} pairs of parts overlap", limit="limits.overlaps"
            )
    return found


def _overlaps(
    marks: Marks[Any], geometry: Geometry[Any], span: tuple[int, int], scale: float, most: int
) -> Overlaps:
    """Of one frame."""
    start, stop = span
    try:
        found = geometry.overlaps(marks.shapes[start:stop], marks.workers[start:stop], scale, most)
    except OverflowError as failure:
        raise LimitError(f"in one frame {failure}", limit="limits.overlaps") from failure
    return _moved(found, start)


def _moved(overlaps: Overlaps, by: int) -> Overlaps:
    """With parts numbered from elsewhere."""
    return Overlaps(overlaps.first + by, overlaps.second + by, overlaps.iou)


def _chosen(overlaps: Overlaps, wanted: npt.NDArray[np.bool_]) -> Overlaps:
    return Overlaps(overlaps.first[wanted], overlaps.second[wanted], overlaps.iou[wanted])


def _joined(overlaps: Sequence[Overlaps]) -> Overlaps:
    nothing = Overlaps(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    listed = [nothing, *overlaps]
    return Overlaps(
        np.concatenate([one.first for one in listed]),
        np.concatenate([one.second for one in listed]),
        np.concatenate([one.iou for one in listed]),
    )
