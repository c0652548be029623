"""How far a confidence can be trusted: of what is called 80 % sure, is 80 % right?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Sums over bins of equal width of the confidence.

    Attributes:
        weight: of the statements in each bin: their number, or pixels.
        confidence, right: sums of confidence and of what is right, each times the weight.
    """

    weight: tuple[float, ...]
    confidence: tuple[float, ...]
    right: tuple[float, ...]

    @classmethod
    def of(
        cls, confidence: Sequence[float], right: Sequence[float], weight: Sequence[float] | None = None
    ) -> Reliability:
        """From statements: how sure each was, in [0, 1], and whether (or to what share) it was right."""
        sure, good = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
        heavy = np.ones(len(sure)) if weight is None else np.asarray(weight, np.float64)
        place = np.clip((sure * BINS).astype(np.int64), 0, BINS - 1)
        sums = (np.bincount(place, values, BINS).tolist() for values in (heavy, heavy * sure, heavy * good))
        return cls(*map(tuple, sums))

    @classmethod
    def total(cls, many: Iterable[Reliability]) -> Reliability:
        """All together."""
        rows = [(one.weight, one.confidence, one.right) for one in many]
        sums = np.sum(rows, axis=0).tolist() if rows else [[0.0] * BINS] * 3
        return cls(*map(tuple, sums))

    def error(self) -> float:
        """Expected calibration error: mean gap between confidence and share that is right, weighted; nan of nothing."""
        gaps = np.abs(np.subtract(self.confidence, self.right)).sum()
        return float(gaps / total) if (total := sum(self.weight)) else float("nan")
