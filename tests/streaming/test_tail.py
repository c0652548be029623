"""`labeljob tail` as a person runs it: labels as they arrive, and nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from labeljob.streaming.cleanup import clean_up
from labeljob.streaming.names import tail_prefix
from labeljob.streaming.tailing import tail
from tests.streaming.conftest import OURS, Run, Stream, endpoints, labelled, make_queue, queue_names
from tests.streaming.faults import meddling

Labeljob = Callable[..., Run]
MANIFEST = "run/Cats-1/manifests/output/output.manifest"


def _row(name: str) -> str:
    return f"{name}.jpg{' ' * (30 - len(name))}cat (0.9)"


def _write_manifest(stream: Stream, *lines: dict[str, Any]) -> None:
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    stream.aws.s3.put_object(Bucket="acme-out", Key=MANIFEST, Body=body.encode())


def _stop(stream: Stream) -> None:
    stream.aws.sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
    stream.local.settle()


def test_a_line_for_each_label_through_a_queue_that_is_gone_at_the_end(
    stream: Stream, labeljob: Labeljob
) -> None:
    before = queue_names(stream.aws)
    run = labeljob("tail", "Cats-1", "--idle", 0)
    assert (run.status, run.out, run.err) == (0, "", "0 labels\n")
    assert queue_names(stream.aws) == before
    assert endpoints(stream.aws, stream.topics.output_arn) == []


def test_labels_that_arrive_meanwhile_each_once(stream: Stream) -> None:
    """The clock is looked at when the queue is there: that is when these arrive."""
    looks: list[int] = []

    def now() -> float:
        if not looks:
            stream.label("a", "b", "a", "c")
        looks.append(len(looks))
        return float(len(looks))

    found = [outcome.source for outcome in tail("Cats-1", stream.aws, most=3, now=now)]
    assert sorted(found) == ["s3://acme-in/a.jpg", "s3://acme-in/b.jpg", "s3://acme-in/c.jpg"]
    assert queue_names(stream.aws) == ["GroundTruth-cats-1"]


def test_it_ends_with_the_job_and_has_shown_what_came_before(stream: Stream) -> None:
    looks: list[int] = []

    def now() -> float:
        if not looks:
            stream.label("a", "b")
            _stop(stream)
        looks.append(len(looks))
        return float(len(looks))

    assert len(list(tail("Cats-1", stream.aws, poll=0, now=now))) == 2


def test_a_kept_queue_goes_on_where_the_last_call_ended(stream: Stream, labeljob: Labeljob) -> None:
    assert labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0).out == ""
    stream.label("a", "b", "c")
    first = labeljob("tail", "Cats-1", "--keep", "my-labels", "--number", 1).out.splitlines()
    rest = labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0).out.splitlines()
    assert len(first) == 1
    assert sorted(first + rest) == [_row("a"), _row("b"), _row("c")]
    _stop(stream)
    assert labeljob("tail", "Cats-1", "--keep", "my-labels").out == ""
    assert queue_names(stream.aws) == ["GroundTruth-cats-1", "my-labels"]
    assert endpoints(stream.aws, stream.topics.output_arn) == ["my-labels"]


def test_a_queue_of_others_is_not_read(stream: Stream, labeljob: Labeljob) -> None:
    url = make_queue(stream.aws, "training", stream.topics.output_arn, **{**OURS, "labeling-job": "dogs-1"})
    stream.label("a")
    run = labeljob("tail", "Cats-1", "--keep", "training", "--idle", 0)
    assert run.status == 2
    assert "queue training is none that `labeljob tail Cats-1` made" in run.err
    assert len(stream.aws.sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_from_the_start_labels_of_the_manifest_come_first_and_none_twice(
    stream: Stream, labeljob: Labeljob
) -> None:
    labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0)
    stream.label("b", "c")
    failed = {
        "source": "what is\x1b[31m this",
        "Cats-metadata": {"failure-reason": "ClientError: Annotation tasks expired.", "retry-count": 1},
    }
    _write_manifest(stream, labelled("a"), labelled("b"), {"source-ref": "s3://acme-in/d.jpg"}, failed)
    run = labeljob("tail", "Cats-1", "--keep", "my-labels", "--from-start", "--idle", 0)
    assert run.out.splitlines() == [
        _row("a"),
        _row("b"),
        "what is\N{REPLACEMENT CHARACTER}[31m this".ljust(34)
        + "failed: ClientError: Annotation tasks expired.",
        _row("c"),
    ]


def test_as_json_the_lines_of_the_output_manifest(stream: Stream, labeljob: Labeljob) -> None:
    labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0)
    stream.label("a")
    run = labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0, "--json")
    assert [json.loads(line) for line in run.out.splitlines()] == [labelled("a")]


def test_of_a_job_that_has_ended_only_the_manifest_is_left(stream: Stream, labeljob: Labeljob) -> None:
    _write_manifest(stream, labelled("a"))
    _stop(stream)
    _write_manifest(stream, labelled("a"), labelled("b"))
    run = labeljob("tail", "Cats-1")
    assert run.status == 2
    assert "Cats-1 is Stopped, no label will arrive; labeljob output Cats-1 shows those it gave" in run.err
    run = labeljob("tail", "Cats-1", "--from-start")
    assert (run.status, run.out.splitlines()) == (0, [_row("a"), _row("b")])


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_ended_from_outside_it_leaves_no_queue(stream: Stream, ending: signal.Signals) -> None:
    _write_manifest(stream, labelled("a"))
    command = [sys.executable, "-m", "labeljob", "tail", "Cats-1", "--from-start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        row = process.stdout.readline().rstrip()
        process.send_signal(ending)
        _, told = process.communicate()
    assert row == _row("a")
    assert (process.returncode, told) == (0, "ended; the job goes on\n1 label\n")
    assert queue_names(stream.aws) == ["GroundTruth-cats-1"]


def test_a_message_that_is_no_label_is_told(stream: Stream, labeljob: Labeljob) -> None:
    labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0)
    stream.aws.sns.publish(TopicArn=stream.topics.output_arn, Message="hello")
    run = labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0)
    assert run.out.strip() == "failed: a message is no line of an output manifest"


def test_what_is_cleaned_up_meanwhile_ends_it(stream: Stream) -> None:
    """`labeljob stop` in another terminal deletes the queues of all who read."""
    looks: list[int] = []

    def now() -> float:
        if not looks:
            _stop(stream)
            clean_up(
                "Cats-1", stream.aws.sagemaker.describe_labeling_job(LabelingJobName="Cats-1"), stream.aws
            )
        looks.append(len(looks))
        return float(len(looks))

    assert list(tail("Cats-1", stream.aws, poll=0, now=now)) == []
    assert queue_names(stream.aws) == []


def test_whoever_lacks_a_permission_leaves_no_queue_behind(
    stream: Stream, labeljob: Labeljob, monkeypatch: pytest.MonkeyPatch
) -> None:
    with meddling(stream.local.url) as sns:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", sns.url)
        sns.denied = frozenset({"ListSubscriptionsByTopic"})
        run = labeljob("tail", "Cats-1", "--idle", 0)
    assert (run.status, "cannot list subscriptions of" in run.err) == (2, True)
    assert queue_names(stream.aws) == ["GroundTruth-cats-1"]


def test_the_longest_name_of_a_job_makes_a_name_of_a_queue() -> None:
    """SQS takes 80 characters; the name ends in eight digits."""
    assert len(tail_prefix("c" * 63)) + 8 == 80
    assert tail_prefix("Cats-1") == "labeljob-tail-cats-1-"
