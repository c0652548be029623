"""Builders of workers' answers, one small form element each."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE = {"width": 240, "height": 150}
CATEGORIES = ("car", "bus")
COLOURS = ("#c2570c", "#6a3d9a")
TEXT = "Ada Lovelace met Charles Babbage in London."


def parts(key: str, *workers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One answer per worker: an array of parts under the key of their element."""
    return [{key: list(parts), "inputImageProperties": SIZE} for parts in workers]


def box(label: str, left: float, top: float, width: float, height: float, **more: float) -> dict[str, Any]:
    """A box, perhaps with an angle."""
    return {"label": label, "left": left, "top": top, "width": width, "height": height, **more}


def line(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    """A polygon, polyline or line."""
    return {"label": label, "vertices": [{"x": x, "y": y} for x, y in points]}


def point(label: str, x: float, y: float) -> dict[str, Any]:
    """A keypoint."""
    return {"label": label, "x": x, "y": y}


def span(label: str, words: str) -> dict[str, Any]:
    """An entity: where the words stand in the text."""
    start = TEXT.index(words)
    return {"label": label, "startOffset": start, "endOffset": start + len(words)}


def mask_png(*parts: tuple[int, int, int, int, int]) -> str:
    """A palette PNG with the rectangles (value, left, top, right, bottom)."""
    drawn = np.zeros((15, 24), np.uint8)
    for value, left, top, right, bottom in parts:
        drawn[top:bottom, left:right] = value
    image = Image.frombytes("P", (24, 15), drawn.tobytes())
    image.putpalette([0, 0, 0, *(part for colour in COLOURS for part in bytes.fromhex(colour[1:]))])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00\xff\xff")
    return base64.b64encode(buffer.getvalue()).decode()


def semantic(*parts: tuple[int, int, int, int, int]) -> dict[str, Any]:
    """A semantic mask of rectangles."""
    return {
        "inputImageProperties": {"width": 24, "height": 15},
        "labelMappings": {name: {"color": colour} for name, colour in zip(CATEGORIES, COLOURS, strict=True)},
        "labeledImage": {"pngImageData": mask_png(*parts)},
    }


def instances(*parts: tuple[int, int, int, int, int]) -> dict[str, Any]:
    """An instance mask of rectangles, all of one category."""
    return {
        "inputImageProperties": {"width": 24, "height": 15},
        "instances": [
            {"label": CATEGORIES[0], "color": COLOURS[value - 1]}
            for value in sorted({part[0] for part in parts})
        ],
        "labeledImage": {"pngImageData": mask_png(*parts)},
    }


def cuboid(
    label: str, x: float, y: float, yaw: float, length: float = 4.4, width: float = 1.9
) -> dict[str, Any]:
    """A cuboid on the ground."""
    place = {"center-x": x, "center-y": y, "center-z": 0.8, "length": length, "width": width, "height": 1.6}
    return {"label": label, **place, "roll": 0, "pitch": 0, "yaw": yaw}


def track(row: int, *lefts: float | None, ids: str = "") -> list[dict[str, Any]]:
    """A box that moves along a row, one place per frame, empty where the worker did not draw it; one digit of `ids` per frame."""
    return [
        {"left": left, "top": 20 + 60 * row, "width": 45, "height": 32, "class-id": "0", "object-id": number}
        if left is not None
        else {}
        for left, number in zip(lefts, ids or f"{row}" * len(lefts), strict=True)
    ]


def sequence(*tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """A video answer made of tracks."""
    frames = [
        {
            "frame-no": place,
            "frame": f"frame_{place:04}.jpeg",
            "frame-attributes": {},
            "annotations": [{**box, "label-category-attributes": {}} for box in boxes if box],
        }
        for place, boxes in enumerate(zip(*tracks, strict=True))
    ]
    return {"tracking-annotations": frames}


def by_frame(key: str, numbered: str, *frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A sequence with parts per frame, such as `tracking-annotations` of frames with `frame-number`."""
    listed = [
        {numbered: place, "frame-attributes": {}, "annotations": list(each)}
        for place, each in enumerate(frames)
    ]
    return {key: listed}


def cloud() -> npt.NDArray[np.float64]:
    """The places of 160 points from above, float64, shape (160, 2): a road and a thing on it."""
    rng = np.random.default_rng(7)
    return np.vstack([rng.uniform((0, 20), (220, 70), (110, 2)), rng.normal((130, 45), (14, 7), (50, 2))])


def point_labels(left: float, right: float, top: float = 30) -> dict[str, Any]:
    """Categories of the cloud: a worker takes what lies between the edges for the thing, all else for road."""
    points = cloud()
    thing = (points[:, 0] > left) & (points[:, 0] < right) & (points[:, 1] > top)
    numbers = np.where(thing, 1, 2).astype(np.uint8)
    named = {"1": CATEGORIES[0], "2": CATEGORIES[1]}
    return {
        "pointLabels": base64.b64encode(zlib.compress(numbers.tobytes())).decode(),
        "color-map": {
            "0": {"class-name": "Background", "hex-color": "#ffffff"},
            **{
                key: {"class-name": name, "hex-color": colour}
                for (key, name), colour in zip(named.items(), COLOURS, strict=True)
            },
        },
    }
