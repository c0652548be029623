"""Weighted medians of many groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.boxes import fuse
from consolidation.estimation.medians import weighted_median, weighted_medians


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ([7], [1], 7),
        ([1, 2], [1, 1], 1.5),
        ([1, 2, 90], [1, 1, 1], 2),
        ([1, 2, 90], [1, 1, 5], 90),
        ([1, 2, 4, 90], [1, 1, 1, 1], 3),
        ([1e308, 1.7e308], [1, 1], 1.35e308),
    ],
)
def test_weighted_median(values: list[float], weights: list[float], expected: float) -> None:
    assert weighted_median(values, weights) == pytest.approx(expected)


@given(data=st.data(), groups=st.integers(1, 4), members=st.integers(1, 5))
def test_each_group_is_fused_as_boxes_are(data: st.DataObject, groups: int, members: int) -> None:
    numbers = st.integers(0, 50)
    count = groups * members
    values = np.array(data.draw(st.lists(numbers, min_size=4 * count, max_size=4 * count)), float)
    weights = np.array(data.draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)), float)
    boxes, votes = values.reshape(groups, members, 4), weights.reshape(groups, members)
    found = weighted_medians(boxes, votes)
    for group in range(groups):
        assert found[group].tolist() == fuse(boxes[group], votes[group]).tolist()
