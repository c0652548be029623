"""A data object as it is read: the form elements that its workers answered, each with the answers that count and those that do not."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from consolidation.answers import Forms, WorkerForm, element_kinds, read_forms
from consolidation.identities import identify
from consolidation.kinds.base import Answer, Kind
from consolidation.kinds.skill import GOLD
from consolidation.rejections import UNUSABLE_GOLD, Rejection
from shared.contract import AnnotatedDataObject
from shared.errors import AnswerError, GtConsensusError, MergeError
from shared.json_node import JsonNode
from shared.settings import Settings

_PARSED = 8
"""Bytes that a character of JSON comes to when it is parsed, about."""


@dataclass(frozen=True, slots=True)
class Element:
    """One form element of one data object.

    Attributes:
        name: of the element.
        kind: what it is; None where no kind recognises it, or the settings pass it through.
        answers: each worker's last answer that can be used.
        rejected: a rejection for every answer that cannot, the gold answer among them.
        gold: the known truth, where the settings have it and the workers' skill is learned.
    """

    name: str
    kind: Kind | None
    answers: tuple[Answer, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    gold: Answer | None = None


@dataclass(frozen=True, slots=True)
class ReadObject:
    """A data object with its answers.

    Attributes:
        entry: as received.
        forms: what workers submitted.
        elements: in the order of their names; empty where no form can be used.
        failure: why there are none, or None.
    """

    entry: AnnotatedDataObject
    forms: Forms
    elements: tuple[Element, ...] = ()
    failure: GtConsensusError | None = None


def read_object(entry: AnnotatedDataObject, fetch: Callable[[str], bytes], settings: Settings) -> ReadObject:
    """Read the answers to a data object. Whatever goes wrong is said, not raised.

    Args:
        entry: as received.
        fetch: gives the answer at an S3 URI.
        settings: of the job.
    """
    forms = Forms((), (), ())
    try:
        if entry.fault and not entry.annotations:
            raise AnswerError(entry.fault)
        forms = identify(read_forms(entry, fetch, settings.limits), settings)
        if not forms.forms:
            answers = len(entry.annotations)
            raise AnswerError(
                f"none of the {answers} answers can be used" if answers else "there are no answers"
            )
        kinds = element_kinds(forms.forms, settings.element_kinds)
        gold = settings.gold_of(entry.data_object) if settings.method == "em" else {}
        elements = tuple(
            _with_gold(_element(name, kind, forms.forms, settings), gold.get(name), settings)
            for name, kind in kinds.items()
        )
        return ReadObject(entry, forms, elements)
    except GtConsensusError as failure:
        return ReadObject(entry, forms, failure=failure)
    except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the other data objects their labels
        return ReadObject(entry, forms, failure=defect(bug))


def _element(name: str, kind: Kind | None, forms: Sequence[WorkerForm], settings: Settings) -> Element:
    if kind is None or name in settings.pass_through:
        return Element(name, None)
    answers, rejected = [], []
    for form in forms:
        for value in form.tries(name, kind):
            element = JsonNode(value, f"$.{name}", AnswerError)
            try:
                parsed = read_value(kind, element, settings)
            except GtConsensusError as failure:
                rejected.append(Rejection(form.worker_id, failure.reason))
            else:
                weight = form.skill if settings.method == "weighted" else 1.0
                answers.append(Answer(form.worker_id, parsed, weight, form.skill, form.person))
                break
    return Element(name, kind, tuple(answers), tuple(rejected))


def _with_gold(element: Element, gold: JsonNode | None, settings: Settings) -> Element:
    """The element with its gold answer, read as the workers' are. One that cannot be used costs nothing but itself."""
    if element.kind is None or gold is None:
        return element
    try:
        value = read_value(element.kind, gold, settings)
    except GtConsensusError as failure:
        told = Rejection(GOLD, f"{UNUSABLE_GOLD}: {failure.reason}")
        return dataclasses.replace(element, rejected=(*element.rejected, told))
    return dataclasses.replace(element, gold=Answer(GOLD, value, gold=True))


def read_value(kind: Kind, element: JsonNode, settings: Settings) -> Any:
    """What the kind makes of one answer to a form element.

    Raises:
        AnswerError, LimitError: it cannot be used. MergeError: a defect of ours costs this answer, not the other workers'.
    """
    if not kind.accepts(element.value):
        raise element.fail(f"is not an answer of kind {kind.name}, as other workers gave")
    try:
        return kind.parse(element, settings.limits)
    except GtConsensusError:
        raise
    except Exception as bug:
        raise defect(bug) from bug


def defect(bug: Exception) -> MergeError:
    """What may be said of an unexpected exception: where it arose. Its text may quote an answer, which no log may hold."""
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    return MergeError(f"unexpected {type(bug).__name__} at {Path(frame.filename).name}:{frame.lineno}")


def held_bytes(read: ReadObject, arranged: Mapping[str, Any]) -> int:
    """About how much memory a data object takes while it is held: its answers' text and what was made of it."""
    text = sum(len(annotation.content or "") for annotation in read.forms.annotations)
    values = [answer.value for element in read.elements for answer in element.answers]
    return _PARSED * text + sum(map(_array_bytes, [*values, *arranged.values()]))


def _array_bytes(value: Any) -> int:
    """Bytes of the arrays in a value, through dataclasses, sequences and mappings."""
    if value is None or isinstance(value, str | int | float):
        return 0
    if isinstance(value, np.ndarray):
        return value.nbytes
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(_array_bytes(getattr(value, item.name)) for item in dataclasses.fields(value))
    if isinstance(value, list | tuple):
        return sum(map(_array_bytes, value))
    if isinstance(value, dict):
        return sum(map(_array_bytes, value.values()))
    return 0
