"""How workers' pages count the characters of a text, found out from the text and the spans that were marked in it.

Ground Truth does not say whether offsets are code points or, as a page's JavaScript counts, UTF-16 units, of which a character
beyond U+FFFF has two. A page may also have received line breaks CR LF as LF alone, as HTML does. The readings differ behind the
first such character only; there the spans themselves tell: read wrongly they leave the text, cut words in two or begin with blanks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from consolidation.estimation.spans import Spans

ANY, UNDECIDED, NO_TEXT = "any", "undecided", "no-text"
"""All readings say the same; several fit equally well and say different things; the text is not known."""
CODE_POINT, UTF_16 = "code-point", "utf-16"
_LINE_FEEDS = "-lf"
_UNITS = {CODE_POINT: "code points", UTF_16: "UTF-16 units"}
_SLACK = 1e-9
_ASTRAL = 0xFFFF
_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_SPACES = np.array([chr(point).isspace() for point in range(0x3002)])
"""Whether a code point is white space; none beyond U+3000 is."""


@dataclass(frozen=True)
class Reading:
    """One way to count a text.

    Attributes:
        name: `code-point` or `utf-16`, with `-lf` when CR LF counts as one.
        offsets: int64, shape (L + 1,), never falling: the offset before each of L code points, and behind the last.
    """

    name: str
    offsets: npt.NDArray[np.int64]

    def points(self, given: Spans) -> tuple[Spans, npt.NDArray[np.bool_]]:
        """Spans in code points, and which of them lie within the text without cutting a character.

        Args:
            given: int64, shape (n, 2): start, end >= 0 as counted by this reading. Not modified.

        Returns:
            int64 and bool, shape (n, 2) each: code points, and whether there is such an offset.
        """
        places = np.searchsorted(self.offsets, given)
        inside = np.minimum(places, len(self.offsets) - 1)
        return inside, self.offsets[inside] == given

    def complaint(self, text: str, start: int, end: int) -> str:
        """Why a span has no place in the text."""
        unit, length = _UNITS[self.name.removesuffix(_LINE_FEEDS)], int(self.offsets[-1])
        if end > length:
            return f"goes from {start} to {end}, the text has {length} {unit}"
        cut = start if not self.points(np.array([[start, start]]))[1].all() else end
        place = int(np.searchsorted(self.offsets, cut)) - 1
        return f"goes from {start} to {end} and cuts U+{ord(text[place]):04X} at {cut} in two"


@dataclass(frozen=True)
class TextRead:
    """The workers' spans, found in the text.

    Attributes:
        read_as: name of the reading, `any`, `undecided` or `no-text`.
        spans: for each worker int64, shape (n, 2): start, end in code points; as given where no reading was found.
        complaints: for each worker n reasons why a span has no place in the text, empty where it has one.
    """

    read_as: str
    spans: tuple[Spans, ...]
    complaints: tuple[tuple[str, ...], ...]

    @property
    def in_code_points(self) -> bool:
        """Whether the spans are known to count code points."""
        return self.read_as not in {UNDECIDED, NO_TEXT}


class Text:
    """A text in which spans were marked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def _solid(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(~_SPACES[np.minimum(self._points, len(_SPACES) - 1)])

    def trimmed(self, spans: Spans) -> Spans:
        """Spans without white space at their ends; start = end for those that hold nothing else. Time O(n log L)."""
        if not len(self._solid):
            return np.repeat(spans[:, :1], 2, axis=1)
        first = np.searchsorted(self._solid, spans[:, 0])
        last = np.searchsorted(self._solid, spans[:, 1]) - 1
        empty = last < first
        start = self._solid[np.minimum(first, len(self._solid) - 1)]
        end = self._solid[np.maximum(last, 0)] + 1
        return np.stack([np.where(empty, spans[:, 0], start), np.where(empty, spans[:, 0], end)], axis=1)

    def read(self, given: Sequence[Spans], weights: Sequence[float]) -> TextRead:
        """Find the reading under which the spans fit the text best.

        Each worker's spans give each reading the share of their edges that leave the text, cut a character or a word, or take in
        white space; the reading with the smallest weighted sum is taken. Where several have it and differ in where spans lie,
        nothing is converted.

        Args:
            given: for each worker int64, shape (n, 2): start, end >= 0. Not modified.
            weights: votes of each worker, > 0.

        Time O(L + edges log L), memory O(L).
        """
        readings = self._readings()
        if len(readings) == 1:
            return self._read_as(ANY, readings[0], given)
        costs = [
            sum(weight * self._cost(reading, spans) for spans, weight in zip(given, weights, strict=True))
            for reading in readings
        ]
        best = [
            reading
            for reading, cost in zip(readings, costs, strict=True)
            if cost <= min(costs) + _SLACK * sum(weights)
        ]
        if any(self._differ(best[0], other, given) for other in best[1:]):
            return self._undecided(best, given)
        return self._read_as(ANY if len(best) == len(readings) else best[0].name, best[0], given)

    def _readings(self) -> list[Reading]:
        """Those that differ for this text, code points first."""
        pairs = self._points > _ASTRAL
        breaks = np.zeros(len(self._points), bool)
        breaks[:-1] = (self._points[:-1] == ord("\r")) & (self._points[1:] == ord("\n"))
        units = [(CODE_POINT, 0), (UTF_16, 1)] if pairs.any() else [(CODE_POINT, 0)]
        endings = [("", 0), (_LINE_FEEDS, 1)] if breaks.any() else [("", 0)]
        return [
            Reading(name + ending, np.concatenate([[0], np.cumsum(1 + pairs * more - breaks * less)]))
            for name, more in units
            for ending, less in endings
        ]

    def _cost(self, reading: Reading, given: Spans) -> float:
        """The share of a worker's edges that a reading lets leave the text, cut something in two or take in white space."""
        if not len(given):
            return 0.0
        points, fit = reading.points(given)
        starts, ends = (points[fit[:, column], column].tolist() for column in (0, 1))
        odd = sum(self._cuts(place) or self.text[place : place + 1].isspace() for place in starts)
        odd += sum(self._cuts(place) or self.text[max(place - 1, 0) : place].isspace() for place in ends)
        return float(odd + (~fit).sum()) / given.size

    def _cuts(self, place: int) -> bool:
        """Whether an edge there parts what belongs together: two letters, or a character from what modifies it."""
        if not 0 < place < len(self.text):
            return False
        before, after = self.text[place - 1], self.text[place]
        if _ZERO_WIDTH_JOINER in {before, after} or before + after == "\r\n" or ord(after) in _SKIN_TONES:
            return True
        if unicodedata.category(after).startswith("M"):
            return True
        return (before.isalnum() or unicodedata.category(before).startswith("M")) and after.isalnum()

    @staticmethod
    def _differ(one: Reading, other: Reading, given: Sequence[Spans]) -> bool:
        for spans in given:
            (points, fit), (others, fit_too) = one.points(spans), other.points(spans)
            if not np.array_equal(fit, fit_too) or not np.array_equal(points[fit], others[fit]):
                return True
        return False

    def _read_as(self, name: str, reading: Reading, given: Sequence[Spans]) -> TextRead:
        points = tuple(reading.points(spans)[0] for spans in given)
        return TextRead(name, points, tuple(self._complaints([reading], spans) for spans in given))

    def _undecided(self, readings: Sequence[Reading], given: Sequence[Spans]) -> TextRead:
        """The spans as given; only what no reading finds in the text is complained of."""
        complaints = tuple(self._complaints(readings, spans) for spans in given)
        return TextRead(UNDECIDED, tuple(given), complaints)

    def _complaints(self, readings: Sequence[Reading], given: Spans) -> tuple[str, ...]:
        fits = np.any([reading.points(given)[1].all(axis=1) for reading in readings], axis=0)
        if fits.all():
            return ("",) * len(given)
        longest = max(readings, key=lambda reading: int(reading.offsets[-1]))
        return tuple(
            "" if fit else longest.complaint(self.text, start, end)
            for (start, end), fit in zip(given.tolist(), fits.tolist(), strict=True)
        )


def without_text(given: Sequence[Spans]) -> TextRead:
    """The spans as given, where there is no text to find them in."""
    return TextRead(NO_TEXT, tuple(given), tuple(("",) * len(spans) for spans in given))
