"""Tables as the pages have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, figures to the right."""
    aligned = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, aligned, *rows))


def figure(value: float) -> str:
    """4 decimals, or 2 from 10 on."""
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def short(value: float) -> str:
    """Three digits, or more before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"
