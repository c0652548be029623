"""What the execution role of a streaming job must be allowed beyond that of a batch job: its queue and its two topics."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from labeljob.aws import Aws, calling
from labeljob.streaming.names import policy_name, queue_name
from labeljob.streaming.topics import Topics

QUEUE_ACTIONS = (
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:SetQueueAttributes",
)
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True)
class _Need:
    """Actions on one resource, under one set of conditions."""

    sid: str
    actions: tuple[str, ...]
    resource: str
    conditions: tuple[tuple[str, str, str], ...] = ()

    def statement(self) -> dict[str, Any]:
        """As a policy has it."""
        conditions = {operator: {key: value} for operator, key, value in self.conditions}
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": self.resource,
            **({"Condition": conditions} if conditions else {}),
        }


def role_statement(job_name: str, topics: Topics, aws: Aws) -> dict[str, Any]:
    """The policy document that lets an execution role serve a streaming job, and no more.

    Raises:
        AwsError: the key of the output topic cannot be looked at.
    """
    statements = [need.statement() for need in _needs(job_name, topics, aws)]
    return {"Version": "2012-10-17", "Statement": statements}


def denied_actions(role_arn: str, job_name: str, topics: Topics, aws: Aws) -> tuple[str, ...]:
    """Which of the actions the role is not allowed, by IAM's own simulation of its policies.

    Raises:
        AwsError: IAM refuses; `denied` when the caller may not ask.
    """
    denied = []
    for need in _needs(job_name, topics, aws):
        with calling(f"ask what {role_arn} is allowed"):
            answer = aws.iam.simulate_principal_policy(
                PolicySourceArn=role_arn,
                ActionNames=list(need.actions),
                ResourceArns=[need.resource],
                ContextEntries=[
                    {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
                    for _, key, value in need.conditions
                ],
            )
        denied += [
            result["EvalActionName"]
            for result in answer["EvaluationResults"]
            if result["EvalDecision"] != "allowed"
        ]
    return tuple(denied)


def grant(role_arn: str, job_name: str, topics: Topics, aws: Aws) -> str:
    """Give the role the statement as an inline policy of its own, which `labeljob stop` takes away again.

    Returns:
        The policy's name.

    Raises:
        AwsError: IAM refuses.
    """
    name = policy_name(job_name)
    with calling(f"give {role_name(role_arn)} the policy {name}"):
        aws.iam.put_role_policy(
            RoleName=role_name(role_arn),
            PolicyName=name,
            PolicyDocument=json.dumps(role_statement(job_name, topics, aws)),
        )
    return name


def grant_command(role_arn: str, job_name: str, topics: Topics, aws: Aws) -> str:
    """The command that does what `grant` does, for who may.

    Raises:
        AwsError: the key of the output topic cannot be looked at.
    """
    document = json.dumps(role_statement(job_name, topics, aws), separators=(",", ":"))
    return (
        f"aws iam put-role-policy --role-name {role_name(role_arn)} --policy-name {policy_name(job_name)} "
        f"--policy-document {shlex.quote(document)}"
    )


def role_name(role_arn: str) -> str:
    """The name of a role, which may have a path before it."""
    return role_arn.rpartition("/")[2]


def _needs(job_name: str, topics: Topics, aws: Aws) -> Iterator[_Need]:
    partition, region = topics.input_arn.split(":")[1:4:2]
    queue = f"arn:{partition}:sqs:{region}:{aws.account}:{queue_name(job_name)}"
    yield _Need("Queue", QUEUE_ACTIONS, queue)
    over_sqs = (("StringEquals", "sns:Protocol", "sqs"), ("StringLike", "sns:Endpoint", queue))
    yield _Need("InputTopic", ("sns:Subscribe",), topics.input_arn, over_sqs)
    yield _Need("Unsubscribe", ("sns:Unsubscribe",), "*")
    yield _Need("OutputTopic", ("sns:Publish",), topics.output_arn)
    if topics.output_key:
        with calling(f"look at the key {topics.output_key} of the output topic"):
            key = aws.kms.describe_key(KeyId=topics.output_key)["KeyMetadata"]
        yield _Need("OutputKey", KEY_ACTIONS, key["Arn"])
