"""One worker's video frames: `SeqLabel.json` as Ground Truth's frame tools make it, read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consolidation.kinds.attributes import Attributes, parse_attributes
from consolidation.kinds.base import check_count, text_within
from consolidation.kinds.geometry import BoxGeometry, FrameGeometry, KeypointGeometry
from consolidation.kinds.outlines import PolygonGeometry, PolylineGeometry
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Limits

GEOMETRIES: Mapping[str, FrameGeometry[Any]] = {
    geometry.list_name: geometry
    for geometry in (BoxGeometry(), PolygonGeometry(), PolylineGeometry(), KeypointGeometry())
}
"""By the name of the list of parts in a frame; ties between workers' geometries go to the earlier one."""

FrameKey = tuple[int, int, str]
"""Orders frames and tells which are the same: numbers ascending, then other names."""
_LARGEST_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class FrameForm:
    """How the frames of a sequence are written.

    Attributes:
        number, name: members of a frame.
        geometries: by the name of the list of parts; ties between workers' geometries go to the earlier one.
        category: reads a part's category, given the names of the answer's class ids.
    """

    number: str
    name: str
    geometries: Mapping[str, FrameGeometry[Any]]
    category: Callable[[JsonNode, Mapping[str, str], Limits], str | int]


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """A frame as one worker's answer names it.

    Attributes:
        key: the same for frames of the same number, whether that came as a number or as text.
        names: number and name (`frame-no` and `frame`) as they came, without what is missing.
        attributes: of the frame.
    """

    key: FrameKey
    names: Mapping[str, Any]
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class VideoPart:
    """A part.

    Attributes:
        frame: index into the answer's frames.
        label: the category's name, or a class id that the answer itself does not explain.
        track: (`object-id` or `object-name`, its value), or None where the part has neither.
        name: `object-name`, empty where there is none.
        shape: of the answer's geometry.
        attributes: `label-category-attributes`.
    """

    frame: int
    label: str | int
    track: tuple[str, str] | None
    name: str
    shape: Any
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class VideoAnswer:
    """One worker's sequence.

    Attributes:
        list_name: the geometry's; None where the answer has no parts.
        frames: those the worker labelled, in the order given.
        parts: in the order given.
        faults: (JSON path, reason) of frames and parts that could not be read.
    """

    list_name: str | None
    frames: tuple[VideoFrame, ...]
    parts: tuple[VideoPart, ...]
    faults: tuple[tuple[str, str], ...] = ()


def parse_video(element: JsonNode, key: str, limits: Limits, form: FrameForm) -> VideoAnswer:
    """Read a sequence.

    Args:
        element: an object with the array `key`, or that array itself.
        key: `detection-annotations` or `tracking-annotations`.
        limits: `frames`, `sequence_parts`, and in each frame `parts` and `vertices`.
        form: of the frames.

    Raises:
        AnswerError: there is no array of frames. LimitError: it has too many, or too many parts in them.
    """
    listed = element if isinstance(element.value, list) else element[key]
    check_count(listed, len(listed.array()), "has {} frames", limits.frames, "limits.frames")
    check_parts(listed, parts_in(listed.array(), form), limits)
    reader = _Reader(limits, form, _list_name(listed, form), _class_names(element))
    for node in listed.elements():
        reader.read(node)
    return VideoAnswer(
        reader.list_name if reader.parts else None,
        tuple(reader.frames),
        tuple(reader.parts),
        tuple(reader.faults),
    )


def check_parts(node: JsonNode, count: int, limits: Limits) -> None:
    """Refuse a sequence of more than `sequence_parts` parts."""
    most = limits.sequence_parts
    check_count(node, count, "has {} parts in all frames", most, "limits.sequence-parts")


def parts_in(frames: Sequence[Any], form: FrameForm) -> int:
    """Parts in all frames, as far as these are what they should be."""
    listed = [frame.get(name) for frame in frames if isinstance(frame, dict) for name in form.geometries]
    return sum(len(parts) for parts in listed if isinstance(parts, list))


def _list_name(frames: JsonNode, form: FrameForm) -> str:
    """The list of parts that most frames use."""
    used = {
        name: sum(isinstance(frame, dict) and bool(frame.get(name)) for frame in frames.array())
        for name in form.geometries
    }
    return max(used, key=used.__getitem__)


def _class_names(element: JsonNode) -> Mapping[str, str]:
    """Category by class id, where the answer has a `class-map` or `label-categories` beside its frames."""
    if not isinstance(element.value, dict):
        return {}
    given = element.value.get("class-map", element.value.get("label-categories"))
    if isinstance(given, dict):
        return {number: name for number, name in given.items() if isinstance(name, str) and name}
    names = (
        [one.get("label") if isinstance(one, dict) else one for one in given or []]
        if isinstance(given, list)
        else []
    )
    return {str(number): name for number, name in enumerate(names) if isinstance(name, str) and name}


class _Reader:
    """Collects what can be read; a frame or part that cannot is a fault of its own."""

    def __init__(
        self, limits: Limits, form: FrameForm, list_name: str, class_names: Mapping[str, str]
    ) -> None:
        self.list_name = list_name
        self.frames: list[VideoFrame] = []
        self.parts: list[VideoPart] = []
        self.faults: list[tuple[str, str]] = []
        self._limits, self._class_names = limits, class_names
        self._form, self._geometry = form, form.geometries[list_name]
        self._known: set[FrameKey] = set()

    def read(self, node: JsonNode) -> None:
        """Read a frame; one that is there twice counts once, the first."""
        try:
            frame = self._frame(node)
            if frame.key in self._known:
                raise node.fail("is a frame that the answer has already; the first counts")
            listed = list(self._listed(node))
        except AnswerError as fault:
            self.faults.append((node.path, fault.reason))
            return
        self._known.add(frame.key)
        self.frames.append(frame)
        tracks: set[tuple[str, str]] = set()
        for part in listed:
            try:
                read = self._part(part)
                if read.track in tracks:
                    raise part.fail(f"{read.track[0]} {read.track[1]!r} is in this frame already")
            except AnswerError as fault:
                self.faults.append((part.path, fault.reason))
                continue
            self.parts.append(read)
            if read.track:
                tracks.add(read.track)

    def _frame(self, node: JsonNode) -> VideoFrame:
        names: dict[str, Any] = {}
        form = self._form
        if name := node.get(form.name):
            names[form.name] = text_within(name, self._limits)
        number = node.get(form.number)
        if number is None:
            if not name:
                raise node.fail(f"has neither {form.number} nor {form.name}")
            return VideoFrame((1, 0, names[form.name]), names, self._attributes(node, "frame-attributes"))
        names[form.number] = number.value
        return VideoFrame(self._key(number), names, self._attributes(node, "frame-attributes"))

    def _key(self, number: JsonNode) -> FrameKey:
        if not isinstance(number.value, str):
            return 0, number.integer(least=0, most=_LARGEST_NUMBER), ""
        text = text_within(number, self._limits).strip()
        if text.isascii() and text.isdecimal() and len(text) <= 12:
            return 0, int(text), ""
        return 1, 0, text

    def _attributes(self, node: JsonNode, key: str) -> Attributes:
        return parse_attributes(node.get(key), self._limits)

    def _listed(self, node: JsonNode) -> Iterator[JsonNode]:
        """The parts of a frame; those of another geometry are faults."""
        for name in self._form.geometries:
            listed = node.get(name)
            if listed is None or not listed.array():
                continue
            check_count(listed, len(listed.array()), "has {} parts", self._limits.parts, "limits.parts")
            self._check_vertices(listed)
            if name == self.list_name:
                yield from listed.elements()
            else:
                self.faults += [
                    (part.path, f"the answer is made of {self.list_name}") for part in listed.elements()
                ]

    def _check_vertices(self, listed: JsonNode) -> None:
        vertices = sum(
            len(part["vertices"])
            for part in listed.array()
            if isinstance(part, dict) and isinstance(part.get("vertices"), list)
        )
        count = vertices or (len(listed.array()) if self.list_name == KeypointGeometry.list_name else 0)
        check_count(listed, count, "has {} vertices", self._limits.vertices, "limits.vertices")

    def _part(self, node: JsonNode) -> VideoPart:
        return VideoPart(
            frame=len(self.frames) - 1,
            label=self._form.category(node, self._class_names, self._limits),
            track=self._track(node),
            name=name.value if (name := node.get("object-name")) and isinstance(name.value, str) else "",
            shape=self._geometry.read(node, self._limits),
            attributes=self._attributes(node, "label-category-attributes"),
        )

    def _track(self, node: JsonNode) -> tuple[str, str] | None:
        for key in ("object-id", "object-name"):
            if given := node.get(key):
                number = isinstance(given.value, int) and not isinstance(given.value, bool)
                return key, str(given.integer()) if number else text_within(given, self._limits)
        return None


def _category(node: JsonNode, names: Mapping[str, str], limits: Limits) -> str | int:
    """`label`, else `class-id` by the answer's own names, else the id: a whole number is to be looked up among the job's."""
    named = node.get("label")
    if named is not None:
        return text_within(named, limits)
    given = node["class-id"]
    if not isinstance(given.value, str):
        number = given.integer(least=0, most=_LARGEST_NUMBER)
        return names.get(str(number), number)
    text = text_within(given, limits)
    if text in names:
        return names[text]
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else text


VIDEO = FrameForm("frame-no", "frame", GEOMETRIES, _category)
"""Of video frames."""
