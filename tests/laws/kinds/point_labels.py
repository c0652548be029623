"""What the laws need to know of the kind `point-labels`. A cloud has no sides to mirror: its points are listed backwards instead."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from shared.errors import AnswerError
from shared.json_node import JsonNode
from tests import strategies
from tests.elements import COLOURS, Element
from tests.laws.merging import BY_NAME, SETTINGS, Artefacts, KindUnderLaw, Label, Merged, merge, supporters

KIND = BY_NAME["point-labels"]
_POINTS = 12


def points_element(values: npt.ArrayLike, names: Mapping[int, str]) -> Element:
    """The field of a custom page: a byte for each point, and the names of the bytes."""
    stream = base64.b64encode(zlib.compress(np.asarray(values, np.uint8).tobytes())).decode()
    colour_map = {
        str(value): {"class-name": name, "hex-color": colour}
        for (value, name), colour in zip(names.items(), COLOURS, strict=False)
    }
    return {"pointLabels": stream, "color-map": colour_map}


def read_points(stream: bytes) -> npt.NDArray[np.uint8]:
    """The bytes of a zlib stream."""
    return np.frombuffer(zlib.decompress(stream), np.uint8)


def _numbered(names: Sequence[str]) -> dict[int, str]:
    return dict(enumerate(names, start=1))


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Labels of one to five workers: runs of points, categories under numbers of the worker's own."""
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        values = np.zeros(_POINTS, np.uint8)
        for _ in range(draw(st.integers(0, 4))):
            first = draw(st.integers(0, _POINTS - 1))
            last = draw(st.integers(first, _POINTS - 1))
            values[first : last + 1] = draw(st.integers(0, 3))
        answers.append(points_element(values, _numbered(draw(st.permutations(strategies.CATEGORIES)))))
    return answers


def _as_element(label: Label, artefacts: Artefacts) -> Element:
    return points_element(read_points(artefacts[label["labels-ref"]]), _numbered(strategies.CATEGORIES))


def _essence(element: Element) -> Any:
    """The category of every point, whatever its number."""
    merged = merge(KIND, [element])
    return read_points(merged.artefacts[merged.label["labels-ref"]]).tolist()


def _same(found: Any, expected: Any) -> None:
    assert found == expected


def _parts(element: Element) -> int:
    return len(KIND.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits).points)


def _accounted(merged: Merged) -> int:
    found = [one for value, one in merged.label["color-map"].items() if value != "0"]
    return supporters(found) + supporters(merged.label["candidates"])


def _renamed(element: Element, names: Mapping[str, str]) -> Element:
    renamed = {
        value: {**one, "class-name": names[one["class-name"]]} for value, one in element["color-map"].items()
    }
    return {**element, "color-map": renamed}


def _backwards(element: Element) -> Element:
    values = read_points(base64.b64decode(element["pointLabels"]))[::-1]
    stream = base64.b64encode(zlib.compress(values.tobytes())).decode()
    return {**element, "pointLabels": stream}


LAW = KindUnderLaw(
    kind=KIND,
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=_parts,
    accounted=_accounted,
    renamed=_renamed,
    mirrored=_backwards,
    close=_same,
    keys=("pointLabels", "labels", "color-map", "labelMappings", "class-name", "hex-color", "value", "1"),
)
