"""Instance masks: things told apart by colour, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Overlaps
from consolidation.estimation.patterns import Patterns, pair_counts
from consolidation.estimation.regions import bounding_boxes
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
    probability,
    text_within,
)
from consolidation.kinds.masks import meaning_patterns, number_colours, parse_mask
from consolidation.kinds.parts import (
    Decision,
    ImageSize,
    Layout,
    Part,
    PartsKind,
    agree_on_size,
    consensus_of,
    decide,
)
from consolidation.mask_png import Colour, ColourMap, encode_mask, parse_colour
from consolidation.palette import BACKGROUND, hex_colour, palette_colour
from shared.json_node import Json, JsonNode
from shared.settings import Limits


@dataclass(frozen=True, slots=True)
class InstanceAnswer:
    """One worker's instances.

    Attributes:
        size: (width, height) in pixels.
        colour_map: the decoded PNG.
        numbers: uint16, shape (colours,): instance of each colour of the map, from 1; 0 for background.
        labels: label category of each instance, by number; the first entry stands for background.
        pixels: int64, shape (instances + 1,): pixels of each number.
        faults: (JSON path, reason) of what could not be counted.
    """

    size: ImageSize
    colour_map: ColourMap
    numbers: npt.NDArray[np.uint16]
    labels: tuple[str, ...]
    pixels: npt.NDArray[np.int64]
    faults: tuple[tuple[str, str], ...] = ()


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


class InstanceMaskKind(PartsKind[Shapes]):
    """Instance masks: `crowd-instance-segmentation`.

    Recognised: an object with an array `instances` and a `labeledImage`.
    Matched: across workers by mean mask IoU (setting `iou-threshold`, per kind or category), same category first, then any; at most one
    instance per worker in a cluster. An instance is the pixels of its colour; one without a pixel is rejected.
    Fused: a pixel belongs to the instance when more than half of the votes of those who marked the instance cover it (two workers: what
    both cover). A pixel claimed by several instances goes to the one with most votes for it.
    Quorum: an instance marked by more than `quorum` of the votes is a label; the others are kept, with their masks, under `candidates`.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names. Tie (of claims to a pixel): the
    instance that comes first; instances are ordered by category, then from large to small.
    Single worker: the worker's instances, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last
    answer counts. Another image size than most workers': the answer is rejected.
    Confidence and agreement: as for boxes, with mask IoU.
    Time O(pixels * W) to code and paint, O(patterns * instances) to fuse; memory about 4 bytes per pixel beside the W maps.
    """

    name: ClassVar[str] = "instance-mask"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return (
            isinstance(element, dict)
            and isinstance(element.get("instances"), list)
            and isinstance(element.get("labeledImage"), dict)
        )

    def parse(self, element: JsonNode, limits: Limits) -> InstanceAnswer:
        """Decode the PNG and tell its instances apart; an instance that cannot be found in it is a fault of its own."""
        listed = element["instances"]
        check_count(listed, len(listed.array()), "has {} instances", limits.parts, "limits.parts")
        labels, numbers, faults = [""], dict[Colour, int](), list[tuple[str, str]]()
        paths = [""]
        for node in listed.elements():
            label = text_within(node["label"], limits)
            colour = parse_colour(node["color"].string())
            if colour in numbers:
                faults.append((node.path, f"has the colour {hex_colour(colour)} of another instance"))
                continue
            numbers[colour] = len(labels)
            labels.append(label)
            paths.append(node.path)
        size, colour_map = parse_mask(element, limits)
        number, counts, strays = number_colours(colour_map, numbers)
        pixels = np.array([counts.get(place, 0) for place in range(len(labels))], np.int64)
        faults += [
            (paths[place], "has no pixel in the PNG") for place in np.flatnonzero(pixels == 0) if place
        ]
        return InstanceAnswer(size, colour_map, number, tuple(labels), pixels, (*faults, *strays))

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Code, match, decide, fuse, paint; see the class for the rules."""
        _, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        decisions = decide(self.name, layout, kept, task)
        merged, decisions = _painted(layout, decisions, kept)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[Shapes]:
        """Instances by category, then from large to small, with the IoU of their masks."""
        patterns = meaning_patterns(
            [answer.value.colour_map.indices for answer in answers],
            [answer.value.numbers for answer in answers],
        )
        parts = _ordered_parts(answers, task)
        return Layout(parts, _overlaps(patterns, parts, answers), (patterns, parts))

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """An indexed PNG (value = instance) and `instances`; candidates on PNGs of their own."""
        merged: MergedInstances = consensus.merged
        single = consensus.confidence is None
        height, width = merged.layers[0].shape
        uris = [save(encode_mask(layer, _palette(layer)), "png") for layer in merged.layers]
        return {
            "mask-ref": uris[0],
            "image_size": [{"width": width, "height": height}],
            "instances": [
                {"instance": made.value, **_written(made, single=single)} for made in merged.labels
            ],
            "candidates": [
                {"mask-ref": uris[made.layer], "instance": made.value, **_written(made, single=single)}
                for made in merged.candidates
            ],
        }


def _ordered_parts(answers: Sequence[Answer], task: Task) -> list[InstancePart]:
    """Instances of all workers by category, then from large to small: an order that no flip or shift of the image changes."""
    found = [
        InstancePart(worker, answer.value.labels[number], number, int(answer.value.pixels[number]))
        for worker, answer in enumerate(answers)
        for number in range(1, len(answer.value.labels))
        if answer.value.pixels[number]
    ]
    place = {name: number for number, name in enumerate(task.categories(part.label for part in found))}
    return sorted(found, key=lambda part: (place[part.label], -part.pixels, part.worker, part.number))


def _overlaps(patterns: Patterns, parts: Sequence[InstancePart], answers: Sequence[Answer]) -> Overlaps:
    """IoU of all instances of different workers, from the patterns."""
    place = {(part.worker, part.number): index for index, part in enumerate(parts)}
    pairs = []
    for one, other in combinations(range(len(answers)), 2):
        sizes = (len(answers[one].value.labels), len(answers[other].value.labels))
        counts = pair_counts(patterns, one, other, sizes)[1:, 1:]
        for row, column in np.argwhere(counts).tolist():
            a, b = place[one, row + 1], place[other, column + 1]
            shared = int(counts[row, column])
            pairs.append((min(a, b), max(a, b), shared / (parts[a].pixels + parts[b].pixels - shared)))
    pairs.sort()
    first, second, iou = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Overlaps(np.array(first, np.int64), np.array(second, np.int64), np.array(iou, np.float64))


def _claims(
    patterns: Patterns, made: Decision, parts: Sequence[InstancePart], answers: Sequence[Answer]
) -> npt.NDArray[np.float64]:
    """float64, shape (U,): votes for each pattern to belong to the cluster; 0 where they are not more than half of its members'."""
    claim = np.zeros(len(patterns.table))
    total = 0.0
    for member in made.members:
        part = parts[member]
        weight = answers[part.worker].weight
        claim += weight * (patterns.table[:, part.worker] == part.number)
        total += weight
    claim[claim * 2 <= total * (1 + 1e-9)] = 0
    return claim


def _painted(
    layout: Layout[Shapes], decisions: Sequence[Decision], answers: Sequence[Answer]
) -> tuple[MergedInstances, list[Decision]]:
    """Fuse each cluster and lay the masks on layers. An accepted one that no pixel is left for becomes a candidate."""
    patterns, parts = layout.shapes
    owner = np.zeros(len(patterns.table), np.int64)
    strongest = np.zeros(len(patterns.table))
    accepted = [place for place, made in enumerate(decisions) if made.accepted]
    for value, place in enumerate(accepted, start=1):
        claim = _claims(patterns, decisions[place], parts, answers)
        ahead = claim > strongest
        owner[ahead], strongest[ahead] = value, claim[ahead]
    pixels = np.bincount(owner, weights=patterns.pixels, minlength=len(accepted) + 1).astype(np.int64)
    standing = [place for value, place in enumerate(accepted, start=1) if pixels[value]]
    renumber = np.zeros(len(accepted) + 1, np.int64)
    renumber[[value for value in range(1, len(accepted) + 1) if pixels[value]]] = np.arange(
        1, len(standing) + 1
    )
    final = [
        made if place in set(standing) else replace(made, accepted=False)
        for place, made in enumerate(decisions)
    ]
    layers = [renumber[owner]]
    spots = {place: (0, value) for value, place in enumerate(standing, start=1)}
    for place, made in enumerate(final):
        if not made.accepted:
            spots[place] = _lay(layers, _claims(patterns, made, parts, answers) > 0)
    return _merged(patterns, layers, spots, final), final


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


def _palette(layer: npt.NDArray[np.unsignedinteger[Any]]) -> list[Colour]:
    return [BACKGROUND, *(palette_colour(number) for number in range(min(int(layer.max()), 255)))]


def _written(made: MergedInstance, *, single: bool) -> dict[str, Any]:
    left, top, width, height = made.box
    return {
        "label": made.decision.label,
        "color": hex_colour(palette_colour(made.value - 1)),
        "confidence": None if single else probability(made.decision.confidence),
        "support": made.decision.support.to_wire(),
        "pixels": made.pixels,
        "bounding-box": {"left": left, "top": top, "width": width, "height": height},
    }
