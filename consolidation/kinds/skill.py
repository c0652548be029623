"""What the kinds and the batch say to each other of workers' skill, and the skill of kinds without a model of their own.

Under the method `em` a batch takes three steps: every data object is studied, the skill of its workers is learned once from all of them,
and every data object is merged with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consolidation.estimation.tallies import Tallies

GOLD = "gold answer"
"""Worker id of a gold answer among those that are studied."""
TYPICAL = 0.8
"""Chance that a worker of whom nothing is known is right: the prior mean of `estimation.votes`."""
_PRIOR = 5.0
"""Data objects' worth of belief that a worker is like the crowd, and the crowd like TYPICAL: as sure as the prior of `estimation.votes`."""
_AGREED, _COMPARED = ("agreed",), ("compared",)
_LEAST, _MOST = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class Study:
    """What one data object shows.

    Attributes:
        evidence: of its workers' skill, of the kind's own type; small, however large the answers are. None: nothing.
        arranged: what the merge of the same answers would have to find again (matching, pixel patterns); may be forgotten.
    """

    evidence: Any
    arranged: Any = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What a batch shows of its workers.

    Attributes:
        skill: of the kind's own type; what `Task.skill` is when answers are merged.
        tallies: statistics of this evidence alone, for later batches.
        reliability: chance in [0, 1] that what a worker says is right, by worker id: shown to people, and what breaks ties.
        typical: the same of a worker who is not known.
    """

    skill: Any
    tallies: Tallies
    reliability: Mapping[str, float] = field(default_factory=dict)
    typical: float = TYPICAL

    def reliability_of(self, worker_id: str) -> float:
        """The worker's, or the typical one."""
        return self.reliability.get(worker_id, self.typical)


@dataclass(frozen=True, slots=True)
class Weights:
    """Skill as votes: the plain merge, with each worker counting for so much.

    Attributes:
        votes: by worker id, > 0; a worker who is not named counts for 1.
    """

    votes: Mapping[str, float] = field(default_factory=dict)

    def of(self, worker_id: str) -> float:
        """Votes of a worker."""
        return self.votes.get(worker_id, 1.0)


def learn_weights(evidence: Sequence[Mapping[str, float]], known: Tallies) -> Learned:
    """Votes by how far each worker agrees with the others' labels.

    A worker's share of agreement is drawn to the crowd's by the weight of _PRIOR data objects, the crowd's to TYPICAL likewise; a worker
    counts for log(1 + p / (1 - p)) votes, in units of what the crowd's share p makes. The log-odds of a right answer are the votes of a
    worker who is right with chance p (Nitzan & Paroush 1982, doi:10.2307/2526438); adding 1 keeps everybody's vote above 0.

    Args:
        evidence: for each data object the share of agreement in [0, 1] by worker id.
        known: sums of earlier batches.

    Time O(answers).
    """
    sums: dict[str, dict[tuple[str, ...], float]] = {}
    for shares in evidence:
        for worker, share in shares.items():
            own = sums.setdefault(worker, {_AGREED: 0.0, _COMPARED: 0.0})
            own[_AGREED] += share
            own[_COMPARED] += 1
    tallies = Tallies(sums)
    both = tallies + known
    agreed = {worker: own.get(_AGREED, 0.0) for worker, own in both.workers.items()}
    compared = {worker: own.get(_COMPARED, 0.0) for worker, own in both.workers.items()}
    crowd = (sum(agreed.values()) + _PRIOR * TYPICAL) / (sum(compared.values()) + _PRIOR)
    shares = {worker: (agreed[worker] + _PRIOR * crowd) / (compared[worker] + _PRIOR) for worker in agreed}
    usual = _votes(crowd)
    votes = {worker: _votes(share) / usual for worker, share in shares.items()}
    return Learned(Weights(votes), tallies, shares, crowd)


def _votes(share: float) -> float:
    bounded = min(max(share, _LEAST), _MOST)
    return math.log1p(bounded / (1 - bounded))
