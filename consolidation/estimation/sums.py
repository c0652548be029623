"""Sums of values by place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sums_at(place: npt.NDArray[np.int64], values: npt.NDArray[np.generic], size: int) -> Floats:
    """For each place in [0, size) the sum of the values there: float64, shape (size,), also where there are none. Time O(n + size)."""
    return np.bincount(place, values, size).astype(np.float64, copy=False)
