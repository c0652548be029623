"""A sound job about cats, and clients of the local AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from labeljob.local import Crowd, LocalAws

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:gt-consensus"
TEAM = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd"


@pytest.fixture(scope="session")
def clients(local_process: LocalAws) -> Callable[[str], Any]:
    """Clients of the local AWS, each made once, since making one is slow."""
    session = boto3.Session("local", "local", region_name="us-east-1")
    made: dict[str, Any] = {}

    def client(name: str) -> Any:
        return made.get(name) or made.setdefault(name, session.client(name, endpoint_url=local_process.url))  # type: ignore[call-overload] # any service

    return client


@pytest.fixture
def sagemaker(local_aws: LocalAws, clients: Callable[[str], Any]) -> SageMakerClient:
    """Of the local AWS."""
    client: SageMakerClient = clients("sagemaker")
    return client


@pytest.fixture
def s3(local_aws: LocalAws, clients: Callable[[str], Any]) -> S3Client:
    """Of the local AWS."""
    client: S3Client = clients("s3")
    return client


@pytest.fixture
def iam(local_aws: LocalAws, clients: Callable[[str], Any]) -> IAMClient:
    """Of the local AWS."""
    client: IAMClient = clients("iam")
    return client


@pytest.fixture
def functions(local_aws: LocalAws, clients: Callable[[str], Any]) -> LambdaClient:
    """Of the local AWS."""
    client: LambdaClient = clients("lambda")
    return client


@pytest.fixture
def sns(local_aws: LocalAws, clients: Callable[[str], Any]) -> SNSClient:
    """Of the local AWS."""
    client: SNSClient = clients("sns")
    return client


@pytest.fixture
def sqs(local_aws: LocalAws, clients: Callable[[str], Any]) -> SQSClient:
    """Of the local AWS."""
    client: SQSClient = clients("sqs")
    return client


@pytest.fixture
def cats(local_aws: LocalAws, s3: S3Client, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Make a manifest of cats in S3 and a team that has answered them, and give the request of a sound job about them."""

    def make(count: int = 3, answered: int | None = None, **changes: Any) -> dict[str, Any]:
        answers = tmp_path / "answers"
        answers.mkdir(exist_ok=True)
        for place in range(count if answered is None else answered):
            contents = [
                {"workerId": worker, "answerContent": {"category": {"label": "cat"}}} for worker in "abc"
            ]
            (answers / f"{place}.json").write_text(json.dumps({"answers": contents}))
        local_aws.recruit("cats", Crowd(answers))
        lines = [{"source-ref": f"s3://acme-in/cats/{place}.jpg"} for place in range(count)]
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        s3.put_object(Bucket="acme-in", Key="cats.manifest", Body=body)
        s3.put_object(Bucket="acme-in", Key="page.html", Body=b"<p>{{ task.input.taskObject }}</p>")
        return sound_request() | changes

    return make


def sound_request() -> dict[str, Any]:
    """CreateLabelingJob for the cats."""
    return {
        "LabelingJobName": "Cats-1",
        "LabelAttributeName": "Cats",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://acme-in/cats.manifest"}}},
        "OutputConfig": {"S3OutputPath": "s3://acme-out/run/"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/gt-execution",
        "HumanTaskConfig": {
            "WorkteamArn": f"{TEAM}/cats",
            "UiConfig": {"UiTemplateS3Uri": "s3://acme-in/page.html"},
            "PreHumanTaskLambdaArn": f"{FUNCTION}-PreLabelingFunction",
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": f"{FUNCTION}-ConsolidationLabelingFunction"
            },
            "TaskTitle": "Name the cat",
            "TaskDescription": "Say what the picture shows",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 300,
        },
    }
