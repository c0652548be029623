"""A streaming job's queue and topics: what the service makes, takes from and sends to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from labeljob.aws import AwsError, calling
from labeljob.simulation.streaming_job import UNSENT, Clients, StreamedJob

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef

AT_ONCE = 10
"""Most messages that SNS and SQS take or give in one call."""
MESSAGE_BYTES = 262_144
"""Most that SNS takes in one call."""
_VISIBILITY = 30
"""Seconds for which a message taken is hidden; one that is still there thereafter is known by its id."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Taken:
    """A message taken from the queue.

    Attributes:
        body: as it came.
        message_id: in the queue.
        receipt: to delete it by.
        sent: when it came into the queue, in real seconds since 1970.
    """

    body: str
    message_id: str
    receipt: str
    sent: float


class Channel:
    """The queue, subscribed to the input topic, and the output topic."""

    def __init__(self, job: StreamedJob, aws: Clients) -> None:
        """Make the queue `GroundTruth-<job>` and subscribe it, where that is not done already.

        Raises:
            AwsError: a call is refused.
        """
        self._job, self._aws = job, aws
        with calling(f"make queue {job.queue_name}"):
            self._url = aws.sqs.create_queue(QueueName=job.queue_name)["QueueUrl"]
            attributes = aws.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
            arn = attributes["Attributes"]["QueueArn"]
            aws.sqs.set_queue_attributes(
                QueueUrl=self._url,
                Attributes={
                    "Policy": _policy(arn, job.input_topic),
                    "MessageRetentionPeriod": str(int(UNSENT.total_seconds())),
                    "VisibilityTimeout": str(_VISIBILITY),
                },
            )
        with calling(f"subscribe queue {job.queue_name} to {job.input_topic}"):
            subscription = aws.sns.subscribe(
                TopicArn=job.input_topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
            )
        self._subscription = subscription["SubscriptionArn"]

    def take(self, most: int, wait: int) -> list[Taken]:
        """Take up to `most` messages, waiting up to `wait` (0-20) seconds for the first.

        Raises:
            AwsError: the call is refused.
        """
        with calling(f"receive from queue {self._job.queue_name}"):
            reply = self._aws.sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(most, AT_ONCE),
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        return [
            Taken(
                message["Body"],
                message["MessageId"],
                message["ReceiptHandle"],
                int(message["Attributes"]["SentTimestamp"]) / 1000,
            )
            for message in reply.get("Messages", ())
        ]

    def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages; one whose receipt is no longer good comes again, and is deleted then.

        Raises:
            AwsError: a call is refused.
        """
        for some in _chunks(receipts, AT_ONCE):
            with calling(f"remove messages of queue {self._job.queue_name}"):
                self._aws.sqs.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": receipt} for place, receipt in enumerate(some)
                    ],
                )

    def depth(self) -> int:
        """Messages in the queue, those taken and not deleted among them.

        Raises:
            AwsError: the call is refused.
        """
        with calling(f"count messages in queue {self._job.queue_name}"):
            reply = self._aws.sqs.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        return sum(map(int, reply["Attributes"].values()))

    def unsubscribe(self) -> None:
        """What the service does when the job stops; the queue stays.

        Raises:
            AwsError: the call is refused.
        """
        with calling(f"unsubscribe queue {self._job.queue_name}"):
            self._aws.sns.unsubscribe(SubscriptionArn=self._subscription)


def publish(aws: Clients, topic: str, texts: Sequence[str]) -> list[str]:
    """Send a batch of messages, as made by `in_batches`, to a topic.

    Returns:
        Their SNS message ids.

    Raises:
        AwsError: the call, or one of the messages, is refused.
    """
    entries: list[PublishBatchRequestEntryTypeDef] = [
        {"Id": str(place), "Message": text} for place, text in enumerate(texts)
    ]
    with calling(f"publish to {topic}"):
        reply = aws.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    for failed in reply.get("Failed", ()):
        raise AwsError(
            f"cannot publish to {topic}: {failed['Code']}: {failed.get('Message', '')}",
            error_code=failed["Code"],
        )
    names = {entry["Id"]: entry["MessageId"] for entry in reply["Successful"]}
    return [names[entry["Id"]] for entry in entries]


def in_batches(messages: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Numbered messages in the batches that SNS takes: at most ten, and so many bytes; one that is too large alone stands alone."""
    batch: list[tuple[int, str]] = []
    size = 0
    for number, text in messages:
        length = len(text.encode())
        if batch and (len(batch) == AT_ONCE or size + length > MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((number, text))
        size += length
    if batch:
        yield batch


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _policy(queue: str, topic: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
