"""Workers as all the drawn work has them: how far they move, miss, mistake and invent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Categories = npt.NDArray[np.int64]
PAIRED = 0.7
"""How often a mistaken category is the one that it is paired with; else any."""


@dataclass(frozen=True)
class Profile:
    """How a kind of worker draws.

    Attributes:
        jitter: standard deviation of the outline, pixels.
        bias: by how much all is drawn too large, pixels.
        shift: standard deviation of the place, pixels.
        missed, mistaken: chance to leave a thing out, to name another category.
        invented: things drawn that are not there, as a share of those that are.
    """

    jitter: float
    bias: float
    shift: float
    missed: float
    mistaken: float
    invented: float


SPAMMER = "spammer"
PROFILES = {
    "expert": Profile(jitter=1.2, bias=0.0, shift=0.8, missed=0.02, mistaken=0.02, invented=0.01),
    "good": Profile(jitter=2.0, bias=1.0, shift=1.5, missed=0.05, mistaken=0.05, invented=0.03),
    "loose": Profile(jitter=2.5, bias=4.0, shift=2.0, missed=0.06, mistaken=0.06, invented=0.04),
    "tight": Profile(jitter=2.5, bias=-3.0, shift=2.0, missed=0.10, mistaken=0.08, invented=0.03),
    "sloppy": Profile(jitter=5.0, bias=2.0, shift=5.0, missed=0.18, mistaken=0.18, invented=0.10),
}
"""Honest workers. A spammer draws half as many things as there are, anywhere, of any category."""
FIVE = ("expert", "good", "loose", "sloppy", SPAMMER)
TEN = (
    "expert", "expert", "good", "good", "loose", "tight", "loose", "sloppy", "sloppy", SPAMMER,
)  # fmt: skip


def paired(category: Any, count: int) -> Any:
    """The category that each is most often mistaken for, among `count`: 0 and 1, 2 and 3, ...; one left over is taken for 0."""
    other = np.asarray(category) ^ 1
    return np.where(other < count, other, 0)


def mistaken(random: np.random.Generator, category: int, count: int, first: int = 0) -> int:
    """What a worker who is mistaken calls a thing: one of the categories from `first` up to `count`."""
    if random.random() < PAIRED:
        return int(paired(category - first, count - first)) + first
    return int(random.integers(first, count))
