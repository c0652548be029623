"""What the report page shows, ready to print: plain values, chosen and worded, that the template only lays out."""

from __future__ import annotations

from dataclasses import dataclass

from labeljob.report.pictures import Canvas, Passage, Strip, Thumbnail, Wording


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Vote:
    """A category that workers chose: how many, their share in percent, its probability, and whether it won."""

    name: str
    votes: int
    percent: float
    probability: str
    won: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Frames in a row that show an object: where in the sequence, in percent of its length."""

    left: float
    width: float
    candidate: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a label, or a candidate: its number in the picture, its category and what speaks for it.

    Attributes:
        details: what else there is to say, one for each of the field's `columns`.
        runs: of a track, when it is to be seen.
    """

    number: str
    name: str
    colour: str
    confidence: str
    support: str
    details: tuple[str, ...]
    candidate: bool
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranker:
    """A worker whose ranks stand in a column of their own: id, and colour `#rrggbb` as in the list of workers."""

    worker_id: str
    colour: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item of a ranking: its rank, how sure it stands before the next, who ranked it, and the rank each worker gave it."""

    rank: str
    item: str
    confidence: str
    support: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker and the data object.

    Attributes:
        worker_id: as the label shows it.
        colour: `#rrggbb` of the worker's marks; empty where nothing is drawn.
        agreement: share of the label the worker agrees with, as the label has it; empty when it has none.
        percent: the same for a bar.
        skill: chance that what the worker says is right, as the label has it, of each form element; empty where none was learned.
        said: what the worker answered, in words.
        changed: what the worker changed of the label that the page showed, in words.
        comments: the worker wrote.
        thumbnails: the worker's masks.
    """

    worker_id: str
    colour: str
    agreement: str
    percent: float
    skill: str
    said: tuple[str, ...]
    changed: tuple[str, ...]
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
        facts: figures of the label as a whole.
        canvases: pictures.
        passage: the text with its entities, None where there is none.
        strip: the workers' numbers, None where there are none.
        wordings: the texts that workers wrote, the label first.
        votes: for categories; `scale` says that they are steps in order.
        ranking: its items, best first; `rankers` names whose ranks stand beside them.
        parts: labels, then candidates; `noun` says what they are, `named` what their names are, `columns` what their `details` are.
        judged: whether parts have a confidence and a support.
        notes: what could not be shown, and why.
    """

    name: str
    summary: str
    facts: tuple[Fact, ...] = ()
    canvases: tuple[Canvas, ...] = ()
    passage: Passage | None = None
    strip: Strip | None = None
    wordings: tuple[Wording, ...] = ()
    votes: tuple[Vote, ...] = ()
    scale: bool = False
    ranking: tuple[Ranked, ...] = ()
    rankers: tuple[Ranker, ...] = ()
    parts: tuple[Part, ...] = ()
    noun: str = "Parts"
    named: str = "category"
    columns: tuple[str, ...] = ()
    judged: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One data object.

    Attributes:
        number: manifest line, from 1.
        name: the end of its URI, or its text.
        source: its URI or text in full; empty where a text is shown with its marks.
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
class Page:
    """The whole report; `cards` are those to look at first, `overview` is the same in manifest order.

    Attributes:
        drawn: whether anything has marks that can be switched off.
        images: whether marks are drawn where images would be.
    """

    title: str
    counts: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    drawn: bool
    images: bool
    cards: tuple[Card, ...]
    overview: tuple[Card, ...]
