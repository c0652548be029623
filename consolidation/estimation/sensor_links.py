"""Which tracks of different sensors are the same object: links of consensus tracks from the workers' own object ids.

Each worker gave an object one id in the point cloud and in every camera that sees it. Once every sensor's tracks are merged by
themselves, two tracks of different sensors are one object when most of those who marked both gave them one id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Linked:
    """Tracks of different sensors that are one object.

    Attributes:
        tracks: ascending, at least two, at most one of a sensor.
        workers: who gave two of them one id, ascending.
        of: workers who gave two of them an id, the same or not.
        share: of the votes of those who marked two of these tracks, those who gave them one id; the lowest of the links made.
    """

    tracks: tuple[int, ...]
    workers: tuple[int, ...]
    of: int
    share: float


def link_sensors(
    sensors: Sequence[int],
    objects: Iterable[tuple[int, Mapping[int, int]]],
    weights: npt.NDArray[np.float64],
) -> list[Linked]:
    """Link consensus tracks across sensors.

    Args:
        sensors: T sensor numbers: where each consensus track is.
        objects: for each object of each worker, the worker, and by sensor the consensus track that the object went into.
        weights: float64, shape (W,): votes of each worker, > 0.

    Returns:
        The links, by their first track. A track is in at most one.

    Pairs are taken in the order of their votes, most first; two that would bring two tracks of one sensor together stay apart. Ties:
    fewer votes against, then the earlier tracks. Time O(objects * sensors^2), memory O(pairs).
    """
    votes, against, speakers, judges = _votes(objects, weights)
    order = sorted(votes, key=lambda pair: (-round(votes[pair], 9), round(against[pair], 9), pair))
    groups = [{track} for track in range(len(sensors))]
    seen = [{sensor} for sensor in sensors]
    share: dict[int, float] = {}
    workers: defaultdict[int, set[int]] = defaultdict(set)
    asked: defaultdict[int, set[int]] = defaultdict(set)
    owner = list(range(len(sensors)))
    for one, other in order:
        first, second = sorted((owner[one], owner[other]))
        won = votes[one, other] > against[one, other] + _EQUAL
        if not won or (first != second and not seen[first].isdisjoint(seen[second])):
            continue
        if first != second:
            groups[first] |= groups[second]
            seen[first] |= seen[second]
            for track in groups[second]:
                owner[track] = first
            share[first] = min(share.get(first, 1.0), share.pop(second, 1.0))
            workers[first] |= workers.pop(second, set())
            asked[first] |= asked.pop(second, set())
            share[first] = min(share[first], votes[one, other] / (votes[one, other] + against[one, other]))
        workers[first] |= speakers[one, other]
        asked[first] |= judges[one, other]
    return [
        Linked(tuple(sorted(groups[first])), tuple(sorted(workers[first])), len(asked[first]), share[first])
        for first in sorted(share, key=lambda first: min(groups[first]))
    ]


Pair = tuple[int, int]


def _votes(
    objects: Iterable[tuple[int, Mapping[int, int]]], weights: npt.NDArray[np.float64]
) -> tuple[dict[Pair, float], dict[Pair, float], dict[Pair, set[int]], dict[Pair, set[int]]]:
    """For each pair of tracks that somebody gave one id: votes for it, votes against it, who is for it, who marked both."""
    marked: defaultdict[int, set[int]] = defaultdict(set)
    speakers: defaultdict[Pair, set[int]] = defaultdict(set)
    for worker, tracks in objects:
        for track in tracks.values():
            marked[track].add(worker)
        for pair in combinations(sorted(set(tracks.values())), 2):
            speakers[pair].add(worker)
    votes = {pair: float(weights[sorted(who)].sum()) for pair, who in speakers.items()}
    judges = {(one, other): marked[one] & marked[other] for one, other in speakers}
    against = {pair: float(weights[sorted(judges[pair] - speakers[pair])].sum()) for pair in speakers}
    return votes, against, dict(speakers), judges
