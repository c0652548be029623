"""What the laws need to know of the kind `text`."""

from hypothesis import strategies as st

from tests.laws.merging import BY_NAME, KindUnderLaw

_WORDS = st.sampled_from(
    ["the", "The", "red", "car,", "cars", "is", "5", "—", "?", "über", "我", "好iPhone", "ไทย"]
)


@st.composite
def _noisy(draw: st.DrawFn) -> list[str]:
    """One text as several workers type it: words lost, doubled and mistaken."""
    said = draw(st.lists(_WORDS, max_size=7))
    texts = []
    for _ in range(draw(st.integers(1, 6))):
        typed: list[str] = []
        for word in said:
            match draw(st.integers(0, 9)):
                case 0:
                    pass
                case 1:
                    typed.append(draw(_WORDS))
                case 2:
                    typed += [word, draw(_WORDS)]
                case _:
                    typed.append(word)
        texts.append(" ".join(typed))
    return texts


LAW = KindUnderLaw(
    kind=BY_NAME["text"],
    elements=st.one_of(
        _noisy(),
        st.lists(st.text("ab1-.", max_size=5), min_size=1, max_size=6),
        st.lists(st.text(max_size=8), min_size=1, max_size=5),
        st.lists(st.text("ab \u0301\u0323好。ß\u1100\u1161", max_size=9), min_size=1, max_size=5),
    ),
    as_element=lambda label, _: label["value"],
    essence=str,
    parts=lambda _: 1,
    accounted=lambda merged: sum(one["support"]["workers"] for one in merged.label["alternatives"]),
    renamed=None,  # texts have no categories
    keys=("value",),
)
