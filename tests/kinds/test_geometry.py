"""Numbers as they are written."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consolidation.kinds.geometry import DIGITS, REACH, rounded_to


@given(
    st.lists(
        st.one_of(
            st.floats(-REACH, REACH),
            st.integers(-100_000, 100_000).map(lambda whole: whole / 2),
            st.integers(-(10**9), 10**9).map(lambda whole: whole / 2 / 10**DIGITS),
        ),
        min_size=1,
    ),
    st.sampled_from([0, DIGITS]),
)
def test_many_numbers_are_rounded_as_each_is_alone(values: list[float], digits: int) -> None:
    made = rounded_to(np.array(values), np.array(digits))
    assert made.tolist() == [round(value, digits) for value in values]
