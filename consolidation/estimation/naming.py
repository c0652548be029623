"""What things are called, when workers differ in which label categories they mistake for which.

Dawid & Skene's confusion matrices (1979), doi:10.2307/2346806, drawn to the crowd's, and the crowd's to a worker who is right four
times of five. A thing may also be nothing at all; then every worker calls it what is invented most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
STRENGTH = 4.0
"""How many answers' worth of belief a worker is drawn to the crowd by, and the crowd to RIGHT."""
RIGHT = 0.8
"""A crowd's chance to name a thing rightly, before anything is known."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who called what how.

    Attributes:
        thing: int64, shape (M,), in [0, C).
        row: int64, shape (M,), in [0, U): the pair of worker and category said.
        truth: int64, shape (C,): the category where it is known, in [0, K), else -1.
        row_worker, row_said: int64, shape (U,): worker, in [0, W), and category, in [0, K).
        workers, categories: W, K.
    """

    thing: Integers
    row: Integers
    truth: Integers
    row_worker: Integers
    row_said: Integers
    workers: int
    categories: int


@dataclass(frozen=True, slots=True)
class Naming:
    """How workers name things.

    Attributes:
        rows: float64, shape (U, K): log of the chance that the worker says the category of a thing that is truly each.
        crowd: float64, shape (K, K): the same of a worker nothing is known of: true category, category said.
        shares: float64, shape (K,): log of the categories' shares among real things.
        invented: float64, shape (K,): log of the chance that something invented is called so.
    """

    rows: Floats
    crowd: Floats
    shares: Floats
    invented: Floats


def fit(counts: Floats, invented: Floats, names: Names) -> Naming:
    """The chances that explain the counts.

    Args:
        counts: float64, shape (U, K): see `count`. invented: float64, shape (U,): the same of what is not real. Neither is modified.
    """
    size = names.categories
    even = np.full((size, size), (1 - RIGHT) / max(size - 1, 1))
    np.fill_diagonal(even, RIGHT if size > 1 else 1)
    said = np.stack([np.bincount(names.row_said, counts[:, true], size) for true in range(size)])
    crowd = _shares(said + STRENGTH * even)
    made = np.stack([np.bincount(names.row_worker, counts[:, true], names.workers) for true in range(size)], 1)
    rows = (counts + STRENGTH * crowd.T[names.row_said]) / (made[names.row_worker] + STRENGTH)
    shares = _shares(said.sum(axis=1) + STRENGTH / size)
    false = _shares(np.bincount(names.row_said, invented, size) + STRENGTH / size)
    return Naming(np.log(rows), np.log(crowd), np.log(shares), np.log(false))


def count(names: Names, called: Floats, real: Floats) -> tuple[Floats, Floats]:
    """Expected numbers that say all about how workers name; those of several batches add up.

    Args:
        called: float64, shape (C, K): probability of each category, given that the thing is real. real: float64, shape (C,).

    Returns:
        float64, shape (U, K): how often a worker said the category of a real thing of each. float64, shape (U,): of none.
    """
    rows = len(names.row_said)
    weight = called * real[:, None]
    counts = [np.bincount(names.row, weight[:, true][names.thing], rows) for true in range(names.categories)]
    return np.stack(counts, axis=1), np.bincount(names.row, (1 - real)[names.thing], rows)


def call(names: Names, naming: Naming) -> tuple[Floats, Floats]:
    """Which category each thing has, and how much likelier its names make it that it is real.

    Returns:
        float64, shape (C, K): probability of each category, given that the thing is real. float64, shape (C,): log of the ratio.
    """
    things = len(names.truth)
    told = naming.rows[names.row]
    logs = np.stack([np.bincount(names.thing, told[:, true], things) for true in range(names.categories)], 1)
    logs += naming.shares
    top = logs.max(axis=1, keepdims=True)
    odds = np.exp(logs - top)
    total = odds.sum(axis=1, keepdims=True)
    called = odds / total
    known = names.truth >= 0
    called[known] = np.eye(names.categories)[names.truth[known]]
    false = np.bincount(names.thing, naming.invented[names.row_said[names.row]], things)
    return called, (top + np.log(total))[:, 0] - false


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return shares
