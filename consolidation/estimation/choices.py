"""Single choices of many workers: what is true, and how able each worker is.

An item (a data object, a pattern of pixels, a part) has one true category out of K; each worker who answered says one. Truth and workers
are estimated together by EM (Dawid & Skene 1979, doi:10.2307/2346806) from the share of votes, with the workers' confusion matrices
pooled as `estimation.confusions` has it: so that few answers per worker give the vote, and many give each worker's own matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.confusions import Confusions, Differences, Floats

Places = npt.NDArray[np.int64]

_ROUNDS = 50
_SETTLED = 2e-4
"""Mean change of a posterior at which the rounds end."""
_FIRST, _LATER = 8, 3
"""Newton steps of the first and of later rounds."""
_AS_VOTED = 100.0
"""Items' worth of belief that categories are as frequent as their votes: else the frequent ones of a small job take all."""
_ALIKE = 0.5
"""How much of the evidence of n answers is the same over again: log odds are divided by n to this power."""
_SHARED = 0.07
"""Share of items on which the crowd errs as one, however many agree."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Answers in long form.

    Attributes:
        items, workers, chosen: int64, shape (n,): who said what of which item; in [0, M), [0, W), [0, K). In any order; of several answers
            by one worker to one item the last counts.
        sizes: (M, W, K). Categories that nobody chose count: a worker could have chosen them.
        copies: float64, shape (M,), >= 0: how many alike each item stands for, such as pixels of a pattern; None: one each.
        truth: int64, shape (M,): true category of each item, -1 where it is not known; None: nowhere.
    """

    items: Places
    workers: Places
    chosen: Places
    sizes: tuple[int, int, int]
    copies: Floats | None = None
    truth: Places | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier batches showed.

    Attributes:
        counts: float64, shape (W, K true, K said): expected counts of each worker.
        others: float64, shape (K, K): the same, summed over workers who are not among these.
    """

    counts: Floats
    others: Floats


@dataclass(frozen=True, slots=True)
class ChoiceModel:
    """Workers and categories, as far as they are known.

    Attributes:
        workers: float64, shape (W + 1, K true, K said): log chance that a worker says a category, given the true one. The last
            is a worker who is not known: as the typical answer of the crowd.
        prior: float64, shape (K,): log share of the items of each category.
        differences: how far workers were found to differ.
    """

    workers: Floats
    prior: Floats
    differences: Differences


@dataclass(frozen=True, slots=True)
class Estimate:
    """What answers show.

    Attributes:
        model: of the workers; what `posteriors` needs.
        posterior: float64, shape (M, K): chance of each category; rows sum to 1.
        counts: float64, shape (W, K true, K said): expected counts of these answers alone, without the known ones; they add up.
        reliability: float64, shape (W + 1,), in (0, 1): chance that the worker is right, over the categories as frequent as they
            are; the last is a worker who is not known.
        answers: float64, shape (W,): answers that reliability rests on, the known ones included.
    """

    model: ChoiceModel
    posterior: Floats
    counts: Floats
    reliability: Floats
    answers: Floats


def learn_choices(choices: Choices, known: Known | None = None) -> Estimate:
    """Estimate the truth and the workers together.

    Args:
        choices: the answers. Not modified.
        known: of earlier batches; counts as if their answers were among these, with what was found of their truth.

    Without answers and known counts every worker is right with chance 0.8, whatever the category, and errs evenly. Deterministic; the
    order of answers, items and workers changes nothing but the last digits.

    Time O((n + M) K + W K^2) a round, up to 50 rounds; memory O(n + M K + W K^2).
    """
    _, workers, categories = choices.sizes
    if known is None:
        known = Known(np.zeros((workers, categories, categories)), np.zeros((categories, categories)))
    answers = _Answers(choices)
    confusions = Confusions(workers, categories)
    posterior = answers.shares()
    voted = answers.total(posterior)
    model = _model(answers, posterior, voted, known, confusions, _FIRST)
    for _ in range(_ROUNDS):
        last, posterior = posterior, answers.posterior(model)
        if answers.change(last, posterior) < _SETTLED:
            break
        model = _model(answers, posterior, voted, known, confusions, _LATER)
    counts = answers.counts(posterior)
    return Estimate(
        model=model,
        posterior=np.ascontiguousarray(posterior.T),
        counts=counts,
        reliability=np.exp(np.einsum("wkk->wk", model.workers)) @ np.exp(model.prior),
        answers=(counts + known.counts).sum(axis=(1, 2)),
    )


def posteriors(choices: Choices, model: ChoiceModel) -> Floats:
    """Chance of each category for each item, given what is known of the workers.

    Args:
        choices: the answers; `sizes` names as many categories as the model has. A worker -1 is one who is not known.
        model: of `learn_choices`.

    Returns:
        float64, shape (M, K); rows sum to 1. An item without answers has the share of each category.

    Time O((n + M) K + n log n).
    """
    return np.ascontiguousarray(_Answers(choices).posterior(model).T)


def calibrated(posterior: Floats, answers: npt.NDArray[np.int64]) -> Floats:
    """What a posterior is worth as a probability.

    Workers err alike: on hard items, and where the question misleads. n answers are worth the square root of n independent ones, and on
    seven of a hundred items the crowd errs as one; both figures hold over crowds of many kinds, and answers without truth cannot tell
    them (a crowd that agrees on something false looks like one that is right).

    Args:
        posterior: float64, shape (M, K), rows summing to 1. Not modified.
        answers: int64, shape (M,): answers to each item.

    Returns:
        float64, shape (M, K), in (0, 1); rows sum to 1, in the order of the posterior.
    """
    shrunk = np.power(posterior, np.maximum(answers, 1.0)[:, None] ** -_ALIKE)
    shrunk /= shrunk.sum(axis=1, keepdims=True)
    chances: Floats = (1 - _SHARED) * shrunk + _SHARED / posterior.shape[1]
    return chances


class _Answers:
    """The answers, sorted both ways once: by item for the truth, by worker and category chosen for the workers.

    Posteriors are kept by category, shape (K, M): every pass over the answers then runs along one category.
    """

    def __init__(self, choices: Choices) -> None:
        self._items, self._workers, self._categories = choices.sizes
        items, workers, chosen = _once(choices)
        rows = np.where(workers < 0, self._workers, workers)
        said = rows * self._categories + chosen
        self._place = rows * self._categories**2 + chosen
        self._chosen = chosen
        self._answered, self._from = _runs(items)
        order = np.argsort(said, kind="stable")
        self._by_worker = items[order]
        self._pairs, self._starts = _runs(said[order])
        self._copies = np.ones(self._items) if choices.copies is None else choices.copies
        truth = choices.truth
        self._gold = np.flatnonzero(truth >= 0) if truth is not None else np.zeros(0, np.int64)
        self._true = truth[self._gold] if truth is not None else self._gold

    def _clamp(self, posterior: Floats) -> Floats:
        posterior[:, self._gold] = 0
        posterior[self._true, self._gold] = 1
        return posterior

    def shares(self) -> Floats:
        """Share of the votes on each item, as a first posterior; an item without answers shared evenly."""
        votes = np.zeros((self._categories, self._items))
        per_item = np.diff(np.append(self._from, len(self._chosen)))
        np.add.at(votes, (self._chosen, np.repeat(self._answered, per_item)), 1.0)
        total = votes.sum(axis=0)
        return self._clamp(np.where(total > 0, votes / np.maximum(total, 1), 1 / self._categories))

    def counts(self, posterior: Floats) -> Floats:
        """Expected counts, shape (W, K true, K said)."""
        sums = np.zeros((self._categories, self._workers * self._categories))
        for true, chances in enumerate(posterior):
            if len(self._starts):
                weighed = (chances * self._copies).take(self._by_worker)
                sums[true, self._pairs] = np.add.reduceat(weighed, self._starts)
        return sums.reshape(self._categories, self._workers, self._categories).transpose(1, 0, 2)

    def posterior(self, model: ChoiceModel) -> Floats:
        """Chance of each category, shape (K, M)."""
        log = np.empty((self._categories, self._items))
        rows = model.workers.ravel()
        for true, share in enumerate(model.prior):
            log[true] = share
            if len(self._from):
                said = rows[true * self._categories :].take(self._place)
                log[true, self._answered] += np.add.reduceat(said, self._from)
        log -= log.max(axis=0)
        np.exp(log, out=log)
        log /= log.sum(axis=0)
        return self._clamp(log)

    def total(self, posterior: Floats) -> Floats:
        """Items of each category, shape (K,)."""
        total: Floats = np.einsum("km,m->k", posterior, self._copies)
        return total

    def prior(self, items: Floats, voted: Floats, known: Known) -> Floats:
        """Log share of each category, drawn to its share of the votes; known answers count as the items they were likely about."""
        earlier = known.counts.sum(axis=0) + known.others
        per_answer = len(self._answered) / max(len(self._chosen), 1)
        votes = voted + earlier.sum(axis=0) * per_answer + 1
        shares = items + earlier.sum(axis=1) * per_answer + _AS_VOTED * votes / votes.sum()
        prior: Floats = np.log(shares / shares.sum())
        return prior

    def change(self, before: Floats, after: Floats) -> float:
        """Mean change of a chance."""
        moved = sum(
            np.einsum("m,m->", np.abs(one - other), self._copies)
            for one, other in zip(before, after, strict=True)
        )
        return float(moved / max(self._copies.sum() * self._categories, 1e-300))


def _model(
    answers: _Answers, posterior: Floats, voted: Floats, known: Known, confusions: Confusions, steps: int
) -> ChoiceModel:
    """The workers, given how likely each category of each item is, and the votes for each category."""
    counts = answers.counts(posterior) + known.counts
    matrices, typical = confusions.fit(counts, known.others, steps)
    rows = np.log(np.concatenate([matrices, typical[None]]))
    prior = answers.prior(answers.total(posterior), voted, known)
    return ChoiceModel(rows, prior, confusions.differences)


def _once(choices: Choices) -> tuple[Places, Places, Places]:
    """The answers sorted by item, then worker, one of each; workers who are not known are different ones."""
    workers, known = choices.workers, choices.sizes[1]
    people = np.where(workers < 0, known + np.arange(len(workers)), workers)
    key = choices.items * (known + len(workers)) + people
    if len(key) < 2 or (key[1:] > key[:-1]).all():
        return choices.items, workers, choices.chosen
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    order = order[np.append(ordered[1:] != ordered[:-1], True)]
    return choices.items[order], workers[order], choices.chosen[order]


def _runs(values: Places) -> tuple[Places, Places]:
    """Distinct values of a sorted array, and where each begins."""
    starts = (
        np.flatnonzero(np.append(True, values[1:] != values[:-1])) if len(values) else np.zeros(0, np.int64)
    )
    return values[starts], starts
