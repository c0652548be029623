"""The codes of labels in words, and small wordings that all parts of the page share."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from labeljob.report.view import Reason

_Words: TypeAlias = tuple[tuple[str, Callable[[str], str]], ...]

_OF_ANY_KIND: _Words = (
    ("single-worker", lambda _: "Only one worker answered, so nobody can say how sure the label is."),
    ("low-confidence", lambda _: "The label's confidence is below the review threshold."),
    ("low-agreement", lambda _: "The workers agree with each other less than the review threshold asks."),
    ("tie", lambda _: "Categories had equal votes; the tie rule chose."),
    (r"tie:part-(\d+)", lambda n: f"Part {n}: its categories had equal votes; the tie rule chose."),
    ("quorum", lambda _: "No category reached the quorum of votes; the most frequent one is the label."),
    (r"quorum:candidate-(\d+)", lambda n: f"Candidate {n} was marked by too few workers to be a label."),
    ("rejected-answer", lambda _: "A worker's answer could not be counted; see below why."),
    ("rejected-part", lambda _: "A part of a worker's answer could not be counted; see below why."),
    ("gold-answer-unusable", lambda _: "The gold answer in the settings cannot be read; see below why."),
    (
        "skill-incomplete",
        lambda _: (
            "Not everything the answers show of the workers could be learned: a defect; please report it."
        ),
    ),
    ("unrecognised", lambda _: "No kind recognises these answers; they were passed on as they are."),
    (r"error:(.+)", lambda code: f"There is no label ({code}); the error says why."),
)
_TRACKS: _Words = (
    (r"tie:object-(\d+)", lambda n: f"Track {n}: its categories had equal votes; the tie rule chose."),
    (r"quorum:object-(\d+)", lambda n: f"Track {n}: in some of its frames too few workers marked it."),
    (
        r"quorum:candidate-object-(\d+)",
        lambda n: f"Candidate track {n} was marked by too few workers to be a label.",
    ),
)
_OF_KIND: Mapping[str, _Words] = {
    "rating": (("tie", lambda _: "The votes split exactly in half between two steps; the tie rule chose."),),
    "number": (("quorum", lambda _: "Too few workers gave a number near the value."),),
    "text": (
        ("tie", lambda _: "Two texts are equally likely; the tie rule chose."),
        (
            "quorum",
            lambda _: (
                "No text has a quorum, and they differ too much to be put together: the label is the text nearest to all."
            ),
        ),
        (r"quorum:part-(\d+)", lambda n: f"Place {n} of the text: too few workers wrote what stands there."),
    ),
    "ranking": (
        (
            r"tie:part-(\d+)",
            lambda n: (
                f"The item in place {n} could as well stand before the one above it; the tie rule chose."
            ),
        ),
        (
            "cycle",
            lambda _: "The workers' preferences run in a circle: every order contradicts some majority.",
        ),
    ),
    "entities": (
        (
            "offset-unit",
            lambda _: (
                "Nobody can say how the pages counted the text's characters, so offsets stand as workers gave them."
            ),
        ),
    ),
    "cuboids": (
        (
            r"tie:part-(\d+)",
            lambda n: f"Part {n}: its categories or headings had equal votes; the tie rule chose.",
        ),
    ),
    "video-detections": (
        (r"tie:frame-(.+)", lambda frame: f"Frame {frame}: categories had equal votes; the tie rule chose."),
        (
            r"quorum:frame-(.+)",
            lambda frame: f"Frame {frame} has candidates: too few workers marked them to be labels.",
        ),
    ),
    "video-tracks": _TRACKS,
    "cuboid-tracks": _TRACKS,
    "linked-tracks": (
        (
            r"category:(.+)",
            lambda name: f"The sensors disagree on the category of {name}; each keeps its own.",
        ),
        *_TRACKS,
    ),
}
"""What a code means in a kind, where that is not what it means in others."""

STATUS: Mapping[str, str] = {
    "failed": "failed",
    "error": "error label",
    "review": "to review",
    "unlabelled": "not labelled",
    "labelled": "labelled",
}
"""Status of a data object in words, most urgent first."""


def explain(code: str, kinds: Mapping[str, str | None] | None = None) -> Reason:
    """A reason for review in words; one that is not known here stands as it is.

    Args:
        code: as in `consolidation.reasons`.
        kinds: of the page's form elements, by name; the only element has the name "". A code may begin with the name of an
            element, and in linked tracks with that of a sensor.
    """
    named = kinds or {}
    for name, kind in named.items():
        if name and code.startswith(f"{name}:"):
            inner = explain(code.removeprefix(f"{name}:"), {"": kind})
            return Reason(f"{name}: {inner.words}", code)
    words = _words(code, named.get(""))
    return Reason(words or code.replace("-", " "), code)


def _words(code: str, kind: str | None) -> str | None:
    for pattern, told in (*_OF_KIND.get(kind or "", ()), *_OF_ANY_KIND):
        if match := re.fullmatch(pattern, code, re.DOTALL):
            return told(match[1] if match.groups() else "")
    if kind == "linked-tracks":
        for colon in re.finditer(":", code):
            if inner := _words(code[colon.end() :], "video-tracks"):
                return f"{code[: colon.start()]}: {inner}"
    return None


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 box`, `2 boxes`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def number(value: object) -> str:
    """A number as the label has it; empty for none."""
    counts = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value}" if counts else ""


def shortened(text: str, most: int) -> str:
    """A text, or its beginning and three dots."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def tally(names: Collection[str]) -> str:
    """`2 x car, bus`, most frequent first, at most six; the rest is counted."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [name if times == 1 else f"{times} x {name}" for name, times in ranked[:6]]
    return ", ".join([*shown, *([f"{len(ranked) - 6} more categories"] if len(ranked) > 6 else [])])
