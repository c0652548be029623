"""What a streaming job leaves behind is removed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labeljob.aws import Aws
from labeljob.launch.job_file import JobFile
from labeljob.streaming.cleanup import clean_up
from labeljob.streaming.role import grant
from labeljob.streaming.topics import ensure
from shared.errors import ContractError
from tests.streaming.conftest import ROLE, description, endpoints, make_queue, queue_names

MakeJob = Callable[..., JobFile]
OURS = {"made-by": "labeljob", "labeling-job": "roads-7"}


def _role(cloud: Aws) -> None:
    cloud.iam.create_role(RoleName="gt-execution", Path="/service/", AssumeRolePolicyDocument="{}")


def test_queue_subscription_tails_and_policy_go_and_topics_stay(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    _role(cloud)
    grant(ROLE, "Roads-7", topics, cloud)
    url = make_queue(cloud, topic=topics.input_arn)
    cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")
    make_queue(cloud, "labeljob-tail-roads-7-0a1b2c3d", topics.output_arn, **OURS)
    told = [str(fact) for fact in clean_up("Roads-7", description("Stopped"), cloud)]
    assert told == [
        "deleted subscription of GroundTruth-roads-7 to GroundTruth-Roads-7-input",
        "deleted queue GroundTruth-roads-7: with 1 object never labelled; publish them to another job",
        "deleted subscription of labeljob-tail-roads-7-0a1b2c3d to GroundTruth-Roads-7-output",
        "deleted queue labeljob-tail-roads-7-0a1b2c3d",
        "deleted policy labeljob-streaming-Roads-7 of role gt-execution",
        f"left topic {topics.input_arn}: labeljob stop Roads-7 --topics deletes it",
        f"left topic {topics.output_arn}: labeljob stop Roads-7 --topics deletes it",
    ]
    assert queue_names(cloud) == []
    assert endpoints(cloud, topics.input_arn) == endpoints(cloud, topics.output_arn) == []
    assert cloud.iam.list_role_policies(RoleName="gt-execution")["PolicyNames"] == []


def test_a_second_time_there_is_nothing_to_do(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    make_queue(cloud, topic=topics.input_arn)
    clean_up("Roads-7", description("Stopped"), cloud, topics=True)
    assert clean_up("Roads-7", description("Stopped"), cloud, topics=True) == ()


def test_topics_of_ours_go_when_asked_for(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    told = clean_up("Roads-7", description("Stopped"), cloud, topics=True)
    assert [str(fact) for fact in told] == [
        f"deleted topic {topics.input_arn}",
        f"deleted topic {topics.output_arn}",
    ]
    assert cloud.sns.list_topics()["Topics"] == []


def test_what_others_made_stays(cloud: Aws, job_file: MakeJob) -> None:
    """Queues and policies of other jobs whose names begin alike, a topic made by hand, a topic that somebody else reads."""
    by_hand = cloud.sns.create_topic(Name="GroundTruth-Roads-7-input")["TopicArn"]
    topics = ensure(job_file(), cloud)
    _role(cloud)
    grant(ROLE, "Roads-7-b", topics, cloud)
    make_queue(cloud, "GroundTruth-roads-7-b", topics.input_arn)
    make_queue(cloud, "labeljob-tail-roads-7-b-0a1b2c3d", **{**OURS, "labeling-job": "roads-7-b"})
    make_queue(cloud, "labeljob-tail-roads-7-mine")
    make_queue(cloud, "training", topics.output_arn)
    before = queue_names(cloud)
    told = [str(fact) for fact in clean_up("Roads-7", description("Stopped"), cloud, topics=True)]
    assert told == [
        f"left topic {by_hand}: labeljob did not make it for this job",
        f"left topic {topics.output_arn}: arn:aws:sqs:us-east-1:123456789012:training is subscribed to it",
    ]
    assert queue_names(cloud) == before
    assert endpoints(cloud, by_hand) == ["GroundTruth-roads-7-b"]
    assert cloud.iam.list_role_policies(RoleName="gt-execution")["PolicyNames"] == [
        "labeljob-streaming-Roads-7-b"
    ]


def test_a_queue_that_was_to_be_kept_stays_and_is_named(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    url = make_queue(cloud, "my-labels", topics.output_arn, **OURS, kept="yes")
    told = [str(fact) for fact in clean_up("Roads-7", description("Completed"), cloud)]
    assert f"left queue my-labels: it was to be kept; aws sqs delete-queue --queue-url {url}" in told
    assert queue_names(cloud) == ["my-labels"]


def test_nothing_is_touched_while_the_job_runs(cloud: Aws, job_file: MakeJob) -> None:
    make_queue(cloud, topic=ensure(job_file(), cloud).input_arn)
    with pytest.raises(ContractError, match="Roads-7 is InProgress; its queue and topics are in use"):
        clean_up("Roads-7", description("InProgress"), cloud)
    assert queue_names(cloud) == ["GroundTruth-roads-7"]
