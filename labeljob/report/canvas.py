"""Pictures of labels made of outlines: parts of the label, its candidates and the workers' own, on an image's area or on the ground."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from labeljob.report.drawings import DrawnParts
from labeljob.report.outlines import Outline, Rectangle
from labeljob.report.pictures import Canvas, Raster, Shape, Tag

WORKER_COLOURS = (
    "#0050c8",
    "#b00020",
    "#7a3e9d",
    "#9a5b00",
    "#00695c",
    "#ad1457",
    "#37474f",
    "#5f6b00",
    "#5d4037",
)
"""Of the workers' lines, dark enough for the pale canvas."""
_MARGIN = 0.12
_LEAST_MARGIN = 0.04
"""Of the image's longer side."""
_WHOLE = 0.5
"""From this share of the image on, all of it is shown."""
_ARM = 0.012
"""Of the cross that stands for a point, as a share of the picture's longer side."""
_TAG = 0.045
"""Font size of the tags, as a share of the picture's longer side."""
_ROOMY = 15
"""Up to so many tags have their full size."""
_GRID_LINES = 8
"""On the ground, about."""
_LEAST_GROUND = 2.0
"""Metres shown at least."""


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A part of the label or a candidate.

    Attributes:
        number: of it in the picture.
        name: its category.
        outline: of it; of a track, where it begins.
        trail: of a track, the lines its centre follows.
    """

    number: str
    name: str
    outline: Outline
    colour: str
    candidate: bool
    trail: tuple[Outline, ...] = ()

    def moved(self, across: float, down: float) -> MarkedPart:
        """The same elsewhere."""
        trail = tuple(line.moved(across, down) for line in self.trail)
        return replace(self, outline=self.outline.moved(across, down), trail=trail)


@dataclass(frozen=True, slots=True)
class Area:
    """What a picture is of, and which part of it is shown; pixels of an image or metres.

    Attributes:
        ground: all of it.
        view: the part that is shown.
        image: whether it is an image's area.
        known: whether the image's size is known; else it is taken to reach as far as what is drawn.
        enlarged: how much larger than usual its tags are.
    """

    ground: Rectangle
    view: Rectangle
    image: bool
    known: bool = True
    enlarged: float = 1.0

    @property
    def longer_side(self) -> float:
        """Of what is shown."""
        return max(self.view[2:])


def worker_colour(place: int) -> str:
    """The colour of the worker at a place in the order of ids."""
    return WORKER_COLOURS[place % len(WORKER_COLOURS)]


def parts_canvas(
    name: str,
    size: tuple[int, int] | None,
    parts: Sequence[MarkedPart],
    workers: Mapping[str, DrawnParts],
    colours: Mapping[str, str],
    *,
    title: str = "",
    shown: Sequence[Rectangle] | None = None,
    enlarged: float = 1.0,
) -> Canvas:
    """The picture of a label made of boxes, polygons, lines or points, or of the paths of tracks.

    Args:
        name: HTML id.
        size: (width, height) of the image, None when nobody said.
        parts: of the label and its candidates.
        workers: each worker's own parts.
        colours: of the workers' lines.
        title: of the picture, before its size.
        shown: what is to be seen on it; None for all that is drawn.
        enlarged: how much larger than usual tags are, for a picture that is shown small.
    """
    everything = list(_extents(parts, workers) if shown is None else shown)
    right = max((box[0] + box[2] for box in everything), default=1)
    bottom = max((box[1] + box[3] for box in everything), default=1)
    known = size is not None
    size = size or (max(math.ceil(right), 1), max(math.ceil(bottom), 1))
    view = view_of(size, everything)
    area = Area((0, 0, *size) if known else view, view, image=True, known=known, enlarged=enlarged)
    return canvas(name, area, title, (), _shapes(area, parts, workers, colours), tags_of(parts))


def ground_canvas(
    name: str,
    parts: Sequence[MarkedPart],
    workers: Mapping[str, DrawnParts],
    colours: Mapping[str, str],
    *,
    title: str = "",
) -> Canvas:
    """The picture of cuboids, or of the paths of such, seen from above, with a grid; arguments as of `parts_canvas`, in metres."""
    left, top, right, bottom = _corners(_extents(parts, workers))
    margin = max(
        _MARGIN * max(right - left, bottom - top), (_LEAST_GROUND - max(right - left, bottom - top)) / 2
    )
    left, top, right, bottom = left - margin, top - margin, right + margin, bottom + margin
    # SVG counts in single precision: world coordinates of millions of metres would lose their decimals
    parts = [part.moved(-left, -top) for part in parts]
    near = {worker: drawn.moved(-left, -top) for worker, drawn in workers.items()}
    view = (0.0, 0.0, right - left, bottom - top)
    area = Area(view, view, image=False)
    step = _round_step(area.longer_side / _GRID_LINES)
    grid = Shape(_grid(left, top, view, step), "", "", "grid", filled=False, tip="")
    words = (
        f"{f'{title}, seen' if title else 'Seen'} from above: x from {left:.1f} to {right:.1f} m to the right, "
        f"y from {-bottom:.1f} to {-top:.1f} m upwards, grid of {step:g} m"
    )
    return canvas(name, area, words, (), [grid, *_shapes(area, parts, near, colours)], tags_of(parts))


def canvas(
    name: str,
    area: Area,
    title: str,
    rasters: Sequence[Raster],
    shapes: Sequence[Shape],
    tags: Sequence[tuple[Rectangle, str, bool]],
) -> Canvas:
    """A picture of what was drawn.

    Args:
        name: HTML id.
        area: that is shown.
        title: in the caption, before the size of an image.
        rasters, shapes: what was drawn.
        tags: of each part its extent, its number and whether it is a candidate.
    """
    left, top, width, height = area.view
    crowded = max(min(math.sqrt(_ROOMY / max(len(tags), 1)), 1.0), 0.5)
    tag_size = round(area.longer_side * _TAG * area.enlarged * crowded, 2)
    whole = area.view == area.ground
    return Canvas(
        name=name,
        ground_left=area.ground[0],
        ground_top=area.ground[1],
        width=round(area.ground[2], 2),
        height=round(area.ground[3], 2),
        left=left,
        top=top,
        view_width=round(width, 2),
        view_height=round(height, 2),
        whole=whole,
        image=area.image,
        tag_size=tag_size,
        caption=_caption(area, title, whole=whole),
        description=_described(area, title, tags),
        rasters=tuple(rasters),
        shapes=tuple(shapes),
        tags=tuple(_tag(area, tag_size, *tag) for tag in tags),
    )


def marked(part: MarkedPart, arm: float) -> Iterator[Shape]:
    """The lines of a part of the label or of a candidate.

    Args:
        part: to draw.
        arm: of the cross that stands for a point.
    """
    role, tip = "candidate" if part.candidate else "label", f"{part.number}: {part.name}"
    for line in part.trail:
        yield Shape(line.path(arm), "", part.colour, f"{role} trail", filled=False, tip=tip)
    filled = part.outline.closed and not part.candidate
    yield Shape(part.outline.path(arm), "", part.colour, role, filled=filled, tip=tip)


def tags_of(parts: Iterable[MarkedPart]) -> list[tuple[Rectangle, str, bool]]:
    """Where the numbers of parts stand."""
    return [(part.outline.anchor, part.number, part.candidate) for part in parts]


def view_of(size: tuple[int, int], boxes: Iterable[Rectangle]) -> tuple[int, int, int, int]:
    """The part of the image that holds all boxes, with a margin; all of it when that is most of it."""
    listed = list(boxes)
    width, height = size
    if not listed:
        return 0, 0, width, height
    left, top, right, bottom = _corners(listed)
    margin = max(_LEAST_MARGIN * max(size), _MARGIN * max(right - left, bottom - top))
    first_x, first_y = max(0, math.floor(left - margin)), max(0, math.floor(top - margin))
    last_x, last_y = min(width, math.ceil(right + margin)), min(height, math.ceil(bottom + margin))
    shown = (last_x - first_x, last_y - first_y)
    if min(shown) < 1 or shown[0] * shown[1] >= _WHOLE * width * height:
        return 0, 0, width, height
    return first_x, first_y, *shown


def _shapes(
    area: Area, parts: Sequence[MarkedPart], workers: Mapping[str, DrawnParts], colours: Mapping[str, str]
) -> list[Shape]:
    arm = _ARM * area.longer_side
    shapes = [
        Shape(outline.path(arm), "", colours[worker], "worker", filled=False, tip=f"{label}, {worker}")
        for worker, answer in workers.items()
        for outline, label in zip(answer.outlines, answer.names, strict=True)
    ]
    return [*shapes, *(shape for part in parts for shape in marked(part, arm))]


def _extents(parts: Sequence[MarkedPart], workers: Mapping[str, DrawnParts]) -> Iterator[Rectangle]:
    for answer in workers.values():
        yield from (outline.extent for outline in answer.outlines)
    for part in parts:
        yield from (outline.extent for outline in (part.outline, *part.trail))


def _corners(boxes: Iterable[Rectangle]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all boxes; of none, zeros."""
    listed = list(boxes) or [(0.0, 0.0, 0.0, 0.0)]
    left, top = min(box[0] for box in listed), min(box[1] for box in listed)
    return left, top, max(box[0] + box[2] for box in listed), max(box[1] + box[3] for box in listed)


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... and their tenths."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)


def _grid(left: float, top: float, view: Rectangle, step: float) -> str:
    """Lines where the world's coordinates are multiples of the step."""
    _, _, width, height = view
    columns = range(math.ceil(left / step), math.floor((left + width) / step) + 1)
    rows = range(math.ceil(top / step), math.floor((top + height) / step) + 1)
    across = "".join(f"M{number * step - left:.2f} 0V{height:.2f}" for number in columns)
    return across + "".join(f"M0 {number * step - top:.2f}H{width:.2f}" for number in rows)


def _tag(area: Area, tag_size: float, box: Rectangle, number: str, candidate: bool) -> Tag:
    """Beside the upper right corner of a part; where the picture ends there, at the left."""
    left, top, width, height = area.view
    right = box[0] + box[2]
    beside = right + tag_size * 0.2
    room = right + tag_size * 1.5 < left + width
    return Tag(
        round(beside if room else max(box[0] - tag_size * 1.2, left), 2),
        round(min(max(box[1], top + tag_size), top + height), 2),
        number,
        "candidate" if candidate else "label",
    )


def _caption(area: Area, title: str, *, whole: bool) -> str:
    if not area.image:
        return title
    left, top, width, height = area.view
    if not area.known:
        return title or "The size of the image is not known."
    words = [title] if title else []
    words.append(f"{area.ground[2]:g} × {area.ground[3]:g} pixels")  # noqa: RUF001 - for people
    close = "" if whole else f"; close-up of {width:g} × {height:g} at {left:g}, {top:g}"  # noqa: RUF001 - for people
    return ", ".join(words) + close


def _described(area: Area, title: str, tags: Sequence[tuple[Rectangle, str, bool]]) -> str:
    candidates = sum(candidate for *_, candidate in tags)
    _, _, width, height = area.ground
    size = f" of {width:g} by {height:g} pixels" if area.known else ""
    plain = f"Plain canvas{size}" if area.image else "Plan"
    named = f"{plain} ({title})" if title else plain
    return f"{named}: {len(tags) - candidates} labelled, {candidates} candidates; the table beside it names them."
