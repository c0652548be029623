"""Entities, by their rule book."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import LimitError
from shared.settings import Limits, Settings
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["entities"]
TEXT = "Ann Smith met Bob in New York City today."
Entity = tuple[str, str]


def _element(*entities: tuple[str, int, int]) -> Any:
    return {
        "entities": [
            {"label": label, "startOffset": start, "endOffset": end} for label, start, end in entities
        ]
    }


def _merge(*workers: list[Entity], text: str = TEXT, known: bool = True, **options: Any) -> Merged:
    """Each worker's entities as (label category, the words marked)."""
    elements = [
        _element(*((label, text.index(words), text.index(words) + len(words)) for label, words in entities))
        for entities in workers
    ]
    data_object = {"content": text} if known else {"s3Uri": "s3://bucket/text"}
    return merge(KIND, elements, label_categories=("person", "place"), data_object=data_object, **options)


def _shown(entities: list[dict[str, Any]], text: str = TEXT) -> list[tuple[str, str, int]]:
    return [
        (entity["label"], text[entity["startOffset"] : entity["endOffset"]], entity["support"]["workers"])
        for entity in entities
    ]


def _labels(merged: Merged) -> list[tuple[str, str, int]]:
    return _shown(merged.label["annotations"]["entities"])


def _candidates(merged: Merged) -> list[tuple[str, str, int]]:
    return _shown(merged.label["candidates"])


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        pytest.param(
            {"entities": [{"startOffset": 0, "endOffset": 3, "label": "person"}]}, True, id="entities"
        ),
        pytest.param({"entities": []}, True, id="nothing to mark is an answer"),
        pytest.param({"entities": {}}, False, id="no array"),
        pytest.param({"labels": ["person"]}, False, id="something else"),
        pytest.param([], False, id="an array"),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


def test_the_label_value_is_the_built_in_shape_with_more() -> None:
    marked = [("place", "New York City"), ("person", "Ann Smith")]
    merged = _merge(marked, marked, [("place", "New York City")])
    assert merged.label["annotations"]["labels"] == [{"label": "person"}, {"label": "place"}]
    ann, city = merged.label["annotations"]["entities"]
    assert [ann[key] for key in ("label", "startOffset", "endOffset", "text")] == [
        "person",
        0,
        9,
        "Ann Smith",
    ]
    assert [city[key] for key in ("label", "startOffset", "endOffset")] == ["place", 21, 34]
    assert ann["support"] == {
        "workers": 2,
        "of": 3,
        "share": 0.6667,
        "worker-ids": ["worker-0", "worker-1"],
    }
    assert 0.5 < ann["confidence"] < city["confidence"] < 1
    assert (merged.label["offset-unit"], merged.label["offsets-read-as"]) == ("code-point", "any")
    assert merged.label["candidates"] == []


@pytest.mark.parametrize(
    ("supporters", "workers", "accepted"),
    [(1, 2, True), (1, 3, False), (2, 5, True), (1, 4, False), (2, 6, False), (3, 8, True), (5, 5, True)],
)
def test_a_worker_who_did_not_mark_it_is_heard_with_half_a_vote(
    supporters: int, workers: int, accepted: bool
) -> None:
    merged = _merge(*[[("person", "Bob")]] * supporters, *[list[Entity]()] * (workers - supporters))
    assert len(_labels(merged)) == accepted
    assert len(_candidates(merged)) == (not accepted)


def test_a_quorum_of_two_thirds_asks_for_more_than_half_of_the_workers() -> None:
    strict = Settings(method="majority", quorum=2 / 3)
    bob = [("person", "Bob")]
    assert _labels(_merge(bob, bob, [], [], settings=strict)) == []
    assert len(_labels(_merge(bob, bob, bob, [], [], settings=strict))) == 1


def test_boundaries_and_category_are_decided_apart() -> None:
    merged = _merge(
        [("place", "New York City")],
        [("person", "New York City")],
        [("place", "York City")],
        [("place", "in New York")],
        [("place", "in New York")],
    )
    assert _labels(merged) == [("place", "New York City", 5)]


def test_a_tie_between_categories_follows_their_order_and_is_noted() -> None:
    merged = _merge([("person", "Ann")], [("person", "Ann")], [("place", "Bob")], [("person", "Bob")])
    assert _labels(merged) == [("person", "Ann", 2), ("person", "Bob", 2)]
    assert merged.consensus.reasons == ("tie:part-2",)


def test_nested_entities_of_one_worker_find_their_own_counterparts() -> None:
    nested = [("place", "New York City"), ("place", "New York"), ("person", "York")]
    assert _labels(_merge(nested, nested, nested[::-1])) == [
        ("place", "New York", 3),
        ("place", "New York City", 3),
        ("person", "York", 3),
    ]


def test_crossing_entities_and_two_categories_of_one_span_stay_too() -> None:
    marked = [("person", "Ann Smith"), ("place", "Ann Smith"), ("person", "Smith met Bob")]
    assert _labels(_merge(marked, marked)) == [(label, words, 2) for label, words in marked]


def test_of_readings_that_nobody_holds_together_the_better_supported_is_the_label() -> None:
    whole, part = [("place", "in New York City today")], [("place", "York")]
    merged = _merge(whole, whole, whole, part, part)
    assert _labels(merged) == [("place", "in New York City today", 3)]
    assert _candidates(merged) == [("place", "York", 2)]
    alone = _merge(part, part, [], [], [])
    assert (
        merged.label["candidates"][0]["confidence"] < alone.label["annotations"]["entities"][0]["confidence"]
    )
    both = _merge(whole, whole, whole + part, part, part)
    assert [words for _, words, _ in _labels(both)] == ["in New York City today", "York"]


def test_weights_are_votes() -> None:
    merged = _merge([("person", "Bob")], [], [], weights=[3, 4, 4])
    assert _labels(merged) == []
    assert len(_labels(_merge([("person", "Bob")], [], [], weights=[5, 4, 4]))) == 1


def test_a_single_workers_entities_are_the_label_without_confidence() -> None:
    merged = _merge([("person", "Ann"), ("person", "Ann Smith")])
    assert _labels(merged) == [("person", "Ann", 1), ("person", "Ann Smith", 1)]
    assert {entity["confidence"] for entity in merged.label["annotations"]["entities"]} == {None}
    assert merged.consensus.reasons == ("single-worker",)


def test_nobody_marked_anything() -> None:
    merged = _merge([], [], [])
    assert merged.label["annotations"] == {"labels": [], "entities": []}
    assert merged.consensus.agreement == 1.0


def test_a_space_dragged_along_is_cut_off_before_spans_are_compared() -> None:
    merged = _merge([("person", "Bob ")], [("person", " Bob")], [("person", "Bob")])
    assert _labels(merged) == [("person", "Bob", 3)]
    assert merged.label["trimmed"] == 2
    assert merged.consensus.agreement == 1.0


def test_offsets_in_utf_16_units_become_code_points() -> None:
    text = "Hi \U0001f600\U0001f469\u200d\U0001f680 Ann, hi Bob"
    units = len(text[: text.index("Ann")].encode("utf-16-le")) // 2
    element = _element(("person", units, units + 3), ("person", units + 8, units + 11))
    merged = merge(KIND, [element, element], data_object={"content": text})
    assert _shown(merged.label["annotations"]["entities"], text) == [
        ("person", "Ann", 2),
        ("person", "Bob", 2),
    ]
    assert [entity["text"] for entity in merged.label["annotations"]["entities"]] == ["Ann", "Bob"]
    assert (merged.label["offset-unit"], merged.label["offsets-read-as"]) == ("code-point", "utf-16")


def test_a_unit_that_cannot_be_told_asks_for_review_and_converts_nothing() -> None:
    text = "\U0001f600\u6771\u4eac\u90fd\u5927\u962a\u5e9c"
    merged = merge(KIND, [_element(("place", 3, 5))] * 2, data_object={"content": text})
    entity = merged.label["annotations"]["entities"][0]
    assert (entity["startOffset"], entity["endOffset"], "text" in entity) == (3, 5, False)
    assert (merged.label["offset-unit"], merged.label["offsets-read-as"]) == ("as-given", "undecided")
    assert merged.consensus.reasons == ("offset-unit",)


@pytest.mark.parametrize(
    "data_object",
    [{}, {"s3Uri": "s3://bucket/text.txt"}, {"content": "s3://bucket/text.txt"}, {"content": {"text": "a"}}],
    ids=["nothing", "an image's key", "where the text lies", "no text"],
)
def test_without_the_text_offsets_stay_as_given(data_object: dict[str, Any]) -> None:
    merged = merge(KIND, [_element(("person", 3, 400))] * 2, data_object=data_object)
    entity = merged.label["annotations"]["entities"][0]
    assert (entity["startOffset"], entity["endOffset"], "text" in entity) == (3, 400, False)
    assert (merged.label["offset-unit"], merged.label["offsets-read-as"]) == ("as-given", "no-text")
    assert merged.consensus.rejected == ()


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        pytest.param(
            ("person", 30, 99), "goes from 30 to 99, the text has 41 code points", id="behind the text"
        ),
        pytest.param(("person", 9, 10), "holds nothing but white space", id="white space"),
        pytest.param(("person", 14, 17), "is marked twice", id="twice"),
        pytest.param(("person", 13, 17), "is marked twice", id="twice but for a space"),
        pytest.param(("person", 5, 5), "goes from 5 to 5; an entity needs a character", id="empty"),
        pytest.param(("person", 5, 3), "goes from 5 to 3; an entity needs a character", id="backwards"),
        pytest.param(("person", -1, 3), "startOffset: must be from 0", id="before the text"),
        pytest.param(("person", 1.5, 3), "startOffset: must be a whole number, is 1.5", id="no whole number"),
        pytest.param(("", 0, 3), "label: must not be empty", id="no category"),
    ],
)
def test_an_entity_that_cannot_be_counted_costs_only_itself(entity: Any, reason: str) -> None:
    bob = ("person", 14, 17)
    merged = merge(KIND, [_element(bob, entity), _element(bob)], data_object={"content": TEXT})
    assert _labels(merged) == [("person", "Bob", 2)]
    rejection = merged.consensus.rejected[0]
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.entities[1]")
    assert reason in rejection.reason


def test_a_long_entity_is_not_quoted() -> None:
    text = "word " * 300
    merged = merge(KIND, [_element(("passage", 0, 1499), ("word", 5, 9))] * 2, data_object={"content": text})
    passage, word = merged.label["annotations"]["entities"]
    assert "text" not in passage
    assert word["text"] == "word"


@pytest.mark.parametrize(
    "others", [pytest.param(1, id="of two workers"), pytest.param(0, id="of one worker beside another")]
)
def test_more_overlaps_than_allowed_name_the_limit(others: int) -> None:
    nested = [("person", TEXT[:end]) for end in (3, 9, 13, 17, 20)]
    narrow = Settings(limits=Limits(overlaps=9))
    with pytest.raises(LimitError, match="more than 9 pairs of entities overlap") as raised:
        _merge(nested, nested * others, settings=narrow)
    assert raised.value.limit == "limits.overlaps"
