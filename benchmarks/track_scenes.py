"""Seeded synthetic sequences: things that move, meet, hide and leave, followed by workers who jitter, miss, invent and swap."""

from __future__ import annotations

from dataclasses import dataclass

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


Rows = list[tuple[int, int, int, npt.NDArray[np.float64]]]


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
    rng = np.random.default_rng(seed)
    last = int(truth.frames.max()) + 1
    things = int(truth.tracks.max()) + 1
    ids = list(range(things))
    fresh = things
    said = {thing: int(truth.categories[truth.tracks == thing][0]) for thing in set(truth.tracks.tolist())}
    for thing, category in said.items():
        if rng.random() < worker.mistaken:
            said[thing] = (category + 1) % CATEGORIES
    carried = rng.normal(0, worker.drift, (things, 4))
    away = np.zeros(things, int)
    seen: set[int] = set()
    left: list[int] = []
    before: set[int] = set()
    met: set[tuple[int, int]] = set()
    rows: Rows = []
    for frame in range(last):
        here = np.flatnonzero(truth.frames == frame)
        there = {int(truth.tracks[row]): truth.boxes[row] for row in here}
        left += [ids[thing] for thing in before - there.keys()]
        for thing in sorted(there.keys() - seen):
            if left and rng.random() < worker.reuse:
                ids[thing] = left.pop()
        seen |= there.keys()
        before = set(there)
        meet = {
            (one, other)
            for one in there
            for other in there
            if one < other
            and (there[one][:2] < there[other][2:]).all()
            and (there[other][:2] < there[one][2:]).all()
        }
        for one, other in sorted(meet - met):
            if rng.random() < worker.swap:
                ids[one], ids[other] = ids[other], ids[one]
        met = meet
        for thing in sorted(there):
            if away[thing]:
                away[thing] -= 1
                if not away[thing] and rng.random() < worker.broken:
                    ids[thing], fresh = fresh, fresh + 1
                continue
            if rng.random() < worker.gap:
                away[thing] = rng.geometric(1 / worker.away)
                continue
            rows.append((frame, ids[thing], said[thing], _seen(there[thing], carried[thing], worker, rng)))
    for _ in range(worker.invented):
        start, stop = sorted(rng.integers(0, last, 2).tolist())
        corner = rng.uniform([0, 0], [WIDTH - 100, HEIGHT - 100])
        box = np.concatenate([corner, corner + rng.uniform(30, 100, 2)])
        category = int(rng.integers(CATEGORIES))
        rows += [
            (frame, fresh, category, _seen(box, np.zeros(4), worker, rng)) for frame in range(start, stop)
        ]
        fresh += 1
    return _tracks(rows)


def _seen(
    box: npt.NDArray[np.float64],
    carried: npt.NDArray[np.float64],
    worker: Tracker,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    side = np.tile(box[2:] - box[:2], 2)
    seen: npt.NDArray[np.float64] = np.round(box + side * (carried + rng.normal(0, worker.jitter, 4)))
    seen[2:] = np.maximum(seen[2:], seen[:2] + 2)
    return seen


def _tracks(rows: Rows) -> Tracks:
    frames, tracks, categories, boxes = zip(*rows, strict=True)
    return Tracks(np.array(frames), np.array(tracks), np.array(categories), np.array(boxes))
