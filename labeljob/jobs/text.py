"""Times, durations, sums of money and rows of facts as the job commands print them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

WIDTH = 100
"""Columns of what is printed, where it can be wrapped."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def moment(at: datetime) -> str:
    """A time in UTC: `2026-02-03 10:11:12 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(span: timedelta) -> str:
    """The two largest units: `4 min 12 s`, `2 d 3 h`; never negative."""
    seconds = max(round(span.total_seconds()), 0)
    parts = []
    for unit, size in _UNITS:
        whole, seconds = divmod(seconds, size)
        parts.append((whole, unit))
    first = next((place for place, (whole, _) in enumerate(parts) if whole), len(parts) - 1)
    return " ".join(f"{whole} {unit}" for whole, unit in parts[first : first + 2] if whole or unit == "s")


def dollars(amount: Decimal) -> str:
    """US dollars with cents, and tenths of a cent where there are any: `$12.96`, `$0.036`."""
    exact = amount.quantize(Decimal("0.001"))
    return f"${exact:,.2f}" if exact == exact.quantize(Decimal("0.01")) else f"${exact:,.3f}"


def counted(number: int, noun: str) -> str:
    """`1 object`, `1,250 objects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """A text in one line, with U+FFFD for what would steer a terminal: workers are strangers."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def aligned(rows: Iterable[Sequence[str]], *, gap: int = 2) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell; nothing is wrapped, nothing is cut."""
    table = [tuple(row) for row in rows]
    columns = max((len(row) for row in table), default=0)
    widths = [
        max((len(row[place]) for row in table if len(row) > place), default=0) for place in range(columns)
    ]
    return [
        (" " * gap).join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in table
    ]


def wrapped(text: str, *, first: str = "", indent: int = 2) -> str:
    """A text in lines of `WIDTH`, broken at blanks only, so that URIs stay whole.

    Args:
        text: made printable.
        first: what the first line begins with, besides.
        indent: blanks before the other lines.
    """
    lines = textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) or first.rstrip()
