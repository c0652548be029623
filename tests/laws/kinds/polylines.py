"""What the laws need to know of the kind `polylines`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, KindUnderLaw, Label, support_of_all
from tests.strategies import CELL, COLUMNS, HEIGHT, ROWS, WIDTH, categories

KEYS = ("inputImageProperties", "width", "height", "vertices", "x", "y", "label")


def drawn_elements(name: str, most: int) -> st.SearchStrategy[list[Element]]:
    """Curves of one to five workers: one per cell of a grid, with up to `most` vertices, jittered, missed, mistaken, turned."""

    @st.composite
    def elements(draw: st.DrawFn) -> list[Element]:
        cells = draw(st.lists(st.integers(0, COLUMNS * ROWS - 1), unique=True, max_size=5))
        bends = {cell: draw(st.lists(st.integers(-3, 3), min_size=2, max_size=most)) for cell in cells}
        answers = []
        for _ in range(draw(st.integers(1, 5))):
            curves = []
            for cell in cells:
                if draw(st.integers(0, 4)) == 0:
                    continue
                curve = draw(_curve(cell, bends[cell]))
                curves.append({"label": draw(categories), "vertices": curve})
            answers.append(element(name, draw(st.permutations(curves))))
        return answers

    return elements()


@st.composite
def _curve(draw: st.DrawFn, cell: int, bends: list[int]) -> list[dict[str, int]]:
    step = 16 // (len(bends) - 1)
    curve = [
        {
            "x": CELL * (cell % COLUMNS) + 12 + bend + draw(st.integers(-1, 1)),
            "y": CELL * (cell // COLUMNS) + 4 + step * place + draw(st.integers(-1, 1)),
        }
        for place, bend in enumerate(bends)
    ]
    return curve[::-1] if draw(st.integers(0, 3)) == 0 else curve


def element(name: str, curves: list[Element]) -> Element:
    """An answer with curves under the key `name`."""
    return {name: curves, "inputImageProperties": {"width": WIDTH, "height": HEIGHT}}


def as_element(name: str, label: Label) -> Element:
    """The answer of who agrees with all of a label."""
    return element(
        name, [{"label": part["class-name"], "vertices": part["vertices"]} for part in label["annotations"]]
    )


def essence(name: str, answer: Element) -> Any:
    """The curves in the order of the cells, each with its vertices in order."""
    curves = sorted(
        answer[name],
        key=lambda curve: [min(vertex[axis] for vertex in curve["vertices"]) // CELL for axis in ("y", "x")],
    )
    return [
        (curve["label"], *(axis for vertex in curve["vertices"] for axis in (vertex["x"], vertex["y"])))
        for curve in curves
    ]


def mirrored(name: str, answer: Element) -> Element:
    """An answer as if the image had been mirrored left to right."""
    curves = [
        {**curve, "vertices": [{**vertex, "x": WIDTH - vertex["x"]} for vertex in curve["vertices"]]}
        for curve in answer[name]
    ]
    return {**answer, name: curves}


def assert_close(found: Any, expected: Any) -> None:
    """The same curves within the pixel of rounding and the half pixel of simplification, whatever vertices they are given by."""
    assert [row[0] for row in found] == [row[0] for row in expected]
    for one, other in zip(found, expected, strict=True):
        first, second = _dense(one[1:]), _dense(other[1:])
        apart = np.hypot(*(first[:, None] - second[None]).transpose(2, 0, 1))
        assert max(apart[0, 0], apart[-1, -1], *apart.min(axis=0), *apart.min(axis=1)) < 2


def _dense(axes: Sequence[float]) -> npt.NDArray[np.float64]:
    vertices = np.array(axes, np.float64).reshape(-1, 2)
    places = np.linspace(0, len(vertices) - 1, 20 * len(vertices))
    return np.column_stack([np.interp(places, np.arange(len(vertices)), axis) for axis in vertices.T])


def law(name: str, most: int) -> KindUnderLaw:
    """The law of a kind of curves with up to `most` vertices."""
    return KindUnderLaw(
        kind=BY_NAME[name],
        elements=drawn_elements(name, most),
        as_element=lambda label, _: as_element(name, label),
        essence=lambda answer: essence(name, answer),
        parts=lambda answer: len(answer[name]),
        accounted=support_of_all,
        renamed=lambda answer, names: renamed_parts(answer, name, names),
        mirrored=lambda answer: mirrored(name, answer),
        close=assert_close,
        keys=(name, *KEYS),
    )


LAW = law("polylines", 5)
