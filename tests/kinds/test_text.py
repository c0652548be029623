"""Text, by its rule book."""

from __future__ import annotations

import random
from typing import Any

import pytest

from consolidation.kinds.text import LONGEST, TextKind
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.laws.merging import Merged, merge

KIND = TextKind()


def _merge(*texts: Any, **options: Any) -> Merged:
    return merge(KIND, texts, **options)


def _outcome(merged: Merged) -> tuple[str, str, tuple[str, ...]]:
    return merged.label["value"], merged.label["method-of-value"], merged.consensus.reasons


@pytest.mark.parametrize(
    ("element", "mine"), [("any", True), ("", True), (7, False), (True, False), (["a"], False), (None, False)]
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


@pytest.mark.parametrize(("element", "text"), [(12, "12"), (12.5, "12.5"), ("12b", "12b"), ("", "")])
def test_numbers_can_be_read_as_texts(element: Any, text: str) -> None:
    assert KIND.accepts(element)
    assert KIND.parse(JsonNode(element, "$", AnswerError), Limits()) == text


def test_a_text_over_the_limit_names_the_setting() -> None:
    with pytest.raises(LimitError, match=r"\$: has 4 characters, allowed are 3 \(setting limits\.text\)"):
        KIND.parse(JsonNode("text", "$", AnswerError), Limits(text=3))


def test_a_quorum_of_the_same_text_wins_in_its_most_frequent_writing() -> None:
    merged = _merge("Hello, world!", "hello world", "Hello, world!", "hello  World.", "goodbye")
    assert _outcome(merged) == ("Hello, world!", "vote", ())


def test_writings_that_are_as_frequent_go_by_skill_then_by_code_points() -> None:
    assert _merge("hello", "Hello").label["value"] == "Hello"
    assert _merge("hello", "Hello", weights=[2, 1]).label["value"] == "hello"


def test_what_nobody_typed_without_an_error_is_aligned() -> None:
    merged = _merge(
        "The quick brown fox jumps over a lazy dog.",
        "The quick brown box jumps over the lazy dog.",
        "the quick fox jumps over the lazy dog",
        "The quick brown fox jumps jumps over the lazy dog.",
    )
    assert _outcome(merged) == ("The quick brown fox jumps over the lazy dog.", "alignment", ())


def test_a_worker_who_pastes_junk_does_no_harm() -> None:
    spoken = [
        "we meet at noon by the old gate",
        "we meet at noon by an old gate",
        "we met at noon by the old gate",
    ]
    alone, beside = (
        _merge(*spoken),
        _merge(*spoken, "BUY CHEAP WATCHES NOW www.example.com click here today friends"),
    )
    assert alone.label["value"] == beside.label["value"] == "we meet at noon by the old gate"
    assert beside.consensus.worker_agreement["worker-3"] == 0.0


def test_a_serial_number_is_aligned_by_characters() -> None:
    merged = _merge("AB12-CD98", "A812-CD98", "AB12-CO98", "AB12CD98")
    assert _outcome(merged) == ("AB12-CD98", "alignment", ())


def test_chinese_is_aligned_by_characters() -> None:
    assert (
        _merge("今天天气很好。", "今天天汽很好。", "今大天气很好。", "今天天气好。").label["value"]
        == "今天天气很好。"
    )


def test_texts_that_say_different_things_are_not_mixed() -> None:
    merged = _merge("the plate is blurred", "too dark", "good picture of a car", "dark plate")
    value, method, reasons = _outcome(merged)
    assert value in {"the plate is blurred", "too dark", "good picture of a car", "dark plate"}
    assert (method, "quorum" in reasons) == ("medoid", True)


def test_two_who_differ_in_a_word_name_the_place() -> None:
    merged = _merge("a red car", "a bad car")
    assert _outcome(merged) == ("a bad car", "alignment", ("tie", "quorum:part-2"))


def test_weights_are_votes() -> None:
    assert _outcome(_merge("cat", "dog", "dog", weights=[3, 1, 1])) == ("cat", "vote", ())
    assert _merge("a red car", "a bad car", weights=[1, 2]).label["value"] == "a bad car"


def test_a_lower_quorum_is_met_by_fewer() -> None:
    merged = _merge("cat", "cat", "dog", "cow", "emu", settings=Settings(method="majority", quorum=0.3))
    assert _outcome(merged) == ("cat", "vote", ())
    merged = _merge("cat", "cat", "dog", "dog", settings=Settings(method="majority", quorum=0.3))
    assert _outcome(merged) == ("cat", "vote", ("tie",))


def test_an_empty_text_is_an_answer() -> None:
    assert _outcome(_merge("", "", "a dog")) == ("", "vote", ())
    assert _merge("", "").consensus.confidence == pytest.approx(0.9091, abs=1e-4)


def test_confidence_is_the_share_of_words_expected_to_be_right() -> None:
    assert _merge("a b", "a b", "a b").consensus.confidence == pytest.approx(0.9524, abs=1e-4)
    assert _merge("a b", "a b", "a c").consensus.confidence == pytest.approx((0.9524 + 0.7143) / 2, abs=1e-4)
    one_more = _merge("a b", "a b", "a b c").consensus.confidence
    assert one_more == pytest.approx(2 * 0.9524 / (2 + 1 - 0.7143), abs=1e-4)


def test_agreement_is_one_less_the_word_error_rate() -> None:
    merged = _merge("a b c d", "a b c d", "a x c d")
    assert merged.consensus.agreement == pytest.approx((1 + 0.75 + 0.75) / 3)
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.75}


def test_everything_written_is_kept_with_who_wrote_it() -> None:
    label = _merge("Cat", "dog ", "cat", "Cat").label
    assert [(one["value"], one["support"]["worker-ids"]) for one in label["alternatives"]] == [
        ("Cat", ["worker-0", "worker-3"]),
        ("cat", ["worker-2"]),
        ("dog ", ["worker-1"]),
    ]
    assert list(label) == ["value", "confidence", "method-of-value", "alternatives"]


def test_a_single_workers_text_is_the_label_as_it_was_written() -> None:
    label = _merge("  As I typed it. ").label
    assert (label["value"], label["confidence"]) == ("  As I typed it. ", None)


@pytest.mark.parametrize("words", [40, LONGEST + 1])
def test_long_texts_too_are_those_of_the_careful(words: int) -> None:
    """Up to the limit they are aligned, beyond it the nearest to all is taken."""
    rng = random.Random(1)
    said = [f"w{rng.randrange(500)}" for _ in range(words)]

    def typed(chance: float) -> str:
        return " ".join(f"x{rng.random()}" if rng.random() < chance else word for word in said)

    merged = _merge(typed(0.3), typed(0.05), typed(0.3), " ".join(rng.sample(said, words)))
    right = sum(one == other for one, other in zip(merged.label["value"].split(), said, strict=True)) / words
    assert right > 0.9
    assert merged.label["method-of-value"] == ("alignment" if words == 40 else "medoid")
    assert merged.consensus.confidence is not None
