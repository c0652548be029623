"""Lines as arrays of vertices: how far two of them run apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Path = Floats
"""float64, shape (V, 2): x, y in pixels."""

_STEPS = 32


def mean_gap(one: Path, other: Path) -> float:
    """Mean distance between two lines: from 32 points evenly along each to the nearest such point of the other, in pixels.

    Args:
        one, other: V and U >= 1 vertices. Not modified. Their direction does not matter.

    Time O(V + U + 32^2).
    """
    points, others = along(one), along(other)
    distance = np.hypot(*(points[:, None] - others[None]).transpose(2, 0, 1))
    return float(distance.min(axis=1).mean() + distance.min(axis=0).mean()) / 2


def along(path: Path, steps: int = _STEPS) -> Path:
    """Points evenly spaced by length from the first to the last vertex: float64, shape (steps, 2)."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    wanted = np.linspace(0, lengths[-1], steps)
    return np.column_stack([np.interp(wanted, lengths, path[:, axis]) for axis in (0, 1)])
