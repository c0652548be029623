"""How a streaming job takes, labels, announces, waits and stops."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from labeljob.simulation import Handlers, SimulatedJob, simulate
from labeljob.simulation.answers import RecordedAnswer, RecordedAnswers
from labeljob.simulation.manifest import ManifestLine, parse_manifest
from labeljob.simulation.streaming_job import IDLE, UNSENT, StreamingSwitches, recorded
from tests.conftest import Aws
from tests.simulation.streams import Stream, to_the_end, two_cats


def sources(*names: object) -> list[dict[str, str]]:
    """Lines with texts."""
    return [{"source": str(name)} for name in names]


def nobody(_: ManifestLine) -> tuple[RecordedAnswer, ...]:
    """No worker answers."""
    return ()


def test_no_more_are_in_work_than_allowed_and_none_is_taken_until_clearly_fewer_are(stream: Stream) -> None:
    """Five at once, two workers each: new ones are taken when two are left; what waits stays in the queue."""
    with stream.job(max_concurrent=5) as job:
        job.step()
        stream.send(*sources(*range(12)))
        job.step()
        assert (job.counters.in_work, stream.waiting()) == (5, 7)
        before = 5
        while job.step() or not job.idle():
            taken = job.counters.in_work - before
            assert job.counters.in_work <= 5
            assert taken <= 0 or before < 3
            before = job.counters.in_work
        assert (job.counters.peak_in_work, job.counters.labeled) == (5, 12)


def test_every_label_is_announced_once_as_its_line_of_the_output_manifest(stream: Stream) -> None:
    """Another job can take it as it is."""
    with stream.job() as job:
        job.step()
        stream.send(*sources(*range(13)))
        to_the_end(job)
    announced = sorted(stream.announced(), key=lambda line: int(line["source"]))
    assert announced == stream.output()
    assert announced[0]["Cats-metadata"]["type"] == "groundtruth/custom"
    assert announced[0]["Cats-metadata"]["job-name"] == "cats"


def test_failed_objects_can_be_announced_too(stream: Stream) -> None:
    """Whether the service does is not known."""
    switches = StreamingSwitches(failures="published")
    with stream.job(streaming=switches) as job:
        job.step()
        stream.send("no JSON")
        to_the_end(job)
    assert "Cats-metadata" in stream.announced()[0]


def test_a_label_too_long_for_a_message_is_told_of_and_stops_nothing(stream: Stream) -> None:
    """The line fits in; with its label it does not fit out."""
    long = {"source": "a"} | {f"k{place}": "\u20ac" * 17_460 for place in range(5)}
    with stream.job() as job:
        job.step()
        stream.send(json.dumps(long, ensure_ascii=False), {"source": "b"})
        to_the_end(job)
        assert job.counters.labeled == 2
        assert list(job.warnings)[-1].startswith("object 1 was not announced")
    assert [line["source"] for line in stream.announced()] == ["b"]


def test_the_one_time_manifest_comes_first_and_its_objects_not_twice(stream: Stream) -> None:
    """An object that is sent again under the same deduplication id is dropped."""
    own = {"source": "a", "dataset-objectid-attribute-name": "id", "id": "1"}
    lines = parse_manifest(f'{json.dumps(own)}\n{{"source": "b"}}\nbroken\n'.encode()).lines
    with stream.job(manifest=lines) as job:
        job.step()
        stream.send(own, {"source": "c"})
        to_the_end(job)
        assert (job.counters.objects, job.counters.duplicates) == (4, 1)
    output = stream.output()
    assert [line.get("source") for line in output] == ["a", "b", None, "c"]
    assert set(output[1]) == {"source", "Cats", "Cats-metadata"}
    assert "is not JSON" in output[2]["Cats-metadata"]["failure-reason"]


def test_a_label_is_the_batch_jobs_label(
    stream: Stream, make_job: Callable[..., SimulatedJob], configure: Callable[..., None]
) -> None:
    """Where objects do not teach about workers, it makes no difference which were consolidated together."""
    names = ["cat", "cat", "dog", "bird", "cat"]
    answers = {str(place): {"ann": name, "bob": "cat"} for place, name in enumerate(names)}
    batch = make_job(sources(*range(5)), answers, settings=None)
    settings = batch.out.parent / "settings.json"
    settings.write_text('{"method": "majority"}')
    expected = simulate(make_job(sources(*range(5)), answers, settings=settings))
    configure({"method": "majority"})

    def answered(line: ManifestLine) -> tuple[RecordedAnswer, ...]:
        texts = (names[int(line.value["source"])], "cat")
        return tuple(
            RecordedAnswer(worker, json.dumps({"category": {"label": text}}))
            for worker, text in zip(("ann", "bob"), texts, strict=True)
        )

    with stream.job(answered) as job:
        job.step()
        stream.send(*sources(*range(5)))
        to_the_end(job)
    labels = {line["source"]: json.dumps(line["Cats"]) for line in stream.output()}
    assert labels == {line["source"]: json.dumps(line["Cats"]) for line in expected.lines}


def test_answers_come_under_their_key_their_source_or_their_place(stream: Stream) -> None:
    """As in batch jobs."""
    by_id = {"x": two_cats(ManifestLine(1, {})), "1": (RecordedAnswer("cy", "{}"),)}
    answers = RecordedAnswers(by_id, {"a": "x"})
    assert recorded(answers)(ManifestLine(5, {"source": "a"})) == by_id["x"]
    assert recorded(answers)(ManifestLine(2, {"source": "b"})) == by_id["1"]
    assert recorded(answers, "key")(ManifestLine(2, {"source": "b", "key": "x"})) == by_id["x"]
    assert recorded(answers, "key")(ManifestLine(2, {"source": "b"})) == ()


def test_ids_say_nothing_unless_they_are_to_be_counted(stream: Stream) -> None:
    """Which the service does is not known."""
    with stream.job(streaming=StreamingSwitches(object_ids="numbered")) as job:
        job.step()
        stream.send(*sources("a", "b"))
        to_the_end(job)
    folder = "run/Cats/annotations/worker-response/iteration-1/"
    listed = stream.clients.s3.list_objects_v2(Bucket="acme-out", Prefix=folder)["Contents"]
    assert [entry["Key"].removeprefix(folder).split("/")[0] for entry in listed] == ["0", "1"]


def test_an_object_that_nobody_answers_expires_and_makes_room(stream: Stream) -> None:
    """Until then it is in work."""
    with stream.job(nobody, max_concurrent=1, availability=timedelta(days=2)) as job:
        job.step()
        stream.send(*sources("a", "b"))
        to_the_end(job)
        assert job.counters.failed == 2
    assert all("expired" in line["Cats-metadata"]["failure-reason"] for line in stream.output())


def test_what_waits_for_fourteen_days_is_dropped(stream: Stream) -> None:
    """The first object keeps the only place for longer than that."""
    with stream.job(nobody, max_concurrent=1, availability=UNSENT) as job:
        job.step()
        stream.send(*sources("a", "b", "c"))
        to_the_end(job)
        assert (job.counters.failed, job.counters.dropped, stream.waiting()) == (1, 2, 0)
        stream.send(*sources("d"))
        to_the_end(job)
        assert (job.counters.objects, job.counters.dropped) == (2, 2)


def test_ten_idle_days_stop_the_job_and_leave_the_queue(stream: Stream) -> None:
    """The queue is unsubscribed; what is sent thereafter does not come."""
    with stream.job() as job:
        job.step()
        job.let_pass(IDLE - timedelta(seconds=1))
        stream.send(*sources("a"))
        to_the_end(job)
        job.let_pass(IDLE - timedelta(seconds=1))
        job.step()
        assert job.status == "InProgress"
        job.let_pass(timedelta(seconds=1))
        job.step()
        assert job.status == "Stopped"
        assert not job.step()
    stream.send(*sources("b"))
    assert stream.waiting() == 0
    subscriptions = stream.clients.sns.list_subscriptions_by_topic(TopicArn=stream.input_topic)
    assert subscriptions["Subscriptions"] == []


def test_a_stop_request_leaves_what_is_not_labelled(stream: Stream) -> None:
    """Objects in work stay in the output manifest as they came, those not taken in the queue."""
    with stream.job(max_concurrent=2) as job:
        job.step()
        stream.send(*sources("a", "b", "c"))
        job.step()
        job.request_stop()
        assert job.status == "Stopping"
        job.step()
        assert job.status == "Stopped"
        assert (job.counters.objects, job.counters.labeled, job.counters.failed) == (2, 0, 0)
    assert ["Cats" in line for line in stream.output()] == [False, False]
    assert stream.waiting() == 1


def test_a_function_that_raises_fails_the_job_with_the_services_words(stream: Stream) -> None:
    """The cause names the object."""

    def broken(event: dict[str, Any], context: Any) -> Any:
        raise RuntimeError("no such attribute")

    with stream.job(handlers=Handlers(broken, broken)) as job:
        job.step()
        stream.send(*sources("a"))
        job.step()
        assert job.status == "Failed"
        assert "Exception invoking the Lambda function" in str(job.failure_reason)
        assert "RuntimeError: no such attribute" in str(job.cause)
        assert str(job.cause).startswith("object ")


def test_skipped_objects_are_not_shown_to_workers(stream: Stream, aws: Aws) -> None:
    """Pre-annotation says that no human is needed."""
    own = Handlers.cold()

    def skip(event: dict[str, Any], context: Any) -> Any:
        return {"taskInput": {}, "isHumanAnnotationRequired": event["dataObject"]["source"] != "b"}

    with stream.job(handlers=Handlers(skip, own.consolidation)) as job:
        job.step()
        stream.send(*sources("a", "b"))
        to_the_end(job)
        assert list(job.journal.failures()) == [
            (2, "skipped", "pre-annotation says that no human annotation is required")
        ]
        assert (job.counters.labeled, job.counters.failed) == (1, 1)


@pytest.mark.parametrize("name", ["pseudo_json", "test_event", "object_ids", "failures"])
def test_a_switch_has_its_choices(name: str) -> None:
    """Another value is refused."""
    with pytest.raises(Exception, match="must be one of"):
        StreamingSwitches(**{name: "perhaps"})
