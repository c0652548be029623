"""What CreateLabelingJob refuses, and in which words: each case breaks one thing in a sound request."""

from __future__ import annotations

import copy
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from labeljob.local import LocalAws
from tests.local.conftest import ACCOUNT

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Cats = Callable[..., dict[str, Any]]
TASK = "HumanTaskConfig"
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
PRICE = {"AmountInUsd": {"Cents": 3, "TenthFractionsOfACent": 6}}
SEGMENTATION = "arn:aws:lambda:us-east-1:432418664414:function:PRE-SemanticSegmentation"
GONE = object()


@pytest.fixture(scope="session")
def unchecked(local_process: LocalAws) -> SageMakerClient:
    """A client that sends whatever it is given, as other SDKs do."""
    config = Config(parameter_validation=False)
    session = boto3.Session("local", "local", region_name="us-east-1")
    return session.client("sagemaker", endpoint_url=local_process.url, config=config)


def changed(request: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The request with the members at dotted paths replaced, or taken away."""
    request = copy.deepcopy(request)
    for path, value in changes.items():
        *folders, name = path.split(".")
        place = request
        for folder in folders:
            place = place.setdefault(folder, {})
        if value is GONE:
            del place[name]
        else:
            place[name] = value
    return request


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("RoleArn", GONE, "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"),
        (f"{TASK}.TaskTitle", GONE, "Value null at 'humanTaskConfig.taskTitle'"),
        ("LabelingJobName", "cats_1", "pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        ("LabelingJobName", "c" * 64, "Member must have length less than or equal to 63"),
        ("LabelAttributeName", "", "Member must have length greater than or equal to 1"),
        ("RoleArn", "gt-execution", "Value 'gt-execution' at 'roleArn'"),
        (f"{TASK}.NumberOfHumanWorkersPerDataObject", 10, "Member must have value less than or equal to 9"),
        (f"{TASK}.TaskTimeLimitInSeconds", 29, "Member must have value greater than or equal to 30"),
        (f"{TASK}.TaskKeywords", ["two-part"], "'[two-part]' at 'humanTaskConfig.taskKeywords'"),
        (f"{TASK}.TaskKeywords", [], "Value '[]' at 'humanTaskConfig.taskKeywords'"),
        (f"{TASK}.TaskKeywords", list("abcdef"), "Member must have length less than or equal to 5"),
        (
            f"{TASK}.PublicWorkforceTaskPrice",
            {"AmountInUsd": {"Dollars": 3}},
            "taskPrice.amountInUsd.dollars'",
        ),
        ("InputConfig.DataAttributes.ContentClassifiers", ["Clean"], "Member must satisfy enum value set"),
        ("Tags", [{"Key": "", "Value": "x"}], "at 'tags.1.member.key'"),
        ("Tags", [{"Key": "a$b", "Value": "x"}], "Member must satisfy regular expression pattern"),
        ("OutputConfig.S3OutputPath", "acme-out/run", "at 'outputConfig.s3OutputPath'"),
        ("StoppingConditions.MaxPercentageOfInputDatasetLabeled", 101, "less than or equal to 100"),
    ],
)
def test_what_the_model_does_not_allow_is_refused(
    cats: Cats, unchecked: SageMakerClient, path: str, value: Any, expected: str
) -> None:
    with pytest.raises(
        unchecked.exceptions.ClientError, match=r"validation errors? detected: Value"
    ) as failure:
        unchecked.create_labeling_job(**changed(cats(), {path: value}))
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    assert expected.casefold() in str(failure.value).casefold()


def test_all_faults_come_in_one_message(cats: Cats, unchecked: SageMakerClient) -> None:
    request = changed(cats(), {"LabelingJobName": "a_b", f"{TASK}.TaskTitle": GONE})
    with pytest.raises(
        unchecked.exceptions.ClientError, match=r"2 validation errors detected: Value 'a_b'.*taskTitle"
    ):
        unchecked.create_labeling_job(**request)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"LabelAttributeName": "Cats-ref"}, "must not end with '-ref'"),
        ({"LabelAttributeName": "Cats-metadata"}, "is reserved"),
        ({"LabelAttributeName": "source"}, "is reserved"),
        ({f"{TASK}.PreHumanTaskLambdaArn": SEGMENTATION}, "must end with '-ref'"),
        ({f"{TASK}.UiConfig": {}}, "exactly one of UiTemplateS3Uri and HumanTaskUiArn"),
        (
            {f"{TASK}.WorkteamArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd/x"},
            "does not exist",
        ),
        ({f"{TASK}.PublicWorkforceTaskPrice": PRICE}, "for the public workforce only"),
        ({f"{TASK}.WorkteamArn": PUBLIC_TEAM}, "PublicWorkforceTaskPrice is required"),
        (
            {f"{TASK}.WorkteamArn": PUBLIC_TEAM, f"{TASK}.PublicWorkforceTaskPrice": PRICE},
            "FreeOfPersonallyIdentifiableInformation",
        ),
        (
            {
                f"{TASK}.WorkteamArn": PUBLIC_TEAM,
                f"{TASK}.PublicWorkforceTaskPrice": PRICE,
                f"{TASK}.TaskAvailabilityLifetimeInSeconds": 43_201,
                "InputConfig.DataAttributes.ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation"],
            },
            "must be at most 43200",
        ),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, "Could not assume role"),
        (
            {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/gt-consensus-PreAnnotationRole"},
            "'sagemaker.amazonaws.com'",
        ),
        ({"InputConfig.DataSource": {}}, "S3DataSource or an SnsDataSource"),
        ({"InputConfig.DataSource.S3DataSource.ManifestS3Uri": "s3://acme-in/gone"}, "s3://acme-in/gone"),
        ({f"{TASK}.UiConfig.UiTemplateS3Uri": "s3://acme-in/gone.html"}, "s3://acme-in/gone.html"),
        ({"LabelCategoryConfigS3Uri": "s3://acme-in/gone.json"}, "s3://acme-in/gone.json"),
        ({"LabelCategoryConfigS3Uri": "s3://acme-in"}, "the key is empty"),
    ],
)
def test_what_the_service_checks_beyond_its_model_is_refused(
    cats: Cats, sagemaker: SageMakerClient, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(sagemaker.exceptions.ClientError) as failure:
        sagemaker.create_labeling_job(**changed(cats(), changes))
    assert failure.value.response["Error"]["Code"] == "ValidationException"
    assert expected in str(failure.value)
    assert sagemaker.list_labeling_jobs()["LabelingJobSummaryList"] == []


def test_a_public_job_with_price_and_declarations_is_taken(
    local_aws: LocalAws, cats: Cats, sagemaker: SageMakerClient
) -> None:
    local_aws.hold()
    changes = {
        f"{TASK}.WorkteamArn": PUBLIC_TEAM,
        f"{TASK}.PublicWorkforceTaskPrice": PRICE,
        "InputConfig.DataAttributes.ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation"],
    }
    sagemaker.create_labeling_job(**changed(cats(), changes))
    task = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["HumanTaskConfig"]
    assert task["PublicWorkforceTaskPrice"] == PRICE


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"LabelingJobName": 7}'])
def test_what_is_not_of_the_right_type_cannot_be_read(local_aws: LocalAws, body: bytes) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server
        local_aws.url,
        body,
        {"X-Amz-Target": "SageMaker.DescribeLabelingJob", "Content-Type": "application/x-amz-json-1.1"},
    )
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(request)  # noqa: S310 - as above
    assert json.loads(failure.value.read())["__type"] == "SerializationException"
