"""Boxes drawn by a crew that sees every image, or by workers drawn from a pool for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.workloads.crowd import FIVE, PAIRED, PROFILES, SPAMMER, Categories, Floats, Profile, paired

POOL = ("expert",) * 4 + ("good",) * 6 + ("loose",) * 3 + ("tight",) * 2 + ("sloppy",) * 5 + (SPAMMER,) * 5
_HARD, _HARDER = 0.15, 3.0
"""Share of the things that are hard, and how much more often these are missed and mistaken."""
_MOST_IOU = 0.55
"""No two things overlap as much."""
_TYPICAL = 60.0
"""Side in pixels of a box that is drawn as exactly as a profile says; errors grow with the side."""


@dataclass(frozen=True)
class Boxes:
    """Boxes with their categories.

    Attributes:
        edges: float64, shape (n, 4): left, top, right, bottom in pixels.
        categories: int64, shape (n,).
    """

    edges: Floats
    categories: Categories


@dataclass(frozen=True)
class BoxScene:
    """One image: its (width, height), the truth, and what each worker drew, by the worker's number."""

    size: tuple[int, int]
    truth: Boxes
    drawn: dict[int, Boxes]


def box_scenes(
    seed: int,
    images: int = 200,
    things: int = 30,
    size: tuple[int, int] = (1280, 960),
    categories: int = 5,
    crew: Sequence[str] = FIVE,
    of_pool: int | None = None,
    sides: tuple[float, float] = (24, 220),
) -> list[BoxScene]:
    """Boxes in `images` images.

    Args:
        seed: of everything; each image depends on it and on its own number alone.
        images, things: how many images, and things in each.
        size: (width, height) in pixels.
        categories: how many there are.
        crew: profiles of the workers.
        of_pool: how many of the crew see an image, drawn at random; None for all.
        sides: least and largest side of a thing, in pixels.
    """
    scenes = []
    for image in range(images):
        random = np.random.default_rng([seed, 33, image])
        edges = _apart(_some_boxes(random, 2 * things, size, sides), things)
        truth = Boxes(edges, random.integers(0, categories, len(edges)))
        hard = random.random(len(edges)) < _HARD
        workers = list(range(len(crew)))
        if of_pool is not None:
            workers = sorted(random.choice(len(crew), of_pool, replace=False).tolist())
        drawn = {}
        for worker in workers:
            name = crew[worker]
            if name == SPAMMER:
                count = random.poisson(things * 0.7)
                anywhere = _some_boxes(random, count, size, sides)
                drawn[worker] = Boxes(anywhere, random.integers(0, categories, count))
            else:
                seen = _seen(random, truth, hard, PROFILES[name], size, categories)
                drawn[worker] = _with_inventions(
                    random, seen, things, PROFILES[name], size, categories, sides
                )
        scenes.append(BoxScene(size, truth, drawn))
    return scenes


def iou(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of every box with every other: shape (P, Q)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.maximum(high - low, 0)
    shared = sides[..., 0] * sides[..., 1]
    area, other_area = ((some[:, 2] - some[:, 0]) * (some[:, 3] - some[:, 1]) for some in (boxes, others))
    found: Floats = shared / np.maximum(area[:, None] + other_area[None, :] - shared, 1e-9)
    return found


def _some_boxes(
    random: np.random.Generator, count: int, size: tuple[int, int], sides: tuple[float, float]
) -> Floats:
    """Boxes inside the image: sides spread evenly by their logarithm, most of them not far from square."""
    width, height = size
    side = np.exp(random.uniform(np.log(sides[0]), np.log(sides[1]), count))
    aspect = np.exp(random.normal(0, 0.35, count))
    wide, high = side * np.sqrt(aspect), side / np.sqrt(aspect)
    x, y = random.uniform(wide / 2, width - wide / 2), random.uniform(high / 2, height - high / 2)
    return np.stack([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], 1)


def _apart(boxes: Floats, most: int) -> Floats:
    """The first boxes that overlap none before them too much."""
    kept: list[int] = []
    for place in range(len(boxes)):
        if len(kept) >= most:
            break
        if not kept or iou(boxes[place : place + 1], boxes[kept]).max() < _MOST_IOU:
            kept.append(place)
    return boxes[kept]


def _seen(
    random: np.random.Generator,
    truth: Boxes,
    hard: npt.NDArray[np.bool_],
    profile: Profile,
    size: tuple[int, int],
    categories: int,
) -> Boxes:
    """A worker's boxes of the things that the worker does not miss."""
    harder = np.where(hard, _HARDER, 1.0)
    seen = random.random(len(truth.edges)) >= profile.missed * harder
    edges = _moved(random, truth.edges[seen], profile, size)
    named = truth.categories[seen].copy()
    wrong = random.random(len(named)) < profile.mistaken * harder[seen]
    count = int(wrong.sum())
    usual = random.random(count) < PAIRED
    named[wrong] = np.where(usual, paired(named[wrong], categories), random.integers(0, categories, count))
    return Boxes(edges, named)


def _with_inventions(
    random: np.random.Generator,
    seen: Boxes,
    things: int,
    profile: Profile,
    size: tuple[int, int],
    categories: int,
    sides: tuple[float, float],
) -> Boxes:
    """The boxes, and some of things that are not there, in any order."""
    count = random.binomial(things, profile.invented)
    edges = np.concatenate([seen.edges, _some_boxes(random, count, size, sides)])
    named = np.concatenate([seen.categories, random.integers(0, categories, count)])
    order = random.permutation(len(edges))
    return Boxes(edges[order], named[order])


def _moved(random: np.random.Generator, edges: Floats, profile: Profile, size: tuple[int, int]) -> Floats:
    """Boxes as a worker draws them: centre moved, sides biased and unsteady, cut at the image's border."""
    count = len(edges)
    sides = edges[:, 2:] - edges[:, :2]
    scale = np.sqrt(sides.prod(1, keepdims=True)) / _TYPICAL
    centre = (edges[:, :2] + edges[:, 2:]) / 2 + random.normal(0, profile.shift, (count, 2)) * scale
    half = np.maximum(sides / 2 + (profile.bias + random.normal(0, profile.jitter, (count, 2))) * scale, 2)
    moved: Floats = np.concatenate([centre - half, centre + half], 1)
    moved[:, 0::2] = np.clip(moved[:, 0::2], 0, size[0])
    moved[:, 1::2] = np.clip(moved[:, 1::2], 0, size[1])
    return moved
