"""What the parts are that several workers marked and named, where workers confuse categories, each in a way of their own.

Dawid & Skene (1979, doi:10.2307/2346806) over all parts of a batch, each counting as far as it is real. A worker's confusion matrix is
drawn to one of two parameters' worth (the worker's accuracy, and how the crowd errs when it errs), the accuracy to the crowd's. Only
categories that somebody named for a part are considered for it one by one; so time and memory follow the marks, however many categories
there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from consolidation.estimation.votes import ALPHA, BETA

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

UNNAMED = -1
"""Category of a part whose true one no gold answer tells."""
_LIKE_WORKER = 10.0
"""Parts' worth of belief, for each category, that a worker errs with it as with others."""
_LIKE_CROWD = 5.0
"""Parts' worth of belief that a worker is as accurate as the crowd, and the crowd as the prior of `votes`."""
_EVENLY = 5.0
"""Parts' worth of belief, for each category, that the crowd takes it for any other alike."""
_ROUNDS = 30
_STILL = 1e-2
_CATEGORIES = 1 << 20
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by key, 0 for keys that are not there.

    Attributes:
        keys: int64, shape (U,), sorted, each once.
        values: float64, shape (U,).
    """

    keys: Integers
    values: Floats

    @classmethod
    def summed(cls, keys: Integers, values: Floats) -> Table:
        """Values of shape (n,) summed by their keys. Time O(n log n)."""
        distinct, place = np.unique(keys, return_inverse=True)
        return cls(distinct, np.bincount(place, values, len(distinct)).astype(np.float64))

    def at(self, keys: Integers) -> Floats:
        """The values of keys of any shape. Time O(n log U)."""
        if not len(self.keys):
            return np.zeros(keys.shape)
        place, found = self.find(keys)
        return np.where(found, self.values[place], 0.0)

    def find(self, keys: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Where keys are, or would be, and whether they are there; the table is not empty. Time O(n log U)."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return place, self.keys[place] == keys


def triple(worker: Integers, true: Integers, said: Integers) -> Integers:
    """The key of what a worker called parts of a category; category numbers are below a million."""
    return (worker * _CATEGORIES + true) * _CATEGORIES + said


def untripled(keys: Integers) -> tuple[Integers, Integers, Integers]:
    """Worker, true and said category of keys."""
    row, said = np.divmod(keys, _CATEGORIES)
    worker, true = np.divmod(row, _CATEGORIES)
    return worker, true, said


@dataclass(frozen=True)
class Naming:
    """How workers name parts.

    Attributes:
        counts: expected parts by `triple`.
        rows: the same by worker and true category.
        errors, erring: the crowd's errors by true and said category, and by true category.
        accuracy: float64, shape (W + 1,), in (0, 1): of each worker, and of one who is not known.
        choices: categories a worker could choose from.
    """

    counts: Table
    rows: Table
    errors: Table
    erring: Table
    accuracy: Floats
    choices: int

    @classmethod
    def of(cls, counts: Table, workers: int, choices: int) -> Naming:
        """From counts of W workers, by `triple`. Time O(U log U)."""
        worker, true, said = untripled(counts.keys)
        row = counts.keys // _CATEGORIES
        right = true == said
        total = np.bincount(worker, counts.values, workers)
        agreed = np.bincount(worker, counts.values * right, workers)
        crowd = (agreed.sum() + ALPHA) / (total.sum() + ALPHA + BETA)
        errors = (true * _CATEGORIES + said)[~right]
        return cls(
            counts,
            Table.summed(row, counts.values),
            Table.summed(errors, counts.values[~right]),
            Table.summed(true[~right], counts.values[~right]),
            np.append((agreed + _LIKE_CROWD * crowd) / (total + _LIKE_CROWD), crowd),
            choices,
        )

    def chances(self, worker: Integers, true: Integers, said: Integers) -> Floats:
        """Probability that workers say these categories of parts of those; all of shape (n,), W is a worker who is not known."""
        errors = self.errors.at(true * _CATEGORIES + said) + _EVENLY / max(self.choices - 1, 1)
        share = errors / (self.erring.at(true) + _EVENLY)
        prior = np.where(true == said, self.accuracy[worker], (1 - self.accuracy[worker]) * share)
        told = self.counts.at(triple(worker, true, said)) + _LIKE_WORKER * prior
        return told / (self.rows.at(worker * _CATEGORIES + true) + _LIKE_WORKER)

    def logs(self, worker: Integers, true: Integers, said: Integers) -> Floats:
        """Logarithms of `chances`; looked up where all of it has been counted."""
        if len(self.counts.keys):
            place, counted = self.counts.find(triple(worker, true, said))
            if counted.all():
                return self.counted_logs[place]
        logs: Floats = np.log(self.chances(worker, true, said) + _TINY)
        return logs

    @cached_property
    def counted_logs(self) -> Floats:
        """Logarithms of `chances` for each key of `counts`."""
        logs: Floats = np.log(self.chances(*untripled(self.counts.keys)) + _TINY)
        return logs

    def errs(self) -> Floats:
        """Logarithm of the probability that each worker says one certain wrong category: float64, shape (W + 1,)."""
        logs: Floats = np.log((1 - self.accuracy) / max(self.choices - 1, 1) + _TINY)
        return logs


@dataclass(frozen=True, slots=True)
class Names:
    """What workers called parts, with every category that a part may have: those that somebody named.

    Attributes:
        part: int64, shape (M,): in [0, parts). worker, said: int64, shape (M,): who named it, and the category.
        parts: C.
        owner, true: int64, shape (J,): part and category of each candidate, sorted.
        mark, candidate: int64, shape (Q,): each mark with each candidate of its part.
    """

    part: Integers
    worker: Integers
    said: Integers
    parts: int
    owner: Integers
    true: Integers
    mark: Integers
    candidate: Integers

    @classmethod
    def of(cls, part: Integers, worker: Integers, said: Integers, parts: int) -> Names:
        """Find the candidates. Time O(M log M + Q)."""
        owner, true = np.divmod(np.unique(part * _CATEGORIES + said), _CATEGORIES)
        several = np.bincount(owner, minlength=parts)
        first = np.cumsum(several) - several
        repeats = several[part]
        mark = np.repeat(np.arange(len(part)), repeats)
        step = np.arange(len(mark)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        return cls(part, worker, said, parts, owner, true, mark, first[part[mark]] + step)

    def pairs(self) -> tuple[Integers, Integers, Integers]:
        """Worker, category considered and category said, of each mark with each candidate; shape (Q,) each."""
        return self.worker[self.mark], self.true[self.candidate], self.said[self.mark]


def name_posterior(names: Names, naming: Naming, logs: Floats | None = None) -> Floats:
    """Probability of each candidate, given that the part is real.

    Args:
        names: what workers called the parts.
        naming: of these workers.
        logs: float64, shape (Q,), of `names.pairs`, where they are known already.

    Returns:
        float64, shape (J,). What is missing to 1 for a part is for the categories that nobody named. All are equally likely beforehand.

    Time O(Q log U).
    """
    if logs is None:
        logs = naming.logs(*names.pairs())
    named = np.bincount(names.candidate, logs, len(names.owner))
    unnamed = np.bincount(names.part, naming.errs()[names.worker], names.parts)
    several = np.bincount(names.owner, minlength=names.parts)
    top = unnamed.copy()
    np.maximum.at(top, names.owner, named)
    odds = np.exp(named - top[names.owner])
    others = np.maximum(naming.choices - several, 0) * np.exp(unnamed - top)
    share: Floats = odds / (np.bincount(names.owner, odds, names.parts) + others)[names.owner]
    return share


def learn_names(
    names: Names, real: Floats, truth: Integers, workers: int, choices: int, known: Table
) -> tuple[Naming, Table]:
    """How workers name parts.

    Args:
        names: of W workers.
        real: float64, shape (C,): how far each part counts. A part that one worker named says nothing, unless its truth is known.
        truth: int64, shape (C,): the category of a part where it is known, else UNNAMED.
        workers: W.
        choices: categories a worker could choose from, >= 1.
        known: counts from elsewhere, by `triple`; they count as if their parts were among these.

    Returns:
        The model, and the counts of these names alone. Time O(M log M + rounds * Q).
    """
    told = truth[names.part]
    gold = told != UNNAMED
    worker, true, said = names.pairs()
    keys = np.concatenate(
        [known.keys, triple(names.worker, told, names.said)[gold], triple(worker, true, said)]
    )
    distinct, place = np.unique(keys, return_inverse=True)
    split = len(known.keys) + int(gold.sum())
    before, place = place[:split], place[split:]
    elsewhere: Floats = np.bincount(before[: len(known.keys)], known.values, len(distinct)).astype(np.float64)
    certain: Floats = np.bincount(before[len(known.keys) :], real[names.part][gold], len(distinct)).astype(
        np.float64
    )
    named = np.bincount(names.part, minlength=names.parts)
    weight = (real * ((named > 1) & (truth == UNNAMED)))[names.owner][names.candidate]
    votes = np.bincount(names.candidate, true == said, len(names.owner))
    share = votes / np.maximum(named, 1)[names.owner]
    counts: Floats = certain
    naming = Naming.of(Table(distinct, elsewhere + certain), workers, choices)
    for _ in range(_ROUNDS if weight.any() else 0):
        counts = certain + np.bincount(place, weight * share[names.candidate], len(distinct))
        naming = Naming.of(Table(distinct, elsewhere + counts), workers, choices)
        last, share = share, name_posterior(names, naming, naming.counted_logs[place])
        if np.abs(share - last).max(initial=0.0) < _STILL:
            break
    return naming, Table(distinct, counts)
