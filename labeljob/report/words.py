"""The codes of labels in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from labeljob.report.view import Reason

_WORDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("single-worker", lambda _: "Only one worker answered, so nobody can say how sure the label is."),
    ("low-confidence", lambda _: "The label's confidence is below the review threshold."),
    ("low-agreement", lambda _: "The workers agree with each other less than the review threshold asks."),
    ("tie", lambda _: "Categories had equal votes; the tie rule chose."),
    (r"tie:part-(\d+)", lambda n: f"Part {n}: its categories had equal votes; the tie rule chose."),
    ("quorum", lambda _: "No category reached the quorum of votes; the most frequent one is the label."),
    (
        r"quorum:part-(\d+)",
        lambda n: f"Part {n} has no quorum of votes; the most frequent one there is taken.",
    ),
    ("cycle", lambda _: "Majorities run in a circle; the order goes against one of them."),
    (r"quorum:candidate-(\d+)", lambda n: f"Candidate {n} was marked by too few workers to be a label."),
    ("rejected-answer", lambda _: "A worker's answer could not be counted; see below why."),
    ("rejected-part", lambda _: "A part of a worker's answer could not be counted; see below why."),
    ("unrecognised", lambda _: "No kind recognises these answers; they were passed on as they are."),
    (r"error:(.+)", lambda code: f"There is no label ({code}); the error says why."),
)

STATUS: Mapping[str, str] = {
    "failed": "failed",
    "error": "error label",
    "review": "to review",
    "unlabelled": "not labelled",
    "labelled": "labelled",
}
"""Status of a data object in words, most urgent first."""


def explain(code: str, fields: Collection[str] = ()) -> Reason:
    """A reason for review in words; one that is not known here stands as it is.

    Args:
        code: as in `consolidation.reasons`.
        fields: names of the page's form elements, with which a code may begin.
    """
    for name in fields:
        if code.startswith(f"{name}:"):
            return Reason(f"{name}: {explain(code.removeprefix(f'{name}:')).words}", code)
    for pattern, words in _WORDS:
        match = re.fullmatch(pattern, code)
        if match:
            return Reason(words(match[1] if match.groups() else ""), code)
    return Reason(code.replace("-", " "), code)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 box`, `2 boxes`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def tally(names: Collection[str]) -> str:
    """`2 x car, bus`, most frequent first, at most six; the rest is counted."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [name if number == 1 else f"{number} x {name}" for name, number in ranked[:6]]
    return ", ".join([*shown, *([f"{len(ranked) - 6} more categories"] if len(ranked) > 6 else [])])
