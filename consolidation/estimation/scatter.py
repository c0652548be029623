"""How far workers are off when they tell a quantity: each has a bias and a noise of their own.

A reading is the truth, plus the worker's bias, plus noise with Student's t distribution, so that one gross error says little of its worker
and of the truth. Truths are normal around a common mean. Truths, biases and noises are estimated together by
expectation-maximisation (Dempster, Laird & Rubin 1977; the t distribution as a scale mixture: Lange, Little & Taylor 1989,
doi:10.2307/2290063). A worker's bias is drawn to none and the noise to the crowd's, by STRENGTH readings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
COUNTS = 3
STRENGTH = 4.0
"""How many readings' worth of belief a worker is drawn to the crowd by."""
_FREEDOM = 4.0
_ROUNDS, _ENOUGH = 50, 1e-3
_LEAST = 1e-6
"""Variances are no smaller, in the unit of the readings."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Who read what.

    Attributes:
        item, worker: int64, shape (M,): in [0, I) and [0, W); each pair once.
        value: float64, shape (M,): in a unit in which all items scatter alike.
        truth: float64, shape (I,): NaN where it is not known.
    """

    item: Integers
    worker: Integers
    value: Floats
    truth: Floats


@dataclass(frozen=True, slots=True)
class Scatter:
    """How workers err.

    Attributes:
        bias: float64, shape (W,): how much more than the truth a worker reads.
        noise: float64, shape (W,), > 0: standard deviation of a worker's readings.
        usual: that of a worker who is not known.
        telling: share of the variance of readings that is the items', in [0, 1]: where it is small, readings tell nothing of the truth,
            and who agrees with the others tells nothing of the worker.
    """

    bias: Floats
    noise: Floats
    usual: float
    telling: float

    def correction(self) -> tuple[Floats, Floats]:
        """What to take off each worker's readings, and how many votes each counts for in a median: shape (W,) each.

        The best weights of a median are the densities of the readings at the truth, thus 1 / noise; both are drawn to none and 1 as far as
        readings are not telling.
        """
        return self.bias * self.telling, (self.usual / self.noise) ** self.telling


def learn_scatter(readings: Readings, known: Floats) -> tuple[Scatter, Floats]:
    """Estimate biases and noises.

    Args:
        readings: of W workers. Not modified.
        known: float64, shape (3, W): counts of earlier batches, as this function gave them.

    Returns:
        How workers err; and float64, shape (3, W), of these readings alone: how many there are, as far as they are no gross errors; the sum
        of their distances from the truth; the sum of their squares.

    Time O(rounds * M), memory O(M).
    """
    item, worker, value = readings.item, readings.worker, readings.value
    items, workers = len(readings.truth), known.shape[1]
    scatter, counts = _scatter(known, 1.0), np.zeros_like(known)
    truth: Floats = np.zeros(items)
    if not len(value):
        return scatter, counts
    trust = np.ones(len(value))
    centre, width = float(np.median(value)), float(np.var(value)) + _LEAST
    for round_ in range(_ROUNDS):
        weight = trust / (scatter.noise[worker] ** 2 if round_ else width)
        told = sums_at(item, weight, items) + 1 / width
        before = truth
        truth = (sums_at(item, weight * (value - scatter.bias[worker]), items) + centre / width) / told
        doubt = np.where(np.isnan(readings.truth), 1 / told, 0.0)
        truth = np.where(np.isnan(readings.truth), truth, readings.truth)
        off = value - truth[item]
        counts = np.stack(
            [
                sums_at(worker, trust, workers),
                sums_at(worker, trust * off, workers),
                sums_at(worker, trust * (off**2 + doubt[item]), workers),
            ]
        )
        scatter = _scatter(counts + known, width)
        surprise = ((off - scatter.bias[worker]) ** 2 + doubt[item]) / scatter.noise[worker] ** 2
        trust = (_FREEDOM + 1) / (_FREEDOM + surprise)
        centre, width = float(truth.mean()), float(np.var(truth) + doubt.mean()) + _LEAST
        if round_ and np.abs(truth - before).max() < _ENOUGH * np.sqrt(width):
            break
    return scatter, counts


def _scatter(counts: Floats, width: float) -> Scatter:
    """What the counts say of the workers, where truths have so large a variance."""
    many, sums, squares = counts
    bias = sums / (many + STRENGTH)
    own = squares - 2 * bias * sums + many * bias**2
    usual = max(float(own.sum() / many.sum()), _LEAST) if many.any() else 1.0
    variance = np.maximum((own + STRENGTH * usual) / (many + STRENGTH), _LEAST)
    return Scatter(bias, np.sqrt(variance), float(np.sqrt(usual)), width / (width + usual))
