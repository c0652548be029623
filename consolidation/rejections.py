"""What could not be counted, and why: a whole answer, or one part of it."""

from __future__ import annotations

from dataclasses import dataclass

UNUSABLE_GOLD = "the gold answer cannot be used"
"""Beginning of the reason why the settings' truth about a data object does not count."""


@dataclass(frozen=True, slots=True, order=True)
class Rejection:
    """An answer, or a part of one, that did not count.

    Attributes:
        worker_id: who gave it.
        reason: why, with the path, the limit and the setting where there is one.
        part: JSON path of the part inside the answer, None for the whole answer.
    """

    worker_id: str
    reason: str
    part: str | None = None
