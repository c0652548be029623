"""What a worker could answer on a page who found nothing to draw and chose the first of every choice."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from labeljob.preview.crowd_elements import relaxed_json
from labeljob.preview.markup import Tag

_SIZE = 8
"""Width and height of the image that the answer speaks of, in pixels."""
_DRAWN = {
    "crowd-bounding-box": "boundingBoxes",
    "crowd-polygon": "polygons",
    "crowd-polyline": "polylines",
    "crowd-line": "lines",
    "crowd-keypoint": "keypoints",
}
_PAINTED: Mapping[str, Mapping[str, Any]] = {
    "crowd-semantic-segmentation": {"labelMappings": {}},
    "crowd-instance-segmentation": {"instances": []},
}
_SEVERAL = "-multi-select"
_CHOSEN = {f"crowd-{name}classifier{end}" for name in ("", "image-") for end in ("", _SEVERAL)}
_TICKED = {"crowd-checkbox", "crowd-toggle-button", "crowd-radio-button"}
_WRITTEN = {"crowd-input", "crowd-text-area", "input", "textarea", "select"}


def first_answer(tags: Sequence[Tag]) -> dict[str, Any]:
    """An answer to a page.

    Args:
        tags: elements of the page, in order.

    Returns:
        A value for each named form element whose kind is known; empty where there is none.
    """
    answer: dict[str, Any] = {}
    for tag in tags:
        name = tag.attributes.get("name")
        if not name:
            continue
        if tag.name in _TICKED or tag.attributes.get("type") in {"radio", "checkbox"}:
            choices = answer.setdefault(name, {})
            choices[tag.attributes.get("value") or "on"] = not choices
        elif (value := _value(tag.name, tag.attributes)) is not None:
            answer[name] = value
    return answer


def _value(element: str, attributes: Mapping[str, str | None]) -> Any:
    if element in _DRAWN:
        return {_DRAWN[element]: [], **_image_size()}
    if element in _PAINTED:
        return {**_PAINTED[element], "labeledImage": {"pngImageData": _background()}, **_image_size()}
    if element == "crowd-entity-annotation":
        return {"entities": []}
    if element in _CHOSEN:
        return _choice(element, _names(attributes.get("categories")))
    return _written(element, attributes)


def _written(element: str, attributes: Mapping[str, str | None]) -> str | None:
    number = element == "crowd-slider" or attributes.get("type") == "number"
    if number or element in _WRITTEN:
        return attributes.get("value") or attributes.get("min") or ("1" if number else "labeljob doctor")
    return None


def _choice(element: str, categories: list[str]) -> Any:
    if element.endswith(_SEVERAL):
        return {"labels": categories[:1]}
    return {"label": categories[0]} if categories else None


def _names(text: str | None) -> list[str]:
    try:
        names = relaxed_json(text or "")
    except ValueError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _image_size() -> dict[str, Any]:
    return {"inputImageProperties": {"height": _SIZE, "width": _SIZE}}


def _background() -> str:
    """A mask in which nothing is marked."""
    file = io.BytesIO()
    Image.new("P", (_SIZE, _SIZE)).save(file, "PNG", transparency=0)
    return base64.b64encode(file.getvalue()).decode()
