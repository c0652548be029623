"""Many questions at once, each answered by few: which answer wins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
NOBODY = -1
"""The winner of a question that nobody answers."""
_TIE = 1e-9


def poll(questions: Integers, choices: Integers, votes: Floats, skill: Floats, count: int) -> Integers:
    """The choice with most votes, for each of many questions.

    Args:
        questions: int64, shape (n,): what is answered, in [0, count).
        choices: int64, shape (n,), >= 0: the answer given.
        votes, skill: float64, shape (n,): of who gives it, >= 0.
        count: Q, the number of questions.

    Returns:
        int64, shape (Q,): the winners, or NOBODY.

    Ties: votes within a billionth are equal; then higher summed skill, then the lower choice. Time O(n log n), memory O(n).
    """
    winners = np.full(count, NOBODY)
    if not len(questions):
        return winners
    width = int(choices.max()) + 1
    given, place = np.unique(questions * width + choices, return_inverse=True)
    asked, chosen = given // width, given % width
    starts = np.flatnonzero(np.diff(asked, prepend=-1))
    runs = np.diff(np.append(starts, len(asked)))
    leading: npt.NDArray[np.bool_] = np.ones(len(given), bool)
    for counted in (votes, skill):
        said = np.where(leading, np.bincount(place, counted, len(given)), -np.inf)
        leading = said >= np.repeat(np.maximum.reduceat(said, starts), runs) * (1 - _TIE)
    first = np.flatnonzero(leading)
    winners[asked[first[::-1]]] = chosen[first[::-1]]
    return winners
