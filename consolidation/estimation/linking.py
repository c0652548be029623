"""Which clusters of successive frames are the same thing: consensus tracks from the workers' own tracks.

Every worker followed things through the frames and gave each an id of the worker's own. Wherever such a track steps from one cluster to
another, its worker votes that the two are one thing; a worker with two different tracks in them votes that they are not. Steps
are taken in the order of their votes, so the identities of the majority win: of one worker who swaps two things from some frame on, who
starts a new track after an occlusion, or who goes on with the track of a thing that left. That a thing hardly moved is evidence too: where
workers disagree it counts as votes (`LIKENESS`), enough to outweigh a narrow majority for a swap, never a clear one. Nothing here knows
boxes from cuboids.

On synthetic sequences (`benchmarks/video_tracks.py`) this keeps more identities than assigning clusters frame by frame to the tracks
that their workers' tracks went to, and than joining by overlap alone once things move fast.
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

LIKENESS = 2 / 3
"""Share of all votes that full likeness of two clusters counts for."""
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

    The steps of all worker tracks from one cluster to the next they are seen in are taken in the order of their votes and likeness. Two
    partial tracks become one where no frame has a cluster of both, unless more votes than are for the step say that a new thing
    began (a track ends, another starts), or are against it for any reason, likeness counted for it.

    Args:
        sightings: of a sequence.
        weights: float64, shape (W,): votes of each worker, > 0.
        similarity: of clusters in different frames; None: likeness counts for nothing.

    Returns:
        int64, shape (C,): the consensus track of each cluster, numbered from 0 by first frame, then by first cluster. At most one
        cluster of a frame is in a track. A cluster that no worker's track leaves or enters is a track of its own.

    Ties: more similar, then shorter, then earlier clusters. Time O(P log P + P * F / 64) for F frames, memory O(P + C * W + C * F / 8)
    bytes.
    """
    steps = _steps(sightings, weights)
    alike = np.zeros(len(steps.first)) if similarity is None else similarity(steps.first, steps.second)
    score = np.round(steps.votes + LIKENESS * weights.sum() * alike, 9)
    length = sightings.frames[steps.second] - sightings.frames[steps.first]
    order = np.lexsort((steps.second, steps.first, length, -np.round(alike, 9), -score))
    allowed = order[((steps.against <= score) & (steps.renewed <= steps.votes))[order]]
    tracks = _PartialTracks(sightings.frames)
    for first, second in zip(steps.first[allowed].tolist(), steps.second[allowed].tolist(), strict=True):
        tracks.join(first, second)
    return _numbered(tracks.owners(), sightings.frames)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Distinct steps from a cluster to another.

    Attributes:
        first, second: int64, shape (S,): the clusters.
        votes: float64, shape (S,): of the workers whose track takes the step.
        against: float64, shape (S,): of the workers who are in both clusters with different tracks.
        renewed: float64, shape (S,): of those among them whose one track ends or whose other track starts in between.
    """

    first: Ints
    second: Ints
    votes: Floats
    against: Floats
    renewed: Floats


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
    against, renewed = _against(sightings, weights, first, second)
    return _Steps(first, second, np.round(votes, 9), np.round(against, 9), np.round(renewed, 9))


def _against(sightings: Sightings, weights: Floats, first: Ints, second: Ints) -> tuple[Floats, Floats]:
    """Votes of the workers who are in both clusters with different tracks, and of those who began a new one."""
    frames, tracks = sightings.frames, sightings.tracks
    named = tracks != NO_TRACK
    at = frames[sightings.clusters[named]]
    starts = np.full(tracks.max(initial=0) + 1, np.iinfo(np.int64).max)
    ends = np.full(len(starts), -1)
    np.minimum.at(starts, tracks[named], at)
    np.maximum.at(ends, tracks[named], at)
    table = np.full((len(frames), len(weights)), NO_TRACK, np.int64)
    table[sightings.clusters, sightings.workers] = tracks
    one, other = table[first], table[second]
    differ = (one != NO_TRACK) & (other != NO_TRACK) & (one != other)
    new = differ & ((ends[one] < frames[second][:, None]) | (starts[other] > frames[first][:, None]))
    against: Floats = differ @ weights
    renewed: Floats = new @ weights
    return against, renewed


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
