"""What workers marked in a sequence, and what a merge makes of it: frames, tracks and votes, of any geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps
from consolidation.kinds.attributes import Attributes
from consolidation.kinds.base import Support
from shared.json_node import Json

Shape = TypeVar("Shape")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Marks(Generic[Shape]):
    """What all workers marked in a sequence of F frames. P parts, by frame, then in an order that depends on content only.

    Attributes:
        frames: int64, shape (P,): place of the part's frame, in [0, F).
        workers: int64, shape (P,): index into the answers.
        tracks: int64, shape (P,): number of the worker's own track, which no other worker's has; `linking.NO_TRACK` for none. A track
            has at most one part in a frame.
        labels: P label categories.
        shapes: P shapes.
        attributes: P attributes.
        present: bool, shape (W, F): whether the worker's answer has the frame. A worker abstains where it has not.
    """

    frames: Ints
    workers: Ints
    tracks: Ints
    labels: Sequence[str]
    shapes: Sequence[Shape]
    attributes: Sequence[Attributes]
    present: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sighting(Generic[Shape]):
    """A thing in a frame.

    Attributes:
        frame: place of the frame.
        shape: fused.
        attributes: voted.
        members: the parts, ascending.
        support: who marked it, of those whose answers have the frame.
        existence: probability that it is there.
        confidence: probability that it is there and of the thing's category.
        accepted: whether it has a quorum.
    """

    frame: int
    shape: Shape
    attributes: dict[str, Json]
    members: tuple[int, ...]
    support: Support
    existence: float
    confidence: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Thing(Generic[Shape]):
    """A consensus track, or a single part where parts have no identity.

    Attributes:
        label: category with most votes, one vote for each worker who marked the thing: the category the worker gave it most often.
        sightings: by frame.
        support: who marked it; `share` is the votes' share over its frames (those with a quorum, if any has).
        confidence: probability that it is real and of its category.
        accepted: whether any of its sightings has a quorum.
        tied: whether the tie rule decided its category.
    """

    label: str
    sightings: tuple[Sighting[Shape], ...]
    support: Support
    confidence: float
    accepted: bool
    tied: bool


@dataclass(frozen=True, slots=True)
class MergedSequence(Generic[Shape]):
    """All things, and the pairs of parts that were taken for the same, with their likeness."""

    things: tuple[Thing[Shape], ...]
    matched: Overlaps
