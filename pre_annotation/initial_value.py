"""An earlier label as the answer of the worker's page that would give it: what an adjustment job starts from.

Reads labels of this project (by the kind that its `consolidation` block names) and of Ground Truth's built-in jobs (by their shape).
Source: Developer Guide, "Output Data", and the crowd elements' pages for the shapes of `initial-value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

_BACKGROUND = "0"
Answer: TypeAlias = dict[str, Any]


def initial_value(label: Any, metadata: Mapping[str, Any], text: str = "") -> Answer | None:
    """The label in the shape of the crowd element's answer, such as `{"boundingBoxes": [...]}`.

    Args:
        label: of an earlier job. Not modified.
        metadata: its `-metadata` block, whose `class-map` or `internal-color-map` names the categories of built-in labels.
        text: what entities are in; their offsets are counted again as the page counts, where the label says how that is.

    Returns:
        The answer; for masks `labelMappings` or `instances` and, in the place of the PNG, its URI as `src`. None for a label that cannot
        be shown: an error, one that was moved to S3 for its size, or a shape that is not known.
    """
    try:
        return _converted(label, metadata, text)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None  # the line is a stranger's: a label of another make is no reason to stop the job


def initial_values(label: Any, metadata: Mapping[str, Any], text: str = "") -> dict[str, Answer | None]:
    """The initial value of each form element, by name, where the label is that of a page of several; else empty."""
    fields = label.get("fields") if isinstance(label, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {name: initial_value(field, metadata, text) for name, field in fields.items()}


def _converted(label: Any, metadata: Mapping[str, Any], text: str) -> Answer | None:
    if isinstance(label, str):
        return _regions(metadata["internal-color-map"], label) if "internal-color-map" in metadata else None
    if "error" in label or "fields" in label:
        return None
    kind = label.get("consolidation", {}).get("kind") or _kind_by_shape(label)
    if kind == "entities":
        return _entities(label, text)
    convert = _CONVERSIONS.get(kind)
    return convert(label, metadata) if convert else None


def _kind_by_shape(label: Mapping[str, Any]) -> str:
    annotations = label.get("annotations")
    if isinstance(annotations, dict) and "entities" in annotations:
        return "entities"
    if isinstance(annotations, list) and all({"left", "top"} <= part.keys() for part in annotations):
        return "boxes"
    return ""


def _parts(label: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Category and members of each part."""
    names = metadata.get("class-map") or metadata.get("class_map") or label.get("class-map") or {}
    for part in label["annotations"]:
        yield part["class-name"] if "class-name" in part else names[str(part["class_id"])], part


def _of_parts(key: str, *members: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Answer]:
    def convert(label: Mapping[str, Any], metadata: Mapping[str, Any]) -> Answer:
        parts = [
            {"label": name, **{member: part[member] for member in members if member in part}}
            for name, part in _parts(label, metadata)
        ]
        return {key: parts, **_image_size(label)}

    return convert


def _image_size(label: Mapping[str, Any]) -> dict[str, Any]:
    """`inputImageProperties`, so that the initial value can be compared with answers."""
    for size in label.get("image_size") or []:
        return {"inputImageProperties": {"width": size["width"], "height": size["height"]}}
    return {}


def _entities(label: Mapping[str, Any], text: str) -> Answer:
    reading = label.get("offsets-read-as") if label.get("offset-unit") == "code-point" else None
    return {
        "entities": [
            {
                "startOffset": _counted(text, entity["startOffset"], reading),
                "endOffset": _counted(text, entity["endOffset"], reading),
                "label": entity["label"],
            }
            for entity in label["annotations"]["entities"]
        ]
    }


def _counted(text: str, offset: int, reading: str | None) -> int:
    """Code points as the page counted them: perhaps in UTF-16 units, perhaps with line breaks of one character (`-lf`)."""
    if not text or not reading:
        return offset
    before = text[:offset]
    if reading.endswith("-lf"):
        before = before.replace("\r\n", "\n")
    return (
        len(before.encode("utf-16-le", "surrogatepass")) // 2 if reading.startswith("utf-16") else len(before)
    )


def _regions(colour_map: Mapping[str, Any], uri: str) -> Answer:
    drawn = [region for number, region in colour_map.items() if number != _BACKGROUND]
    mappings = {region["class-name"]: {"color": region["hex-color"]} for region in drawn}
    return {"labelMappings": mappings, "src": uri}


def _instances(label: Mapping[str, Any]) -> Answer:
    listed = [{"color": made["color"], "label": made["label"]} for made in label["instances"]]
    return {"instances": listed, "src": label["mask-ref"]}


_CONVERSIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Answer]] = {
    "class": lambda label, _: {"label": label["class-name"]},
    "multi-label": lambda label, _: {"labels": list(label["class-names"])},
    "boxes": _of_parts("boundingBoxes", "left", "top", "width", "height"),
    "rotated-boxes": _of_parts("boundingBoxes", "left", "top", "width", "height", "angle"),
    "polygons": _of_parts("polygons", "vertices"),
    "polylines": _of_parts("polylines", "vertices"),
    "lines": _of_parts("lines", "vertices"),
    "keypoints": _of_parts("keypoints", "x", "y", "visible", "group"),
    "semantic-mask": lambda label, _: _regions(label["internal-color-map"], label["mask-ref"]),
    "instance-mask": lambda label, _: _instances(label),
}
"""How the label of a kind becomes an answer, by the kind's name."""
