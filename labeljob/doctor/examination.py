"""All that `labeljob doctor` looks at, one thing after the other; none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from botocore.exceptions import ClientError

from labeljob.aws import Aws, AwsError
from labeljob.doctor import buckets, data, functions, keys, roles, team, topics, trials
from labeljob.doctor.check import Check
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.launch import placeholders
from labeljob.launch.job_file import JobFile
from labeljob.launch.resolving import resolve
from labeljob.launch.rules import RULES as CREATE_RULES
from labeljob.launch.rules import check as check_launch
from shared.errors import GtConsensusError

CHECKS: tuple[Check, ...] = (
    *buckets.CHECKS,
    *roles.CHECKS,
    *functions.CHECKS,
    *keys.CHECKS,
    *team.CHECKS,
    *topics.CHECKS,
    *data.CHECKS,
    *trials.CHECKS,
)
"""In the order in which they are made: what others stand on comes first."""
UNCHECKED = Rule(
    "unchecked",
    "everything can be looked at",
    "What could not be looked at may still be wrong, and shows only when the job runs.",
    "labeljob doctor",
)
RULES: tuple[Rule, ...] = (
    *dict.fromkeys(chain(CREATE_RULES, *(check.rules for check in CHECKS))),
    UNCHECKED,
)
"""All rules, those of `labeljob create` first."""
_PERMISSIONS: Mapping[str, str] = {
    "DescribeKey": "kms:DescribeKey",
    "DescribeSubscribedWorkteam": "sagemaker:DescribeSubscribedWorkteam",
    "DescribeWorkteam": "sagemaker:DescribeWorkteam",
    "GetBucketCors": "s3:GetBucketCORS",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
    "GetKeyPolicy": "kms:GetKeyPolicy",
    "GetObject": "s3:GetObject",
    "GetQueueUrl": "sqs:GetQueueUrl",
    "GetRole": "iam:GetRole",
    "GetTopicAttributes": "sns:GetTopicAttributes",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "Invoke": "lambda:InvokeFunction",
    "ListAttachedRolePolicies": "iam:ListAttachedRolePolicies",
    "ListObjectsV2": "s3:ListBucket",
    "ListUsersInGroup": "cognito-idp:ListUsersInGroup",
    "PutObject": "s3:PutObject",
    "RenderUiTemplate": "sagemaker:RenderUiTemplate, and iam:PassRole on the execution role",
    "SimulatePrincipalPolicy": "iam:SimulatePrincipalPolicy",
}
"""What the caller needs, by the operation that was refused."""
OnCheck = Callable[[str], None]
"""Called with what is looked at next."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, and what was found.

    Attributes:
        rules: that were looked at.
        findings: those of `labeljob create` first.
    """

    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether no finding is serious."""
        return not any(finding.serious for finding in self.findings)


def examine(
    job: JobFile, aws: Aws, *, invoke: bool = True, on_check: OnCheck = lambda _: None
) -> Examination:
    """Look at everything that could make a job fail late; of a file that is not filled in only at that. Changes nothing.

    Args:
        job: its file.
        aws: where.
        invoke: whether to call both functions and RenderUiTemplate as well. Consolidation then writes a few small objects beneath the
            output path, which are deleted at once.
        on_check: called before each check.

    Raises:
        GtConsensusError: the job's request cannot be made at all, for want of credentials or an endpoint.
    """
    on_check("the job file")
    unfilled = tuple(placeholders.check(job))
    if unfilled:
        return Examination((placeholders.PLACEHOLDER,), unfilled)
    launch = resolve(job, aws)
    subject = Subject(launch, aws)
    chosen = [check for check in CHECKS if invoke or not check.invokes]
    findings, unchecked = list(check_launch(launch)), dict[str, list[tuple[Check, GtConsensusError]]]()
    for check in chosen:
        on_check(check.about)
        try:
            findings.extend(check.look(subject))
        except GtConsensusError as failure:
            unchecked.setdefault(str(failure), []).append((check, failure))
    findings += [_unchecked([check for check, _ in group], group[0][1]) for group in unchecked.values()]
    rules = dict.fromkeys(chain(CREATE_RULES, *(check.rules for check in chosen)))
    return Examination(tuple(rules), tuple(dict.fromkeys(findings)))


def _unchecked(checks: list[Check], failure: GtConsensusError) -> Finding:
    what = f"not looked at: {', '.join(check.about for check in checks)}; {failure}"
    mend = "run doctor again"
    if isinstance(failure, AwsError) and failure.denied:
        mend = f"run doctor as somebody who has {_permission(failure)}"
    return UNCHECKED.broken(what, mend, serious=False)


def _permission(failure: AwsError) -> str:
    cause = failure.__cause__
    operation = cause.operation_name if isinstance(cause, ClientError) else ""
    return _PERMISSIONS.get(operation, operation or "the permission")
