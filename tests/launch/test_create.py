"""`labeljob create`: the request as the service has it, what is uploaded, and what is not done when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labeljob.aws import Aws
from labeljob.cli import cli
from labeljob.launch.creating import UnsoundJobError, create
from labeljob.launch.job_file import read_job_file
from labeljob.local import LocalAws
from tests.launch.job_files import (
    ADULT,
    DROP,
    FUNCTION,
    JOBS,
    PAGE,
    PERSONAL,
    TEAM,
    changed,
    write,
)

FOLDER = "s3://acme-out/run/labeljob/roads-7"


def run(*arguments: str | Path) -> Result:
    """Run `labeljob` as a person would."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def described(name: str = "roads-7") -> dict[str, Any]:
    """A labeling job as the service has it."""
    return dict(Aws().sagemaker.describe_labeling_job(LabelingJobName=name))


def stored(key: str) -> dict[str, Any]:
    """An object of the uploads folder."""
    found = Aws().s3.get_object(Bucket="acme-out", Key=f"run/labeljob/roads-7/{key}")
    return {"Body": found["Body"].read(), "ContentType": found["ContentType"]}


def objects() -> dict[str, Any]:
    """All objects of the output bucket, with when they were written."""
    listed = Aws().s3.list_objects_v2(Bucket="acme-out").get("Contents", [])
    return {found["Key"]: found["LastModified"] for found in listed}


def test_the_service_has_what_the_job_file_says(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    changes = {
        "label-attribute": "Roads",
        "output/key": "alias/labels",
        "output/topic": "GroundTruth-labels",
        "time-limit": "20 min",
        "availability": "2h",
        "max-concurrent": 500,
        "stop-after": {"objects": 100, "percentage": 50},
        "tags": {"team": "roads"},
        "input/content-classifiers": [ADULT],
    }
    Aws().sns.create_topic(Name="GroundTruth-labels")
    result = run("create", write(tmp_path, changed(JOBS["custom"], changes)))
    assert result.exit_code == 0, result.output
    job = described()
    assert job["LabelAttributeName"] == "Roads"
    assert job["InputConfig"] == {
        "DataSource": {"S3DataSource": {"ManifestS3Uri": f"{FOLDER}/input.manifest"}},
        "DataAttributes": {"ContentClassifiers": [ADULT]},
    }
    assert job["OutputConfig"] == {
        "S3OutputPath": "s3://acme-out/run/",
        "KmsKeyId": "alias/labels",
        "SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:GroundTruth-labels",
    }
    assert job["RoleArn"] == "arn:aws:iam::123456789012:role/gt-execution"
    assert job["LabelCategoryConfigS3Uri"] == f"{FOLDER}/label-categories.json"
    assert job["StoppingConditions"] == {
        "MaxHumanLabeledObjectCount": 100,
        "MaxPercentageOfInputDatasetLabeled": 50,
    }
    assert job["Tags"] == [{"Key": "team", "Value": "roads"}]
    assert job["HumanTaskConfig"] == {
        "WorkteamArn": f"{TEAM}/private-crowd/birds",
        "UiConfig": {"UiTemplateS3Uri": f"{FOLDER}/template.liquid.html"},
        "PreHumanTaskLambdaArn": f"{FUNCTION}:gt-consensus-PreLabelingFunction",
        "TaskKeywords": ["images", "street scenes"],
        "TaskTitle": "Box every vehicle",
        "TaskDescription": "Draw a box around every car and every bus.",
        "NumberOfHumanWorkersPerDataObject": 3,
        "TaskTimeLimitInSeconds": 1_200,
        "TaskAvailabilityLifetimeInSeconds": 7_200,
        "MaxConcurrentTaskCount": 500,
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": f"{FUNCTION}:gt-consensus-ConsolidationLabelingFunction"
        },
    }


def test_the_files_of_the_job_are_uploaded(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    result = run("create", write(tmp_path, JOBS["custom"]))
    assert result.stdout.splitlines() == [
        f"uploaded   {FOLDER}/input.manifest",
        f"uploaded   {FOLDER}/template.liquid.html",
        f"uploaded   {FOLDER}/label-categories.json",
        "created    arn:aws:sagemaker:us-east-1:123456789012:labeling-job/roads-7",
        "next       labeljob watch roads-7",
    ]
    assert stored("template.liquid.html")["Body"].decode() == PAGE
    assert stored("template.liquid.html")["ContentType"] == "text/html; charset=utf-8"
    assert stored("input.manifest")["Body"] == (tmp_path / "input.manifest").read_bytes()
    assert json.loads(stored("label-categories.json")["Body"]) == {
        "document-version": "2018-11-28",
        "labels": [{"label": "car"}, {"label": "bus"}],
    }


def test_only_what_changed_is_uploaded_again(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    shared = {"uploads": "s3://acme-out/run/labeljob/roads-7/"}
    run("create", write(tmp_path, changed(JOBS["custom"], shared)))
    before = objects()
    again = changed(JOBS["custom"], shared | {"name": "roads-8", "labels": ["car", "bus", "tram"]})
    path = write(tmp_path, again)
    dry = run("create", path, "--dry-run")
    assert dry.stderr.splitlines() == [
        f"unchanged  {FOLDER}/input.manifest",
        f"unchanged  {FOLDER}/template.liquid.html",
        f"to upload  {FOLDER}/label-categories.json",
    ]
    assert run("create", path).stdout.splitlines()[:3] == [
        f"unchanged  {FOLDER}/input.manifest",
        f"unchanged  {FOLDER}/template.liquid.html",
        f"uploaded   {FOLDER}/label-categories.json",
    ]
    after = objects()
    kept = [name for name in before if not name.endswith(".json")]
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_a_dry_run_of_a_job_that_could_write_nowhere_prints_the_request(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    path = write(tmp_path, changed(JOBS["custom"], {"output/path": "acme-out/run/"}))
    result = run("create", path, "--dry-run")
    assert result.exit_code == 1
    assert "[s3-uri]" in result.stderr
    assert json.loads(result.stdout)["OutputConfig"] == {"S3OutputPath": "acme-out/run/"}


def test_what_somebody_else_put_there_is_not_taken_for_ours(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    key = "run/labeljob/roads-7/input.manifest"
    Aws().s3.put_object(
        Bucket="acme-out", Key=key, Body=b"x" * len('{"source-ref": "s3://acme-in/roads/1.jpg"}\n')
    )
    run("create", write(tmp_path, JOBS["custom"]))
    assert stored("input.manifest")["Body"] == (tmp_path / "input.manifest").read_bytes()


def test_a_dry_run_prints_the_request_and_does_nothing(local_aws: LocalAws, tmp_path: Path) -> None:
    path = write(tmp_path, JOBS["public"])
    result = run("create", path, "--dry-run")
    request = json.loads(result.stdout)
    assert result.exit_code == 0
    assert request["HumanTaskConfig"]["PublicWorkforceTaskPrice"] == {
        "AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}
    }
    assert request["InputConfig"]["DataAttributes"] == {"ContentClassifiers": [PERSONAL, ADULT]}
    assert request["HumanTaskConfig"]["WorkteamArn"].endswith(":394669845002:workteam/public-crowd/default")
    assert objects() == {}
    assert Aws().sagemaker.list_labeling_jobs()["LabelingJobSummaryList"] == []


def test_with_an_error_nothing_is_done_and_the_terminal_says_what_and_how(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    path = write(tmp_path, changed(JOBS["custom"], {"keywords": ["Multi-label"], "max-concurrent": 2_000}))
    result = run("create", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    line = path.read_text().splitlines().index("- Multi-label") + 1
    assert f"job.yaml line {line}, keywords[0]: 'Multi-label' has a hyphen [keyword-form]" in result.stderr
    assert "mend  write 'Multi label'" in result.stderr
    assert "advice" in result.stderr
    assert result.stderr.splitlines()[-1] == "1 error; nothing was uploaded or created"
    assert objects() == {}
    assert Aws().sagemaker.list_labeling_jobs()["LabelingJobSummaryList"] == []
    dry = run("create", path, "--dry-run")
    assert dry.exit_code == 1
    assert json.loads(dry.stdout)["HumanTaskConfig"]["TaskKeywords"] == ["Multi-label"]


@pytest.mark.parametrize(
    ("stop", "told"),
    [
        ({}, "$0.432 at most = $0.036 x 3 workers x 4 objects"),
        ({"objects": 3}, "$0.324 at most = $0.036 x 3 workers x 3 objects"),
        ({"percentage": 30}, "$0.216 at most = $0.036 x 3 workers x 2 objects"),
    ],
)
def test_what_the_public_workforce_earns_is_told_beforehand(
    stop: dict[str, int], told: str, local_aws: LocalAws, tmp_path: Path
) -> None:
    lines = "".join(f'{{"source-ref": "s3://acme-in/{number}.jpg"}}\n' for number in range(4))
    job = changed(JOBS["public"], {"stop-after": stop})
    result = run("create", write(tmp_path, job, {"input.manifest": lines}), "--dry-run")
    assert f"to be paid {told}, plus AWS's fee per object" in result.stderr.splitlines()


def test_every_line_of_the_manifest_is_looked_at(local_aws: LocalAws, tmp_path: Path) -> None:
    lines = '{"source-ref": "s3://acme-in/1.jpg"}\n' * 3 + "{'source-ref': 's3://acme-in/2.jpg'}\n"
    result = run("create", write(tmp_path, JOBS["boxes"], {"input.manifest": lines}))
    assert result.exit_code == 1
    assert "manifest line 4: " in result.stderr
    assert objects() == {}
    Aws().s3.put_object(Bucket="acme-in", Key="input.manifest", Body=lines.encode())
    in_s3 = changed(JOBS["boxes"], {"input/manifest": "s3://acme-in/input.manifest"})
    again = run("create", write(tmp_path, in_s3))
    assert [one for one in again.stderr.splitlines() if "manifest line 4" in one] == [
        one for one in result.stderr.splitlines() if "manifest line 4" in one
    ]


def test_advice_alone_does_not_keep_a_job_back(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    result = run("create", write(tmp_path, changed(JOBS["custom"], {"max-concurrent": 1_001})))
    assert result.exit_code == 0
    assert "[max-concurrent-quota]" in result.stderr


def test_python_creates_and_refuses_as_the_command_does(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    with pytest.raises(
        UnsoundJobError, match=r"the job was not created:\n  job.yaml line \d+, workers: 12 w"
    ) as refused:
        create(read_job_file(write(tmp_path, changed(JOBS["custom"], {"workers": 12}))), Aws())
    assert [finding.rule.code for finding in refused.value.findings] == ["workers"]
    arn = create(read_job_file(write(tmp_path, JOBS["custom"])), Aws())
    assert described()["LabelingJobArn"] == arn


@pytest.mark.parametrize("kind", ["boxes", "texts", "entities", "frames", "verification"])
def test_built_in_task_types_get_what_aws_keeps_for_them(
    kind: str, local_aws: LocalAws, tmp_path: Path
) -> None:
    plan = json.loads(run("create", write(tmp_path, JOBS[kind]), "--dry-run").stdout)
    human = plan["HumanTaskConfig"]
    suffix, ui = {
        "boxes": ("BoundingBox", None),
        "texts": ("TextMultiClass", None),
        "entities": ("NamedEntityRecognition", "NamedEntityRecognition"),
        "frames": ("VideoObjectTracking", "VideoObjectTracking"),
        "verification": ("AdjustmentVideoObjectTracking", "VideoObjectTracking"),
    }[kind]
    place = "arn:aws:lambda:us-east-1:432418664414:function"
    assert human["PreHumanTaskLambdaArn"] == f"{place}:PRE-{suffix}"
    consolidation = human["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"]
    assert consolidation == f"{place}:ACS-{suffix}"
    page = {"HumanTaskUiArn": f"arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/{ui}"}
    assert human["UiConfig"] == (page if ui else {"UiTemplateS3Uri": f"{FOLDER}/template.liquid.html"})
    assert plan["LabelAttributeName"] == ("roads-7-ref" if ui and "Video" in ui else "roads-7")


def test_labels_of_a_verification_may_not_be_edited(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    assert run("create", write(tmp_path, JOBS["verification"])).exit_code == 0
    assert json.loads(stored("label-categories.json")["Body"]) == {
        "documentVersion": "2020-03-01",
        "labels": [{"label": "car", "editsAllowed": "none"}, {"label": "bus", "editsAllowed": "none"}],
        "auditLabelAttributeName": "roads-6-ref",
    }


def test_files_in_s3_are_used_where_they_lie(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    s3 = Aws().s3
    s3.put_object(
        Bucket="acme-in", Key="roads/input.manifest", Body=b'{"source-ref": "s3://acme-in/1.jpg"}\n'
    )
    s3.put_object(Bucket="acme-in", Key="roads/page.html", Body=PAGE.encode())
    changes = {
        "input/manifest": "s3://acme-in/roads/input.manifest",
        "template": "s3://acme-in/roads/page.html",
        "labels": DROP,
    }
    result = run("create", write(tmp_path, changed(JOBS["custom"], changes)))
    assert result.stdout.splitlines()[0].startswith("created")
    assert described()["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"] == "s3://acme-in/roads/page.html"
    assert not any("labeljob/" in key for key in objects())


def test_a_streaming_job_has_its_topics_made(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    result = run("create", write(tmp_path, JOBS["streaming"]))
    assert result.exit_code == 0, result.output
    topics = {topic["TopicArn"].rpartition(":")[2] for topic in Aws().sns.list_topics()["Topics"]}
    assert topics == {"GroundTruth-roads-7-input", "GroundTruth-roads-7-output"}
    job = described()
    place = "arn:aws:sns:us-east-1:123456789012:GroundTruth-roads-7"
    assert job["InputConfig"]["DataSource"] == {"SnsDataSource": {"SnsTopicArn": f"{place}-input"}}
    assert job["OutputConfig"]["SnsTopicArn"] == f"{place}-output"
    assert "labeljob publish roads-7" in result.stdout


def test_a_role_that_may_not_stream_is_allowed_to_when_told(local_aws: LocalAws, tmp_path: Path) -> None:
    local_aws.hold()
    iam, role = Aws().iam, "plain"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    data = [f"arn:aws:s3:::{bucket}{end}" for bucket in ("acme-in", "acme-out") for end in ("", "/*")]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": data},
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"},
        ],
    }
    iam.put_role_policy(RoleName=role, PolicyName="data", PolicyDocument=json.dumps(policy))
    path = write(tmp_path, changed(JOBS["streaming"], {"role": role}))
    refused = run("create", path)
    assert refused.exit_code == 1
    assert "[role-streaming]" in refused.stderr
    assert "aws iam put-role-policy --role-name plain" in refused.stderr
    assert Aws().sns.list_topics()["Topics"] == []
    allowed = run("create", path, "--yes")
    assert allowed.exit_code == 0, allowed.output
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["data", "labeljob-streaming-roads-7"]


def test_a_job_that_was_created_runs(local_aws: LocalAws, tmp_path: Path) -> None:
    manifest = (Path(__file__).parents[1] / "data" / "birds" / "input.manifest").read_text()
    changes = {"labels": ["bird", "no bird"], "template": "class.liquid.html", "label-attribute": "birds"}
    page = (Path(__file__).parents[2] / "worker_templates" / "class.liquid.html").read_text()
    path = write(
        tmp_path, changed(JOBS["custom"], changes), {"input.manifest": manifest, "class.liquid.html": page}
    )
    assert run("create", path).exit_code == 0
    local_aws.settle()
    job = described()
    assert job["LabelingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["LabelCounters"]["HumanLabeled"] == manifest.count("\n")
