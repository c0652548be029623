"""Lines made of vertices."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.paths import along, mean_gap


def test_lines_are_as_far_apart_as_they_run() -> None:
    one = np.array([(0, 0), (100, 0)], float)
    assert mean_gap(one, one) == 0
    assert mean_gap(one, one[::-1]) == pytest.approx(0)
    assert mean_gap(one, np.array([(0, 3), (50, 3), (100, 3)], float)) == pytest.approx(3, abs=0.1)


def test_points_are_even_along_a_line() -> None:
    bent = np.array([(0, 0), (3, 0), (3, 3)], float)
    assert along(bent, 3).tolist() == [[0, 0], [3, 0], [3, 3]]
    assert along(np.array([(1, 2)], float), 2).tolist() == [[1, 2], [1, 2]]
