"""The two SNS topics of a streaming job: objects come in by one, labels go out by the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from labeljob.aws import Aws, AwsError, calling
from labeljob.launch.job_file import JobFile
from labeljob.streaming.names import tags, topic_name
from shared.errors import ContractError

_ARN = re.compile(r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[A-Za-z0-9_.-]+)")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_AWS_KEY = "alias/aws/sns"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of a streaming job.

    Attributes:
        input_arn: objects are published here.
        output_arn: the service publishes labels here.
        missing: those of the two that are not there.
        output_key: KMS key by which the output topic is encrypted, as its attributes name it, or None.
    """

    input_arn: str
    output_arn: str
    missing: tuple[str, ...] = ()
    output_key: str | None = None


def plan(job: JobFile, aws: Aws) -> Topics:
    """Find the topics that a job file names, or those named after the job; makes nothing.

    Raises:
        ContractError: a topic cannot serve: it is in another Region, FIFO, encrypted by a key that the service cannot use, both
            are the same, or an ARN names none. AwsError: SNS refuses.
    """
    input_arn = _arn(job.input_topic or topic_name(job.name, "input"), "input topic", aws)
    output_arn = _arn(job.output_topic or topic_name(job.name, "output"), "output topic", aws)
    if input_arn == output_arn:
        raise ContractError(
            f"input and output topic are both {input_arn}: the job would take each of its labels for a new object; name two topics"
        )
    missing, output_key = [], None
    for arn, given, purpose in (
        (input_arn, job.input_topic, "input topic"),
        (output_arn, job.output_topic, "output topic"),
    ):
        attributes = topic_attributes(arn, aws)
        if attributes is None:
            if given and given.startswith("arn:"):
                raise ContractError(f"there is no {purpose} {arn}; make it, or give a name instead of an ARN")
            missing.append(arn)
        elif attributes.get("FifoTopic") == "true":
            raise _fifo(arn, purpose)
        elif arn == output_arn:
            output_key = attributes.get("KmsMasterKeyId") or None
    if output_key and output_key.endswith(_AWS_KEY):
        raise ContractError(
            f"output topic {output_arn} is encrypted by {_AWS_KEY}, which the job's role cannot be allowed to use; "
            f"encrypt it by a key of your own: aws sns set-topic-attributes --topic-arn {output_arn} "
            "--attribute-name KmsMasterKeyId --attribute-value KEY"
        )
    return Topics(input_arn, output_arn, tuple(missing), output_key)


def ensure(job: JobFile, aws: Aws) -> Topics:
    """Make the topics of a streaming job, or reuse those that are there. What is made is tagged as labeljob's.

    Raises:
        ContractError: a topic cannot serve, see `plan`. AwsError: SNS refuses.
    """
    planned = plan(job, aws)
    for arn in planned.missing:
        name = arn.rpartition(":")[2]
        with calling(f"make topic {name}"):
            aws.sns.create_topic(
                Name=name, Tags=[{"Key": key, "Value": value} for key, value in tags(job.name).items()]
            )
    return replace(planned, missing=())


def topic_attributes(arn: str, aws: Aws) -> dict[str, str] | None:
    """The attributes of a topic; None when there is no such topic.

    Raises:
        AwsError: SNS refuses.
    """
    try:
        with calling(f"look at topic {arn}"):
            return aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    except AwsError as failure:
        if failure.missing:
            return None
        raise


def _arn(given: str, purpose: str, aws: Aws) -> str:
    """The ARN of a topic given by ARN or name."""
    if given.endswith(".fifo"):
        raise _fifo(given, purpose)
    if not given.startswith("arn:"):
        if not _NAME.fullmatch(given):
            raise ContractError(
                f"{purpose} {given!r} is neither an ARN nor a name of 1 to 256 letters, digits, - and _"
            )
        return f"arn:{aws.sns.meta.partition}:sns:{aws.region}:{aws.account}:{given}"
    parts = _ARN.fullmatch(given)
    if not parts:
        raise ContractError(f"{purpose} {given!r} is not the ARN of an SNS topic")
    if parts["region"] != aws.region:
        raise ContractError(f"{purpose} {given} must be in the job's Region, {aws.region}")
    return given


def _fifo(topic: str, purpose: str) -> ContractError:
    return ContractError(
        f"{purpose} {topic} is FIFO; a labeling job takes standard topics only: name another, or leave it out"
    )
