"""Documents read with their paths, strict JSON, text that can always be encoded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import AnswerError, ContractError, GtConsensusError, LimitError
from shared.json_node import JsonNode, parse_json, write_json

DOCUMENT = {"a": {"b": [{"c": 5}, "text"], "n": None}, "flag": True, "number": 2.5}


def test_a_node_knows_its_path() -> None:
    node = JsonNode(DOCUMENT)["a"]["b"]
    first, second = node.elements()
    assert (first["c"].path, second.path) == ("$.a.b[0].c", "$.a.b[1]")
    assert dict(JsonNode(DOCUMENT)["a"].items())["n"].path == "$.a.n"


@pytest.mark.parametrize("key", ["n", "absent"])
def test_null_and_absent_are_the_same(key: str) -> None:
    node = JsonNode(DOCUMENT)["a"]
    assert node.get(key) is None
    with pytest.raises(ContractError, match=rf"\$\.a\.{key}: is required and missing"):
        node[key]


@pytest.mark.parametrize(
    ("read", "complaint"),
    [
        (lambda root: root["flag"].number(), "$.flag: must be a number, is a boolean"),
        (lambda root: root["number"].integer(), "$.number: must be a whole number, is 2.5"),
        (lambda root: root["number"].string(), "$.number: must be a string, is a number"),
        (lambda root: root["number"].boolean(), "$.number: must be true or false, is a number"),
        (lambda root: root["number"].object(), "$.number: must be an object, is a number"),
        (lambda root: root["a"].array(), "$.a: must be an array, is an object"),
        (lambda root: root["a"]["b"].object(), "$.a.b: must be an object, is an array"),
        (lambda root: root["a"]["b"].strings(), "$.a.b[0]: must be a string, is an object"),
        (lambda root: root["number"].number(most=2), "$.number: must be from -inf to 2, is 2.5"),
        (lambda root: root["number"].number(least=3), "$.number: must be from 3 to inf, is 2.5"),
    ],
)
def test_a_value_of_another_type_is_named(read: Callable[[JsonNode], Any], complaint: str) -> None:
    for error in (ContractError, AnswerError):
        with pytest.raises(error) as failure:
            read(JsonNode(DOCUMENT, error=error))
        assert str(failure.value) == complaint


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400, -(10**400)], ids=str)
def test_only_finite_numbers_are_numbers(value: float) -> None:
    """Python's own JSON reader lets them through in events; no float can hold the largest integers."""
    for read in (JsonNode(value).number, JsonNode(value).integer):
        with pytest.raises(ContractError, match="must be"):
            read()


def test_whole_numbers_stay_integers() -> None:
    assert [type(JsonNode(value).number()) for value in (5, 5.0)] == [int, float]
    assert [type(JsonNode(value).integer()) for value in (5, 5.0)] == [int, int]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("NaN", "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ("[1e999]", "1e999 is larger than any number"),
        ("[-1e999]", "-1e999 is larger than any number"),
        (b"\xff", "is not JSON"),
        (b"\xff\xfe{\x00}\x00", "is not JSON"),
        ("9" * 5_000, "is not JSON"),
        ("{'a': 1}", "is not JSON"),
        ("[1] [2]", "is not JSON"),
        ("", "is not JSON"),
    ],
    ids=lambda text: str(text)[:20],
)
def test_what_is_not_strict_json_is_refused(text: str | bytes, complaint: str) -> None:
    with pytest.raises(AnswerError, match=complaint):
        parse_json(text, error=AnswerError)


@pytest.mark.parametrize(
    ("text", "value"), [(b'\xef\xbb\xbf{"a": 1}', {"a": 1}), ("\t[1]\n", [1]), ('"\\u003d"', "="), ("5", 5)]
)
def test_any_json_value_is_read(text: str | bytes, value: Any) -> None:
    assert parse_json(text).value == value


@pytest.mark.parametrize(
    ("depth", "nesting", "fits"), [(3, 3, True), (4, 3, False), (100_000, 64, False), (100_000, None, False)]
)
def test_nesting_is_limited(depth: int, nesting: int | None, fits: bool) -> None:
    text = "[" * depth + "]" * depth
    if fits:
        parse_json(text, nesting=nesting)
        return
    with pytest.raises(LimitError, match=r"\(setting limits.nesting\)"):
        parse_json(text, nesting=nesting)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d"', "\ufffd"),
        (r'"a\uDE97b"', "a\ufffdb"),
        (r'{"\ud800": ["\udfff"]}', {"\ufffd": ["\ufffd"]}),
        (r'"\ud83d\ude97"', "\U0001f697"),
        (r'"\\ud83d"', r"\ud83d"),
    ],
)
def test_half_characters_are_replaced_and_whole_ones_kept(text: str, value: Any) -> None:
    assert parse_json(text).value == value
    assert parse_json(text.encode()).value == value


texts = st.text(st.characters(codec=None, categories=None))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    )
)
def test_what_is_written_can_be_encoded_and_is_read_again(document: Any) -> None:
    """Even with half characters, which are then escaped."""
    assert json.loads(write_json(document).encode()) == document


def test_json_is_written_without_blanks_in_the_order_made() -> None:
    assert write_json({"b": [1, 2.5, None], "a": "\u00e4"}) == '{"b":[1,2.5,null],"a":"\u00e4"}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json([number])


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (GtConsensusError("is wrong"), "is wrong"),
        (GtConsensusError("is wrong", path="$.a"), "$.a: is wrong"),
        (LimitError("is long", limit="limits.text"), "is long (setting limits.text)"),
        (
            AnswerError("is wrong", path="$.a", data_object_id="7", worker_id="ann"),
            "data object 7, worker ann: $.a: is wrong",
        ),
        (AnswerError("is wrong").at(worker_id="ann"), "worker ann: is wrong"),
        (AnswerError("is wrong", worker_id="ann").at(worker_id="bob"), "worker ann: is wrong"),
    ],
)
def test_an_error_says_where_what_and_which_setting(error: GtConsensusError, text: str) -> None:
    assert str(error) == text


def test_placing_an_error_leaves_the_error_itself_as_it_was() -> None:
    error = AnswerError("is wrong")
    assert error.at(data_object_id="7").data_object_id == "7"
    assert error.data_object_id is None
