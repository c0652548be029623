"""Areas and lines made of vertices."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.paths import along, area_iou, mean_gap

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
HALF = [(0, 0), (5, 0), (5, 10), (0, 10)]
RING = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (0, 5), (5, 5), (5, 0)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (SQUARE, SQUARE, 1.0),
        (SQUARE, [*SQUARE[2:], *SQUARE[:2]], 1.0),
        (SQUARE, SQUARE[::-1], 1.0),
        (SQUARE, HALF, 0.5),
        (SQUARE, [(20, 0), (30, 0), (30, 10)], 0.0),
        (SQUARE, [(0, 0), (10, 0), (10, 10)], 0.5),
        (SQUARE, RING, 0.75),
        ([(0, 0), (5, 0), (9, 0)], [(0, 0), (5, 0), (9, 0)], 1.0),
        ([(0, 0), (5, 0), (9, 0)], [(0, 0), (4, 0), (9, 0)], 0.0),
    ],
)
def test_area_iou(one: list[tuple[float, float]], other: list[tuple[float, float]], expected: float) -> None:
    found = area_iou(np.array(one, float), np.array(other, float))
    assert found == pytest.approx(expected, abs=0.01)
    assert area_iou(np.array(other, float), np.array(one, float)) == pytest.approx(found)


def test_lines_are_as_far_apart_as_they_run() -> None:
    one = np.array([(0, 0), (100, 0)], float)
    assert mean_gap(one, one) == 0
    assert mean_gap(one, one[::-1]) == pytest.approx(0)
    assert mean_gap(one, np.array([(0, 3), (50, 3), (100, 3)], float)) == pytest.approx(3, abs=0.1)


def test_points_are_even_along_a_line() -> None:
    bent = np.array([(0, 0), (3, 0), (3, 3)], float)
    assert along(bent, 3).tolist() == [[0, 0], [3, 0], [3, 3]]
    assert along(np.array([(1, 2)], float), 2).tolist() == [[1, 2], [1, 2]]
