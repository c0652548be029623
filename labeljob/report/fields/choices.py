"""Labels of the kinds `class`, `multi-label` and `rating`: categories with their votes."""

from __future__ import annotations

from collections.abc import Mapping

from labeljob.report.drawings import Chosen
from labeljob.report.fields.entries import LabelledElement, percent
from labeljob.report.view import Fact, Field, Vote
from labeljob.report.words import number

_MOST_STEPS = 30


def show_class(element: LabelledElement) -> Field:
    """The category that won, and the votes for each."""
    node = element.node
    votes = {name: entry.integer(least=0) for name, entry in node["votes"].items()}
    won = node["class-name"].string(empty=True)
    return Field(element.name, won, votes=_votes(element, votes, won))


def show_multi_label(element: LabelledElement) -> Field:
    """Every category that somebody chose, as a vote of its own."""
    node = element.node
    chosen = [entry.string() for entry in node["class-names"].elements()]
    support = dict(node["support-map"].items())
    support |= {entry["class-name"].string(): entry["support"] for entry in node["candidates"].elements()}
    votes = (
        Vote(
            category,
            support[category]["workers"].integer(),
            percent(support[category]["share"].number()),
            number(chance.value),
            category in chosen,
        )
        for category, chance in node["confidence-map"].items()
        if category in support
    )
    return Field(element.name, ", ".join(chosen) or "none of the categories", votes=tuple(votes))


def show_rating(element: LabelledElement) -> Field:
    """The median, and the votes for each step, from the lowest on; also for steps that were offered and nobody chose."""
    node = element.node
    given = {name: entry.integer(least=0) for name, entry in node["votes"].items()}
    won = node["class-name"].string(empty=True)
    facts = [Fact(name, number(node.object().get(name))) for name in ("mean", "spread")]
    return Field(
        element.name,
        won,
        facts=tuple(fact for fact in facts if fact.value),
        votes=_votes(element, {step: given.get(step, 0) for step in _steps(element, given)}, won),
        scale=True,
    )


def _votes(element: LabelledElement, votes: Mapping[str, int], won: str) -> tuple[Vote, ...]:
    node = element.node
    chances = node["probabilities"].object() if node.get("probabilities") else {}
    total = max(sum(votes.values()), 1)
    return tuple(
        Vote(name, given, percent(given / total), number(chances.get(name)), name == won)
        for name, given in votes.items()
    )


def _steps(element: LabelledElement, given: Mapping[str, int]) -> list[str]:
    """The steps of the scale in order: those chosen, as the label has them; where all are whole numbers, those offered too."""
    offered = set(given).union(*(chosen.offered for chosen in element.drawn(Chosen).values()))
    if len(offered) <= _MOST_STEPS and all(_is_whole(step) for step in offered):
        return sorted(offered, key=int)
    return list(given)


def _is_whole(step: str) -> bool:
    digits = step.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < 16
