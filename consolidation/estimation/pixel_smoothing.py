"""Outlines drawn by several hands are smoothed a little: a disputed pixel at the label's outline is decided with its neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Codes, Patterns

_RESOLUTION = 1 << 20
"""Votes are counted in so many parts of all votes, in whole numbers: no sum depends on the order of the neighbours."""
_BYTE = 256
_OWN = 2
"""What a pixel's own votes count for where each neighbour's count once."""
_CLEAR = _RESOLUTION // 2
"""A lead by half of all votes is never overruled: hardly a neighbourhood would."""
_BLOCK = 1 << 17
"""Pixels looked at together, so that temporaries stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Patterns after some of their pixels were given to another category.

    Attributes:
        patterns: with M rows more, one for each pattern some of whose pixels went to the runner-up.
        origin: int64, shape (U + M,): which of the U old rows each row is.
        best: int64, shape (U + M,): the category of each row.
        painted: uint8 or uint16, shape (H, X): the category of each pixel.
    """

    patterns: Patterns
    origin: npt.NDArray[np.int64]
    best: npt.NDArray[np.int64]
    painted: Codes


def smooth_outlines(
    patterns: Patterns, shares: npt.NDArray[np.float64], best: npt.NDArray[np.int64]
) -> Smoothed:
    """Decide disputed pixels at outlines by their votes and those of the four pixels beside them.

    A pixel beside one of another category goes from its pattern's winner to the runner-up where that has more votes in the
    neighbourhood. So a pixel gets only what somebody said of it, and one on which all agree stays; beyond the image's edge lie the
    pixels at the edge.

    Args:
        patterns: of maps of shape (H, X), none moved. Not modified.
        shares: float64, shape (U, K), K <= 65536: share of the votes that each category has in each pattern, in [0, 1]. Not modified.
        best: int64, shape (U,): the category that won each pattern. Not modified.

    Ties: of two runners-up the earlier category; in a neighbourhood the winner stays.
    Time O(H * X) to find the outlines, O(their pixels) to decide; memory 1 byte per pixel of the image and about 100 per pixel of outlines.
    """
    whole = np.arange(len(best))
    parts = np.rint(shares * _RESOLUTION).astype(np.int32)
    leading = parts[whole, best]
    parts[whole, best] = -1
    rival = parts.argmax(axis=1)
    close = (parts[whole, rival] > 0) & (leading - parts[whole, rival] < _CLEAR)
    parts[whole, best] = leading
    painted: Codes = patterns.paint(best.astype(np.uint8 if shares.shape[1] <= _BYTE else np.uint16))
    places, own, beside = _at_outlines(patterns, painted, close)
    won, lost = best.take(own), rival.take(own)
    lead = _OWN * _leads(parts, own, won, lost)
    for codes in beside:
        lead += _leads(parts, codes, won, lost)
    overruled = lead < 0
    places = places[overruled]
    painted.reshape(-1)[places] = lost[overruled]
    lost_pixels = np.bincount(own[overruled], minlength=len(best))
    sources = np.flatnonzero(lost_pixels)
    row = np.cumsum(lost_pixels > 0) - 1 + len(best)
    origin = np.concatenate([whole, sources])
    smoothed = replace(
        patterns,
        table=patterns.table[origin],
        pixels=np.concatenate([patterns.pixels - lost_pixels, lost_pixels[sources]]),
        moved=places,
        rows=row[own[overruled]],
    )
    return Smoothed(smoothed, origin, np.concatenate([best, rival[sources]]), painted)


def _leads(
    parts: npt.NDArray[np.int32], codes: Codes, won: npt.NDArray[np.int64], lost: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """By how much one category leads another in the votes of each pattern."""
    first = np.multiply(codes, parts.shape[1], dtype=np.int64)
    flat = parts.reshape(-1)
    leads: npt.NDArray[np.int32] = flat.take(first + won) - flat.take(first + lost)
    return leads


def _at_outlines(
    patterns: Patterns, painted: Codes, close: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], Codes, Codes]:
    """Pixels of close patterns beside one of another category: their indices, their patterns, and those of the four beside each."""
    height, width = patterns.shape
    rows = max(1, _BLOCK // width)
    found = []
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        above, below = max(top - 1, 0), min(bottom + 1, height)
        codes = patterns.codes_of_rows(above, below).reshape(-1)
        outline = _outline(painted[above:below])
        outline[: top - above] = False
        outline[bottom - above :] = False
        places = np.flatnonzero(outline)
        own = codes.take(places)
        open_ = close.take(own)
        places, own = places[open_], own[open_]
        column, last = places % width, (below - above - 1) * width
        sides = (
            places - (column > 0),
            places + (column < width - 1),
            places - width * (places >= width),
            places + width * (places < last),
        )
        found.append((places + above * width, own, np.stack([codes.take(side) for side in sides])))
    return (
        np.concatenate([places for places, _, _ in found]),
        np.concatenate([own for _, own, _ in found]),
        np.concatenate([beside for _, _, beside in found], axis=1),
    )


def _outline(painted: Codes) -> npt.NDArray[np.bool_]:
    """bool, the shape of the map: pixels beside one of another category, left, right, above or below."""
    beside = np.zeros(painted.shape, np.bool_)
    across = painted[:, 1:] != painted[:, :-1]
    beside[:, 1:] |= across
    beside[:, :-1] |= across
    down = painted[1:] != painted[:-1]
    beside[1:] |= down
    beside[:-1] |= down
    return beside
