"""Shares of workers of whom little is known, drawn to the crowd's, and the crowd's to what is usual."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEAST, MOST = 0.02, 0.98
"""Nobody is always right, and nobody always wrong."""


def drawn_to_crowd(counts: Floats, typical: float, belief: float) -> tuple[Floats, float]:
    """Shares by counts: the means of beta posteriors, the prior of each worker at the crowd's share, the crowd's prior at `typical`.

    Args:
        counts: float64, shape (2, W + 1): what was right, and of how much; the last column is of all other workers. Not modified.
        typical: share of a crowd of which nothing is known, in (0, 1).
        belief: what either prior counts for, in the units of the second row; > 0.

    Returns:
        float64, shape (W,), in [LEAST, MOST]: shares of the workers but for the last column; and the crowd's.
    """
    right, of = counts.sum(axis=1)
    crowd = min(max(float((right + belief * typical) / (of + belief)), LEAST), MOST)
    own: Floats = (counts[0, :-1] + belief * crowd) / (counts[1, :-1] + belief)
    return np.clip(own, LEAST, MOST), crowd
