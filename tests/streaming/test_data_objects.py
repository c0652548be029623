"""The message of a data object, and its id: the same object has the same id whenever it is published."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labeljob.streaming.data_objects import DataObject, Refused, data_object


def _made(line: Any, id_key: str | None = None) -> DataObject | Refused:
    row = line if isinstance(line, bytes) else json.dumps(line).encode()
    return data_object("line 1", 1, row, "cars", id_key)


def _message(line: Any, id_key: str | None = None) -> Any:
    made = _made(line, id_key)
    assert isinstance(made, DataObject), made
    return json.loads(made.message)


def test_a_line_that_is_nothing_but_a_uri_has_it_as_its_id() -> None:
    assert _message({"source-ref": "s3://b/1.jpg"}) == {
        "source-ref": "s3://b/1.jpg",
        "dataset-objectid-attribute-name": "source-ref",
    }


def test_a_line_that_holds_more_has_an_id_of_all_its_content() -> None:
    """Two questions about one image are two objects."""
    first, second = ({"source-ref": "s3://b/1.jpg", "ask": ask} for ask in ("age", "name"))
    assert _message(first)["dataset-objectid-attribute-name"] == "labeljob-id"
    assert _message(first)["labeljob-id"] != _message(second)["labeljob-id"]
    turned = {"ask": "age", "source-ref": "s3://b/1.jpg"}
    assert _message(first)["labeljob-id"] == _message(turned)["labeljob-id"]


def test_what_was_made_is_made_again_of_what_was_sent() -> None:
    sent = _message({"source": "a text"})
    assert _message(sent) == sent
    del sent["dataset-objectid-attribute-name"]
    assert _message(sent)["labeljob-id"] == sent["labeljob-id"]


def test_a_uri_longer_than_an_id_gets_one_made() -> None:
    uri = f"s3://some-bucket/{'x' * 1_020}"
    assert _message({"source-ref": uri})["dataset-objectid-attribute-name"] == "labeljob-id"


def test_the_key_that_the_line_names_goes_before_the_one_of_the_command() -> None:
    line = {"source": "a", "id": "1", "other": "2", "dataset-objectid-attribute-name": "other"}
    made = _made(line, "id")
    assert isinstance(made, DataObject)
    assert made.object_id == "2"


def test_the_output_of_another_streaming_job_keeps_its_ids() -> None:
    """The service writes keys with $, which a manifest must not have."""
    chained = {
        "source": "a",
        "tone": {"class-id": 0},
        "dataset-objectid-attribute-name": "$tone-object-id",
        "$tone-object-id": "9f0c",
        "$sequencer": "0055",
    }
    assert _message(chained) == {
        "source": "a",
        "tone": {"class-id": 0},
        "labeljob-id": "9f0c",
        "dataset-objectid-attribute-name": "labeljob-id",
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff", "is not UTF-8"),
        (b"{'source': 'a'}", "is not JSON"),
        (b'["source"]', "is not a JSON object"),
        ({"source": "a", "source-ref": "s3://b/1.jpg"}, "has both source and source-ref"),
        ({"source": "a", "$cars": 1}, "names must not start with $"),
        ({"source": "a", "dataset-objectid-attribute-name": 7}, "names 7 as the key of its id"),
        ({"source": "a", "dataset-objectid-attribute-name": "b-"}, "names 'b-' as the key of its id"),
        ({"source": "a", "dataset-objectid-attribute-name": "b" * 141}, "as the key of its id"),
        ({"source": "a", "dataset-objectid-attribute-name": "b", "b": ""}, "has in 'b' no id"),
        ({"source": "a", "dataset-objectid-attribute-name": "b", "b": "x" * 1_025}, "has in 'b' no id"),
        ({"source": "a", "cars": None}, "already has the label 'cars'"),
        (
            {"source": "a", **dict.fromkeys("bcdef", "x" * 19_985)},
            "characters with its id, allowed are 100000",
        ),
    ],
)
def test_what_would_not_be_labelled_is_refused_with_its_reason(line: Any, reason: str) -> None:
    made = _made(line)
    assert isinstance(made, Refused)
    assert reason in str(made)


def test_more_bytes_than_a_message_takes_are_refused_whatever_the_characters() -> None:
    line = {"source": "a", **dict.fromkeys("bcde", "\N{PARROT}" * 19_000)}
    made = _made(json.dumps(line, ensure_ascii=False).encode())
    assert isinstance(made, Refused)
    assert "bytes, a message of SNS takes 262144" in made.reason


def test_characters_that_queues_refuse_are_escaped() -> None:
    made = _made({"source": "a\x00b\ufffe\uffff\ud800"})
    assert isinstance(made, DataObject)
    assert not set(made.message) & {"\x00", "\ufffe", "\uffff", "\ud800"}
    assert json.loads(made.message)["source"] == "a\x00b\ufffe\uffff\ud800"
