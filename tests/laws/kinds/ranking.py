"""What the laws need to know of the kind `ranking`."""

from itertools import groupby
from typing import Any

from hypothesis import strategies as st

from tests.laws.merging import BY_NAME, KindUnderLaw, supporters

ITEMS = ("ant", "bee", "cat")
MORE = (*ITEMS, "dog", "eel", "fox")


def _orders(items: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Complete and partial orders, best first, and ranks with ties."""
    return st.one_of(
        st.permutations(items),
        st.lists(st.sampled_from(items), min_size=1, unique=True),
        st.dictionaries(st.sampled_from(items), st.integers(1, 4), min_size=1),
    )


def _ranks(element: Any) -> dict[str, int]:
    return element if isinstance(element, dict) else {item: rank for rank, item in enumerate(element)}


def _essence(element: Any) -> list[list[str]]:
    """Items of one rank after those of another."""
    ranks = _ranks(element)
    ordered = sorted(ranks, key=lambda item: (ranks[item], item))
    return [list(items) for _, items in groupby(ordered, key=ranks.__getitem__)]


LAW = KindUnderLaw(
    kind=BY_NAME["ranking"],
    elements=st.one_of(
        st.lists(_orders(ITEMS), min_size=1, max_size=6),
        st.lists(_orders(MORE), min_size=1, max_size=6),
    ),
    as_element=lambda label, _: {one["item"]: one["rank"] for one in label["ranking"]},
    essence=_essence,
    parts=len,
    accounted=lambda merged: supporters(merged.label["ranking"]),
    renamed=lambda element, names: (
        {names.get(item, item): rank for item, rank in element.items()}
        if isinstance(element, dict)
        else [names.get(item, item) for item in element]
    ),
    keys=("a", "b", "rank"),
)
