"""Semantic masks: one label category per pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Patterns, category_votes, pair_counts
from consolidation.estimation.regions import bounding_boxes
from consolidation.estimation.votes import existence, posterior, winners
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Kind,
    Save,
    Support,
    Task,
    check_count,
    probability,
    text_within,
)
from consolidation.kinds.masks import check_cells, meaning_patterns, number_colours, parse_mask
from consolidation.kinds.parts import ImageSize, agree_on_size, fault_rejections
from consolidation.mask_png import Colour, ColourMap, encode_mask, parse_colour
from consolidation.palette import BACKGROUND, category_colours, hex_colour
from shared.errors import MergeError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

BACKGROUND_NAME = "BACKGROUND"
"""Name of index 0, as in Ground Truth's built-in masks; a worker's category of that name is background."""
_NUMBERS = 255


@dataclass(frozen=True, slots=True)
class SemanticAnswer:
    """One worker's mask.

    Attributes:
        size: (width, height) in pixels.
        colour_map: the decoded PNG.
        names: categories the worker's `labelMappings` names.
        numbers: uint16, shape (colours,): 1 + index into `names` for each colour of the map, 0 for background.
        pixels: pixels drawn in each category, by name; categories without any are left out.
        colours: colour each category was drawn in.
        faults: (JSON path, reason) of what could not be counted.
    """

    size: ImageSize
    colour_map: ColourMap
    names: tuple[str, ...]
    numbers: npt.NDArray[np.uint16]
    pixels: Mapping[str, int]
    colours: Mapping[str, Colour]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryRegion:
    """What became of one category.

    Attributes:
        name: of the category.
        pixels: that the label (for a candidate: any worker) gives it.
        confidence: mean probability of its pixels (for a candidate: that it is there at all).
        support: who drew it.
        box: left, top, width, height in pixels.
    """

    name: str
    pixels: int
    confidence: float
    support: Support
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class MergedSemanticMask:
    """The fused mask.

    Attributes:
        indices: uint8, shape (H, X): 0 is background, 1 + k is category k.
        categories: names in order.
        colours: of the categories, in order.
        regions: categories of the label, background first.
        candidates: categories that some worker drew and no pixel of the label has.
        tied_pixels: pixels that the tie rule decided.
        disagreement: uint8, shape (H, X): 255 * (1 - share of the votes for the label); None unless asked for.
    """

    indices: npt.NDArray[np.uint8]
    categories: tuple[str, ...]
    colours: tuple[Colour, ...]
    regions: tuple[CategoryRegion, ...]
    candidates: tuple[CategoryRegion, ...]
    tied_pixels: int
    disagreement: npt.NDArray[np.uint8] | None


class SemanticMaskKind(Kind):
    """Semantic masks: `crowd-semantic-segmentation`.

    Recognised: an object with an object `labelMappings` and a `labeledImage`.
    Matched: by pixel; colours become category names through each worker's own `labelMappings`, never by their index.
    Fused: each pixel takes the category with most votes, background being one of them. Quorum: a plurality wins a pixel; a category
    that wins none is kept under `candidates`.
    Tie: higher summed skill, then background, then the order of the label categories, then of names; `tied-pixels` counts them.
    Single worker: the worker's mask, confidence null. Empty answer: a vote for background everywhere. Duplicate worker: the last
    answer counts. Another image size than most workers': the answer is rejected.
    Confidence: mean posterior of the label over the pixels that anybody drew on (a large agreed background proves nothing); of a
    category, over its own pixels. Nobody drew: the probability that there is nothing. Agreement: mean over worker pairs of the
    mean IoU of the categories that either drew.
    Time O(pixels * W) to code and paint, O(patterns * categories) for the rest; memory about 4 bytes per pixel beside the W maps.
    Source: pixel patterns carry the same sufficient statistics as STAPLE (Warfield 2004, doi:10.1109/TMI.2004.828354).
    """

    name: ClassVar[str] = "semantic-mask"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return (
            isinstance(element, dict)
            and isinstance(element.get("labelMappings"), dict)
            and isinstance(element.get("labeledImage"), dict)
        )

    def parse(self, element: JsonNode, limits: Limits) -> SemanticAnswer:
        """Decode the PNG and name its colours."""
        mappings = element["labelMappings"]
        check_count(
            mappings, len(mappings.object()), "names {} categories", limits.categories, "limits.categories"
        )
        numbers: dict[Colour, int] = {}
        colours: dict[str, Colour] = {}
        for position, (name, mapping) in enumerate(mappings.items(), start=1):
            place = 0 if name == BACKGROUND_NAME else position
            text_within(JsonNode(name, mappings.path, mappings.error), limits, empty=True)
            colours[name] = parse_colour(mapping["color"].string())
            if numbers.setdefault(colours[name], place) != place:
                raise mapping.fail(f"has the colour {hex_colour(colours[name])} of another category")
        size, colour_map = parse_mask(element, limits)
        meaning, pixels, faults = number_colours(colour_map, numbers)
        names = tuple(colours)
        return SemanticAnswer(
            size=size,
            colour_map=colour_map,
            names=names,
            numbers=meaning,
            pixels={names[found - 1]: drawn for found, drawn in pixels.items() if found and drawn},
            colours=colours,
            faults=tuple(faults),
        )

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Code, vote, paint; see the class for the rules."""
        _, kept, rejected = agree_on_size(answers)
        categories = _categories(kept, task)
        patterns = meaning_patterns(kept, [_category_numbers(answer.value, categories) for answer in kept])
        size = len(categories) + 1
        check_cells(len(patterns.table) * size, task.settings.limits)
        votes = category_votes(patterns, size, np.array([answer.weight for answer in kept]))
        skill = category_votes(patterns, size, np.array([answer.skill for answer in kept]))
        best, tied = winners(votes, skill)
        choices = task.choices(categories) + 1
        chances = posterior(votes, choices)[np.arange(len(best)), best]
        indices = patterns.paint(best.astype(np.uint8))
        found = _Regions(patterns, best, chances, categories, kept)
        candidates = found.candidates()
        return Consensus(
            merged=MergedSemanticMask(
                indices=indices,
                categories=categories,
                colours=tuple(category_colours(categories, _drawn_colours(kept))),
                regions=found.labels(indices),
                candidates=candidates,
                tied_pixels=int(patterns.pixels[tied].sum()),
                disagreement=_disagreement(patterns, votes, best)
                if task.settings.disagreement_maps
                else None,
            ),
            confidence=_confidence(patterns, chances, kept),
            agreement=_pairwise_iou(patterns, size),
            worker_agreement=_agreement_with_label(patterns, best, kept),
            reasons=tuple(f"quorum:candidate-{place}" for place, _ in enumerate(candidates, start=1)),
            rejected=(*rejected, *fault_rejections(kept)),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (indexed PNG and `internal-color-map`) with support, candidates and, if asked, a heat map."""
        merged: MergedSemanticMask = consensus.merged
        single = consensus.confidence is None
        height, width = merged.indices.shape
        colours = dict(zip((BACKGROUND_NAME, *merged.categories), (BACKGROUND, *merged.colours), strict=True))
        numbers = {name: number for number, name in enumerate(colours)}
        label: dict[str, Any] = {
            "mask-ref": save(encode_mask(merged.indices, list(colours.values())), "png"),
            "image_size": [{"width": width, "height": height}],
            "internal-color-map": {
                str(numbers[region.name]): {
                    "class-name": region.name,
                    "hex-color": hex_colour(colours[region.name]),
                    "confidence": None if single else probability(region.confidence),
                    "pixels": region.pixels,
                    "support": region.support.to_wire(),
                }
                for region in merged.regions
            },
            "tied-pixels": merged.tied_pixels,
            "candidates": [_written_candidate(region, single=single) for region in merged.candidates],
        }
        if merged.disagreement is not None:
            shades = [(shade, shade, shade) for shade in range(256)]
            label["disagreement-ref"] = save(encode_mask(merged.disagreement, shades), "png")
        return label


class _Regions:
    """The categories of a fused mask, found on its patterns."""

    def __init__(
        self,
        patterns: Patterns,
        best: npt.NDArray[np.int64],
        chances: npt.NDArray[np.float64],
        categories: Sequence[str],
        answers: Sequence[Answer],
    ) -> None:
        self._patterns, self._answers = patterns, answers
        self._names = (BACKGROUND_NAME, *categories)
        size = len(self._names)
        self._pixels = np.bincount(best, weights=patterns.pixels, minlength=size)
        self._chance = np.bincount(best, weights=patterns.pixels * chances, minlength=size)

    def labels(self, indices: npt.NDArray[np.uint8]) -> tuple[CategoryRegion, ...]:
        """Categories that won a pixel; background always."""
        boxes = bounding_boxes(indices, len(self._names)).tolist()
        return tuple(
            CategoryRegion(
                name=name,
                pixels=int(self._pixels[number]),
                confidence=float(self._chance[number] / max(self._pixels[number], 1)),
                support=self._support(name, number),
                box=tuple(boxes[number]),
            )
            for number, name in enumerate(self._names)
            if self._pixels[number] or number == 0
        )

    def candidates(self) -> tuple[CategoryRegion, ...]:
        """Categories that somebody drew and that won no pixel."""
        total = sum(answer.weight for answer in self._answers)
        found = []
        for number, name in enumerate(self._names):
            drawn = (self._patterns.table == number).any(axis=1)
            if number == 0 or self._pixels[number] or not drawn.any():
                continue
            support = self._support(name, number)
            box = bounding_boxes(self._patterns.paint(drawn.astype(np.uint8)), 2)[1].tolist()
            chance = existence(support.share * total, total)
            pixels = int(self._patterns.pixels[drawn].sum())
            found.append(CategoryRegion(name, pixels, chance, support, tuple(box)))
        return tuple(found)

    def _support(self, name: str, number: int) -> Support:
        who = [
            answer
            for answer, said in zip(self._answers, self._patterns.table.T, strict=True)
            if (number in said if number == 0 else name in answer.value.pixels)
        ]
        total = sum(answer.weight for answer in self._answers)
        ids = tuple(answer.worker_id for answer in who)
        return Support(ids, len(self._answers), sum(answer.weight for answer in who) / total)


def _categories(answers: Sequence[Answer], task: Task) -> tuple[str, ...]:
    """The job's categories and those drawn beyond; only those drawn where all would not fit the PNG's 255 numbers.

    Raises:
        MergeError: more than 255 are drawn.
    """
    drawn = {name for answer in answers for name in answer.value.pixels}
    categories = tuple(name for name in task.categories(drawn) if name != BACKGROUND_NAME)
    if len(categories) <= _NUMBERS:
        return categories
    if len(drawn) > _NUMBERS:
        raise MergeError(f"{len(drawn)} label categories are drawn; an indexed PNG holds {_NUMBERS}")
    return tuple(name for name in categories if name in drawn)


def _category_numbers(answer: SemanticAnswer, categories: Sequence[str]) -> npt.NDArray[np.uint16]:
    """For each colour of the worker's map, 1 + the place of its category, 0 for background."""
    place = {name: number for number, name in enumerate(categories, start=1)}
    by_name = np.array([0, *(place.get(name, 0) for name in answer.names)], np.uint16)
    return by_name[answer.numbers]


def _drawn_colours(answers: Sequence[Answer]) -> list[tuple[str, Colour]]:
    return [(name, answer.value.colours[name]) for answer in answers for name in answer.value.pixels]


def _disagreement(
    patterns: Patterns, votes: npt.NDArray[np.float64], best: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    share = votes[np.arange(len(best)), best] / votes.sum(axis=1)
    return patterns.paint(np.rint(255 * (1 - share)).astype(np.uint8))


def _confidence(patterns: Patterns, chances: npt.NDArray[np.float64], answers: Sequence[Answer]) -> float:
    drawn = patterns.table.any(axis=1)
    pixels = patterns.pixels[drawn]
    if not len(pixels):
        return existence(total := sum(answer.weight for answer in answers), total)
    return float((pixels * chances[drawn]).sum() / pixels.sum())


def _pairwise_iou(patterns: Patterns, size: int) -> float | None:
    workers = patterns.table.shape[1]
    if workers < 2:
        return None
    scores = []
    for first, second in combinations(range(workers), 2):
        counts = pair_counts(patterns, first, second, (size, size))
        shared = np.diag(counts)[1:]
        union = (counts.sum(axis=0) + counts.sum(axis=1))[1:] - shared
        drawn = union > 0
        scores.append(float((shared[drawn] / union[drawn]).mean()) if drawn.any() else 1.0)
    return sum(scores) / len(scores)


def _agreement_with_label(
    patterns: Patterns, best: npt.NDArray[np.int64], answers: Sequence[Answer]
) -> dict[str, float]:
    """For each worker, the share of the pixels that worker or label drew on where both say the same; 1.0 if neither drew."""
    shares = {}
    for answer, said in zip(answers, patterns.table.T, strict=True):
        drawn = (said > 0) | (best > 0)
        union = patterns.pixels[drawn].sum()
        shared = patterns.pixels[drawn & (said == best)].sum()
        shares[answer.worker_id] = float(shared / union) if union else 1.0
    return shares


def _written_candidate(region: CategoryRegion, *, single: bool) -> dict[str, Any]:
    left, top, width, height = region.box
    return {
        "class-name": region.name,
        "pixels": region.pixels,
        "bounding-box": {"left": left, "top": top, "width": width, "height": height},
        "confidence": None if single else probability(region.confidence),
        "support": region.support.to_wire(),
    }
