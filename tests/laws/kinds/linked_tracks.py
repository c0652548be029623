"""What the laws need to know of the kind `linked-tracks`. Mirrored is the world's x: what cameras saw stays as they saw it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.elements import Element, renamed_parts
from tests.laws.kinds.cuboid_tracks import seq_label, sequence
from tests.laws.kinds.cuboids import assert_rows_close, drawn, mirrored_cuboid, rows, scene
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, Merged, supporters

KEY = "tracking-annotations"
SIDES = ("left", "top", "width", "height")


def camera(frames: list[list[dict[str, Any]]]) -> Element:
    """Boxes of each frame as a page submits them."""
    return {
        KEY: [
            {"frame-no": number, "frame": f"{number}.jpg", "frame-attributes": {}, "annotations": boxes}
            for number, boxes in enumerate(frames)
        ]
    }


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """What one to four workers drew in a point cloud and a camera of two frames: ids mostly the same, now and then not linked."""
    things = draw(scene())
    answers = []
    for worker in range(draw(st.integers(1, 4))):
        labels: dict[str, str] = {}
        cloud, pictures = [], []
        for _ in range(2):
            cuboids = draw(drawn(things))
            boxes: list[dict[str, Any]] = []
            for one in cuboids:
                cell = round(one["center-x"] / 12), round(one["center-y"] / 12)
                track = f"{worker}: {cell}"
                one |= {"object-id": track, "label": labels.setdefault(track, one["label"])}
                if draw(st.integers(0, 3)):
                    other = f"{track} seen" if draw(st.integers(0, 4)) == 0 else track
                    if any(box["object-id"] == track for box in boxes):
                        continue
                    left, top = 60 * cell[0] + draw(st.integers(0, 2)), 40 * cell[1] + draw(st.integers(0, 2))
                    boxes.append(
                        {
                            "label": labels[track],
                            "object-id": other,
                            "label-category-attributes": {},
                            **dict(zip(SIDES, (left, top, 30, 20), strict=True)),
                        }
                    )
            cloud.append(cuboids)
            pictures.append(boxes)
        answers.append({"lidar": sequence(cloud), "camera-0": camera(pictures)})
    return answers


def _as_element(label: Label, artefacts: Artefacts) -> Element:
    return {
        sensor: {
            KEY: [
                {
                    **frame,
                    "annotations": [
                        {**one, "label": document["class-map"][one["class-id"]]}
                        for one in frame["annotations"]
                    ],
                }
                for frame in document[KEY]
            ]
        }
        for sensor, document in seq_label(label, artefacts).items()
    }


def _essence(element: Element) -> Any:
    """Of each object its cuboids and its boxes, with their frames."""
    objects: defaultdict[str, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for frame in element["lidar"][KEY]:
        for one in frame["annotations"]:
            objects[one["object-id"]][0].append((frame["frame-number"], rows([one])[0]))
    for frame in element["camera-0"][KEY]:
        for one in frame["annotations"]:
            seen = [one["label"], *(one[side] for side in SIDES)]
            objects[one["object-id"]][1].append((frame["frame-no"], seen))
    return sorted(
        objects.values(),
        key=lambda one: (one[1], [(number, [round(n, 4) for n in row[2]]) for number, row in one[0]]),
    )


def _close(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected, strict=True):
        assert_rows_close([row for _, row in one[0]], [row for _, row in other[0]])
        assert [(number, row[0]) for number, row in one[1]] == [(number, row[0]) for number, row in other[1]]
        for (_, mine), (_, yours) in zip(one[1], other[1], strict=True):
            assert mine[1:] == pytest.approx(yours[1:], abs=1)


def _mirrored(element: Element) -> Element:
    frames = [
        {**frame, "annotations": [mirrored_cuboid(one) for one in frame["annotations"]]}
        for frame in element["lidar"][KEY]
    ]
    return {**element, "lidar": {KEY: frames}}


def _renamed(element: Element, names: Mapping[str, str]) -> Element:
    return {
        sensor: {KEY: [renamed_parts(frame, "annotations", names) for frame in given[KEY]]}
        for sensor, given in element.items()
    }


def _accounted(merged: Merged) -> int:
    return sum(
        supporters(frame["annotations"])
        for document in seq_label(merged.label, merged.artefacts).values()
        for frame in (*document[KEY], *document["candidates"])
    )


LAW = KindUnderLaw(
    kind=BY_NAME["linked-tracks"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: sum(
        len(frame["annotations"]) for sensor in element.values() for frame in sensor[KEY]
    ),
    accounted=_accounted,
    renamed=_renamed,
    mirrored=_mirrored,
    close=_close,
    keys=("lidar", "camera-0", KEY, "frame-number", "frame-no", "annotations", "left", "object-id"),
)
