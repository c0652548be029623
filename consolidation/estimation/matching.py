"""Which parts of different workers are the same thing: clusters with at most one part per worker.

Best pair first, average linkage, in two passes: parts of one label category find each other before parts of different
categories do, so that two workers who disagree about what a thing is still count as having seen the same thing (the two-pass
matching of CVAT's quality control, with agglomeration in the place of pairwise assignment).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of parts that overlap at all.

    Attributes:
        first, second: int64, shape (E,): the two parts, first < second; each pair once.
        iou: float64, shape (E,): their intersection over union, in (0, 1].
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float64]


def cluster_parts(
    overlaps: Overlaps,
    workers: Sequence[int],
    categories: Sequence[int],
    thresholds: Sequence[float],
) -> list[list[int]]:
    """Group parts that mean the same thing.

    Clusters start as single parts. The pair of clusters with the highest mean IoU is joined as long as that mean reaches the
    threshold and no worker is in both; first among parts of the same category, then among all. Pairs that do not overlap
    count as IoU 0 in the mean, so that a chain of neighbours does not become one thing.

    Args:
        overlaps: of P parts.
        workers: P worker numbers: who made the part.
        categories: P category numbers.
        thresholds: P least mean IoUs; two parts need the higher of theirs.

    Returns:
        Clusters as ascending lists of parts, ordered by their first part. Every part is in exactly one.

    Ties: equal means are joined in the order of the clusters' first parts; give parts in an order that does not depend on that
    of the workers. Time O(E log E) for overlaps that are few per part, memory O(P + E). Parts of which nobody doubts what belongs
    together, most of them as a rule, are grouped by a few array operations.
    """
    clear, open_parts = _clear_groups(overlaps, np.asarray(thresholds, np.float64))
    if not len(open_parts):
        return clear
    number = np.full(len(workers), -1)
    number[open_parts] = np.arange(len(open_parts))
    among = (number[overlaps.first] >= 0) & (number[overlaps.second] >= 0)
    rest = Overlaps(number[overlaps.first[among]], number[overlaps.second[among]], overlaps.iou[among])
    parts: list[int] = open_parts.tolist()
    linkage = _Linkage(rest, [workers[part] for part in parts], [thresholds[part] for part in parts])
    linkage.join([a == b for a, b in _pairs_of(rest, [categories[part] for part in parts])])
    linkage.join([True] * len(rest.iou))
    joined = ([parts[member] for member in sorted(members)] for members in linkage.members.values())
    return sorted([*clear, *joined])


def _clear_groups(
    overlaps: Overlaps, thresholds: npt.NDArray[np.float64]
) -> tuple[list[list[int]], npt.NDArray[np.int64]]:
    """Clusters that no order of joining could change, by their first part, and the parts that are in none of them.

    Clusters are joined only where some pair between them reaches its threshold. So a group in which every pair reaches every threshold, and
    from which no such pair leads outside, is a cluster: its workers are all different, as parts of one worker do not count as overlapping.
    """
    parts = len(thresholds)
    strong = overlaps.iou >= np.maximum(thresholds[overlaps.first], thresholds[overlaps.second])
    first, second = overlaps.first[strong], overlaps.second[strong]
    head = np.arange(parts)
    np.minimum.at(head, second, first)
    size = np.bincount(head, minlength=parts)
    inside = head[first] == head[second]
    pairs = np.bincount(head[first[inside]], minlength=parts)
    doubtful = pairs * 2 != size * (size - 1)
    doubtful[head[first[~inside]]] = doubtful[head[second[~inside]]] = True
    needed = np.zeros(parts)
    np.maximum.at(needed, head, thresholds)
    short = inside & (overlaps.iou[strong] < needed[head[first]] * (1 + _SLACK))
    doubtful[head[first[short]]] = True
    order = np.argsort(head, kind="stable")
    order = order[~doubtful[head[order]]]
    members: list[int] = order.tolist()
    ends: list[int] = np.cumsum(size[(size > 0) & ~doubtful]).tolist()
    groups = [members[start:end] for start, end in pairwise([0, *ends])]
    return groups, np.flatnonzero(doubtful[head])


def _pairs_of(overlaps: Overlaps, values: Sequence[int]) -> list[tuple[int, int]]:
    pairs = zip(overlaps.first.tolist(), overlaps.second.tolist(), strict=True)
    return [(values[first], values[second]) for first, second in pairs]


class _Linkage:
    """Average-linkage agglomeration over a sparse graph of overlaps."""

    def __init__(self, overlaps: Overlaps, workers: Sequence[int], thresholds: Sequence[float]) -> None:
        self.members = {part: [part] for part in range(len(workers))}
        self._cluster_of = list(range(len(workers)))
        self._workers = [{worker} for worker in workers]
        self._thresholds = list(thresholds)
        self._edges = list(
            zip(overlaps.first.tolist(), overlaps.second.tolist(), overlaps.iou.tolist(), strict=True)
        )
        self._sums: list[dict[int, float]] = [{} for _ in workers]
        for first, second, iou in self._edges:
            self._sums[first][second] = self._sums[second][first] = iou

    def join(self, allowed: Sequence[bool]) -> None:
        """Join clusters along the allowed edges, best mean first, until none reaches its threshold."""
        heap: list[tuple[float, int, int]] = []
        cluster_of, workers = self._cluster_of, self._workers
        open_pairs = {
            (one, other) if one < other else (other, one)
            for (first, second, _), wanted in zip(self._edges, allowed, strict=True)
            if wanted
            and (one := cluster_of[first]) != (other := cluster_of[second])
            and workers[one].isdisjoint(workers[other])
        }
        neighbours: dict[int, set[int]] = {}
        for first, second in open_pairs:
            neighbours.setdefault(first, set()).add(second)
            neighbours.setdefault(second, set()).add(first)
            self._offer(heap, first, second)
        heapq.heapify(heap)
        while heap:
            negative, first, second = heapq.heappop(heap)
            alive = first in self.members and second in self.members
            if not alive or second not in neighbours[first] or -negative != self._mean(first, second):
                continue
            self._merge(first, second)
            gained = neighbours.pop(second)
            for other in gained:
                neighbours[other].discard(second)
                if other != first:
                    neighbours[other].add(first)
                    neighbours[first].add(other)
            for other in neighbours[first]:
                self._offer(heap, *self._ordered(first, other), push=True)

    def _offer(
        self, heap: list[tuple[float, int, int]], first: int, second: int, *, push: bool = False
    ) -> None:
        mean = self._mean(first, second)
        needed = max(self._thresholds[first], self._thresholds[second])
        if mean < needed or not self._workers[first].isdisjoint(self._workers[second]):
            return
        if push:
            heapq.heappush(heap, (-mean, first, second))
        else:
            heap.append((-mean, first, second))

    def _mean(self, first: int, second: int) -> float:
        return self._sums[first].get(second, 0.0) / (len(self.members[first]) * len(self.members[second]))

    def _merge(self, first: int, second: int) -> None:
        """`second` joins `first`, the smaller number, which keeps the cluster's order."""
        for part in self.members[second]:
            self._cluster_of[part] = first
        self.members[first] += self.members.pop(second)
        self._workers[first] |= self._workers[second]
        self._thresholds[first] = max(self._thresholds[first], self._thresholds[second])
        for other, total in self._sums[second].items():
            del self._sums[other][second]
            if other != first:
                self._sums[first][other] = self._sums[other][first] = (
                    self._sums[first].get(other, 0.0) + total
                )
        self._sums[second] = {}

    @staticmethod
    def _ordered(first: int, second: int) -> tuple[int, int]:
        return (first, second) if first < second else (second, first)
