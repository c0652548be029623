"""What a system makes of a work, in one form for all systems, so that all are scored alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A system that has its input in its own form, imports done.

    Attributes:
        run: the work that is measured.
        read: what `run` returned, as one result for each data object: a map of categories, `Parts`, or `Chosen`.
    """

    run: Callable[[], Any]
    read: Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Parts:
    """Parts found in one data object.

    Attributes:
        shapes: of n parts: boxes (4,), polygons (vertices, 2), masks (H, X) of bool, spans (2,), joints (17, 2) with nan for none.
        categories: int64, shape (n,).
        confidence: float64, shape (n,), or (n, 17) for joints: as the system gives it, whatever it means there.
        taken: bool, shape (n,): whether the system takes the part as a label, rather than as a candidate.
    """

    shapes: Sequence[npt.NDArray[Any]]
    categories: npt.NDArray[np.int64]
    confidence: Floats
    taken: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, shapes: Sequence[Any], categories: Sequence[int], confidence: Sequence[Any], least: float = 0.0
    ) -> Parts:
        """Parts of which those with at least a confidence (of their surest joint) are taken."""
        sure = np.asarray(confidence, np.float64)
        surest = sure.max(axis=1) if sure.ndim > 1 else sure
        taken: npt.NDArray[np.bool_] = surest >= least - 1e-6
        return cls(list(shapes), np.asarray(categories, np.int64), sure, taken)


@dataclass(frozen=True)
class Regions:
    """A map of categories.

    Attributes:
        map: uint8, shape (H, X).
        confidence: float64, shape (categories,): of each category's pixels on average; None where the system gives none.
    """

    map: npt.NDArray[np.uint8]
    confidence: Floats | None = None


@dataclass(frozen=True)
class Chosen:
    """Categories of the first n items of a work.

    Attributes:
        labels: int64, shape (n,); -1 where the system gives none.
        confidence: float64, shape (n,); None where the system gives none.
    """

    labels: npt.NDArray[np.int64]
    confidence: Floats | None = None


@dataclass(frozen=True)
class Measured:
    """One system on one work.

    Attributes:
        results: one for each data object that it was given.
        seconds: median of the runs.
        runs: how many.
        memory: MB that the first run took beyond what was there before it; None where the machine does not tell.
        version: of the library; empty for our own code.
    """

    results: list[Any]
    seconds: float
    runs: int
    memory: float | None
    version: str
