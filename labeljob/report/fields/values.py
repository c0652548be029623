"""Labels of the kinds `number` and `ranking`."""

from __future__ import annotations

from collections.abc import Sequence

from consolidation.palette import hex_colour
from labeljob.report.drawings import RankedItems
from labeljob.report.fields.entries import GREY, LabelledElement, percent, support
from labeljob.report.pictures import Dot, Strip
from labeljob.report.view import Fact, Field, Ranked, Ranker
from labeljob.report.words import number
from shared.json_node import JsonNode

_APART = 2.5
"""Percent of the scale between two dots in one row."""
_MOST_RANKERS = 12


def show_number(element: LabelledElement) -> Field:
    """The value with its spread, and every worker's number on a scale."""
    node = element.node
    value = node["value"].number()
    facts = [
        Fact("value", number(value)),
        Fact("spread", number(node.object().get("spread"))),
        Fact("tolerance", number(node.object().get("tolerance"))),
        Fact("near it", support(node)),
    ]
    listed = list(node["values"].elements())
    return Field(
        element.name,
        number(value),
        facts=tuple(fact for fact in facts if fact.value),
        strip=_strip(element, listed, value) if listed else None,
    )


def show_ranking(element: LabelledElement) -> Field:
    """The items from the first on, each with the rank that every worker gave it."""
    listed = list(element.node["ranking"].elements())
    given = dict(list(element.drawn(RankedItems).items())[:_MOST_RANKERS])
    rows = []
    for entry in listed:
        item = entry["item"].string()
        ranks = tuple(f"{answer.ranks[item]}" if item in answer.ranks else "" for answer in given.values())
        confidence = number(entry.object().get("confidence"))
        rows.append(Ranked(f"{entry['rank'].integer()}", item, confidence, support(entry), ranks))
    proof = element.node["method-of-value"].string() == "kemeny"
    found = "contradicts the fewest votes" if proof else "found by local search; a better one may exist"
    order = RankedItems({entry["item"].string(): entry["rank"].integer() for entry in listed})
    return Field(
        element.name,
        order.words,
        facts=(Fact("order", found),),
        ranking=tuple(rows),
        rankers=tuple(Ranker(worker, element.colours[worker]) for worker in given),
    )


def _strip(element: LabelledElement, listed: Sequence[JsonNode], value: float) -> Strip:
    numbers = [entry["value"].number() for entry in listed]
    low, high = min(*numbers, value), max(*numbers, value)
    given = element.node.get("tolerance")
    tolerance = given.number(least=0) if given else 0

    def place(at: float) -> float:
        """In percent; halves, so that no difference overflows."""
        return percent((at / 2 - low / 2) / (high / 2 - low / 2)) if high > low else 50.0

    left, right = place(value - tolerance), place(value + tolerance)
    dots: list[Dot] = []
    ends: list[float] = []
    for entry, at in sorted(zip(listed, numbers, strict=True), key=lambda row: row[1]):
        row = next((row for row, end in enumerate(ends) if place(at) - end >= _APART), len(ends))
        ends[row : row + 1] = [place(at)]
        worker, outlier = entry["worker-id"].string(empty=True), entry["outlier"].boolean()
        colour = element.colours.get(worker, hex_colour(GREY))
        tip = f"{worker}: {number(at)}{', an outlier' if outlier else ''}"
        dots.append(Dot(place(at), row, colour, outlier, tip))
    return Strip(
        value=place(value),
        band_left=left,
        band_width=round(max(right - left, 0.0), 1),
        low=number(low),
        high=number(high),
        rows=max(len(ends), 1),
        dots=tuple(dots),
        description=f"The workers' numbers from {number(low)} to {number(high)}; the value is {number(value)}.",
    )
