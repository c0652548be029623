"""Ranking, by its rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.kinds.ranking import RankingKind
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.laws.merging import Merged, merge

KIND = RankingKind()


def _merge(*answers: Any, **options: Any) -> Merged:
    return merge(KIND, answers, **{"label_categories": (), **options})


def _order(merged: Merged) -> list[tuple[str, int]]:
    return [(one["item"], one["rank"]) for one in merged.label["ranking"]]


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        pytest.param(["b", "a"], True, id="best first"),
        pytest.param({"a": 2, "b": 1}, True, id="numbered"),
        pytest.param({"a": 1, "b": 1, "c": 3}, True, id="tied, the next place left out"),
        pytest.param({"a": 1, "b": 1, "c": 2}, True, id="tied, the next place taken"),
        pytest.param(["a"], False, id="one item"),
        pytest.param(["a", "a"], False, id="an item twice"),
        pytest.param(["a", 1], False, id="no names"),
        pytest.param(["a", ""], False, id="an empty name"),
        pytest.param({"a": 1, "b": 3}, False, id="a gap"),
        pytest.param({"cars": 4, "buses": 2}, False, id="counts"),
        pytest.param({"a": 0, "b": 1}, False, id="from zero"),
        pytest.param({"a": True, "b": False}, False, id="booleans"),
        pytest.param({"a": 1.5, "b": 1}, False, id="fractions"),
        pytest.param({}, False, id="empty"),
        pytest.param([], False, id="an empty array"),
        pytest.param("ab", False, id="a string"),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


@pytest.mark.parametrize(
    ("element", "message"),
    [
        (["a", "b", "a"], r"\$\[2\]: is the item of rank 1 again"),
        ([], r"\$: ranks nothing"),
        ({}, r"\$: ranks nothing"),
        (["a", ""], r"\$\[1\]: must not be empty"),
    ],
)
def test_an_unusable_answer_says_why(element: Any, message: str) -> None:
    assert KIND.accepts(element)
    with pytest.raises(AnswerError, match=message):
        KIND.parse(JsonNode(element, "$", AnswerError), Limits())


def test_too_many_items_name_the_setting() -> None:
    message = r"ranks 3 items, allowed are 2 \(setting limits\.categories\)"
    with pytest.raises(LimitError, match=message):
        KIND.parse(JsonNode(["a", "b", "c"], "$", AnswerError), Limits(categories=2))
    message = r"the answers rank 3 items together, allowed are 2"
    with pytest.raises(LimitError, match=message):
        _merge(["a", "b"], ["b", "c"], settings=Settings(limits=Limits(categories=2)))


def test_the_order_contradicts_the_fewest_votes() -> None:
    merged = _merge(["a", "b", "c"], ["a", "b", "c"], ["b", "c", "a"])
    assert _order(merged) == [("a", 1), ("b", 2), ("c", 3)]
    assert merged.consensus.reasons == ()
    assert merged.label["method-of-value"] == "kemeny"


def test_the_majority_wins_where_bordas_count_would_not() -> None:
    """Three of five put a before b; Borda's count is taken in by how far behind the other two put a."""
    answers = [["a", "b", "c", "d"]] * 3 + [["b", "c", "d", "a"]] * 2
    assert _order(_merge(*answers))[0] == ("a", 1)


def test_forms_of_an_answer_mix() -> None:
    assert _order(_merge(["a", "b"], {"a": 1, "b": 2}, {"b": 10, "a": 20})) == [("a", 1), ("b", 2)]


def test_partial_rankings_are_chained() -> None:
    assert _order(_merge(["a", "b"], ["b", "c"], ["c", "d"])) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_items_that_most_tie_share_a_rank() -> None:
    tied = {"a": 1, "b": 1, "c": 3}
    merged = _merge(tied, tied, ["b", "a", "c"])
    assert _order(merged) == [("b", 1), ("a", 1), ("c", 3)]
    assert merged.consensus.reasons == ()


def test_a_tie_goes_to_bordas_count_then_to_the_label_categories_then_to_names() -> None:
    by_borda = _merge(["a", "b", "x"], ["b", "x", "a"])
    assert _order(by_borda)[0] == ("b", 1)
    by_category = _merge(["a", "b"], ["b", "a"], label_categories=("b", "a"))
    assert _order(by_category) == [("b", 1), ("a", 2)]
    by_name = _merge(["a", "b"], ["b", "a"])
    assert _order(by_name) == [("a", 1), ("b", 2)]
    assert by_name.consensus.reasons == ("tie:part-2",)


def test_majorities_in_a_circle_are_told() -> None:
    merged = _merge(["a", "b", "c"], ["a", "b", "c"], ["b", "c", "a"], ["b", "c", "a"], ["c", "a", "b"])
    assert "cycle" in merged.consensus.reasons
    assert len(merged.label["ranking"]) == 3


def test_weights_are_votes() -> None:
    assert _order(_merge(["a", "b"], ["b", "a"], ["b", "a"], weights=[3, 1, 1]))[0] == ("a", 1)


def test_an_items_confidence_is_that_of_standing_before_the_next() -> None:
    merged = _merge(["a", "b", "c"], ["a", "b", "c"], ["a", "c", "b"])
    first, second, last = (one["confidence"] for one in merged.label["ranking"])
    assert first == pytest.approx(0.9524, abs=1e-4)
    assert second == pytest.approx(0.7143, abs=1e-4)
    assert last is None
    assert merged.consensus.confidence == pytest.approx((2 * 0.9524 + 0.7143) / 3, abs=1e-4)


def test_agreement_is_kendalls_tau_mapped_to_a_share() -> None:
    merged = _merge(["a", "b", "c"], ["a", "b", "c"], ["c", "b", "a"])
    assert merged.consensus.agreement == pytest.approx(1 / 3)
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.0}
    assert _merge(["a", "b"], ["c", "d"]).consensus.agreement is None


def test_every_item_names_who_ranked_it() -> None:
    label = _merge(["a", "b", "z"], ["a", "b"]).label
    assert label["ranking"][-1] == {
        "item": "z",
        "rank": 3,
        "confidence": None,
        "support": {"workers": 1, "of": 2, "share": 0.5, "worker-ids": ["worker-0"]},
    }
