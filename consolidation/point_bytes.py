"""Labels of points as Ground Truth stores them: a zlib stream of unsigned bytes, one per point, in the order of the input's points.

Workers are strangers: a stream is inflated only as far as `limits.points` allows, however much it would give.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from consolidation.base64_text import decode_base64
from shared.errors import AnswerError, LimitError
from shared.settings import Limits

_LIMIT = "limits.points"


def decode_points(text: str, name: str, limits: Limits) -> npt.NDArray[np.uint8]:
    """Inflate base64 of a zlib stream.

    Args:
        text: base64, with or without white space or a `data:` prefix.
        name: of the member, for errors.
        limits: `points` is applied.

    Returns:
        uint8, shape (N,), N >= 1: the value of each point.

    Raises:
        AnswerError: not base64, no zlib stream, cut off, with something behind it, or empty. LimitError: too many points.

    Time O(points), memory 3 bytes per point.
    """
    most = limits.points
    packed = decode_base64(
        text, name, most * 9 // 8 + 1024, _LIMIT
    )  # deflate's worst case is 9 bits for a byte
    inflater = zlib.decompressobj()
    try:
        values = inflater.decompress(packed, most + 1)
    except zlib.error as failure:
        raise AnswerError(f"{name} is no zlib stream: {failure}") from failure
    if len(values) > most:
        raise LimitError(f"{name} gives more than {most} points", limit=_LIMIT)
    if not inflater.eof:
        raise AnswerError(f"{name} is cut off: its zlib stream has no end")
    if inflater.unused_data:
        raise AnswerError(f"{name} has {len(inflater.unused_data)} bytes behind its zlib stream")
    if not values:
        raise AnswerError(f"{name} gives no point")
    return np.frombuffer(values, np.uint8)


def encode_points(values: npt.NDArray[np.uint8]) -> bytes:
    """The zlib stream of the points' values: the same bytes for the same input.

    Args:
        values: uint8, shape (N,). Not modified.

    Neighbours in a scan mostly share a value, and for such runs zlib's Z_RLE is five times faster than its default and packs tighter.
    """
    deflater = zlib.compressobj(strategy=zlib.Z_RLE)
    return deflater.compress(values.tobytes()) + deflater.flush()
