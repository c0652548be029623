"""Linked tracks: objects in a point-cloud sequence and in the videos of its cameras, each with one identity in all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Kind, Save, Task, class_map, text_within
from consolidation.kinds.cuboid_parts import read_category
from consolidation.kinds.cuboid_tracks import CuboidTracksKind
from consolidation.kinds.part_skill import PartsEvidence, learn_parts
from consolidation.kinds.sensor_objects import SensorObject, link_objects
from consolidation.kinds.sequence_agreement import (
    agreement_with_sequence,
    mean_pairwise_dice,
    sequence_confidence,
)
from consolidation.kinds.skill import Learned, Study
from consolidation.kinds.video_answer import GEOMETRIES, FrameForm, VideoAnswer, check_parts, parts_in
from consolidation.kinds.video_frames import MergedFrames, VideoFramesKind, VideoTracksKind
from consolidation.kinds.video_label import MergedVideo, sequence_document, summary
from consolidation.rejections import Rejection
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode, write_json
from shared.settings import Limits

CAMERA = FrameForm("frame-no", "frame", GEOMETRIES, read_category)
"""Of camera frames: those of a video, their categories read as in point clouds."""
_KEY = "tracking-annotations"
_SENSORS = 32
"""Most sensors of an answer; Ground Truth has one point cloud and up to eight cameras."""


class _LidarTracks(CuboidTracksKind):
    """A point cloud's tracks, under the settings of linked tracks."""

    name: ClassVar[str] = "linked-tracks"


class _CameraTracks(VideoTracksKind):
    """A camera's tracks, under the settings of linked tracks."""

    name: ClassVar[str] = "linked-tracks"
    form: ClassVar[FrameForm] = CAMERA


@dataclass(frozen=True, slots=True)
class LinkedAnswer:
    """One worker's sequences.

    Attributes:
        sensors: by the sensor's name.
        faults: (JSON path, reason) of sensors that could not be read.
    """

    sensors: Mapping[str, VideoAnswer]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedLinked:
    """All sensors of a label.

    Attributes:
        videos: by the sensor's name, the point cloud first.
        objects: those in more than one sensor.
        categories: gives the class ids.
    """

    videos: Mapping[str, MergedVideo]
    objects: tuple[SensorObject, ...]
    categories: tuple[str, ...]


class LinkedTracksKind(Kind):
    """Linked tracks (3D-2D object tracking): a custom page's own form field, in the shape of Ground Truth's built-in `SeqLabel.json`.

    Recognised: an object of sensors, each an object with an array `tracking-annotations`. A sensor whose name begins with `lidar` holds
    cuboids (frames with `frame-number`), any other what a video holds (frames with `frame-no`).
    Merged: every sensor by itself, as `cuboid-tracks` and `video-tracks`. A worker without a sensor abstains on it.
    Under `em`: skill is learned from all sensors together, as for tracks of one.
    Linked: the tracks of two sensors are one object, with one `object-id` and `object-name`, when of the votes of those who marked both
    more than half gave them one id; at most one track of a sensor is in an object (`estimation.sensor_links`).
    Ids: an `object-id` that most share for one of its tracks, the point cloud's first, else a hash. Tracks that are not linked never
    share one. An object whose sensors disagree on its category keeps each sensor's, and the label says `category:NAME`.
    Quorum, ties, single worker, empty answer, duplicate worker: as in `video-tracks`, in each sensor; reasons begin with its name.
    Confidence: expected share of right decisions over the parts of all sensors. Agreement: mean over the sensors.
    Time, memory: those of the sensors.
    Source: AWS's output format of 3D-2D point cloud object tracking jobs, from which the label's shape is taken.
    """

    name: ClassVar[str] = "linked-tracks"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and _KEY not in element and any(map(_is_sensor, element.values()))

    def parse(self, element: JsonNode, limits: Limits) -> LinkedAnswer:
        """Read every sensor; one that cannot be read is a fault of its own."""
        named = [(name, node) for name, node in element.items() if _is_sensor(node.value)]
        if not named or len(named) > _SENSORS:
            raise element.fail(f"has {len(named)} sensors, needed are 1 to {_SENSORS}")
        parts = sum(parts_in(node[_KEY].array(), _kind_of(name).form) for name, node in named)
        check_parts(element, parts, limits)
        sensors: dict[str, VideoAnswer] = {}
        faults: list[tuple[str, str]] = []
        for name, node in sorted(named, key=lambda sensor: _place(sensor[0])):
            text_within(JsonNode(name, node.path, node.error), limits)
            try:
                sensors[name] = _kind_of(name).parse(node, limits)
            except AnswerError as fault:
                faults.append((node.path, fault.reason))
        if not sensors:
            raise element.fail(f"has no sensor that can be read: {faults[0][1]}")
        return LinkedAnswer(sensors, tuple(faults))

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """What each sensor shows, by its name."""
        names = sorted({name for answer in answers for name in answer.value.sensors}, key=_place)
        each = {name: _kind_of(name).study(_answers_of(name, answers), task) for name in names}
        return Study(
            tuple(part for study in each.values() for part in study.evidence),
            {name: study.arranged for name, study in each.items()},
        )

    def learn(self, evidence: Sequence[tuple[PartsEvidence, ...]], known: Tallies, task: Task) -> Learned:
        """As for tracks of one sensor, over all of them: `PartsSkill`."""
        return learn_parts([part for parts in evidence for part in parts], known, task)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Merge each sensor, then link; see the class for the rules."""
        names = sorted({name for answer in answers for name in answer.value.sensors}, key=_place)
        arranged = task.arranged or {}
        merged = {
            name: _kind_of(name).merge_frames(
                _answers_of(name, answers), replace(task, arranged=arranged.get(name))
            )
            for name in names
        }
        videos, objects = link_objects(merged, answers)
        labels = (label for made in merged.values() for label in made.marks.labels)
        categories = task.categories(labels)
        reasons = [
            *(
                f"{name}:{reason}"
                for name in names
                for reason in _kind_of(name).reasons_of(merged[name].video)
            ),
            *(f"category:{one.object_name}" for one in objects if one.torn),
        ]
        faults = [
            Rejection(answer.worker_id, reason, path)
            for answer in answers
            for path, reason in (
                *answer.value.faults,
                *(fault for sensor in answer.value.sensors.values() for fault in sensor.faults),
            )
        ]
        rejected = [rejection for made in merged.values() for rejection in made.rejected]
        return Consensus(
            merged=MergedLinked(
                {name: replace(video, categories=categories) for name, video in videos.items()},
                objects,
                categories,
            ),
            confidence=_confidence(merged.values()),
            agreement=_agreement(merged.values()),
            worker_agreement=_worker_agreement(merged.values(), answers),
            reasons=tuple(reasons),
            rejected=(*rejected, *faults),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`seq-label-ref`, the URI of the `SeqLabel.json` of all sensors, with the links and a summary for each sensor."""
        merged: MergedLinked = consensus.merged
        single = consensus.confidence is None
        document: dict[str, Json] = {
            name: sequence_document(video, _KEY, linked=True, single=single)
            for name, video in merged.videos.items()
        }
        used = (thing.label for video in merged.videos.values() for thing in video.things)
        return {
            "seq-label-ref": save(write_json(document).encode(), "json"),
            "sensors": {name: summary(video) for name, video in merged.videos.items()},
            "linked-objects": [
                {
                    "object-id": one.object_id,
                    "object-name": one.object_name,
                    "sensors": list(one.sensors),
                    "support": one.support.to_wire(),
                }
                for one in merged.objects
            ],
            "class-map": class_map(merged.categories, used),
        }


def _is_sensor(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get(_KEY), list)


def _kind_of(sensor: str) -> VideoFramesKind:
    """What a sensor of that name holds."""
    return _LIDAR if sensor.startswith("lidar") else _CAMERA


def _place(sensor: str) -> tuple[bool, str, int, str]:
    """The point cloud first, then cameras by name, `camera-2` before `camera-10`."""
    stem = sensor.rstrip("0123456789")
    digits = sensor[len(stem) :][-9:]
    return not sensor.startswith("lidar"), stem, int(digits) if digits.isascii() and digits else -1, sensor


def _answers_of(sensor: str, answers: Sequence[Answer]) -> list[Answer]:
    """The answers of the workers who have the sensor."""
    return [
        replace(answer, value=answer.value.sensors[sensor])
        for answer in answers
        if sensor in answer.value.sensors
    ]


def _confidence(merged: Collection[MergedFrames]) -> float:
    """Expected share of right decisions over all sensors; where nobody marked anything, that of the sensors on average."""
    counts = [sum(len(thing.sightings) for thing in made.video.things) for made in merged]
    each = [sequence_confidence(made.sequence, made.answers) for made in merged]
    weights = counts if any(counts) else [1] * len(counts)
    return sum(share * weight for share, weight in zip(each, weights, strict=True)) / sum(weights)


def _agreement(merged: Iterable[MergedFrames]) -> float | None:
    """Mean over the sensors that two workers have."""
    each = [mean_pairwise_dice(made.marks, made.sequence) for made in merged]
    known = [share for share in each if share is not None]
    return sum(known) / len(known) if known else None


def _worker_agreement(merged: Iterable[MergedFrames], answers: Sequence[Answer]) -> dict[str, float]:
    """For each worker, the mean of the worker's agreement with the label in the sensors that the worker has."""
    shares: dict[str, list[float]] = {answer.worker_id: [] for answer in answers}
    for made in merged:
        for worker, share in agreement_with_sequence(made.marks, made.sequence, made.answers).items():
            shares[worker].append(share)
    return {worker: sum(each) / len(each) for worker, each in shares.items() if each}


_LIDAR, _CAMERA = _LidarTracks(), _CameraTracks()
