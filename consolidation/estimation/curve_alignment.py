"""Laying drawings of one curve along each other: which way they run, and which place on one is which on the other.

Dynamic time warping (Sakoe & Chiba 1978, doi:10.1109/TASSP.1978.1163055) bears different numbers of vertices, curves that cross
themselves, and drawings that begin late or end early.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SMOOTHED = 5
"""Neighbouring places over which the warp is averaged, for it follows every jitter of a hand."""


@dataclass(frozen=True, slots=True)
class Warp:
    """A drawing laid along the central drawing of its curve.

    Attributes:
        along: float64, shape (k,): ways along the central drawing, in pixels, ascending; below 0 and beyond its length where the
            drawing reaches farther.
        ways: float64, shape (k,): the ways along the drawing there, ascending from 0 to its length.
    """

    along: Floats
    ways: Floats


def runs_backwards(samples: Floats, central: Floats) -> npt.NDArray[np.bool_]:
    """Which drawings run the other way than the central drawing of their curve.

    Args:
        samples: float64, shape (M, n, 2): places at even steps along each drawing. Not modified.
        central: float64, shape (M, n, 2): those of its central drawing.

    Returns:
        bool, shape (M,): whether the places lie nearer to the central drawing's when taken from the end. Ties: no.
    """
    forward, backward = (
        np.hypot(*(way - central).transpose(2, 0, 1)).sum(axis=1) for way in (samples, samples[:, ::-1])
    )
    turned: npt.NDArray[np.bool_] = backward < forward * (1 - 1e-9)
    return turned


def lay_along(samples: Floats, central: Floats, lengths: Floats, central_lengths: Floats) -> list[Warp]:
    """Lay drawings along central drawings that run the same way.

    Args:
        samples: float64, shape (M, n, 2): places at even steps along each drawing. Not modified.
        central: float64, shape (M, n, 2): those of its central drawing.
        lengths, central_lengths: float64, shape (M,): of the drawings themselves, in pixels.

    Returns:
        M warps.

    Time O(M n^2), memory O(M n^2) bytes.
    """
    first, last = _matched(samples, central)
    steps, central_steps = lengths / (samples.shape[1] - 1), central_lengths / (samples.shape[1] - 1)
    return [
        _warp(first[one], last[one], samples[one], central[one], float(steps[one]), float(central_steps[one]))
        for one in range(len(samples))
    ]


def _warp(
    first: Integers, last: Integers, drawn: Floats, central: Floats, step: float, central_step: float
) -> Warp:
    """The warp of one drawing from the range of its places that were matched to each place of the central one."""
    end = len(first) - 1
    begun = int(np.flatnonzero(last == 0).max(initial=0))
    done = int(np.flatnonzero(first == end).min(initial=end))
    if begun >= done:
        begun, done = 0, end
    places = (first + last)[begun : done + 1] / 2
    places[0], places[-1] = last[0] if begun == 0 else 0, first[end] if done == end else end
    places[1:-1] = _smooth(places)[1:-1]
    along = central_step * np.arange(begun, done + 1)
    along[0] += _ahead(drawn[int(places[0])], central[begun], central[begun + 1], central_step)
    along[-1] -= _ahead(drawn[int(places[-1])], central[done], central[done - 1], central_step)
    before, after = step * places[0], step * (end - places[-1])
    knots = np.concatenate([[along[0] - before], along, [along[-1] + after]])
    ways = step * np.concatenate([[0], places, [end]])
    return Warp(np.maximum.accumulate(knots), np.maximum.accumulate(ways))


def _ahead(place: Floats, start: Floats, towards: Floats, most: float) -> float:
    """How far a place lies ahead of another, in the direction of a third; less than `most` either way."""
    direction = towards - start
    length = float(np.hypot(*direction))
    if length == 0:
        return 0.0
    return float(np.clip((place - start) @ direction / length, -0.9 * most, 0.9 * most))


def _smooth(values: Floats) -> Floats:
    """A moving average, narrower towards the ends."""
    reach = np.minimum(np.minimum(np.arange(len(values)), np.arange(len(values))[::-1]), _SMOOTHED // 2)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    middle = np.arange(len(values))
    smooth: Floats = (sums[middle + reach + 1] - sums[middle - reach]) / (2 * reach + 1)
    return smooth


def _matched(samples: Floats, central: Floats) -> tuple[Integers, Integers]:
    """For each place of the central drawings the first and last place of the drawing on the cheapest path."""
    count, size = samples.shape[:2]
    moves = np.zeros((2 * size - 1, count, size), np.uint8)
    before = np.full((count, size + 1), np.inf)
    latest = before.copy()
    for diagonal in range(2 * size - 1):
        low, high = max(0, diagonal - size + 1), min(diagonal, size - 1)
        opposite = samples[:, diagonal - high : diagonal - low + 1][:, ::-1]
        cost = np.hypot(*(central[:, low : high + 1] - opposite).transpose(2, 0, 1))
        reached = np.full((count, size + 1), np.inf)
        if diagonal:
            options = np.stack(
                [before[:, low : high + 1], latest[:, low : high + 1], latest[:, low + 1 : high + 2]]
            )
            moves[diagonal, :, low : high + 1] = options.argmin(axis=0)
            cost += options.min(axis=0)
        reached[:, low + 1 : high + 2] = cost
        before, latest = latest, reached
    return _traced(moves)


def _traced(moves: npt.NDArray[np.uint8]) -> tuple[Integers, Integers]:
    """Walk the cheapest paths back. A move is 0 along both drawings, 1 along the central one, 2 along the other."""
    _, count, size = moves.shape
    rows = np.arange(count)
    place, other = np.full(count, size - 1), np.full(count, size - 1)
    first, last = np.zeros((count, size), np.int64), np.zeros((count, size), np.int64)
    last[:, -1] = first[:, -1] = size - 1
    for _ in range(2 * size - 2):
        move = moves[place + other, rows, place]
        going = (place + other) > 0
        place = place - (going & (move != 2))
        other = other - (going & (move != 1))
        first[rows, place] = other
        last[rows, place] = np.maximum(last[rows, place], other)
    return first, last
