"""A sound request, and clients as a user has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from labeljob.local import Crowd, LocalAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:gt-consensus"
TEAM = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd"


@pytest.fixture
def sagemaker(local_aws: LocalAws) -> SageMakerClient:
    """Of the local AWS."""
    return boto3.client("sagemaker")


@pytest.fixture
def s3(local_aws: LocalAws) -> S3Client:
    """Of the local AWS."""
    return boto3.client("s3")


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
