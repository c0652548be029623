"""Votes on an ordinal scale: the median, and how sure it is.

A scale of K steps is K - 1 questions of yes and no: is the truth at least step k? (Frank & Hall 2001, doi:10.1007/3-540-44795-4_13). Each
has the posterior of `estimation.votes`; since the share of yes falls along the scale, so do the posteriors, and their differences are a
probability of each step.
The median is the step at which they pass one half: the median of that distribution, too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.votes import existence

Floats = npt.NDArray[np.float64]
_SLACK = 1e-9


def median_steps(votes: Floats) -> tuple[int, int]:
    """The lower and the upper middle of the votes: the same step unless the votes split exactly in half between two.

    Args:
        votes: float64, shape (K,): votes for each step, in the order of the scale, > 0 in sum. Not modified.

    Time O(K).
    """
    reached = np.cumsum(votes)
    half, slack = reached[-1] / 2, reached[-1] * _SLACK
    return int(np.argmax(reached >= half - slack)), int(np.argmax(reached > half + slack))


def step_probabilities(votes: Floats) -> Floats:
    """Probability of each step of the scale.

    Args:
        votes: float64, shape (K,), K >= 1: votes for each step, in the order of the scale. Not modified.

    Returns:
        float64, shape (K,), in [0, 1], summing to 1. Another vote for a step never lowers its probability.

    Time O(K).
    """
    total = float(votes.sum())
    at_least = [existence(float(above), total) for above in np.cumsum(votes[::-1])[::-1][1:]]
    differences: Floats = -np.diff([1.0, *at_least, 0.0])
    return np.maximum(differences, 0.0)


def distance_agreement(places: Floats, width: float) -> float | None:
    """1 - the mean distance of two workers' ratings over the width of the scale.

    Args:
        places: float64, shape (W,): each worker's place on the scale. Not modified.
        width: from the scale's first step to its last, >= 0.

    Returns:
        A share in [0, 1], or None for fewer than two workers.

    Time O(W log W).
    """
    workers = len(places)
    if workers < 2:
        return None
    if width == 0:
        return 1.0
    shares = np.sort(places - places.min()) / width
    gaps = float((shares * (2 * np.arange(workers) - workers + 1)).sum())
    return max(1 - gaps / (workers * (workers - 1) / 2), 0.0)
