"""Edit distance, alignment, and the text that most of several agree on."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.alignment import (
    Text,
    agreed_units,
    align,
    overlap,
    shingles,
    similarity,
    slot_votes,
)

texts = st.text("abc", max_size=9).map(tuple)


def _distance(one: Text, other: Text) -> int:
    """Levenshtein's, by the table."""
    row = list(range(len(other) + 1))
    for place, unit in enumerate(one, start=1):
        before, row = row, [place]
        for column, against in enumerate(other):
            row.append(min(before[column + 1] + 1, row[-1] + 1, before[column] + (unit != against)))
    return row[-1]


@given(texts, texts)
def test_an_alignment_has_every_unit_once_in_order_and_no_alignment_is_cheaper(
    one: Text, other: Text
) -> None:
    steps = align(one, other)
    assert [first for first, _ in steps if first is not None] == list(range(len(one)))
    assert [second for _, second in steps if second is not None] == list(range(len(other)))
    longest = max(len(one), len(other), 1)
    assert similarity(one, other, steps) == pytest.approx(1 - _distance(one, other) / longest)


@given(texts, texts)
def test_an_alignment_is_the_same_from_either_side(one: Text, other: Text) -> None:
    assert align(other, one) == [(second, first) for first, second in align(one, other)]


def test_texts_longer_than_a_machine_word_align() -> None:
    one = tuple(str(place % 83) for place in range(700))
    other = ("new", *one[:350], *one[353:], "end")
    assert similarity(one, other, align(one, other)) == pytest.approx(1 - 5 / 700)


def _agreed(*spoken: str, weights: list[float] | None = None, skills: list[float] | None = None) -> str:
    words = [tuple(text.split()) for text in spoken]
    votes = weights or [1.0] * len(words)
    return " ".join(one.unit for one in agreed_units(words, votes, skills or votes))


@pytest.mark.parametrize(
    ("spoken", "agreed"),
    [
        pytest.param(("a b c", "a x c", "a b c"), "a b c", id="a substitution"),
        pytest.param(("a c", "a b c", "a b c"), "a b c", id="a word that the first lacks"),
        pytest.param(("a b b c", "a b c", "a b c"), "a b c", id="a word too many"),
        pytest.param(("a b c d", "b c d e", "a b c d e"), "a b c d e", id="ends"),
        pytest.param(
            ("x b c d", "a y c d", "a b z d", "a b c w"), "a b c d", id="nobody is right throughout"
        ),
        pytest.param(("a b", "a c"), "a b", id="a tie goes to the text aligned first"),
        pytest.param(("a b", "a"), "a b", id="a tie with nothing, too"),
        pytest.param(("a", "a b"), "a", id="and for nothing"),
    ],
)
def test_each_slot_takes_the_word_with_most_votes(spoken: tuple[str, ...], agreed: str) -> None:
    assert _agreed(*spoken) == agreed


def test_weights_are_votes_and_skill_breaks_ties() -> None:
    assert _agreed("a b", "a c", weights=[1, 3]) == "a c"
    assert _agreed("a b", "a c", weights=[1, 1], skills=[1, 2]) == "a c"


def test_sources_name_who_has_the_unit_and_where() -> None:
    found = agreed_units([("a", "b"), ("b",)], [1, 2], [1, 2])
    assert [(one.unit, one.sources) for one in found] == [("b", ((0, 1), (1, 0)))]


def test_votes_for_each_word_and_against_each_word_that_is_not_there() -> None:
    text: Text = ("a", "b", "c")
    others: list[Text] = [text, ("a", "c"), ("a", "b", "x", "y", "c"), ("a", "b", "x", "c")]
    votes = slot_votes(text, [align(text, other) for other in others], others, [1.0, 1.0, 1.0, 2.0])
    assert votes.units.tolist() == [5, 4, 5]
    assert votes.gaps.tolist() == [2, 4]
    assert votes.share == pytest.approx((5 + 4 + 5) / 15)


@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_a_text_that_is_equal_votes_for_every_slot(others: list[Text], text: Text) -> None:
    def slots(voters: list[Text]) -> list[float]:
        votes = slot_votes(text, [align(text, other) for other in voters], voters, [1.0] * len(voters))
        return [*votes.units.tolist(), *votes.gaps.tolist()]

    assert slots([*others, text]) == [votes + 1 for votes in slots(others)]


def test_shingles_tell_texts_of_the_same_words_in_another_order_apart() -> None:
    one = ("the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "again")
    made = shingles([one, one[::-1], (*one[:9], "soon"), (), one])
    shares = [overlap(made[0], other) for other in made]
    assert shares == [1.0, 0.0, 0.9, 0.0, 1.0]
    assert overlap(made[3], made[3]) == 1.0


def test_a_later_error_of_two_costs_no_more_shingles_than_an_early_one() -> None:
    one = tuple("abcdefghijklmnop")
    spoiled = [(*one[:place], "?", *one[place + 1 :]) for place in range(16)]
    made = shingles([one, *spoiled])
    shares = [overlap(made[0], other) for other in made[1:]]
    assert all(later >= earlier for earlier, later in pairwise(shares))
    assert min(shares) == pytest.approx(11 / 16)
