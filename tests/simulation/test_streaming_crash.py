"""A streaming job killed at any point and taken up again: each object labelled once, none lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from labeljob.simulation import Handlers
from shared.errors import ContractError
from tests.simulation.streams import Stream, to_the_end

NAMES = [str(place) for place in range(25)]


class Killed(BaseException):
    """Nothing catches it, as nothing survives SIGKILL."""


def sent() -> list[dict[str, str]]:
    """Twenty-five objects with ids of their own, five of them twice."""
    lines = [{"source": name, "dataset-objectid-attribute-name": "source"} for name in NAMES]
    return lines + lines[:5]


def on_call(after: int) -> Callable[..., Any]:
    """A function that dies when it has been called so many times."""
    calls = iter(range(after))

    def called(*_: object, **__: object) -> None:
        if next(calls, None) is None:
            raise Killed

    return called


def check(stream: Stream, repeated: int) -> None:
    """Each object has its label once, and was announced once, or twice if it was among the last sent before the end."""
    assert sorted(line["source"] for line in stream.output()) == sorted(NAMES)
    assert all(line["Cats"]["class-name"] == "cat" for line in stream.output())
    announced = Counter(line["source"] for line in stream.announced())
    assert set(announced) == set(NAMES)
    assert announced.total() - len(NAMES) == repeated
    assert stream.waiting() == 0


@pytest.mark.parametrize("call", ["pre_annotation", "consolidation", "keep"])
@pytest.mark.parametrize("after", [0, 2])
def test_killed_in_its_own_work(stream: Stream, call: str, after: int) -> None:
    """In either function, or when labels were made but not noted yet."""
    own = Handlers.cold()
    die = on_call(after)

    def dying(name: str) -> Any:
        handler = getattr(own, name)

        def handle(event: dict[str, Any], context: Any) -> Any:
            if name == call:
                die()
            return handler(event, context)

        return handle

    handlers = Handlers(dying("pre_annotation"), dying("consolidation"))
    with stream.job(handlers=handlers, keep=die if call == "keep" else lambda: None, max_concurrent=6) as job:
        job.step()
        stream.send(*sent())
        with pytest.raises(Killed):
            to_the_end(job)
    with stream.job(max_concurrent=6) as job:
        to_the_end(job)
        assert (job.counters.objects, job.counters.duplicates, job.counters.received) == (25, 5, 30)
    check(stream, repeated=0)


@pytest.mark.parametrize(
    ("event", "repeated"),
    [
        ("before-call.sqs.ReceiveMessage", 0),
        ("before-call.sqs.DeleteMessageBatch", 0),
        ("after-call.sqs.DeleteMessageBatch", 0),
        ("before-call.sns.PublishBatch", 0),
        ("after-call.sns.PublishBatch", 6),
        ("before-call.s3.PutObject", 0),
    ],
)
def test_killed_in_a_call_of_aws(stream: Stream, event: str, repeated: int) -> None:
    """Announcing is at least once: what was sent and could not be noted is sent again."""
    die = on_call(1)
    client = getattr(stream.clients, event.split(".")[1])
    with stream.job(max_concurrent=6) as job:
        job.step()
        stream.send(*sent())
        client.meta.events.register(event, die)
        try:
            with pytest.raises(Killed):
                to_the_end(job)
        finally:
            client.meta.events.unregister(event, die)
    with stream.job(max_concurrent=6) as job:
        to_the_end(job)
        assert (job.counters.objects, job.counters.duplicates, job.counters.received) == (25, 5, 30)
    check(stream, repeated)


def test_a_request_done_again_is_the_same_request(stream: Stream) -> None:
    """Same objects, same time, same bytes: nothing is left lying about."""
    with stream.job(keep=on_call(0)) as job:
        job.step()
        stream.send(*sent())
        with pytest.raises(Killed):
            to_the_end(job)
    before = {
        key: stream.clients.s3.get_object(Bucket="acme-out", Key=key)["Body"].read() for key in keys(stream)
    }
    assert before
    with stream.job() as job:
        job.step()
    assert {
        key: stream.clients.s3.get_object(Bucket="acme-out", Key=key)["Body"].read() for key in keys(stream)
    } == before


def keys(stream: Stream) -> list[str]:
    """The consolidation's files of the first request, and the answers."""
    listed = stream.clients.s3.list_objects_v2(Bucket="acme-out", Prefix="run/Cats/annotations/")["Contents"]
    return [entry["Key"] for entry in listed]


def test_a_message_that_the_killed_job_had_taken_comes_again(stream: Stream) -> None:
    """SQS hides it for a while; the job does not count it as a duplicate."""
    with stream.job() as job:
        job.step()
        stream.send(*sent()[:1])
        url = stream.clients.sqs.get_queue_url(QueueName="GroundTruth-cats")["QueueUrl"]
        taken = stream.clients.sqs.receive_message(QueueUrl=url)["Messages"][0]
        assert not job.idle()
        assert not job.step()
        stream.clients.sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"], VisibilityTimeout=0
        )
        to_the_end(job)
        assert (job.counters.received, job.counters.labeled, job.counters.duplicates) == (1, 1, 0)


def test_a_journal_that_is_none_is_refused(stream: Stream) -> None:
    """The message names the file."""
    stream.folder.mkdir()
    (stream.folder / "journal.sqlite").write_text(
        "something else, long enough to be taken for a database file"
    )
    with pytest.raises(ContractError, match=r"journal\.sqlite cannot be used as a journal"):
        stream.job()
