"""Masks: a category for every pixel, and things told apart, each drawn by a crew of workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.workloads.crowd import FIVE, PROFILES, SPAMMER, Categories, mistaken
from benchmarks.workloads.shapes import Shape, drawn, some_shape

Map = npt.NDArray[np.uint8]
Thing = tuple[Shape, int]
"""A shape and its category."""
_LEAST_PIXELS = 30
"""An instance with fewer is no instance."""


@dataclass(frozen=True)
class SemanticScene:
    """One image.

    Attributes:
        truth: uint8, shape (H, X): category of each pixel, 0 is background.
        maps: uint8, shape (N, H, X): what each worker says.
        categories: how many there are, background among them.
    """

    truth: Map
    maps: Map
    categories: int


@dataclass(frozen=True)
class Instances:
    """Things told apart.

    Attributes:
        numbers: uint8, shape (H, X): which thing a pixel belongs to, from 1; 0 is background.
        categories: int64, shape (things + 1,): category of each number; -1 for background.
    """

    numbers: Map
    categories: Categories


@dataclass(frozen=True)
class InstanceScene:
    """One image: the truth, and what each worker drew."""

    truth: Instances
    drawn: tuple[Instances, ...]


def semantic_scene(
    seed: int,
    size: tuple[int, int] = (960, 1280),
    categories: int = 8,
    things: int = 40,
    crew: Sequence[str] = FIVE,
) -> SemanticScene:
    """Round things on a background; later ones lie on earlier ones.

    Args:
        seed: of everything.
        size: (height, width) in pixels.
        categories: background among them.
        things: in the image. A spammer draws half as many, anywhere.
        crew: profiles of the workers.
    """
    random = np.random.default_rng([seed, 11])
    largest = 0.14 * min(size)

    def some(smallest: float, biggest: float) -> Thing:
        return some_shape(random, size, smallest * largest, biggest * largest), int(
            random.integers(1, categories)
        )

    truth = [some(0.25, 1.0) for _ in range(things)]
    maps = np.zeros((len(crew), *size), np.uint8)
    for canvas, name in zip(maps, crew, strict=True):
        for shape, category in _seen(
            random, truth, name, categories, 1, lambda: some(0.25, 1.0), lambda: some(0.2, 0.5)
        ):
            shape.paint(canvas, category)
    painted = np.zeros(size, np.uint8)
    for shape, category in truth:
        shape.paint(painted, category)
    return SemanticScene(painted, maps, categories)


def instance_scenes(
    seed: int,
    images: int = 20,
    size: tuple[int, int] = (480, 640),
    categories: int = 5,
    things: int = 12,
    crew: Sequence[str] = FIVE,
) -> list[InstanceScene]:
    """Things told apart, in `images` images; arguments as for `semantic_scene`, but that no category is background."""
    largest = 0.11 * min(size)
    scenes = []
    for image in range(images):
        random = np.random.default_rng([seed, 22, image])

        def some(biggest: float, random: np.random.Generator = random) -> Thing:
            return some_shape(random, size, 0.4 * largest, biggest * largest), int(
                random.integers(0, categories)
            )

        truth = [some(1.0) for _ in range(things)]
        workers = [
            _told_apart(_seen(random, truth, name, categories, 0, lambda: some(1.0), lambda: some(0.8)), size)
            for name in crew
        ]
        scenes.append(InstanceScene(_told_apart(truth, size), tuple(workers)))
    return scenes


def _seen(
    random: np.random.Generator,
    truth: Sequence[Thing],
    name: str,
    categories: int,
    first: int,
    anything: Callable[[], Thing],
    invented: Callable[[], Thing],
) -> list[Thing]:
    """What a worker draws of the things that are there, and beyond them.

    Args:
        random: also behind `anything`, which a spammer draws, and `invented`, which others add.
        truth: what is there.
        name: of the worker's profile.
        categories, first: categories run from `first` up to `categories`.
    """
    if name == SPAMMER:
        return [anything() for _ in range(len(truth) // 2)]
    profile = PROFILES[name]
    seen = []
    for shape, category in truth:
        if random.random() < profile.missed:
            continue
        wrong = random.random() < profile.mistaken
        named = mistaken(random, category, categories, first) if wrong else category
        seen.append((drawn(random, shape, profile), named))
    return seen + [invented() for _ in range(random.binomial(len(truth), profile.invented))]


def _told_apart(things: Sequence[Thing], size: tuple[int, int]) -> Instances:
    """Things painted one on the other; those too small, or hidden by later ones, are left out."""
    numbers = np.zeros(size, np.uint8)
    categories = [-1]
    for shape, category in things:
        if shape.paint(numbers, len(categories), _LEAST_PIXELS):
            categories.append(category)
    pixels = np.bincount(numbers.ravel(), minlength=len(categories))
    kept = [number for number in range(1, len(categories)) if pixels[number] >= _LEAST_PIXELS]
    renumbered = np.zeros(256, np.uint8)
    renumbered[kept] = np.arange(1, len(kept) + 1)
    return Instances(renumbered[numbers], np.array([-1, *(categories[number] for number in kept)]))
