"""What the laws need to know of the kind `cuboids`. Mirrored is x: a heading of yaw becomes pi - yaw, a roll turns the other way."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from tests import strategies
from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, support_of_all

NUMBERS = ("center-x", "center-y", "center-z", "length", "width", "height", "roll", "pitch", "yaw")
_CELL = 12.0


def cuboid(label: str, *numbers: float, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A cuboid of a page's answer; angles that are left out are 0."""
    filled = (*numbers, *[0.0] * (len(NUMBERS) - len(numbers)))
    return {
        "label": label,
        **dict(zip(NUMBERS, filled, strict=True)),
        "label-category-attributes": attributes or {},
    }


def on_circle(angle: float) -> float:
    """The angle in (-pi, pi]."""
    return angle if -math.pi < angle <= math.pi else math.pi - (math.pi - angle) % (2 * math.pi)


@st.composite
def scene(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Things in the cells of a grid, each of a size and heading of its own.

    None lies along an axis: where two workers take a thing along x for its own mirror image, no rule keeps to one of them in a mirror.
    """
    cells = draw(st.lists(st.integers(0, 8), unique=True, max_size=4))
    return [
        {
            "at": (_CELL * (cell % 3), _CELL * (cell // 3), draw(st.integers(-1, 1))),
            "size": (draw(st.integers(4, 6)), draw(st.integers(2, 3)), draw(st.integers(2, 3))),
            "yaw": draw(st.sampled_from([-2.7, -1.9, -0.8, 0.35, 1.1, 2.45])),
        }
        for cell in cells
    ]


@st.composite
def drawn(draw: st.DrawFn, things: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One worker's cuboids of the things: jittered, missed, mistaken, back to front or with length and width exchanged."""
    made = []
    for thing in draw(st.permutations(things)):
        if draw(st.integers(0, 4)) == 0:
            continue
        centre = [place + draw(st.integers(-2, 2)) / 8 for place in thing["at"]]
        length, width, height = (size + draw(st.integers(-1, 1)) / 8 for size in thing["size"])
        quarters = draw(st.sampled_from([0, 0, 0, 0, 2, 1]))
        if quarters == 1:
            length, width = width, length
        yaw = on_circle(thing["yaw"] + draw(st.integers(-2, 2)) / 64 + quarters * math.pi / 2)
        tilt = [draw(st.integers(-1, 1)) / 64 for _ in range(2)]
        attributes: dict[str, Any] = draw(
            st.sampled_from([{}, {"occluded": "no"}, {"occluded": "yes", "doors": 4}])
        )
        numbers = (*centre, length, width, height, *tilt, yaw)
        made.append(cuboid(draw(strategies.categories), *numbers, attributes=attributes))
    return made


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Cuboids of one to five workers."""
    things = draw(scene())
    return [{"annotations": draw(drawn(things))} for _ in range(draw(st.integers(1, 5)))]


def as_cuboids(annotations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A label's cuboids as a page's answer."""
    return [
        {
            "label": one["class-name"],
            **{name: one[name] for name in NUMBERS},
            "label-category-attributes": one["label-category-attributes"],
        }
        for one in annotations
    ]


def rows(cuboids: Sequence[dict[str, Any]]) -> Any:
    """Category, attributes and numbers of each, sorted by centre."""
    made = [
        (one["label"], sorted(one["label-category-attributes"].items()), [one[name] for name in NUMBERS])
        for one in cuboids
    ]
    return sorted(made, key=lambda row: ([round(number, 4) for number in row[2]], row[0]))


def mirrored_cuboid(one: dict[str, Any]) -> dict[str, Any]:
    """As if x ran the other way."""
    return {
        **one,
        "center-x": -one["center-x"],
        "roll": -one["roll"],
        "yaw": on_circle(math.pi - one["yaw"]),
    }


def assert_rows_close(found: Any, expected: Any) -> None:
    """Rows that are equal up to rounding; angles on the circle."""
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[2][:6] == pytest.approx(other[2][:6], abs=1e-5)
        turns = [on_circle(mine - yours) for mine, yours in zip(one[2][6:], other[2][6:], strict=True)]
        assert turns == pytest.approx([0, 0, 0], abs=1e-5)


def _as_element(label: Label, _: Artefacts) -> Element:
    return {"annotations": as_cuboids(label["annotations"])}


def _mirrored(element: Element) -> Element:
    return {"annotations": [mirrored_cuboid(one) for one in element["annotations"]]}


LAW = KindUnderLaw(
    kind=BY_NAME["cuboids"],
    elements=_elements(),
    as_element=_as_element,
    essence=lambda element: rows(element["annotations"]),
    parts=lambda element: len(element["annotations"]),
    accounted=support_of_all,
    renamed=lambda element, names: renamed_parts(element, "annotations", names),
    mirrored=_mirrored,
    close=assert_rows_close,
    keys=(
        "annotations",
        *NUMBERS,
        "label",
        "object-name",
        "class-id",
        "class-map",
        "label-category-attributes",
    ),
)
