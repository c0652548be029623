"""What comes through the input topic of a streaming job, and under which id it is labelled once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labeljob.simulation.streaming_job import StreamingSwitches
from labeljob.simulation.streaming_message import Message
from tests.simulation.streams import Stream, to_the_end

KEY = "dataset-objectid-attribute-name"


def s3_event(key: str, sequencer: str, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """An event notification of bucket acme-in."""
    about = {"bucket": {"name": "acme-in"}, "object": {"key": key, "sequencer": sequencer}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": event, "s3": about}]}


def outcome(stream: Stream, *messages: object, **options: Any) -> list[dict[str, Any]]:
    """The output manifest after messages were sent."""
    with stream.job(**options) as job:
        job.step()
        stream.send(*messages)
        to_the_end(job)
        assert stream.waiting() == 0
    return stream.output()


def reason(line: dict[str, Any]) -> str:
    """Why an object failed."""
    assert "Cats" not in line
    return str(line["Cats-metadata"]["failure-reason"])


@pytest.mark.parametrize(
    "line",
    [
        {"source": "a", KEY: "my-id", "my-id": "A-17"},
        {"source-ref": "s3://acme-in/a.jpg", KEY: "source-ref"},
        {"source": "a", KEY: "tweet_id", "tweet_id": "17"},
    ],
)
def test_an_own_deduplication_id_is_labelled_once(stream: Stream, line: dict[str, str]) -> None:
    """The output has the sender's two keys; another object under the same id is dropped."""
    output = outcome(stream, line, line, {**line, "camera": "front"})
    assert [{key: each[key] for key in line} for each in output] == [line]
    assert output[0]["Cats"]["class-name"] == "cat"


def test_without_one_the_sns_message_id_is_taken(stream: Stream) -> None:
    """So the same line sent twice is two objects, and the output names the id."""
    output = outcome(stream, {"source": "a"}, {"source": "a"})
    assert [each[KEY] for each in output] == ["$Cats-object-id"] * 2
    assert len({each["$Cats-object-id"] for each in output}) == 2
    assert len(stream.announced()) == 2


def test_an_object_from_s3_is_known_by_uri_and_sequencer(stream: Stream) -> None:
    """A newer version of the file is another object; the key comes URL-encoded."""
    events = [s3_event("cats/a+b%3D1.jpg", sequencer) for sequencer in ("01", "01", "02")]
    output = outcome(stream, *events)
    assert [(each["source-ref"], each["$sequencer"]) for each in output] == [
        ("s3://acme-in/cats/a b=1.jpg", "01"),
        ("s3://acme-in/cats/a b=1.jpg", "02"),
    ]
    assert all(each[KEY] == "$Cats-object-id" and each["$Cats-object-id"] for each in output)


def test_an_event_may_carry_several_objects(stream: Stream) -> None:
    """Each becomes one, even beyond the concurrency limit."""
    event = {"Records": s3_event("a.jpg", "1")["Records"] + s3_event("b.jpg", "1")["Records"]}
    assert len(outcome(stream, event, max_concurrent=1)) == 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (s3_event("a.jpg", "1", "ObjectRemoved:Delete"), "is the event ObjectRemoved:Delete"),
        ({"Records": [{"kinesis": {}}]}, "has Records that are no event of S3"),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "is the s3:TestEvent that S3 sends"),
        ("{'source': 'a'}", "is not JSON but Python's str() of a dictionary, with single quotes"),
        ('{"source": ', "is not JSON: Expecting value"),
        ("[1]", "is not a JSON object"),
        ({"camera": "front"}, "has neither source nor source-ref"),
        ({"source": "a", **{f"k{place}": "x" * 19_000 for place in range(6)}}, "allowed are 100000"),
        ({"source": "x" * 20_001}, "has 20001 characters in 'source'"),
        ({"source": "a", "$mine": 1}, "names must not start with $"),
        ({"source": "a", KEY: "my-id"}, "names 'my-id'"),
        ({"source": "a", KEY: "my-id", "my-id": 17}, "has no text under that key"),
        ({"source": "a", KEY: "k" * 141, "k" * 141: "1"}, "not a name of 1 to 140 characters"),
        ({"source": "a", KEY: "my-id", "my-id": "x" * 1_025}, "has 1025 characters in its deduplication id"),
    ],
)
def test_what_cannot_be_labelled_has_a_fault_that_says_why(message: object, expected: str) -> None:
    """Whether it is broken, too long, or not for labelling at all."""
    text = message if isinstance(message, str) else json.dumps(message)
    body = json.dumps({"Type": "Notification", "MessageId": "m-1", "Message": text})
    [arrival] = Message.read(body, "q-1").arrivals("Cats", StreamingSwitches())
    assert expected in str(arrival.fault)


def test_a_faulty_message_is_a_failed_object_and_never_lost(stream: Stream) -> None:
    """The output manifest says why; other objects are labelled all the same, and nothing is announced of it."""
    too_long = {"source": "a", **{f"k{place}": "x" * 19_000 for place in range(6)}}
    output = outcome(stream, "no JSON", too_long, {"source": "good"})
    assert [reason(line) for line in output[:2]] == [
        "ClientError: the data object is not JSON: Expecting value: line 1 column 1 (char 0)",
        f"ClientError: the data object has {len(json.dumps(too_long))} characters, allowed are 100000",
    ]
    assert output[1]["k5"] == "x" * 19_000
    assert output[2]["Cats"]["class-name"] == "cat"
    assert [line["source"] for line in stream.announced()] == ["good"]


def test_a_message_that_cannot_be_read_is_named_by_its_id(stream: Stream) -> None:
    """The sender finds it by the SNS message id."""
    sent = stream.clients.sns.publish
    with stream.job() as job:
        job.step()
        name = sent(TopicArn=stream.input_topic, Message="no JSON")["MessageId"]
        to_the_end(job)
    assert stream.output()[0]["$Cats-object-id"] == name


def test_single_quotes_can_be_read_all_the_same(stream: Stream) -> None:
    """Whether the service does is not known."""
    switches = StreamingSwitches(pseudo_json="read")
    output = outcome(stream, str({"source": "it's", "n": None}), streaming=switches)
    assert (output[0]["source"], output[0]["n"], output[0]["Cats"]["class-name"]) == ("it's", None, "cat")


def test_the_test_event_can_be_ignored(stream: Stream) -> None:
    """Then it leaves no line."""
    switches = StreamingSwitches(test_event="ignored")
    assert outcome(stream, {"Event": "s3:TestEvent"}, streaming=switches) == []


def test_an_announced_label_can_be_sent_on_to_another_job(stream: Stream) -> None:
    """Chained jobs: the keys that the service made are the object's own then."""
    outcome(stream, {"source": "a"})
    line = stream.announced()[0]
    assert line == stream.output()[0]
    again = Stream(
        stream.clients, stream.input_topic, stream.output_topic, stream.labels, stream.folder / "b"
    )
    output = outcome(again, line, line)
    assert len(output) == 1
    assert output[0]["$Cats-object-id"] == line["$Cats-object-id"]


def test_a_message_put_into_the_queue_by_hand_is_taken_too(stream: Stream) -> None:
    """It has no SNS envelope."""
    with stream.job() as job:
        job.step()
        url = stream.clients.sqs.get_queue_url(QueueName="GroundTruth-cats")["QueueUrl"]
        stream.clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"source": "a"}))
        to_the_end(job)
    assert stream.output()[0]["Cats"]["class-name"] == "cat"
