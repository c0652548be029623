"""What the laws need to know of the kind `entities`.

The text has an emoji and a line break CR LF, and the workers' pages count UTF-16 units, so that every law holds for offsets that had
to be converted. There is nothing to mirror: a text has a direction, and of equal spans the first is taken.
"""

from typing import Any

from hypothesis import strategies as st

from tests import strategies
from tests.elements import Element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, Merged, supporters

_SLOT = 8
_WORDS = "alpha bravo delta gamma kappa lambda omega sigma"
TEXT = f"{_WORDS}. \U0001f600 {_WORDS}\r\n{_WORDS} \U0001f469\u200d\U0001f680 {_WORDS}"
_PLACES = [
    place for place, before in enumerate(" " + TEXT[:-1]) if before.isspace() and TEXT[place].isalpha()
]


def _units(point: int) -> int:
    """A code point's offset, as JavaScript counts."""
    return len(TEXT[:point].encode("utf-16-le")) // 2


def _entity(label: str, first: int, last: int) -> Element:
    """Words `first` to `last` of the text, without what follows the last."""
    start, end = _PLACES[first], _PLACES[last]
    while end < len(TEXT) and TEXT[end].isalpha():
        end += 1
    return {"label": label, "startOffset": _units(start), "endOffset": _units(end)}


@st.composite
def _elements(draw: st.DrawFn) -> list[Element]:
    """Entities of one to five workers: passages apart from each other, with edges a word off, missed and mistaken, and a word nested."""
    passages = draw(st.lists(st.integers(0, 3), unique=True, max_size=4))
    nested = draw(st.sets(st.sampled_from(passages))) if passages else set()
    answers = []
    for _ in range(draw(st.integers(1, 5))):
        entities = []
        for passage in passages:
            first, last = _SLOT * passage, _SLOT * (passage + 1) - 1
            if draw(st.integers(0, 4)):
                entities.append(
                    _entity(
                        draw(strategies.categories),
                        first + draw(st.integers(0, 1)),
                        last - draw(st.integers(0, 1)),
                    )
                )
            if passage in nested and draw(st.booleans()):
                entities.append(_entity(draw(strategies.categories), first + 3, first + 3))
        answers.append({"entities": draw(st.permutations(entities))})
    return answers


def _as_element(label: Label, _: Artefacts) -> Element:
    assert label["offset-unit"] == "code-point"
    wanted = label["annotations"]["entities"]
    return {
        "entities": [
            {
                "label": entity["label"],
                "startOffset": _units(entity["startOffset"]),
                "endOffset": _units(entity["endOffset"]),
            }
            for entity in wanted
        ]
    }


def _essence(element: Element) -> Any:
    return sorted(
        (entity["startOffset"], entity["endOffset"], entity["label"]) for entity in element["entities"]
    )


def _accounted(merged: Merged) -> int:
    return supporters(merged.label["annotations"]["entities"]) + supporters(merged.label["candidates"])


LAW = KindUnderLaw(
    kind=BY_NAME["entities"],
    elements=_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["entities"]),
    accounted=_accounted,
    renamed=lambda element, names: renamed_parts(element, "entities", names),
    data_object={"content": TEXT},
    keys=("entities", "startOffset", "endOffset", "label"),
)
