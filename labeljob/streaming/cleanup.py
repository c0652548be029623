"""What a streaming job leaves behind when it has ended, and how it is removed: never what others made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labeljob.aws import Aws, AwsError, calling
from labeljob.report.words import count
from labeljob.streaming.job_stream import JobStream
from labeljob.streaming.names import KEPT, is_ours, policy_name, queue_name, tag_values, tail_prefix
from labeljob.streaming.queues import arn_of, delete, find_queue, messages_in, subscriptions, unsubscribe
from labeljob.streaming.role import role_name
from labeljob.streaming.topics import topic_attributes
from shared.errors import ContractError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One thing that a streaming job left behind.

    Attributes:
        what: such as `queue GroundTruth-roads-7`.
        deleted: whether it is gone now.
        note: what was in it, or why it is still there; may be empty.
    """

    what: str
    deleted: bool
    note: str = ""

    def __str__(self) -> str:
        note = f": {self.note}" if self.note else ""
        return f"{'deleted' if self.deleted else 'left'} {self.what}{note}"


def clean_up(
    job_name: str, description: DescribeLabelingJobResponseTypeDef, aws: Aws, *, topics: bool = False
) -> tuple[Cleaned, ...]:
    """Remove what a streaming job that has ended leaves behind.

    That is the service's queue with its subscription, queues of `labeljob tail`, the inline policy that labeljob gave the execution role,
    and, if asked for, those of the two topics that labeljob made. What is there no more is passed over, so it may be called again.

    Args:
        job_name: name of the job.
        description: reply of DescribeLabelingJob.
        aws: where.
        topics: whether the topics that labeljob made for this job are removed too.

    Returns:
        What was deleted and what was left, and why; empty when there was nothing.

    Raises:
        ContractError: the job has not ended, or is a batch job.
    """
    stream = JobStream.of(description)
    if not stream.ended:
        raise ContractError(
            f"{job_name} is {stream.status}; its queue and topics are in use until it has ended: labeljob stop {job_name}"
        )
    cleaning = _Cleaning(stream, aws)
    cleaning.service_queue()
    cleaning.tail_queues()
    cleaning.role_policy(description["RoleArn"])
    for arn in (stream.input_topic, stream.output_topic):
        if arn:
            cleaning.topic(arn, wanted=topics)
    return tuple(cleaning.done)


def objects_waiting(job_name: str, aws: Aws) -> int:
    """About how many objects wait in a streaming job's queue, which nobody labels once it is stopped; 0 where SQS does not say."""
    try:
        url = find_queue(queue_name(job_name), aws)
        return messages_in(url, aws) if url else 0
    except AwsError:
        return 0


@dataclass(slots=True)
class _Cleaning:
    stream: JobStream
    aws: Aws
    done: list[Cleaned] = field(default_factory=list)

    def service_queue(self) -> None:
        """The queue that the service made, and its subscription to the input topic."""
        name, topic = self.stream.queue, self.stream.input_topic
        partition, region = topic.split(":")[1:4:2]
        with self._trying(f"queue {name}"):
            self._unsubscribe(f"arn:{partition}:sqs:{region}:{self.aws.account}:{name}", topic)
            url = find_queue(name, self.aws)
            if url:
                waiting = messages_in(url, self.aws)
                delete(url, self.aws)
                lost = f"with {count(waiting, 'object')} never labelled; publish them to another job"
                self._deleted(f"queue {name}", lost if waiting else "")

    def tail_queues(self) -> None:
        """Queues of `labeljob tail` that did not delete their own, by name and by subscription."""
        prefix, topic = tail_prefix(self.stream.name), self.stream.output_topic
        with self._trying(f"queues {prefix}*"):
            pages = self.aws.sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
            urls = {url for page in pages for url in page.get("QueueUrls", ())}
            if topic:
                subscribed = (item for item in subscriptions(topic, self.aws) if item["Protocol"] == "sqs")
                urls |= {url for item in subscribed if (url := self._own_queue(item["Endpoint"]))}
            for url in sorted(urls):
                self._tail_queue(url)

    def role_policy(self, role_arn: str) -> None:
        """The inline policy that `create` gave the execution role."""
        role, policy = role_name(role_arn), policy_name(self.stream.name)
        with self._trying(f"policy {policy} of role {role}"):
            self.aws.iam.delete_role_policy(RoleName=role, PolicyName=policy)
            self._deleted(f"policy {policy} of role {role}")

    def topic(self, arn: str, *, wanted: bool) -> None:
        """A topic, when labeljob made it for this job."""
        what = f"topic {arn}"
        with self._trying(what):
            if topic_attributes(arn, self.aws) is None:
                return
            tags = tag_values(self.aws.sns.list_tags_for_resource(ResourceArn=arn)["Tags"])
            others = subscriptions(arn, self.aws)
            if not is_ours(tags, self.stream.name):
                self._left(what, "labeljob did not make it for this job")
            elif not wanted:
                self._left(what, f"labeljob stop {self.stream.name} --topics deletes it")
            elif others:
                self._left(what, f"{others[0]['Endpoint']} is subscribed to it")
            else:
                self.aws.sns.delete_topic(TopicArn=arn)
                self._deleted(what)

    def _tail_queue(self, url: str) -> None:
        name = url.rpartition("/")[2]
        tags = self.aws.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        if not is_ours(tags, self.stream.name):
            return
        if KEPT in tags:
            self._left(f"queue {name}", f"it was to be kept; aws sqs delete-queue --queue-url {url}")
            return
        if self.stream.output_topic:
            self._unsubscribe(arn_of(url, self.aws), self.stream.output_topic)
        delete(url, self.aws)
        self._deleted(f"queue {name}")

    def _own_queue(self, arn: str) -> str | None:
        """The URL of a subscribed queue of this account and Region."""
        region, account, name = arn.split(":")[3:6]
        return (
            find_queue(name, self.aws) if (region, account) == (self.aws.region, self.aws.account) else None
        )

    def _unsubscribe(self, queue_arn: str, topic: str) -> None:
        if unsubscribe(queue_arn, topic, self.aws):
            self._deleted(f"subscription of {queue_arn.rpartition(':')[2]} to {topic.rpartition(':')[2]}")

    def _deleted(self, what: str, note: str = "") -> None:
        self.done.append(Cleaned(what, deleted=True, note=note))

    def _left(self, what: str, note: str) -> None:
        self.done.append(Cleaned(what, deleted=False, note=note))

    @contextmanager
    def _trying(self, what: str) -> Iterator[None]:
        """What cannot be deleted is left and named; what is gone already is passed over."""
        try:
            with calling(f"delete {what}"):
                yield
        except AwsError as failure:
            if not failure.missing:
                self._left(what, failure.message)
