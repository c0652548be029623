"""KMS keys: of the output, of the buckets' default encryption, of the output topic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labeljob.aws import AwsError, calling
from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command, policy
from labeljob.doctor.functions import goes_by_execution_role
from labeljob.doctor.policies import (
    Need,
    account_of,
    grant,
    left_to_account,
    refusals,
    refused_by_key,
    role_name,
    statements,
)
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.streaming.topics import topic_attributes

if TYPE_CHECKING:
    from mypy_boto3_kms.type_defs import KeyMetadataTypeDef

_KMS = "Developer Guide, Output Data and Storage Volume Encryption"
_READ = ("kms:Decrypt",)
_READ_WRITE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey")

MISSING = Rule(
    "key-missing",
    "every KMS key that the job needs exists in its Region",
    "Nothing can be written by that key, and what it encrypted cannot be read: the job ends Failed.",
    _KMS,
)
STATE = Rule(
    "key-state",
    "every KMS key that the job needs is enabled",
    "Nothing can be written by that key, and what it encrypted cannot be read: the job ends Failed.",
    _KMS,
)
ROLE = Rule(
    "key-role",
    "the execution role may use the KMS keys of data and output",
    "S3 refuses the role what the key encrypts: the job ends Failed, whatever the bucket allows.",
    _KMS,
)
FUNCTION = Rule(
    "key-function",
    "the role of the consolidation function may use the KMS key of the output",
    "It can neither read the answers nor write what labels refer to: every batch fails after workers have been paid.",
    _KMS,
)
VOLUME = Rule(
    "key-volume",
    "the execution role may make grants on the KMS key of the training volumes",
    "Automated labeling cannot start its training, and the job ends Failed.",
    _KMS,
)


@dataclass(frozen=True, slots=True)
class _Use:
    """What a role does with a key.

    Attributes:
        key: id, ARN or alias.
        what: it encrypts, for people.
        role_arn: who uses it.
        actions: on the key.
        rule: broken where the role may not.
    """

    key: str
    what: str
    role_arn: str
    actions: tuple[str, ...]
    rule: Rule


def _existing(subject: Subject) -> Iterator[Finding]:
    for key, what in _keys(subject).items():
        metadata = _described(subject, key)
        if metadata is None:
            yield MISSING.broken(
                f"there is no KMS key {key} ({what}) in {subject.aws.region}",
                "name a key of this Region in the job file, or make one:\n"
                + aws_command("kms", "create-key", region=subject.aws.region),
            )
        elif metadata.get("KeyState", "Enabled") != "Enabled":
            yield _disabled(subject, metadata, what)


def _disabled(subject: Subject, metadata: KeyMetadataTypeDef, what: str) -> Finding:
    key, region = metadata["KeyId"], subject.aws.region
    enable = aws_command("kms", "enable-key", key_id=key, region=region)
    if metadata["KeyState"] == "PendingDeletion":
        enable = aws_command("kms", "cancel-key-deletion", key_id=key, region=region) + "\n" + enable
    return STATE.broken(f"KMS key {key} ({what}) is {metadata['KeyState']}", enable)


def _allowed(subject: Subject) -> Iterator[Finding]:
    for use in _uses(subject):
        metadata = _described(subject, use.key)
        if metadata is None or account_of(metadata["Arn"]) != subject.aws.account:
            continue
        with calling(f"read the policy of KMS key {metadata['KeyId']}"):
            document = subject.aws.kms.get_key_policy(KeyId=metadata["KeyId"], PolicyName="default")["Policy"]
        role = role_name(use.role_arn)
        if refused := refused_by_key(document, use.role_arn, use.actions):
            yield use.rule.broken(
                f"the policy of KMS key {metadata['KeyId']} ({use.what}) does not let {role} do {', '.join(refused)}",
                _named_in(document, subject, metadata["KeyId"], use),
            )
        elif left := left_to_account(document, use.role_arn, use.actions):
            found = refusals(subject.aws, use.role_arn, [Need(left, metadata["Arn"])])
            if found:
                yield use.rule.broken(
                    f"role {role} may not do {found[0]} ({use.what})",
                    grant(use.role_arn, use.rule.code, found),
                )


def _named_in(document: str, subject: Subject, key: str, use: _Use) -> str:
    """The command that lets a role use a key by its policy."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": use.role_arn},
        "Action": list(use.actions),
        "Resource": "*",
    }
    return aws_command(
        "kms",
        "put-key-policy",
        key_id=key,
        policy_name="default",
        policy=policy(*statements(document), statement),
        region=subject.aws.region,
    )


def _keys(subject: Subject) -> dict[str, str]:
    """What each key encrypts."""
    found = {}
    for bucket, uses in subject.buckets.items():
        if key := subject.default_key(bucket):
            found[key] = f"{' and '.join(uses)} in {bucket}"
    if key := _topic_key(subject):
        found[key] = "messages of the output topic"
    if subject.job.volume_key:
        found[subject.job.volume_key] = "training volumes"
    if subject.job.output_key:
        found[subject.job.output_key] = "output"
    return found


def _uses(subject: Subject) -> Iterator[_Use]:
    job, role = subject.job, subject.role
    if role is None:
        return
    out = subject.output_place[0]
    for bucket in subject.buckets:
        key = subject.default_key(bucket)
        if key and not (bucket == out and job.output_key):
            actions: tuple[str, ...] = _READ_WRITE if bucket == out else _READ
            yield _Use(key, f"default key of bucket {bucket}", role["Arn"], actions, ROLE)
    if job.output_key:
        yield _Use(job.output_key, "output", role["Arn"], _READ_WRITE, ROLE)
    if job.volume_key:
        yield _Use(job.volume_key, "training volumes", role["Arn"], ("kms:CreateGrant",), VOLUME)
    if key := _topic_key(subject):
        yield _Use(key, "messages of the output topic", role["Arn"], _PUBLISH, ROLE)
    key = job.output_key or subject.default_key(out)
    function = subject.function("consolidation")
    if key and function and not goes_by_execution_role(subject, function):
        actions = ("kms:Decrypt", "kms:GenerateDataKey") if function.ours else _READ
        yield _Use(key, "output", function.role_arn, actions, FUNCTION)


def _topic_key(subject: Subject) -> str | None:
    """The customer's key by which the output topic encrypts."""
    arn = subject.topics.get("output")
    key = (topic_attributes(arn, subject.aws) or {}).get("KmsMasterKeyId") if arn else None
    return None if not key or key.endswith("alias/aws/sns") else key


def _described(subject: Subject, key: str) -> KeyMetadataTypeDef | None:
    try:
        with calling(f"describe KMS key {key}"):
            return subject.aws.kms.describe_key(KeyId=key)["KeyMetadata"]
    except AwsError as failure:
        if failure.missing:
            return None
        raise


CHECKS = (
    Check("the KMS keys", (MISSING, STATE), _existing),
    Check("who may use the KMS keys", (ROLE, FUNCTION, VOLUME), _allowed),
)
