"""A text to the units in which texts are compared, words or characters, and back.

Every step is linear in the length of the text, whatever it holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
"""Scripts that put no blanks between words: each character is a unit."""
_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u3099\u309a\ufe00-\ufe0f\uff9e\uff9f"
)
"""What belongs to the character before it."""
_PIECES = re.compile(f"[{_UNSPACED}][{_MARKS}]*|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WIDE_OPENING = "\u300c\u300e\uff08\u3010\u300a\u3008"
_WIDE_CLOSING = "\u3002\u3001\uff0c\uff1b\uff1a\uff01\uff1f\uff0e\u300d\u300f\uff09\u3011\u300b\u3009"
_QUOTES = "\"'«»\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
_OPENING = f"([{{{_QUOTES}{_WIDE_OPENING}"
_CLOSING = f".,;:!?…)]}}{_QUOTES}{_WIDE_CLOSING}"
_WIDE = frozenset(_WIDE_OPENING + _WIDE_CLOSING)
_FOLDED = {
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFFEF)},
    **dict.fromkeys(range(0x2018, 0x201C), "'"),
    **dict.fromkeys(range(0x201C, 0x2020), '"'),
    **dict.fromkeys((0xAD, 0x200B, 0xFEFF)),
}
"""Full- and half-width forms, typographic quotes, and what cannot be seen."""
_LONGEST_RUN = 30
"""Marks in a row that are brought into order, as in Unicode's stream-safe format (UAX 15); sorting more takes quadratic time."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A word or character of a text.

    Attributes:
        folded: as it is compared.
        writing: as it was written, with the punctuation around it.
        spaced: whether a blank stands before it.
    """

    folded: str
    writing: str
    spaced: bool


def is_one_word(text: str) -> bool:
    """Whether a text has no blanks inside: a name, a serial number, a sentence in Chinese."""
    return len(text.split(maxsplit=1)) <= 1


def words_of(text: str) -> tuple[Unit, ...]:
    """The words of a text; in scripts without blanks its characters.

    Words are compared without case, without punctuation at their ends, without the differences of Unicode's canonical forms (NFC), of
    full and half width and of typographic quotes. Punctuation that stands alone belongs to the word before it; a text of nothing else is
    one unit for each.
    """
    units: list[tuple[str, list[str], bool]] = []
    before: list[str] = []
    lone: list[Unit] = []
    for word in _composed(text).split():
        for place, piece in enumerate(_PIECES.findall(word)):
            spaced = place == 0
            written = [" ", piece] if spaced else [piece]
            bare = _fold(piece).lstrip(_OPENING).rstrip(_CLOSING)
            if bare:
                units.append((bare, [*before, *written] if before else [piece], spaced and bool(units)))
                before = []
            else:
                (units[-1][1] if units else before).extend(written)
                lone.append(Unit(_fold(piece) or piece, piece, spaced and bool(lone)))
    if not units:
        return tuple(lone)
    return tuple(Unit(bare, "".join(written).strip(), spaced) for bare, written, spaced in units)


def characters_of(text: str) -> tuple[Unit, ...]:
    """The characters of a text without blanks, each with its marks; compared as words are, punctuation at the text's ends left out."""
    word = _composed(text).strip()
    core = word.lstrip(_OPENING).rstrip(_CLOSING) or word
    units: list[Unit] = []
    pending: list[str] = []
    for character in core:
        if pending and not (unicodedata.category(character).startswith("M") or character in _WIDE):
            units.append(_character(pending))
            pending = []
        pending.append(character)
    return (*units, _character(pending)) if pending else ()


def _character(written: Sequence[str]) -> Unit:
    folded = _fold("".join(character for character in written if character not in _WIDE))
    return Unit(folded or "".join(written), "".join(written), spaced=False)


def joined(units: Sequence[Unit], *, characters: bool) -> str:
    """The text of units that may come from several texts: a blank stands where one was written, and between words that need one."""
    written: list[str] = []
    for place, unit in enumerate(units):
        apart = not (characters or _IS_UNSPACED.search(unit.folded))
        if place and (unit.spaced or (apart and not _IS_UNSPACED.search(units[place - 1].folded))):
            written.append(" ")
        written.append(unit.writing)
    return "".join(written).strip()


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    return _composed(_composed(text.translate(_FOLDED)).casefold())


def _composed(text: str) -> str:
    """Unicode's form NFC; a text with absurdly many marks in a row stays as it is."""
    if text.isascii() or _longest_run_of_marks(text) > _LONGEST_RUN:
        return text
    return unicodedata.normalize("NFC", text)


def _longest_run_of_marks(text: str) -> int:
    marked = groupby(text, key=lambda character: unicodedata.combining(character) > 0)
    return max((sum(1 for _ in run) for is_mark, run in marked if is_mark), default=0)
