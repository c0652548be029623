"""Where parts are that several workers placed, when each places them with a bias and a noise of his own.

A coordinate of a part, in units of the part's size, is what is true plus the worker's bias plus noise of the worker's own variance. All are
estimated together by expectation-maximisation with Student's t in the place of the normal distribution, so that a gross outlier counts for
little (Lange, Little & Taylor 1989, doi:10.2307/2290063). Only differences between workers' biases can be seen; the steadiest workers' is
called zero, or what gold answers say.

Some crowds' marks mostly agree, with now and then one far away: the likelihood then prefers Laplace's law to a nearly normal one. There,
and where few marks leave it open, the plain median is the better estimate, and no worker's skill has a say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from consolidation.estimation.robust import NORMAL

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FREEDOM = 8.0
"""Degrees of freedom of the nearly normal law: what the shape of the residuals of most crowds looks like."""
_LIKE_CROWD = 5.0
"""Marks' worth of belief that a worker is as exact as the crowd."""
_UNBIASED = 4.0
"""Marks' worth of belief that a worker has no bias: as if biases were half as large as the noise."""
_ANCHORED = 2
"""Power of the precision with which workers say what no bias is: the steadiest say most."""
_EVIDENT = 1.0
"""Log-likelihood by which the nearly normal law must lead before skill has a say where parts are: some ten marks' worth."""
_ROUNDS = 20
_STILL = 0.05
"""Change of the biases, in standard deviations of the noise, at which they are found."""
_STEPS = 4
_LEAST_SHARE = 0.03
"""No worker's variance is taken for less than this share of the crowd's."""
_LEAST_FREE = 0.05
_TYPICAL = 1e-3
_SLIGHT = 0.01
"""Parts that are less likely real are left out."""
_EXACT = 1e-2
"""Share of the crowd's variance that a gold answer's has."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Places:
    """Marks of parts as offsets from the middle of their part, in units of its size.

    Attributes:
        part: int64, shape (M,), ascending: the part marked, in [0, C); each part has a mark.
        worker: int64, shape (M,): who marked it.
        offset: float64, shape (M, D).
    """

    part: Integers
    worker: Integers
    offset: Floats

    def starts(self) -> Integers:
        """The first mark of each part."""
        return np.flatnonzero(np.diff(self.part, prepend=-1))


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Sums over a worker's marks, each mark counting as far as its part is real and it is no outlier.

    Attributes:
        placed, offset, square: float64, shape (W, D): marks; their offsets from the true places; the squares of these.
        normal: float64, shape (W,): by how much the marks are likelier under the nearly normal law than under Laplace's, as logarithms.
        gold: float64, shape (W,): marks of parts whose place a gold answer tells.
    """

    placed: Floats
    offset: Floats
    square: Floats
    normal: Floats
    gold: Floats

    @classmethod
    def none(cls, workers: int, coordinates: int) -> PlaceCounts:
        """Of workers of whom nothing is known."""
        each, all_ = np.zeros(workers), np.zeros((workers, coordinates))
        return cls(all_, all_, all_, each, each)

    def __add__(self, other: PlaceCounts) -> PlaceCounts:
        """Both together."""
        return PlaceCounts(
            self.placed + other.placed,
            self.offset + other.offset,
            self.square + other.square,
            self.normal + other.normal,
            self.gold + other.gold,
        )


@dataclass(frozen=True, slots=True)
class Placing:
    """How workers place parts; one more at the end for a worker who is not known.

    Attributes:
        bias: float64, shape (W + 1, D), in units of the part's size.
        variance: float64, shape (W + 1, D), > 0: of a mark whose bias is removed; what is not known of the bias is part of it.
        normal: whether the noise is nearly normal; otherwise the median of the marks is best.
    """

    bias: Floats
    variance: Floats
    normal: bool

    def centres(self, places: Places) -> Floats:
        """The true place of each part as an offset: float64, shape (C, D). Time O(M * D)."""
        unbiased = places.offset - self.bias.take(places.worker, axis=0)
        precision = (1 / self.variance).take(places.worker, axis=0)
        starts = places.starts()
        centre: Floats = np.zeros((len(starts), places.offset.shape[1]))
        for _ in range(_STEPS):
            surprise = precision * (unbiased - centre.take(places.part, axis=0)) ** 2
            weight = precision * (FREEDOM + 1) / (FREEDOM + surprise)
            centre = np.add.reduceat(weight * unbiased, starts) / np.add.reduceat(weight, starts)
        return centre


def learn_places(places: Places, real: Floats, known: PlaceCounts) -> tuple[Placing, PlaceCounts]:
    """Biases and noises of workers.

    Args:
        places: marks of W workers, and of gold answers, whose number is W.
        real: float64, shape (C,): how far each part counts. One that has a single mark says nothing.
        known: sums of W workers from elsewhere, which count as if their marks were among these.

    Returns:
        The model, and the sums of these marks alone. Without marks and sums `normal` is False.

    Time O(rounds * M * D), memory O(M * D).
    """
    workers, coordinates = known.placed.shape
    several = np.bincount(places.part, minlength=len(real)) > 1
    places, telling = _telling(places, (real * several)[places.part])
    own = PlaceCounts.none(workers, coordinates)
    if not len(telling):
        return _model(known, _TYPICAL)[0], own
    spread = max(float(NORMAL * np.median(np.abs(places.offset))) ** 2, _TINY)
    told = np.bincount(places.part, places.worker == workers)[places.part] > 0
    gold = np.bincount(places.worker, told, workers + 1)[:workers].astype(np.float64)
    placing, noise = _model(known, spread)
    centre = np.zeros((int(places.part[-1]) + 1, coordinates))
    right = places.worker == workers
    centre[places.part[right]] = places.offset[right]
    fit = _Fit.of(places, placing.bias, noise, centre)
    for _ in range(_ROUNDS):
        own = replace(fit.counted(places, placing.bias, telling, workers), gold=gold)
        before = placing.bias
        placing, noise = _model(known + own, spread)
        fit = _Fit.of(places, placing.bias, noise, fit.centre)
        if np.abs(placing.bias - before).max() < _STILL * math.sqrt(spread):
            break
    own = replace(own, normal=fit.normality(places, telling, workers))
    return _model(known + own, spread)[0], own


def _telling(places: Places, telling: Floats) -> tuple[Places, Floats]:
    """The marks that say something, their parts numbered anew; and how much each says."""
    kept = telling > _SLIGHT
    part = np.cumsum(np.diff(places.part[kept], prepend=-1) > 0) - 1
    return Places(part, places.worker[kept], places.offset[kept]), telling[kept]


@dataclass(frozen=True, slots=True)
class _Fit:
    """The E-step.

    Attributes:
        centre: float64, shape (C, D): of the parts.
        residual: float64, shape (M, D): of the marks, their bias removed.
        free: float64, shape (M, D), in (0, 1]: what the centre, made from the same marks, leaves of their freedom.
        surprise: float64, shape (M, D): squares of the residuals in units of their variance.
    """

    centre: Floats
    residual: Floats
    free: Floats
    surprise: Floats

    @classmethod
    def of(cls, places: Places, bias: Floats, variance: Floats, centre: Floats) -> _Fit:
        """From the centres as they were thought to be."""
        unbiased = places.offset - bias.take(places.worker, axis=0)
        precision = (1 / variance).take(places.worker, axis=0)
        distance = unbiased - centre.take(places.part, axis=0)
        told = precision / (FREEDOM + precision * distance**2)
        total = _summed(places.part, told, len(centre))
        centre = _summed(places.part, told * unbiased, len(centre)) / total
        residual = unbiased - centre.take(places.part, axis=0)
        free = np.maximum(1 - told / total.take(places.part, axis=0), _LEAST_FREE)
        return cls(centre, residual, free, precision * residual**2 / free)

    def counted(self, places: Places, bias: Floats, telling: Floats, workers: int) -> PlaceCounts:
        """Sums of the workers' marks, but for `normal` and `gold`; squares as if the centres were not made from the same marks."""
        counts = telling[:, None] * (FREEDOM + 1) / (FREEDOM + self.surprise)
        placed = _summed(places.worker, counts, workers + 1)[:workers]
        left = _summed(places.worker, counts * self.residual, workers + 1)[:workers]
        squares = _summed(places.worker, counts * self.residual**2, workers + 1)[:workers]
        freedom = _summed(places.worker, telling[:, None] * self.free, workers + 1)[:workers]
        own = bias[:workers]
        noise = squares * placed / np.maximum(freedom, _TINY)
        return PlaceCounts(
            placed,
            left + placed * own,
            noise + 2 * own * left + placed * own**2,
            np.zeros(workers),
            np.zeros(workers),
        )

    def normality(self, places: Places, telling: Floats, workers: int) -> Floats:
        """Log-likelihood ratio of a t-distribution to Laplace's, each of the scale that fits all residuals best; shape (W,)."""
        share = telling / (telling.sum() * self.surprise.shape[1])
        distance = np.sqrt(self.surprise)
        scale = max(float((share @ self.surprise).sum()), _TINY)
        for _ in range(_STEPS):
            counted = self.surprise / (FREEDOM + self.surprise / scale)
            scale = max((FREEDOM + 1) * float((share @ counted).sum()), _TINY)
        mean = max(float((share @ distance).sum()), _TINY)
        student = (
            math.lgamma((FREEDOM + 1) / 2)
            - math.lgamma(FREEDOM / 2)
            - math.log(FREEDOM * math.pi * scale) / 2
            - (FREEDOM + 1) / 2 * np.log1p(self.surprise / (FREEDOM * scale))
        )
        laplace = -math.log(2 * mean) - distance / mean
        ratios = _summed(places.worker, telling[:, None] * (student - laplace), workers + 1)
        lead: Floats = ratios[:workers].sum(axis=1)
        return lead


def _model(counts: PlaceCounts, spread: float) -> tuple[Placing, Floats]:
    """M-step; and the variances of the noise alone, of workers and of gold answers, float64, shape (W + 1, D)."""
    placed = counts.placed
    bias = counts.offset / (placed + _UNBIASED)
    scatter = np.maximum(counts.square - 2 * bias * counts.offset + placed * bias**2, 0)
    share = placed / (placed + _LIKE_CROWD)
    crowd = ((scatter / (placed + _LIKE_CROWD)).sum(axis=0) + _TINY * spread) / (share.sum(axis=0) + _TINY)
    noise = np.maximum((scatter + _LIKE_CROWD * crowd) / (placed + _LIKE_CROWD), _LEAST_SHARE * crowd)
    if not counts.gold.any():
        steady = placed / noise.mean(axis=1, keepdims=True) ** _ANCHORED
        total = steady.sum(axis=0)
        bias = bias - (steady * bias).sum(axis=0) / np.where(total > 0, total, 1)
    everybody = np.vstack([noise, crowd])
    unknown = 1 + 1 / (np.vstack([placed, np.zeros_like(crowd)]) + _UNBIASED)
    bias = np.vstack([bias, np.zeros_like(crowd)])
    return Placing(bias, everybody * unknown, float(counts.normal.sum()) > _EVIDENT), np.vstack(
        [noise, crowd * _EXACT]
    )


def _summed(groups: Integers, values: Floats, count: int) -> Floats:
    """Sums of rows by group: float64, shape (count, D)."""
    return np.stack([np.bincount(groups, column, count) for column in values.T], axis=1)
