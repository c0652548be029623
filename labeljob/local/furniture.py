"""What the local account has to begin with: buckets, an execution role, and the stack of both functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labeljob.aws import Aws
from labeljob.local.job import ACCOUNT, REGION

BUCKETS = ("acme-in", "acme-out")
EXECUTION_ROLE = "gt-execution"
STACK = "gt-consensus"
PRE_ANNOTATION_FUNCTION = f"{STACK}-PreLabelingFunction"
CONSOLIDATION_FUNCTION = f"{STACK}-ConsolidationLabelingFunction"
_SETTINGS_KEY = "gt-consensus/settings.json"
_MANAGED_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerGroundTruthExecution"
_SESSION_SECONDS = 8 * 3_600
_FUNCTIONS = {
    "PreAnnotation": (
        PRE_ANNOTATION_FUNCTION,
        "pre_annotation.app.lambda_handler",
        30,
        256,
        ["s3:GetObject"],
    ),
    "Consolidation": (
        CONSOLIDATION_FUNCTION,
        "consolidation.app.lambda_handler",
        300,
        1769,
        ["s3:GetObject", "s3:PutObject"],
    ),
}
"""Logical name: the function's name, handler, seconds, MB, what its role may do."""


def furnish(aws: Aws, settings: Path | None) -> None:
    """Fill an empty account.

    Args:
        aws: of it.
        settings: document for the functions' setting SETTINGS_S3_URI, or None.

    Raises:
        AwsError: a call failed.
    """
    for bucket in BUCKETS:
        aws.s3.create_bucket(Bucket=bucket)
        aws.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [_cors()]})
    settings_uri = ""
    if settings is not None:
        aws.s3.put_object(Bucket=BUCKETS[0], Key=_SETTINGS_KEY, Body=settings.read_bytes())
        settings_uri = f"s3://{BUCKETS[0]}/{_SETTINGS_KEY}"
    _make_execution_role(aws)
    aws.cloudformation.create_stack(
        StackName=STACK, TemplateBody=json.dumps(_template(settings_uri)), Capabilities=["CAPABILITY_IAM"]
    )


def _cors() -> Any:
    return {
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedOrigins": ["*"],
        "ExposeHeaders": ["Access-Control-Allow-Origin"],
        "MaxAgeSeconds": 3_000,
    }


def _make_execution_role(aws: Aws) -> None:
    """A role that is sound for batch and streaming jobs: AWS's managed policy, and the two buckets, which that does not cover."""
    aws.iam.create_role(
        RoleName=EXECUTION_ROLE,
        AssumeRolePolicyDocument=json.dumps(_trust("sagemaker.amazonaws.com")),
        MaxSessionDuration=_SESSION_SECONDS,
        Description="Execution role of labeling jobs",
    )
    aws.iam.attach_role_policy(RoleName=EXECUTION_ROLE, PolicyArn=_MANAGED_POLICY)
    arns = [f"arn:aws:s3:::{bucket}" for bucket in BUCKETS]
    document = _policy(
        _allow(["s3:GetBucketLocation", "s3:ListBucket"], arns),
        _allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"{arn}/*" for arn in arns]),
    )
    aws.iam.put_role_policy(RoleName=EXECUTION_ROLE, PolicyName="data", PolicyDocument=json.dumps(document))


def _template(settings_uri: str) -> dict[str, Any]:
    """The stack as CloudFormation gets it once SAM has translated template.yaml, as far as jobs have to do with it."""
    resources: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for name, (function, handler, seconds, megabytes, actions) in _FUNCTIONS.items():
        resources[f"{name}Role"] = {"Type": "AWS::IAM::Role", "Properties": _role(name, function, actions)}
        resources[f"{name}Function"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": function,
                "Handler": handler,
                "Runtime": "python3.13",
                "Timeout": seconds,
                "MemorySize": megabytes,
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "Code": {"ZipFile": "# The project's own code runs, in the process of `labeljob local`."},
                "Environment": {"Variables": _variables(settings_uri)},
            },
        }
        for kind in ("Function", "Role"):
            outputs[f"{name}{kind}Arn"] = {"Value": {"Fn::GetAtt": [f"{name}{kind}", "Arn"]}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, "Outputs": outputs}


def _variables(settings_uri: str) -> dict[str, str]:
    return {
        "ALLOWED_LOCATIONS": ",".join(f"{bucket}/" for bucket in BUCKETS),
        "ALLOWED_ROLES": "",
        "KMS_KEY_ID": "",
        "SETTINGS_S3_URI": settings_uri,
        "READ_LABEL_CATEGORIES": "true",
    }


def _role(name: str, function: str, actions: list[str]) -> dict[str, Any]:
    log_group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{function}:*"
    data = _policy(
        _allow(actions, [f"arn:aws:s3:::{bucket}/*" for bucket in BUCKETS]),
        _allow(["sagemaker:DescribeLabelingJob"], [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/*"]),
    )
    logs = _policy(_allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group]))
    return {
        "RoleName": f"{STACK}-{name}Role",
        "AssumeRolePolicyDocument": _trust("lambda.amazonaws.com"),
        "Policies": [  # as text: moto keeps a document given as an object in Python's notation
            {"PolicyName": "logs", "PolicyDocument": json.dumps(logs)},
            {"PolicyName": "data", "PolicyDocument": json.dumps(data)},
        ],
    }


def _trust(service: str) -> dict[str, Any]:
    return _policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def _allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
