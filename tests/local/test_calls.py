"""The labeling calls of SageMaker, as boto3 sends and reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from labeljob.local import LocalAws
from tests.local.conftest import TEAM

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

Cats = Callable[..., dict[str, Any]]
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"


def test_a_description_repeats_the_request(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats
) -> None:
    local_aws.hold()
    request = cats(
        2, Tags=[{"Key": "team", "Value": "vision"}], StoppingConditions={"MaxHumanLabeledObjectCount": 1}
    )
    arn = sagemaker.create_labeling_job(**request)["LabelingJobArn"]
    job: dict[str, Any] = dict(sagemaker.describe_labeling_job(LabelingJobName="Cats-1"))
    assert arn == job["LabelingJobArn"] == "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1"
    assert {name: job[name] for name in request} == request
    assert job["LabelingJobStatus"] == "Initializing"
    assert set(job["LabelCounters"].values()) == {0}
    assert datetime.now(UTC) - job["CreationTime"] < timedelta(minutes=5)
    assert "LabelingJobOutput" not in job
    assert "FailureReason" not in job


def test_a_name_is_taken_in_any_case(sagemaker: SageMakerClient, cats: Cats) -> None:
    sagemaker.create_labeling_job(**cats())
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="CATS-1 already exists"):
        sagemaker.create_labeling_job(**cats(LabelingJobName="CATS-1"))


@pytest.mark.parametrize("call", ["describe_labeling_job", "stop_labeling_job"])
def test_a_job_that_is_not_there_is_not_found(sagemaker: SageMakerClient, call: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*Requested resource not found"):
        getattr(sagemaker, call)(LabelingJobName="nothing")


def test_jobs_are_listed_newest_first_by_pages(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats
) -> None:
    local_aws.hold()
    for name in ("Cats-b", "cats-A", "dogs-1"):
        sagemaker.create_labeling_job(**cats(LabelingJobName=name))

    def names(**filters: Any) -> list[str]:
        pages = sagemaker.get_paginator("list_labeling_jobs").paginate(
            PaginationConfig={"PageSize": 2}, **filters
        )
        return [job["LabelingJobName"] for page in pages for job in page["LabelingJobSummaryList"]]

    created = sagemaker.describe_labeling_job(LabelingJobName="cats-A")["CreationTime"]
    assert names() == ["dogs-1", "cats-A", "Cats-b"]
    assert names(SortBy="Name", SortOrder="Ascending") == ["cats-A", "Cats-b", "dogs-1"]
    assert names(NameContains="cats") == ["cats-A", "Cats-b"]
    assert names(CreationTimeAfter=created - timedelta(hours=1)) == ["dogs-1", "cats-A", "Cats-b"]
    assert names(CreationTimeBefore=created - timedelta(hours=1)) == []
    assert names(LastModifiedTimeAfter=created + timedelta(hours=1)) == []
    sagemaker.stop_labeling_job(LabelingJobName="dogs-1")
    local_aws.settle()
    assert names(StatusEquals="Stopped") == ["dogs-1"]
    assert names(StatusEquals="Initializing") == ["cats-A", "Cats-b"]


def test_a_team_sees_its_jobs(local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats) -> None:
    sagemaker.create_labeling_job(**cats(3, answered=2))
    local_aws.settle()
    [job] = sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=f"{TEAM}/cats")["LabelingJobSummaryList"]
    assert job["LabelingJobName"] == "Cats-1"
    assert job["LabelCounters"] == {"HumanLabeled": 2, "PendingHuman": 0, "Total": 3}
    assert (
        sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=f"{TEAM}/birds")["LabelingJobSummaryList"] == []
    )


def test_work_teams_are_the_crowds(sagemaker: SageMakerClient, cats: Cats) -> None:
    cats()
    assert [team["WorkteamName"] for team in sagemaker.list_workteams()["Workteams"]] == ["birds", "cats"]
    assert sagemaker.describe_workteam(WorkteamName="cats")["Workteam"]["WorkteamArn"] == f"{TEAM}/cats"
    with pytest.raises(sagemaker.exceptions.ClientError, match="The work team dogs does not exist"):
        sagemaker.describe_workteam(WorkteamName="dogs")


def test_tags_of_a_job_are_added_listed_and_taken_away(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats
) -> None:
    local_aws.hold()
    arn = sagemaker.create_labeling_job(**cats(Tags=[{"Key": "a", "Value": "1"}]))["LabelingJobArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "a", "Value": "3"},
        {"Key": "b", "Value": "2"},
    ]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_template_is_rendered(sagemaker: SageMakerClient) -> None:
    role = "arn:aws:iam::123456789012:role/gt-execution"
    page = sagemaker.render_ui_template(
        UiTemplate={"Content": "<b>{{ task.input.text }}</b>"},
        Task={"Input": '{"text": "a < b"}'},
        RoleArn=role,
    )
    assert page["RenderedContent"] == "<b>a &lt; b</b>"
    assert page["Errors"] == []
    broken = sagemaker.render_ui_template(
        UiTemplate={"Content": "{{ task.input.text | shout }}"}, Task={"Input": "{}"}, RoleArn=role
    )
    assert "shout" in broken["Errors"][0]["Message"]


def test_a_job_that_has_ended_cannot_be_stopped(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats
) -> None:
    sagemaker.create_labeling_job(**cats())
    local_aws.settle()
    with pytest.raises(sagemaker.exceptions.ClientError, match="in the state Completed"):
        sagemaker.stop_labeling_job(LabelingJobName="Cats-1")


def test_a_call_that_is_not_there_says_so(sagemaker: SageMakerClient) -> None:
    """And is not tried again and again."""
    with pytest.raises(sagemaker.exceptions.ClientError, match="not in a local AWS") as failure:
        sagemaker.list_workforces()
    assert failure.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_reset_leaves_the_account_as_it_was_to_begin_with(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats, s3: Any, iam: Any
) -> None:
    local_aws.hold()
    sagemaker.create_labeling_job(**cats())
    iam.delete_role_policy(RoleName="gt-execution", PolicyName="data")
    s3.create_bucket(Bucket="another")
    local_aws.reset()
    assert sagemaker.list_labeling_jobs()["LabelingJobSummaryList"] == []
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["acme-in", "acme-out"]
    assert s3.list_objects_v2(Bucket="acme-in")["KeyCount"] == 0
    assert iam.list_role_policies(RoleName="gt-execution")["PolicyNames"] == ["data"]
    assert [team["WorkteamName"] for team in sagemaker.list_workteams()["Workteams"]] == ["birds"]
    sagemaker.create_labeling_job(**cats())
    local_aws.settle()
    assert sagemaker.describe_labeling_job(LabelingJobName="Cats-1")["LabelingJobStatus"] == "Completed"
