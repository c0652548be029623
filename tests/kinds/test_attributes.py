"""Votes on attributes."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.kinds.attributes import parse_attributes, vote_on_attributes
from consolidation.kinds.base import Answer
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits


def _voted(*values: Any, weights: tuple[float, ...] = (), skill: tuple[float, ...] = ()) -> Any:
    """What becomes of one attribute; None where a worker does not give it."""
    said = [
        (
            Answer(f"worker-{place}", None, (weights or [1.0] * 9)[place], (skill or [1.0] * 9)[place]),
            {} if value is None else {"attribute": value},
        )
        for place, value in enumerate(values)
    ]
    return vote_on_attributes(said).get("attribute")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["no"], "no", id="one worker"),
        pytest.param(["no", "yes", "yes"], "yes", id="most votes"),
        pytest.param(["no", None, None], "no", id="who gives none abstains"),
        pytest.param([1, 2, 90], 2, id="the median of numbers"),
        pytest.param([1, 2], 2, id="halves of whole numbers go to the even one"),
        pytest.param([1.5, 2], 1.75, id="fractions stay"),
        pytest.param([2, 2.0, 2], 2, id="a whole number is one however it is written"),
        pytest.param([True, 1, True], True, id="true is no number"),
        pytest.param(["yes", "no"], "no", id="a tie goes to the lesser text"),
        pytest.param([["a"], ["b"], ["b"]], ["b"], id="any JSON can be voted on"),
        pytest.param([None, None], None, id="nobody gives it"),
    ],
)
def test_votes(values: list[Any], expected: Any) -> None:
    found = _voted(*values)
    assert (found, type(found)) == (expected, type(expected))


def test_weights_are_votes_and_skill_breaks_ties() -> None:
    assert _voted("no", "yes", weights=(1, 2)) == "yes"
    assert _voted(1, 9, weights=(1, 2)) == 9
    assert _voted("no", "yes", skill=(1, 2)) == "yes"


def test_attributes_that_cannot_be_read_are_refused() -> None:
    assert parse_attributes(None, Limits()) == {}
    with pytest.raises(AnswerError, match=r"\$: must be an object, is a string"):
        parse_attributes(JsonNode("no", "$", AnswerError), Limits())
    with pytest.raises(LimitError, match=r"\$\.note: has 4 characters, allowed are 3"):
        parse_attributes(JsonNode({"note": "long"}, "$", AnswerError), Limits(text=3))
