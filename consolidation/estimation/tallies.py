"""What is known of workers, as sums that add up: the sufficient statistics of every model of their skill.

The statistics of two batches are the sum of both; so batches may be consolidated in any order, and a whole job from its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Key: TypeAlias = tuple[str, ...]
Sums: TypeAlias = Mapping[Key, float]
DIGITS = 6
"""Decimals of a sum as it is written: what two machines compute alike."""


@dataclass(frozen=True, slots=True)
class Tallies:
    """Sums of each worker, by what they count.

    Attributes:
        workers: sums by worker id; a key is a tuple of strings, such as `("confusion", "car", "bus")` or `("found",)`.
    """

    workers: Mapping[str, Sums] = field(default_factory=dict)

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
