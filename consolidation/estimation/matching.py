"""Which parts of different workers are the same thing: clusters with at most one part per worker.

Best pair first, average linkage, in two passes: parts of one label category find each other before parts of different
categories do, so that two workers who disagree about what a thing is still count as having seen the same thing (the two-pass
matching of CVAT's quality control, with agglomeration in the place of pairwise assignment).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SLACK = 1e-9
_NEARLY = 1 - 1e-12
"""A mean reaches its threshold whatever its sum is rounded to."""


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
    who, kinds, needed = np.array(workers, np.int64), np.array(categories, np.int64), np.array(thresholds)
    heads, doubtful = _clear_groups(overlaps, needed)
    clusters = np.where(doubtful, np.arange(len(heads)), heads)
    if doubtful.any():
        open_pairs = doubtful[overlaps.first] & doubtful[overlaps.second]
        rest = _chosen(overlaps, open_pairs)
        alike = _chosen(rest, kinds[rest.first] == kinds[rest.second])
        heads, torn = _clear_groups(alike, needed)
        clusters = np.where(doubtful & ~torn, heads, clusters)
        for wanted in (alike, rest):
            clusters = _joined(clusters, wanted, who, needed)
    order = np.argsort(clusters, kind="stable")
    parts: list[int] = order.tolist()
    ends: list[int] = (np.flatnonzero(np.diff(clusters[order])) + 1).tolist()
    return [parts[start:end] for start, end in pairwise([0, *ends, len(parts)]) if start < end]


def _chosen(overlaps: Overlaps, wanted: npt.NDArray[np.bool_]) -> Overlaps:
    return Overlaps(overlaps.first[wanted], overlaps.second[wanted], overlaps.iou[wanted])


def _clear_groups(overlaps: Overlaps, thresholds: Floats) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Clusters that no order of joining could change.

    Clusters are joined only where some pair between them reaches its threshold. So a group in which every pair reaches every threshold, and
    from which no such pair leads outside, is a cluster: its workers are all different, as parts of one worker do not count as overlapping.

    Returns:
        int64, shape (P,): the first part of each part's group. bool, shape (P,): whether the group is no such one.
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
    return head, doubtful[head]


def _joined(clusters: Integers, overlaps: Overlaps, workers: Integers, needed: Floats) -> Integers:
    """Join clusters along overlaps of their parts, best mean first, until none reaches its threshold.

    Args:
        clusters: int64, shape (P,): the first part of each part's cluster.

    Returns:
        The same after joining.
    """
    one, other = clusters[overlaps.first], clusters[overlaps.second]
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    pairs, place = np.unique(low * len(clusters) + high, return_inverse=True)
    sums = np.bincount(place, overlaps.iou[apart], len(pairs))
    low, high = pairs // max(len(clusters), 1), pairs % max(len(clusters), 1)
    free = ~_share_worker(low, high, clusters, workers)
    low, high, sums = low[free], high[free], sums[free]
    size = np.bincount(clusters, minlength=len(clusters))
    strictest = np.zeros(len(clusters))
    np.maximum.at(strictest, clusters, needed)
    if not (sums >= np.maximum(strictest[low], strictest[high]) * size[low] * size[high] * _NEARLY).any():
        return clusters
    involved = np.unique(np.concatenate([low, high]))
    inside = np.flatnonzero(np.isin(clusters, involved))
    linkage = _Linkage(inside, clusters, workers, strictest)
    linkage.join(zip(low.tolist(), high.tolist(), sums.tolist(), strict=True))
    joined = clusters.copy()
    for head, members in linkage.members.items():
        joined[members] = head
    return joined


def _share_worker(
    low: Integers, high: Integers, clusters: Integers, workers: Integers
) -> npt.NDArray[np.bool_]:
    """Whether pairs of clusters, named by their first parts, both have a part of some worker."""
    order = np.argsort(clusters, kind="stable")
    start = np.searchsorted(clusters[order], low)
    size = np.searchsorted(clusters[order], low, side="right") - start
    pair = np.repeat(np.arange(len(low)), size)
    member = order[np.arange(len(pair)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(start, size)]
    count = int(workers.max(initial=0)) + 1
    held = np.sort(clusters * count + workers)
    asked = high[pair] * count + workers[member]
    found = np.searchsorted(held, asked)
    met = (found < len(held)) & (held[np.minimum(found, len(held) - 1)] == asked)
    return np.bincount(pair, met, len(low)) > 0


class _Linkage:
    """Average-linkage agglomeration over a sparse graph of clusters, each named by its first part."""

    def __init__(self, parts: Integers, clusters: Integers, workers: Integers, needed: Floats) -> None:
        self.members: dict[int, list[int]] = {}
        self._workers: dict[int, set[int]] = {}
        for part, head, worker in zip(
            parts.tolist(), clusters[parts].tolist(), workers[parts].tolist(), strict=True
        ):
            self.members.setdefault(head, []).append(part)
            self._workers.setdefault(head, set()).add(worker)
        self._needed = {head: float(needed[head]) for head in self.members}
        self._sums: dict[int, dict[int, float]] = {head: {} for head in self.members}

    def join(self, pairs: Iterable[tuple[int, int, float]]) -> None:
        """Join clusters, best mean first, until none reaches its threshold.

        Args:
            pairs: clusters without a common worker, the lower first, and the sum of IoU over their parts.
        """
        heap: list[tuple[float, int, int]] = []
        for first, second, total in pairs:
            self._sums[first][second] = self._sums[second][first] = total
            self._offer(heap, first, second)
        while heap:
            negative, first, second = heapq.heappop(heap)
            known = self._sums.get(first, {})
            if second not in known or -negative != self._mean(first, second):
                continue
            self._merge(first, second)
            for other in self._sums[first]:
                self._offer(heap, min(first, other), max(first, other))

    def _offer(self, heap: list[tuple[float, int, int]], first: int, second: int) -> None:
        mean = self._mean(first, second)
        if mean >= max(self._needed[first], self._needed[second]) * _NEARLY:
            heapq.heappush(heap, (-mean, first, second))

    def _mean(self, first: int, second: int) -> float:
        return self._sums[first][second] / (len(self.members[first]) * len(self.members[second]))

    def _merge(self, first: int, second: int) -> None:
        """`second` joins `first`, which keeps its name; pairs with a common worker are forgotten."""
        self.members[first] += self.members.pop(second)
        self._workers[first] |= self._workers.pop(second)
        self._needed[first] = max(self._needed[first], self._needed.pop(second))
        gained, known = self._sums.pop(second), self._sums[first]
        for other, total in gained.items():
            del self._sums[other][second]
            if other != first:
                known[other] = known.get(other, 0.0) + total
        for other in [other for other in known if not self._workers[first].isdisjoint(self._workers[other])]:
            del known[other]
            self._sums[other].pop(first, None)
        for other, total in known.items():
            self._sums[other][first] = total
