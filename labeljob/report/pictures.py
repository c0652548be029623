"""Pictures and marked texts of the report page, ready to print."""

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
        transform: SVG transform that brings it to the canvas' units.
        colour: `#rrggbb`; empty for what has the page's own.
        role: `label`, `candidate`, `worker` or `grid`; `trail` too for the path of a track.
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
    """A number beside a part: `text` at (`x`, `y`) in the canvas' units."""

    x: float
    y: float
    text: str
    role: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """An area with everything that was marked on it: an image in pixels, or the ground in metres.

    Attributes:
        name: HTML id.
        ground_left, ground_top, width, height: the whole area.
        left, top, view_width, view_height: the part of it that is shown.
        whole: whether all of it is shown; otherwise a small map shows where the part lies.
        image: whether it stands for an image, which has a chequered ground.
        tag_size: font size of the tags.
        caption: what it is, in words.
        description: what is on it, in words, for those who do not see it.
    """

    name: str
    ground_left: float
    ground_top: float
    width: float
    height: float
    left: float
    top: float
    view_width: float
    view_height: float
    whole: bool
    image: bool
    tag_size: float
    caption: str
    description: str
    rasters: tuple[Raster, ...]
    shapes: tuple[Shape, ...]
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One worker's mask, small: a `data:` URI of a PNG with its size and its text."""

    data: str
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Chip:
    """The number and category of a part, beside its mark in a text."""

    text: str
    colour: str
    candidate: bool


@dataclass(frozen=True, slots=True)
class Underline:
    """A line below a stretch of text, that of one entity.

    Attributes:
        lane: how far below the text, from 0; entities that overlap have different ones.
        tinted: whether the text has the entity's colour behind it, too.
    """

    colour: str
    lane: int
    candidate: bool
    tinted: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a text with the same entities over all of it: the lowest line first; and those that end behind it."""

    text: str
    underlines: tuple[Underline, ...]
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with its entities; `lanes` lines have room below each line of it."""

    stretches: tuple[Stretch, ...]
    lanes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text compared with another: `same`, `added` (only this one has it) or `missing` (only the other has it)."""

    text: str
    role: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One of the texts that workers wrote: how it differs from the label's, how many wrote it, and who."""

    pieces: tuple[Piece, ...]
    support: str
    workers: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """A worker's number on a scale: place in percent of its length, row from below, `#rrggbb`, and words."""

    percent: float
    row: int
    colour: str
    outlier: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Numbers on a scale.

    Attributes:
        value: place of the label, in percent of the scale's length.
        band_left, band_width: what lies within the label's tolerance, in percent.
        low, high: the scale's ends in words.
        rows: of dots above each other.
    """

    value: float
    band_left: float
    band_width: float
    low: str
    high: str
    rows: int
    dots: tuple[Dot, ...]
    description: str
