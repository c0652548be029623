"""The parts of a data object as columns: whose they are and what they are called, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one worker's answer.

    Attributes:
        worker: index into the answers that are merged.
        label: label category.
    """

    worker: int
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Sequence[Part]):
    """Who made P parts, and what they called them.

    Attributes:
        worker: int64, shape (P,): index into the answers.
        said: int64, shape (P,): place of the label category in `names`.
        names: the label categories, each once.
    """

    worker: Integers
    said: Integers
    names: tuple[str, ...]

    @classmethod
    def of(cls, workers: Sequence[int], labels: Sequence[str]) -> Columns:
        """From a worker and a label category for each part. Time O(P)."""
        names = tuple(sorted(set(labels)))
        number = {name: place for place, name in enumerate(names)}
        said = np.array([number[label] for label in labels], np.int64)
        return cls(np.array(workers, np.int64), said, names)

    @classmethod
    def of_parts(cls, parts: Sequence[Part]) -> Columns:
        """From the parts."""
        return cls.of([part.worker for part in parts], [part.label for part in parts])

    @overload
    def __getitem__(self, place: int) -> Part: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Part]: ...
    def __getitem__(self, place: int | slice) -> Part | Sequence[Part]:
        """A part, or several."""
        if isinstance(place, slice):
            return list(self)[place]
        return Part(int(self.worker[place]), self.names[self.said[place]])

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self.worker)

    def __iter__(self) -> Iterator[Part]:
        """The parts."""
        return (Part(*part) for part in zip(self.worker.tolist(), self.labels(), strict=True))

    def numbered(self, number: Mapping[str, int]) -> Integers:
        """What is said, by other numbers of the label categories: int64, shape (P,)."""
        return np.array([number[name] for name in self.names], np.int64)[self.said]

    def labels(self) -> list[str]:
        """The label category of each part."""
        return [self.names[place] for place in self.said.tolist()]
