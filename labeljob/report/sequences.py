"""Sequences of frames, as labels (`SeqLabel.json`) and workers' answers write them, read for showing: tracks with their sightings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labeljob.report.outlines import Outline, Point, Points, outline_of
from shared.errors import ContractError, GtConsensusError
from shared.json_node import JsonNode

_FRAME_LISTS = ("tracking-annotations", "detection-annotations")
_PART_LISTS: Mapping[str, bool] = {
    "annotations": True,
    "polygons": True,
    "polylines": False,
    "keypoints": False,
}
"""Lists of parts in a frame, and whether their vertices make an area."""
_MOST_PARTS = 100_000
_LONGEST_TRAIL = 400
"""Points of a trail; of a longer one only every other is drawn, or fewer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A part in a frame: the frame's place in the sequence, its outline, and whether it is under quorum."""

    frame: int
    outline: Outline
    candidate: bool


@dataclass(frozen=True, slots=True)
class Track:
    """An object through the frames, or a part of one frame where parts have no identity.

    Attributes:
        key: its identity within the sequence.
        name: as the label calls it, else its category.
        category: of it.
        seen: by frame.
        candidate: whether all of it is under quorum.
        entry: the part or the object that says its confidence and support.
    """

    key: str
    name: str
    category: str
    seen: tuple[Seen, ...]
    candidate: bool
    entry: JsonNode

    def trails(self) -> tuple[Outline, ...]:
        """The lines that its centre follows, one for each run of frames without a gap."""
        step = -(-len(self.seen) // _LONGEST_TRAIL)
        return tuple(Outline(line, closed=False) for line in self._lines(max(step, 1)))

    def _lines(self, step: int) -> Iterator[Points]:
        for run in self.runs():
            points: list[Point] = [one.outline.centre for one in run]
            if len(points) > 1:
                yield (*points[:-1:step], points[-1])

    def runs(self) -> list[list[Seen]]:
        """Its sightings in frames that follow each other."""
        runs: list[list[Seen]] = []
        for one in self.seen:
            if runs and one.frame - runs[-1][-1].frame <= 1:
                runs[-1].append(one)
            else:
                runs.append([one])
        return runs


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """Frames and what is in them.

    Attributes:
        frames: names, in order.
        tracks: accepted ones, then candidates, each as the document lists its objects, else as they come.
        linked: whether parts have an identity through the frames.
        metres: whether parts are cuboids.
    """

    frames: tuple[str, ...]
    tracks: tuple[Track, ...]
    linked: bool
    metres: bool


def read_sequences(node: JsonNode, *, whole: bool) -> dict[str, FrameSequence]:
    """The sequences of a document or of an answer, by the name of the sensor; "" for the only one.

    Args:
        node: an object with an array of frames, such an array itself, or an object of sensors with such an object each.
        whole: whether a part that cannot be read makes all unreadable; else it is left out.

    Raises:
        GtConsensusError: there are no frames, or too many parts.
    """
    if not isinstance(node.value, dict) or _frame_list(node):
        return {"": _Reader(node, whole=whole).sequence()}
    sensors = {
        name: sensor
        for name, sensor in node.items()
        if isinstance(sensor.value, dict) and _frame_list(sensor)
    }
    if not sensors:
        raise node.fail("has no array of frames")
    return {name: _Reader(sensor, whole=whole).sequence() for name, sensor in sensors.items()}


def _frame_list(node: JsonNode) -> str | None:
    return next((key for key in _FRAME_LISTS if key in node.object()), None)


@dataclass(slots=True)
class _Found:
    """A track while it is read."""

    name: str
    category: str
    entry: JsonNode
    seen: list[Seen] = field(default_factory=list)


class _Reader:
    """Collects the parts of all frames into tracks."""

    def __init__(self, node: JsonNode, *, whole: bool) -> None:
        self._node, self._whole = node, whole
        self._bare = not isinstance(node.value, dict)
        self._categories = {} if self._bare else _categories(node)
        self._frames: list[str] = []
        self._places: dict[str, int] = {}
        self._tracks: dict[str, _Found] = {}
        self._objects = {} if self._bare else _objects(node)
        self._parts = 0
        self._linked = self._metres = False

    def sequence(self) -> FrameSequence:
        """All that there is to read."""
        key = None if self._bare else _frame_list(self._node)
        for frame in (self._node[key] if key else self._node).elements():
            self._read(frame, candidate=False)
        under_quorum = None if self._bare else self._node.get("candidates")
        for frame in under_quorum.elements() if under_quorum else ():
            self._read(frame, candidate=True)
        tracks = [self._track(key, found) for key, found in self._tracks.items()]
        order = {key: place for place, key in enumerate(self._objects)}
        return FrameSequence(
            tuple(self._frames),
            tuple(sorted(tracks, key=lambda track: (track.candidate, order.get(track.key, len(order))))),
            self._linked,
            self._metres,
        )

    def _read(self, frame: JsonNode, *, candidate: bool) -> None:
        place = self._place(frame)
        for name, closed in _PART_LISTS.items():
            listed = frame.get(name)
            for part in listed.elements() if listed else ():
                self._parts += 1
                if self._parts > _MOST_PARTS:
                    raise ContractError(f"the sequence has more than {_MOST_PARTS} parts, too many to show")
                try:
                    self._keep(part, place, closed=closed, candidate=candidate)
                except GtConsensusError:
                    if self._whole:
                        raise

    def _place(self, frame: JsonNode) -> int:
        """The frame's place in the sequence; frames of one number, else of one name, are the same."""
        names = (frame.get(key) for key in ("frame-no", "frame-number", "frame", "frame-name"))
        shown = next((name for name in names if name), None)
        key = str(shown.value).strip() if shown else f"at {frame.path}"
        if key not in self._places:
            self._places[key] = len(self._frames)
            self._frames.append(key if shown else f"{len(self._frames) + 1}")
        return self._places[key]

    def _keep(self, part: JsonNode, place: int, *, closed: bool, candidate: bool) -> None:
        outline = outline_of(part, closed=closed)
        if outline is None:
            return
        identity = part.get("object-id") or part.get("object-name")
        self._linked = self._linked or identity is not None
        self._metres = self._metres or "center-x" in part.object()
        key = f"{identity.value}" if identity else f"part {self._parts}"
        if key not in self._tracks:
            category = self._category(part)
            named = part.get("object-name")
            name = named.string(empty=True) if named else category
            self._tracks[key] = _Found(name, category, self._objects.get(key, part))
        self._tracks[key].seen.append(Seen(place, outline, candidate))

    def _category(self, part: JsonNode) -> str:
        named = part.get("label") or part.get("class-name")
        if named:
            return named.string(empty=True)
        if number := part.get("class-id"):
            return self._categories.get(str(number.value), str(number.value))
        numbered = part.get("object-name")
        return str(numbered.value).rpartition(":")[0] or str(numbered.value) if numbered else ""

    def _track(self, key: str, found: _Found) -> Track:
        seen = tuple(sorted(found.seen, key=lambda one: one.frame))
        candidate = all(one.candidate for one in seen)
        return Track(key, found.name, found.category, seen, candidate, found.entry)


def _categories(node: JsonNode) -> dict[str, str]:
    named: Any = node.object().get("class-map")
    return (
        {number: name for number, name in named.items() if isinstance(name, str)}
        if isinstance(named, dict)
        else {}
    )


def _objects(node: JsonNode) -> dict[str, JsonNode]:
    """What the document says of whole objects, by their ids."""
    found = {}
    for key in ("objects", "candidate-objects"):
        listed = node.get(key)
        for entry in listed.elements() if listed else ():
            found[str(entry["object-id"].value)] = entry
    return found


def at_frame(sequence: FrameSequence, place: int) -> FrameSequence:
    """Only what is in one frame."""
    tracks = (
        replace(track, seen=tuple(one for one in track.seen if one.frame == place))
        for track in sequence.tracks
    )
    return replace(sequence, tracks=tuple(track for track in tracks if track.seen))
