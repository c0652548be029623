"""What the laws need to know of the kind `polygons`. Mirrored polygons are compared as shapes: which vertices are left out may differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from consolidation.estimation.outlines import Outlines, canonical, overlaps_between
from tests import strategies
from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, support_of_all

_CELL = strategies.CELL
_SHAPES: tuple[tuple[tuple[int, int], ...], ...] = (
    ((0, 0), (16, 0), (16, 14), (0, 14)),
    ((8, 0), (16, 15), (0, 12)),
    ((0, 0), (16, 0), (16, 6), (7, 6), (7, 15), (0, 15)),
    ((0, 0), (5, 0), (5, 10), (11, 10), (11, 0), (16, 0), (16, 15), (0, 15)),
    ((8, 0), (13, 3), (16, 8), (13, 13), (8, 16), (3, 13), (0, 8), (3, 3)),
)
"""Convex and not, with a notch, round."""


def polygons_element(
    polygons: Sequence[tuple[str, Sequence[Sequence[float]]]], size: tuple[int, int] = (100, 80)
) -> Element:
    """`crowd-polygon`: (label, vertices) on an image of (width, height)."""
    return {
        "inputImageProperties": {"width": size[0], "height": size[1]},
        "polygons": [
            {"label": label, "vertices": [{"x": x, "y": y} for x, y in vertices]}
            for label, vertices in polygons
        ],
    }


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Polygons of one to five workers: things in the cells of a grid, each vertex jittered, begun anywhere, either way round."""
    cells = draw(st.lists(st.integers(0, 11), unique=True, max_size=4))
    things = {cell: draw(st.sampled_from(_SHAPES)) for cell in cells}
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        polygons = []
        for cell, shape in draw(st.permutations([*things.items()])):
            if draw(st.integers(0, 4)) == 0:
                continue
            left, top = _CELL * (cell % strategies.COLUMNS) + 4, _CELL * (cell // strategies.COLUMNS) + 4
            vertices = [
                (left + x + draw(st.integers(-2, 2)) / 2, top + y + draw(st.integers(-2, 2)) / 2)
                for x, y in shape
            ]
            start = draw(st.integers(0, len(vertices) - 1))
            vertices = vertices[start:] + vertices[:start]
            polygons.append((draw(strategies.categories), vertices[:: draw(st.sampled_from([1, -1]))]))
        answers.append(polygons_element(polygons, (strategies.WIDTH, strategies.HEIGHT)))
    return answers


def _vertices(polygon: Any) -> list[list[float]]:
    return [[vertex["x"], vertex["y"]] for vertex in polygon["vertices"]]


def _as_element(label: Label, _: Artefacts) -> Element:
    size = label["image_size"][0]
    return polygons_element(
        [(one["class-name"], _vertices(one)) for one in label["annotations"]], (size["width"], size["height"])
    )


def _essence(element: Element) -> Any:
    """Cell, category and vertices in canonical order, sorted."""
    rows = []
    for polygon in element["polygons"]:
        outline = canonical(np.array(_vertices(polygon)))
        column, row = (outline.min(axis=0) + outline.max(axis=0)) // (2 * _CELL)
        rows.append(((column, row), polygon["label"], outline.tolist()))
    return sorted(rows)


def _mirrored(element: Element) -> Element:
    width = element["inputImageProperties"]["width"]
    polygons = [(one["label"], [(width - x, y) for x, y in _vertices(one)]) for one in element["polygons"]]
    return polygons_element(polygons, (width, element["inputImageProperties"]["height"]))


def _assert_close(found: Any, expected: Any) -> None:
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for one, other in zip(found, expected, strict=True):
        pair = Outlines.of([np.array(one[2]), np.array(other[2])])
        assert overlaps_between(pair, np.arange(2)).iou.tolist() > [0.97]


LAW = KindUnderLaw(
    kind=BY_NAME["polygons"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["polygons"]),
    accounted=support_of_all,
    renamed=lambda element, names: renamed_parts(element, "polygons", names),
    mirrored=_mirrored,
    close=_assert_close,
    keys=("polygons", "vertices", "x", "y", "inputImageProperties", "width", "height", "label"),
)
