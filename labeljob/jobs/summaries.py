"""A label in a few words, whatever wrote it: our consolidation, a built-in task type, or somebody's own Lambda."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labeljob.jobs.outcomes import Outcome
from labeljob.jobs.text import printable
from labeljob.report.words import count, number, shortened, tally

_TEXT_CHARACTERS = 60
_REASON_CHARACTERS = 100
_PARTS: Sequence[tuple[str, str, str]] = (
    ("left", "box", "boxes"),
    ("center-x", "cuboid", "cuboids"),
    ("vertices", "outline", "outlines"),
    ("x", "point", "points"),
)
"""A key that only such a part has, and what such parts are called."""
_NOUNS: Mapping[str, tuple[str, str]] = {
    "boxes": ("box", "boxes"),
    "rotated-boxes": ("rotated box", "rotated boxes"),
    "polygons": ("polygon", "polygons"),
    "polylines": ("polyline", "polylines"),
    "lines": ("line", "lines"),
    "keypoints": ("keypoint", "keypoints"),
    "cuboids": ("cuboid", "cuboids"),
}
"""By the kind that a label's `consolidation` block names."""


def outcome_in_words(outcome: Outcome) -> str:
    """What became of a data object: its label in a few words, or why it has none."""
    match outcome.status:
        case "failed":
            return printable(f"failed: {shortened(outcome.failure, _REASON_CHARACTERS)}")
        case "unlabelled":
            return "not labelled"
        case "error":
            return printable(f"no label: {'; '.join(outcome.errors)}")
    return summary(outcome.label, outcome.metadata)


def summary(label: Any, metadata: Mapping[str, Any] | None = None) -> str:
    """A label in a few words, such as `Parrot (0.95)` or `3 boxes: 2 x car, bus`, in one line that is safe to print.

    Args:
        label: value of the label attribute.
        metadata: of the label; names the classes of built-in task types, and the answers of a job without consolidation.
    """
    return printable(_told(label, metadata or {}))


def _told(label: Any, known: Mapping[str, Any]) -> str:
    if isinstance(label, dict):
        fields = label.get("fields")
        if isinstance(fields, dict) and fields:
            return "; ".join(f"{name}: {_told(value, {})}" for name, value in fields.items())
        told = next((words for tell in _OF_OBJECTS if (words := tell(label, known))), None)
        return told or _as_written(label)
    if "class-name" in known:
        return _with_confidence(str(known["class-name"]), known.get("confidence"))
    if isinstance(known.get("class-map"), dict) and isinstance(label, list):
        names = (str(known["class-map"].get(str(each), each)) for each in label)
        return ", ".join(names) or "none of the categories"
    return label if isinstance(label, str) and label.startswith("s3://") else _as_written(label)


def _error(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    error = label.get("error")
    return f"no label: {error.get('message')}" if isinstance(error, dict) else None


def _class(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    name = label.get("class-name")
    return _with_confidence(name, label.get("confidence")) if isinstance(name, str) else None


def _classes(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    names, chances = label.get("class-names"), label.get("confidence-map")
    if not isinstance(names, list):
        return None
    sure = chances if isinstance(chances, dict) else {}
    return (
        ", ".join(_with_confidence(str(name), sure.get(name)) for name in names) or "none of the categories"
    )


def _entities(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    annotations = label.get("annotations")
    listed = annotations.get("entities") if isinstance(annotations, dict) else None
    return _counted(listed, "entity", "entities") if isinstance(listed, list) else None


def _parts(label: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    listed = label.get("annotations")
    if not isinstance(listed, list):
        return None
    first = listed[0] if listed and isinstance(listed[0], dict) else {}
    by_shape = next(((one, many) for key, one, many in _PARTS if key in first), ("annotation", "annotations"))
    block = label.get("consolidation")
    kind = block.get("kind") if isinstance(block, dict) else None
    names = label.get("class-map") or metadata.get("class-map")
    return _counted(listed, *_NOUNS.get(str(kind), by_shape), names if isinstance(names, dict) else {})


def _sequence(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    uri = label.get("seq-label-ref")
    if not isinstance(uri, str):
        return None
    sensors = label.get("sensors")
    if isinstance(sensors, dict):
        told = "; ".join(f"{name}: {_sequence_counts(each)}" for name, each in sensors.items())
    else:
        told = _sequence_counts(label)
    return f"{told} in {uri}" if told else uri


def _sequence_counts(counts: Any) -> str:
    if not isinstance(counts, dict) or not isinstance(counts.get("objects"), int):
        return ""
    of_each = counts.get("counts")
    listed = (
        ", ".join(f"{times} x {name}" for name, times in of_each.items()) if isinstance(of_each, dict) else ""
    )
    frames = f" over {count(counts['frames'], 'frame')}" if isinstance(counts.get("frames"), int) else ""
    return f"{count(counts['objects'], 'object')}{f' ({listed})' if listed else ''}{frames}"


def _instances(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    listed = label.get("instances")
    if not isinstance(listed, list):
        return None
    return f"{_counted(listed, 'instance', 'instances')} in {label.get('mask-ref')}"


def _regions(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    for key, colours in (("mask-ref", "internal-color-map"), ("labels-ref", "color-map")):
        named = label.get(colours)
        if key in label and isinstance(named, dict):
            names = [str(each.get("class-name")) for each in named.values() if isinstance(each, dict)]
            shown = tally([name for name in names if name != "BACKGROUND"])
            return f"{shown or 'nothing marked'} in {label[key]}"
    return None


def _ranking(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    listed = label.get("ranking")
    if not isinstance(listed, list):
        return None
    return " > ".join(str(each.get("item")) for each in listed if isinstance(each, dict))


def _value(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    if "value" not in label:
        return None
    value = label["value"]
    told = (
        json.dumps(shortened(value, _TEXT_CHARACTERS), ensure_ascii=False)
        if isinstance(value, str)
        else number(value)
    )
    return _with_confidence(told or _as_written(value), label.get("confidence"))


def _moved(label: Mapping[str, Any], _: Mapping[str, Any]) -> str | None:
    return f"in {label['label-ref']}" if isinstance(label.get("label-ref"), str) else None


def _answers(label: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    given = label.get("annotationsFromAllWorkers")
    if isinstance(given, list):
        return f"answers of {count(len(given), 'worker')}, not merged"
    reference = metadata.get("worker-response-ref")
    return f"answers in {reference}" if reference and not label else None


_OF_OBJECTS: Sequence[Callable[[Mapping[str, Any], Mapping[str, Any]], str | None]] = (
    _error,
    _moved,
    _class,
    _classes,
    _entities,
    _parts,
    _sequence,
    _instances,
    _regions,
    _ranking,
    _value,
    _answers,
)
"""Each tells labels of one shape and passes over all others."""


def _counted(listed: Sequence[Any], one: str, many: str, names: Mapping[str, Any] | None = None) -> str:
    categories = tally(list(_categories(listed, names or {})))
    return f"{count(len(listed), one, many)}{f': {categories}' if categories else ''}"


def _categories(listed: Sequence[Any], names: Mapping[str, Any]) -> Iterator[str]:
    """The category of each part that has one."""
    for part in listed:
        if not isinstance(part, dict):
            continue
        name = part.get("class-name") or part.get("label")
        place = part.get("class_id", part.get("class-id"))
        if name is None and place is not None:
            name = names.get(str(place), f"class {place}")
        if name is not None:
            yield str(name)


def _with_confidence(told: str, confidence: Any) -> str:
    figure = number(confidence)
    return f"{told} ({figure})" if figure else told


def _as_written(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), _TEXT_CHARACTERS)
