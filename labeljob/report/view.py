"""What the report page shows, ready to print: plain values, chosen and worded, that the template only lays out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture on a canvas.

    Attributes:
        data: `data:` URI of a PNG.
        left, top, width, height: where it lies, in pixels of the image.
        role: `label`, `candidate` or `worker`.
    """

    data: str
    left: int
    top: int
    width: int
    height: int
    role: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A line on a canvas.

    Attributes:
        path: SVG path data.
        transform: SVG transform that brings it to pixels of the image.
        colour: `#rrggbb`.
        role: `label`, `candidate` or `worker`.
        filled: whether its inside is tinted.
        tip: what it is, in words.
    """

    path: str
    transform: str
    colour: str
    role: str
    filled: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A number beside a part: `text` at (`x`, `y`) in pixels of the image."""

    x: float
    y: float
    text: str
    role: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """The image's area with everything that was marked on it.

    Attributes:
        name: HTML id.
        width, height: of the image in pixels.
        left, top, view_width, view_height: the part of it that is shown.
        whole: whether all of it is shown; otherwise a small map shows where the part lies.
        tag_size: font size of the tags in pixels of the image.
        description: the picture in words.
    """

    name: str
    width: int
    height: int
    left: int
    top: int
    view_width: int
    view_height: int
    whole: bool
    tag_size: float
    description: str
    rasters: tuple[Raster, ...]
    shapes: tuple[Shape, ...]
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """A category that workers chose: how many, their share in percent, its probability, and whether it won."""

    name: str
    votes: int
    percent: float
    probability: str
    won: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a label, or a candidate: its number in the picture, its category and what speaks for it."""

    number: str
    name: str
    colour: str
    confidence: str
    support: str
    detail: str
    candidate: bool


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One worker's mask, small: a `data:` URI of a PNG with its size and its text."""

    data: str
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker and the data object.

    Attributes:
        worker_id: as the label shows it.
        colour: `#rrggbb` of the worker's lines; empty where nothing is drawn.
        agreement: share of the label the worker agrees with, as the label has it; empty when it has none.
        percent: the same for a bar.
        said: what the worker answered, in words.
        comments: the worker wrote.
        thumbnails: the worker's masks.
    """

    worker_id: str
    colour: str
    agreement: str
    percent: float
    said: tuple[str, ...]
    comments: tuple[str, ...]
    thumbnails: tuple[Thumbnail, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """An answer or part that did not count, and why; `part` is its JSON path, empty for the whole answer."""

    worker_id: str
    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person should look: in words, and the code that the label has."""

    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Field:
    """What was made of one form element.

    Attributes:
        name: of the element; empty when the page has only one.
        summary: the label in a few words.
        canvas: the picture, None where there is nothing to draw.
        votes: for classes.
        parts: labels, then candidates.
        notes: what could not be shown, and why.
    """

    name: str
    summary: str
    canvas: Canvas | None = None
    votes: tuple[Vote, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One data object.

    Attributes:
        number: manifest line, from 1.
        name: the end of its URI, or its text.
        source: its URI or text in full.
        status: `failed`, `error`, `review`, `unlabelled` or `labelled`.
        status_words: the same for people.
        summary: the label in a few words.
        expanded: whether it is open when the page is.
        problem: what went wrong, empty when nothing did.
        gallery: whether workers have thumbnails.
        document: the label's JSON.
    """

    number: int
    name: str
    source: str
    status: str
    status_words: str
    summary: str
    expanded: bool
    problem: str
    confidence: str
    agreement: str
    workers_counted: str
    reasons: tuple[Reason, ...]
    fields: tuple[Field, ...]
    workers: tuple[Worker, ...]
    gallery: bool
    rejected: tuple[Rejected, ...]
    document: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the page's head."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report; `cards` are those to look at first, `overview` is the same in manifest order."""

    title: str
    counts: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    drawn: bool
    masks: bool
    cards: tuple[Card, ...]
    overview: tuple[Card, ...]
