"""Seeded synthetic sequences: things that move, meet, hide and leave, followed by workers who jitter, miss, invent and swap."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, CATEGORIES = 1280, 720, 3


@dataclass(frozen=True)
class Tracker:
    """How a worker follows things.

    Attributes:
        jitter: standard deviation of an edge, as a share of the thing's side.
        drift: standard deviation of an offset that a whole track carries, the same unit.
        gap: chance per frame that the worker looks away from a thing, for `away` frames on average.
        away: frames.
        broken: chance to start a new track after a gap.
        swap: chance to swap two things from there on when they begin to overlap.
        reuse: chance that a thing that enters gets the track of one that left.
        invented: tracks of things that are not there, per sequence.
        mistaken: chance that a track has a wrong category.
    """

    jitter: float = 0.05
    drift: float = 0.03
    gap: float = 0.01
    away: float = 6
    broken: float = 0.3
    swap: float = 0.2
    reuse: float = 0.1
    invented: int = 2
    mistaken: float = 0.1


CAREFUL = Tracker(
    jitter=0.03, drift=0.02, gap=0.003, broken=0.1, swap=0.03, reuse=0.02, invented=0, mistaken=0.03
)
FAIR = Tracker()
SLOPPY = Tracker(
    jitter=0.09, drift=0.06, gap=0.025, away=10, broken=0.6, swap=0.4, reuse=0.3, invented=5, mistaken=0.25
)
CROWDS = {
    "careful, fair, sloppy": (CAREFUL, FAIR, SLOPPY),
    "three fair": (FAIR, FAIR, FAIR),
    "five sloppy": (SLOPPY,) * 5,
    "two fair": (FAIR, FAIR),
}


@dataclass(frozen=True)
class Tracks:
    """Boxes of tracks. P parts.

    Attributes:
        frames, tracks, categories: int64, shape (P,).
        boxes: float64, shape (P, 4): left, top, right, bottom in pixels.
    """

    frames: npt.NDArray[np.int64]
    tracks: npt.NDArray[np.int64]
    categories: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64]


Box = npt.NDArray[np.float64]
Rows = list[tuple[int, int, int, Box]]
"""(frame, track, category, box)."""


def scene(seed: int, pace: float = 5, frames: int = 150, things: int = 12) -> Tracks:
    """Things on bent paths through the frame; about half are there from the first to the last frame."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for thing in range(things):
        start, stop = 0, frames
        if rng.random() < 0.5:
            start, stop = sorted(rng.integers(0, frames, 2).tolist())
        side = rng.uniform(40, 140, 2)
        place = rng.uniform([60, 60], [WIDTH - 60, HEIGHT - 60])
        speed = rng.normal(0, pace, 2)
        category = int(rng.integers(CATEGORIES))
        for frame in range(start, stop):
            rows.append((frame, thing, category, np.concatenate([place - side / 2, place + side / 2])))
            speed = 0.97 * speed + rng.normal(0, 0.2 * pace, 2)
            place += speed
            speed[place < 40] = abs(speed[place < 40])
            beyond = place > np.array([WIDTH - 40, HEIGHT - 40])
            speed[beyond] = -abs(speed[beyond])
    return _tracks(rows)


def followed(truth: Tracks, worker: Tracker, seed: int) -> Tracks:
    """One worker's tracks of a scene."""
    return _Follower(truth, worker, seed).follow()


class _Follower:
    """A worker on the way through a scene."""

    def __init__(self, truth: Tracks, worker: Tracker, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._truth, self._worker = truth, worker
        things = int(truth.tracks.max()) + 1
        self._ids = list(range(things))
        self._fresh = things
        self._away = np.zeros(things, int)
        self._carried = self._rng.normal(0, worker.drift, (things, 4))
        self._said = {
            thing: (
                int(truth.categories[truth.tracks == thing][0]) + int(self._rng.random() < worker.mistaken)
            )
            % CATEGORIES
            for thing in sorted(set(truth.tracks.tolist()))
        }
        self._known: set[int] = set()
        self._before: set[int] = set()
        self._met: set[tuple[int, int]] = set()
        self._left: list[int] = []

    def follow(self) -> Tracks:
        """All frames, then what is invented."""
        rows: Rows = []
        frames = int(self._truth.frames.max()) + 1
        for frame in range(frames):
            here = np.flatnonzero(self._truth.frames == frame)
            there = {int(self._truth.tracks[row]): self._truth.boxes[row] for row in here}
            self._enter(there.keys())
            self._swap(there)
            rows += [
                (frame, self._ids[thing], self._said[thing], self._drawn(box, self._carried[thing]))
                for thing, box in sorted(there.items())
                if self._looks_at(thing)
            ]
        return _tracks(rows + self._invented(frames))

    def _enter(self, there: AbstractSet[int]) -> None:
        """Things that come may get the track of one that left."""
        self._left += [self._ids[thing] for thing in sorted(self._before - there)]
        for thing in sorted(there - self._known):
            if self._left and self._rng.random() < self._worker.reuse:
                self._ids[thing] = self._left.pop()
        self._known |= there
        self._before = set(there)

    def _swap(self, there: dict[int, Box]) -> None:
        """Things that begin to overlap may be mistaken for each other from there on."""
        meet = {
            (one, other)
            for one, other in combinations(sorted(there), 2)
            if (there[one][:2] < there[other][2:]).all() and (there[other][:2] < there[one][2:]).all()
        }
        for one, other in sorted(meet - self._met):
            if self._rng.random() < self._worker.swap:
                self._ids[one], self._ids[other] = self._ids[other], self._ids[one]
        self._met = meet

    def _looks_at(self, thing: int) -> bool:
        """Whether the worker marks the thing; behind a gap the track may be a new one."""
        if self._away[thing]:
            self._away[thing] -= 1
            if not self._away[thing] and self._rng.random() < self._worker.broken:
                self._ids[thing], self._fresh = self._fresh, self._fresh + 1
            return False
        if self._rng.random() < self._worker.gap:
            self._away[thing] = self._rng.geometric(1 / self._worker.away)
            return False
        return True

    def _invented(self, frames: int) -> Rows:
        rows: Rows = []
        for number in range(self._worker.invented):
            start, stop = sorted(self._rng.integers(0, frames, 2).tolist())
            corner = self._rng.uniform([0, 0], [WIDTH - 100, HEIGHT - 100])
            box = np.concatenate([corner, corner + self._rng.uniform(30, 100, 2)])
            category = int(self._rng.integers(CATEGORIES))
            rows += [
                (frame, self._fresh + number, category, self._drawn(box, np.zeros(4)))
                for frame in range(start, stop)
            ]
        return rows

    def _drawn(self, box: Box, carried: Box) -> Box:
        side = np.tile(box[2:] - box[:2], 2)
        drawn: Box = np.round(box + side * (carried + self._rng.normal(0, self._worker.jitter, 4)))
        drawn[2:] = np.maximum(drawn[2:], drawn[:2] + 2)
        return drawn


def _tracks(rows: Rows) -> Tracks:
    frames, tracks, categories, boxes = zip(*rows, strict=True)
    return Tracks(np.array(frames), np.array(tracks), np.array(categories), np.array(boxes))
