"""What the laws need to know of the kind `video-tracks`, and the sequences that `video-detections` shares with it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests import strategies
from tests.elements import Element
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, Merged, supporters
from tests.strategies import CELL, COLUMNS, ROWS, WIDTH

KEYS = (
    "tracking-annotations",
    "detection-annotations",
    "frame-no",
    "frame",
    "frame-attributes",
    "annotations",
    "polygons",
    "polylines",
    "keypoints",
    "vertices",
    "x",
    "y",
    "left",
    "top",
    "width",
    "height",
    "label",
    "class-id",
    "class-map",
    "label-category-attributes",
    "object-id",
    "object-name",
)
LISTS = ("annotations", "keypoints", "polygons", "polylines")


@st.composite
def sequences(draw: st.DrawFn, key: str) -> list[Element]:
    """One to four workers follow things that stay in the cells of a grid: jittered, missed, mistaken, swapped, started anew.

    A track keeps its category, as the tools that make such answers have it. Frames may be left out, but not by the first worker.
    """
    list_name = draw(st.sampled_from(LISTS))
    frames = draw(st.integers(1, 4))
    cells = draw(st.lists(st.integers(0, COLUMNS * ROWS - 1), unique=True, max_size=3))
    answers = []
    for worker in range(draw(st.integers(1, 4))):
        ids = {cell: f"{worker}-{cell}" for cell in cells}
        said = {ids[cell]: draw(strategies.categories) for cell in cells}
        listed = []
        for frame in range(frames):
            if worker and draw(st.integers(0, 5)) == 0:
                continue
            if len(cells) > 1 and draw(st.integers(0, 5)) == 0:
                one, other = cells[:2]
                ids[one], ids[other] = ids[other], ids[one]
            if cells and draw(st.integers(0, 5)) == 0:
                begun = f"{worker}-{cells[-1]}-{frame}"
                said[begun], ids[cells[-1]] = said[ids[cells[-1]]], begun
            parts = [
                _part(draw, list_name, cell, said[ids[cell]], ids[cell])
                for cell in draw(st.permutations(cells))
                if draw(st.integers(0, 4))
            ]
            listed.append(
                {
                    "frame-no": draw(st.sampled_from([frame, str(frame)])),
                    "frame": f"f{frame:04}.jpg",
                    "frame-attributes": {"weather": draw(st.sampled_from(["dry", "wet"]))},
                    list_name: parts,
                }
            )
        answers.append({key: listed})
    return answers


def _part(draw: st.DrawFn, list_name: str, cell: int, label: str, track: str) -> Element:
    x, y = CELL * (cell % COLUMNS) + 4, CELL * (cell // COLUMNS) + 4
    jitter = st.integers(-1, 1)
    x, y = x + draw(jitter), y + draw(jitter)
    shape: Element = {"left": x, "top": y, "width": 15 + draw(jitter), "height": 13 + draw(jitter)}
    if list_name == "keypoints":
        shape = {"x": x, "y": y}
    elif list_name == "polygons":
        shape = {"vertices": [{"x": x, "y": y}, {"x": x + 15, "y": y + 2}, {"x": x + 4, "y": y + 13}]}
    elif list_name == "polylines":
        shape = {"vertices": [{"x": x, "y": y}, {"x": x + 12, "y": y + 13}]}
    return {
        "label": label,
        "label-category-attributes": {"doors": draw(st.integers(0, 4)), "hidden": draw(st.booleans())},
        "object-id": track,
        **shape,
    }


def document(label: Label, artefacts: Artefacts) -> Label:
    """The sequence a label refers to."""
    read: Label = json.loads(artefacts[label["seq-label-ref"]])
    return read


def as_element(label: Label, artefacts: Artefacts) -> Element:
    """A label as an answer: the sequence itself."""
    read = document(label, artefacts)
    return {key: value for key, value in read.items() if key.endswith("-annotations") or key == "class-map"}


def lists_of(element: Element) -> list[tuple[Element, list[Element]]]:
    """(frame, its parts)."""
    frames = next(value for key, value in element.items() if key.endswith("-annotations"))
    return [(frame, next((frame[name] for name in LISTS if name in frame), [])) for frame in frames]


def essence(element: Element) -> Any:
    """Frames with what is in them, and which parts of which frames are one object, whatever it is called."""
    frames, objects = [], dict[str, list[Any]]()
    for frame, parts in lists_of(element):
        number = int(frame["frame-no"])
        rows = [_row(part, element.get("class-map", {})) for part in parts]
        frames.append((number, frame["frame"], tuple(frame["frame-attributes"].items()), sorted(rows)))
        for part, row in zip(parts, rows, strict=True):
            objects.setdefault(part.get("object-id", ""), []).append((number, row[2:]))
    return frames, sorted(sorted(seen) for seen in objects.values())


def _row(part: Element, names: dict[str, str]) -> tuple[Any, ...]:
    label = part.get("label") or names[part["class-id"]]
    attributes = tuple(sorted(part["label-category-attributes"].items()))
    if "vertices" in part:
        return label, attributes, *((vertex["x"], vertex["y"]) for vertex in part["vertices"])
    return (
        label,
        attributes,
        *(part[edge] for edge in ("left", "top", "width", "height", "x", "y") if edge in part),
    )


def mirrored(element: Element) -> Element:
    """Every frame's shapes flipped in an image as wide as the grid."""
    flipped = json.loads(json.dumps(element))
    for _, parts in lists_of(flipped):
        for part in parts:
            if "left" in part:
                part["left"] = WIDTH - part["left"] - part["width"]
            for point in part.get("vertices", [part] if "x" in part else []):
                point["x"] = WIDTH - point["x"]
    return flipped  # type: ignore[no-any-return]


def renamed(element: Element, names: Any) -> Element:
    """Under other category names."""
    other = json.loads(json.dumps(element))
    for _, parts in lists_of(other):
        for part in parts:
            part["label"] = names[part["label"]]
    return other  # type: ignore[no-any-return]


def accounted(merged: Merged) -> int:
    """Parts behind all sightings, with a quorum and without."""
    read = document(merged.label, merged.artefacts)
    candidates = {"candidates-annotations": read["candidates"]}
    return sum(supporters(parts) for kept in (read, candidates) for _, parts in lists_of(kept))


def close(found: Any, expected: Any) -> None:
    """Equal up to the pixel by which halves round to the even side, and to the tie between two outlines."""
    assert len(found[0]) == len(expected[0])
    for one, other in zip(found[0], expected[0], strict=True):
        assert one[:3] == other[:3]
        assert [row[:2] for row in sorted(one[3])] == [row[:2] for row in sorted(other[3])]
    assert len(found[1]) == len(expected[1])


LAW = KindUnderLaw(
    kind=BY_NAME["video-tracks"],
    elements=sequences("tracking-annotations"),
    as_element=as_element,
    essence=essence,
    parts=lambda element: sum(len(parts) for _, parts in lists_of(element)),
    accounted=accounted,
    renamed=renamed,
    mirrored=mirrored,
    close=close,
    keys=KEYS,
)
