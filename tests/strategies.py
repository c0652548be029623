"""Generated answers: the shared vocabulary of the laws. Scenes have things apart from each other, as the laws presuppose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.elements import boxes_element, class_element, instance_element, semantic_element

CATEGORIES = ("ant", "bee", "cat")
CELL, COLUMNS, ROWS = 24, 4, 3
WIDTH, HEIGHT = CELL * COLUMNS, CELL * ROWS

categories = st.sampled_from(CATEGORIES)
Elements = st.SearchStrategy[list[Any]]


def class_elements() -> Elements:
    """What one to six workers chose."""
    return st.lists(categories.map(class_element), min_size=1, max_size=6)


def multi_label_elements() -> Elements:
    """What one to six workers ticked."""
    ticked = st.lists(categories, unique=True, max_size=3)
    return st.lists(ticked.map(lambda labels: {"labels": labels}), min_size=1, max_size=6)


@st.composite
def box_elements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Boxes of one to five workers: things in the cells of a grid, jittered, missed, invented and mistaken."""
    cells = draw(st.lists(st.integers(0, COLUMNS * ROWS - 1), unique=True, max_size=5))
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        boxes = []
        for cell in cells:
            if draw(st.integers(0, 4)) == 0:
                continue
            left, top, width, height = (draw(st.integers(-1, 1)) for _ in range(4))
            boxes.append(
                (
                    draw(categories),
                    CELL * (cell % COLUMNS) + 4 + left,
                    CELL * (cell // COLUMNS) + 4 + top,
                    15 + width,
                    13 + height,
                )
            )
        answers.append(boxes_element(draw(st.permutations(boxes)), (WIDTH, HEIGHT)))
    return answers


@st.composite
def semantic_elements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Masks of one to five workers: random rectangles over each other, categories in an order of the worker's own."""
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        names = draw(st.permutations(CATEGORIES))
        drawn = np.zeros((7, 9), np.uint8)
        for _ in range(draw(st.integers(0, 4))):
            top, left = draw(st.integers(0, 6)), draw(st.integers(0, 8))
            bottom, right = draw(st.integers(top, 6)), draw(st.integers(left, 8))
            drawn[top : bottom + 1, left : right + 1] = draw(st.integers(0, len(names)))
        answers.append(semantic_element(drawn, names))
    return answers


@st.composite
def instance_elements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Instances of one to five workers: at most one per cell of a grid, each a rectangle that covers the cell's middle."""
    cells = draw(st.lists(st.integers(0, 5), unique=True, max_size=4))
    sides = {cell: (draw(st.integers(6, 8)), draw(st.integers(4, 6))) for cell in cells}
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        drawn, labels = np.zeros((16, 30), np.uint8), list[str]()
        for cell in draw(st.permutations(cells)):
            if draw(st.integers(0, 4)) == 0:
                continue
            labels.append(draw(categories))
            top, left = 8 * (cell // 3) + draw(st.integers(0, 1)), 10 * (cell % 3) + draw(st.integers(0, 1))
            width, height = sides[cell]
            drawn[top : top + height, left : left + width] = len(labels)
        answers.append(instance_element(drawn, labels))
    return answers


def near_json(names: Sequence[str]) -> st.SearchStrategy[Any]:
    """JSON with the keys that a kind looks for and values that are often wrong."""
    keys = st.sampled_from([*names, "ant", "\ud800"])
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 10**20),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["iVBORw0KGgo=", "#2ca02c", "ant", "AAAA", ""]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
        max_leaves=20,
    )
