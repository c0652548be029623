"""Streaming: the topics, what an earlier job left behind, and labels that would come back as objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeljob.aws import calling
from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.streaming.names import queue_name
from labeljob.streaming.queues import find_queue
from labeljob.streaming.topics import topic_attributes

_SNS = "Developer Guide, Create and manage Amazon SNS topics for streaming labeling jobs"
_STREAM = "Developer Guide, Ground Truth streaming labeling jobs"

MISSING = Rule(
    "topic-missing",
    "topics that the job file names by ARN exist",
    "Objects never reach the job, or labels never leave it.",
    "CreateLabelingJob SnsDataSource, OutputConfig.SnsTopicArn",
)
KEY = Rule(
    "topic-key",
    "no topic is encrypted by alias/aws/sns",
    "Nobody but SNS may be allowed to use that key: what is published is refused, so labels never leave the job.",
    _SNS,
)
LOOP = Rule(
    "output-events",
    "S3 sends no events of the output path to the input topic",
    "Each file that the job writes comes back to it as a new object, which workers are paid for.",
    _STREAM,
)
QUEUE = Rule(
    "queue-left",
    "no queue GroundTruth-<job> is left over from an earlier job",
    "The job would find the earlier job's objects, and drop new ones as their duplicates.",
    _STREAM,
)


def _topics(subject: Subject) -> Iterator[Finding]:
    given = {"input": subject.job.input_topic, "output": subject.job.output_topic}
    for purpose, arn in subject.topics.items():
        attributes, place = topic_attributes(arn, subject.aws), subject.job.place(f"{purpose}.topic")
        if attributes is None:
            if (given[purpose] or "").startswith("arn:"):
                yield MISSING.broken(
                    f"there is no {purpose} topic {arn}",
                    "leave it out, and `labeljob create` makes one, or\n"
                    + aws_command(
                        "sns", "create-topic", name=arn.rpartition(":")[2], region=subject.aws.region
                    ),
                    place=place,
                )
        elif (attributes.get("KmsMasterKeyId") or "").endswith("alias/aws/sns"):
            yield KEY.broken(
                f"{purpose} topic {arn} is encrypted by alias/aws/sns",
                "encrypt it by a key of your own whose policy names the execution role, or not at all:\n"
                + aws_command(
                    "sns",
                    "set-topic-attributes",
                    topic_arn=arn,
                    attribute_name="KmsMasterKeyId",
                    attribute_value="",
                    region=subject.aws.region,
                ),
                place=place,
            )


def _loop(subject: Subject) -> Iterator[Finding]:
    topic = subject.topics.get("input")
    bucket = subject.output_place[0]
    if topic is None or not subject.bucket_exists(bucket):
        return
    with calling(f"read the event notifications of bucket {bucket}"):
        reply = subject.aws.s3.get_bucket_notification_configuration(Bucket=bucket)
    found = {name: value for name, value in reply.items() if name != "ResponseMetadata"}
    folder = subject.job_folder.removeprefix(f"s3://{bucket}/")
    looping = [
        one
        for one in reply.get("TopicConfigurations", [])
        if one["TopicArn"] == topic and _about(_prefix(one), folder)
    ]
    if looping:
        kept = [one for one in reply["TopicConfigurations"] if one not in looping]
        yield LOOP.broken(
            f"bucket {bucket} sends events of s3://{bucket}/{_prefix(looping[0])}, where the job writes, to its input topic {topic}",
            "send only those of a prefix with data, or none:\n"
            + aws_command(
                "s3api",
                "put-bucket-notification-configuration",
                bucket=bucket,
                notification_configuration={**found, "TopicConfigurations": kept},
            ),
        )


def _prefix(configuration: Mapping[str, Any]) -> str:
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((str(rule["Value"]) for rule in rules if rule["Name"].lower() == "prefix"), "")


def _about(prefix: str, folder: str) -> bool:
    """Whether events of a prefix tell of what is written to a folder."""
    return f"{folder}/".startswith(prefix) or prefix.startswith(f"{folder}/")


def _queue(subject: Subject) -> Iterator[Finding]:
    if not subject.topics:
        return
    name = queue_name(subject.job.name)
    url = find_queue(name, subject.aws)
    if url:
        yield QUEUE.broken(
            f"there is a queue {name}, which an earlier job of the name has left",
            aws_command("sqs", "delete-queue", queue_url=url, region=subject.aws.region),
            place=subject.job.place("name"),
        )


CHECKS = (
    Check("the topics", (MISSING, KEY), _topics),
    Check("the output bucket's events", (LOOP,), _loop),
    Check("the job's queue", (QUEUE,), _queue),
)
