"""A text with spans marked in it: cut where spans begin and end, with a line below each stretch for every span over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from labeljob.report.pictures import Chip, Passage, Stretch, Underline
from labeljob.report.words import count

_LONGEST = 20_000
"""Most characters of a text that are shown."""
_MOST_SPANS = 500
"""Most spans that are marked."""
_MOST_LANES = 6
"""Most lines below each other; what overlaps more shares the lowest."""


@dataclass(frozen=True, slots=True)
class Span:
    """An entity: its characters `start` to `end`, exclusive, its number and category, and how to show it."""

    start: int
    end: int
    number: str
    name: str
    colour: str
    candidate: bool


def mark_passage(text: str, spans: Sequence[Span]) -> tuple[Passage, tuple[str, ...]]:
    """A text with its spans marked.

    Spans that overlap have lines at different depths, the shortest the nearest to the text, so that nested ones can be told apart.

    Args:
        text: of the data object, in code points.
        spans: labels, then candidates; any that leave the text are left out.

    Returns:
        The text, and notes on what is not shown of it.

    Time O(S^2) for S spans, at most 500.
    """
    shown = text[:_LONGEST]
    fitting = [span for span in spans if span.start < span.end <= len(shown)]
    marked = fitting[:_MOST_SPANS]
    lanes = _lanes(marked)
    edges = sorted({0, len(shown), *(edge for span in marked for edge in (span.start, span.end))})
    place = {edge: number for number, edge in enumerate(edges)}
    over: defaultdict[int, list[Span]] = defaultdict(list)
    for span in marked:
        for edge in edges[place[span.start] : place[span.end]]:
            over[edge].append(span)
    stretches = tuple(
        Stretch(
            shown[first:last],
            tuple(
                Underline(span.colour, lanes[span], span.candidate, tinted=not span.candidate)
                for span in sorted(over[first], key=lambda span: -lanes[span])
            ),
            tuple(
                Chip(f"{span.number} {span.name}", span.colour, span.candidate)
                for span in sorted(over[first], key=lambda span: lanes[span])
                if span.end == last
            ),
        )
        for first, last in pairwise(edges)
    )
    notes = []
    if len(text) > len(shown):
        notes.append(f"The text has {len(text)} characters; the first {_LONGEST} are shown.")
    if len(marked) < len(spans):
        left_out = count(len(spans) - len(marked), "entity", "entities")
        notes.append(f"{left_out} of {len(spans)} could not be marked in the text; the table lists all.")
    return Passage(stretches, max(lanes.values(), default=-1) + 1), tuple(notes)


def _lanes(spans: Sequence[Span]) -> dict[Span, int]:
    """For each span a lane that no shorter one that overlaps it has."""
    lanes: dict[Span, int] = {}
    for span in sorted(spans, key=lambda span: (span.end - span.start, span.start, span.candidate)):
        taken = {lane for other, lane in lanes.items() if other.start < span.end and span.start < other.end}
        free = (lane for lane in range(_MOST_LANES) if lane not in taken)
        lanes[span] = next(free, _MOST_LANES - 1)
    return lanes
