"""What the laws need to know of the kind `rating`."""

from typing import Any

from hypothesis import strategies as st

from tests import strategies
from tests.elements import class_element
from tests.laws.merging import BY_NAME, KindUnderLaw


def _radio(label: str) -> dict[str, bool]:
    return {name: name == label for name in strategies.CATEGORIES}


def _step(element: Any) -> Any:
    return element.get("label") or next(name for name, chosen in element.items() if chosen)


LAW = KindUnderLaw(
    kind=BY_NAME["rating"],
    elements=st.lists(
        st.one_of(strategies.categories.map(class_element), strategies.categories.map(_radio)),
        min_size=1,
        max_size=8,
    ),
    as_element=lambda label, _: class_element(label["class-name"]),
    essence=_step,
    parts=lambda _: 1,
    accounted=lambda merged: sum(merged.label["votes"].values()),
    renamed=lambda element, names: class_element(names[_step(element)]),
    keys=("label", "1", "2", "3"),
)
