"""Three workers' answers for each kind: the scenes of the pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

SIZE = {"width": 240, "height": 150}
CATEGORIES = ("car", "bus")
TEXT = "Ada Lovelace met Charles Babbage in London."
_COLOURS = ("#c2570c", "#6a3d9a")


@dataclass(frozen=True)
class Scene:
    """What three workers answered.

    Attributes:
        answers: one element per worker.
        caption: what is to be seen, in words.
        label_categories: of the job.
        data_object: what the answers are about, where the kind looks at it.
    """

    answers: Sequence[Any]
    caption: str
    label_categories: Sequence[str] = CATEGORIES
    data_object: Mapping[str, Any] = field(default_factory=dict)


def _parts(key: str, *workers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: list(parts), "inputImageProperties": SIZE} for parts in workers]


def _box(label: str, left: float, top: float, width: float, height: float, **more: float) -> dict[str, Any]:
    return {"label": label, "left": left, "top": top, "width": width, "height": height, **more}


def _line(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    return {"label": label, "vertices": [{"x": x, "y": y} for x, y in points]}


def _point(label: str, x: float, y: float) -> dict[str, Any]:
    return {"label": label, "x": x, "y": y}


def _span(label: str, words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"label": label, "startOffset": start, "endOffset": start + len(words)}


def _mask(*parts: tuple[int, int, int, int, int]) -> str:
    """A palette PNG with the rectangles (value, left, top, right, bottom)."""
    drawn = np.zeros((15, 24), np.uint8)
    for value, left, top, right, bottom in parts:
        drawn[top:bottom, left:right] = value
    image = Image.frombytes("P", (24, 15), drawn.tobytes())
    image.putpalette([0, 0, 0, *(part for colour in _COLOURS for part in bytes.fromhex(colour[1:]))])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00\xff\xff")
    return base64.b64encode(buffer.getvalue()).decode()


def _semantic(*parts: tuple[int, int, int, int, int]) -> dict[str, Any]:
    return {
        "inputImageProperties": {"width": 24, "height": 15},
        "labelMappings": {name: {"color": colour} for name, colour in zip(CATEGORIES, _COLOURS, strict=True)},
        "labeledImage": {"pngImageData": _mask(*parts)},
    }


def _instances(*parts: tuple[int, int, int, int, int]) -> dict[str, Any]:
    return {
        "inputImageProperties": {"width": 24, "height": 15},
        "instances": [
            {"label": CATEGORIES[0], "color": _COLOURS[value - 1]}
            for value in sorted({part[0] for part in parts})
        ],
        "labeledImage": {"pngImageData": _mask(*parts)},
    }


def _cuboid(
    label: str, x: float, y: float, yaw: float, length: float = 4.4, width: float = 1.9
) -> dict[str, Any]:
    place = {"center-x": x, "center-y": y, "center-z": 0.8, "length": length, "width": width, "height": 1.6}
    return {"label": label, **place, "roll": 0, "pitch": 0, "yaw": yaw}


def _track(row: int, *lefts: float | None, ids: str = "") -> list[dict[str, Any]]:
    """A box that moves along a row, one place per frame, empty where the worker did not draw it; one digit of `ids` per frame."""
    return [
        {"left": left, "top": 20 + 60 * row, "width": 45, "height": 32, "class-id": "0", "object-id": number}
        if left is not None
        else {}
        for left, number in zip(lefts, ids or f"{row}" * len(lefts), strict=True)
    ]


def _sequence(*tracks: list[dict[str, Any]]) -> dict[str, Any]:
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


SCENES: Mapping[str, Scene] = {
    "class": Scene(
        [{"label": "car"}, {"label": "car"}, {"label": "bus"}],
        "Two workers chose car, one bus: the label is car.",
    ),
    "multi-label": Scene(
        [{"labels": ["car", "bus"]}, {"labels": ["car"]}, {"labels": ["bus", "car"]}],
        "Each category is voted on alone: all ticked car, two of three bus.",
    ),
    "boxes": Scene(
        _parts(
            "boundingBoxes",
            [_box("car", 20, 30, 80, 50), _box("bus", 150, 60, 60, 60)],
            [_box("car", 26, 34, 78, 50), _box("bus", 146, 66, 64, 56)],
            [_box("car", 14, 22, 90, 70), _box("car", 190, 10, 30, 22)],
        ),
        "Edges are medians, so that the third worker's loose box does no harm; what one worker alone drew is a candidate (dashed).",
    ),
    "rotated-boxes": Scene(
        _parts(
            "boundingBoxes",
            [_box("car", 60, 50, 110, 44, angle=20)],
            [_box("car", 64, 54, 106, 40, angle=26)],
            [_box("car", 96, 18, 42, 110, angle=-66)],
        ),
        "The third worker drew the box standing and turned it the other way: it is brought into the form of the others first.",
    ),
    "polygons": Scene(
        _parts(
            "polygons",
            [_line("car", (40, 40), (120, 28), (180, 70), (150, 118), (70, 120))],
            [_line("car", (152, 112), (66, 114), (44, 46), (116, 34), (174, 74), (170, 96))],
            [_line("car", (120, 22), (190, 66), (160, 126), (100, 108), (60, 128), (30, 36))],
        ),
        "Workers start at other vertices, go round the other way and use other numbers of them: the shapes are fused.",
    ),
    "polylines": Scene(
        _parts(
            "polylines",
            [_line("car", (20, 120), (80, 80), (140, 70), (220, 30))],
            [_line("car", (216, 36), (150, 74), (84, 86), (24, 126))],
            [_line("car", (22, 114), (60, 92), (110, 70), (170, 60))],
        ),
        "One worker drew from the other end and one stopped early: curves are fused along their length.",
    ),
    "lines": Scene(
        _parts(
            "lines",
            [_line("car", (20, 40), (200, 110))],
            [_line("car", (206, 104), (26, 34))],
            [_line("car", (18, 48), (196, 118))],
        ),
        "Both ends are medians, whichever end a worker began with.",
    ),
    "keypoints": Scene(
        _parts(
            "keypoints",
            [_point("car", 60, 50), _point("bus", 170, 60)],
            [_point("car", 66, 56), _point("bus", 174, 66)],
            [_point("bus", 63, 46), _point("car", 168, 54), _point("car", 110, 120)],
        ),
        "The third worker swapped the names and put a point where nobody else did: places agree, names are voted on.",
    ),
    "semantic-mask": Scene(
        [
            _semantic((1, 3, 3, 12, 10), (2, 14, 6, 21, 13)),
            _semantic((1, 4, 4, 13, 10), (2, 14, 5, 20, 13)),
            _semantic((1, 2, 2, 12, 12), (2, 17, 1, 22, 4)),
        ],
        "Every pixel takes the category with most votes, background being one.",
    ),
    "instance-mask": Scene(
        [
            _instances((1, 2, 3, 10, 11), (2, 13, 4, 21, 12)),
            _instances((2, 3, 4, 11, 11), (1, 12, 3, 20, 12)),
            _instances((1, 2, 4, 9, 12)),
        ],
        "Instances are matched whatever their colours; two of three saw the second.",
    ),
    "entities": Scene(
        [
            {
                "entities": [
                    _span("person", "Ada Lovelace"),
                    _span("person", "Charles Babbage"),
                    _span("place", "London"),
                ]
            },
            {
                "entities": [
                    _span("person", "Ada Lovelace"),
                    _span("person", "Babbage"),
                    _span("place", "London"),
                ]
            },
            {
                "entities": [
                    _span("person", "Lovelace"),
                    _span("person", "Charles Babbage"),
                    _span("place", "in London"),
                ]
            },
        ],
        "Spans are matched by their overlap; start, end and label are decided apart.",
        ("person", "place"),
        {"content": TEXT},
    ),
    "text": Scene(
        ["the cat sat on the mat", "the cat sat on a mat", "a cat sad on the mat"],
        "No two texts are the same: words are aligned and voted on place by place.",
        (),
    ),
    "number": Scene(
        [12, 14, 71],
        "The median bears the slip of one worker; the spread says how far the others lie apart.",
        (),
    ),
    "rating": Scene(
        [
            {"1": False, "2": False, "3": False, "4": True, "5": False},
            {"1": False, "2": False, "3": True, "4": False, "5": False},
            {"1": True, "2": False, "3": False, "4": False, "5": False},
        ],
        "All three differ, so that there is no most frequent category; on an ordered scale there is a middle one.",
        ("1", "2", "3", "4", "5"),
    ),
    "ranking": Scene(
        [["bus", "car", "van"], ["bus", "van", "car"], ["car", "bus", "van"]],
        "The order that contradicts the fewest pairwise preferences.",
        (),
    ),
    "video-tracks": Scene(
        [
            _sequence(_track(0, 20, 60, 100), _track(1, 150, 110, 70)),
            _sequence(_track(0, 24, 64, 104), _track(1, 152, None, 72)),
            _sequence(_track(0, 22, 62, 102, ids="099"), _track(1, 148, 112, 74)),
        ],
        "One worker left out a frame and one began a new track half way: the object stays one.",
        ("car",),
    ),
    "cuboids": Scene(
        [
            {"annotations": [_cuboid("car", 6, 4, 0.4), _cuboid("bus", 14, 8, 1.4, 8, 2.6)]},
            {"annotations": [_cuboid("car", 6.3, 4.2, 0.48), _cuboid("bus", 14.2, 8.2, 1.5, 8.4, 2.5)]},
            {"annotations": [_cuboid("car", 5.9, 3.8, 0.35 - np.pi)]},
        ],
        "From above: the third worker drew the car back to front, which turns neither its place nor its heading.",
    ),
}
"""By name of the kind."""
