"""What the execution role of a streaming job lacks, by IAM's simulation, and how it is given."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import pytest

from labeljob.aws import Aws, AwsError
from labeljob.launch.job_file import JobFile
from labeljob.local import LocalAws
from labeljob.streaming.role import denied_actions, grant, grant_command, role_statement
from labeljob.streaming.topics import Topics, ensure
from tests.streaming.conftest import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/bare"
MakeJob = Callable[..., JobFile]


@pytest.fixture
def cloud(local_aws: LocalAws) -> Aws:
    """Clients of the local AWS, which has a role that may do nothing."""
    cloud = Aws()
    cloud.iam.create_role(RoleName="bare", Path="/teams/", AssumeRolePolicyDocument="{}")
    return cloud


@pytest.fixture
def topics(cloud: Aws, job_file: MakeJob) -> Topics:
    """Topics whose names the managed policy does not know."""
    return ensure(job_file(input_topic="objects", output_topic="labels"), cloud)


def test_a_role_that_lacks_everything_is_given_exactly_that(cloud: Aws, topics: Topics) -> None:
    assert len(denied_actions(ROLE, "Roads-7", topics, cloud)) == 10
    assert grant(ROLE, "Roads-7", topics, cloud) == "labeljob-streaming-Roads-7"
    assert denied_actions(ROLE, "Roads-7", topics, cloud) == ()
    others = Topics(topics.input_arn, f"{topics.output_arn}-of-others")
    assert denied_actions(ROLE, "Roads-7", others, cloud) == ("sns:Publish",)
    assert "sqs:ReceiveMessage" in denied_actions(ROLE, "Dogs-1", topics, cloud)


def test_the_printed_command_gives_the_same(cloud: Aws, topics: Topics) -> None:
    words = shlex.split(grant_command(ROLE, "Roads-7", topics, cloud))
    assert words[:7] == [
        *("aws", "iam", "put-role-policy", "--role-name", "bare", "--policy-name"),
        "labeljob-streaming-Roads-7",
    ]
    assert json.loads(words[-1]) == role_statement("Roads-7", topics, cloud)


def test_the_managed_policy_is_enough_for_topics_with_our_names(cloud: Aws, job_file: MakeJob) -> None:
    topics = ensure(job_file(), cloud)
    role = f"arn:aws:iam::{ACCOUNT}:role/gt-execution"
    assert denied_actions(role, "Roads-7", topics, cloud) == ()


def test_a_topic_under_a_key_needs_the_key(cloud: Aws, job_file: MakeJob) -> None:
    key = cloud.kms.create_key()["KeyMetadata"]["Arn"]
    cloud.kms.create_alias(AliasName="alias/labels", TargetKeyId=key)
    cloud.sns.create_topic(Name="labels", Attributes={"KmsMasterKeyId": "alias/labels"})
    topics = ensure(job_file(output_topic="labels"), cloud)
    (statement,) = (
        found
        for found in role_statement("Roads-7", topics, cloud)["Statement"]
        if found["Sid"] == "OutputKey"
    )
    assert (statement["Resource"], statement["Action"]) == (key, ["kms:Decrypt", "kms:GenerateDataKey"])


def test_a_role_that_is_not_there_cannot_be_asked(cloud: Aws, topics: Topics) -> None:
    with pytest.raises(AwsError, match=r"cannot ask what .*nobody is allowed"):
        denied_actions(f"arn:aws:iam::{ACCOUNT}:role/nobody", "Roads-7", topics, cloud)
