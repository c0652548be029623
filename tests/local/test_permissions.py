"""IAM's policy simulator over the wire: what the account's policies allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ROLE = "arn:aws:iam::123456789012:role/gt-execution"
TOPIC = "arn:aws:sns:us-east-1:123456789012:GroundTruth-in"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:GroundTruth-cats"


def outcome(iam: IAMClient, action: str, resource: str, **more: Any) -> str:
    """What IAM says of the execution role."""
    reply = iam.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=[action], ResourceArns=[resource], **more
    )
    return reply["EvaluationResults"][0]["EvalDecision"]


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::acme-in/cats/1.jpg", "allowed"),
        ("S3:putobject", "arn:aws:s3:::acme-out/run/x", "allowed"),
        ("s3:GetObject", "arn:aws:s3:::other/cats/1.jpg", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::my-sagemaker-bucket/1.jpg", "allowed"),
        ("s3:ListBucket", "arn:aws:s3:::acme-in", "allowed"),
        ("s3:DeleteObject", "arn:aws:s3:::acme-in/cats/1.jpg", "implicitDeny"),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:x-PreLabelingFunction", "allowed"),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:mine", "implicitDeny"),
        ("sqs:ReceiveMessage", QUEUE, "allowed"),
        ("sns:Publish", TOPIC, "allowed"),
        ("sns:Subscribe", TOPIC, "implicitDeny"),
    ],
)
def test_the_execution_role_may_do_what_jobs_need_and_no_more(
    iam: IAMClient, action: str, resource: str, expected: str
) -> None:
    assert outcome(iam, action, resource) == expected


def test_a_condition_is_met_by_context_entries_and_missing_ones_are_named(iam: IAMClient) -> None:
    context: Any = [
        {"ContextKeyName": "sns:Protocol", "ContextKeyValues": ["sqs"], "ContextKeyType": "string"},
        {"ContextKeyName": "sns:Endpoint", "ContextKeyValues": [QUEUE], "ContextKeyType": "string"},
    ]
    assert outcome(iam, "sns:Subscribe", TOPIC, ContextEntries=context) == "allowed"
    context[1]["ContextKeyValues"] = ["arn:aws:sqs:us-east-1:1:other"]
    assert outcome(iam, "sns:Subscribe", TOPIC, ContextEntries=context) == "implicitDeny"
    reply = iam.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=["sns:Subscribe"], ResourceArns=[TOPIC]
    )
    assert reply["EvaluationResults"][0]["MissingContextValues"] == ["sns:Endpoint", "sns:Protocol"]


def test_a_deny_wins_and_names_its_policy(iam: IAMClient) -> None:
    document = {"Statement": {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::acme-in/*"}}
    iam.put_role_policy(
        RoleName="gt-execution",
        PolicyName="no-output",
        PolicyDocument=json.dumps(document | {"Version": "2012-10-17"}),
    )
    assert outcome(iam, "s3:GetObject", "arn:aws:s3:::acme-in/1.jpg") == "allowed"
    reply = iam.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=["s3:PutObject"], ResourceArns=["arn:aws:s3:::acme-out/1.json"]
    )
    result = reply["EvaluationResults"][0]
    assert result["EvalDecision"] == "explicitDeny"
    assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == ["no-output"]


def test_a_permissions_boundary_limits_a_role(iam: IAMClient) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "*"}],
    }
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="gt-execution", PermissionsBoundary=boundary)
    assert outcome(iam, "s3:GetObject", "arn:aws:s3:::acme-in/1.jpg") == "allowed"
    assert outcome(iam, "s3:PutObject", "arn:aws:s3:::acme-out/1.json") == "implicitDeny"


def test_policies_can_be_tried_before_they_are_given_to_anybody(iam: IAMClient) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:Generate*"],
                "Resource": "*",
                "Condition": {"StringNotEqualsIfExists": {"aws:ResourceTag/stage": "secret"}},
            }
        ],
    }
    tried = iam.simulate_custom_policy(
        PolicyInputList=[json.dumps(policy)], ActionNames=["kms:GenerateDataKey", "kms:Encrypt"]
    )
    assert [each["EvalDecision"] for each in tried["EvaluationResults"]] == ["allowed", "implicitDeny"]


def test_a_resource_policy_allows_whom_it_names(iam: IAMClient) -> None:
    key = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"}]}
    resource = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert outcome(iam, "kms:Decrypt", resource, ResourcePolicy=json.dumps(key)) == "allowed"
    key["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::123456789012:role/another"}
    assert outcome(iam, "kms:Decrypt", resource, ResourcePolicy=json.dumps(key)) == "implicitDeny"


def test_nobody_is_no_principal(iam: IAMClient) -> None:
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="cannot be found"):
        iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:role/nobody", ActionNames=["s3:GetObject"]
        )


def test_what_is_no_policy_is_refused(iam: IAMClient) -> None:
    with pytest.raises(iam.exceptions.InvalidInputException, match="Syntax errors in policy"):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=["s3:GetObject"])


def test_a_role_of_a_function_may_write_its_log(iam: IAMClient) -> None:
    """The stack's roles are real too."""
    role = "arn:aws:iam::123456789012:role/gt-consensus-ConsolidationRole"
    log = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/gt-consensus-ConsolidationLabelingFunction:x"
    tried = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["logs:PutLogEvents", "s3:PutObject", "iam:PassRole"],
        ResourceArns=[log, "arn:aws:s3:::acme-out/run/1"],
    )
    outcomes = {
        (each["EvalActionName"], one["EvalResourceName"]): one["EvalResourceDecision"]
        for each in tried["EvaluationResults"]
        for one in each["ResourceSpecificResults"]
    }
    assert [each["EvalDecision"] for each in tried["EvaluationResults"]] == ["implicitDeny"] * 3
    assert [key for key, decision in outcomes.items() if decision == "allowed"] == [
        ("logs:PutLogEvents", log),
        ("s3:PutObject", "arn:aws:s3:::acme-out/run/1"),
    ]
