"""Pixel patterns: what W workers said of an image, as a histogram of the few joint answers that occur.

A million pixels hold a few thousand distinct patterns (worker 1 said a, worker 2 said b, ...). All that voting, agreement and
skill estimation need is in the table of patterns and their pixel counts; a look-up table paints the result back. Costs follow
the patterns, not pixels times categories; no volume of one layer per category is ever built.
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
_ROWS = 1 << 17
"""Pixels coded at a time, so that temporaries stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The distinct joint answers over an image.

    Attributes:
        table: uint8 or uint16, shape (U, W): entry [u, w] is what worker w said in pattern u. Rows are in lexical order.
        pixels: int64, shape (U,): pixels that have the pattern, > 0.
        codes: uint8, uint16 or uint32, shape (H, X): the pattern of each pixel, an index into `table`.
        moved, rows: int64, shape (M,) each: pixels, as indices into the flat image, that have another pattern than `codes` says, and
            which. None as long as there are none.
    """

    table: Codes
    pixels: npt.NDArray[np.int64]
    codes: Codes
    moved: npt.NDArray[np.int64] | None = None
    rows: npt.NDArray[np.int64] | None = None

    def paint(self, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """Give every pixel the value of its pattern.

        Args:
            values: any dtype, shape (U,).

        Returns:
            The dtype of `values`, shape (H, X).

        Time O(H*X), memory O(H*X).
        """
        painted: npt.NDArray[Value] = values.take(self.codes, mode="clip")
        if self.moved is not None and self.rows is not None:
            painted.reshape(-1)[self.moved] = values[self.rows]
        return painted


def find_patterns(maps: Sequence[Codes], sizes: Sequence[int]) -> Patterns:
    """Code the joint answers of W workers.

    Workers are coded one after another in mixed radix; whenever the codes would outgrow a counting table they are first
    renumbered to those that occur.

    Args:
        maps: W >= 1 arrays, uint8 or uint16, shape (H, X) each: what the worker said of each pixel. Not modified.
        sizes: W numbers: entries of map w are below sizes[w].

    Returns:
        The patterns. Independent of how the values were coded on the way.

    Raises:
        ValueError: no maps, or shapes differ.

    Time O(W*H*X + U), memory 4 bytes per pixel beside the maps, plus a table of at most 32 MB. Only when patterns are so
    many that no table holds them are codes sorted, at O(H*X log(H*X)) and up to 24 bytes per pixel.
    """
    if not maps or any(layer.shape != maps[0].shape for layer in maps):
        raise ValueError("find_patterns needs maps of one shape")
    codes: Codes = np.zeros(maps[0].shape, np.uint16)
    table: Codes = np.zeros((1, 0), np.uint16)
    states = 1
    pending: list[Codes] = []
    radices: list[int] = []
    for layer, size in zip(maps, sizes, strict=True):
        if states * size > _DENSE and pending:
            codes, table, _ = _renumber(codes, table, pending, radices)
            states, pending, radices = len(table), [], []
        codes = _append(codes, layer, size, states * size)
        states *= size
        pending.append(layer)
        radices.append(size)
    codes, table, pixels = _renumber(codes, table, pending, radices)
    small = np.uint8 if table.max(initial=0) < 256 else np.uint16
    return Patterns(table.astype(small), pixels, codes)


def _append(codes: Codes, layer: Codes, size: int, states: int) -> Codes:
    """Make it codes * size + layer, in place where the dtype holds it."""
    wide = codes.astype(_dtype_for(states, size), copy=False)
    flat, said = wide.reshape(-1), layer.reshape(-1)
    for start in range(0, flat.size, _ROWS):
        block = flat[start : start + _ROWS]
        np.multiply(block, block.dtype.type(size), out=block)
        np.add(block, said[start : start + _ROWS], out=block, casting="unsafe")
    return wide


def _dtype_for(states: int, size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type that holds all codes and the factor itself."""
    if states <= _DENSE and size < _DENSE:
        return np.uint16
    return np.uint32 if states <= 1 << 32 else np.uint64


def _renumber(
    codes: Codes,
    table: Codes,
    pending: Sequence[Codes],
    radices: Sequence[int],
) -> tuple[Codes, Codes, npt.NDArray[np.int64]]:
    """Replace codes by indices of those that occur, extend the table by the workers coded since, count pixels."""
    states = len(table) * int(np.prod(radices, dtype=np.int64))
    if states <= _TABLE:
        counts = _count(codes, states)
        occurring = np.flatnonzero(counts)
        pixels = counts[occurring]
        number: Codes = np.zeros(states, np.uint16 if len(occurring) <= _DENSE else np.uint32)
        number[occurring] = np.arange(len(occurring))
        renumbered: Codes = number.take(codes, mode="clip")
    else:
        distinct, inverse, pixels = np.unique(codes, return_inverse=True, return_counts=True)
        occurring = distinct.astype(np.int64)
        renumbered = inverse.reshape(codes.shape).astype(np.uint32 if len(occurring) > _DENSE else np.uint16)
    columns, rest = [], occurring
    for size in reversed(radices):
        rest, said = np.divmod(rest, size)
        columns.append(said)
    grown = np.column_stack([table[rest], *reversed(columns)]) if pending else table
    return renumbered, grown.astype(np.uint16), pixels.astype(np.int64)


def _count(codes: Codes, states: int) -> npt.NDArray[np.int64]:
    """Occurrences of each code. In blocks: `bincount` widens its argument to 8 bytes an entry."""
    counts = np.zeros(states, np.int64)
    flat, block = codes.reshape(-1), max(_ROWS, states)
    for start in range(0, flat.size, block):
        counts += np.bincount(flat[start : start + block], minlength=states)
    return counts


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
