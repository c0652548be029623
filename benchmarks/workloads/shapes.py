"""Round things whose outline is a sum of waves around a centre, and how a worker draws one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.workloads.crowd import Floats, Profile

WAVES, DRAWN_WAVES = 7, 14
"""Waves of a thing's outline, and of the outline that a hand draws."""
ROUGHNESS = 0.16
_STEPS = 720
"""Directions in which an outline is tabled."""


@dataclass(frozen=True)
class Shape:
    """A thing.

    Attributes:
        x, y: of its centre, pixels.
        radius: mean radius, pixels.
        cosines, sines: float64, amplitudes of the waves 1, 2, ... around the centre, pixels.
    """

    x: float
    y: float
    radius: float
    cosines: Floats
    sines: Floats

    def reach(self, angles: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Distance of the outline from the centre in these directions, at least 2 pixels."""
        reach = np.full(angles.shape, self.radius, np.float32)
        for order, (cosine, sine) in enumerate(zip(self.cosines, self.sines, strict=True), start=1):
            reach += cosine * np.cos(order * angles) + sine * np.sin(order * angles)
        return np.maximum(reach, 2.0)

    def outline(self, vertices: int) -> npt.NDArray[np.float32]:
        """Its outline as a polygon: float32, shape (vertices, 2)."""
        angles = np.linspace(-np.pi, np.pi, vertices, endpoint=False, dtype=np.float32)
        reach = self.reach(angles)
        return np.stack([self.x + reach * np.cos(angles), self.y + reach * np.sin(angles)], 1)

    def window(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of an image that may hold its pixels."""
        extent = self.radius + float(np.abs(self.cosines).sum() + np.abs(self.sines).sum()) + 1
        rows = slice(max(0, int(self.y - extent)), min(height, int(self.y + extent) + 2))
        columns = slice(max(0, int(self.x - extent)), min(width, int(self.x + extent) + 2))
        return rows, columns

    def paint(self, canvas: npt.NDArray[np.uint8], value: int, least: int = 0) -> bool:
        """Give its pixels a value, unless they are fewer than `least`; whether they were painted."""
        rows, columns = self.window(*canvas.shape)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return least <= 0
        down = (np.arange(rows.start, rows.stop, dtype=np.float32) - self.y)[:, None]
        right = (np.arange(columns.start, columns.stop, dtype=np.float32) - self.x)[None, :]
        reach = self.reach(np.linspace(-np.pi, np.pi, _STEPS + 1, dtype=np.float32))
        direction = (np.arctan2(down, right) + np.float32(np.pi)) * np.float32(_STEPS / 2 / np.pi)
        place = np.clip(direction.astype(np.int32), 0, _STEPS)
        inside = (down * down + right * right) <= reach[place] ** 2
        if inside.sum() < least:
            return False
        canvas[rows, columns][inside] = value
        return True


def some_shape(random: np.random.Generator, size: tuple[int, int], smallest: float, largest: float) -> Shape:
    """A thing anywhere in an image.

    Args:
        random: asked for the radius, the centre and the waves, in this order.
        size: (height, width) of the image in pixels.
        smallest, largest: mean radius in pixels.
    """
    height, width = size
    radius = random.uniform(smallest, largest)
    amplitude = radius * ROUGHNESS / np.arange(1, WAVES + 1)
    return Shape(
        x=random.uniform(0.04 * width, 0.96 * width),
        y=random.uniform(0.04 * height, 0.96 * height),
        radius=radius,
        cosines=random.normal(0, 1, WAVES) * amplitude,
        sines=random.normal(0, 1, WAVES) * amplitude,
    )


def drawn(random: np.random.Generator, shape: Shape, profile: Profile) -> Shape:
    """A worker's drawing of a thing: moved, drawn too large or too small all around, with a smooth unsteady line."""
    amplitude = profile.jitter / np.sqrt(DRAWN_WAVES) * np.ones(DRAWN_WAVES)
    finer = DRAWN_WAVES - WAVES
    return Shape(
        x=shape.x + random.normal(0, profile.shift),
        y=shape.y + random.normal(0, profile.shift),
        radius=max(3.0, shape.radius + profile.bias + random.normal(0, profile.jitter * 0.4)),
        cosines=np.pad(shape.cosines, (0, finer)) + random.normal(0, 1, DRAWN_WAVES) * amplitude,
        sines=np.pad(shape.sines, (0, finer)) + random.normal(0, 1, DRAWN_WAVES) * amplitude,
    )
