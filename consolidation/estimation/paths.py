"""Paths as arrays of vertices: how far two areas overlap, how far two lines run apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Path = Floats
"""float64, shape (V, 2): x, y in pixels."""

_LINES = 64
_STEPS = 32
_CROSSINGS = 1 << 18
"""Crossings of lines and edges looked at together."""


def area_iou(one: Path, other: Path) -> float:
    """Intersection over union of the areas inside two closed paths, by the even-odd rule, measured along 64 scan lines.

    Args:
        one, other: V and U >= 3 vertices. Not modified.

    Returns:
        A share in [0, 1]. Paths that are the same give exactly 1; others of which neither has an area give 0.

    Time O(64 * (V + U) * log(V + U)), memory O(V + U).
    """
    if one.shape == other.shape and bool((one == other).all()):
        return 1.0
    rows = np.concatenate([one[:, 1], other[:, 1]])
    top, bottom = rows.min(), rows.max()
    lines = top + (np.arange(_LINES) + 0.5) * ((bottom - top) / _LINES)
    shared = union = 0.0
    block = max(1, _CROSSINGS // (len(one) + len(other)))
    for start in range(0, _LINES, block):
        both, either = _lengths(one, other, lines[start : start + block])
        shared, union = shared + both, union + either
    return min(shared / union, 1.0) if union > 0 else 0.0


def _lengths(one: Path, other: Path, lines: Floats) -> tuple[float, float]:
    """Summed length of some scan lines inside both paths, and inside either."""
    crossings = np.concatenate([_crossings(one, lines), _crossings(other, lines)], axis=1)
    of_one = np.arange(crossings.shape[1]) < len(one)
    order = np.argsort(crossings, axis=1, kind="stable")
    ordered = np.take_along_axis(crossings, order, axis=1)
    in_one = np.cumsum(of_one[order], axis=1)[:, :-1] % 2 == 1
    in_other = np.cumsum(~of_one[order], axis=1)[:, :-1] % 2 == 1
    with np.errstate(invalid="ignore"):
        lengths = np.nan_to_num(np.diff(ordered, axis=1), nan=0.0, posinf=0.0)
    return float(lengths[in_one & in_other].sum()), float(lengths[in_one | in_other].sum())


def _crossings(path: Path, lines: Floats) -> Floats:
    """Where each edge crosses each line: float64, shape (lines, V); infinite where it does not."""
    start, stop = path, np.roll(path, -1, axis=0)
    rises = (start[:, 1] <= lines[:, None]) != (stop[:, 1] <= lines[:, None])
    height = np.where(stop[:, 1] == start[:, 1], 1.0, stop[:, 1] - start[:, 1])
    along = (lines[:, None] - start[:, 1]) / height
    crossed: Floats = np.where(rises, start[:, 0] + along * (stop[:, 0] - start[:, 0]), np.inf)
    return crossed


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
