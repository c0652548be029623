"""Labels made of parts on an image: what is merged, and how it is written. What a part looks like is left to the kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from consolidation.kinds.base import Answer, class_map, probability
from consolidation.kinds.parts import Decision, ImageSize
from shared.json_node import Json


class Decided(Protocol):
    """A merged part: a decision, with the geometry that a kind makes of its members."""

    @property
    def decision(self) -> Decision:
        """What became of the cluster."""


MergedPart = TypeVar("MergedPart", bound=Decided)


@dataclass(frozen=True, slots=True)
class MergedParts(Generic[MergedPart]):
    """All parts of a label.

    Attributes:
        size: (width, height) of the image in pixels, or None where no answer says it.
        categories: label categories; their places are the class ids.
        labels: parts with a quorum.
        candidates: parts without.
    """

    size: ImageSize | None
    categories: tuple[str, ...]
    labels: tuple[MergedPart, ...]
    candidates: tuple[MergedPart, ...]

    @classmethod
    def of(
        cls, size: ImageSize | None, categories: tuple[str, ...], merged: Sequence[MergedPart]
    ) -> MergedParts[MergedPart]:
        """Sort the parts into labels and candidates, each in the order given."""
        return cls(
            size=size,
            categories=categories,
            labels=tuple(part for part in merged if part.decision.accepted),
            candidates=tuple(part for part in merged if not part.decision.accepted),
        )

    def to_wire(self, written: Callable[[MergedPart], dict[str, Any]]) -> dict[str, Json]:
        """`image_size` and `annotations` as built-in jobs have them, with `class-map` and `candidates`.

        Args:
            written: a part as the label has it.
        """
        everything = (*self.labels, *self.candidates)
        return {
            "image_size": [{"width": self.size[0], "height": self.size[1]}] if self.size else [],
            "annotations": [written(part) for part in self.labels],
            "class-map": class_map(self.categories, (part.decision.label for part in everything)),
            "candidates": [written(part) for part in self.candidates],
        }


def written_part(
    decision: Decision, categories: Sequence[str], shape: Mapping[str, Json], *, single: bool
) -> dict[str, Any]:
    """A part as the label has it: class id and name, its shape, confidence (null for a single worker) and support."""
    return {
        "class_id": categories.index(decision.label),
        "class-name": decision.label,
        **shape,
        "confidence": None if single else probability(decision.confidence),
        "support": decision.support.to_wire(),
    }


def written_point(x: float, y: float) -> dict[str, Json]:
    """A place in pixels; whole numbers as integers."""
    return {"x": int(x) if x == int(x) else x, "y": int(y) if y == int(y) else y}


def image_diagonal(answers: Sequence[Answer], places: npt.NDArray[np.float64]) -> float:
    """The diagonal of the image in pixels, at least 1.

    Args:
        answers: their values have a `size`.
        places: float64, shape (n, 2): x and y of all that is drawn. Where no answer gives a size, that of the smallest image that holds
            it is taken.
    """
    sizes = [answer.value.size for answer in answers if answer.value.size is not None]
    if sizes:
        return math.hypot(*max(sizes))
    return max(math.hypot(*np.abs(places).max(axis=0, initial=0)), 1.0)
