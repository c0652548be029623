"""The roles: each function has its own, and may do what its work needs and nothing else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.template.cloudformation import actions, resources, statements

Template = dict[str, Any]
ALLOWED_OBJECTS = {
    "Fn::Split": [
        ",",
        {
            "Fn::Sub": [
                "arn:aws:s3:::${Locations}*",
                {"Locations": {"Fn::Join": ["*,arn:aws:s3:::", {"Ref": "AllowedLocations"}]}},
            ]
        },
    ]
}


def granted(template: Template, role: str) -> dict[tuple[str, str | None], list[str]]:
    """(statement id, its condition) -> actions, for one role."""
    found = statements(resources(template, "AWS::IAM::Role")[role])
    return {(statement["Sid"], condition): actions(statement) for statement, condition in found}


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    """No role is shared, and none is left to SAM to make."""
    functions = resources(template, "AWS::Serverless::Function")
    assert {name: properties["Role"] for name, properties in functions.items()} == {
        "PreAnnotationFunction": {"Fn::GetAtt": "PreAnnotationRole.Arn"},
        "ConsolidationFunction": {"Fn::GetAtt": "ConsolidationRole.Arn"},
    }


def test_only_lambda_assumes_the_roles(template: Template) -> None:
    """The trust policies name the Lambda service alone."""
    for role in resources(template, "AWS::IAM::Role").values():
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]


def test_pre_annotation_reads_only(template: Template) -> None:
    """It writes nothing but its log, and describes jobs only when told to."""
    assert granted(template, "PreAnnotationRole") == {
        ("WriteOwnLog", None): ["logs:CreateLogStream", "logs:PutLogEvents"],
        ("SendTraces", "TracingIsActive"): ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        ("ReadJobData", None): ["s3:GetObject"],
        ("UseKey", "HasKmsKey"): ["kms:Decrypt"],
        ("DescribeJobs", "LabelCategoriesAreRead"): ["sagemaker:DescribeLabelingJob"],
    }


def test_consolidation_reads_answers_and_writes_labels(template: Template) -> None:
    """It uses a key, or assumes a role, only when the parameters name one."""
    assert granted(template, "ConsolidationRole") == {
        ("WriteOwnLog", None): ["logs:CreateLogStream", "logs:PutLogEvents"],
        ("SendTraces", "TracingIsActive"): ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        ("ReadAnswersWriteLabels", None): ["s3:GetObject", "s3:PutObject"],
        ("UseKey", "HasKmsKey"): ["kms:Decrypt", "kms:GenerateDataKey"],
        ("AssumeJobRoles", "RolesMayBeAssumed"): ["sts:AssumeRole"],
    }


def test_no_statement_covers_every_resource_but_for_traces(template: Template) -> None:
    """X-Ray's two actions know no resource; everything else is confined to one."""
    unconfined = [
        (role, statement["Sid"])
        for role, properties in resources(template, "AWS::IAM::Role").items()
        for statement, _ in statements(properties)
        if statement["Resource"] == "*"
    ]
    assert unconfined == [("PreAnnotationRole", "SendTraces"), ("ConsolidationRole", "SendTraces")]


def test_no_action_is_a_wildcard(template: Template) -> None:
    """Every action is spelled out."""
    wildcards = [
        action
        for properties in resources(template, "AWS::IAM::Role").values()
        for statement, _ in statements(properties)
        for action in actions(statement)
        if "*" in action
    ]
    assert wildcards == []


@pytest.mark.parametrize(
    ("role", "statement_id"),
    [("PreAnnotationRole", "ReadJobData"), ("ConsolidationRole", "ReadAnswersWriteLabels")],
)
def test_data_access_is_confined_to_the_allowed_locations(
    template: Template, role: str, statement_id: str
) -> None:
    """The resource is made of the parameter and of nothing else."""
    properties = resources(template, "AWS::IAM::Role")[role]
    (statement,) = [statement for statement, _ in statements(properties) if statement["Sid"] == statement_id]
    assert statement["Resource"] == ALLOWED_OBJECTS


def object_patterns(locations: list[str]) -> list[str]:
    """What CloudFormation makes of `ALLOWED_OBJECTS`, by the definition of its functions."""
    separator, substitution = ALLOWED_OBJECTS["Fn::Split"]
    assert isinstance(separator, str)
    assert isinstance(substitution, dict)
    text, variables = substitution["Fn::Sub"]
    glue, _ = variables["Locations"]["Fn::Join"]
    patterns: list[str] = text.replace("${Locations}", glue.join(locations)).split(separator)
    return patterns


@pytest.mark.parametrize(
    ("object_arn", "is_allowed"),
    [
        ("arn:aws:s3:::acme-in/roads/0007.jpg", True),
        ("arn:aws:s3:::acme-out/run/Roads-7A/annotations/x.json", True),
        ("arn:aws:s3:::acme-out/run-2/x.json", False),
        ("arn:aws:s3:::acme-out/other/x.json", False),
        ("arn:aws:s3:::acme-in-other/x.json", False),
    ],
)
def test_a_location_covers_its_folder_and_not_its_neighbours(object_arn: str, is_allowed: bool) -> None:
    """A bucket is not a prefix of other buckets' names, nor a folder of other folders' names."""
    patterns = object_patterns(["acme-in/", "acme-out/run/"])
    assert patterns == ["arn:aws:s3:::acme-in/*", "arn:aws:s3:::acme-out/run/*"]
    assert any(fnmatchcase(object_arn, pattern) for pattern in patterns) is is_allowed


def test_a_function_writes_to_its_own_log_group_only(template: Template) -> None:
    """The log statement of each role names that function's group."""
    own = {
        role: statement["Resource"]
        for role, properties in resources(template, "AWS::IAM::Role").items()
        for statement, _ in statements(properties)
        if statement["Sid"] == "WriteOwnLog"
    }
    assert own == {
        "PreAnnotationRole": {"Fn::GetAtt": "PreAnnotationLogGroup.Arn"},
        "ConsolidationRole": {"Fn::GetAtt": "ConsolidationLogGroup.Arn"},
    }
