"""Base64 as worker pages submit it: white space, missing padding and a `data:` prefix are borne."""

from __future__ import annotations

import base64
import binascii

from shared.errors import AnswerError, LimitError


def decode_base64(text: str, name: str, most: int, limit: str) -> bytes:
    """Decode base64 of a size known beforehand not to be too large.

    Args:
        text: base64, with or without white space, padding or a `data:` prefix.
        name: of the member, for errors.
        most, limit: bytes allowed, and the setting that says so.

    Raises:
        AnswerError: not base64. LimitError: more than `most` bytes.
    """
    digits = text.partition(",")[2] if text.startswith("data:") else text
    if len(digits) * 3 // 4 > most + 3:
        raise LimitError(f"{name} has over {most} bytes", limit=limit)
    digits = "".join(digits.split())
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError) as failure:
        raise AnswerError(f"{name} is not base64: {failure}") from failure
