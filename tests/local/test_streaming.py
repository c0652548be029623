"""Streaming jobs: objects come by a topic while the job runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from labeljob.local import LocalAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

Cats = Callable[..., dict[str, Any]]
OUTPUT = "run/Cats-1/manifests/output/output.manifest"


@pytest.fixture
def streaming(cats: Cats, sns: SNSClient) -> dict[str, Any]:
    """The request of a sound streaming job about cats, with both topics, and no manifest."""
    request = cats(30)
    topics = {name: sns.create_topic(Name=f"GroundTruth-{name}")["TopicArn"] for name in ("in", "out")}
    request["InputConfig"] = {"DataSource": {"SnsDataSource": {"SnsTopicArn": topics["in"]}}}
    request["OutputConfig"]["SnsTopicArn"] = topics["out"]
    return request


def send(sns: SNSClient, request: dict[str, Any], *places: int) -> None:
    """Publish cats, each under its own deduplication id."""
    topic = request["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"]
    for place in places:
        line = {
            "source-ref": f"s3://acme-in/cats/{place}.jpg",
            "dataset-objectid-attribute-name": "cat-id",
            "cat-id": f"cat-{place}",
        }
        sns.publish(TopicArn=topic, Message=json.dumps(line))


def test_objects_are_labelled_as_they_come_each_once_until_the_job_is_stopped(
    local_aws: LocalAws,
    sagemaker: SageMakerClient,
    sns: SNSClient,
    sqs: SQSClient,
    s3: S3Client,
    streaming: dict[str, Any],
) -> None:
    queue = sqs.create_queue(QueueName="labels")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=streaming["OutputConfig"]["SnsTopicArn"], Protocol="sqs", Endpoint=arn)
    sagemaker.create_labeling_job(**streaming)
    local_aws.settle()
    send(sns, streaming, 0, 1, 1, 2)
    local_aws.settle()
    job = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    assert job["LabelingJobStatus"] == "InProgress"
    assert job["LabelCounters"]["TotalLabeled"] == 3
    announced = [
        json.loads(json.loads(message["Body"])["Message"])
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    ]
    assert sorted(line["cat-id"] for line in announced) == ["cat-0", "cat-1", "cat-2"]
    assert {line["Cats"]["class-name"] for line in announced} == {"cat"}
    sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
    local_aws.settle()
    assert sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["LabelingJobStatus"] == "Stopped"
    assert len(s3.get_object(Bucket="acme-out", Key=OUTPUT)["Body"].read().splitlines()) == 3
    assert sqs.get_queue_url(QueueName="GroundTruth-cats-1")["QueueUrl"]


def test_a_one_time_manifest_comes_first(
    local_aws: LocalAws, sagemaker: SageMakerClient, streaming: dict[str, Any]
) -> None:
    streaming["InputConfig"]["DataSource"]["S3DataSource"] = {"ManifestS3Uri": "s3://acme-in/cats.manifest"}
    sagemaker.create_labeling_job(**streaming)
    local_aws.settle()
    counters = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["LabelCounters"]
    assert counters["TotalLabeled"] == 30


def test_a_topic_that_the_role_may_not_subscribe_to_fails_the_job(
    local_aws: LocalAws, sagemaker: SageMakerClient, sns: SNSClient, streaming: dict[str, Any]
) -> None:
    """The managed policy covers topics by their names."""
    topic = sns.create_topic(Name="cats-in")["TopicArn"]
    streaming["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"] = topic
    sagemaker.create_labeling_job(**streaming)
    local_aws.settle()
    job = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    assert job["LabelingJobStatus"] == "Failed"
    assert f"is not allowed to perform sns:Subscribe on {topic}" in job["FailureReason"]


def test_a_topic_that_is_not_there_is_refused(sagemaker: SageMakerClient, streaming: dict[str, Any]) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:GroundTruth-gone"
    streaming["OutputConfig"]["SnsTopicArn"] = topic
    with pytest.raises(sagemaker.exceptions.ClientError, match=f"{topic} does not exist"):
        sagemaker.create_labeling_job(**streaming)
