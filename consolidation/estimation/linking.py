"""Which clusters of successive frames are the same thing: consensus tracks from the workers' own tracks.

Every worker followed things through the frames and gave each an id of the worker's own. Wherever such a track steps from one cluster to
another, its worker votes that the two are one thing; a worker with two different tracks in them votes that they are not. Steps
are taken in the order of their votes, so the identities of the majority win: of one worker who swaps two things from some frame on, who
starts a new track after an occlusion, or who goes on with the track of a thing that left. Nothing here knows boxes from cuboids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Similarity: TypeAlias = Callable[[Ints, Ints], Floats]
"""How alike clusters of different frames are: two arrays of n cluster numbers -> n values in [0, 1]."""

NO_TRACK = -1
"""The track of a part to which its worker gave no id."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """The clusters of a sequence and the parts in them. C clusters, P parts; inputs are never modified.

    Attributes:
        frames: int64, shape (C,): place of each cluster's frame in the sequence, >= 0. Clusters are numbered in an order that depends
            on content only: ties are decided by it.
        clusters: int64, shape (P,): the cluster of each part; every cluster has at least one, and at most one of a worker.
        workers: int64, shape (P,): who made the part, in [0, W).
        tracks: int64, shape (P,): the worker's own track, a number no other worker's track has; NO_TRACK where the worker gave none. A
            track has at most one part per frame.
    """

    frames: Ints
    clusters: Ints
    workers: Ints
    tracks: Ints


def link_clusters(sightings: Sightings, weights: Floats, similarity: Similarity | None = None) -> Ints:
    """Join clusters to consensus tracks.

    The steps of all worker tracks from one cluster to the next they are seen in are taken in the order of their votes, and two
    partial tracks become one where no frame has a cluster of both and no more votes are against it than for it.

    Args:
        sightings: of a sequence.
        weights: float64, shape (W,): votes of each worker, > 0.
        similarity: decides between steps of equal votes, so that things that cross keep their places; None: the shorter step first.

    Returns:
        int64, shape (C,): the consensus track of each cluster, numbered from 0 by first frame, then by first cluster. At most one
        cluster of a frame is in a track. A cluster that no worker's track leaves or enters is a track of its own.

    Ties: more similar, then shorter, then earlier clusters. Time O(P log P + P * F / 64) for F frames, memory O(P + tracks * F / 8) bytes.
    """
    steps = _steps(sightings, weights)
    alike = np.zeros(len(steps.first)) if similarity is None else similarity(steps.first, steps.second)
    length = sightings.frames[steps.second] - sightings.frames[steps.first]
    order = np.lexsort((steps.second, steps.first, length, -np.round(alike, 9), -steps.votes))
    allowed = order[steps.against[order] <= steps.votes[order]]
    tracks = _PartialTracks(sightings.frames)
    for first, second in zip(steps.first[allowed].tolist(), steps.second[allowed].tolist(), strict=True):
        tracks.join(first, second)
    return _numbered(tracks.owners(), sightings.frames)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Distinct steps (first cluster, second cluster) with the votes for and against their being one thing."""

    first: Ints
    second: Ints
    votes: Floats
    against: Floats


def _steps(sightings: Sightings, weights: Floats) -> _Steps:
    clusters, workers, tracks = sightings.clusters, sightings.workers, sightings.tracks
    at = sightings.frames[clusters]
    order = np.lexsort((at, tracks))
    order = order[tracks[order] != NO_TRACK]
    before, after = order[:-1], order[1:]
    follows = (tracks[before] == tracks[after]) & (at[before] < at[after])
    before, after = before[follows], after[follows]
    count = len(sightings.frames)
    pairs, place = np.unique(clusters[before] * count + clusters[after], return_inverse=True)
    votes = np.bincount(place, weights=weights[workers[before]], minlength=len(pairs))
    first, second = np.divmod(pairs, max(count, 1))
    against = _against(sightings, weights, first, second)
    return _Steps(first, second, np.round(votes, 9), np.round(against, 9))


def _against(sightings: Sightings, weights: Floats, first: Ints, second: Ints) -> Floats:
    """Votes of the workers who are in both clusters with different tracks."""
    table = np.full((len(sightings.frames), len(weights)), NO_TRACK, np.int64)
    table[sightings.clusters, sightings.workers] = sightings.tracks
    one, other = table[first], table[second]
    differ = (one != NO_TRACK) & (other != NO_TRACK) & (one != other)
    votes: Floats = differ @ weights
    return votes


class _PartialTracks:
    """Disjoint sets of clusters, each with the frames it covers as the bits of one number."""

    def __init__(self, frames: Ints) -> None:
        self._parent = list(range(len(frames)))
        self._covered = [1 << frame for frame in frames.tolist()]

    def join(self, first: int, second: int) -> None:
        """Make two sets one, unless both cover some frame."""
        one, other = sorted((self._root(first), self._root(second)))
        if one == other or self._covered[one] & self._covered[other]:
            return
        self._parent[other] = one
        self._covered[one] |= self._covered[other]
        self._covered[other] = 0

    def owners(self) -> Ints:
        """The least cluster of each cluster's set."""
        return np.array([self._root(cluster) for cluster in range(len(self._parent))], dtype=np.int64)

    def _root(self, cluster: int) -> int:
        parent = self._parent
        while parent[cluster] != cluster:
            parent[cluster] = parent[parent[cluster]]
            cluster = parent[cluster]
        return cluster


def _numbered(owners: Ints, frames: Ints) -> Ints:
    """Renumber sets by their first frame, then by their first cluster."""
    sequence = np.lexsort((np.arange(len(owners)), frames))
    distinct, first, place = np.unique(owners[sequence], return_index=True, return_inverse=True)
    rank = np.empty(len(distinct), np.int64)
    rank[np.argsort(first)] = np.arange(len(distinct))
    numbers = np.empty(len(owners), np.int64)
    numbers[sequence] = rank[place]
    return numbers
