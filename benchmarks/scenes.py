"""Seeded synthetic masks: things on a background, drawn by workers who move outlines, miss, invent and mistake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ClassMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Worker:
    """How a worker draws.

    Attributes:
        shift: standard deviation of a thing's place, pixels.
        wobble: standard deviation of its outline, pixels.
        missed, mistaken: chance to leave a thing out, to give it another category.
    """

    shift: float
    wobble: float
    missed: float
    mistaken: float


CROWD = (
    Worker(0.8, 1.0, 0.02, 0.02),
    Worker(1.5, 2.0, 0.05, 0.05),
    Worker(2.0, 3.0, 0.08, 0.06),
    Worker(4.0, 4.0, 0.15, 0.15),
    Worker(60.0, 20.0, 0.50, 0.80),
)
"""Two careful workers, one fair, one sloppy, one who hardly looks."""


def semantic_scene(
    seed: int, size: tuple[int, int] = (960, 1280), categories: int = 8, things: int = 40
) -> list[ClassMap]:
    """Class maps of the crowd.

    Args:
        seed: of everything.
        size: (height, width) in pixels.
        categories: 0 is background, 1 to `categories` are drawn.
        things: number of round things.

    Returns:
        One uint8 map per worker.
    """
    random = np.random.default_rng(seed)
    height, width = size
    outlines = [
        (
            random.uniform(0, width),
            random.uniform(0, height),
            random.uniform(15, 130),
            int(random.integers(1, categories + 1)),
        )
        for _ in range(things)
    ]
    return [_drawn(worker, outlines, size, categories, random) for worker in CROWD]


def _drawn(
    worker: Worker,
    outlines: list[tuple[float, float, float, int]],
    size: tuple[int, int],
    categories: int,
    random: np.random.Generator,
) -> ClassMap:
    canvas: ClassMap = np.zeros(size, np.uint8)
    for x, y, radius, category in outlines:
        if random.random() < worker.missed:
            continue
        named = int(random.integers(1, categories + 1)) if random.random() < worker.mistaken else category
        x_drawn, y_drawn = x + random.normal(0, worker.shift), y + random.normal(0, worker.shift)
        waves = random.normal(0, worker.wobble / 2, 6)
        phases = random.uniform(0, 2 * np.pi, 6)
        reach = int(radius + 6 * worker.wobble) + 2
        top, bottom = max(0, int(y_drawn) - reach), min(size[0], int(y_drawn) + reach)
        left, right = max(0, int(x_drawn) - reach), min(size[1], int(x_drawn) + reach)
        if top >= bottom or left >= right:
            continue
        rows, columns = np.mgrid[top:bottom, left:right]
        angle = np.arctan2(rows - y_drawn, columns - x_drawn)
        edge = radius + sum(
            wave * np.cos((turn + 2) * angle + phase)
            for turn, (wave, phase) in enumerate(zip(waves, phases, strict=True))
        )
        inside = np.hypot(rows - y_drawn, columns - x_drawn) <= edge
        canvas[top:bottom, left:right][inside] = named
    return canvas
