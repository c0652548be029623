"""Three workers' answers for each kind: the scenes of the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tools.kind_pictures.answers import (
    CATEGORIES,
    TEXT,
    box,
    by_frame,
    cuboid,
    instances,
    line,
    parts,
    point,
    point_labels,
    semantic,
    sequence,
    span,
    track,
)


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


def _detections(*frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return by_frame("detection-annotations", "frame-no", *frames)


def _drive(name: str, *places: tuple[float, float, float]) -> dict[str, Any]:
    """One car's track: x, y, yaw per frame."""
    frames = [[{**cuboid("car", x, y, yaw), "object-id": name}] for x, y, yaw in places]
    return by_frame("tracking-annotations", "frame-number", *frames)


def _linked(
    lidar_id: str, camera_id: str, place: tuple[float, float, float], corner: tuple[float, float]
) -> dict[str, Any]:
    """A cuboid and a camera's box, linked when the ids are the same."""
    seen = {**box("car", *corner, 90, 60), "object-id": camera_id}
    return {
        "lidar": _drive(lidar_id, place),
        "camera-0": by_frame("tracking-annotations", "frame-no", [seen]),
    }


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
        parts(
            "boundingBoxes",
            [box("car", 20, 30, 80, 50), box("bus", 150, 60, 60, 60)],
            [box("car", 26, 34, 78, 50), box("bus", 146, 66, 64, 56)],
            [box("car", 14, 22, 90, 70), box("car", 190, 10, 30, 22)],
        ),
        "Edges are medians, so that the third worker's loose box does no harm; what one worker alone drew is a candidate (dashed).",
    ),
    "rotated-boxes": Scene(
        parts(
            "boundingBoxes",
            [box("car", 60, 50, 110, 44, angle=20)],
            [box("car", 64, 54, 106, 40, angle=26)],
            [box("car", 96, 18, 42, 110, angle=-66)],
        ),
        "The third worker drew the box standing and turned it the other way: it is brought into the form of the others first.",
    ),
    "polygons": Scene(
        parts(
            "polygons",
            [line("car", (40, 40), (120, 28), (180, 70), (150, 118), (70, 120))],
            [line("car", (152, 112), (66, 114), (44, 46), (116, 34), (174, 74), (170, 96))],
            [line("car", (120, 22), (190, 66), (160, 126), (100, 108), (60, 128), (30, 36))],
        ),
        "Workers start at other vertices, go round the other way and use other numbers of them: the shapes are fused.",
    ),
    "polylines": Scene(
        parts(
            "polylines",
            [line("car", (20, 120), (80, 80), (140, 70), (220, 30))],
            [line("car", (216, 36), (150, 74), (84, 86), (24, 126))],
            [line("car", (22, 114), (60, 92), (110, 70), (170, 60))],
        ),
        "One worker drew from the other end and one stopped early: curves are fused along their length.",
    ),
    "lines": Scene(
        parts(
            "lines",
            [line("car", (20, 40), (200, 110))],
            [line("car", (206, 104), (26, 34))],
            [line("car", (18, 48), (196, 118))],
        ),
        "Both ends are medians, whichever end a worker began with.",
    ),
    "keypoints": Scene(
        parts(
            "keypoints",
            [point("car", 60, 50), point("bus", 170, 60)],
            [point("car", 66, 56), point("bus", 174, 66)],
            [point("bus", 63, 46), point("car", 168, 54), point("car", 110, 120)],
        ),
        "The third worker swapped the names and put a point where nobody else did: places agree, names are voted on.",
    ),
    "semantic-mask": Scene(
        [
            semantic((1, 3, 3, 12, 10), (2, 14, 6, 21, 13)),
            semantic((1, 4, 4, 13, 10), (2, 14, 5, 20, 13)),
            semantic((1, 2, 2, 12, 12), (2, 17, 1, 22, 4)),
        ],
        "Every pixel takes the category with most votes, background being one.",
    ),
    "instance-mask": Scene(
        [
            instances((1, 2, 3, 10, 11), (2, 13, 4, 21, 12)),
            instances((2, 3, 4, 11, 11), (1, 12, 3, 20, 12)),
            instances((1, 2, 4, 9, 12)),
        ],
        "Instances are matched whatever their colours; two of three saw the second.",
    ),
    "entities": Scene(
        [
            {
                "entities": [
                    span("person", "Ada Lovelace"),
                    span("person", "Charles Babbage"),
                    span("place", "London"),
                ]
            },
            {
                "entities": [
                    span("person", "Ada Lovelace"),
                    span("person", "Babbage"),
                    span("place", "London"),
                ]
            },
            {
                "entities": [
                    span("person", "Lovelace"),
                    span("person", "Charles Babbage"),
                    span("place", "in London"),
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
            sequence(track(0, 20, 60, 100), track(1, 150, 110, 70)),
            sequence(track(0, 24, 64, 104), track(1, 152, None, 72)),
            sequence(track(0, 22, 62, 102, ids="099"), track(1, 148, 112, 74)),
        ],
        "One worker left out a frame and one began a new track half way: the object stays one.",
        ("car",),
    ),
    "cuboids": Scene(
        [
            {"annotations": [cuboid("car", 6, 4, 0.4), cuboid("bus", 14, 8, 1.4, 8, 2.6)]},
            {"annotations": [cuboid("car", 6.3, 4.2, 0.48), cuboid("bus", 14.2, 8.2, 1.5, 8.4, 2.5)]},
            {"annotations": [cuboid("car", 5.9, 3.8, 0.35 - np.pi)]},
        ],
        "From above: the third worker drew the car back to front, which turns neither its place nor its heading.",
    ),
    "video-detections": Scene(
        [
            _detections(
                [box("car", 20, 30, 60, 40)], [box("car", 60, 34, 60, 40), box("bus", 130, 70, 50, 40)]
            ),
            _detections(
                [box("car", 24, 32, 60, 40)], [box("car", 64, 36, 58, 40), box("bus", 134, 72, 48, 42)]
            ),
            _detections(
                [box("car", 22, 28, 62, 42), box("bus", 140, 20, 40, 30)], [box("car", 66, 30, 60, 44)]
            ),
        ],
        "Each frame is merged as boxes of one image are.",
    ),
    "cuboid-tracks": Scene(
        [
            _drive("a", (5, 4, 0.4), (9, 6, 0.5), (13, 8.4, 0.6)),
            _drive("b", (5.3, 4.2, 0.46), (9.2, 6.2, 0.5), (13.2, 8.6, 0.64)),
            _drive("c", (4.9, 3.8, 0.36), (8.9, 5.9, 0.5 - np.pi), (12.8, 8.1, 0.58)),
        ],
        "Three frames of one car from above: a worker who turned it round in the second does not turn the object round.",
    ),
    "linked-tracks": Scene(
        [
            _linked("1", "1", (6, 6, 0.3), (60, 40)),
            _linked("x", "x", (6.2, 6.1, 0.34), (64, 42)),
            _linked("7", "9", (5.9, 5.8, 0.28), (58, 38)),
        ],
        "Two of three workers gave the cuboid and the camera's box one id: they are one object in both sensors.",
    ),
    "point-labels": Scene(
        [point_labels(100, 160), point_labels(108, 170), point_labels(96, 220, top=44)],
        "Every point takes the category with most votes.",
    ),
}
"""By name of the kind."""
