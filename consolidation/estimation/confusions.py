"""How each worker confuses categories: as much of it as the answers can tell, from one number per worker to a full matrix.

Four models, each drawn to the one before it:

- the crowd's chance to be right, the same for every category;
- the crowd's confusion matrix, drawn to that: which mistakes are common;
- each worker's ability, knacks and leanings: the chances of the crowd's row, times exp(ability + knack) for the right category, with one
  knack for each category, and exp(leaning) for each category said, made to sum to 1. Ability is 0 for the typical worker, far below 0 for a
  spammer or an adversary; a constant answerer has one large leaning. All are normal around 0 (a multinomial logit with random effects),
  with variances estimated from how far these very workers differ (empirical Bayes, by EM with Laplace's approximation): where they are
  alike, all are the typical worker;
- each worker's own confusion matrix (Dawid & Skene 1979, doi:10.2307/2346806), drawn to that by a Dirichlet prior.

So a worker with few answers counts as a typical one, with more as an able or a careless one, with many as what the answers say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RIGHT, WRONG = 4.0, 1.0
"""Prior of the crowd's chance to be right: the counts of `estimation.votes`."""
_CROWD = 40.0
"""Answers that the one chance is worth in each row of the crowd's matrix."""
_OWN = 24.0
"""Answers that ability, knack and leanings are worth in each row of a worker's matrix."""
_PRIORS = (1.0, 0.5, 0.25)
"""Prior variances of ability, knack and leaning: about what crowds of many kinds show."""
_PEERS = 5.0
"""Workers' worth of belief in these variances."""
_STEP = 1.5
"""Longest Newton step."""
_DAMPING = 0.7
"""Knacks and leanings are fitted each as if the others stood still."""


@dataclass(frozen=True, slots=True)
class Differences:
    """How far workers were found to differ: standard deviations in log-odds.

    Attributes:
        ability: of being right.
        knack: of being right on one category more than on others.
        leaning: of saying a category, whatever is right.
    """

    ability: float
    knack: float
    leaning: float


class Confusions:
    """Confusion matrices of a crowd's workers, fitted to counts again and again while these settle.

    Args:
        workers, categories: how many.

    One fit costs O(workers * categories^2) time and memory.
    """

    def __init__(self, workers: int, categories: int) -> None:
        self._ability = np.zeros(workers)
        self._knack = np.zeros((workers, categories))
        self._leaning = np.zeros((workers, categories))
        self._variances = _PRIORS
        self._right = np.eye(categories)

    @property
    def differences(self) -> Differences:
        """What was found so far."""
        ability, knack, leaning = self._variances
        return Differences(ability**0.5, knack**0.5, leaning**0.5)

    def fit(self, counts: Floats, others: Floats, steps: int) -> tuple[Floats, Floats]:
        """Confusion matrices, given how often who said what of which category.

        Args:
            counts: float64, shape (W, K true, K said), >= 0. Not modified.
            others: float64, shape (K, K): the same of workers who are not among these.
            steps: Newton steps, >= 1, from the last fit's abilities and leanings.

        Returns:
            float64, shape (W, K, K): chance of saying each category, given the true one; rows sum to 1. And shape (K, K): the same of the
            typical worker, for those who are not known.
        """
        crowd = self._crowd(counts.sum(axis=0) + others)
        matrices = counts + _OWN * self._able(np.log(crowd), counts, steps)
        matrices /= matrices.sum(axis=2, keepdims=True)
        return matrices, crowd

    def _crowd(self, counts: Floats) -> Floats:
        right = (np.trace(counts) + RIGHT) / (counts.sum() + RIGHT + WRONG)
        wrong = (1 - right) / max(len(counts) - 1, 1)
        crowd: Floats = counts + _CROWD * np.where(self._right > 0, right, wrong)
        crowd /= crowd.sum(axis=1, keepdims=True)
        return crowd

    def _able(self, crowd: Floats, counts: Floats, steps: int) -> Floats:
        """Chances by ability, knack and leaning, from the logarithm of the crowd's chances; fits these and their variances."""
        curves = self._newton(crowd, counts)
        for _ in range(1, steps):
            curves = self._newton(crowd, counts)
        effects = (self._ability[:, None], self._knack, self._leaning)
        ability, knack, leaning = (
            _variance(effect, curve, prior)
            for effect, curve, prior in zip(effects, curves, _PRIORS, strict=True)
        )
        self._variances = (ability, knack, leaning)
        return self._chances(crowd)

    def _newton(self, crowd: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
        """Bring abilities, then knacks, then leanings nearer to their posterior mode; the curvature of each."""
        given, said = counts.sum(axis=2), counts.sum(axis=1)
        right = np.einsum("wkk->wk", counts)
        of_ability, of_knack, of_leaning = self._variances
        missed, sway = _misses(self._chances(crowd), given, right)
        ability = sway.sum(axis=1) + 1 / of_ability
        self._ability += _step(missed.sum(axis=1) - self._ability / of_ability, ability)
        missed, sway = _misses(self._chances(crowd), given, right)
        knack = sway + 1 / of_knack
        self._knack += _DAMPING * _step(missed - self._knack / of_knack, knack)
        chances = self._chances(crowd)
        more = said - np.einsum("wk,wkj->wj", given, chances)
        leaning = np.einsum("wk,wkj->wj", given, chances * (1 - chances)) + 1 / of_leaning
        self._leaning += _DAMPING * _step(more - self._leaning / of_leaning, leaning)
        return ability[:, None], knack, leaning

    def _chances(self, crowd: Floats) -> Floats:
        able = self._ability[:, None] + self._knack
        odds = crowd + able[:, :, None] * self._right + self._leaning[:, None, :]
        odds -= odds.max(axis=2, keepdims=True)
        np.exp(odds, out=odds)
        odds /= odds.sum(axis=2, keepdims=True)
        return odds


def _misses(chances: Floats, given: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Right answers beyond the expected ones, and their variance; shape (W, K true)."""
    hit = np.einsum("wkk->wk", chances)
    return right - given * hit, given * hit * (1 - hit)


def _step(slope: Floats, curve: Floats) -> Floats:
    """A Newton step, held short."""
    step: Floats = np.clip(slope / curve, -_STEP, _STEP)
    return step


def _variance(effects: Floats, curves: Floats, prior: float) -> float:
    """Variance of effects over the workers, what is uncertain of each (the inverse of its curvature) included."""
    spread = (effects**2 + 1 / curves).mean(axis=1).sum()
    return float((spread + _PEERS * prior) / (len(effects) + _PEERS))
