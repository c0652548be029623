"""A streaming job's surroundings as the service leaves them: topics, queue, subscription."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labeljob.aws import Aws
from labeljob.cli import main
from labeljob.launch.job_file import JobFile, Workforce
from labeljob.local import Crowd, LocalAws
from labeljob.streaming.topics import Topics, ensure

CATS = 30
"""Objects that the workers of the local AWS have answers for."""
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/gt-execution"
OURS = {"made-by": "labeljob", "labeling-job": "cats-1"}
"""Tags of what labeljob made for the job `Cats-1`."""
PREFIX = f"arn:aws:sns:us-east-1:{ACCOUNT}"


@pytest.fixture
def cloud(aws: Any) -> Aws:
    """The clients of labeljob, talking to the emptied local AWS."""
    return Aws()


@pytest.fixture
def job_file() -> Callable[..., JobFile]:
    """A streaming job's file."""

    def make(**changes: Any) -> JobFile:
        return JobFile(
            **{
                "path": Path("job.yaml"),
                "name": "Roads-7",
                "output": "s3://acme-out/run/",
                "role": ROLE,
                "title": "Cars",
                "description": "Box every car",
                "workforce": Workforce(private="birds"),
                "streaming": True,
                **changes,
            }
        )

    return make


def description(status: str = "InProgress", **changes: Any) -> Any:
    """A DescribeLabelingJob reply for the job `Roads-7`."""
    return {
        "LabelingJobName": "Roads-7",
        "LabelingJobArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:labeling-job/roads-7",
        "LabelingJobStatus": status,
        "CreationTime": datetime(2026, 2, 3, 10, 0, tzinfo=UTC),
        "LabelAttributeName": "cars",
        "InputConfig": {
            "DataSource": {"SnsDataSource": {"SnsTopicArn": f"{PREFIX}:GroundTruth-Roads-7-input"}}
        },
        "OutputConfig": {
            "S3OutputPath": "s3://acme-out/run/",
            "SnsTopicArn": f"{PREFIX}:GroundTruth-Roads-7-output",
        },
        "RoleArn": ROLE,
        "HumanTaskConfig": {"MaxConcurrentTaskCount": 20},
        **changes,
    }


def make_queue(cloud: Aws, name: str = "GroundTruth-roads-7", topic: str = "", **tags: str) -> str:
    """A queue that a topic may send to and is subscribed to, as the service makes it; returns its URL."""
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": topic}},
            }
        ],
    }
    attributes = {"Policy": json.dumps(policy)} if topic else {}
    url = cloud.sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]  # type: ignore[arg-type] # a name is any string
    if topic:
        cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def queue_names(cloud: Aws) -> list[str]:
    """The queues that are there."""
    return sorted(url.rpartition("/")[2] for url in cloud.sqs.list_queues().get("QueueUrls", []))


def endpoints(cloud: Aws, topic: str) -> list[str]:
    """What is subscribed to a topic."""
    found = cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return sorted(item["Endpoint"].rpartition(":")[2] for item in found)


@dataclass(frozen=True)
class Run:
    """What a person sees of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def labeljob(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `labeljob` with arguments."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["labeljob", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Run(int(end.value.code or 0), printed.out, printed.err)

    return run


@dataclass(frozen=True)
class Stream:
    """The streaming job `Cats-1` of the local AWS, held, and what it has been sent.

    Attributes:
        local: the local AWS.
        aws: clients of it.
        topics: of the job.
    """

    local: LocalAws
    aws: Aws
    topics: Topics

    @property
    def queue(self) -> str:
        """URL of the queue that the service reads; it is there once the job is in progress."""
        return self.aws.sqs.get_queue_url(QueueName="GroundTruth-cats-1")["QueueUrl"]

    def begin(self) -> None:
        """Let the job come into progress, and no further."""
        self.local.step(2)

    def received(self) -> list[dict[str, Any]]:
        """The data objects in the queue, which is empty then."""
        found = []
        while messages := self.aws.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self.aws.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def label(self, *names: str) -> None:
        """Publish the labels of some objects, as the service does."""
        for name in names:
            line = labelled(name)
            self.aws.sns.publish(TopicArn=self.topics.output_arn, Message=json.dumps(line))


def cats(count: int, first: int = 0) -> list[dict[str, str]]:
    """Lines of a manifest."""
    return [{"source-ref": f"s3://acme-in/{place:04}.jpg"} for place in range(first, first + count)]


def labelled(name: str) -> dict[str, Any]:
    """The output line of a cat."""
    uri = f"s3://acme-in/{name}.jpg"
    return {
        "source-ref": uri,
        "dataset-objectid-attribute-name": "source-ref",
        "Cats": {"class-id": 0, "class-name": "cat", "confidence": 0.9},
        "Cats-metadata": {"type": "groundtruth/custom", "human-annotated": "yes"},
    }


@pytest.fixture
def begun(
    local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job_file: Callable[..., JobFile]
) -> Stream:
    """A streaming job that initializes; `stream` is one that is in progress."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    cloud = Aws()
    topics = ensure(job_file(name="Cats-1"), cloud)
    cloud.s3.put_object(Bucket="acme-in", Key="page.html", Body=b"<p>{{ task.input.taskObject }}</p>")
    (tmp_path / "answers").mkdir()
    answers = {"answers": [{"workerId": "ann", "answerContent": {"category": {"label": "cat"}}}]}
    for place in range(CATS):
        (tmp_path / "answers" / f"{place}.json").write_text(json.dumps(answers))
    local_aws.recruit("cats", Crowd(tmp_path / "answers"))
    local_aws.hold()
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:gt-consensus"
    cloud.sagemaker.create_labeling_job(
        LabelingJobName="Cats-1",
        LabelAttributeName="Cats",
        InputConfig={"DataSource": {"SnsDataSource": {"SnsTopicArn": topics.input_arn}}},
        OutputConfig={"S3OutputPath": "s3://acme-out/run/", "SnsTopicArn": topics.output_arn},
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/gt-execution",
        HumanTaskConfig={
            "WorkteamArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd/cats",
            "UiConfig": {"UiTemplateS3Uri": "s3://acme-in/page.html"},
            "PreHumanTaskLambdaArn": f"{function}-PreLabelingFunction",
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": f"{function}-ConsolidationLabelingFunction"
            },
            "TaskTitle": "Name the cat",
            "TaskDescription": "Say what the picture shows",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 300,
            "MaxConcurrentTaskCount": 1_000,
        },
    )
    return Stream(local_aws, cloud, topics)


@pytest.fixture
def stream(begun: Stream) -> Stream:
    """A streaming job in progress, which takes nothing from its queue."""
    begun.begin()
    return begun


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Write a manifest of lines, each JSON or text."""

    def write(*lines: Any, name: str = "new.manifest") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
        return path

    return write
