"""What the laws need to know of the kind `cuboid-tracks`. What an answer says of identity is which cuboids are one object, not its id."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.elements import Element, renamed_parts
from tests.laws.kinds.cuboids import assert_rows_close, drawn, mirrored_cuboid, rows, scene
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, Merged, supporters

Frames = Sequence[Mapping[str, Any]]


def sequence(frames: Sequence[Sequence[dict[str, Any]]]) -> Element:
    """Cuboids of each frame as a page submits them."""
    return {
        "tracking-annotations": [
            {
                "frame-number": number,
                "frame-name": f"{number}.txt.pcd",
                "frame-attributes": {},
                "annotations": list(cuboids),
            }
            for number, cuboids in enumerate(frames)
        ]
    }


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Tracks of one to four workers through one to three frames of a scene at rest: ids of the worker's own, now and then broken.

    A worker gives one track one category, as tools do.
    """
    things = draw(scene())
    count = draw(st.integers(1, 3))
    answers = []
    for worker in range(draw(st.integers(1, 4))):
        frames = []
        labels: dict[str, str] = {}
        for frame in range(count):
            cuboids = draw(drawn(things))
            for one in cuboids:
                cell = round(one["center-x"] / 12), round(one["center-y"] / 12)
                broken = f", from {frame}" if draw(st.integers(0, 9)) == 0 else ""
                track = f"{worker}: {cell}{broken}"
                one |= {"object-id": track, "label": labels.setdefault(track, one["label"])}
            frames.append(cuboids)
        answers.append(sequence(frames))
    return answers


def seq_label(label: Label, artefacts: Artefacts) -> Any:
    """The document that a label refers to."""
    return json.loads(artefacts[label["seq-label-ref"]])


def as_page(frames: Frames, class_map: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """A label's frames as cuboids of a page."""
    return [
        [{**one, "label": class_map[one["class-id"]]} for one in frame["annotations"]] for frame in frames
    ]


def _as_element(label: Label, artefacts: Artefacts) -> Element:
    document = seq_label(label, artefacts)
    return sequence(as_page(document["tracking-annotations"], document["class-map"]))


def _essence(element: Element) -> Any:
    """Of each object its frames, with category, attributes and numbers."""
    objects = defaultdict(list)
    for frame in element["tracking-annotations"]:
        for one in frame["annotations"]:
            objects[one["object-id"]].append((frame["frame-number"], one))
    made = [
        ([number for number, _ in found], [rows([one])[0] for _, one in found]) for found in objects.values()
    ]
    return sorted(made, key=lambda found: (found[0], [round(number, 4) for number in found[1][0][2]]))


def _close(found: Any, expected: Any) -> None:
    assert [one[0] for one in found] == [one[0] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert_rows_close(one[1], other[1])


def _each(element: Element, changed: Any) -> Element:
    return {
        "tracking-annotations": [
            {**frame, "annotations": [changed(one) for one in frame["annotations"]]}
            for frame in element["tracking-annotations"]
        ]
    }


def _accounted(merged: Merged) -> int:
    document = seq_label(merged.label, merged.artefacts)
    frames = [*document["tracking-annotations"], *document["candidates"]]
    return sum(supporters(frame["annotations"]) for frame in frames)


LAW = KindUnderLaw(
    kind=BY_NAME["cuboid-tracks"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: sum(len(frame["annotations"]) for frame in element["tracking-annotations"]),
    accounted=_accounted,
    renamed=lambda element, names: {
        "tracking-annotations": [
            renamed_parts(frame, "annotations", names) for frame in element["tracking-annotations"]
        ]
    },
    mirrored=lambda element: _each(element, mirrored_cuboid),
    close=_close,
    keys=(
        "tracking-annotations",
        "frame-number",
        "frame-name",
        "annotations",
        "center-x",
        "length",
        "object-id",
    ),
)
