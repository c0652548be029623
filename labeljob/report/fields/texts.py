"""Labels of the kinds `text` and `entities`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from consolidation.estimation.alignment import Step, Text, align, similarity
from consolidation.palette import hex_colour, palette_colour
from labeljob.report.fields.entries import (
    GREY,
    LabelledElement,
    listed,
    part,
    summary,
    support,
    without_empty_columns,
)
from labeljob.report.fields.passage import Span, mark_passage
from labeljob.report.pictures import Piece, Wording
from labeljob.report.view import Fact, Field
from labeljob.report.words import count, shortened
from shared.json_node import JsonNode

_WORDINGS = 20
"""Most texts that are shown."""
_LONGEST = 5_000
"""Most characters of one of them."""
_MOST_WORDS = 2_000
"""Most words of a text whose differences are marked."""
_ALIKE = 0.3
"""Least similarity from which on differences are marked; other texts stand as they are."""
_SUMMARY = 120
_QUOTED = 200
_FOUND = {
    "vote": "written so by most",
    "alignment": "put together word by word from all texts",
    "medoid": "the text nearest to all others",
}
_READ_AS = {
    "any": "",
    "code-point": "counted in code points",
    "utf-16": "converted from UTF-16 units",
    "code-point-lf": "converted: the pages counted CR LF as one character",
    "utf-16-lf": "converted from UTF-16 units that counted CR LF as one",
    "undecided": "as given; nobody can say what they count",
    "no-text": "as given; the text is not known",
}


def show_text(element: LabelledElement) -> Field:
    """The text, and how each of the texts that workers wrote differs from it."""
    node = element.node
    value = node["value"].string(empty=True)
    written = {entry["value"].string(empty=True): entry for entry in node["alternatives"].elements()}
    method = node["method-of-value"].string()
    chosen = _wording(value, value, written.get(value), chosen=True)
    others = [(text, entry) for text, entry in written.items() if text != value]
    more = len(others) - _WORDINGS
    return Field(
        element.name,
        shortened(value, _SUMMARY) or "an empty text",
        facts=(Fact("the label is", _FOUND.get(method, method)),),
        wordings=(chosen, *(_wording(text, value, entry) for text, entry in others[:_WORDINGS])),
        notes=(f"{count(more, 'more text')} in the label as written",) if more > 0 else (),
    )


def show_entities(element: LabelledElement) -> Field:
    """The text with its entities; only a table of them where the text, or what the offsets count, is not known."""
    node = element.node
    known = element.text if node["offset-unit"].string() == "code-point" else None
    names = [entry["label"].string() for entry in node["annotations"]["labels"].elements()]
    colours = {name: hex_colour(palette_colour(place)) for place, name in enumerate(names)}
    parts, spans = [], []
    for entry in listed(node["annotations"]["entities"], node.get("candidates")):
        number, entity, candidate = entry
        start, end = (entity[edge].integer(least=0) for edge in ("startOffset", "endOffset"))
        colour = colours.get(entity["label"].string(), hex_colour(GREY))
        parts.append(part(entry, colour, _quote(entity, known, start, end), f"{start}-{end}"))
        spans.append(Span(start, end, number, parts[-1].name, colour, candidate))
    rows, columns = without_empty_columns(parts, ("text", "characters"))
    passage, notes = mark_passage(known, spans) if known is not None else (None, ())
    return Field(
        element.name,
        summary(rows),
        facts=tuple(_how_read(node)),
        passage=passage,
        parts=rows,
        noun="Entities",
        columns=columns,
        notes=notes,
    )


def _quote(entity: JsonNode, known: str | None, start: int, end: int) -> str:
    given = entity.get("text")
    text = given.string(empty=True) if given else (known or "")[start:end]
    return shortened(text, _QUOTED)


def _how_read(node: JsonNode) -> Iterator[Fact]:
    given = node.get("offsets-read-as")
    read = given.string() if given else ""
    if words := _READ_AS.get(read, read):
        yield Fact("offsets", words)
    trimmed = node.get("trimmed")
    if trimmed and trimmed.integer():
        yield Fact("blanks cut off", f"at {count(trimmed.integer(), 'entity', 'entities')}")


def _wording(text: str, label: str, entry: JsonNode | None, *, chosen: bool = False) -> Wording:
    workers = entry["support"]["worker-ids"].strings() if entry else ()
    pieces = (Piece(shortened(text, _LONGEST), "same"),) if chosen else _compared(label, text)
    who = support(entry) if entry else "no worker wrote just this"
    return Wording(pieces, who, workers, chosen)


def _compared(label: str, text: str) -> tuple[Piece, ...]:
    """A worker's text with what differs from the label's, word by word; character by character where both are one word."""
    one_word = not any(re.search(r"\s", given.strip()) for given in (label, text))
    ours, theirs = (
        tuple(given) if one_word else tuple(re.findall(r"^\s+|\S+\s*", given)) for given in (label, text)
    )
    as_it_is = (Piece(shortened(text, _LONGEST), "same"),)
    if max(len(ours), len(theirs)) > _MOST_WORDS or max(len(label), len(text)) > _LONGEST:
        return as_it_is
    steps = align(ours, theirs)
    return tuple(_pieces(ours, theirs, steps)) if similarity(ours, theirs, steps) >= _ALIKE else as_it_is


def _pieces(ours: Text, theirs: Text, steps: Sequence[Step]) -> Iterator[Piece]:
    """Runs of what both have, and between them what only the label has, then what only the worker's text has."""

    def same(step: Step) -> bool:
        first, second = step
        return first is not None and second is not None and ours[first] == theirs[second]

    for alike, run in groupby(steps, key=same):
        pairs = list(run)
        written = "".join(theirs[second] for _, second in pairs if second is not None)
        missing = "" if alike else "".join(ours[first] for first, _ in pairs if first is not None)
        if missing:
            yield Piece(missing, "missing")
        if written:
            yield Piece(written, "same" if alike else "added")
