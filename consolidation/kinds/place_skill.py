"""How exact workers are at placing things: what one data object shows, and what a batch teaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from consolidation.estimation.exactness import Apart, apart, learn_exactness
from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Task
from consolidation.kinds.part_skill import PartsEvidence, PartsSkill, learn_parts
from consolidation.kinds.skill import GOLD, Learned

Floats = npt.NDArray[np.float64]
_ERRORS, _POINTS = ("place-errors",), ("places",)
_SAY = 0.5


@dataclass(frozen=True, slots=True)
class PlacesEvidence:
    """How far apart the workers of one data object place the same things.

    Attributes:
        workers: persons, and GOLD for a gold answer; `apart` has their places in this list.
        apart: see there.
    """

    workers: tuple[str, ...]
    apart: Apart

    @classmethod
    def of(
        cls, clusters: Sequence[Sequence[int]], workers: Sequence[int], persons: Sequence[str], places: Floats
    ) -> PlacesEvidence:
        """From the marks that mean the same parts.

        Args:
            clusters: of P marks.
            workers: P places in `persons`: whose mark it is.
            persons: worker ids, GOLD for a gold answer.
            places: float64, shape (P, 2): where the marks are.
        """
        marks = np.array([mark for members in clusters for mark in members], np.int64)
        part = np.repeat(np.arange(len(clusters)), [len(members) for members in clusters])
        return cls(tuple(persons), apart(places[marks], part, np.array(workers, np.int64)[marks]))


@dataclass(frozen=True, slots=True)
class PlacedEvidence:
    """What one data object shows of its workers.

    Attributes:
        parts: who marked what.
        places: how far apart.
    """

    parts: PartsEvidence
    places: PlacesEvidence


@dataclass(frozen=True, slots=True)
class PlacesSkill:
    """How exact workers are.

    Attributes:
        variance: over the usual one, by worker id; 1 of a worker who is not named.
    """

    variance: Mapping[str, float] = field(default_factory=dict)

    def of(self, workers: Iterable[str]) -> Floats:
        """Variances as `estimation.locations.locate` wants them.

        Two models have equal say, by the logarithms of their weights: workers are as exact as they were seen to be, or all alike. The first
        takes their errors to be independent; where two workers err alike it would trust these two too much.
        """
        return np.array([self.variance.get(worker, 1.0) ** _SAY for worker in workers], np.float64)


@dataclass(frozen=True, slots=True)
class PlacedSkill:
    """What is known of the workers of a job at marking parts and at placing them."""

    parts: PartsSkill
    places: PlacesSkill


def learn_placed(evidence: Sequence[PlacedEvidence], known: Tallies, task: Task) -> Learned:
    """`PlacedSkill`: `learn_parts` and `learn_places` together."""
    learned = learn_parts([one.parts for one in evidence], known, task)
    places, tallies = learn_places([one.places for one in evidence], known)
    return replace(learned, skill=PlacedSkill(learned.skill, places), tallies=learned.tallies + tallies)


def learn_places(evidence: Sequence[PlacesEvidence], known: Tallies) -> tuple[PlacesSkill, Tallies]:
    """The exactness of all workers, and this evidence's own statistics.

    Args:
        evidence: of each data object.
        known: statistics of earlier batches.

    Time as `learn_exactness`.
    """
    earlier = {worker for worker, sums in known.workers.items() if _POINTS in sums}
    workers = sorted(earlier.union(*(one.workers for one in evidence)))
    number = {worker: place for place, worker in enumerate(workers)}
    own = [np.array([number[worker] for worker in one.workers], np.int64) for one in evidence]
    pairs = [one.apart for one in evidence]
    nothing = np.zeros(0, np.int64)
    together = Apart(
        first=np.concatenate([nothing, *(of[pair.first] for of, pair in zip(own, pairs, strict=True))]),
        second=np.concatenate([nothing, *(of[pair.second] for of, pair in zip(own, pairs, strict=True))]),
        points=np.concatenate([np.zeros(0), *(pair.points for pair in pairs)]),
        variance=np.concatenate([np.zeros(0), *(pair.variance for pair in pairs)]),
    )
    points_before, errors_before = known.table(workers, [_POINTS, _ERRORS])
    found = learn_exactness(
        together,
        np.repeat(np.arange(len(pairs)), [len(pair.first) for pair in pairs]),
        (points_before, errors_before),
        np.array([worker == GOLD for worker in workers], bool),
    )
    seen = zip(workers, found.variance.tolist(), found.errors.tolist(), found.points.tolist(), strict=True)
    variance: dict[str, float] = {}
    tallies: dict[str, dict[tuple[str, ...], float]] = {}
    for worker, size, errors, points in seen:
        if points > 0:
            tallies[worker] = {_ERRORS: errors, _POINTS: points}
        if worker != GOLD and (points > 0 or worker in earlier):
            variance[worker] = size
    return PlacesSkill(variance), Tallies(tallies)
