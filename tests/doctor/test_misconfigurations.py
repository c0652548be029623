"""Every rule that needs AWS: one thing is broken in a sound job, and exactly that rule's code comes out, with what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from labeljob.doctor import CHECKS
from labeljob.manifest.rules import RULES as MANIFEST_RULES
from tests.doctor.conftest import (
    ACCOUNT,
    CONSOLIDATION,
    CONSOLIDATION_ROLE,
    EXECUTION,
    LINES,
    MANIFEST,
    PRE,
    PRE_ROLE,
    ROOT,
    Bench,
    png,
    role_arn,
)


@dataclass(frozen=True)
class Case:
    """A way to break a rule."""

    code: str
    spoil: Callable[[Bench], Any]
    mend: str
    invoke: bool


CASES: list[Case] = []
RAISED = {"errorMessage": "'source'", "errorType": "KeyError"}


def breaks(code: str, mend: str, *, invoke: bool = False) -> Callable[[Callable[[Bench], Any]], Any]:
    """Note a function that breaks the rule `code` in a sound job; `mend` must be part of what mends it."""

    def note(spoil: Callable[[Bench], Any]) -> Callable[[Bench], Any]:
        CASES.append(Case(code, spoil, mend, invoke))
        return spoil

    return note


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.spoil.__name__}")
def test_what_is_broken_is_found_and_nothing_else(case: Case, bench: Bench) -> None:
    case.spoil(bench)
    findings = bench.examined(invoke=case.invoke).findings
    assert [finding.rule.code for finding in findings] == [case.code], "\n".join(map(str, findings))
    assert case.mend in findings[0].mend


def test_every_rule_has_a_way_to_break_it() -> None:
    elsewhere = {rule.code for rule in MANIFEST_RULES}
    own = {rule.code for check in CHECKS for rule in check.rules} - elsewhere
    assert own - {case.code for case in CASES} == {"trial-left"}  # tested with the test invocations


# ---- buckets


@breaks("bucket-missing", "aws s3 mb s3://acme-nowhere --region us-east-1")
def output_bucket_missing(bench: Bench) -> None:
    bench.job["output"]["path"] = "s3://acme-nowhere/run"
    for role in (EXECUTION, PRE_ROLE, CONSOLIDATION_ROLE):
        bench.allow(role, ["s3:*"], ["*"])
    for function in (PRE, CONSOLIDATION):
        bench.configure(function, environment={"ALLOWED_LOCATIONS": "acme-in/,acme-nowhere/"})


@breaks("bucket-region", "aws s3 sync s3://acme-far s3://acme-far-us-east-1 --source-region eu-west-1")
def data_bucket_in_another_region(bench: Bench) -> None:
    bench.aws.s3.create_bucket(
        Bucket="acme-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    bench.set_cors("acme-far", AllowedMethods=["GET"], ExposeHeaders=["Access-Control-Allow-Origin"])
    bench.put("s3://acme-far/0.png", png())
    bench.put_manifest({"source-ref": "s3://acme-far/0.png"})
    bench.allow(EXECUTION, ["s3:*"], ["*"])


@breaks("bucket-cors", '"AllowedMethods": ["GET"]')
def no_cors(bench: Bench) -> None:
    bench.aws.s3.delete_bucket_cors(Bucket="acme-in")


@breaks("bucket-cors", "run doctor again with --fix")
def cors_for_one_page_only(bench: Bench) -> None:
    bench.set_cors("acme-in", AllowedMethods=["GET"], AllowedOrigins=["https://acme.example"])


@breaks("bucket-cors-header", '"Access-Control-Allow-Origin"')
def cors_that_exposes_nothing(bench: Bench) -> None:
    bench.set_cors("acme-in", AllowedMethods=["GET"])


@breaks("bucket-cors-write", '"MaxAgeSeconds": 3000')
def video_frames_with_cors_for_reading(bench: Bench) -> None:
    bench.make_video_job()
    bench.set_cors("acme-out", AllowedMethods=["GET"], ExposeHeaders=["Access-Control-Allow-Origin"])


# ---- the execution role


@breaks("role-missing", "aws iam create-role")
def role_missing(bench: Bench) -> None:
    bench.job["role"] = f"arn:aws:iam::{ACCOUNT}:role/nobody"


@breaks("role-missing", "correct the ARN")
def role_with_another_path(bench: Bench) -> None:
    bench.job["role"] = f"arn:aws:iam::{ACCOUNT}:role/teams/{EXECUTION}"


@breaks("role-trust", '"Service": "sagemaker.amazonaws.com"')
def role_that_trusts_lambda_only(bench: Bench) -> None:
    bench.trust(EXECUTION, {"Service": "lambda.amazonaws.com"})


@breaks("role-session", "aws iam update-role --role-name gt-execution --max-session-duration 14400")
def session_shorter_than_task(bench: Bench) -> None:
    bench.job["time-limit"] = "4h"
    bench.aws.iam.update_role(RoleName=EXECUTION, MaxSessionDuration=3_600)


@breaks("role-read", "labeljob-role-read")
def role_that_cannot_read_data(bench: Bench) -> None:
    bench.replace_policy(EXECUTION, "acme-in/*", "acme-in/roads/input.manifest")


@breaks("role-read", "take the Deny out of")
def role_that_is_denied_the_data(bench: Bench) -> None:
    bench.allow(EXECUTION, ["s3:GetObject"], ["arn:aws:s3:::acme-in/*"], "Deny")


@breaks("role-write", '"arn:aws:s3:::acme-out/run/*"')
def role_that_cannot_write_output(bench: Bench) -> None:
    bench.replace_policy(EXECUTION, "acme-out/*", "acme-out/labeljob/*")
    bench.job["uploads"] = "s3://acme-out/labeljob/"


@breaks("role-write", '"s3:PutObject"')
def role_that_may_only_read_output(bench: Bench) -> None:
    bench.allow(EXECUTION, ["s3:PutObject"], ["arn:aws:s3:::acme-out/labeljob/*"])
    bench.replace_policy(EXECUTION, '"s3:GetObject", "s3:PutObject"', '"s3:GetObject"')
    bench.job["uploads"] = "s3://acme-out/labeljob/"


@breaks("role-logs", "cloudwatch:PutMetricData")
def role_that_cannot_log(bench: Bench) -> None:
    bench.detach_managed_policy()
    bench.allow(EXECUTION, ["lambda:InvokeFunction"], ["*"])


@breaks("role-invoke", "lambda:InvokeFunction")
def role_that_cannot_invoke(bench: Bench) -> None:
    bench.detach_managed_policy()
    bench.allow(EXECUTION, ["logs:*", "cloudwatch:*"], ["*"])


@breaks("function-name", "put-role-policy")
def function_name_outside_of_the_managed_policy(bench: Bench) -> None:
    bench.add_function("merge-answers")
    bench.call_functions(consolidation="merge-answers")


@breaks("role-streaming", "sqs:CreateQueue")
def streaming_role_without_queue(bench: Bench) -> None:
    bench.make_streaming_job()
    bench.detach_managed_policy()
    bench.allow(EXECUTION, ["logs:*", "cloudwatch:*", "lambda:InvokeFunction"], ["*"])


@breaks("topic-managed", "name another topic")
def topic_name_outside_of_the_managed_policy(bench: Bench) -> None:
    bench.make_streaming_job()
    bench.job["input"]["topic"] = "roads-in"


# ---- the functions


@breaks("function-missing", "aws lambda list-functions")
def function_missing(bench: Bench) -> None:
    bench.call_functions(pre="gone-PreLabelingFunction")


@breaks("function-state", "aws lambda wait function-active-v2")
def function_that_failed(bench: Bench) -> None:
    bench.front.states[PRE] = {"State": "Failed", "StateReason": "its code is gone"}


@breaks("function-timeout", "--timeout 300")
def consolidation_with_little_time(bench: Bench) -> None:
    bench.configure(CONSOLIDATION, Timeout=30)


@breaks("function-timeout", "--timeout 10")
def pre_annotation_with_little_time(bench: Bench) -> None:
    bench.configure(PRE, Timeout=3)


@breaks("function-memory", "--memory-size 1024")
def consolidation_with_little_memory(bench: Bench) -> None:
    bench.configure(CONSOLIDATION, MemorySize=256)


@breaks("function-locations", "AllowedLocations=acme-in/,acme-out/run/")
def output_outside_of_allowed_locations(bench: Bench) -> None:
    bench.configure(CONSOLIDATION, environment={"ALLOWED_LOCATIONS": "acme-in/"})


@breaks("function-locations", "AllowedLocations=acme-in/,acme-out/run/labeljob/roads-7/")
def categories_outside_of_allowed_locations(bench: Bench) -> None:
    bench.configure(PRE, environment={"ALLOWED_LOCATIONS": "acme-in/", "READ_LABEL_CATEGORIES": "true"})


@breaks("function-locations", "AllowedLocations=acme-in/,acme-out/,acme-masks/roads/")
def artefacts_outside_of_allowed_locations(bench: Bench) -> None:
    uri = bench.put("s3://acme-in/settings.json", json.dumps({"artefact-prefix": "s3://acme-masks/roads"}))
    bench.configure(CONSOLIDATION, environment={"SETTINGS_S3_URI": uri})
    bench.allow(CONSOLIDATION_ROLE, ["s3:*"], ["*"])


@breaks("function-locations", "sam deploy --guided")
def allowed_locations_that_name_nothing(bench: Bench) -> None:
    bench.configure(CONSOLIDATION, environment={"ALLOWED_LOCATIONS": " , "})


@breaks("categories-unread", "ReadLabelCategories=true", invoke=True)
def page_with_categories_that_nobody_reads(bench: Bench) -> None:
    bench.configure(PRE, environment={"READ_LABEL_CATEGORIES": "false"})


@breaks("function-settings", "aws s3 cp settings.json s3://acme-in/settings.json")
def settings_file_missing(bench: Bench) -> None:
    bench.configure(CONSOLIDATION, environment={"SETTINGS_S3_URI": "s3://acme-in/settings.json"})


@breaks("function-settings", "mend the file")
def settings_file_with_an_unknown_setting(bench: Bench) -> None:
    uri = bench.put("s3://acme-in/settings.json", json.dumps({"quorom": 0.5}))
    bench.configure(CONSOLIDATION, environment={"SETTINGS_S3_URI": uri})


@breaks("pre-annotation-access", "labeljob-pre-annotation-access")
def pre_annotation_that_cannot_read_categories(bench: Bench) -> None:
    bench.configure(PRE, environment={"READ_LABEL_CATEGORIES": "true"})
    bench.replace_policy(PRE_ROLE, "acme-out/*", "acme-out/else/*")


@breaks("consolidation-access", "labeljob-consolidation-access")
def consolidation_that_cannot_read_answers(bench: Bench) -> None:
    bench.replace_policy(CONSOLIDATION_ROLE, "acme-out/*", "acme-out/else/*")


@breaks("assume-permission", "sts:AssumeRole")
def consolidation_that_may_not_assume(bench: Bench) -> None:
    bench.go_by_execution_role(allowed=False)


@breaks("assume-trust", f'"AWS": "{role_arn(CONSOLIDATION_ROLE)}"')
def execution_role_that_does_not_trust_consolidation(bench: Bench) -> None:
    bench.go_by_execution_role(trusted=False)


# ---- keys


@breaks("key-missing", "aws kms create-key --region us-east-1")
def key_missing(bench: Bench) -> None:
    bench.job["output"]["key"] = "1234abcd-12ab-34cd-56ef-1234567890ab"


@breaks("key-state", "aws kms enable-key")
def key_disabled(bench: Bench) -> None:
    bench.aws.kms.disable_key(KeyId=bench.encrypt_output(EXECUTION, CONSOLIDATION_ROLE))


@breaks("key-state", "aws kms cancel-key-deletion")
def key_to_be_deleted(bench: Bench) -> None:
    bench.aws.kms.schedule_key_deletion(KeyId=bench.encrypt_output(EXECUTION, CONSOLIDATION_ROLE))


@breaks("key-role", "aws kms put-key-policy")
def key_whose_policy_leaves_the_role_out(bench: Bench) -> None:
    bench.encrypt_output(CONSOLIDATION_ROLE)


@breaks("key-role", "labeljob-key-role")
def role_that_may_not_use_a_key_left_to_the_account(bench: Bench) -> None:
    bench.encrypt_output(CONSOLIDATION_ROLE, account=True)


@breaks("key-function", "aws kms put-key-policy")
def key_whose_policy_leaves_the_function_out(bench: Bench) -> None:
    bench.encrypt_output(EXECUTION)


@breaks("key-role", "kms:Decrypt")
def input_bucket_encrypted_by_a_key_of_others(bench: Bench) -> None:
    key = bench.make_key(CONSOLIDATION_ROLE)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = [{"ApplyServerSideEncryptionByDefault": default}]
    bench.aws.s3.put_bucket_encryption(Bucket="acme-in", ServerSideEncryptionConfiguration={"Rules": rules})


@breaks("key-volume", "kms:CreateGrant")
def volume_key_without_grants(bench: Bench) -> None:
    bench.make_built_in_job()
    bench.job |= {"automated-labeling": True, "volume-key": bench.make_key("nobody-else")}
    names = [f"s3://acme-in/roads/{number}.png" for number in range(5_000)]
    for name in names[:10]:
        bench.put(name, png())
    bench.put_manifest(*({"source-ref": name} for name in names))


# ---- the work team


@breaks("team-missing", "aws sagemaker list-workteams")
def team_missing(bench: Bench) -> None:
    bench.job["workforce"] = {"private": "nobody"}


@breaks("team-missing", "aws sagemaker list-subscribed-workteams")
def vendor_not_subscribed_to(bench: Bench) -> None:
    bench.job["workforce"] = {"vendor": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/vendor-crowd/acme"}
    error = {"__type": "ResourceNotFound", "message": "no such work team"}
    bench.front.operations["DescribeSubscribedWorkteam"] = error


@breaks("team-small", "workers: 2")
def team_of_two_for_three_answers(bench: Bench) -> None:
    users = [{"Username": name, "Enabled": True} for name in ("ann", "bob")]
    bench.front.operations["ListUsersInGroup"] = {"Users": [*users, {"Username": "cyd", "Enabled": False}]}


@breaks("team-address", "aws sagemaker update-workteam")
def team_tied_to_addresses(bench: Bench) -> None:
    team = bench.aws.sagemaker.describe_workteam(WorkteamName="birds")["Workteam"]
    tied = {"S3Presign": {"IamPolicyConstraints": {"SourceIp": "Enabled", "VpcSourceIp": "Disabled"}}}
    described = {
        key: team[key] for key in ("WorkteamName", "WorkteamArn", "Description", "MemberDefinitions")
    }
    bench.front.operations["DescribeWorkteam"] = {
        "Workteam": {**described, "WorkerAccessConfiguration": tied}
    }


# ---- streaming


@breaks("topic-missing", "aws sns create-topic --name GroundTruth-in")
def topic_missing(bench: Bench) -> None:
    bench.make_streaming_job()
    bench.job["input"]["topic"] = f"arn:aws:sns:us-east-1:{ACCOUNT}:GroundTruth-in"


@breaks("topic-key", "--attribute-name KmsMasterKeyId")
def topic_encrypted_by_the_key_of_sns(bench: Bench) -> None:
    bench.make_streaming_job()
    bench.aws.sns.create_topic(Name="GroundTruth-out", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    bench.job["output"]["topic"] = "GroundTruth-out"


@breaks("output-events", "put-bucket-notification-configuration")
def output_events_sent_to_the_input_topic(bench: Bench) -> None:
    bench.make_streaming_job()
    topic = bench.aws.sns.create_topic(Name="GroundTruth-roads-7-input")["TopicArn"]
    bench.aws.s3.put_bucket_notification_configuration(
        Bucket="acme-out",
        NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]
        },
    )


@breaks("queue-left", "aws sqs delete-queue")
def queue_of_an_earlier_job(bench: Bench) -> None:
    bench.make_streaming_job()
    bench.aws.sqs.create_queue(QueueName="GroundTruth-roads-7")


# ---- the manifest and its data, by the rules of `labeljob manifest`


@breaks("manifest-empty", "labeljob manifest")
def manifest_without_lines(bench: Bench) -> None:
    bench.put(MANIFEST, "")


@breaks("manifest-source", "")
def manifest_with_a_line_of_nothing(bench: Bench) -> None:
    bench.put_manifest(*LINES, {"image": "s3://acme-in/roads/0.png"})


@breaks("manifest-label-taken", "another label attribute")
def manifest_whose_lines_have_the_label(bench: Bench) -> None:
    earlier = {"roads-7": {"class": "car"}, "roads-7-metadata": {"type": "groundtruth/custom"}}
    bench.put_manifest(*LINES[:2], {**LINES[2], **earlier})


@breaks("object-missing", "upload it")
def first_object_missing(bench: Bench) -> None:
    bench.aws.s3.delete_object(Bucket="acme-in", Key="roads/1.png")


@breaks("object-format", "")
def object_of_another_format(bench: Bench) -> None:
    bench.put("s3://acme-in/roads/1.png", "<html>not found</html>")


# ---- test invocations


@breaks("pre-annotation-fails", "aws logs tail /aws/lambda/RaisingPreLabelingFunction", invoke=True)
def pre_annotation_that_raises(bench: Bench) -> None:
    bench.call_functions(pre=bench.foreign("RaisingPreLabelingFunction", RAISED))


@breaks("pre-annotation-reply", "taskInput", invoke=True)
def pre_annotation_without_task_input(bench: Bench) -> None:
    bench.call_functions(pre=bench.foreign("EmptyPreLabelingFunction", {"statusCode": 200}))


@breaks("pre-annotation-skips", "aws logs tail", invoke=True)
def pre_annotation_that_asks_for_nobody(bench: Bench) -> None:
    reply = {
        "taskInput": {"taskObject": LINES[0]["source-ref"], "labels": ["car", "bus"]},
        "isHumanAnnotationRequired": False,
    }
    bench.call_functions(pre=bench.foreign("SkippingPreLabelingFunction", reply))


@breaks("page-broken", "", invoke=True)
def page_whose_categories_are_no_list(bench: Bench) -> None:
    page = (ROOT / "worker_templates" / "class.liquid.html").read_text()
    changed = page.replace("task.input.labels | to_json | escape", "task.input.labels | join")
    (bench.folder / "page.liquid.html").write_text(changed)


@breaks("page-refused", "labeljob preview", invoke=True)
def page_that_the_service_refuses(bench: Bench) -> None:
    errors = [{"Code": "TemplateError", "Message": "unknown filter"}]
    bench.front.operations["RenderUiTemplate"] = {"RenderedContent": "", "Errors": errors}


@breaks("consolidation-fails", "aws logs tail /aws/lambda/RaisingLabelingFunction", invoke=True)
def consolidation_that_raises(bench: Bench) -> None:
    bench.call_functions(consolidation=bench.foreign("RaisingLabelingFunction", RAISED))


@breaks("consolidation-reply", "'roads-7'", invoke=True)
def consolidation_under_another_label(bench: Bench) -> None:
    content = {"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"label": {}}}}
    bench.call_functions(consolidation=bench.foreign("OtherLabelingFunction", [content]))


@breaks("consolidation-reply", "mend", invoke=True)
def consolidation_that_leaves_the_object_out(bench: Bench) -> None:
    bench.call_functions(consolidation=bench.foreign("EmptyLabelingFunction", []))
