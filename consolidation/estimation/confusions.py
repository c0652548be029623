"""How each worker confuses categories: as much of it as the answers can tell, from one number per worker to a full matrix.

Four models, each drawn to the one before it as strongly as the workers' own differences say:

- the crowd's chance to be right, the same for every category (Dawid & Skene's model with one coin for all);
- the crowd's confusion matrix, drawn to that coin: which mistakes are common;
- each worker's ability and leaning: the chances of the crowd's row, times exp(ability) for the right category and exp(leaning) for
  each category said, made to sum to 1. Ability is 0 for the typical worker, far below 0 for a spammer or an adversary; a constant answerer
  has one large leaning. Both are normal around 0 (a multinomial logit with random effects);
- each worker's own confusion matrix (Dawid & Skene 1979, doi:10.2307/2346806), drawn to that by a Dirichlet prior.

The variances of abilities and leanings are estimated from the spread of the workers (empirical Bayes, by EM with Laplace's approximation);
the strengths of both Dirichlet priors by the evidence of their counts (Dirichlet-multinomial; Minka 2000, "Estimating a Dirichlet
distribution"). Every estimate has a prior of its own, so that a handful of answers cannot run away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RIGHT, WRONG = 4.0, 1.0
"""Prior of the crowd's chance to be right: the counts of `estimation.votes`."""
_ABILITY, _LEANING = 1.0, 0.25
"""Prior variances of abilities and leanings: what crowds of many kinds show when asked."""
_PEERS = 5.0
"""Workers' worth of belief in these variances."""
_STRENGTHS = np.array([3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0])
"""Answers that a Dirichlet prior may be worth."""
_USUAL, _SPREAD = 20.0, 0.5
"""Median of that, and standard deviation of its logarithm, before the counts are seen."""
_STEP = 1.5
_DAMPING = 0.7


@dataclass(frozen=True, slots=True)
class Pooling:
    """What was found on how far workers differ.

    Attributes:
        ability, leaning: standard deviations over the workers, in log-odds.
        crowd: answers that the one-coin model is worth in each row of the crowd's matrix.
        worker: answers that ability and leaning are worth in each row of a worker's matrix; the larger, the less own matrix.
    """

    ability: float
    leaning: float
    crowd: float
    worker: float


class Confusions:
    """Confusion matrices of a crowd's workers, fitted to counts again and again while these settle.

    Args:
        workers, categories: how many.

    One fit costs O(workers * categories^2) time and memory.
    """

    def __init__(self, workers: int, categories: int) -> None:
        self._ability = np.zeros(workers)
        self._leaning = np.zeros((workers, categories))
        self._variances = (_ABILITY, _LEANING)
        self._strengths = (_USUAL, _USUAL)
        self._right = np.eye(categories)

    @property
    def pooling(self) -> Pooling:
        """What was found so far."""
        ability, leaning = self._variances
        return Pooling(ability**0.5, leaning**0.5, *self._strengths)

    def fit(self, counts: Floats, others: Floats, *, steps: int, weigh: bool) -> tuple[Floats, Floats]:
        """Confusion matrices, given how often who said what of which category.

        Args:
            counts: float64, shape (W, K true, K said), >= 0. Not modified.
            others: float64, shape (K, K): the same of workers who are not among these.
            steps: Newton steps from the last fit's abilities and leanings.
            weigh: whether the strengths of the priors are estimated anew.

        Returns:
            float64, shape (W, K, K): chance of saying each category, given the true one; rows sum to 1. And shape (K, K): the same of the
            typical worker, for those who are not known.
        """
        crowd, coin = self._crowd(counts.sum(axis=0) + others, weigh)
        inner = self._inner(np.log(crowd), counts, steps)
        own = self._strengths[1]
        if weigh:
            own = _strength(counts, inner)
            self._strengths = (coin, own)
        matrices = counts + own * inner
        matrices /= matrices.sum(axis=2, keepdims=True)
        return matrices, crowd

    def _crowd(self, counts: Floats, weigh: bool) -> tuple[Floats, float]:
        """The crowd's matrix, and the strength with which it is drawn to one coin."""
        categories = len(counts)
        right = (np.trace(counts) + RIGHT) / (counts.sum() + RIGHT + WRONG)
        wrong = (1 - right) / max(categories - 1, 1)
        coin = np.where(self._right > 0, right, wrong)
        strength = _strength(counts[None], coin[None]) if weigh else self._strengths[0]
        crowd = counts + strength * coin
        return crowd / crowd.sum(axis=1, keepdims=True), strength

    def _inner(self, crowd: Floats, counts: Floats, steps: int) -> Floats:
        """Chances by ability and leaning, from the logarithm of the crowd's chances."""
        given, said = counts.sum(axis=2), counts.sum(axis=1)
        right = np.einsum("wkk->w", counts)
        of_ability, of_leaning = self._variances
        chances = self._chances(crowd)
        for _ in range(steps):
            hit = np.einsum("wkk->wk", chances)
            curve = (given * hit * (1 - hit)).sum(axis=1) + 1 / of_ability
            slope = right - (given * hit).sum(axis=1) - self._ability / of_ability
            self._ability += np.clip(slope / curve, -_STEP, _STEP)
            chances = self._chances(crowd)
            curves = np.einsum("wk,wkj->wj", given, chances * (1 - chances)) + 1 / of_leaning
            slopes = said - np.einsum("wk,wkj->wj", given, chances) - self._leaning / of_leaning
            self._leaning += np.clip(_DAMPING * slopes / curves, -_STEP, _STEP)
            chances = self._chances(crowd)
        workers = len(counts)
        if workers and steps:
            ability = (self._ability**2 + 1 / curve).sum() + _PEERS * _ABILITY
            leaning = (self._leaning**2 + 1 / curves).mean(axis=1).sum() + _PEERS * _LEANING
            self._variances = (float(ability / (workers + _PEERS)), float(leaning / (workers + _PEERS)))
        return chances

    def _chances(self, crowd: Floats) -> Floats:
        odds = crowd + self._ability[:, None, None] * self._right + self._leaning[:, None, :]
        odds -= odds.max(axis=2, keepdims=True)
        np.exp(odds, out=odds)
        odds /= odds.sum(axis=2, keepdims=True)
        return odds


def _strength(counts: Floats, mean: Floats) -> float:
    """Answers that a Dirichlet prior of the given mean is worth: its posterior median on a grid, roughly.

    Args:
        counts, mean: float64, shape (W, K, K).
    """
    given = counts.sum(axis=2)
    evidence = np.array([
        (_log_gamma(counts + strength * mean) - _log_gamma(strength * mean)).sum()
        - (_log_gamma(given + strength) - _log_gamma(np.array(strength))).sum()
        for strength in _STRENGTHS
    ])
    logs = np.log(_STRENGTHS)
    evidence -= 0.5 * ((logs - np.log(_USUAL)) / _SPREAD) ** 2
    weights = np.exp(evidence - evidence.max())
    return float(np.exp((weights * logs).sum() / weights.sum()))


def _log_gamma(x: Floats) -> Floats:
    """log Gamma(x) up to a constant, for x > 0, to 1e-6: Stirling's series at x + 5."""
    z = x + 5
    series: Floats = (
        (z - 0.5) * np.log(z) - z + 1 / (12 * z) - np.log(x * (x + 1) * (x + 2) * (x + 3) * (x + 4))
    )
    return series
