"""The work team: that it exists, and what it means for the job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from labeljob.aws import AwsError, calling
from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command
from labeljob.doctor.policies import account_of
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import WorkteamTypeDef

MISSING = Rule(
    "team-missing",
    "the private work team exists, or the vendor's is subscribed to",
    "CreateLabelingJob refuses the job, or nobody sees its tasks until they expire.",
    "CreateLabelingJob WorkteamArn",
)
SMALL = Rule(
    "team-small",
    "the work team has as many members as each object gets answers",
    "Nobody answers the same object twice: no object gets all its answers, and each waits until its task expires.",
    "CreateLabelingJob NumberOfHumanWorkersPerDataObject",
)
BY_ADDRESS = Rule(
    "team-address",
    "workers of a team that ties URLs to IP addresses stay at one address",
    "Images stay blank for a worker whose address changes, as behind some VPNs; the task is lost.",
    "CreateWorkteam WorkerAccessConfiguration",
)
_PRIVATE, _VENDOR = "workteam/private-crowd/", "workteam/vendor-crowd/"


def _team(subject: Subject) -> Iterator[Finding]:
    arn = subject.launch.team
    if arn is None or (account_of(arn) != subject.aws.account and _PRIVATE in arn):
        return
    if _PRIVATE in arn:
        yield from _private(subject, arn.rpartition("/")[2])
    elif _VENDOR in arn and not _subscribed(subject, arn):
        yield MISSING.broken(
            f"the account does not subscribe to work team {arn}",
            "subscribe to the vendor in the AWS Marketplace; the teams that you subscribe to:\n"
            + aws_command("sagemaker", "list-subscribed-workteams", region=subject.aws.region),
            place=subject.job.place("workforce.vendor"),
        )


def _private(subject: Subject, name: str) -> Iterator[Finding]:
    team, place = _described(subject, name), subject.job.place("workforce.private")
    region = subject.aws.region
    if team is None:
        yield MISSING.broken(
            f"there is no work team {name} in {region}",
            "make it in the console (Ground Truth, Labeling workforces), or name another; those that there are:\n"
            + aws_command("sagemaker", "list-workteams", query="Workteams[].WorkteamName", region=region),
            place=place,
        )
        return
    yield from _members(subject, team)
    presigning = team.get("WorkerAccessConfiguration", {}).get("S3Presign", {})
    tied = [key for key, value in presigning.get("IamPolicyConstraints", {}).items() if value == "Enabled"]
    if tied:
        yield BY_ADDRESS.broken(
            f"work team {name} ties the URLs of data to the worker's IP address ({', '.join(tied)})",
            "see that workers keep their address, or\n"
            + aws_command(
                "sagemaker",
                "update-workteam",
                workteam_name=name,
                worker_access_configuration={
                    "S3Presign": {"IamPolicyConstraints": dict.fromkeys(tied, "Disabled")}
                },
                region=region,
            ),
            place=place,
            serious=False,
        )


def _members(subject: Subject, team: WorkteamTypeDef) -> Iterator[Finding]:
    """Teams of Cognito only: who is in those of an OIDC provider is not for AWS to tell."""
    groups = [
        one["CognitoMemberDefinition"]
        for one in team["MemberDefinitions"]
        if "CognitoMemberDefinition" in one
    ]
    if not groups or len(groups) < len(team["MemberDefinitions"]):
        return
    names: set[str] = set()
    for group in groups:
        pool, name = group["UserPool"], group["UserGroup"]
        try:
            with calling(f"list the members of work team {team['WorkteamName']}"):
                pages = subject.aws.cognito.get_paginator("list_users_in_group").paginate(
                    UserPoolId=pool, GroupName=name
                )
                names |= {
                    user["Username"] for page in pages for user in page["Users"] if user.get("Enabled", True)
                }
        except AwsError as failure:
            if failure.missing:
                return
            raise
    if len(names) < subject.job.workers:
        yield SMALL.broken(
            f"work team {team['WorkteamName']} has {len(names)} members, {subject.job.workers} answers are asked of each object",
            f"invite more, ask for fewer answers (workers: {max(1, len(names))}), or\n"
            + aws_command(
                "cognito-idp",
                "admin-add-user-to-group",
                user_pool_id=groups[0]["UserPool"],
                group_name=groups[0]["UserGroup"],
                username="NAME",
                region=subject.aws.region,
            ),
            place=subject.job.place("workers"),
        )


def _described(subject: Subject, name: str) -> WorkteamTypeDef | None:
    try:
        with calling(f"describe work team {name}"):
            return subject.aws.sagemaker.describe_workteam(WorkteamName=name)["Workteam"]
    except AwsError as failure:
        if failure.unknown:
            return None
        raise


def _subscribed(subject: Subject, arn: str) -> bool:
    try:
        with calling(f"describe work team {arn}"):
            subject.aws.sagemaker.describe_subscribed_workteam(WorkteamArn=arn)
    except AwsError as failure:
        if failure.unknown:
            return False
        raise
    return True


CHECKS = (Check("the work team", (MISSING, SMALL, BY_ADDRESS), _team),)
