"""Instance masks: things told apart by colour, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.mask_shapes import ShapeSkill, mask_errors, shape_skill, shape_tallies
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.patterns import Patterns, pair_counts
from consolidation.estimation.tallies import Tallies, total
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
    probability,
    text_within,
)
from consolidation.kinds.instance_painting import (
    InstancePart,
    MergedInstance,
    MergedInstances,
    Shapes,
    paint_instances,
)
from consolidation.kinds.masks import meaning_patterns, number_colours, parse_mask
from consolidation.kinds.part_skill import PartsEvidence, PartsSkill
from consolidation.kinds.parts import (
    ImageSize,
    Layout,
    PartsKind,
    agree_on_size,
    clusters_of,
    consensus_of,
    decide,
)
from consolidation.kinds.skill import Learned, Study
from consolidation.mask_png import Colour, ColourMap, encode_mask, parse_colour
from consolidation.palette import BACKGROUND, hex_colour, palette_colour
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_ENOUGH_TO_JUDGE = 3
"""Of two masks that differ nobody can say which is better."""


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
class InstanceEvidence:
    """What one data object shows of its workers.

    Attributes:
        parts: who marked which instance under which category.
        shapes: how well they drew those that at least three marked, or that a gold answer has.
    """

    parts: PartsEvidence
    shapes: Tallies


@dataclass(frozen=True, slots=True)
class InstanceSkill:
    """The skill of workers at instances: at marking them, and at drawing them."""

    parts: PartsSkill
    shapes: ShapeSkill


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
    Skill (`em`): to find, invent and confuse instances, as for boxes; and pixels count by the inverse of each worker's mean squared
    error of outlines (`estimation.mask_shapes`). Disputed pixels at outlines are decided with their neighbours
    (`estimation.pixel_smoothing`). Of workers of whom nothing is known the vote is the plain one.
    Confidence and agreement: as for boxes, with mask IoU.
    Time O(pixels * W) to find runs, O(pixels) to paint and to smooth, O(patterns * parts) to fuse; memory 1 byte per pixel and layer, 20
    per run, and 20 per pattern and instance beside the W maps.
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
        weights = [answer.weight for answer in kept]
        skilled = isinstance(task.skill, InstanceSkill) and bool(task.skill.parts)
        if isinstance(task.skill, InstanceSkill):
            shapes, task = task.skill.shapes, replace(task, skill=task.skill.parts)
            weights = [answer.weight * shapes.weight(answer.person) for answer in kept]
        decisions = decide(self.name, layout, kept, task)
        merged, decisions = paint_instances(layout, decisions, weights, smooth=skilled)
        return consensus_of(merged, layout, decisions, kept, rejected)

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who marked which instances, as for other parts, and how well they drew them."""
        study = super().study(answers, task)
        kept = self.comparable(answers)
        layout = study.arranged or self.lay_out(kept, task)
        clusters = layout.clusters or clusters_of(self.name, layout, task)
        return replace(
            study, evidence=InstanceEvidence(study.evidence, _drawn(layout.shapes, clusters, kept))
        )

    def learn(self, evidence: Sequence[InstanceEvidence], known: Tallies, task: Task) -> Learned:
        """How many instances each worker finds and invents, how they confuse categories, and how well they draw."""
        learned = super().learn([shown.parts for shown in evidence], known, task)
        drawn = total(shown.shapes for shown in evidence)
        skill = InstanceSkill(learned.skill, shape_skill(drawn + known))
        return replace(learned, skill=skill, tallies=learned.tallies + drawn)

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


def _drawn(shapes: Shapes, clusters: Sequence[Sequence[int]], answers: Sequence[Answer]) -> Tallies:
    """How well workers drew the instances that at least three of them marked, or that the gold answer has."""
    patterns, parts = shapes
    errors: dict[str, tuple[float, int]] = {}
    for members in clusters:
        mine = [parts[member] for member in members if not answers[parts[member].worker].gold]
        gold = [parts[member] for member in members if answers[parts[member].worker].gold]
        if len(mine) < _ENOUGH_TO_JUDGE and not gold:
            continue
        covered = np.column_stack([patterns.table[:, part.worker] == part.number for part in [*mine, *gold]])
        truth = covered[:, -1] if gold else None
        squares = mask_errors(covered[:, : len(mine)], patterns.pixels, truth)
        for part, square in zip(mine, squares.tolist(), strict=True):
            error, masks = errors.get(answers[part.worker].person, (0.0, 0))
            errors[answers[part.worker].person] = (error + square, masks + 1)
    return shape_tallies(errors)


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
