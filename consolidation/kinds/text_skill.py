"""Skill at writing what is to be written: what `estimation.likeness` knows, by worker id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.likeness import Comparisons, learn_shares, word_votes
from consolidation.estimation.tallies import Key, Tallies
from consolidation.kinds.skill import Learned

Floats = npt.NDArray[np.float64]
_KEYS: tuple[Key, ...] = (("alike",), ("compared",))
_RIVALS = 10.0
"""Wrong words that a worker could as well write in the place of a right one: few of the many there are are likely."""
_STEPS = 4
"""Parts of a vote that are told apart: workers as good as equal stay equal, and what they tie on goes by the texts at hand. A worker who
agrees with nobody keeps one of them, which decides where the others are split."""


@dataclass(frozen=True, slots=True)
class TextEvidence:
    """How alike the texts about one data object are.

    Attributes:
        workers: n persons.
        alike: float64, shape (n, n): similarity of their texts, in [0, 1].
        to_truth: float64, shape (n,): similarity to the gold answer; None where there is none.
    """

    workers: tuple[str, ...]
    alike: Floats
    to_truth: Floats | None = None


@dataclass(frozen=True, slots=True)
class TextSkill:
    """Votes of each worker's words.

    Attributes:
        votes: by worker id, > 0.
        typical: of a worker who is not known.
    """

    votes: Mapping[str, float]
    typical: float = 1.0

    def of(self, person: str) -> float:
        """Votes of this person."""
        return self.votes.get(person, self.typical)


def learn_text_skill(evidence: Sequence[TextEvidence], known: Tallies) -> Learned:
    """How much of each worker's texts is right, see `estimation.likeness`."""
    workers = sorted({person for one in evidence for person in one.workers})
    place = {person: number for number, person in enumerate(workers)}
    shares = learn_shares(_comparisons(evidence, place), known.table_with_others(workers, _KEYS))
    *votes, typical = _votes(np.append(shares.right, shares.usual))
    return Learned(
        TextSkill(dict(zip(workers, votes, strict=True)), typical),
        Tallies.from_table(workers, _KEYS, shares.counts),
        dict(zip(workers, shares.right.tolist(), strict=True)),
        shares.usual,
    )


def _votes(right: Floats) -> list[float]:
    steps = np.round(word_votes(right, _RIVALS) * _STEPS)
    return [float(one) for one in np.maximum(steps, 1.0) / _STEPS]


def _comparisons(evidence: Sequence[TextEvidence], place: Mapping[str, int]) -> Comparisons:
    """All evidence in long form; a text whose truth is known is compared with that only."""
    workers: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    others: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    alike: list[Floats] = [np.zeros(0)]
    for one in evidence:
        crew = np.array([place[person] for person in one.workers], np.int64)
        if one.to_truth is not None:
            workers.append(crew)
            others.append(np.full(len(crew), -1))
            alike.append(one.to_truth)
            continue
        own, other = np.nonzero(~np.eye(len(crew), dtype=bool))
        workers.append(crew[own])
        others.append(crew[other])
        alike.append(one.alike[own, other])
    return Comparisons(np.concatenate(workers), np.concatenate(others), np.concatenate(alike))
