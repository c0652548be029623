"""In which unit the offsets of workers' spans count a text, found out from the text."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.kinds.text_offsets import Text, TextRead

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""A family of three: five code points, eight UTF-16 units, one picture."""


def _units(text: str, point: int) -> int:
    """Offset of a code point as JavaScript counts."""
    return len(text[:point].encode("utf-16-le", "surrogatepass")) // 2


def _span(text: str, part: str, *, utf_16: bool = False) -> tuple[int, int]:
    start = text.index(part)
    end = start + len(part)
    return (_units(text, start), _units(text, end)) if utf_16 else (start, end)


def _read(text: str, *workers: list[tuple[int, int]], weights: list[float] | None = None) -> TextRead:
    given = [np.array(spans, np.int64).reshape(-1, 2) for spans in workers]
    return Text(text).read(given, weights or [1.0] * len(workers))


def _texts(text: str, read: TextRead) -> list[str]:
    return [text[start:end] for start, end in read.spans[0].tolist()]


TEXTS = [
    pytest.param("Hello \U0001f600\U0001f600 Paris and Rome", id="emoji"),
    pytest.param(f"We {FAMILY} went to Paris, {FAMILY} then Rome", id="emoji with joiners"),
    pytest.param("\U0001f44d\U0001f3fd thumbs for Paris, Rome", id="skin tone"),
    pytest.param(
        "\U0001d4d0\U0001d4d1 wrote of Paris\u0301 and Rome", id="letters beyond U+FFFF and combining marks"
    ),
    pytest.param("\u05e9\u05dc\u05d5\u05dd \U0001f600 Paris \u05d5 Rome", id="right to left"),
    pytest.param("One \U0001f600.\n\nIn Paris.\n\nIn Rome.", id="paragraphs"),
    pytest.param("lone \ud83d and \U0001f600 in Paris, Rome \udc00", id="lone surrogates beside a pair"),
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("utf_16", [True, False])
def test_words_tell_the_unit(text: str, utf_16: bool) -> None:
    spans = [_span(text, part, utf_16=utf_16) for part in ("Paris", "Rome")]
    read = _read(text, spans)
    assert read.read_as == ("utf-16" if utf_16 else "code-point")
    assert _texts(text, read) == ["Paris", "Rome"]
    assert read.complaints == (("", ""),)


@pytest.mark.parametrize("utf_16", [True, False])
def test_a_whole_emoji_tells_the_unit(utf_16: bool) -> None:
    text = f"\U0001f600 {FAMILY} \u00b7"
    read = _read(text, [_span(text, FAMILY, utf_16=utf_16)])
    assert _texts(text, read) == [FAMILY]
    assert read.read_as == ("utf-16" if utf_16 else "code-point")


@pytest.mark.parametrize("utf_16", [True, False])
def test_a_page_that_got_line_feeds_alone_counts_a_line_break_once(utf_16: bool) -> None:
    text = "One \U0001f600.\r\nIn Paris.\r\n\r\nIn Rome."
    shown = text.replace("\r\n", "\n")
    read = _read(text, [_span(shown, part, utf_16=utf_16) for part in ("Paris", "Rome")])
    assert read.read_as == ("utf-16-lf" if utf_16 else "code-point-lf")
    assert _texts(text, read) == ["Paris", "Rome"]


def test_line_breaks_that_the_page_kept_count_as_two() -> None:
    text = "One.\r\nIn Paris.\r\nIn Rome."
    read = _read(text, [_span(text, "Paris"), _span(text, "Rome")])
    assert (read.read_as, _texts(text, read)) == ("code-point", ["Paris", "Rome"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("In Paris", id="no character that counts differently"),
        pytest.param("In Paris \U0001f600\r\n", id="none before a span"),
        pytest.param("lone \ud83d in Paris \udc00", id="lone surrogates have one unit"),
        pytest.param("e\u0301t\u00e9 in Paris", id="combining marks"),
    ],
)
def test_where_all_units_say_the_same_there_is_nothing_to_find_out(text: str) -> None:
    read = _read(text, [_span(text, "Paris")])
    assert (read.read_as, _texts(text, read)) == ("any", ["Paris"])


def test_nobody_marked_anything() -> None:
    assert _read("\U0001f600", [], []).read_as == "any"


def test_spans_that_fit_either_way_stay_as_given() -> None:
    read = _read("\U0001f600\u6771\u4eac\u90fd\u5927\u962a\u5e9c", [(3, 5)])
    assert read.read_as == "undecided"
    assert read.spans[0].tolist() == [[3, 5]]
    assert not read.in_code_points


def test_single_letters_between_spaces_tell_the_unit() -> None:
    text = "\U0001f600 a b c d e f"
    assert _read(text, [_span(text, "d", utf_16=True)]).read_as == "utf-16"
    assert _read(text, [_span(text, "d")]).read_as == "code-point"


def test_most_workers_decide_however_many_spans_one_of_them_marks() -> None:
    text = "\U0001f600 " + "alpha bravo delta gamma kappa omega"
    sound = [_span(text, "bravo", utf_16=True), _span(text, "gamma", utf_16=True)]
    odd = [_span(text, word) for word in text.split()[1:]]
    assert _read(text, sound, sound, odd).read_as == "utf-16"
    assert _read(text, sound, sound, odd, weights=[1, 1, 5]).read_as == "code-point"


def test_what_has_no_place_in_the_text_is_named_with_its_limits() -> None:
    text = "In \U0001f600 Paris"
    paris = _span(text, "Paris", utf_16=True)
    read = _read(text, [paris, (3, 4), (4, 11), (6, 12)], [paris], [paris])
    assert read.read_as == "utf-16"
    assert read.complaints[0] == (
        "",
        "goes from 3 to 4 and cuts U+1F600 at 4 in two",
        "goes from 4 to 11 and cuts U+1F600 at 4 in two",
        "goes from 6 to 12, the text has 11 UTF-16 units",
    )


def test_undecided_spans_must_lie_in_the_text_too() -> None:
    read = _read("\U0001f600\u6771\u4eac\u90fd\u962a", [(3, 4), (3, 9)])
    assert read.read_as == "undecided"
    assert read.complaints == (("", "goes from 3 to 9, the text has 6 UTF-16 units"),)


def test_an_empty_text_has_place_for_nothing() -> None:
    assert _read("", [(0, 1)]).complaints == (("goes from 0 to 1, the text has 0 code points",),)


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        pytest.param("in Paris now", (2, 9), "Paris", id="a space dragged along at both ends"),
        pytest.param("a\r\n\tParis\u00a0\u3000", (1, 11), "Paris", id="other white space"),
        pytest.param("New York", (0, 8), "New York", id="a space inside stays"),
        pytest.param("in Paris", (2, 3), "", id="nothing but a space"),
        pytest.param("  ", (0, 2), "", id="a text of nothing but spaces"),
        pytest.param("\U0001f600 Paris ", (1, 8), "Paris", id="beyond U+FFFF"),
    ],
)
def test_white_space_at_the_ends_is_cut_off(text: str, span: tuple[int, int], kept: str) -> None:
    start, end = Text(text).trimmed(np.array([span], np.int64))[0].tolist()
    assert text[start:end] == kept
