"""Weighted medians of many small groups at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def weighted_medians(values: Floats, weights: Floats) -> Floats:
    """The weighted median of each column of each group.

    Args:
        values: float64, shape (N, M, K), M >= 1: N groups of M members with K coordinates each. Not modified.
        weights: float64, shape (N, M): > 0.

    Returns:
        float64, shape (N, K). Where the weight splits exactly in half, the two middle values are averaged, so that two members
        give their mean. For one group of boxes the same as `boxes.fuse`.

    Time O(N * K * M log M), memory O(N * M * K).
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    reached = np.cumsum(np.take_along_axis(weights[:, :, None], order, axis=1), axis=1)
    half, slack = reached[:, -1:] / 2, reached[:, -1:] * 1e-9
    lower = np.argmax(reached >= half - slack, axis=1)[:, None]
    upper = np.argmax(reached > half + slack, axis=1)[:, None]
    middle = np.take_along_axis(ordered, lower, axis=1) / 2 + np.take_along_axis(ordered, upper, axis=1) / 2
    return middle[:, 0]


def weighted_median(values: list[float], weights: list[float]) -> float:
    """The weighted median of single numbers, by the same rule."""
    return float(weighted_medians(np.array(values, float)[None, :, None], np.array([weights]))[0, 0])
