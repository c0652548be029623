"""A streaming job's surroundings as the service leaves them: topics, queue, subscription."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labeljob.aws import Aws
from labeljob.launch.job_file import JobFile, Workforce

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/gt-execution"
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


def description(status: str = "InProgress", **changes: Any) -> dict[str, Any]:
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
