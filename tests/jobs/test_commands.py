"""`labeljob list`, `describe` and `stop` on the local AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from labeljob.jobs.control import list_jobs, stop
from labeljob.local import Crowd
from tests.jobs.conftest import CAT, TEAM, Cats, Labeljob


def test_jobs_are_listed_and_filtered(cats: Cats, labeljob: Labeljob) -> None:
    assert labeljob("list").lines == ["no such labeling jobs in us-east-1"]
    cats.local.recruit("dogs", Crowd(cats.folder, "cat"))
    cats.run("cats-1", 4)
    cats.run("dogs-1", 3, task={"WorkteamArn": f"{TEAM}/dogs"})
    cats.local.hold()
    cats.create("cats-2")
    cats.local.settle()

    rows = [line.split() for line in labeljob("list").lines]
    assert rows[0] == ["name", "status", "made", "labelled", "failed", "team"]
    assert [[row[0], row[1], *row[5:]] for row in rows[1:]] == [
        ["cats-2", "Initializing", "0", "of", "0", "0", "cats"],
        ["dogs-1", "Completed", "3", "of", "3", "0", "dogs"],
        ["cats-1", "Completed", "3", "of", "4", "1", "cats"],
    ]

    def names(*options: str) -> list[str]:
        return [json.loads(line)["name"] for line in labeljob("list", "--json", *options).lines]

    assert names() == ["cats-2", "dogs-1", "cats-1"]
    assert names("--status", "completed") == ["dogs-1", "cats-1"]
    assert names("--name-contains", "cats") == ["cats-2", "cats-1"]
    assert names("--team", "dogs") == names("--team", f"{TEAM}/dogs") == ["dogs-1"]
    assert names("--since", "2020-01-01") == ["cats-2", "dogs-1", "cats-1"]
    assert names("--since", (datetime.now(UTC) + timedelta(hours=1)).isoformat()) == []
    limited = labeljob("list", "--limit", "2")
    assert limited.lines[-1] == "the newest 2; there may be more: --limit"
    assert [job.name for job in list_jobs(cats.aws, team="cats", limit=1)] == ["cats-2"]
    wrong = labeljob("list", "--since", "yesterday")
    assert wrong.status == 2
    assert "'yesterday' is not a time such as 2026-02-03" in wrong.err


def test_a_job_is_described_with_all_that_it_has(cats: Cats, labeljob: Labeljob) -> None:
    cats.run(
        "cats-1",
        4,
        task={
            "TaskKeywords": ["cat", "picture"],
            "TaskAvailabilityLifetimeInSeconds": 7200,
            "MaxConcurrentTaskCount": 50,
        },
        StoppingConditions={"MaxHumanLabeledObjectCount": 10},
        Tags=[{"Key": "cost centre", "Value": "42"}],
    )
    run = labeljob("describe", "cats-1")
    facts = {line[:19].strip(): line[20:].strip() for line in run.lines}
    assert run.status == 0
    assert facts["status"] == "Completed"
    assert facts["labelled"] == "3 of 4"
    assert facts["failed"] == "1"
    assert facts["output manifest"] == "s3://acme-out/run/cats-1/manifests/output/output.manifest"
    assert facts["keywords"] == "cat, picture"
    assert facts["work team"] == f"cats ({TEAM}/cats)"
    assert facts["task offered for"] == "2 h"
    assert facts["objects at once"] == "50"
    assert facts["stops after objects"] == "10"
    assert facts["tag cost centre"] == "42"
    answer = json.loads(labeljob("describe", "cats-1", "--json").out)
    assert answer["LabelCounters"]["HumanLabeled"] == 3
    assert datetime.fromisoformat(answer["CreationTime"]).tzinfo is not None
    assert labeljob("describe", "none").status == 2


def test_a_job_is_stopped_only_when_it_is_meant(cats: Cats, labeljob: Labeljob) -> None:
    cats.answer(dict.fromkeys(range(1, 13), CAT))
    cats.local.hold()
    cats.create("cats-1", 12)
    cats.local.step(2)
    asked = labeljob("stop", "cats-1", answer="n\n")
    assert asked.status == 1
    assert "Stop cats-1 for good (InProgress, 10 of 12 labelled)? [y/N]" in asked.out
    meant = labeljob("stop", "cats-1", "--no-wait", answer="y\n")
    assert meant.lines[1:] == ["stopping cats-1 (InProgress, 10 of 12 labelled)"]
    cats.local.settle()
    again = labeljob("stop", "cats-1")
    assert again.lines == [
        "cats-1: Stopped",
        "output manifest  s3://acme-out/run/cats-1/manifests/output/output.manifest",
        "label the rest   labeljob continue cats-1",
    ]


def test_stopping_a_streaming_job_removes_what_the_service_leaves_behind(
    cats: Cats, labeljob: Labeljob
) -> None:
    """The queue and its subscription; not the topics, which others made."""
    cats.stream("cats-1")
    initializing = labeljob("stop", "cats-1", "--yes")
    assert (initializing.status, initializing.out) == (2, "")
    assert "must not be stopped before it is InProgress" in initializing.err
    cats.local.release()
    cats.local.settle()
    stopping = labeljob("stop", "cats-1", "--yes", "--no-wait")
    assert stopping.lines[-1] == "when it has stopped, remove what it leaves behind: labeljob stop cats-1"
    cats.local.settle()
    queues = cats.aws.sqs.list_queues().get("QueueUrls", [])
    assert [url.rpartition("/")[2] for url in queues] == ["GroundTruth-cats-1"]
    run = labeljob("stop", "cats-1", "--topics")
    assert run.status == 0
    assert "deleted queue GroundTruth-cats-1" in run.out
    assert "left topic arn:aws:sns:us-east-1:123456789012:GroundTruth-in: labeljob did not make it" in run.out
    assert "QueueUrls" not in cats.aws.sqs.list_queues()
    assert "deleted" not in labeljob("stop", "cats-1").out


def test_whoever_stops_a_streaming_job_is_told_what_waits_in_its_queue(
    cats: Cats, labeljob: Labeljob
) -> None:
    topic = cats.stream("cats-1")
    cats.local.step(2)
    for cat in range(3):
        cats.aws.sns.publish(TopicArn=topic, Message=json.dumps({"source": f"cat {cat}"}))
    asked = labeljob("stop", "cats-1", answer="n\n")
    assert "Stop cats-1 for good (InProgress, 3 objects in its queue that will not be labelled)?" in asked.out


def test_stopping_waits_until_the_job_has_stopped(cats: Cats) -> None:
    cats.local.hold()
    cats.create("cats-1")
    cats.local.settle()
    job = stop("cats-1", cats.aws, wait=lambda _: cats.local.settle())
    assert job.status == "Stopped"
