"""Objects over several sensors: which sensors' tracks are one object, and what the objects are called."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from consolidation.estimation.sensor_links import Linked, link_sensors
from consolidation.kinds.base import Answer, Support
from consolidation.kinds.marks import Thing
from consolidation.kinds.video_frames import MergedFrames
from consolidation.kinds.video_label import MergedVideo, hashed_id


@dataclass(frozen=True, slots=True)
class SensorObject:
    """An object in more than one sensor.

    Attributes:
        object_id, object_name: the same in all of its sensors.
        sensors: their names.
        support: who gave its tracks one id; `of` counts those who marked two of them, `share` is the lowest share of their votes.
        torn: whether its sensors disagree on its category.
    """

    object_id: str
    object_name: str
    sensors: tuple[str, ...]
    support: Support
    torn: bool


def link_objects(
    merged: Mapping[str, MergedFrames], answers: Sequence[Answer]
) -> tuple[dict[str, MergedVideo], tuple[SensorObject, ...]]:
    """Give every track of every sensor its id and name, those of one object the same.

    Args:
        merged: by the sensor's name, in the order in which ids are looked for.
        answers: of all workers, in the order of their ids.

    Returns:
        The sensors' sequences with `given` and `names` for all things, and the objects in more than one sensor.
    """
    things = [(sensor, place) for sensor, made in merged.items() for place in range(len(made.video.things))]
    number = {thing: place for place, thing in enumerate(things)}
    order = {sensor: place for place, sensor in enumerate(merged)}
    links = link_sensors(
        [order[sensor] for sensor, _ in things],
        _workers_objects(merged, answers, number),
        np.array([answer.weight for answer in answers]),
    )
    names = _Names(merged)
    linked = {track: link for link in links for track in link.tracks}
    given: dict[str, dict[int, tuple[str, str]]] = {sensor: {} for sensor in merged}
    called: dict[str, dict[int, str]] = {sensor: {} for sensor in merged}
    objects = []
    for track in sorted(range(len(things)), key=lambda track: not names.thing(things[track]).accepted):
        link = linked.get(track)
        group = [things[other] for other in link.tracks] if link else [things[track]]
        if group[0][1] in given[group[0][0]]:
            continue
        object_id, object_name = names.call(group)
        for sensor, place in group:
            given[sensor][place], called[sensor][place] = (object_id, object_name), object_name
        if link:
            torn = len({names.thing(thing).label for thing in group}) > 1
            sensors = tuple(sensor for sensor, _ in group)
            support = _support(link, answers)
            objects.append(SensorObject(object_id, object_name, sensors, support, torn))
    videos = {
        sensor: replace(made.video, given=given[sensor], names=called[sensor])
        for sensor, made in merged.items()
    }
    return videos, tuple(objects)


def _workers_objects(
    merged: Mapping[str, MergedFrames], answers: Sequence[Answer], number: Mapping[tuple[str, int], int]
) -> list[tuple[int, dict[int, int]]]:
    """For each object of each worker, the worker, and by sensor the track that most of the object's parts went into."""
    place = {answer.worker_id: worker for worker, answer in enumerate(answers)}
    counts: defaultdict[tuple[int, tuple[str, str]], list[Counter[int]]] = defaultdict(
        lambda: [Counter() for _ in merged]
    )
    for position, (sensor, made) in enumerate(merged.items()):
        workers = [place[answer.worker_id] for answer in made.answers]
        of_part = made.marks.workers.tolist()
        for thing_place, thing in enumerate(made.video.things):
            track = number[sensor, thing_place]
            for sighting in thing.sightings:
                for member in sighting.members:
                    if own := made.tracks[member]:
                        counts[workers[of_part[member]], own][position][track] += 1
    return [
        (
            worker,
            {
                position: min(found, key=lambda track: (-found[track], track))
                for position, found in enumerate(sensors)
                if found
            },
        )
        for (worker, _), sensors in sorted(counts.items())
    ]


def _support(link: Linked, answers: Sequence[Answer]) -> Support:
    ids = tuple(answers[worker].worker_id for worker in link.workers)
    return Support(ids, link.of, link.share)


class _Names:
    """Calls objects by the id, and the name that comes with it, that most workers gave one of their tracks; else by a hash and a number."""

    def __init__(self, merged: Mapping[str, MergedFrames]) -> None:
        self._merged = merged
        self._ids: set[str] = set()
        self._called: set[str] = set()
        given = [pair for made in merged.values() for pair in made.video.given.values()]
        self._given = {object_id for object_id, _ in given}
        self._kept = {name for _, name in given}
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def thing(self, where: tuple[str, int]) -> Thing[Any]:
        """The consensus track of a sensor."""
        return self._merged[where[0]].video.things[where[1]]

    def call(self, group: Sequence[tuple[str, int]]) -> tuple[str, str]:
        """Id and name of an object with these tracks."""
        first, video = self.thing(group[0]), self._merged[group[0][0]].video
        given = [self._merged[sensor].video.given.get(place, ("", "")) for sensor, place in group]
        known = [(object_id, name) for object_id, name in given if object_id and object_id not in self._ids]
        object_id, name = known[0] if known else (hashed_id(first, video, self._ids | self._given), "")
        label, _, number = name.rpartition(":")
        if label != first.label or not number.isdecimal() or name in self._called:
            numbered = (f"{first.label}:{number}" for number in self._numbers[first.label])
            name = next(one for one in numbered if one not in self._called | self._kept)
        self._ids.add(object_id)
        self._called.add(name)
        return object_id, name
