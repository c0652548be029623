"""Spans of a text as arrays: overlaps, and which of several spans of the same thing to take. A span is [start, end), end exclusive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from consolidation.estimation import boxes
from consolidation.estimation.matching import Overlaps

Spans = npt.NDArray[np.int64]
_DIGITS = 9
"""Sums of votes that are equal to so many decimals are a tie."""


def overlaps_between(spans: Spans, workers: npt.NDArray[np.int64], most: int | None = None) -> Overlaps:
    """All pairs of spans of different workers that overlap.

    Args:
        spans: int64, shape (P, 2): start, end, in [0, 2^53). Not modified.
        workers: int64, shape (P,): who marked the span.
        most: pairs that are borne, None for any number.

    Returns:
        The pairs with IoU > 0, sorted by part.

    Raises:
        OverflowError: there are more than `most` pairs.

    A span is a box of height 1; time and memory as in `estimation.boxes`.
    """
    flat = np.zeros((len(spans), 4))
    flat[:, 0], flat[:, 2], flat[:, 3] = spans[:, 0], spans[:, 1], 1
    return boxes.overlaps_between(flat, workers, most)


def most_supported(spans: Sequence[tuple[int, int]], weights: Sequence[float]) -> tuple[int, int]:
    """One span from several of the same thing: of those marked, the one whose two edges have most votes together.

    A start has the votes of all who start there, whatever their end, and the reverse. As the result is always one that somebody
    marked, its edges belong together and it is never empty, which edges decided one by one cannot promise.

    Args:
        spans: M >= 1 pairs (start, end).
        weights: M votes, > 0.

    Ties: the shortest, so that a character which only half of the workers cover stays out; then the first. Time O(M).
    """
    starts, ends = defaultdict[int, float](float), defaultdict[int, float](float)
    for (start, end), weight in zip(spans, weights, strict=True):
        starts[start] += weight
        ends[end] += weight
    return min(
        set(spans),
        key=lambda span: (-round(starts[span[0]] + ends[span[1]], _DIGITS), span[1] - span[0], span[0]),
    )
