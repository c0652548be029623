"""Runs one kind over elements of several workers, from JSON to label, and says what each law needs to know of the kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from consolidation.kinds import KINDS
from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_answers
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from shared.storage import artefact_name
from tests import strategies
from tests.elements import (
    boxes_element,
    class_element,
    instance_element,
    palette_png,
    read_png,
    semantic_element,
)

Label = dict[str, Any]
Artefacts = dict[str, bytes]
SETTINGS = Settings(disagreement_maps=True)
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Merged:
    """A label, the artefacts it refers to, and what came of the merge."""

    label: Label
    artefacts: Artefacts
    consensus: Consensus


@dataclass(frozen=True)
class KindUnderLaw:
    """What the laws need to know of a kind.

    Attributes:
        kind: the kind.
        elements: strategy of the answers of one or more workers.
        as_element: a label as the answer of a worker who agrees with all of it.
        essence: what an answer says, without the order of its parts or the choice of its colours.
        parts: number of parts in an answer.
        accounted: parts of answers that the label, its candidates and the rejections account for.
        geometric: whether mirroring the image must commute.
    """

    kind: Kind
    elements: strategies.Elements
    as_element: Callable[[Label, Artefacts], Any]
    essence: Callable[[Any], Any]
    parts: Callable[[Any], int]
    accounted: Callable[[Merged], int]
    geometric: bool

    def __str__(self) -> str:
        return self.kind.name


def merge(
    kind: Kind,
    elements: Sequence[Any],
    *,
    weights: Sequence[float] | None = None,
    workers: Sequence[str] | None = None,
    label_categories: Sequence[str] = strategies.CATEGORIES,
) -> Merged:
    """Parse, merge and write the elements of several workers."""
    names = workers or [f"worker-{place}" for place in range(len(elements))]
    answers = [
        Answer(name, kind.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits), weight, weight)
        for name, element, weight in zip(names, elements, weights or [1.0] * len(elements), strict=True)
    ]
    task = Task(SETTINGS, tuple(label_categories))
    consensus = merge_answers(kind, answers, task)
    artefacts: Artefacts = {}

    def save(body: bytes, extension: str) -> str:
        uri = f"s3://bucket/{artefact_name(body, extension)}"
        artefacts[uri] = body
        return uri

    return Merged(kind.write(consensus, task, save), artefacts, consensus)


def _class_of(label: Label, artefacts: Artefacts) -> Any:
    return class_element(label["class-name"])


def _labels_of(label: Label, artefacts: Artefacts) -> Any:
    return {"labels": label["class-names"]}


def _boxes_of(label: Label, artefacts: Artefacts) -> Any:
    boxes = [
        (box["class-name"], box["left"], box["top"], box["width"], box["height"])
        for box in label["annotations"]
    ]
    size = label["image_size"][0]
    return boxes_element(boxes, (size["width"], size["height"]))


def _semantic_of(label: Label, artefacts: Artefacts) -> Any:
    numbers = read_png(artefacts[label["mask-ref"]])
    names = list(strategies.CATEGORIES)
    return semantic_element(numbers, names)


def _instances_of(label: Label, artefacts: Artefacts) -> Any:
    numbers = read_png(artefacts[label["mask-ref"]])
    return instance_element(numbers, [instance["label"] for instance in label["instances"]])


def _boxes_essence(element: Any) -> Any:
    return sorted(
        (box["label"], box["left"], box["top"], box["width"], box["height"])
        for box in element["boundingBoxes"]
    )


def _semantic_essence(element: Any) -> Any:
    """The category of every pixel, whatever its colour."""
    merged = merge(BY_NAME["semantic-mask"], [element])
    return read_png(merged.artefacts[merged.label["mask-ref"]]).tolist()


def _instances_essence(element: Any) -> Any:
    """Each instance as its category and its own mask."""
    value = BY_NAME["instance-mask"].parse(JsonNode(element, "$", AnswerError), SETTINGS.limits)
    numbers = value.numbers[value.colour_map.indices]
    return sorted(
        (label, palette_png((numbers == place).astype("uint8"), ["#2ca02c"]))
        for place, label in enumerate(value.labels)
        if place and (numbers == place).any()
    )


def _supporters(parts: Sequence[Any]) -> int:
    return sum(int(part.get("support", part)["workers"]) for part in parts)


def _semantic_accounted(merged: Merged) -> int:
    regions = [region for value, region in merged.label["internal-color-map"].items() if value != "0"]
    return _supporters(regions) + _supporters(merged.label["candidates"])


def _semantic_parts(element: Any) -> int:
    return len(BY_NAME["semantic-mask"].parse(JsonNode(element, "$", AnswerError), SETTINGS.limits).pixels)


UNDER_LAW = (
    KindUnderLaw(
        kind=BY_NAME["class"],
        elements=strategies.class_elements(),
        as_element=_class_of,
        essence=lambda element: element["label"],
        parts=lambda _: 1,
        accounted=lambda merged: sum(merged.label["votes"].values()),
        geometric=False,
    ),
    KindUnderLaw(
        kind=BY_NAME["multi-label"],
        elements=strategies.multi_label_elements(),
        as_element=_labels_of,
        essence=lambda element: set(element["labels"]),
        parts=lambda element: len(element["labels"]),
        accounted=lambda merged: (
            _supporters([*merged.label["support-map"].values()])
            + _supporters([one["support"] for one in merged.label["candidates"]])
        ),
        geometric=False,
    ),
    KindUnderLaw(
        kind=BY_NAME["boxes"],
        elements=strategies.box_elements(),
        as_element=_boxes_of,
        essence=_boxes_essence,
        parts=lambda element: len(element["boundingBoxes"]),
        accounted=lambda merged: (
            _supporters(merged.label["annotations"]) + _supporters(merged.label["candidates"])
        ),
        geometric=True,
    ),
    KindUnderLaw(
        kind=BY_NAME["semantic-mask"],
        elements=strategies.semantic_elements(),
        as_element=_semantic_of,
        essence=_semantic_essence,
        parts=_semantic_parts,
        accounted=_semantic_accounted,
        geometric=True,
    ),
    KindUnderLaw(
        kind=BY_NAME["instance-mask"],
        elements=strategies.instance_elements(),
        as_element=_instances_of,
        essence=_instances_essence,
        parts=lambda element: len(element["instances"]),
        accounted=lambda merged: (
            _supporters(merged.label["instances"]) + _supporters(merged.label["candidates"])
        ),
        geometric=True,
    ),
)
