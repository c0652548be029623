"""Seeded synthetic curves, such as lanes or vessels, drawn by workers who jitter, turn them round, end early, miss and invent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]
"""float64, shape (n, 2): x and y of its vertices in pixels."""


@dataclass(frozen=True)
class Tracer:
    """How a worker draws curves.

    Attributes:
        jitter: standard deviation of a vertex, pixels.
        vertices: least and most vertices of a drawing.
        cut: chance to end early, at either end, by up to a quarter of the curve.
        missed, mistaken, gross: chance to leave a curve out, to give it another category, to lead it astray half-way.
        invented: curves per image that are not there.
    """

    jitter: float
    vertices: tuple[int, int]
    cut: float
    missed: float
    mistaken: float
    gross: float
    invented: float


TRACERS = (
    Tracer(1.5, (12, 24), 0.05, 0.03, 0.02, 0.00, 0.1),
    Tracer(2.5, (8, 16), 0.10, 0.05, 0.05, 0.02, 0.2),
    Tracer(4.0, (8, 20), 0.15, 0.08, 0.06, 0.05, 0.3),
    Tracer(7.0, (6, 12), 0.25, 0.15, 0.15, 0.10, 0.5),
)
"""Two careful workers, one fair, one sloppy."""


@dataclass(frozen=True)
class CurveScene:
    """One image.

    Attributes:
        size: (width, height) in pixels.
        truth: each curve with its category.
        drawn: for each worker, each drawing with its category.
    """

    size: tuple[int, int]
    truth: list[tuple[Curve, int]]
    drawn: list[list[tuple[Curve, int]]]


def curve_scene(
    seed: int,
    size: tuple[int, int] = (1280, 960),
    curves: int = 8,
    categories: int = 3,
    tracers: tuple[Tracer, ...] = TRACERS,
) -> CurveScene:
    """Curves of an image, and the drawings of some workers. `seed` decides everything."""
    random = np.random.default_rng([seed, 7])
    truth = [(_wandering(size, random), int(random.integers(categories))) for _ in range(curves)]
    drawn = []
    for tracer in tracers:
        drawings = []
        for curve, category in truth:
            if random.random() < tracer.missed:
                continue
            named = int(random.integers(categories)) if random.random() < tracer.mistaken else category
            drawings.append((_traced(curve, tracer, size, random), named))
        drawings += [
            (_traced(_wandering(size, random), tracer, size, random), int(random.integers(categories)))
            for _ in range(random.poisson(tracer.invented))
        ]
        drawn.append(drawings)
    return CurveScene(size, truth, drawn)


def _wandering(size: tuple[int, int], random: np.random.Generator) -> Curve:
    """A smooth curve of 250 to 700 pixels within the image."""
    steps = int(random.integers(125, 350))
    while True:
        bend = np.convolve(random.normal(0, 0.12, steps + 40), np.ones(41) / 41, mode="valid")[:steps]
        heading = random.uniform(0, 2 * np.pi) + np.cumsum(bend)
        curve: Curve = random.uniform(0, size, 2) + np.cumsum(
            2.0 * np.column_stack([np.cos(heading), np.sin(heading)]), axis=0
        )
        if (curve >= 0).all() and (curve <= size).all():
            return curve


def _traced(curve: Curve, tracer: Tracer, size: tuple[int, int], random: np.random.Generator) -> Curve:
    ends = [random.uniform(0, 0.25) if random.random() < tracer.cut else 0.0 for _ in range(2)]
    count = int(random.integers(tracer.vertices[0], tracer.vertices[1] + 1))
    shares = np.linspace(ends[0], 1 - ends[1], count)
    shares[1:-1] += random.normal(0, 0.2 / count, count - 2)
    drawn = curve[np.round(np.sort(shares).clip(0, 1) * (len(curve) - 1)).astype(int)]
    drawn = drawn + random.normal(0, tracer.jitter, drawn.shape)
    if random.random() < tracer.gross:
        drawn[count // 2 :] += random.uniform(-60, 60, 2)
    clipped: Curve = drawn.clip(0, size)
    return clipped[::-1] if random.random() < 0.4 else clipped
