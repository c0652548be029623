"""Which parts of different workers are the same thing: clusters with at most one part per worker.

Best pair first, average linkage, in two passes: parts of one label category find each other before parts of different
categories do, so that two workers who disagree about what a thing is still count as having seen the same thing (the two-pass
matching of CVAT's quality control, with agglomeration in the place of pairwise assignment).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
    of the workers. Time O(E log E) for overlaps that are few per part, memory O(P + E).
    """
    whole, rest = _whole_components(overlaps, workers, thresholds)
    linkage = _Linkage(rest, workers, thresholds)
    linkage.join([a == b for a, b in _pairs_of(rest, categories)])
    linkage.join([True] * len(rest.iou))
    joined = {part for members in whole for part in members}
    others = (members for part, members in linkage.members.items() if part not in joined)
    return sorted([*whole, *(sorted(members) for members in others)])


def _whole_components(
    overlaps: Overlaps, workers: Sequence[int], thresholds: Sequence[float]
) -> tuple[list[list[int]], Overlaps]:
    """Parts that all overlap each other enough and nothing else, one per worker: one cluster in whatever order they are joined.

    Most things are seen so, and need no heap. The pairs of all other parts are returned as well.
    """
    parent = list(range(len(workers)))
    for first, second in zip(overlaps.first.tolist(), overlaps.second.tolist(), strict=True):
        while parent[first] != first:
            first = parent[first]  # noqa: PLW2901 - climbing to the root
        while parent[second] != second:
            second = parent[second]  # noqa: PLW2901
        parent[max(first, second)] = min(first, second)
    for part, above in enumerate(parent):
        parent[part] = parent[above]  # parents have smaller numbers, so theirs is the root already
    root, maker = np.array(parent, dtype=np.int64), np.array(workers, dtype=np.int64)
    needed = np.zeros(len(root))
    np.maximum.at(needed, root, np.array(thresholds, dtype=np.float64))
    owner = root[overlaps.first]
    enough = (overlaps.iou >= needed[owner]) & (maker[overlaps.first] != maker[overlaps.second])
    sizes = np.bincount(root, minlength=len(root))
    whole = np.bincount(owner, enough, len(root)) * 2 == sizes * (sizes - 1)
    members: dict[int, list[int]] = {}
    for part in np.flatnonzero((whole & (sizes > 1))[root]).tolist():
        members.setdefault(parent[part], []).append(part)
    left = ~whole[owner]
    rest = Overlaps(overlaps.first[left], overlaps.second[left], overlaps.iou[left])
    return list(members.values()), rest


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
