"""What the laws need to know of the kind `number`."""

from hypothesis import strategies as st

from tests.laws.merging import BY_NAME, KindUnderLaw

_NUMBERS = st.one_of(
    st.integers(-3, 12),
    st.sampled_from([99, 100, 101, 110, 250]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**300), 10**300),
    st.decimals(-1000, 1000, places=3).map(lambda value: format(value.normalize(), "f").replace("-0", "0")),
)

LAW = KindUnderLaw(
    kind=BY_NAME["number"],
    elements=st.one_of(
        st.lists(_NUMBERS, min_size=1, max_size=6),
        st.lists(st.integers(95, 105), min_size=1, max_size=8),
        st.lists(st.floats(9, 11), min_size=1, max_size=8),
    ),
    as_element=lambda label, _: label["value"],
    essence=float,
    parts=lambda _: 1,
    accounted=lambda merged: len(merged.label["values"]),
    renamed=None,  # numbers have no categories
    keys=("value",),
)
