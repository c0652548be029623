"""Skill at putting items into an order: what `estimation.pairwise` knows, by worker id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.pairwise import TYPICAL, Patterns, Statements, learn_orderers, log_odds
from consolidation.estimation.tallies import Key, Tallies
from consolidation.kinds.skill import Learned

Floats = npt.NDArray[np.float64]
_KEYS: tuple[Key, ...] = (("right",), ("stated",))
_STEPS = 2
"""Parts of a vote that are told apart: workers as good as equal stay equal, and a tie of theirs is one, for Borda's count to break."""
_LEAST = 1e-3
"""Votes of a worker who guesses: where nobody else says anything, the guess stands."""


@dataclass(frozen=True, slots=True)
class OrderEvidence:
    """What the rankings of one data object show.

    Attributes:
        workers: W persons.
        patterns: of their statements.
    """

    workers: tuple[str, ...]
    patterns: Patterns


@dataclass(frozen=True, slots=True)
class RankingSkill:
    """What each worker's statement about a pair counts for.

    Attributes:
        votes: log-odds of being right, in units of a worker who is right with chance TYPICAL; below 0 for one who ranks upside down.
        typical: the same of a worker who is not known.
    """

    votes: Mapping[str, float]
    typical: float

    def of(self, people: Sequence[str]) -> Floats:
        """float64, shape (n,): votes of these people, which are not 0. All count alike where nobody is better than a coin."""
        exact = np.array([self.votes.get(person, self.typical) for person in people], np.float64)
        votes: Floats = np.round(exact * _STEPS) / _STEPS
        return np.where(votes == 0, _LEAST, votes) if (votes > 0).any() else np.ones(len(votes))


def learn_ranking_skill(evidence: Sequence[OrderEvidence], known: Tallies) -> Learned:
    """How well each worker orders, see `estimation.pairwise`.

    Returns:
        With a `RankingSkill`; without one, when a single data object without a gold answer is all there is: it cannot tell who is able.
    """
    workers = sorted({person for one in evidence for person in one.workers})
    place = {person: number for number, person in enumerate(workers)}
    orderers = learn_orderers(_statements(evidence, place), known.table_with_others(workers, _KEYS))
    unit = log_odds(np.array([TYPICAL, orderers.usual]))
    votes = log_odds(orderers.right) / unit[0]
    alone = len(evidence) < 2 and not known and not any(one.patterns.sure.any() for one in evidence)
    return Learned(
        None
        if alone
        else RankingSkill(dict(zip(workers, votes.tolist(), strict=True)), float(unit[1] / unit[0])),
        Tallies.from_table(workers, _KEYS, orderers.counts),
        {} if alone else dict(zip(workers, orderers.right.tolist(), strict=True)),
        orderers.usual,
    )


def _statements(evidence: Sequence[OrderEvidence], place: Mapping[str, int]) -> Statements:
    """All evidence in long form."""
    patterns: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    workers: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    agrees: list[npt.NDArray[np.bool_]] = [np.zeros(0, bool)]
    before = 0
    for one in evidence:
        pattern, own = np.nonzero(one.patterns.signs)
        patterns.append(pattern + before)
        workers.append(np.array([place[person] for person in one.workers], np.int64)[own])
        agrees.append(one.patterns.signs[pattern, own] > 0)
        before += len(one.patterns.copies)
    return Statements(
        np.concatenate(patterns),
        np.concatenate(workers),
        np.concatenate(agrees),
        np.concatenate([np.zeros(0), *(one.patterns.copies for one in evidence)]),
        np.concatenate([np.zeros(0, bool), *(one.patterns.sure for one in evidence)]),
    )
