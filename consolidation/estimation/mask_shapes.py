"""How well workers draw masks: the error of their outlines, and what their pixels count for where masks are fused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from consolidation.estimation.tallies import Key, Tallies

ERROR, MASKS = ("outline-error",), ("outlines",)
"""Keys of the tallies: sum of a worker's squared errors, and the masks they were seen on."""
TYPICAL_ERROR = 0.04
"""Squared error of a worker of whom nothing is known: an IoU of 0.8."""
_PRIOR = 3.0
"""Masks' worth of belief that a worker draws as the crowd does, and the crowd as is typical."""


@dataclass(frozen=True, slots=True)
class ShapeSkill:
    """How well workers draw.

    Attributes:
        errors: mean squared error by worker id, > 0.
        typical: that of a worker who is not named.
    """

    errors: Mapping[str, float] = field(default_factory=dict)
    typical: float = TYPICAL_ERROR

    def weight(self, worker: str) -> float:
        """What the worker's pixels count for, in units of a typical worker's: the inverse of the error."""
        return self.typical / self.errors.get(worker, self.typical)


def mask_errors(
    covered: npt.NDArray[np.bool_],
    pixels: npt.NDArray[np.int64],
    truth: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """Squared errors, (1 - IoU)^2, of several masks of one thing.

    Args:
        covered: bool, shape (U, M): whether each mask covers the pixels of each pattern. Not modified.
        pixels: int64, shape (U,): of the patterns.
        truth: bool, shape (U,): what the true mask covers; None: what more than half of the masks do. They count whole, their own
            included: left out, whoever draws well in bad company would be blamed for it.

    Returns:
        float64, shape (M,), in [0, 1]; 0 for a mask without pixels where the truth has none either.

    Time O(U * M).
    """
    right = covered.sum(axis=1) * 2 > covered.shape[1] if truth is None else truth
    shared = pixels @ (covered & right[:, None])
    union = pixels @ (covered | right[:, None])
    errors: npt.NDArray[np.float64] = (1 - shared / np.maximum(union, 1)) ** 2 * (union > 0)
    return errors


def shape_tallies(errors: Mapping[str, tuple[float, int]]) -> Tallies:
    """The sums of one data object: by worker id the sum of squared errors and how many they are."""
    sums: dict[str, dict[Key, float]] = {
        worker: {ERROR: error, MASKS: float(masks)} for worker, (error, masks) in errors.items()
    }
    return Tallies(sums)


def shape_skill(tallies: Tallies) -> ShapeSkill:
    """The skill of workers with these sums, under ERROR and MASKS. Without sums: no worker named. Time O(workers)."""
    sums = {
        worker: (own.get(ERROR, 0.0), own[MASKS]) for worker, own in tallies.workers.items() if MASKS in own
    }
    error, masks = (sum(each) for each in zip(*sums.values(), strict=True)) if sums else (0.0, 0.0)
    crowd = (error + _PRIOR * TYPICAL_ERROR) / (masks + _PRIOR)
    return ShapeSkill(
        {worker: (own + _PRIOR * crowd) / (count + _PRIOR) for worker, (own, count) in sums.items()}, crowd
    )
