"""Cuboids of point clouds in Ground Truth's JSON: reading, fusing the clusters of many, writing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.cuboids import LENGTH, ROLL, YAW, Cuboids
from consolidation.estimation.headings import fuse, on_circle
from consolidation.estimation.medians import weighted_medians
from consolidation.kinds.attributes import Attributes
from consolidation.kinds.base import Task, text_within
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Floats = npt.NDArray[np.float64]
_MEMBERS = ("center-x", "center-y", "center-z", "length", "width", "height", "roll", "pitch", "yaw")
_NEEDED = _MEMBERS[:ROLL]
_DIGITS = 6
"""Decimals kept of what is no worker's own number: micrometres and microradians."""
_REACH, _LEAST, _MOST, _TURNS = 1e9, 1e-6, 1e6, 100.0
"""Farthest centre, least and largest size in metres, largest angle in radians: no volume overflows or vanishes."""


@dataclass(frozen=True, slots=True)
class CuboidShapes:
    """Geometry of cuboids and what workers say of them.

    Attributes:
        cuboids: float64, shape (P, 9), as in `estimation.cuboids`.
        attributes: P times the label-category attributes.
    """

    cuboids: Cuboids
    attributes: tuple[Attributes, ...]


def is_cuboid(value: Json) -> bool:
    """Whether it has a cuboid's members. Never raises."""
    return isinstance(value, dict) and all(member in value for member in _NEEDED)


def read_cuboid(node: JsonNode) -> tuple[float, ...]:
    """The nine numbers of a cuboid; angles that are missing are 0, all are brought to (-pi, pi].

    Raises:
        AnswerError: a number is missing or out of range.
    """
    numbers = [
        *(_number(node, member, -_REACH, _REACH) for member in _MEMBERS[:LENGTH]),
        *(_number(node, member, _LEAST, _MOST) for member in _MEMBERS[LENGTH:ROLL]),
        *(_number(node, member, -_TURNS, _TURNS, missing=0.0) for member in _MEMBERS[ROLL:]),
    ]
    if all(-math.pi < angle <= math.pi for angle in numbers[ROLL:]):
        return tuple(numbers)
    return (*numbers[:ROLL], *on_circle(np.array(numbers[ROLL:])).tolist())


def _number(node: JsonNode, member: str, least: float, most: float, missing: float | None = None) -> float:
    """A member in [least, most]. Most are as they should be: only the others are worth a path for their error."""
    value: Any = node.object().get(member, missing)
    if type(value) in {int, float} and least <= value <= most:
        return float(value)
    if value is None and missing is not None:
        return missing
    return float(node[member].number(least=least, most=most))


def read_category(node: JsonNode, names: Mapping[str, str], limits: Limits) -> str | int:
    """The category of an annotation: its `label`, `class-name` or the name before the number in `object-name`, else its `class-id`.

    Args:
        node: the annotation.
        names: by class id, as far as the answer says.
        limits: of the job.

    Returns:
        The name; the class id where only that is known: then it is a place among the job's label categories.

    Raises:
        AnswerError: there is none of them.
    """
    for member in ("label", "class-name"):
        if (named := node.get(member)) is not None:
            return text_within(named, limits)
    if (named := node.get("object-name")) is not None:
        name = text_within(named, limits)
        before, _, behind = name.rpartition(":")
        return before if before and behind.isdigit() else name
    if (number_node := node.get("class-id")) is None:
        raise node.fail("has no label, class-name, object-name or class-id")
    if isinstance(number_node.value, str) and number_node.value.isascii() and number_node.value.isdigit():
        number_node = JsonNode(int(number_node.value[:9]), number_node.path, number_node.error)
    number = number_node.integer(least=0, most=_REACH)
    return names.get(str(number), number)


def named_category(category: str | int, task: Task) -> str:
    """The name of a category of which an answer may have given only the place among the job's label categories."""
    if isinstance(category, str):
        return category
    known = task.label_categories
    return known[category] if category < len(known) else str(category)


def fuse_clusters(
    cuboids: Cuboids,
    weights: Floats,
    skill: Floats,
    clusters: Sequence[Sequence[int]],
    median: Callable[[Floats, Floats], Floats] = weighted_medians,
) -> tuple[Cuboids, npt.NDArray[np.bool_]]:
    """One cuboid for each cluster of parts, and whether the tie rule decided its heading.

    A number that is no member's own is kept to the micrometre or microradian. Clusters of one size are fused together.

    Args:
        cuboids: float64, shape (P, 9).
        weights, skill: float64, shape (P,), of each part's worker.
        clusters: C lists of parts, none empty.
        median: as of `headings.fuse`.

    Returns:
        float64, shape (C, 9), and bool, shape (C,).
    """
    fused, tied = np.zeros((len(clusters), len(_MEMBERS))), np.zeros(len(clusters), bool)
    by_size: defaultdict[int, list[int]] = defaultdict(list)
    for place, members in enumerate(clusters):
        by_size[len(members)].append(place)
    for places in by_size.values():
        grouped = np.array([clusters[place] for place in places], dtype=np.int64)
        made, tied[places] = fuse(cuboids[grouped], weights[grouped], skill[grouped], median)
        own = (cuboids[grouped] == made[:, None, :]).any(axis=1)
        short = np.round(made, _DIGITS)
        short[:, ROLL : YAW + 1] = on_circle(short[:, ROLL : YAW + 1])
        fused[places] = np.where(own, made, short)
    return fused, tied


def written_cuboid(cuboid: Sequence[float]) -> dict[str, Any]:
    """The nine numbers under Ground Truth's names."""
    return dict(zip(_MEMBERS, cuboid, strict=True))
