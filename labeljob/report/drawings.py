"""What each worker answered to a form element, read by the kinds' own parsers, in the few forms that the report can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from consolidation.answers import recognise
from consolidation.kinds import KINDS, Kind
from consolidation.kinds.base import Answer, Task
from consolidation.kinds.class_label import ClassChoice
from consolidation.kinds.cuboids import CuboidsAnswer
from consolidation.kinds.entities import EntitiesKind
from consolidation.kinds.instance_mask import InstanceAnswer
from consolidation.kinds.keypoints import KeypointsAnswer
from consolidation.kinds.multi_label import ChosenLabels
from consolidation.kinds.point_labels import PointAnswer
from consolidation.kinds.rating import Rating
from consolidation.kinds.semantic_mask import SemanticAnswer
from consolidation.mask_png import Colour
from consolidation.palette import palette_colour
from labeljob.report.outlines import Outline, from_above, outline_of
from labeljob.report.rasters import IndexMap
from labeljob.report.sequences import FrameSequence, read_sequences
from labeljob.report.words import count, number, shortened, tally
from shared.errors import AnswerError, GtConsensusError
from shared.json_node import Json, JsonNode
from shared.settings import Limits, Settings

_PART_LISTS: Mapping[str, bool] = {
    "boundingBoxes": True,
    "polygons": True,
    "polylines": False,
    "lines": False,
}
"""Where parts that can be drawn stand in an answer, and whether their vertices make an area."""
_SPANS = 12
"""Most entities of a worker that are written out."""
_QUOTED = 60
"""Most characters of an entity, and of an item, that are written out."""
_WRITTEN = 300
"""Most characters of a worker's text."""


@dataclass(frozen=True, slots=True)
class DrawnParts:
    """Boxes, polygons, lines, points or cuboids from above, and their categories."""

    outlines: tuple[Outline, ...]
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """How many of which category."""
        return tally(self.names) or "nothing"

    def moved(self, across: float, down: float) -> DrawnParts:
        """The same elsewhere."""
        return DrawnParts(tuple(outline.moved(across, down) for outline in self.outlines), self.names)


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """A mask: what each pixel's value stands for (0: nothing) by its number, and the names of the values drawn.

    Attributes:
        indices: uint16, shape (H, X).
        names: category of each value; the first is background.
        colours: to show the values in, from 1 on.
        drawn: values that have pixels, ascending.
    """

    indices: IndexMap
    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    drawn: tuple[int, ...]

    @property
    def words(self) -> str:
        """How many of which category."""
        return tally([self.names[value] for value in self.drawn]) or "nothing"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A category that was chosen, the comment left with it, and on a scale the steps that were offered."""

    name: str
    comment: str = ""
    offered: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """The category."""
        return self.name or "nothing"


@dataclass(frozen=True, slots=True)
class Stated:
    """A text or a number."""

    value: str | float

    @property
    def words(self) -> str:
        """As it is; a long text its beginning."""
        return (
            shortened(self.value, _WRITTEN) or "nothing"
            if isinstance(self.value, str)
            else number(self.value)
        )


@dataclass(frozen=True, slots=True)
class RankedItems:
    """Items with the ranks that a worker gave them."""

    ranks: Mapping[str, int]

    @property
    def words(self) -> str:
        """The items from the first on; `=` between those that share a rank."""
        ordered = sorted(self.ranks.items(), key=lambda entry: entry[1])
        words, before = "", None
        for item, rank in ordered:
            words += "" if before is None else " = " if rank == before else " > "
            words += shortened(item, _QUOTED)
            before = rank
        return words or "nothing"


@dataclass(frozen=True, slots=True)
class MarkedSpans:
    """Entities: their categories, and their text where it is known, else their offsets."""

    names: tuple[str, ...]
    quotes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The first entities, each with its category."""
        listed = [f"{name}: {quote}" for name, quote in zip(self.names, self.quotes, strict=True)][:_SPANS]
        more = len(self.names) - len(listed)
        return " · ".join([*listed, *([f"{more} more"] if more else [])]) or "nothing"


@dataclass(frozen=True, slots=True)
class CountedPoints:
    """Points of a point cloud by category."""

    points: Mapping[str, int]

    @property
    def words(self) -> str:
        """How many points of which category."""
        ranked = sorted(self.points.items(), key=lambda entry: (-entry[1], entry[0]))
        return ", ".join(f"{name} {count(points, 'point')}" for name, points in ranked) or "nothing"


@dataclass(frozen=True, slots=True)
class DrawnSequences:
    """Frames with what was marked in them, by sensor; "" for the only one."""

    sensors: Mapping[str, FrameSequence]

    @property
    def words(self) -> str:
        """How many tracks, or parts, in how many frames."""
        told = []
        for sensor, sequence in self.sensors.items():
            names = tally([track.category for track in sequence.tracks]) or "nothing"
            noun = count(len(sequence.tracks), "track" if sequence.linked else "mark")
            told.append(
                f"{sensor}{': ' if sensor else ''}{noun} in {count(len(sequence.frames), 'frame')} ({names})"
            )
        return " · ".join(told)


Drawing: TypeAlias = (
    DrawnParts | DrawnMask | Chosen | Stated | RankedItems | MarkedSpans | CountedPoints | DrawnSequences
)


def read_drawings(elements: Mapping[str, Json], kind: str | None, content: str | None) -> dict[str, Drawing]:
    """The workers' answers to a form element, by worker; those that cannot be read are left out.

    Args:
        elements: the answers by worker.
        kind: name of the kind that the label says the element is; None for what each answer looks like.
        content: the text of the data object, where it is one.
    """
    if kind == EntitiesKind.name:
        return {**_spans(elements, content)}
    read = {worker: read_drawing(element, kind) for worker, element in elements.items()}
    return {worker: drawing for worker, drawing in read.items() if drawing is not None}


def read_drawing(element: Json, kind: str | None = None) -> Drawing | None:
    """One worker's answer to a form element; None when it cannot be read or is of a kind that is not shown."""
    known = _kind_of(element, kind)
    if known is None:
        return None
    try:
        return READ[known.name](element, known.parse(JsonNode(element, "$", AnswerError), Limits()))
    except GtConsensusError:
        return None


def _kind_of(element: Json, name: str | None) -> Kind | None:
    named = next((kind for kind in KINDS if kind.name == name), None)
    if named is None:
        return recognise(element)
    return named if named.accepts(element) else None


def _class(_: Json, value: ClassChoice) -> Chosen:
    return Chosen(value.label, value.comment)


def _multi_label(_: Json, value: ChosenLabels) -> Chosen:
    return Chosen(", ".join(sorted(value.labels)) or "none")


def _rating(_: Json, value: Rating) -> Chosen:
    return Chosen(value.step, offered=value.offered)


def _stated(_: Json, value: str | float) -> Stated:
    return Stated(value)


def _ranking(_: Json, value: Mapping[str, int]) -> RankedItems:
    return RankedItems(value)


def _keypoints(_: Json, value: KeypointsAnswer) -> DrawnParts:
    points = tuple(Outline(((point.x, point.y),), closed=False) for point in value.points)
    return DrawnParts(points, tuple(point.label for point in value.points))


def _cuboids(_: Json, value: CuboidsAnswer) -> DrawnParts:
    seen = tuple(
        from_above(x, y, length, width, yaw)
        for x, y, _, length, width, _, _, _, yaw in value.cuboids.tolist()
    )
    return DrawnParts(seen, tuple(str(category) for category in value.categories))


def _points(_: Json, value: PointAnswer) -> CountedPoints:
    return CountedPoints(value.points)


def _instances(_: Json, value: InstanceAnswer) -> DrawnMask:
    colours = tuple(palette_colour(place) for place in range(max(len(value.labels) - 1, 1)))
    return _mask(value, value.labels, colours)


def _regions(_: Json, value: SemanticAnswer) -> DrawnMask:
    return _mask(value, ("", *value.names), tuple(value.colours[name] for name in value.names))


def _mask(
    value: InstanceAnswer | SemanticAnswer, names: tuple[str, ...], colours: tuple[Colour, ...]
) -> DrawnMask:
    indices = value.numbers[value.colour_map.indices]
    return DrawnMask(indices, names, colours, tuple(np.unique(indices[indices > 0]).tolist()))


def _entities(element: Json, _: Any) -> MarkedSpans | None:
    return _spans({"": element}, None).get("")


def _frames(element: Json, _: Any) -> DrawnSequences:
    return DrawnSequences(read_sequences(JsonNode(element), whole=False))


def _shapes(element: Json, _: Any) -> DrawnParts | None:
    """The parts of an answer that can be drawn, under whichever key they stand; one that cannot be read is left out."""
    if not isinstance(element, dict):
        return None
    for key, closed in _PART_LISTS.items():
        if isinstance(element.get(key), list):
            found = [drawn for entry in element[key] if (drawn := _shape(JsonNode(entry), closed=closed))]
            return DrawnParts(tuple(outline for outline, _ in found), tuple(name for _, name in found))
    return None


def _shape(entry: JsonNode, *, closed: bool) -> tuple[Outline, str] | None:
    try:
        outline = outline_of(entry, closed=closed)
        return (outline, entry["label"].string()) if outline else None
    except GtConsensusError:
        return None


def _spans(elements: Mapping[str, Json], content: str | None) -> dict[str, MarkedSpans]:
    """The workers' entities, found in the text together, as the kind does: their offsets may count UTF-16 units."""
    kind = EntitiesKind()
    answers = []
    for worker, element in sorted(elements.items()):
        try:
            value = kind.parse(JsonNode(element, "$", AnswerError), Limits())
        except GtConsensusError:
            continue
        answers.append(Answer(worker, value))
    task = Task(Settings(), data_object={} if content is None else {"content": content})
    try:
        layout = kind.lay_out(answers, task)
    except GtConsensusError:
        return {}
    found: dict[str, list[tuple[str, str]]] = {answer.worker_id: [] for answer in answers}
    text = layout.shapes.text
    for part, (start, end) in zip(layout.parts, layout.shapes.spans, strict=True):
        quote = f"{start}-{end}" if text is None else f"“{shortened(text[start:end], _QUOTED)}”"
        found[answers[part.worker].worker_id].append((part.label, quote))
    return {
        worker: MarkedSpans(tuple(name for name, _ in spans), tuple(quote for _, quote in spans))
        for worker, spans in found.items()
    }


READ: Mapping[str, Callable[[Json, Any], Drawing | None]] = {
    "class": _class,
    "multi-label": _multi_label,
    "rating": _rating,
    "text": _stated,
    "number": _stated,
    "ranking": _ranking,
    "boxes": _shapes,
    "rotated-boxes": _shapes,
    "polygons": _shapes,
    "polylines": _shapes,
    "lines": _shapes,
    "keypoints": _keypoints,
    "cuboids": _cuboids,
    "semantic-mask": _regions,
    "instance-mask": _instances,
    "point-labels": _points,
    "entities": _entities,
    "video-detections": _frames,
    "video-tracks": _frames,
    "cuboid-tracks": _frames,
    "linked-tracks": _frames,
}
"""For each kind, from an answer and the kind's own reading of it to what is shown."""
