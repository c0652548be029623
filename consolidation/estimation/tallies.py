"""What is known of workers, as sums that add up: the sufficient statistics of every model of their skill.

The statistics of two batches are the sum of both; so batches may be consolidated in any order, and a whole job from its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

Key: TypeAlias = tuple[str, ...]
Sums: TypeAlias = Mapping[Key, float]
Floats: TypeAlias = npt.NDArray[np.float64]
DIGITS = 6
"""Decimals of a sum as it is written: what two machines compute alike."""


@dataclass(frozen=True, slots=True)
class Tallies:
    """Sums of each worker, by what they count.

    Attributes:
        workers: sums by worker id; a key is a tuple of strings, such as `("confusion", "car", "bus")` or `("found",)`.
    """

    workers: Mapping[str, Sums] = field(default_factory=dict)

    @classmethod
    def from_table(cls, workers: Sequence[str], keys: Sequence[Key], table: Floats) -> Self:
        """The sums in a table as `table` makes it; those that are 0 are left out, and workers without any."""
        columns = zip(workers, table.T.tolist(), strict=True)
        sums = {
            worker: {key: value for key, value in zip(keys, column, strict=True) if value}
            for worker, column in columns
        }
        return cls({worker: own for worker, own in sums.items() if own})

    def table(self, workers: Sequence[str], keys: Sequence[Key]) -> Floats:
        """float64, shape (keys, workers): the sums; 0 where there is none."""
        own = [self.of(worker) for worker in workers]
        rows = [[sums.get(key, 0.0) for sums in own] for key in keys]
        return np.array(rows, np.float64).reshape(len(keys), len(workers))

    def table_with_others(self, workers: Sequence[str], keys: Sequence[Key]) -> Floats:
        """float64, shape (keys, workers + 1): as `table`, and last the sums of all other workers together."""
        others = self.table(sorted(self.workers.keys() - set(workers)), keys)
        return np.column_stack([self.table(workers, keys), others.sum(axis=1)])

    def of(self, worker_id: str) -> Sums:
        """The worker's sums; empty for one who is not known."""
        return self.workers.get(worker_id, {})

    def __bool__(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.workers)

    def __add__(self, other: Tallies) -> Tallies:
        """Both together."""
        return total((self, other))

    def to_wire(self) -> dict[str, list[list[object]]]:
        """JSON: for each worker a sorted list of [[key...], sum], rounded; sums that round to 0 are left out."""
        wire: dict[str, list[list[object]]] = {}
        for worker in sorted(self.workers):
            sums = [[list(key), round(value, DIGITS)] for key, value in sorted(self.workers[worker].items())]
            if kept := [entry for entry in sums if entry[1]]:
                wire[worker] = kept
        return wire


def total(many: Iterable[Tallies]) -> Tallies:
    """The sum of several tallies. Time O(all their sums)."""
    workers: dict[str, dict[Key, float]] = {}
    for tallies in many:
        for worker, sums in tallies.workers.items():
            own = workers.setdefault(worker, {})
            for key, value in sums.items():
                own[key] = own.get(key, 0.0) + value
    return Tallies(workers)
