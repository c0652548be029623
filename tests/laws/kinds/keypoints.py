"""What the laws need to know of the kind `keypoints`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, assert_close, support_of_all
from tests.strategies import CELL, COLUMNS, HEIGHT, ROWS, WIDTH, categories


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Points of one to five workers: one per cell of a grid, jittered, missed and mistaken; some with visibility, some in groups."""
    cells = draw(st.lists(st.integers(0, COLUMNS * ROWS - 1), unique=True, max_size=6))
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        points = []
        for cell in cells:
            if draw(st.integers(0, 4)) == 0:
                continue
            point: Element = {
                "label": draw(categories),
                "x": CELL * (cell % COLUMNS) + 12 + draw(st.integers(-1, 1)),
                "y": CELL * (cell // COLUMNS) + 12 + draw(st.integers(-1, 1)),
            }
            if draw(st.booleans()):
                point["visible"] = draw(st.booleans())
            if draw(st.booleans()):
                point["group"] = draw(st.sampled_from([7, "left"]))
            points.append(point)
        answers.append(_element(draw(st.permutations(points))))
    return answers


def _element(points: list[Element]) -> Element:
    return {"keypoints": points, "inputImageProperties": {"width": WIDTH, "height": HEIGHT}}


def _as_element(label: Label, _: Artefacts) -> Element:
    keys = ("x", "y", "visible", "group")
    return _element(
        [
            {"label": point["class-name"], **{key: point[key] for key in keys if key in point}}
            for point in label["annotations"]
        ]
    )


def _essence(element: Element) -> Any:
    """The points in the order of the cells, each with the first point of its group."""
    points = sorted(element["keypoints"], key=lambda point: (point["y"] // CELL, point["x"] // CELL))
    groups = [point.get("group") for point in points]
    return [
        (
            (point["label"], point.get("visible"), None if group is None else groups.index(group)),
            point["x"],
            point["y"],
        )
        for point, group in zip(points, groups, strict=True)
    ]


def _assert_close(found: Any, expected: Any) -> None:
    """But for the groups: of two with as many votes the one read first counts, and mirrored is read in another order."""
    assert_close(*([(row[0][:2], *row[1:]) for row in rows] for rows in (found, expected)))


def _mirrored(element: Element) -> Element:
    points = [{**point, "x": WIDTH - point["x"]} for point in element["keypoints"]]
    return {**element, "keypoints": points}


LAW = KindUnderLaw(
    kind=BY_NAME["keypoints"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["keypoints"]),
    accounted=support_of_all,
    renamed=lambda element, names: renamed_parts(element, "keypoints", names),
    mirrored=_mirrored,
    close=_assert_close,
    keys=(
        "keypoints",
        "inputImageProperties",
        "width",
        "height",
        "x",
        "y",
        "label",
        "visible",
        "visibility",
        "group",
    ),
)
