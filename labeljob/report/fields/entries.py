"""What all kinds' labels have in common: numbered entries with category, confidence and support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from consolidation.mask_png import Colour
from consolidation.palette import hex_colour, palette_colour
from labeljob.report.drawings import Drawing
from labeljob.report.facts import JobFacts
from labeljob.report.view import Part, Run
from labeljob.report.words import count, number, tally
from shared.json_node import JsonNode

GREY: Colour = (0x75, 0x75, 0x75)
_Drawn = TypeVar("_Drawn", bound=Drawing)
Entry = tuple[str, JsonNode, bool]
"""Number, JSON and whether it is a candidate."""


@dataclass(frozen=True, slots=True)
class LabelledElement:
    """The label of one form element and what there is to show beside it.

    Attributes:
        job: holds the artefacts.
        node: the label value.
        kind: that the value's `consolidation` block names, or None.
        name: of the element, empty for the only one.
        html_name: begins the ids of its pictures.
        drawings: the workers' answers.
        colours: of the workers.
        text: the data object, where it is a text.
    """

    job: JobFacts
    node: JsonNode
    kind: str | None
    name: str
    html_name: str
    drawings: Mapping[str, Drawing]
    colours: Mapping[str, str]
    text: str | None

    def drawn(self, form: type[_Drawn]) -> dict[str, _Drawn]:
        """The workers' answers of one form."""
        return {worker: made for worker, made in self.drawings.items() if isinstance(made, form)}


def kind_of(label: object) -> str | None:
    """The kind that a label's `consolidation` block names; None when it names none."""
    block = label.get("consolidation") if isinstance(label, dict) else None
    kind = block.get("kind") if isinstance(block, dict) else None
    return kind if isinstance(kind, str) else None


def listed(labels: JsonNode, candidates: JsonNode | None) -> Iterator[Entry]:
    """Labels, then candidates, each numbered from 1."""
    for place, entry in enumerate(labels.elements(), start=1):
        yield str(place), entry, False
    for place, entry in enumerate(candidates.elements() if candidates else (), start=1):
        yield f"c{place}", entry, True


def part(
    entry: Entry, colour: str, *details: str, name: str | None = None, runs: tuple[Run, ...] = ()
) -> Part:
    """The row of a part.

    Args:
        entry: of the label.
        colour: of its picture.
        details: one for each of the field's columns.
        name: None for the category.
        runs: of a track.
    """
    number_shown, node, candidate = entry
    return Part(
        number=number_shown,
        name=category(node) if name is None else name,
        colour=colour,
        confidence=number(node.object().get("confidence")),
        support=support(node),
        details=details,
        candidate=candidate,
        runs=runs,
    )


def category(node: JsonNode) -> str:
    """The name of an entry's category; empty for none."""
    named = node.get("class-name") or node.get("label")
    return named.string(empty=True) if named else ""


def category_colour(node: JsonNode) -> str:
    """By the category's place in the job's list."""
    place = node.get("class_id") or node.get("class-id")
    return hex_colour(palette_colour(place.integer(least=0, most=1_000_000)) if place else GREY)


def support(node: JsonNode) -> str:
    """`2 of 3 workers`; empty where the entry does not say."""
    given = node.get("support")
    if given is None:
        return ""
    return f"{given['workers'].integer()} of {given['of'].integer()} workers"


def summary(parts: tuple[Part, ...]) -> str:
    """The categories of the labels, and how many candidates there are."""
    candidates = sum(one.candidate for one in parts)
    kept = f" · {count(candidates, 'candidate')}" if candidates else ""
    return f"{tally([one.name for one in parts if not one.candidate]) or 'nothing marked'}{kept}"


def without_empty_columns(
    parts: Sequence[Part], columns: tuple[str, ...]
) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The rows and the names of their columns without those in which no row says anything."""
    kept = [place for place in range(len(columns)) if any(one.details[place] for one in parts)]
    rows = (replace(one, details=tuple(one.details[place] for place in kept)) for one in parts)
    return tuple(rows), tuple(columns[place] for place in kept)


def percent(share: float) -> float:
    """For widths on the page."""
    return round(100 * min(max(share, 0.0), 1.0), 1)
