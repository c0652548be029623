"""Polygons drawn vertex by vertex, and people marked by their joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.workloads.crowd import FIVE, PROFILES, SPAMMER, Categories, Floats, Profile, paired
from benchmarks.workloads.shapes import Shape, drawn, some_shape

Polygon = npt.NDArray[np.float32]
JOINTS = 17
_RADIUS = (30, 90)
_TRUE_VERTICES = 72
_MARGIN = (120, 150)
"""Pixels in x and y that a person's middle keeps from the border."""
_OUTLIER = 60
"""Standard deviation in pixels of a joint put in a wrong place."""


@dataclass(frozen=True)
class Polygons:
    """Outlines, float32, shape (vertices, 2) each, with their categories, int64, shape (n,)."""

    outlines: tuple[Polygon, ...]
    categories: Categories


@dataclass(frozen=True)
class PolygonScene:
    """One image: its (width, height), the truth, and what each worker drew."""

    size: tuple[int, int]
    truth: Polygons
    drawn: tuple[Polygons, ...]


@dataclass(frozen=True)
class Marking:
    """How a kind of worker marks joints: standard deviation in pixels, chances to mirror a person, to misplace a joint, to miss one."""

    jitter: float
    mirrored: float
    misplaced: float
    missed: float


MARKINGS = {
    "expert": Marking(jitter=2, mirrored=0.01, misplaced=0.01, missed=0.02),
    "good": Marking(jitter=3.5, mirrored=0.03, misplaced=0.02, missed=0.05),
    "loose": Marking(jitter=5, mirrored=0.05, misplaced=0.04, missed=0.06),
    "tight": Marking(jitter=5, mirrored=0.05, misplaced=0.04, missed=0.08),
    "sloppy": Marking(jitter=9, mirrored=0.15, misplaced=0.10, missed=0.15),
}
MIRROR = np.array([0] + [joint + 1 if joint % 2 else joint - 1 for joint in range(1, JOINTS)])
"""Joint of the other side: 1 and 2, 3 and 4, ...; 0 is in the middle."""


@dataclass(frozen=True)
class KeypointScene:
    """One image.

    Attributes:
        size: (width, height) in pixels.
        truth: float64, shape (people, JOINTS, 2): x and y.
        drawn: of each worker, float64, shape (people, JOINTS, 3): x, y, and 1 where the joint is said to be visible, else 0.
    """

    size: tuple[int, int]
    truth: Floats
    drawn: tuple[Floats, ...]


def polygon_scenes(
    seed: int,
    images: int = 100,
    things: int = 10,
    size: tuple[int, int] = (1280, 960),
    categories: int = 3,
    crew: Sequence[str] = FIVE,
) -> list[PolygonScene]:
    """Round things apart from each other, outlined with 14 to 33 vertices, from any vertex on, either way round."""
    width, height = size
    scenes = []
    for image in range(images):
        random = np.random.default_rng([seed, 66, image])
        truth: list[tuple[Shape, int]] = []
        while len(truth) < things:
            shape = some_shape(random, (height, width), *_RADIUS)
            if all(_apart(shape, other) for other, _ in truth):
                truth.append((shape, int(random.integers(0, categories))))
        workers = [
            _anything(random, things // 2, (height, width), categories)
            if name == SPAMMER
            else _outlined(random, truth, PROFILES[name], categories)
            for name in crew
        ]
        outlines = tuple(shape.outline(_TRUE_VERTICES) for shape, _ in truth)
        named = np.array([category for _, category in truth])
        scenes.append(PolygonScene(size, Polygons(outlines, named), tuple(workers)))
    return scenes


def _apart(one: Shape, other: Shape) -> bool:
    reach = 0.7 * (one.radius + other.radius)
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2 > reach**2


def _anything(random: np.random.Generator, count: int, size: tuple[int, int], categories: int) -> Polygons:
    outlines, named = [], []
    for _ in range(count):
        shape = some_shape(random, size, *_RADIUS)
        outlines.append(shape.outline(int(random.integers(6, 20))))
        named.append(int(random.integers(0, categories)))
    return Polygons(tuple(outlines), np.array(named, int))


def _outlined(
    random: np.random.Generator, truth: Sequence[tuple[Shape, int]], profile: Profile, categories: int
) -> Polygons:
    outlines, named = [], []
    for shape, category in truth:
        if random.random() < profile.missed:
            continue
        wrong = random.random() < profile.mistaken
        outline = drawn(random, shape, profile).outline(int(random.integers(14, 34)))
        outline = np.roll(outline, int(random.integers(0, len(outline))), 0)
        forwards = random.random() < 0.5
        outlines.append(outline if forwards else outline[::-1].copy())
        named.append(int(paired(category, categories)) if wrong else category)
    return Polygons(tuple(outlines), np.array(named, int))


def keypoint_scenes(
    seed: int,
    images: int = 100,
    people: int = 6,
    size: tuple[int, int] = (1280, 960),
    crew: Sequence[str] = FIVE,
) -> list[KeypointScene]:
    """People of 17 joints; workers take left for right, put single joints elsewhere, and miss people."""
    scenes = []
    for image in range(images):
        random = np.random.default_rng([seed, 77, image])
        truth = []
        for _ in range(people):
            middle = random.uniform(_MARGIN, np.subtract(size, _MARGIN))
            tall = random.uniform(60, 140)
            truth.append(middle + random.normal(0, 1, (JOINTS, 2)) * [tall * 0.45, tall])
        workers = [
            [_nobody(random, size) for _ in range(people // 2)]
            if name == SPAMMER
            else _marked(random, truth, MARKINGS[name])
            for name in crew
        ]
        drawn_by = tuple(np.array(marked).reshape(-1, JOINTS, 3) for marked in workers)
        scenes.append(KeypointScene(size, np.array(truth), drawn_by))
    return scenes


def _nobody(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    places = random.uniform([0, 0], size) + random.normal(0, _OUTLIER, (JOINTS, 2))
    return np.concatenate([places, np.ones((JOINTS, 1))], 1)


def _marked(random: np.random.Generator, truth: Sequence[Floats], marking: Marking) -> list[Floats]:
    marked = []
    for person in truth:
        if random.random() < marking.missed:
            continue
        places = person + random.normal(0, marking.jitter, person.shape)
        if random.random() < marking.mirrored:
            places = places[MIRROR]
        astray = random.random(JOINTS) < marking.misplaced
        places[astray] += random.normal(0, _OUTLIER, (astray.sum(), 2))
        visible = (random.random(JOINTS) >= 0.05).astype(float)
        marked.append(np.concatenate([places, visible[:, None]], 1))
    return marked
