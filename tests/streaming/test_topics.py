"""The topics of a streaming job are made, or those that are there are reused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labeljob.aws import Aws
from labeljob.launch.job_file import JobFile
from labeljob.streaming.topics import ensure, plan
from shared.errors import ContractError

PREFIX = "arn:aws:sns:us-east-1:123456789012"
MakeJob = Callable[..., JobFile]


def _topics(cloud: Aws) -> list[str]:
    return sorted(item["TopicArn"] for item in cloud.sns.list_topics()["Topics"])


def test_both_topics_are_made_with_names_that_the_managed_policy_knows(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    assert topics.input_arn == f"{PREFIX}:GroundTruth-Roads-7-input"
    assert topics.output_arn == f"{PREFIX}:GroundTruth-Roads-7-output"
    assert _topics(cloud) == [topics.input_arn, topics.output_arn]
    tags = cloud.sns.list_tags_for_resource(ResourceArn=topics.input_arn)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"made-by": "labeljob", "labeling-job": "roads-7"}


def test_a_second_time_they_are_reused(cloud: Aws, job_file: MakeJob) -> None:
    assert ensure(job_file(), cloud) == ensure(job_file(), cloud)
    assert len(_topics(cloud)) == 2


def test_a_topic_of_others_is_reused_and_stays_theirs(cloud: Aws, job_file: MakeJob) -> None:
    shared = cloud.sns.create_topic(Name="camera-uploads")["TopicArn"]
    topics = ensure(job_file(input_topic="camera-uploads"), cloud)
    assert topics.input_arn == shared
    assert cloud.sns.list_tags_for_resource(ResourceArn=shared)["Tags"] == []


def test_planning_makes_nothing(cloud: Aws, job_file: MakeJob) -> None:
    planned = plan(job_file(), cloud)
    assert planned.missing == (planned.input_arn, planned.output_arn)
    assert _topics(cloud) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input_topic": "objects.fifo"}, "is FIFO"),
        ({"input_topic": f"{PREFIX}:objects.fifo"}, "is FIFO"),
        ({"input_topic": f"{PREFIX}:nowhere"}, "there is no input topic"),
        (
            {"output_topic": PREFIX.replace("us-east-1", "eu-west-1") + ":labels"},
            "the job's Region, us-east-1",
        ),
        ({"output_topic": "arn:aws:sqs:us-east-1:123456789012:labels"}, "is not the ARN of an SNS topic"),
        ({"output_topic": "la bels"}, "neither an ARN nor a name"),
        ({"input_topic": "both", "output_topic": "both"}, "take each of its labels for a new object"),
    ],
)
def test_a_topic_that_cannot_serve_is_refused_and_nothing_is_made(
    cloud: Aws, job_file: MakeJob, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ContractError, match=reason):
        ensure(job_file(**changes), cloud)
    assert _topics(cloud) == []


def test_an_output_topic_under_the_key_of_sns_is_refused(cloud: Aws, job_file: MakeJob) -> None:
    """No role can be allowed to use that key, so no label would ever arrive."""
    cloud.sns.create_topic(Name="labels", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    with pytest.raises(ContractError, match="encrypt it by a key of your own: aws sns set-topic-attributes"):
        ensure(job_file(output_topic="labels"), cloud)
