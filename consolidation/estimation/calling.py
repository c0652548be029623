"""What things are called, when workers differ in which label categories they mistake for which.

Dawid & Skene's confusion matrices (1979), doi:10.2307/2346806, drawn to the crowd's, and the crowd's to a worker who is right four
times of five. A thing may also be nothing at all; then every worker calls it what is invented most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
STRENGTH = 2.0
"""How many answers' worth of belief, for each category, a worker is drawn to the crowd by."""
CROWD = 20.0
"""How many answers' worth of belief the crowd is drawn to RIGHT by, and the shares of the categories to each other."""
RIGHT = 0.8
"""A crowd's chance to name a thing rightly, before anything is known."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who called what how. A row is a pair of worker and category said; several marks may share one.

    Attributes:
        thing, row: int64, shape (M,), in [0, C) and [0, U): what each mark is of, and its row.
        truth: int64, shape (C,): the category where it is known, in [0, K), else -1.
        worker, said: int64, shape (U,): of each row, in [0, W) and [0, K).
    """

    thing: Integers
    row: Integers
    truth: Integers
    worker: Integers
    said: Integers


@dataclass(frozen=True, slots=True)
class NameCounts:
    """All that is known of how workers name; of several batches it adds up.

    Attributes:
        rows: float64, shape (K, U): how often a worker said the category of a real thing that is truly each.
        made: float64, shape (K, W): how many real things of each category a worker named.
        crowd: float64, shape (K, K): how often somebody called a thing of a category (first axis) how.
        invented: float64, shape (K,): how often somebody called so what is not real.
    """

    rows: Floats
    made: Floats
    crowd: Floats
    invented: Floats


@dataclass(frozen=True, slots=True)
class Naming:
    """How workers name things.

    Attributes:
        rows: float64, shape (K, U): log of the chance that the worker says the category of a thing that is truly each.
        shares: float64, shape (K,): log of the categories' shares among real things.
        invented: float64, shape (U,): log of the chance that something invented is called so.
    """

    rows: Floats
    shares: Floats
    invented: Floats


def fit(counts: NameCounts, worker: Integers, said: Integers) -> Naming:
    """The chances that explain the counts.

    Args:
        counts: not modified.
        worker, said: int64, shape (U,): of each row.

    Time and memory O(U K + K^2).
    """
    size = len(counts.invented)
    even = np.full((size, size), (1 - RIGHT) / max(size - 1, 1))
    np.fill_diagonal(even, RIGHT if size > 1 else 1)
    crowd = _shares(counts.crowd + CROWD * even)
    rows = (counts.rows + STRENGTH * crowd[:, said]) / (counts.made[:, worker] + STRENGTH)
    shares = _shares(counts.crowd.sum(axis=1) + CROWD / size)
    return Naming(np.log(rows), np.log(shares), np.log(_shares(counts.invented + CROWD / size))[said])


def count(names: Names, called: Floats, real: Floats) -> tuple[Floats, Floats]:
    """Expected numbers of each row.

    Args:
        called: float64, shape (K, C): probability of each category, given that the thing is real.
        real: float64, shape (C,): probability that it is.

    Returns:
        float64, shape (K, U): how often what the row says was said of a real thing of each category; shape (U,): of what is not real.
    """
    rows = len(names.said)
    counts = np.stack([sums_at(names.row, each[names.thing], rows) for each in called * real])
    return counts, sums_at(names.row, (1 - real)[names.thing], rows)


def pool(rows: Floats, invented: Floats, worker: Integers, said: Integers, workers: int) -> NameCounts:
    """The counts of rows with their sums.

    Args:
        rows, invented: float64, shapes (K, U) and (U,): as `count` gives them, of all batches. Not modified.
        worker, said: int64, shape (U,): of each row.
        workers: W.
    """
    size = len(rows)
    crowd = np.stack([sums_at(said, each, size) for each in rows])
    made = np.stack([sums_at(worker, each, workers) for each in rows])
    return NameCounts(rows, made, crowd, sums_at(said, invented, size))


def call(names: Names, naming: Naming) -> tuple[Floats, Floats]:
    """Which category each thing has, and how much likelier what it is called makes it that it is real.

    Returns:
        float64, shape (K, C): probability of each category, given that the thing is real. float64, shape (C,): log of the ratio of
        likelihoods.

    Time and memory O((M + C) K).
    """
    things = len(names.truth)
    logs = np.stack([sums_at(names.thing, each[names.row], things) for each in naming.rows])
    logs += naming.shares[:, None]
    top = logs.max(axis=0)
    called = np.exp(logs - top)
    total = called.sum(axis=0)
    called /= total
    known = names.truth >= 0
    called[:, known] = np.eye(len(called))[:, names.truth[known]]
    false = sums_at(names.thing, naming.invented[names.row], things)
    return called, top + np.log(total) - false


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return shares
