"""A question that workers answer with one choice each: the votes counted, and the choice that wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from consolidation.estimation.votes import winner
from consolidation.kinds.base import Answer

Choice = TypeVar("Choice", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Ballot(Generic[Choice]):
    """How a question was answered.

    Attributes:
        choice: the one with most votes.
        tied: whether the tie rule decided it.
        votes: summed weight of the workers behind each choice, by choice.
    """

    choice: Choice
    tied: bool
    votes: Mapping[Choice, float]


def count_ballot(
    said: Iterable[tuple[Choice, Answer]], order: Callable[[Choice], Any] | None = None
) -> Ballot[Choice]:
    """Count what workers say to one question.

    Args:
        said: each choice with the answer of the worker who made it; at least one. Who abstains is left out.
        order: sort key of the choices, for ties; None where they are sorted by themselves.

    Ties: higher summed skill, then the choice that is first in `order`. Time O(n log n).
    """
    votes: defaultdict[Choice, float] = defaultdict(float)
    skill: defaultdict[Choice, float] = defaultdict(float)
    for choice, answer in said:
        votes[choice] += answer.weight
        skill[choice] += answer.skill
    if len(votes) == 1:
        return Ballot(next(iter(votes)), tied=False, votes=votes)
    choices: list[Any] = list(votes)
    choices.sort(key=order)
    best, tied = winner(
        np.array([votes[choice] for choice in choices]), np.array([skill[choice] for choice in choices])
    )
    return Ballot(choices[best], tied, votes)
