"""Semantic masks: one label category per pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Codes
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
from consolidation.kinds.category_maps import (
    BACKGROUND_NAME,
    CategoryMap,
    CategoryMapKind,
    VotedCategory,
)
from consolidation.kinds.masks import number_colours, parse_mask
from consolidation.kinds.parts import ImageSize, agree_on_size, fault_rejections
from consolidation.mask_png import Colour, ColourMap, encode_mask, parse_colour
from consolidation.palette import BACKGROUND, category_colours, hex_colour
from consolidation.rejections import Rejection
from shared.json_node import Json, JsonNode
from shared.settings import Limits


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
class CandidateRegion:
    """A category without a pixel of the label, and where workers drew it: left, top, width, height in pixels."""

    category: VotedCategory
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
    regions: tuple[VotedCategory, ...]
    candidates: tuple[CandidateRegion, ...]
    tied_pixels: int
    disagreement: npt.NDArray[np.uint8] | None


class SemanticMaskKind(CategoryMapKind):
    """Semantic masks: `crowd-semantic-segmentation`.

    Recognised: an object with an object `labelMappings` and a `labeledImage`.
    Matched: by pixel; colours become category names through each worker's own `labelMappings`, never by their index.
    Fused: each pixel takes the category with most votes, background being one of them. Quorum: a plurality wins a pixel; a category
    that wins none is kept under `candidates`.
    Tie: higher summed skill, then background, then the order of the label categories, then of names; `tied-pixels` counts them.
    Single worker: the worker's mask, confidence null. Empty answer: a vote for background everywhere. Duplicate worker: the last
    answer counts. Another image size than most workers': the answer is rejected.
    Skill (`em`): one chance per worker to be right where anybody drew or something is, from the patterns of the batch
    (`estimation.pixel_skill`); an image's votes are -log(1 - chance), the chance being the mean of the worker's and of what the image
    shows. Disputed pixels at outlines are decided with their neighbours (`estimation.pixel_smoothing`). Workers of whom nothing is
    known, and two workers alone, vote plainly.
    Confidence: mean posterior of the label over the pixels that anybody drew on (a large agreed background proves nothing); of a
    category, over its own pixels. Nobody drew: the probability that there is nothing. Under `em` the votes are as many as those of so
    many equal workers (Kish's effective number). Agreement: mean over worker pairs of the mean IoU of the categories that either drew.
    Time O(pixels * W) to find runs, O(runs * W) to code, O(pixels) to paint and to smooth, O(patterns * (W + categories)) for the rest;
    memory 1 byte per pixel, 20 per run and about 100 per pixel of outlines beside the W maps. Evidence: 1 kilobyte, 256 bytes per worker.
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

    def comparable(self, answers: Sequence[Answer]) -> tuple[list[Answer], list[Rejection]]:
        """Answers for the image size that most have."""
        _, kept, rejected = agree_on_size(answers)
        return kept, rejected

    def drawn(self, value: SemanticAnswer) -> tuple[Codes, Sequence[str], npt.NDArray[np.uint16]]:
        """Colours, and what each means."""
        return value.colour_map.indices, value.names, value.numbers

    def marked(self, value: SemanticAnswer) -> Mapping[str, int]:
        """Pixels of each category drawn."""
        return value.pixels

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Code, vote, smooth, paint; see the class for the rules."""
        voted, rejected = self.fused(answers, task)
        categories, kept = voted.categories, voted.answers
        candidates = tuple(_where(found, voted) for found in voted.candidates())
        return Consensus(
            merged=MergedSemanticMask(
                indices=voted.paint(),
                categories=categories,
                colours=tuple(category_colours(categories, _drawn_colours(kept))),
                regions=voted.labels(),
                candidates=candidates,
                tied_pixels=voted.tied_places(),
                disagreement=voted.disagreement() if task.settings.disagreement_maps else None,
            ),
            confidence=voted.confidence(),
            agreement=voted.agreement(),
            worker_agreement=voted.worker_agreement(),
            reasons=tuple(f"quorum:candidate-{place}" for place, _ in enumerate(candidates, start=1)),
            rejected=(*rejected, *fault_rejections(kept)),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (indexed PNG and `internal-color-map`) with support, candidates and, if asked, a heat map."""
        merged: MergedSemanticMask = consensus.merged
        single = consensus.confidence is None
        height, width = merged.indices.shape
        colours = dict(zip((BACKGROUND_NAME, *merged.categories), (BACKGROUND, *merged.colours), strict=True))
        label: dict[str, Any] = {
            "mask-ref": save(encode_mask(merged.indices, list(colours.values())), "png"),
            "image_size": [{"width": width, "height": height}],
            "internal-color-map": {
                str(region.number): {
                    "class-name": region.name,
                    "hex-color": hex_colour(colours[region.name]),
                    "confidence": None if single else probability(region.confidence),
                    "pixels": region.places,
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


def _where(found: VotedCategory, voted: CategoryMap) -> CandidateRegion:
    drawn = voted.patterns.paint(voted.claimed(found.number).astype(np.uint8))
    return CandidateRegion(found, tuple(bounding_boxes(drawn, 2)[1].tolist()))


def _drawn_colours(answers: Sequence[Answer]) -> list[tuple[str, Colour]]:
    return [(name, answer.value.colours[name]) for answer in answers for name in answer.value.pixels]


def _written_candidate(region: CandidateRegion, *, single: bool) -> dict[str, Any]:
    found, (left, top, width, height) = region.category, region.box
    return {
        "class-name": found.name,
        "pixels": found.places,
        "bounding-box": {"left": left, "top": top, "width": width, "height": height},
        "confidence": None if single else probability(found.confidence),
        "support": found.support.to_wire(),
    }
