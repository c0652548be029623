"""Pixel patterns: what W workers said of an image, as a histogram of the few joint answers that occur.

A million pixels hold a few thousand distinct patterns (worker 1 said a, worker 2 said b, ...), and lie in runs along the rows in which no
worker changes. All that voting, agreement and skill estimation need is in the table of patterns and their pixel counts; a look-up table
paints the result back. Costs follow runs and patterns, not pixels times categories; no volume of one layer per category is ever built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Codes: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Value = TypeVar("Value", bound=np.generic)

_DENSE = 1 << 16
"""Codes up to here fit uint16 and are counted by a table."""
_TABLE = 1 << 22
"""Most entries of a counting table; beyond it codes are sorted instead."""
_BLOCK = 1 << 17
"""Pixels looked at together, so that temporaries stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The distinct joint answers over an image.

    Attributes:
        table: uint8 or uint16, shape (U, W): entry [u, w] is what worker w said in pattern u. Rows are in lexical order.
        pixels: int64, shape (U,): pixels that have the pattern.
        codes: uint16 or uint32, shape (R,): the pattern of each run of pixels, an index into `table`.
        starts: int64, shape (R + 1,): where each run begins in the flat image, and behind the last the number of pixels. Every row begins
            a run.
        shape: of the image: (H, X), or (N,) for points.
        moved, rows: int64, shape (M,) each: pixels, as indices into the flat image, that have another pattern than their run, and which.
            None as long as there are none.
    """

    table: Codes
    pixels: npt.NDArray[np.int64]
    codes: Codes
    starts: npt.NDArray[np.int64]
    shape: tuple[int, ...]
    moved: npt.NDArray[np.int64] | None = None
    rows: npt.NDArray[np.int64] | None = None

    def paint(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """Give every pixel the value of its pattern.

        Args:
            values: any dtype, shape (U,).

        Returns:
            The dtype of `values`, in the image's shape.

        Time O(pixels), memory O(pixels).
        """
        painted: npt.NDArray[Value] = np.repeat(values.take(self.codes, mode="clip"), np.diff(self.starts))
        if self.moved is not None and self.rows is not None:
            painted[self.moved] = values[self.rows]
        return painted.reshape(self.shape)

    def codes_of_rows(self, top: int, bottom: int) -> Codes:
        """The pattern of every pixel in rows top to bottom - 1, of none moved; shape (bottom - top, X)."""
        width = self.shape[1]
        first, last = np.searchsorted(self.starts, (top * width, bottom * width))
        codes: Codes = np.repeat(self.codes[first:last], np.diff(self.starts[first : last + 1]))
        return codes.reshape(bottom - top, width)


def find_patterns(maps: Sequence[Codes], sizes: Sequence[int]) -> Patterns:
    """Code the joint answers of W workers.

    Runs of pixels in which nobody changes are coded as one. Workers are coded one after another in mixed radix; whenever the codes would
    outgrow a counting table they are first renumbered to those that occur.

    Args:
        maps: W >= 1 arrays, uint8 or uint16, of one shape, (H, X) or (N,): what the worker said of each pixel. Not modified.
        sizes: W numbers: entries of map w are below sizes[w].

    Returns:
        The patterns. Independent of how the values were coded on the way.

    Raises:
        ValueError: no maps, or shapes differ.

    Time O(W * pixels) for comparisons of bytes, then O(W * runs + U); memory about 20 bytes per run beside the maps, plus a table of at
    most 32 MB. Drawings have a run for every ten to a hundred pixels, noise one for each. Only when patterns are so many that no table
    holds them are codes sorted, at O(runs log(runs)).
    """
    if not maps or any(layer.shape != maps[0].shape for layer in maps):
        raise ValueError("find_patterns needs maps of one shape")
    starts = _find_runs(maps)
    codes: Codes = np.zeros(len(starts) - 1, np.uint16)
    table: Codes = np.zeros((1, 0), np.uint16)
    states = 1
    radices: list[int] = []
    for layer, size in zip(maps, sizes, strict=True):
        if states * size > _DENSE and radices:
            codes, table = _renumber(codes, table, radices)
            states, radices = len(table), []
        codes = _append(codes, layer.reshape(-1).take(starts[:-1]), size, states * size)
        states *= size
        radices.append(size)
    codes, table = _renumber(codes, table, radices)
    pixels = np.bincount(codes, weights=np.diff(starts), minlength=len(table)).astype(np.int64)
    small = np.uint8 if table.max(initial=0) < 256 else np.uint16
    return Patterns(table.astype(small), pixels, codes, starts, maps[0].shape)


def _find_runs(maps: Sequence[Codes]) -> npt.NDArray[np.int64]:
    """int64, shape (R + 1,): where rows begin and where any map changes along a row, and behind the last the number of pixels."""
    size, width = maps[0].size, maps[0].shape[-1]
    flat = [layer.reshape(-1) for layer in maps]
    found = []
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        begins = np.zeros(stop - start, np.bool_)
        for layer in flat:
            if start:
                begins |= layer[start:stop] != layer[start - 1 : stop - 1]
            else:
                begins[1:] |= layer[1:stop] != layer[: stop - 1]
        begins[-start % width :: width] = True
        found.append(np.flatnonzero(begins) + start)
    return np.concatenate([*found, [size]])


def _append(codes: Codes, said: Codes, size: int, states: int) -> Codes:
    """The codes with one worker more, in mixed radix."""
    wide = codes.astype(_dtype_for(states, size))
    wide *= wide.dtype.type(size)
    np.add(wide, said, out=wide, casting="unsafe")
    return wide


def _dtype_for(states: int, size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type that holds all codes and the factor itself."""
    if states <= _DENSE and size < _DENSE:
        return np.uint16
    return np.uint32 if states <= 1 << 32 else np.uint64


def _renumber(codes: Codes, table: Codes, radices: Sequence[int]) -> tuple[Codes, Codes]:
    """Replace codes by indices of those that occur, extend the table by the workers coded since."""
    states = len(table) * int(np.prod(radices, dtype=np.int64))
    renumbered: Codes
    if states <= _TABLE:
        there = np.zeros(states, np.bool_)
        there[codes] = True
        occurring = np.flatnonzero(there)
        number: Codes = np.zeros(states, _index_type(len(occurring)))
        number[occurring] = np.arange(len(occurring))
        renumbered = number.take(codes, mode="clip")
    else:
        distinct, inverse = np.unique(codes, return_inverse=True)
        occurring = distinct.astype(np.int64)
        renumbered = inverse.astype(_index_type(len(occurring)))
    columns, rest = [], occurring
    for size in reversed(radices):
        rest, said = np.divmod(rest, size)
        columns.append(said)
    grown = np.column_stack([table[rest], *reversed(columns)])
    return renumbered, grown.astype(np.uint16)


def _index_type(count: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if count <= _DENSE else np.uint32


def category_votes(
    patterns: Patterns, categories: int, weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Votes of each pattern for each category.

    Args:
        patterns: of category maps, entries below `categories`.
        categories: K.
        weights: float64, shape (W,): votes of each worker, >= 0.

    Returns:
        float64, shape (U, K): entry [u, k] is the summed weight of the workers who said k in pattern u.

    Time O(U*W), memory O(U*K).
    """
    count, workers = patterns.table.shape
    flat = np.arange(count)[:, None] * categories + patterns.table.astype(np.int64)
    spread = np.broadcast_to(weights, (count, workers))
    votes = np.bincount(flat.reshape(-1), weights=spread.reshape(-1), minlength=count * categories)
    return votes.astype(np.float64).reshape(count, categories)


def pair_counts(patterns: Patterns, first: int, second: int, sizes: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Pixels by what two workers said of them.

    Args:
        patterns: of any maps.
        first, second: the two workers' columns.
        sizes: entries of the two workers' maps are below these.

    Returns:
        int64, shape `sizes`: entry [i, j] counts the pixels of which `first` said i and `second` said j.

    Time O(U), memory O(sizes[0] * sizes[1]).
    """
    code = patterns.table[:, first].astype(np.int64) * sizes[1] + patterns.table[:, second]
    counts = np.bincount(code, weights=patterns.pixels, minlength=sizes[0] * sizes[1])
    return counts.astype(np.int64).reshape(sizes)
