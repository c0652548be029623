"""Single classes in long form: one row for each answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.workloads.crowd import Floats, paired

Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
_HARD = 0.12
"""Share of the items at which all workers are wrong more often."""
_SWAPPED = (1, 6)
"""The two categories that systematic swappers exchange."""
_ONE_WAY = 3
_AT_ONCE = 10_000
"""Items whose workers are drawn at a time."""


@dataclass(frozen=True)
class Answers:
    """Answers of many workers to many items.

    Attributes:
        item, worker, label: int32, shape (answers,); the seeded ones ascend by item.
        truth: int32, shape (items,): true category; -1 where it is not known.
        categories, workers: how many there are.
    """

    item: Numbers
    worker: Numbers
    label: Numbers
    truth: Numbers
    categories: int
    workers: int


@dataclass(frozen=True)
class _Crowd:
    """The workers: what each is, the chance to be right, and the category that a constant clicker clicks."""

    kind: npt.NDArray[np.object_]
    accuracy: Floats
    constant: npt.NDArray[np.int64]
    activity: Floats


def answers(
    seed: int,
    items: int = 100_000,
    per_item: int = 5,
    categories: int = 10,
    workers: int = 500,
    spam: float = 0.15,
    *,
    one_way: bool = False,
) -> Answers:
    """Classes chosen by a crowd.

    55 % of the workers are solid (right at 0.70-0.95), 25 % weak (0.35-0.65), 5 % right at 0.85 but exchanging two categories throughout,
    and the rest spam: some click at random, some always the same. 12 % of the items are hard: accuracy is pulled towards 0.4, and
    mistakes go to the paired category more often. Categories are not equally frequent; activity of workers has a heavy tail.

    Args:
        seed: of everything.
        items, per_item: items, and different workers who answer each.
        categories, workers: how many there are.
        spam: share of spammers.
        one_way: whether each category is mistaken for the third after it rather than for its pair, which is mistaken for it in turn.
    """
    random = np.random.default_rng([seed, 44])
    prior = random.permutation(np.linspace(2.0, 0.5, categories))
    truth = random.choice(categories, items, p=prior / prior.sum())
    hard = random.random(items) < _HARD
    crowd = _crowd(random, categories, workers, spam)
    worker = _who_answers(random, crowd.activity, items, per_item).ravel()
    item = np.repeat(np.arange(items), per_item)
    likely = (truth + _ONE_WAY) % categories if one_way else paired(truth, categories)
    label = _said(random, crowd, worker, truth[item], hard[item], likely[item], categories)
    return Answers(
        item=item.astype(np.int32),
        worker=worker,
        label=label.astype(np.int32),
        truth=truth.astype(np.int32),
        categories=categories,
        workers=workers,
    )


def _crowd(random: np.random.Generator, categories: int, workers: int, spam: float) -> _Crowd:
    kind = np.full(workers, "solid", dtype=object)
    lot = random.random(workers)
    for name, below in (
        ("weak", spam + 0.30), ("swap", spam + 0.05), ("uniform", spam), ("constant", spam * 0.4),
    ):  # fmt: skip
        kind[lot < below] = name
    solid = random.uniform(0.70, 0.95, workers)
    weak = random.uniform(0.35, 0.65, workers)
    accuracy = np.select([kind == "solid", kind == "swap"], [solid, 0.85], weak)
    constant = random.integers(0, categories, workers)
    activity = random.pareto(1.5, workers) + 0.3
    return _Crowd(kind, accuracy, constant, activity / activity.sum())


def _who_answers(random: np.random.Generator, activity: Floats, items: int, per_item: int) -> Numbers:
    """int32, shape (items, per_item): different workers for each item, in proportion to their activity (Gumbel top-k)."""
    worker = np.empty((items, per_item), np.int32)
    weight = np.log(activity).astype(np.float32)
    for start in range(0, items, _AT_ONCE):
        count = min(_AT_ONCE, items - start)
        lots = random.random((count, len(activity)), dtype=np.float32)
        keys = weight[None] - np.log(-np.log(lots + 1e-12) + 1e-12)
        worker[start : start + count] = np.argpartition(-keys, per_item, axis=1)[:, :per_item]
    return worker


def _said(
    random: np.random.Generator,
    crowd: _Crowd,
    worker: Numbers,
    truth: npt.NDArray[np.int64],
    hard: Flags,
    likely: npt.NDArray[np.int64],
    categories: int,
) -> Any:
    """The category of each answer; mistakes go to the likely one more often than to others."""
    count = len(worker)
    able = crowd.accuracy[worker]
    able = np.where(hard, np.minimum(able, 0.40 + 0.15 * (able > 0.9)), able)
    right = random.random(count) < able
    usual = random.random(count) < np.where(hard, 0.6, 0.35)
    wrong = np.where(usual, likely, random.integers(0, categories, count))
    label = np.where(right, truth, wrong)
    kind = crowd.kind[worker]
    one, other = _SWAPPED
    exchanged = np.where(truth == one, other, np.where(truth == other, one, truth))
    label = np.where((kind == "swap") & right, exchanged, label)
    label = np.where(kind == "uniform", random.integers(0, categories, count), label)
    return np.where(kind == "constant", crowd.constant[worker], label)
