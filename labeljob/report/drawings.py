"""What each worker answered to a form element, read by the kinds' own parsers, in the few forms the report can draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from consolidation.answers import Forms, read_forms, recognise
from consolidation.identities import identify
from consolidation.kinds.class_label import ClassChoice
from consolidation.kinds.instance_mask import InstanceAnswer
from consolidation.kinds.multi_label import ChosenLabels
from consolidation.kinds.semantic_mask import SemanticAnswer
from consolidation.mask_png import Colour
from consolidation.palette import palette_colour
from labeljob.report.facts import JobFacts, ObjectFacts
from labeljob.report.outlines import Outline, outline_of
from labeljob.report.rasters import IndexMap
from shared.errors import AnswerError, GtConsensusError
from shared.json_node import Json, JsonNode
from shared.settings import WORKER_IDS, Limits, Settings

_PART_LISTS: Mapping[str, bool] = {
    "boundingBoxes": True,
    "polygons": True,
    "polylines": False,
    "lines": False,
    "keypoints": False,
}
"""Where parts that can be drawn stand in an answer, and whether their vertices make an area."""


@dataclass(frozen=True, slots=True)
class DrawnParts:
    """Boxes, polygons, lines or points, and their categories."""

    outlines: tuple[Outline, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """A mask: what each pixel's value stands for (0: nothing) by its number, and the names of the values drawn.

    Attributes:
        indices: uint16, shape (H, X).
        names: category of each value; the first is background.
        colours: to show the values in, from 1 on.
        drawn: values that have pixels, ascending.
    """

    indices: IndexMap
    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    drawn: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A category that was chosen, and the comment left with it."""

    name: str
    comment: str


Drawing = DrawnParts | DrawnMask | Chosen


@dataclass(frozen=True, slots=True)
class WorkerAnswers:
    """The answers to a data object.

    Attributes:
        elements: by worker id as the label shows it, then by name of the form element.
    """

    elements: Mapping[str, Mapping[str, Json]]

    def of(self, element: str | None) -> dict[str, Json]:
        """Answers to a form element by worker id; None for the only one a form has."""
        if element is None:
            return {
                worker: next(iter(form.values())) for worker, form in self.elements.items() if len(form) == 1
            }
        return {worker: form[element] for worker, form in self.elements.items() if element in form}


def read_worker_answers(job: JobFacts, data_object: ObjectFacts) -> WorkerAnswers:
    """The answers to a data object, under the worker ids its label shows.

    A job may hash or omit worker ids in its labels; the report then does so too. Where the label names nobody, workers are numbered.
    """
    if data_object.answers is None:
        return WorkerAnswers({})
    forms = read_forms(data_object.answers, job.artefact, Limits())
    for policy in WORKER_IDS:
        shown = identify(forms, replace(Settings(), worker_ids=policy))
        mentioned = _mentioned(data_object.label)
        if mentioned and mentioned <= _ids(shown):
            return _elements(shown)
    return _elements(identify(forms, replace(Settings(), worker_ids="omitted")))


def read_drawing(element: Json) -> Drawing | None:
    """One worker's answer to a form element; None when it cannot be read or is of a kind that is not drawn."""
    try:
        kind = recognise(element)
        value = kind.parse(JsonNode(element, "$", AnswerError), Limits()) if kind else None
    except GtConsensusError:
        return None
    match value:
        case InstanceAnswer():
            colours = tuple(palette_colour(number) for number in range(max(len(value.labels) - 1, 1)))
            return _mask(value, value.labels, colours)
        case SemanticAnswer():
            return _mask(value, ("", *value.names), tuple(value.colours[name] for name in value.names))
        case ClassChoice():
            return Chosen(value.label, value.comment)
        case ChosenLabels():
            return Chosen(", ".join(sorted(value.labels)) or "none", "")
        case _:
            return _parts(element)


def _parts(element: Json) -> DrawnParts | None:
    """The parts of an answer that can be drawn, under whichever key they stand; one that cannot be read is left out."""
    if not isinstance(element, dict):
        return None
    for key, closed in _PART_LISTS.items():
        if isinstance(element.get(key), list):
            found = [
                drawn
                for entry in element[key]
                if (drawn := _part(JsonNode(entry, "$", AnswerError), closed=closed))
            ]
            return DrawnParts(tuple(outline for outline, _ in found), tuple(name for _, name in found))
    return None


def _part(entry: JsonNode, *, closed: bool) -> tuple[Outline, str] | None:
    try:
        outline = outline_of(entry, closed=closed)
        return (outline, entry["label"].string()) if outline else None
    except GtConsensusError:
        return None


def _mask(
    value: InstanceAnswer | SemanticAnswer, names: tuple[str, ...], colours: tuple[Colour, ...]
) -> DrawnMask:
    indices = value.numbers[value.colour_map.indices]
    return DrawnMask(indices, names, colours, tuple(np.unique(indices[indices > 0]).tolist()))


def _elements(forms: Forms) -> WorkerAnswers:
    return WorkerAnswers({form.worker_id: form.elements for form in forms.forms})


def _ids(forms: Forms) -> set[str]:
    return {form.worker_id for form in forms.forms} | {rejection.worker_id for rejection in forms.rejected}


def _mentioned(label: Any) -> set[str]:
    """The worker ids in a label's `consolidation` block and in the answers it passes on."""
    passed = label.get("annotationsFromAllWorkers") if isinstance(label, dict) else None
    if isinstance(passed, list):
        return {str(entry.get("workerId")) for entry in passed if isinstance(entry, dict)}
    block = label.get("consolidation") if isinstance(label, dict) else None
    if not isinstance(block, dict):
        return set()
    answers, rejected = block.get("answers"), block.get("rejected")
    return {str(worker) for worker in (answers if isinstance(answers, dict) else ())} | {
        str(entry.get("worker-id"))
        for entry in (rejected if isinstance(rejected, list) else ())
        if isinstance(entry, dict)
    }
