"""Builders of answers to form elements, as Ground Truth's crowd elements submit them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Element = dict[str, Any]
COLOURS = ("#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")


def class_element(label: str) -> Element:
    """`crowd-classifier`."""
    return {"label": label}


def boxes_element(
    boxes: Sequence[tuple[str, float, float, float, float]], size: tuple[int, int] = (100, 80)
) -> Element:
    """`crowd-bounding-box`: (label, left, top, width, height) on an image of (width, height)."""
    return {
        "boundingBoxes": [
            {"label": label, "left": left, "top": top, "width": width, "height": height}
            for label, left, top, width, height in boxes
        ],
        "inputImageProperties": {"width": size[0], "height": size[1]},
    }


def semantic_element(drawn: npt.ArrayLike, names: Sequence[str], colours: Sequence[str] = COLOURS) -> Element:
    """`crowd-semantic-segmentation`: entry 0 of `drawn` is background, 1 + k is names[k]."""
    numbers = np.asarray(drawn, np.uint8)
    height, width = numbers.shape
    return {
        "inputImageProperties": {"width": width, "height": height},
        "labelMappings": {name: {"color": colour} for name, colour in zip(names, colours, strict=False)},
        "labeledImage": {"pngImageData": palette_png(numbers, colours[: len(names)])},
    }


def instance_element(
    drawn: npt.ArrayLike, labels: Sequence[str], colours: Sequence[str] = COLOURS
) -> Element:
    """`crowd-instance-segmentation`: entry 0 of `drawn` is background, 1 + k is an instance of category labels[k]."""
    numbers = np.asarray(drawn, np.uint8)
    height, width = numbers.shape
    return {
        "inputImageProperties": {"width": width, "height": height},
        "instances": [
            {"color": colour, "label": label} for label, colour in zip(labels, colours, strict=False)
        ],
        "labeledImage": {"pngImageData": palette_png(numbers, colours[: len(labels)])},
    }


def palette_png(numbers: npt.NDArray[np.uint8], colours: Sequence[str]) -> str:
    """A palette PNG with transparent background, in base64, as the worker page makes it."""
    height, width = numbers.shape
    image = Image.frombytes("P", (width, height), np.ascontiguousarray(numbers).tobytes())
    palette = [0, 0, 0]
    for colour in colours:
        palette += list(bytes.fromhex(colour.removeprefix("#")))
    image.putpalette(palette)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00" + b"\xff" * len(colours))
    return base64.b64encode(buffer.getvalue()).decode()


def read_png(body: bytes) -> npt.NDArray[np.uint8]:
    """The indices of an indexed PNG."""
    with Image.open(io.BytesIO(body)) as image:
        return np.array(image)


def renamed_label(element: Element, names: Mapping[str, str]) -> Element:
    """An answer with one `label`, under its other name."""
    return {**element, "label": names[element["label"]]}


def renamed_parts(element: Element, key: str, names: Mapping[str, str]) -> Element:
    """An answer whose array `key` holds parts with a `label` each, under their other names."""
    return {**element, key: [renamed_label(part, names) for part in element[key]]}


def mirrored_mask(element: Element) -> Element:
    """An answer with a mask PNG as if the image had been mirrored left to right."""
    png = base64.b64decode(element["labeledImage"]["pngImageData"])
    with Image.open(io.BytesIO(png)) as image:
        palette, numbers = image.getpalette() or [], np.array(image)[:, ::-1]
    colours = ["#" + bytes(palette[place : place + 3]).hex() for place in range(3, len(palette), 3)]
    return {**element, "labeledImage": {"pngImageData": palette_png(numbers, colours)}}
