"""The label of video frames: `SeqLabel.json` in Ground Truth's built-in form, with confidence, support and candidates, and its summary."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from consolidation.kinds.base import Save, class_map, probability
from consolidation.kinds.geometry import FrameGeometry
from consolidation.kinds.marks import Sighting, Thing
from shared.json_node import Json, write_json


@dataclass(frozen=True, slots=True)
class NamedFrame:
    """A frame of the label: `frame-no` and `frame`, and its attributes, as voted."""

    names: Mapping[str, Any]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MergedVideo:
    """A merged sequence.

    Attributes:
        list_name: key of the list of parts in a frame.
        geometry: of the parts.
        frames: all that any worker has, in order.
        things: accepted ones and candidates.
        given: (object id, object name or an empty text) that workers share, by index into `things`.
        categories: gives the class ids.
        names: `object-name` by index into `things`, where it is not to be the number within this sequence.
    """

    list_name: str
    geometry: FrameGeometry[Any]
    frames: tuple[NamedFrame, ...]
    things: tuple[Thing[Any], ...]
    given: Mapping[int, tuple[str, str]]
    categories: tuple[str, ...]
    names: Mapping[int, str] = field(default_factory=dict)


def write_video(merged: MergedVideo, key: str, save: Save, *, linked: bool, single: bool) -> dict[str, Json]:
    """The label value; the sequence itself goes through `save`.

    Args:
        merged: what to write.
        key: `detection-annotations` or `tracking-annotations`.
        save: stores the sequence.
        linked: whether things have an identity.
        single: whether there was one worker only: then there is no confidence.
    """
    document = sequence_document(merged, key, linked=linked, single=single)
    return {
        "seq-label-ref": save(write_json(document).encode(), "json"),
        **summary(merged),
        "class-map": document["class-map"],
    }


def sequence_document(merged: MergedVideo, key: str, *, linked: bool, single: bool) -> dict[str, Json]:
    """The `SeqLabel.json`: frames, class ids, candidates and, where things have an identity, the objects."""
    writer = _Writer(merged, linked=linked, single=single)
    candidates = writer.frames(accepted=False)
    document: dict[str, Json] = {
        key: writer.frames(accepted=True),
        "class-map": class_map(merged.categories, (thing.label for thing in merged.things)),
        "candidates": [frame for frame in candidates if frame[merged.list_name]],
    }
    if linked:
        document["objects"] = writer.objects(accepted=True)
        document["candidate-objects"] = writer.objects(accepted=False)
    return document


def summary(merged: MergedVideo) -> dict[str, Json]:
    """How much there is of everything."""
    counts = Counter(thing.label for thing in merged.things if thing.accepted)
    sightings = Counter(sighting.accepted for thing in merged.things for sighting in thing.sightings)
    return {
        "frames": len(merged.frames),
        "objects": sum(counts.values()),
        "annotations": sightings[True],
        "candidates": sightings[False],
        "counts": {name: counts[name] for name in merged.categories if counts[name]},
    }


class _Writer:
    """Writes things and their sightings under one set of names."""

    def __init__(self, merged: MergedVideo, *, linked: bool, single: bool) -> None:
        self._merged, self._linked, self._single = merged, linked, single
        self._geometry = merged.geometry
        self._class_id = {name: str(number) for number, name in enumerate(merged.categories)}
        self._identity = _identities(merged) if linked else [{} for _ in merged.things]

    def frames(self, *, accepted: bool) -> list[dict[str, Any]]:
        """Every frame with its parts that have a quorum, or those that have none."""
        written: list[dict[str, Any]] = [
            {
                **dict(sorted(frame.names.items(), reverse=True)),  # the number before the name
                "frame-attributes": dict(frame.attributes),
                self._merged.list_name: [],
            }
            for frame in self._merged.frames
        ]
        for thing, identity in zip(self._merged.things, self._identity, strict=True):
            for sighting in thing.sightings:
                if sighting.accepted == accepted:
                    part = self._part(thing, sighting, identity)
                    written[sighting.frame][self._merged.list_name].append(part)
        return written

    def objects(self, *, accepted: bool) -> list[dict[str, Any]]:
        """Every object that is a label, or that is a candidate."""
        return [
            {
                **identity,
                "class-id": self._class_id[thing.label],
                "class-name": thing.label,
                "frames": sum(sighting.accepted for sighting in thing.sightings),
                "candidate-frames": sum(not sighting.accepted for sighting in thing.sightings),
                "confidence": self._shown(thing.confidence),
                "support": thing.support.to_wire(),
            }
            for thing, identity in zip(self._merged.things, self._identity, strict=True)
            if thing.accepted == accepted
        ]

    def _part(
        self, thing: Thing[Any], sighting: Sighting[Any], identity: Mapping[str, str]
    ) -> dict[str, Any]:
        return {
            "class-id": self._class_id[thing.label],
            **self._geometry.write(sighting.shape),
            "label-category-attributes": sighting.attributes,
            **identity,
            "confidence": self._shown(sighting.confidence),
            "support": sighting.support.to_wire(),
        }

    def _shown(self, confidence: float) -> float | None:
        return None if self._single else probability(confidence)


def _identities(merged: MergedVideo) -> list[dict[str, str]]:
    """`object-id` and `object-name` of every thing; names not given are numbered within a category, accepted things first."""
    things = merged.things
    ids = {given for given, _ in merged.given.values()}
    names = dict(merged.names)
    taken = set(names.values())
    for place, (_, name) in sorted(merged.given.items()):
        label, _, number = name.rpartition(":")
        if label == things[place].label and number.isdecimal() and name not in taken:
            names[place] = name
            taken.add(name)
    numbers = {thing.label: count(1) for thing in things}
    identities: list[dict[str, str]] = [{} for _ in things]
    for place in sorted(range(len(things)), key=lambda place: not things[place].accepted):
        thing = things[place]
        given = merged.given[place][0] if place in merged.given else hashed_id(thing, merged, ids)
        ids.add(given)
        free = (name for number in numbers[thing.label] if (name := f"{thing.label}:{number}") not in taken)
        identities[place] = {"object-id": given, "object-name": names.get(place) or next(free)}
    return identities


def hashed_id(thing: Thing[Any], merged: MergedVideo, taken: Collection[str]) -> str:
    """A UUID of what the thing is and where: the same answers give the same one. Of two alike the second gets another."""
    write = merged.geometry.write
    content = json.dumps(
        [(merged.frames[sighting.frame].names, write(sighting.shape)) for sighting in thing.sightings]
    )
    for salt in count():
        digest = hashlib.sha256(f"{salt}{content}".encode()).digest()
        made = str(uuid.UUID(bytes=digest[:16], version=5))
        if made not in taken:
            return made
    raise AssertionError
