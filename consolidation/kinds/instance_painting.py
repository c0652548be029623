"""Instances painted: which instance every pixel belongs to, once it is decided which instances there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Patterns
from consolidation.estimation.pixel_smoothing import smooth_outlines
from consolidation.estimation.regions import bounding_boxes
from consolidation.kinds.part_columns import Part
from consolidation.kinds.parts import Decision, Layout


@dataclass(frozen=True, slots=True)
class InstancePart(Part):
    """A part that is an instance: its number in the worker's map and its pixels."""

    number: int
    pixels: int


@dataclass(frozen=True, slots=True)
class MergedInstance:
    """A decision with its mask.

    Attributes:
        decision: what became of the cluster.
        layer: which map of the merged value holds its pixels.
        value: its value in that map.
        pixels: its pixels there.
        box: left, top, width, height in pixels.
    """

    decision: Decision
    layer: int
    value: int
    pixels: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class MergedInstances:
    """The fused instances.

    Attributes:
        layers: uint8 or uint16 maps, shape (H, X), 0 is background. The first is the label; candidates lie on the following ones, as
            many as their overlaps need.
        labels, candidates: what the layers' values mean.
    """

    layers: tuple[npt.NDArray[np.unsignedinteger[Any]], ...]
    labels: tuple[MergedInstance, ...]
    candidates: tuple[MergedInstance, ...]


Shapes: TypeAlias = tuple[Patterns, list[InstancePart]]


_SMOOTHED = 1 << 22
"""Most cells (patterns times instances) of a table of votes for smoothing. Drawings make a hundredth of that; noise is not smoothed."""


def paint_instances(
    layout: Layout[Shapes], decisions: Sequence[Decision], weights: Sequence[float], *, smooth: bool
) -> tuple[MergedInstances, list[Decision]]:
    """Fuse each cluster and lay the masks on layers. An accepted one that no pixel is left for becomes a candidate.

    Args:
        layout: of all parts. decisions: on its clusters.
        weights: what each worker's pixels count for, >= 0.
        smooth: whether disputed pixels at outlines are decided with their neighbours (`estimation.pixel_smoothing`).

    Time O(patterns * parts + pixels * layers); memory 1 or 2 bytes per pixel and layer, and smoothing 20 bytes per pattern and instance.
    """
    patterns, parts = layout.shapes
    accepted = [place for place, made in enumerate(decisions) if made.accepted]
    owner = _owners(patterns, [decisions[place] for place in accepted], parts, weights)
    if smooth and accepted and len(patterns.table) * len(accepted) <= _SMOOTHED:
        shares = _shares(patterns, [decisions[place] for place in accepted], parts, weights)
        smoothed = smooth_outlines(patterns, shares, owner)
        patterns, owner = smoothed.patterns, smoothed.best
    pixels = np.bincount(owner, weights=patterns.pixels, minlength=len(accepted) + 1).astype(np.int64)
    standing = [place for value, place in enumerate(accepted, start=1) if pixels[value]]
    renumber = np.zeros(len(accepted) + 1, np.int64)
    renumber[[value for value in range(1, len(accepted) + 1) if pixels[value]]] = np.arange(
        1, len(standing) + 1
    )
    final = [
        made if place in set(standing) else made._replace(accepted=False)
        for place, made in enumerate(decisions)
    ]
    layers = [renumber[owner]]
    spots = {place: (0, value) for value, place in enumerate(standing, start=1)}
    for place, made in enumerate(final):
        if not made.accepted:
            claim, total = _claim(patterns, made, parts, weights)
            spots[place] = _lay(layers, claim * 2 > total)
    return _merged(patterns, layers, spots, final), final


def _claim(
    patterns: Patterns, made: Decision, parts: Sequence[InstancePart], weights: Sequence[float]
) -> tuple[npt.NDArray[np.float64], float]:
    """float64, shape (U,): votes for each pattern to belong to the cluster; and all votes, a hair more, lest half be more than half."""
    claim = np.zeros(len(patterns.table))
    total = 0.0
    for member in made.members:
        part = parts[member]
        claim += weights[part.worker] * (patterns.table[:, part.worker] == part.number)
        total += weights[part.worker]
    return claim, total * (1 + 1e-9)


def _owners(
    patterns: Patterns, accepted: Sequence[Decision], parts: Sequence[InstancePart], weights: Sequence[float]
) -> npt.NDArray[np.int64]:
    """int64, shape (U,): 1 + the instance that most votes claim each pattern for, of those that more than half of their own do; else 0."""
    owner = np.zeros(len(patterns.table), np.int64)
    strongest = np.zeros(len(patterns.table))
    for value, made in enumerate(accepted, start=1):
        claim, total = _claim(patterns, made, parts, weights)
        ahead = (claim * 2 > total) & (claim > strongest)
        owner[ahead], strongest[ahead] = value, claim[ahead]
    return owner


def _shares(
    patterns: Patterns, accepted: Sequence[Decision], parts: Sequence[InstancePart], weights: Sequence[float]
) -> npt.NDArray[np.float64]:
    """float64, shape (U, n + 1): share of each instance's votes that claim a pattern, and first, what the highest lacks to all."""
    shares = np.zeros((len(patterns.table), len(accepted) + 1))
    for value, made in enumerate(accepted, start=1):
        claim, total = _claim(patterns, made, parts, weights)
        shares[:, value] = claim / total
    shares[:, 0] = 1 - shares[:, 1:].max(axis=1)
    return shares


def _lay(layers: list[npt.NDArray[np.int64]], covered: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Put a candidate on the first layer behind the label where it overlaps nothing; returns (layer, value)."""
    for number in range(1, len(layers)):
        if not layers[number][covered].any():
            break
    else:
        number = len(layers)
        layers.append(np.zeros(len(covered), np.int64))
    value = int(layers[number].max()) + 1
    layers[number][covered] = value
    return number, value


def _merged(
    patterns: Patterns,
    layers: Sequence[npt.NDArray[np.int64]],
    spots: dict[int, tuple[int, int]],
    decisions: Sequence[Decision],
) -> MergedInstances:
    maps: list[npt.NDArray[np.unsignedinteger[Any]]] = [
        patterns.paint(layer.astype(np.uint8))
        if layer.max() < 256
        else patterns.paint(layer.astype(np.uint16))
        for layer in layers
    ]
    boxes = [
        bounding_boxes(painted, int(layer.max()) + 1) for painted, layer in zip(maps, layers, strict=True)
    ]
    counts = [np.bincount(layer, weights=patterns.pixels).astype(np.int64) for layer in layers]
    made = {
        place: MergedInstance(
            decisions[place], layer, value, int(counts[layer][value]), tuple(boxes[layer][value].tolist())
        )
        for place, (layer, value) in sorted(spots.items())
    }
    return MergedInstances(
        layers=tuple(maps),
        labels=tuple(instance for instance in made.values() if instance.decision.accepted),
        candidates=tuple(instance for instance in made.values() if not instance.decision.accepted),
    )
