"""How good each worker's answers are, told from nothing but how alike answers to the same data objects are.

Two workers say the same where both are right, for there are many ways to be wrong: of what two with shares p and q of right things say, the
share p * q is alike. So the likeness of pairs is a matrix of rank one but for its diagonal, and its factor tells the shares: those who
agree with nobody have none. Nobody is compared with a consensus that rests on the worker's own answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.shrinkage import drawn_to_crowd
from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
TYPICAL = 0.8
"""Share of right things, before anything is known: the prior mean of `estimation.votes`."""
STRENGTH = 5.0
"""Comparisons' worth of belief that a worker is like the crowd, and the crowd like TYPICAL."""
_ROUNDS, _SETTLED = 200, 1e-5
_HALF = 0.5
"""Steps are halved: two workers who are compared with each other only would change places for ever."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Pairs of answers to the same data object.

    Attributes:
        worker, other: int64, shape (n,): in [0, W); of each pair both directions are here. `other` is -1 for the truth itself.
        alike: float64, shape (n,), in [0, 1]: share of what both say that is alike.
    """

    worker: Integers
    other: Integers
    alike: Floats


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of what workers say is right.

    Attributes:
        right: float64, shape (W,), in (0, 1): share of each.
        usual: that of the crowd.
        counts: float64, shape (2, W): likeness weighed by the others' shares, and the squares of these, of these comparisons alone; they
            add up.
    """

    right: Floats
    usual: float
    counts: Floats


def learn_shares(comparisons: Comparisons, known: Floats) -> Shares:
    """The shares whose products are nearest to the likeness of pairs, by alternating least squares.

    Args:
        comparisons: of W workers. Not modified.
        known: float64, shape (2, W + 1): counts of earlier batches; the last column those of all other workers.

    Deterministic. Time O(n) a round, up to 200 rounds.
    """
    workers = known.shape[1] - 1
    right, usual = drawn_to_crowd(known, TYPICAL, STRENGTH * TYPICAL**2)
    counts: Floats = np.zeros((2, workers))
    for _ in range(_ROUNDS):
        others = np.append(right, 1.0)[comparisons.other]
        agreed = sums_at(comparisons.worker, comparisons.alike * others, workers)
        counts = np.stack([agreed, sums_at(comparisons.worker, others**2, workers)])
        found, usual = drawn_to_crowd(
            known + np.pad(counts, ((0, 0), (0, 1))), TYPICAL, STRENGTH * TYPICAL**2
        )
        change = np.abs(found - right).max(initial=0.0)
        right = right + _HALF * (found - right)
        if change < _SETTLED:
            break
    return Shares(right, usual, counts)


def word_votes(right: Floats, rivals: float) -> Floats:
    """What the words of workers count for who get such a share of them right.

    Args:
        right: float64, shape (W,), in (0, 1).
        rivals: wrong words between which those who are wrong choose evenly: two who agree are the likelier right the more there are.

    Returns:
        float64, shape (W,): log-odds of a word against one rival, in units of a worker whose share is TYPICAL; 0 for who does no better
        than to draw one (the weighted plurality of Nitzan & Paroush 1982, doi:10.2307/2526438).
    """
    unit = np.log(TYPICAL / (1 - TYPICAL) * rivals)
    votes: Floats = np.maximum(np.log(right / (1 - right) * rivals), 0.0) / unit
    return votes
