"""What the laws need to know of the kind `rotated-boxes`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from consolidation.estimation.rotated_boxes import corners
from tests import strategies
from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, support_of_all

_CELL = strategies.CELL
_NUMBERS = ("left", "top", "width", "height", "angle")


def rotated_element(
    boxes: Sequence[tuple[str, float, float, float, float, float]], size: tuple[int, int] = (100, 80)
) -> Element:
    """Boxes of a custom page: (label, left, top, width, height, angle) on an image of (width, height)."""
    return {
        "boundingBoxes": [
            {"label": label, **dict(zip(_NUMBERS, numbers, strict=True))} for label, *numbers in boxes
        ],
        "inputImageProperties": {"width": size[0], "height": size[1]},
    }


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Boxes of one to five workers: things in the cells of a grid, jittered, turned by half turns, or by quarters with sides exchanged."""
    cells = draw(st.lists(st.integers(0, 11), unique=True, max_size=4))
    things = {
        cell: (
            draw(st.sampled_from([0, -35, 20, 62, 80])),
            draw(st.sampled_from([(13, 5), (10, 10), (8, 11)])),
        )
        for cell in cells
    }
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        boxes = []
        for cell, (angle, (width, height)) in draw(st.permutations([*things.items()])):
            if draw(st.integers(0, 4)) == 0:
                continue
            middle = [
                _CELL * place + _CELL / 2 + draw(st.integers(-2, 2)) / 2
                for place in (cell % strategies.COLUMNS, cell // strategies.COLUMNS)
            ]
            size = [side + draw(st.integers(-2, 2)) / 2 for side in (width, height)]
            turned = (
                angle + (draw(st.integers(-3, 3)) if angle else 0) + draw(st.sampled_from([0, 180, -180]))
            )
            if draw(st.integers(0, 3)) == 0:
                size, turned = size[::-1], turned + 90
            left, top = middle[0] - size[0] / 2, middle[1] - size[1] / 2
            boxes.append((draw(strategies.categories), left, top, size[0], size[1], turned))
        answers.append(rotated_element(boxes, (strategies.WIDTH, strategies.HEIGHT)))
    return answers


def _as_element(label: Label, _: Artefacts) -> Element:
    size = label["image_size"][0]
    boxes = [(box["class-name"], *(box[key] for key in _NUMBERS)) for box in label["annotations"]]
    return rotated_element(boxes, (size["width"], size["height"]))


def _essence(element: Element) -> Any:
    """Cell, category and the box with its angle modulo 180."""
    rows = []
    for box in element["boundingBoxes"]:
        left, top, width, height = (box[key] for key in _NUMBERS[:4])
        cell = (int((left + width / 2) // _CELL), int((top + height / 2) // _CELL))
        rows.append((cell, box["label"], [left, top, width, height, box["angle"] % 180]))
    return sorted(rows)


def _mirrored(element: Element) -> Element:
    size = element["inputImageProperties"]
    boxes = []
    for box in element["boundingBoxes"]:
        left = size["width"] - box["left"] - box["width"]
        boxes.append((box["label"], left, box["top"], box["width"], box["height"], -box["angle"]))
    return rotated_element(boxes, (size["width"], size["height"]))


def _assert_close(found: Any, expected: Any) -> None:
    """The same corners, whatever the description: where it is a tie, a mirror may give the other."""
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert _corners(one[2]) == pytest.approx(_corners(other[2]), abs=1)


def _corners(numbers: Sequence[float]) -> list[float]:
    left, top, width, height, angle = numbers
    turned = corners(np.array([[left, top, left + width, top + height, angle]]))[0]
    around = np.round(np.arctan2(*(turned - turned.mean(axis=0)).T), 6)
    start = int(np.abs(around - around[np.abs(around).argmin()]).argmin())
    flat: list[float] = np.roll(turned, -start, axis=0).reshape(-1).tolist()
    return flat


LAW = KindUnderLaw(
    kind=BY_NAME["rotated-boxes"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["boundingBoxes"]),
    accounted=support_of_all,
    renamed=lambda element, names: renamed_parts(element, "boundingBoxes", names),
    mirrored=_mirrored,
    close=_assert_close,
    keys=("boundingBoxes", "angle", "rotation", "left", "top", "width", "height", "label"),
)
