"""Which parts of different workers are the same thing: clusters with at most one part per worker.

Best pair first, average linkage, in two passes: parts of one label category find each other before parts of different
categories do, so that two workers who disagree about what a thing is still count as having seen the same thing (the two-pass
matching of CVAT's quality control, with agglomeration in the place of pairwise assignment).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TypeVar, overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Value = TypeVar("Value")
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


class Clusters(Sequence[Sequence[int]]):
    """Groups of parts, as lists and as arrays. Equal to every sequence of the same groups.

    Attributes:
        marks: int64, shape (M,): the parts of the first cluster, then those of the second, and so on.
        sizes: int64, shape (C,): parts of each cluster.
        part: int64, shape (M,): for each mark the number of its cluster.
    """

    __slots__ = ("_ends", "marks", "part", "sizes")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, marks: Integers, sizes: Integers) -> None:
        """From the attributes of these names."""
        self.marks, self.sizes = marks, sizes
        self.part = np.repeat(np.arange(len(sizes)), sizes)
        self._ends: list[int] = np.cumsum(sizes).tolist()

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]]) -> Clusters:
        """From the parts of each cluster."""
        marks = np.array(list(chain.from_iterable(groups)), np.int64)
        return cls(marks, np.array([len(members) for members in groups], np.int64))

    def rows(self, values: Sequence[Value]) -> Iterator[Sequence[Value]]:
        """The values of each cluster, of one for each mark."""
        return (values[start:end] for start, end in pairwise([0, *self._ends]))

    @overload
    def __getitem__(self, place: int) -> Sequence[int]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Sequence[int]]: ...
    def __getitem__(self, place: int | slice) -> Sequence[int] | Sequence[Sequence[int]]:
        """The parts of a cluster, or of several."""
        if isinstance(place, slice):
            return list(self)[place]
        end = self._ends[place]
        members: list[int] = self.marks[end - int(self.sizes[place]) : end].tolist()
        return members

    def __len__(self) -> int:
        """How many clusters there are."""
        return len(self.sizes)

    def __iter__(self) -> Iterator[Sequence[int]]:
        """The parts of each cluster."""
        return self.rows(self.marks.tolist())

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same groups in the same order."""
        return isinstance(other, Sequence) and list(self) == list(other)


def cluster_parts(
    overlaps: Overlaps,
    workers: Sequence[int] | Integers,
    categories: Sequence[int] | Integers,
    thresholds: Sequence[float] | Floats,
) -> Clusters:
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
        Clusters of ascending parts, ordered by their first part. Every part is in exactly one.

    Ties: equal means are joined in the order of the clusters' first parts; give parts in an order that does not depend on that
    of the workers. Time O(E log E) for overlaps that are few per part, memory O(P + E). Parts of which nobody doubts what belongs
    together, most of them as a rule, are grouped by a few array operations.
    """
    who, kinds, needed = (
        np.asarray(workers, np.int64),
        np.asarray(categories, np.int64),
        np.asarray(thresholds, np.float64),
    )
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
    sizes = np.bincount(clusters, minlength=len(order))
    return Clusters(order, sizes[sizes > 0])


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
    one, other = head[first], head[second]
    inside = one == other
    pairs = np.bincount(one[inside], minlength=parts)
    doubtful = pairs * 2 != size * (size - 1)
    doubtful[one[~inside]] = doubtful[other[~inside]] = True
    needed = np.zeros(parts)
    np.maximum.at(needed, head, thresholds)
    short = inside & (overlaps.iou[strong] < needed[one] * (1 + _SLACK))
    doubtful[one[short]] = True
    return head, doubtful[head]


def _joined(clusters: Integers, overlaps: Overlaps, workers: Integers, needed: Floats) -> Integers:
    """Join clusters along overlaps of their parts, best mean first, until none reaches its threshold.

    Args:
        clusters: int64, shape (P,): the first part of each part's cluster.

    Returns:
        The same after joining.

    Joining never lifts a mean above the better of the two it is made from. So only clusters that reach their threshold with some other
    are looked at one by one.
    """
    one, other = clusters[overlaps.first], clusters[overlaps.second]
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    pairs, place = np.unique(low * len(clusters) + high, return_inverse=True)
    sums = np.bincount(place, overlaps.iou[apart], len(pairs))
    low, high = np.divmod(pairs, max(len(clusters), 1))
    size = np.bincount(clusters, minlength=len(clusters))
    strictest = np.zeros(len(clusters))
    np.maximum.at(strictest, clusters, needed)
    near = sums >= np.maximum(strictest[low], strictest[high]) * size[low] * size[high] * _NEARLY
    if not near.any():
        return clusters
    involved = np.zeros(len(clusters), np.bool_)
    involved[low[near]] = involved[high[near]] = True
    linkage = _Linkage(np.flatnonzero(involved[clusters]), clusters, workers, strictest)
    both = involved[low] & involved[high]
    linkage.join(zip(low[both].tolist(), high[both].tolist(), sums[both].tolist(), strict=True))
    joined = clusters.copy()
    for head, members in linkage.members.items():
        joined[members] = head
    return joined


class _Linkage:
    """Average-linkage agglomeration over a sparse graph of clusters, each named by its first part."""

    def __init__(self, parts: Integers, clusters: Integers, workers: Integers, needed: Floats) -> None:
        self.members: dict[int, list[int]] = {}
        self._workers: dict[int, int] = {}  # one bit for each
        for part, head, worker in zip(
            parts.tolist(), clusters[parts].tolist(), workers[parts].tolist(), strict=True
        ):
            self.members.setdefault(head, []).append(part)
            self._workers[head] = self._workers.get(head, 0) | 1 << worker
        self._needed = {head: float(needed[head]) for head in self.members}
        self._sums: dict[int, dict[int, float]] = {head: {} for head in self.members}

    def join(self, pairs: Iterable[tuple[int, int, float]]) -> None:
        """Join clusters, best mean first, until none reaches its threshold.

        Args:
            pairs: clusters, the lower first, and the sum of IoU over their parts. Those with a common worker are never joined.
        """
        heap: list[tuple[float, int, int]] = []
        for first, second, total in pairs:
            if not self._workers[first] & self._workers[second]:
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
        for other, total in list(known.items()):
            if self._workers[first] & self._workers[other]:
                del known[other]
                self._sums[other].pop(first, None)
            else:
                self._sums[other][first] = total
