"""A labeling job from CreateLabelingJob to its output manifest."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labeljob.local import LocalAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

Cats = Callable[..., dict[str, Any]]


def lines(s3: S3Client, uri: str) -> list[Any]:
    """A manifest in S3."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return [json.loads(line) for line in s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]


def test_a_job_runs_to_its_end_and_writes_its_labels(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    sagemaker.create_labeling_job(**cats(3))
    local_aws.settle()
    job = sagemaker.describe_labeling_job(LabelingJobName="cats-1")
    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["HumanLabeled"] == 3
    output = lines(s3, job["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert [line["Cats"]["class-name"] for line in output] == ["cat"] * 3
    assert {line["Cats-metadata"]["job-name"] for line in output} == {"cats-1"}


def test_a_held_job_goes_step_by_step(local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats) -> None:
    local_aws.hold()
    sagemaker.create_labeling_job(**cats(14, answered=13))
    seen = []
    for _ in range(4):
        local_aws.settle()
        job = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
        counters = job["LabelCounters"]
        seen.append(
            (
                job["LabelingJobStatus"],
                counters["TotalLabeled"] + counters["FailedNonRetryableError"],
                counters["Unlabeled"],
            )
        )
        local_aws.step()
    assert seen == [
        ("Initializing", 0, 0),
        ("InProgress", 0, 14),
        ("InProgress", 10, 4),
        ("Completed", 14, 0),
    ]
