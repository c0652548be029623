"""How far the workers of a job are off when they tell a quantity: the skill of ratings and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.scatter import Readings, learn_scatter
from consolidation.estimation.tallies import Key, Tallies
from consolidation.kinds.skill import TYPICAL, Learned

Floats = npt.NDArray[np.float64]
_KEYS: tuple[Key, ...] = (("readings",), ("off",), ("off squared",))
_PRIOR = 5.0
"""Readings' worth of belief that the crowd is as reliable as TYPICAL."""


@dataclass(frozen=True, slots=True)
class ScatterEvidence:
    """What the workers said of one data object.

    Attributes:
        workers: n persons.
        values: float64, shape (n,): see `estimation.scatter.Readings`.
        truth: what a gold answer says; NaN where there is none.
    """

    workers: tuple[str, ...]
    values: Floats
    truth: float


@dataclass(frozen=True, slots=True)
class ScatterSkill:
    """What to do about each worker's answers.

    Attributes:
        corrections: by worker id what to take off the worker's readings, and the votes they count for, > 0.
    """

    corrections: Mapping[str, tuple[float, float]]

    def of(self, people: Sequence[str]) -> tuple[Floats, Floats]:
        """Corrections and votes of these people, at least one: float64, shape (n,) each; 0 and 1 for who is not known.

        The votes come to as many in all as answers of equal weight that would be as sure (Kish 1965): of one able worker among careless
        ones hardly more than one.
        """
        found = [self.corrections.get(person, (0.0, 1.0)) for person in people]
        off, votes = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return off, votes * votes.sum() / (votes**2).sum()


def learn_scatter_skill(evidence: Sequence[ScatterEvidence], known: Tallies) -> Learned:
    """Biases and noises of the workers, see `estimation.scatter`.

    A worker's reliability is the share of the variance of the worker's readings that is the truth's.
    """
    workers = sorted({person for shown in evidence for person in shown.workers} | set(known.workers))
    place = {person: number for number, person in enumerate(workers)}
    readings = Readings(
        np.repeat(np.arange(len(evidence)), [len(shown.workers) for shown in evidence]),
        np.array([place[person] for shown in evidence for person in shown.workers], np.int64),
        np.concatenate([np.zeros(0), *(shown.values for shown in evidence)]),
        np.array([shown.truth for shown in evidence], np.float64),
    )
    scatter, counts = learn_scatter(readings, known.table(workers, _KEYS))
    if not workers or not evidence:
        return Learned(ScatterSkill({}), Tallies())
    off, votes = scatter.correction()
    skill = ScatterSkill(dict(zip(workers, zip(off.tolist(), votes.tolist(), strict=True), strict=True)))
    total = float(counts[0].sum())
    typical = (total * scatter.telling + _PRIOR * TYPICAL) / (total + _PRIOR)
    odds = typical / (1 - typical) * scatter.usual**2 / (scatter.noise**2 + scatter.bias**2)
    return Learned(
        skill,
        Tallies.from_table(workers, _KEYS, counts),
        dict(zip(workers, (odds / (1 + odds)).tolist(), strict=True)),
        typical,
    )
