"""Texts to the units in which they are compared, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.kinds.words import characters_of, is_one_word, joined, words_of


def _folded(text: str) -> list[str]:
    return [unit.folded for unit in words_of(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Hello, World.", "hello  world", id="case, punctuation, blanks"),
        pytest.param(" hello\n\tworld ", "hello world", id="lines"),
        pytest.param("hello !", "hello!", id="punctuation that stands alone"),
        pytest.param("cafe\u0301", "caf\u00e9", id="canonical forms"),
        pytest.param("don\u2019t", "don't", id="typographic quotes"),
        pytest.param("\uff21\uff22\uff11", "AB1", id="full width"),
        pytest.param("\uff76\uff9e", "\u30ac", id="half width, with its mark"),
        pytest.param("Stra\u00dfe", "STRASSE", id="case of one letter to two"),
        pytest.param("co\u00adop", "coop", id="a soft hyphen"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert _folded(one) == _folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m\u00b2", "m2"),
        ("5", ".5"),
        ("100", "100%"),
        ("-5", "5"),
        ("C", "C++"),
        ("?", "!"),
        ("", "?"),
        ("a b", "ab"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert _folded(one) != _folded(other)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("我买了iPhone。", ["我", "买", "了", "iphone"], id="Chinese, with a Latin word"),
        pytest.param("ที่นี่", ["ที่", "นี่"], id="Thai, marks with their letters"),
        pytest.param("がくせい です", ["が", "く", "せ", "い", "で", "す"], id="Japanese, with a blank"),
        pytest.param("학교에 간다", ["학교에", "간다"], id="Korean puts blanks"),
    ],
)
def test_scripts_without_blanks_are_split_into_characters(text: str, units: list[str]) -> None:
    assert _folded(text) == units


def test_characters_keep_their_marks_and_leave_out_the_punctuation_around() -> None:
    assert [unit.folded for unit in characters_of(" (AB-1e\u0323\u0302.) ")] == ["a", "b", "-", "1", "\u1ec7"]
    assert [unit.folded for unit in characters_of("q\u0323\u0302r")] == ["q\u0323\u0302", "r"]
    assert [unit.folded for unit in characters_of("...")] == [".", ".", "."]
    assert characters_of("  ") == ()


@pytest.mark.parametrize(("text", "one"), [("AB 12", False), (" AB12\n", True), ("", True), ("我买了", True)])
def test_one_word(text: str, one: bool) -> None:
    assert is_one_word(text) is one


@pytest.mark.parametrize("text", ["Hello, World - again!", "我买了iPhone 12。", "- yes", "50 % of it"])
def test_the_units_of_one_text_join_to_it(text: str) -> None:
    assert joined(words_of(text), characters=False) == text


@given(st.lists(st.text(max_size=6), max_size=4))
def test_words_of_several_texts_never_run_together(texts: list[str]) -> None:
    units = [
        unit for text in texts for unit in words_of(text) if unit.folded.isascii() and unit.folded.isalnum()
    ]
    assert _folded(joined(units, characters=False)) == [unit.folded for unit in units]


def test_a_heap_of_marks_is_left_as_it_is_because_sorting_it_takes_quadratic_time() -> None:
    heap = "a" + "\u0301\u0323" * 50_000
    assert len(words_of(heap)) == 1
    assert len(characters_of(heap)) == 1


def test_a_heap_of_punctuation_is_one_writing() -> None:
    units = words_of("a " + ". " * 50_000)
    assert [unit.folded for unit in units] == ["a"]
    assert units[0].writing == ("a " + ". " * 50_000).strip()
