"""What the worker's page gets of a manifest line, and whether a human is needed at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pre_annotation.initial_value import initial_value, initial_values
from shared.contract import PreAnnotationResponse
from shared.settings import Settings

METADATA = "-metadata"
LABELS = "labels"
"""Manifest attribute that may give a line its own label categories."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The response to a manifest line, and why no human is needed (None when one is)."""

    response: PreAnnotationResponse
    skipped: str | None = None


def decide(line: Mapping[str, Any], label_categories: Sequence[str], settings: Settings) -> Decision:
    """Make the task input of a manifest line.

    `taskInput` has `taskObject` (the text of `source`, or the URI of `source-ref`), `labels`, `manifestLine` (the whole line),
    `previousLabels` (`{name: {"label": ..., "metadata": ...}}` for every label the line already carries), and for adjustment jobs
    `initialValue` (the earlier label as the page's answer, or None) and `initialValues` (the same by form element).

    Args:
        line: the manifest line. Not modified.
        label_categories: of the job; a line's own `labels` go before them.
        settings: `adjust_label`, `skip_label` and `skip_confidence` are applied.

    Returns:
        The decision. A line with neither `source` nor `source-ref` is skipped rather than failing the job.
    """
    task_object = task_object_of(line)
    previous = previous_labels(line)
    task_input = {
        "taskObject": task_object,
        "labels": _own_labels(line) or list(label_categories),
        "manifestLine": dict(line),
        "previousLabels": previous,
        **_initial(previous, line, settings),
    }
    skipped = (
        "the line has neither source nor source-ref"
        if task_object is None
        else _confident(previous, settings)
    )
    return Decision(PreAnnotationResponse(task_input, human_annotation_required=skipped is None), skipped)


def task_object_of(line: Mapping[str, Any]) -> str | None:
    """`source`, unless it is empty, else `source-ref`, else None."""
    for key in ("source", "source-ref"):
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def previous_labels(line: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The labels of earlier jobs on a line: attributes that have a `-metadata` object beside them."""
    return {
        name: {"label": line[name], "metadata": line[name + METADATA]}
        for name in line
        if name + METADATA in line and isinstance(line[name + METADATA], dict)
    }


def _initial(
    previous: Mapping[str, Mapping[str, Any]], line: Mapping[str, Any], settings: Settings
) -> dict[str, Any]:
    """What an adjustment page starts from: the label that is named, else the only one there is."""
    name = settings.adjust_label or (next(iter(previous)) if len(previous) == 1 else "")
    if name not in previous:
        return {"initialValue": None, "initialValues": {}}
    label, metadata = previous[name]["label"], previous[name]["metadata"]
    text = line["source"] if isinstance(line.get("source"), str) else ""
    return {
        "initialValue": initial_value(label, metadata, text),
        "initialValues": initial_values(label, metadata, text),
    }


def confidence_of(previous: Mapping[str, Any]) -> float | None:
    """The confidence of an earlier label: ours, or that of a built-in job (of its least sure object).

    Returns:
        A number in [0, 1], or None when the label states none that is one.
    """
    label, metadata = previous["label"], previous["metadata"]
    block = label.get("consolidation") if isinstance(label, dict) else None
    stated = [
        block.get("confidence") if isinstance(block, dict) else None,
        metadata.get("confidence"),
        _least([part.get("confidence") for part in _parts(metadata)]),
        _least(list(_mapping(metadata.get("confidence-map")).values())),
    ]
    return next((float(value) for value in stated if _is_probability(value)), None)


def _confident(previous: Mapping[str, Mapping[str, Any]], settings: Settings) -> str | None:
    """Why workers need not see the line: it carries the label that is asked for, surely enough."""
    label = previous.get(settings.skip_label)
    if label is None:
        return None
    confidence = confidence_of(label)
    if confidence is None or confidence < settings.skip_confidence:
        return None
    return f"{settings.skip_label} already has confidence {confidence:g} (skip-confidence {settings.skip_confidence:g})"


def _own_labels(line: Mapping[str, Any]) -> list[str]:
    labels = line.get(LABELS)
    if isinstance(labels, list) and all(isinstance(label, str) and label for label in labels):
        return list(labels)
    return []


def _parts(metadata: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = metadata.get("objects") or metadata.get("entities") or []
    return [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _least(values: Sequence[Any]) -> float | None:
    numbers = [value for value in values if _is_probability(value)]
    return min(numbers) if numbers and len(numbers) == len(values) else None


def _is_probability(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
