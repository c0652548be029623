"""Bounding boxes of index maps."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.regions import bounding_boxes


def test_each_index_gets_its_box_and_an_absent_one_zeros() -> None:
    drawn = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [3, 0, 0, 3]], np.uint8)
    assert bounding_boxes(drawn, 4).tolist() == [[0, 0, 4, 3], [1, 0, 2, 2], [0, 0, 0, 0], [0, 2, 4, 1]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_boxes_equal_those_of_a_search_over_all_pixels(dtype: type[np.unsignedinteger]) -> None:
    drawn = np.random.default_rng(1).integers(0, 6, (31, 17)).astype(dtype)
    for index, (left, top, width, height) in enumerate(bounding_boxes(drawn, 6).tolist()):
        rows, columns = np.nonzero(drawn == index)
        assert [left, top] == [columns.min(), rows.min()]
        assert [left + width, top + height] == [columns.max() + 1, rows.max() + 1]
