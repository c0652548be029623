"""Weighted medians of many groups at once: the fusion of coordinates that one gross outlier among three cannot move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_SLACK = 1e-9


def median(values: npt.NDArray[np.float64]) -> float:
    """The median of at least one value, float64, shape (n,); of an even number the mean of the middle two. Time O(n)."""
    half = len(values) // 2
    ranked = np.partition(values, [max(half - 1, 0), half])
    return float(ranked[half] if len(values) % 2 else (ranked[half - 1] + ranked[half]) / 2)


def weighted_medians(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The weighted median of each column of each group.

    Args:
        values: float64, shape (..., M, K), M >= 1: K numbers of each of M members. Not modified.
        weights: float64, shape (..., M): > 0.

    Returns:
        float64, shape (..., K). Where the weight splits exactly in half, the two middle values are averaged, so that two members give
        their mean.

    Time O(n log M) and memory O(n) for n values.
    """
    if weights.size and (weights == weights.reshape(-1)[0]).all():
        ordered, members = np.sort(values, axis=-2), values.shape[-2]
        return _between(ordered[..., (members - 1) // 2, :], ordered[..., members // 2, :])
    order = np.argsort(values, axis=-2, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-2)
    heavy = np.broadcast_to(weights[..., None], values.shape)
    reached = np.cumsum(np.take_along_axis(heavy, order, axis=-2), axis=-2)
    half, slack = reached[..., -1:, :] / 2, reached[..., -1:, :] * _SLACK
    lower = np.argmax(reached >= half - slack, axis=-2)[..., None, :]
    upper = np.argmax(reached > half + slack, axis=-2)[..., None, :]
    low = np.take_along_axis(ranked, lower, axis=-2)[..., 0, :]
    high = np.take_along_axis(ranked, upper, axis=-2)[..., 0, :]
    return _between(low, high)


def smooth_medians(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The mean of the middle third of the weight, for each column of each group.

    Where `weighted_medians` leaps from one member to the next, this moves: with the weights as with the values. Of two, three or four
    members of equal weight it is the median; one of three may lie anywhere.

    Args:
        values, weights: as of `weighted_medians`.

    Returns:
        float64, shape (..., K). Equal members come back unchanged.

    Time O(n log M) and memory O(n) for n values.
    """
    order = np.argsort(values, axis=-2, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-2)
    heavy = np.take_along_axis(np.broadcast_to(weights[..., None], values.shape), order, axis=-2)
    reached = np.cumsum(heavy, axis=-2)
    third = reached[..., -1:, :] / 3
    slack = third * _SLACK
    within = np.minimum(reached, 2 * third) - np.maximum(reached - heavy, third)
    within = np.where(within > slack, within, 0.0)
    start = np.take_along_axis(ranked, (within > 0).argmax(axis=-2)[..., None, :], axis=-2)
    rest = ((ranked - start) * within).sum(axis=-2) / within.sum(axis=-2)
    smooth: npt.NDArray[np.float64] = start[..., 0, :] + rest
    return smooth


def _between(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Halved before they are added, as their sum may be no float; what halving would lose is kept where both are one value.
    median: npt.NDArray[np.float64] = np.where(low == high, low, low / 2 + high / 2)
    return median


def grouped_medians(
    values: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """`weighted_medians` of groups of different sizes.

    Args:
        values: float64, shape (n, K): the members of the first group, then those of the second, and so on. Not modified.
        sizes: int64, shape (G,), >= 1: members of each group; n in all.
        weights: float64, shape (n,): > 0.

    Returns:
        float64, shape (G, K).

    Time O(n log n), and that of a few array operations for each distinct size.
    """
    if len(sizes) and (weights == weights[0]).all():
        return _plain_medians(values, sizes)
    medians = np.empty((len(sizes), values.shape[1]))
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes).tolist():
        groups = np.flatnonzero(sizes == size)
        members = starts[groups][:, None] + np.arange(size)
        medians[groups] = weighted_medians(values[members], weights[members])
    return medians


def _plain_medians(values: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """`grouped_medians` of members that weigh alike: one sort, the groups filled up behind their last members."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(values)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    filled = np.full((len(sizes), values.shape[1], int(sizes.max())), np.inf)
    filled[group, :, place] = values
    filled.sort()
    every = np.arange(len(sizes))
    return _between(filled[every, :, (sizes - 1) // 2], filled[every, :, sizes // 2])


def weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    """The weighted median of single numbers, by the same rule.

    Args:
        values: float64, shape (n,), n >= 1. Not modified.
        weights: float64, shape (n,): > 0.
    """
    return float(weighted_medians(values[:, None], weights)[0])


def middle(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> tuple[int, int]:
    """The places of the two values between which the weighted median lies.

    Args:
        values: float64, shape (n,), n >= 1. Not modified.
        weights: float64, shape (n,): > 0.

    Returns:
        Places into `values` of the lower and the upper middle; both hold the same value unless the weight splits exactly in half there.

    Time O(n log n).
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    half, slack = reached[-1] / 2, reached[-1] * _SLACK
    lower, upper = int(np.argmax(reached >= half - slack)), int(np.argmax(reached > half + slack))
    return int(order[lower]), int(order[upper])
