"""Point labels: one label category per point of a point cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Codes
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
    CategoryMapKind,
    VotedCategory,
)
from consolidation.kinds.parts import agree_on, fault_rejections
from consolidation.mask_png import Colour, parse_colour
from consolidation.palette import BACKGROUND, category_colours, hex_colour
from consolidation.point_bytes import decode_points, encode_points
from consolidation.rejections import Rejection
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_VALUES = 256
_STREAMS = ("pointLabels", "labels")


@dataclass(frozen=True, slots=True)
class PointAnswer:
    """One worker's labels.

    Attributes:
        size: number of points.
        values: uint8, shape (size,): the byte of each point, in input order.
        names: categories the worker's map names.
        numbers: uint16, shape (V,), for all bytes that occur: 1 + index into `names`, 0 for background.
        points: points given to each category, by name; categories without any are left out.
        colours: colour of each category, where the worker's map has one.
        faults: (JSON path, reason) of what could not be counted.
    """

    size: int
    values: npt.NDArray[np.uint8]
    names: tuple[str, ...]
    numbers: npt.NDArray[np.uint16]
    points: Mapping[str, int]
    colours: Mapping[str, Colour]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergedPoints:
    """The fused labels.

    Attributes:
        values: uint8, shape (N,): 0 is background, 1 + k is category k.
        categories: names in order.
        colours: of the categories, in order.
        labels: categories of the label, background first.
        candidates: categories that some worker marked and no point of the label has.
        tied_points: points that the tie rule decided.
    """

    values: npt.NDArray[np.uint8]
    categories: tuple[str, ...]
    colours: tuple[Colour, ...]
    labels: tuple[VotedCategory, ...]
    candidates: tuple[VotedCategory, ...]
    tied_points: int


class PointLabelsKind(CategoryMapKind):
    """Point labels (3D semantic segmentation): a custom page's own form field, in the shape of Ground Truth's built-in label.

    Recognised: an object with a string `pointLabels` (or `labels`) and an object `color-map` or `labelMappings`. The string is base64
    of a zlib stream of unsigned bytes, one per point in input order; `color-map` is `{"1": {"class-name": "car", "hex-color":
    "#2ca02c"}}`, `labelMappings` `{"car": {"value": 1, "color": "#2ca02c"}}`.
    Matched: by point; bytes become category names through each worker's own map. Bytes without a name are background, and so is a
    category named background in any case; unnamed bytes but 0 are reported.
    Fused: each point takes the category with most votes, background being one of them. Quorum: a plurality wins a point; a category
    that wins none is kept under `candidates`.
    Tie: higher summed skill, then background, then the order of the label categories, then of names; `tied-points` counts them.
    Single worker: the worker's labels, confidence null. Empty answer: a vote for background everywhere. Duplicate worker: the last
    answer counts. Another number of points than most workers': the answer is rejected.
    Skill (`em`), confidence, agreement: as for semantic masks, with points for pixels; nothing is smoothed.
    Time O(points * W), memory about 20 bytes per run of points of which all say the same beside the W answers.
    Source: AWS's output format of 3D point cloud semantic segmentation jobs, from which the label's shape is taken.
    """

    name: ClassVar[str] = "point-labels"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return (
            isinstance(element, dict)
            and any(isinstance(element.get(stream), str) for stream in _STREAMS)
            and any(isinstance(element.get(names), dict) for names in ("color-map", "labelMappings"))
        )

    def parse(self, element: JsonNode, limits: Limits) -> PointAnswer:
        """Inflate the stream and name its bytes; a name that cannot be read costs only itself."""
        meaning, colours, faults = _read_names(element, limits)
        name = next((stream for stream in _STREAMS if element.get(stream) is not None), _STREAMS[0])
        values = decode_points(element[name].string(), name, limits)
        found = np.bincount(values)
        names = tuple(dict.fromkeys(given for given in meaning.values() if given))
        place = {given: number for number, given in enumerate(names, start=1)}
        numbers = np.array([place.get(meaning.get(value, ""), 0) for value in range(len(found))], np.uint16)
        points = np.bincount(numbers, weights=found, minlength=len(names) + 1).astype(np.int64)
        unnamed = [value for value in np.flatnonzero(found).tolist() if value and value not in meaning]
        if unnamed:
            shown = ", ".join(map(str, unnamed[:3])) + (" ..." if len(unnamed) > 3 else "")
            reason = (
                f"{found[unnamed].sum()} points of {len(unnamed)} values that the answer gives no name ({shown}) "
                "count as background"
            )
            faults.append((f"{element.path}.{name}", reason))
        return PointAnswer(
            size=len(values),
            values=values,
            names=names,
            numbers=numbers,
            points={given: int(points[place[given]]) for given in names if points[place[given]]},
            colours=colours,
            faults=tuple(faults),
        )

    def comparable(self, answers: Sequence[Answer]) -> tuple[list[Answer], list[Rejection]]:
        """Answers of as many points as most have."""
        _, kept, rejected = agree_on(
            answers, lambda size, most: f"the answer has {size} points, most have {most}"
        )
        return kept, rejected

    def drawn(self, value: PointAnswer) -> tuple[Codes, Sequence[str], npt.NDArray[np.uint16]]:
        """Bytes, and what each means."""
        return value.values, value.names, value.numbers

    def marked(self, value: PointAnswer) -> Mapping[str, int]:
        """Points of each category given."""
        return value.points

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Code, vote, paint; see the class for the rules."""
        voted, rejected = self.fused(answers, task)
        categories, kept = voted.categories, voted.answers
        candidates = voted.candidates()
        return Consensus(
            merged=MergedPoints(
                values=voted.paint(),
                categories=categories,
                colours=tuple(category_colours(categories, _drawn_colours(kept))),
                labels=voted.labels(),
                candidates=candidates,
                tied_points=voted.tied_places(),
            ),
            confidence=voted.confidence(),
            agreement=voted.agreement(),
            worker_agreement=voted.worker_agreement(),
            reasons=tuple(f"quorum:candidate-{place}" for place, _ in enumerate(candidates, start=1)),
            rejected=(*rejected, *fault_rejections(kept)),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (zlib stream and `color-map`) with points, support and candidates."""
        merged: MergedPoints = consensus.merged
        single = consensus.confidence is None
        colours = dict(zip((BACKGROUND_NAME, *merged.categories), (BACKGROUND, *merged.colours), strict=True))
        return {
            "labels-ref": save(encode_points(merged.values), "zlib"),
            "points": len(merged.values),
            "color-map": {
                str(found.number): {
                    "class-name": found.name,
                    "hex-color": hex_colour(colours[found.name]),
                    **_written(found, single=single),
                }
                for found in merged.labels
            },
            "tied-points": merged.tied_points,
            "candidates": [
                {"class-name": found.name, **_written(found, single=single)} for found in merged.candidates
            ],
        }


def _read_names(
    element: JsonNode, limits: Limits
) -> tuple[dict[int, str], dict[str, Colour], list[tuple[str, str]]]:
    """Name of each byte ("" for background), colour of each name, and what could not be read."""
    by_value = element.get("color-map")
    listed = by_value or element["labelMappings"]
    check_count(listed, len(listed.object()), "names {} categories", limits.categories, "limits.categories")
    meaning: dict[int, str] = {}
    colours: dict[str, Colour] = {}
    faults = []
    for key, node in listed.items():
        try:
            value, name, colour = _by_value(key, node) if by_value else _by_name(key, node)
            text_within(JsonNode(name, node.path, node.error), limits)
            name = "" if name.casefold() == BACKGROUND_NAME.casefold() else name
            if meaning.setdefault(value, name) != name:
                raise node.fail(f"has the value {value} of another category")
            if name and colour is not None:
                colours.setdefault(name, parse_colour(colour.string()))
        except AnswerError as fault:
            faults.append((node.path, fault.reason))
    return meaning, colours, faults


def _by_value(key: str, node: JsonNode) -> tuple[int, str, JsonNode | None]:
    """An entry of `color-map`: its value, name and colour."""
    if not (key.isascii() and key.isdigit() and len(key) < 4 and int(key) < _VALUES):
        raise node.fail("is under no number from 0 to 255")
    return int(key), node["class-name"].string(), node.get("hex-color")


def _by_name(key: str, node: JsonNode) -> tuple[int, str, JsonNode | None]:
    """An entry of `labelMappings`: its value, name and colour."""
    return node["value"].integer(least=0, most=_VALUES - 1), key, node.get("color")


def _drawn_colours(answers: Sequence[Answer]) -> list[tuple[str, Colour]]:
    return [
        (name, answer.value.colours[name])
        for answer in answers
        for name in answer.value.points
        if name in answer.value.colours
    ]


def _written(found: VotedCategory, *, single: bool) -> dict[str, Any]:
    return {
        "points": found.places,
        "confidence": None if single else probability(found.confidence),
        "support": found.support.to_wire(),
    }
