"""`labeljob publish` as a person runs it: what reaches the job's queue, and what is said of what does not."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeljob.streaming.publisher import Pacing, publish
from tests.streaming.conftest import Run, Stream, cats, endpoints, make_queue

Labeljob = Callable[..., Run]
MakeManifest = Callable[..., Path]


def _uris(received: list[dict[str, Any]]) -> list[str]:
    return [line["source-ref"] for line in received]


def test_every_line_of_a_manifest_reaches_the_queue_with_an_id(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    run = labeljob("publish", "Cats-1", manifest(*cats(25)))
    assert (run.status, run.out) == (0, "       25 sent\n")
    received = stream.received()
    assert sorted(_uris(received)) == [line["source-ref"] for line in cats(25)]
    assert {line["dataset-objectid-attribute-name"] for line in received} == {"source-ref"}


def test_what_was_sent_is_not_sent_again(stream: Stream, labeljob: Labeljob, manifest: MakeManifest) -> None:
    labeljob("publish", "Cats-1", manifest(*cats(12)))
    stream.received()
    run = labeljob("publish", "Cats-1", manifest(*cats(15)))
    assert run.out == "        3 sent\n       12 sent before, not sent again\n"
    assert _uris(stream.received()) == _uris(cats(3, 12))
    assert labeljob("publish", "Cats-1", manifest(*cats(15)), "--again").out == "       15 sent\n"
    assert len(stream.received()) == 15


def test_a_manifest_that_repeats_itself_sends_each_object_once(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    run = labeljob("publish", "Cats-1", manifest(*cats(3), *cats(3), *cats(12), *cats(3)))
    assert run.out == "       12 sent\n        9 sent before, not sent again\n"
    assert len(stream.received()) == 12


def test_broken_lines_are_named_and_the_others_are_sent(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    path = manifest(
        *cats(1),
        str({"source-ref": "s3://acme-in/1.jpg"}),
        {"camera": "front"},
        {"source": "a", "dataset-objectid-attribute-name": "tweet_id", "tweet_id": "7"},
        {"source": "b", "dataset-objectid-attribute-name": "number"},
        {"source": "c", "dataset-objectid-attribute-name": "number", "number": 7},
        {"source": "d", "Cats": {}},
        {"source": "e", "Cats-metadata": "x" * 20_001},
        *cats(1, 8),
    )
    run = labeljob("publish", "Cats-1", path)
    assert run.status == 1
    assert _uris(stream.received()) == ["s3://acme-in/0000.jpg", "s3://acme-in/0008.jpg"]
    reasons = [line.removeprefix(f"refused: {path} ") for line in run.out.splitlines()[:-2]]
    assert [reason.split(" ", 2)[1] for reason in reasons] == ["2", "3", "4", "5", "6", "7", "8"]
    assert "write json.dumps(...) instead of str(...)" in reasons[0]
    assert "has neither source nor source-ref" in reasons[1]
    assert (
        "names 'tweet_id' as the key of its id: allowed are letters, digits and inner hyphens" in reasons[2]
    )
    assert "has no 'number', which is to hold its id" in reasons[3]
    assert "has in 'number' no id: that is a text" in reasons[4]
    assert "already has the label 'Cats' and would not be labelled again" in reasons[5]
    assert "20001 characters in 'Cats-metadata'" in reasons[6]
    assert run.out.splitlines()[-2:] == ["        2 sent", "        7 refused"]


def test_two_objects_under_one_id_are_told_since_the_second_would_vanish(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    first = {"source": "one", "id": "A-17"}
    assert labeljob("publish", "Cats-1", manifest(first), "--id-key", "id").status == 0
    run = labeljob("publish", "Cats-1", manifest({"source": "two", "id": "A-17"}), "--id-key", "id")
    assert run.status == 1
    assert "has the id 'A-17' of another object, which was sent: the job labels an id once" in run.out
    assert stream.received() == [{**first, "dataset-objectid-attribute-name": "id"}]


def test_texts_uris_folders_and_standard_input(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("cats/a.jpg", "cats/b c.PNG", "cats/notes.doc", "cats/deep/clip.mp4", "lists/more.jsonl"):
        body = b'{"source":"from a list"}\n' if key.endswith("jsonl") else b"x"
        stream.aws.s3.put_object(Bucket="acme-in", Key=key, Body=body)
    given = io.TextIOWrapper(io.BytesIO(b's3://acme-in/in.jpg\n\n{"source":"json"}'))
    monkeypatch.setattr("sys.stdin", given)
    texts = manifest("first", "", "second, with a comma", name="reviews.txt")
    run = labeljob(
        *("publish", "Cats-1", texts, "s3://acme-in/cats/", "s3://acme-in/lists/more.jsonl"),
        *("s3://acme-in/cloud.ply", "-"),
    )
    assert (run.status, run.out) == (0, "        9 sent\n        1 left out: .doc 1\n")
    received = stream.received()
    assert sorted(line["source"] for line in received if "source" in line) == [
        "first",
        "from a list",
        "json",
        "second, with a comma",
    ]
    assert sorted(line["source-ref"] for line in received if "source-ref" in line) == [
        "s3://acme-in/cats/a.jpg",
        "s3://acme-in/cats/b c.PNG",
        "s3://acme-in/cats/deep/clip.mp4",
        "s3://acme-in/cloud.ply",
        "s3://acme-in/in.jpg",
    ]


def test_the_jobs_own_output_is_no_input(stream: Stream, labeljob: Labeljob) -> None:
    """Neither what the job has written already, its output manifest, nor a mask."""
    for key in ("run/Cats-1/annotations/mask.png", "run/other.png"):
        stream.aws.s3.put_object(Bucket="acme-out", Key=key, Body=b"x")
    run = labeljob("publish", "Cats-1", "s3://acme-out/run/")
    assert run.out == "        1 sent\n        2 left out: the job's own output 2\n"
    assert _uris(stream.received()) == ["s3://acme-out/run/other.png"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("cat.jpg", "copy it to S3 (aws s3 cp) and give its s3:// URI"),
        ("cats.csv", "make a manifest of it first (labeljob manifest"),
        ("nowhere.manifest", "cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_sent_says_what_to_do(
    stream: Stream, labeljob: Labeljob, source: str, reason: str
) -> None:
    run = labeljob("publish", "Cats-1", source)
    assert run.status == 2
    assert reason in run.err
    assert stream.received() == []


def test_a_job_that_initializes_is_waited_for(begun: Stream, manifest: MakeManifest) -> None:
    """What is sent before it is in progress would be lost."""
    told: list[tuple[int, str]] = []
    pacing = Pacing(wait=lambda _: begun.begin())
    done = publish(
        "Cats-1",
        [str(manifest(*cats(3)))],
        begun.aws,
        pacing=pacing,
        on_progress=lambda done, waiting: told.append((done.sent, waiting)),
    )
    waiting = "Cats-1 is Initializing: objects sent now would be lost, waiting for InProgress"
    assert told == [(0, waiting), (3, "")]
    assert len(begun.received()) == done.sent == 3


def test_a_job_that_has_ended_takes_nothing(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    stream.aws.sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
    stream.local.settle()
    run = labeljob("publish", "Cats-1", manifest(*cats(3)))
    assert (run.status, run.err) == (
        2,
        "labeljob: Cats-1 is Stopped, it takes no objects: nothing was sent\n",
    )


def test_the_queue_is_never_fuller_than_asked_for(stream: Stream, manifest: MakeManifest) -> None:
    """Workers take objects while the publisher waits; the clock is the test's own."""
    depths, taken, clock = [], [], [0.0]

    def depth() -> int:
        attributes = stream.aws.sqs.get_queue_attributes(QueueUrl=stream.queue, AttributeNames=["All"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def wait(seconds: float) -> None:
        clock[0] += seconds
        depths.append(depth())
        for message in stream.aws.sqs.receive_message(QueueUrl=stream.queue, MaxNumberOfMessages=3).get(
            "Messages", []
        ):
            taken.append(json.loads(json.loads(message["Body"])["Message"]))
            stream.aws.sqs.delete_message(QueueUrl=stream.queue, ReceiptHandle=message["ReceiptHandle"])

    pacing = Pacing(max_queued=8, now=lambda: clock[0], wait=wait)
    done = publish(
        "Cats-1",
        [str(manifest(*cats(40)))],
        stream.aws,
        pacing=pacing,
        on_progress=lambda *_: depths.append(depth()),
    )
    assert done.sent == 40
    assert max(depths) == 8
    assert sorted(_uris([*taken, *stream.received()])) == _uris(cats(40))


def test_the_rate_is_kept(stream: Stream, manifest: MakeManifest) -> None:
    clock = [0.0]
    sent: list[tuple[float, int]] = []

    def wait(seconds: float) -> None:
        clock[0] += seconds

    publish(
        "Cats-1",
        [str(manifest(*cats(20)))],
        stream.aws,
        pacing=Pacing(rate=4, now=lambda: clock[0], wait=wait),
        on_progress=lambda done, _: sent.append((clock[0], done.sent)),
    )
    assert sent == [(0, 4), (1, 8), (2, 12), (3, 16), (4, 20)]


def test_a_job_that_ends_meanwhile_is_noticed_and_the_rest_stays_to_be_sent(
    stream: Stream, manifest: MakeManifest
) -> None:
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] == seconds:
            stream.aws.sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
            stream.local.settle()

    pacing = Pacing(rate=0.5, now=lambda: clock[0], wait=wait)
    with pytest.raises(
        Exception, match=r"Cats-1 is Stopped now and takes no more objects; \d+ were sent before"
    ):
        publish("Cats-1", [str(manifest(*cats(40)))], stream.aws, pacing=pacing)
    assert 0 < len(stream.received()) < 40


def test_what_is_missing_at_the_queue_is_mended_and_the_rest_left_alone(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest
) -> None:
    """Somebody has removed the subscription and written a policy of their own."""
    theirs = {
        "Sid": "theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "sqs:*",
        "Resource": "*",
    }
    stream.aws.sqs.set_queue_attributes(
        QueueUrl=stream.queue,
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [theirs]})},
    )
    for found in stream.aws.sns.list_subscriptions()["Subscriptions"]:
        stream.aws.sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
    run = labeljob("publish", "Cats-1", manifest(*cats(2)))
    assert run.err.splitlines() == [
        f"mended: the policy of queue GroundTruth-cats-1 now lets {stream.topics.input_arn} send to it",
        f"mended: queue GroundTruth-cats-1 is now subscribed to {stream.topics.input_arn}",
    ]
    assert len(stream.received()) == 2
    assert endpoints(stream.aws, stream.topics.input_arn) == ["GroundTruth-cats-1"]
    attributes = stream.aws.sqs.get_queue_attributes(QueueUrl=stream.queue, AttributeNames=["Policy"])
    statements = json.loads(attributes["Attributes"]["Policy"])["Statement"]
    assert [item["Sid"] for item in statements] == ["theirs", "labeljob-GroundTruth-Cats-1-input"]
    assert labeljob("publish", "Cats-1", manifest(*cats(3))).err == ""


def test_without_its_queue_a_job_gets_nothing(stream: Stream, manifest: MakeManifest) -> None:
    stream.aws.sqs.delete_queue(QueueUrl=stream.queue)
    with pytest.raises(
        Exception, match="the queue GroundTruth-cats-1, which the service makes for Cats-1, is not"
    ):
        publish("Cats-1", [str(manifest(*cats(2)))], stream.aws, pacing=Pacing(wait=lambda _: None))


def test_a_queue_that_comes_late_is_waited_for(stream: Stream, manifest: MakeManifest) -> None:
    stream.aws.sqs.delete_queue(QueueUrl=stream.queue)

    def wait(_: float) -> None:
        make_queue(stream.aws, "GroundTruth-cats-1", stream.topics.input_arn)

    done = publish("Cats-1", [str(manifest(*cats(2)))], stream.aws, pacing=Pacing(wait=wait))
    assert done.sent == len(stream.received()) == 2


def test_a_ledger_of_another_job_or_no_ledger_at_all_is_refused(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest, tmp_path: Path
) -> None:
    other = tmp_path / "other.sqlite"
    labeljob("publish", "Cats-1", manifest(*cats(1)), "--ledger", other)
    with sqlite3.connect(other) as database:
        database.execute("UPDATE job SET arn = 'arn:aws:sagemaker:us-east-1:123456789012:labeling-job/dogs'")
    database.close()
    run = labeljob("publish", "Cats-1", manifest(*cats(2)), "--ledger", other)
    assert (run.status, "labeling-job/dogs; name another for Cats-1" in run.err) == (2, True)
    run = labeljob("publish", "Cats-1", manifest(*cats(2)), "--ledger", manifest("no database", name="x.txt"))
    assert (run.status, "cannot be used: file is not a database" in run.err) == (2, True)


def test_a_new_job_of_an_old_name_begins_anew(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest, tmp_path: Path
) -> None:
    """In AWS a name is never free again, in an emulated AWS it is."""
    ledger = tmp_path / "ledger.sqlite"
    labeljob("publish", "Cats-1", manifest(*cats(5)), "--ledger", ledger)
    with sqlite3.connect(ledger) as database:
        database.execute("UPDATE job SET created = '2020-01-01T00:00:00+00:00'")
    database.close()
    assert labeljob("publish", "Cats-1", manifest(*cats(5)), "--ledger", ledger).out == "        5 sent\n"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="a process cannot change its time zone")
def test_a_ledger_is_that_of_its_job_in_every_time_zone(
    stream: Stream, labeljob: Labeljob, manifest: MakeManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever travels goes on too."""
    told = []
    with monkeypatch.context() as travelling:
        for zone in ("Europe/Berlin", "America/Lima"):
            travelling.setenv("TZ", zone)
            time.tzset()
            told.append(labeljob("publish", "Cats-1", manifest(*cats(5))).out)
    time.tzset()
    assert told == ["        5 sent\n", "        0 sent\n        5 sent before, not sent again\n"]


def test_a_batch_job_takes_no_objects(stream: Stream, labeljob: Labeljob, manifest: MakeManifest) -> None:
    found = stream.aws.sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    stream.aws.s3.put_object(Bucket="acme-in", Key="dogs.manifest", Body=b'{"source":"a dog"}')
    stream.aws.sagemaker.create_labeling_job(
        LabelingJobName="Dogs-1",
        LabelAttributeName="Dogs",
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://acme-in/dogs.manifest"}}},
        OutputConfig={"S3OutputPath": "s3://acme-out/run/"},
        RoleArn=found["RoleArn"],
        HumanTaskConfig=found["HumanTaskConfig"],
    )
    run = labeljob("publish", "Dogs-1", manifest(*cats(2)))
    assert (run.status, "Dogs-1 is a batch job" in run.err) == (2, True)
    assert labeljob("publish", "Nobody", manifest(*cats(2))).status == 2
