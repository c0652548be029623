"""A labeling job from CreateLabelingJob to its output manifest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeljob.local import LocalAws
from labeljob.local.job import LabelingJob
from labeljob.simulation import SimulatedJob, simulate
from tests.local.conftest import ACCOUNT, FUNCTION, TEAM
from tests.local.test_validation import GONE, SEGMENTATION, TASK, changed

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

Cats = Callable[..., dict[str, Any]]
Finished = Callable[[dict[str, Any]], dict[str, Any]]
BIRDS = Path(__file__).parent.parent / "data" / "birds"


def lines(s3: S3Client, uri: str) -> list[Any]:
    """A manifest in S3."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return [json.loads(line) for line in s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]


def finished(local_aws: LocalAws, sagemaker: SageMakerClient, request: dict[str, Any]) -> dict[str, Any]:
    """Create a job, let it run to its end, and describe it."""
    sagemaker.create_labeling_job(**request)
    local_aws.settle()
    return dict(sagemaker.describe_labeling_job(LabelingJobName=request["LabelingJobName"]))


def test_a_job_that_is_to_stop_is_in_progress_no_more_and_one_that_has_ended_stays_so() -> None:
    """Whoever stops a job does so while its own thread changes it."""
    job = LabelingJob({"LabelingJobName": "cats-1"}, datetime.now(UTC), 0, {})
    assert job.stop()
    job.change("InProgress")
    assert job.status == "Stopping"
    job.change("Stopped")
    assert not job.stop()
    assert job.status == "Stopped"


def test_the_birds_get_the_labels_that_a_simulation_gives_them(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats, tmp_path: Path
) -> None:
    """Same answers, same engine, same functions; only names and times differ."""
    s3.put_object(Bucket="acme-in", Key="birds.manifest", Body=(BIRDS / "input.manifest").read_bytes())
    changes = {
        "LabelAttributeName": "Birds",
        "InputConfig.DataSource.S3DataSource.ManifestS3Uri": "s3://acme-in/birds.manifest",
        f"{TASK}.WorkteamArn": f"{TEAM}/birds",
        f"{TASK}.NumberOfHumanWorkersPerDataObject": 5,
    }
    job = finished(local_aws, sagemaker, changed(cats(), changes))
    simulated = simulate(
        SimulatedJob(
            manifest=str(BIRDS / "input.manifest"),
            answers=BIRDS / "worker-response",
            label_attribute_name="Birds",
            out=tmp_path / "out",
            answer_key="recorded-object-id",
        )
    )
    labels = [line["Birds"] for line in lines(s3, job["LabelingJobOutput"]["OutputDatasetS3Uri"])]
    expected = [line["Birds"] for line in simulated.lines]
    assert len(labels) == 151
    for label in (*labels, *expected):
        del label["consolidation"]["skill"]  # names the state of the skill store, which names the job
    assert labels == expected
    assert job["LabelCounters"] == {
        "TotalLabeled": 151,
        "HumanLabeled": 151,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 0,
    }


def test_an_object_that_nobody_answers_fails_as_expired(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    job = finished(local_aws, sagemaker, cats(3, answered=2))
    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["FailedNonRetryableError"] == 1
    output = lines(s3, job["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert ["Cats" in line for line in output] == [True, True, False]
    assert "Annotation tasks expired" in output[2]["Cats-metadata"]["failure-reason"]
    assert output[0]["Cats-metadata"]["job-name"] == "cats-1"


def test_a_chained_job_labels_only_what_has_no_label(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    first = finished(local_aws, sagemaker, cats(5, answered=3))
    manifest = first["LabelingJobOutput"]["OutputDatasetS3Uri"]
    changes = {"LabelingJobName": "Cats-2", "InputConfig.DataSource.S3DataSource.ManifestS3Uri": manifest}
    second = finished(local_aws, sagemaker, changed(cats(5), changes))
    assert second["LabelCounters"]["TotalLabeled"] == 5
    assert second["LabelCounters"]["HumanLabeled"] == 2
    before = lines(s3, manifest)
    after = lines(s3, second["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert after[:3] == before[:3]
    assert [line["Cats-metadata"]["job-name"] for line in after[3:]] == ["cats-2", "cats-2"]


def test_a_held_job_goes_step_by_step(local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats) -> None:
    local_aws.hold()
    sagemaker.create_labeling_job(**cats(14, answered=13))
    seen = []
    for _ in range(4):
        local_aws.settle()
        job = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
        counters = job["LabelCounters"]
        done = counters["TotalLabeled"] + counters["FailedNonRetryableError"]
        seen.append((job["LabelingJobStatus"], done, counters["Unlabeled"]))
        local_aws.step()
    assert seen == [
        ("Initializing", 0, 0),
        ("InProgress", 0, 14),
        ("InProgress", 10, 4),
        ("Completed", 14, 0),
    ]


def test_a_stopped_job_keeps_what_is_labelled(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    local_aws.hold()
    sagemaker.create_labeling_job(**cats(14))
    local_aws.step(2)
    sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
    local_aws.settle()
    job = sagemaker.describe_labeling_job(LabelingJobName="Cats-1")
    assert job["LabelingJobStatus"] == "Stopped"
    assert job["LabelCounters"]["TotalLabeled"] == 10
    output = lines(s3, job["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert sum("Cats" in line for line in output) == 10
    assert len(output) == 14


def test_stopping_conditions_end_a_job(local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats) -> None:
    by_count = finished(local_aws, sagemaker, cats(20, StoppingConditions={"MaxHumanLabeledObjectCount": 12}))
    assert by_count["LabelCounters"]["HumanLabeled"] == 12
    share = cats(20, LabelingJobName="Cats-2", StoppingConditions={"MaxPercentageOfInputDatasetLabeled": 25})
    assert finished(local_aws, sagemaker, share)["LabelCounters"]["HumanLabeled"] == 5


def test_a_job_without_functions_gives_empty_labels_and_says_where_the_answers_lie(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    request = cats()
    s3.put_object(Bucket="acme-in", Key="page.html", Body=b"{{ task.input.source-ref }}")
    changes = {f"{TASK}.PreHumanTaskLambdaArn": GONE, f"{TASK}.AnnotationConsolidationConfig": GONE}
    job = finished(local_aws, sagemaker, changed(request, changes))
    output = lines(s3, job["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert [line["Cats"] for line in output] == [{}] * 3
    [response] = lines(s3, output[0]["Cats-metadata"]["worker-response-ref"])
    assert [answer["workerId"] for answer in response["answers"]] == ["a", "b", "c"]


def test_the_stacks_functions_stand_in_for_awss_own(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, cats: Cats
) -> None:
    owned = "arn:aws:lambda:us-east-1:432418664414:function"
    changes = {
        f"{TASK}.PreHumanTaskLambdaArn": f"{owned}:PRE-ImageMultiClass",
        f"{TASK}.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn": f"{owned}:ACS-ImageMultiClass",
    }
    job = finished(local_aws, sagemaker, changed(cats(), changes))
    assert job["LabelCounters"]["TotalLabeled"] == 3


def test_the_label_of_a_built_in_task_may_be_a_file(
    local_aws: LocalAws, sagemaker: SageMakerClient, cats: Cats
) -> None:
    """CreateLabelingJob asks for such a name, so the job must not fail for it."""
    changes = {"LabelAttributeName": "Cats-ref", f"{TASK}.PreHumanTaskLambdaArn": SEGMENTATION}
    job = finished(local_aws, sagemaker, changed(cats(), changes))
    assert (job["LabelingJobStatus"], job["LabelCounters"]["TotalLabeled"]) == ("Completed", 3)


def test_a_role_that_may_not_invoke_fails_the_job_in_the_services_words(
    local_aws: LocalAws, sagemaker: SageMakerClient, iam: IAMClient, cats: Cats
) -> None:
    managed = "arn:aws:iam::aws:policy/AmazonSageMakerGroundTruthExecution"
    iam.detach_role_policy(RoleName="gt-execution", PolicyArn=managed)
    job = finished(local_aws, sagemaker, cats())
    assert job["LabelingJobStatus"] == "Failed"
    assert f"Exception invoking the Lambda function {FUNCTION}-PreLabelingFunction" in job["FailureReason"]
    assert f"the role arn:aws:iam::{ACCOUNT}:role/gt-execution has permissions" in job["FailureReason"]


def test_a_role_that_may_not_write_fails_the_job(
    local_aws: LocalAws, sagemaker: SageMakerClient, iam: IAMClient, cats: Cats
) -> None:
    iam.delete_role_policy(RoleName="gt-execution", PolicyName="data")
    job = finished(local_aws, sagemaker, cats())
    assert job["LabelingJobStatus"] == "Failed"
    assert (
        "is not allowed to perform s3:GetObject on arn:aws:s3:::acme-in/cats.manifest" in job["FailureReason"]
    )


def test_a_function_that_may_not_read_the_output_folder_fails_every_object(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, functions: LambdaClient, cats: Cats
) -> None:
    """A function runs under the environment that it is configured with."""
    functions.update_function_configuration(
        FunctionName="gt-consensus-ConsolidationLabelingFunction",
        Environment={"Variables": {"ALLOWED_LOCATIONS": "acme-in/"}},
    )
    job = finished(local_aws, sagemaker, cats())
    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["FailedNonRetryableError"] == 3


def test_label_categories_reach_the_page(
    local_aws: LocalAws, sagemaker: SageMakerClient, s3: S3Client, functions: LambdaClient, cats: Cats
) -> None:
    """Pre-annotation asks this very AWS for the job's category file."""
    body = json.dumps({"document-version": "2018-11-28", "labels": [{"label": "cat"}, {"label": "dog"}]})
    s3.put_object(Bucket="acme-in", Key="labels.json", Body=body)
    local_aws.hold()
    arn = sagemaker.create_labeling_job(**cats(LabelCategoryConfigS3Uri="s3://acme-in/labels.json"))[
        "LabelingJobArn"
    ]
    event = {"version": "2018-10-06", "labelingJobArn": arn, "dataObject": {"source": "a cat"}}
    reply = functions.invoke(FunctionName="gt-consensus-PreLabelingFunction", Payload=json.dumps(event))
    assert json.load(reply["Payload"])["taskInput"]["labels"] == ["cat", "dog"]
