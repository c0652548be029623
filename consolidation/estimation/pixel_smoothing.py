"""Outlines drawn by several hands are smoothed a little: a disputed pixel at the label's outline is decided with its neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Patterns

_RESOLUTION = 1 << 20
"""Votes are counted in so many parts of all votes, in whole numbers: no sum depends on the order of the neighbours."""
_KERNEL = {
    (0, 0): 9,
    (0, 1): 3,
    (0, -1): 3,
    (1, 0): 3,
    (-1, 0): 3,
    (1, 1): 1,
    (1, -1): 1,
    (-1, 1): 1,
    (-1, -1): 1,
}
"""What the votes at each neighbour count for: the products of (1, 3, 1)."""


def smooth_outlines(
    patterns: Patterns, votes: npt.NDArray[np.float64], best: npt.NDArray[np.int64]
) -> tuple[Patterns, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Decide disputed pixels at outlines by the votes in their 3x3 neighbourhood.

    A pixel beside one of another category goes from its pattern's winner to the runner-up where that has more votes over the
    neighbourhood. So a pixel gets only what somebody said of it, and one on which all agree stays; beyond the image's edge lie the
    pixels at the edge.

    Args:
        patterns: of maps of shape (H, X). Not modified.
        votes: float64, shape (U, K): votes of each pattern for each category, all with the same total > 0. Not modified.
        best: int64, shape (U,): the category that won each pattern. Not modified.

    Returns:
        The patterns, with a row more for each pattern some of whose pixels go to the runner-up; which of the old rows each is, shape
        (U + M,); the category of each, shape (U + M,).

    Time O(H * X) to find the outlines, O(their pixels) to decide; memory 3 bytes per pixel.
    """
    count = len(best)
    whole = np.arange(count)
    shares = np.rint(votes * (_RESOLUTION / votes[0].sum())).astype(np.int64)
    others = shares.copy()
    others[whole, best] = -1
    rival = others.argmax(axis=1)
    places = _outline(patterns.paint(best.astype(np.uint8)))
    code = patterns.codes.reshape(-1)[places].astype(np.int64)
    disputed = shares[code, rival[code]] > 0
    places, code = places[disputed], code[disputed]
    lead = _leads(patterns.codes, places, shares, best[code], rival[code])
    places, code = places[lead < 0], code[lead < 0]
    if not len(places):
        return patterns, whole, best
    sources, rows, pixels = np.unique(code, return_inverse=True, return_counts=True)
    left = patterns.pixels.copy()
    left[sources] -= pixels
    origin = np.concatenate([whole, sources])
    smoothed = replace(
        patterns,
        table=patterns.table[origin],
        pixels=np.concatenate([left, pixels]),
        moved=places,
        rows=count + rows,
    )
    return smoothed, origin, np.concatenate([best, rival[sources]])


def _outline(painted: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Pixels beside one of another category, left, right, above or below, as indices into the flat image."""
    beside = np.zeros(painted.shape, np.bool_)
    across = painted[:, 1:] != painted[:, :-1]
    beside[:, 1:] |= across
    beside[:, :-1] |= across
    down = painted[1:] != painted[:-1]
    beside[1:] |= down
    beside[:-1] |= down
    return np.flatnonzero(beside)


def _leads(
    codes: npt.NDArray[np.unsignedinteger],
    places: npt.NDArray[np.int64],
    shares: npt.NDArray[np.int64],
    best: npt.NDArray[np.int64],
    rival: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """int64, shape (n,): by how much the best category of each place leads its rival over the neighbourhood."""
    height, width = codes.shape
    flat, categories = codes.reshape(-1), shares.shape[1]
    counts = shares.reshape(-1)
    y, x = np.divmod(places, width)
    rows = {step: np.clip(y + step, 0, height - 1) * width for step in (-1, 0, 1)}
    columns = {step: np.clip(x + step, 0, width - 1) for step in (-1, 0, 1)}
    lead = np.zeros(len(places), np.int64)
    for (down, across), weight in _KERNEL.items():
        code = flat[rows[down] + columns[across]].astype(np.int64) * categories
        lead += weight * (counts[code + best] - counts[code + rival])
    return lead
