"""Labels of a streaming job as they arrive on its output topic, read through a queue of one's own."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from labeljob.aws import Aws, AwsError, calling
from labeljob.jobs.outcomes import METADATA, Outcome, read_outcomes
from labeljob.jobs.output import exists
from labeljob.simulation.wire import parse
from labeljob.streaming.data_objects import ID_ATTRIBUTE
from labeljob.streaming.job_stream import JobStream, describe
from labeljob.streaming.names import KEPT, is_ours, tags, tail_prefix
from labeljob.streaming.queues import arn_of, connect, delete, find_queue, unsubscribe
from shared.errors import ContractError

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef, MessageTypeDef

_LONG_POLL = 20
_LAST_LOOK = 1
"""Seconds for which a queue is looked into when the job has ended."""
_AT_ONCE = 10
_TWO_WEEKS = 14 * 24 * 3_600


def tail(
    name: str,
    aws: Aws,
    *,
    most: int | None = None,
    from_start: bool = False,
    idle: float | None = None,
    keep: str | None = None,
    poll: int = _LONG_POLL,
    now: Callable[[], float] = time.monotonic,
) -> Generator[Outcome]:
    """The labels that a streaming job gives from now on, each object once, until the job has ended.

    Closing the iterator ends it too. The queue through which labels come is then deleted, unless it is to be kept.

    Args:
        name: of the job.
        aws: the job's account and Region.
        most: end after so many labels; None for all.
        from_start: give the labels of the output manifest first, and at the end those that came by no message.
        idle: end when nothing has arrived for so many seconds; None: wait until the job has ended.
        keep: name of a queue that stays: a later call goes on where this one has ended.
        poll: seconds, at most 20, that one look into the queue may wait for a label.
        now: seconds that only grow.

    Raises:
        ContractError: the job has no output topic, or has ended, or `keep` is somebody else's queue. AwsError: AWS refuses.
    """
    stream = describe(name, aws)
    reader = _Reader(stream, aws, most)
    if not (stream.ended and from_start and not keep):
        _check(stream, kept=keep is not None)
        with _queue(stream, aws, keep) as url:
            if from_start:
                yield from reader.manifest()
            yield from reader.arriving(url, idle, poll, now)
    if from_start:
        yield from reader.manifest()


def _check(stream: JobStream, *, kept: bool) -> None:
    if stream.output_topic is None:
        raise ContractError(
            f"{stream.name} publishes its labels to no topic; labeljob output {stream.name} reads its output manifest"
        )
    if stream.ended and not kept:
        raise ContractError(
            f"{stream.name} is {stream.status}, no label will arrive; labeljob output {stream.name} shows those it gave"
        )


@contextmanager
def _queue(stream: JobStream, aws: Aws, keep: str | None) -> Iterator[str]:
    """A queue that gets what is published to the output topic."""
    topic = str(stream.output_topic)
    name = keep or f"{tail_prefix(stream.name)}{secrets.token_hex(4)}"
    url = find_queue(name, aws) if keep else None
    if url is None:
        with calling(f"make queue {name}"):
            url = aws.sqs.create_queue(
                QueueName=name,
                Attributes={"MessageRetentionPeriod": str(_TWO_WEEKS)},
                tags={**tags(stream.name), **({KEPT: "yes"} if keep else {})},
            )["QueueUrl"]
    else:
        with calling(f"look at queue {name}"):
            found = aws.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        if not is_ours(found, stream.name):
            raise ContractError(
                f"queue {name} is none that `labeljob tail {stream.name}` made: its messages are for somebody else; name another"
            )
    try:
        connect(name, url, topic, aws)
        yield url
    finally:
        if not keep:
            _discard(url, topic, aws)


def _discard(url: str, topic: str, aws: Aws) -> None:
    """Delete a queue, whatever becomes of its subscription; `labeljob stop` may have deleted both."""
    try:
        unsubscribe(arn_of(url, aws), topic, aws)
    except AwsError as failure:
        if not failure.missing:
            raise
    finally:
        delete(url, aws)


@dataclass(slots=True)
class _Reader:
    stream: JobStream
    aws: Aws
    most: int | None
    seen: set[str] = field(default_factory=set)

    def full(self) -> bool:
        """Whether as many labels were given as are wanted."""
        return self.most is not None and len(self.seen) >= self.most

    def manifest(self) -> Iterator[Outcome]:
        """What the output manifest has, as far as it is new."""
        if self.full() or not exists(self.stream.output_manifest, self.aws):
            return
        for outcome in read_outcomes(self.stream.output_manifest, self.stream.label_attribute, self.aws):
            if outcome.status != "unlabelled" and self._is_new(outcome, ""):
                yield outcome
            if self.full():
                return

    def arriving(
        self, url: str, idle: float | None, poll: int, now: Callable[[], float]
    ) -> Iterator[Outcome]:
        """What arrives at a queue, until the job has ended or nothing has arrived for a time."""
        last, ended = now(), self.stream.ended
        while not self.full():
            left = poll if idle is None else max(idle - (now() - last), 0.0)
            # A look that does not wait may miss what is there: SQS asks some of its servers only.
            try:
                messages = self._received(url, min(poll, _LAST_LOOK if ended else ceil(left)))
            except AwsError as failure:
                if failure.missing and describe(self.stream.name, self.aws).ended:
                    return  # `labeljob stop` has deleted the queue
                raise
            if messages:
                yield from self._given(url, messages)
                last = now()
            elif ended or (idle is not None and now() - last >= idle):
                return
            else:
                ended = describe(self.stream.name, self.aws).ended

    def _given(self, url: str, messages: Sequence[MessageTypeDef]) -> Iterator[Outcome]:
        """The labels of messages, each deleted when the label after it is asked for."""
        taken = []
        try:
            for message in messages:
                outcome, message_id = self._read(message)
                if self._is_new(outcome, message_id):
                    yield outcome
                taken.append(message)
        finally:
            if taken:
                self._forget(url, taken)

    def _received(self, url: str, seconds: int) -> Sequence[MessageTypeDef]:
        wanted = _AT_ONCE if self.most is None else min(_AT_ONCE, self.most - len(self.seen))
        with calling(f"read queue {url}"):
            reply = self.aws.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=wanted, WaitTimeSeconds=seconds
            )
        return reply.get("Messages", [])

    def _forget(self, url: str, messages: Sequence[MessageTypeDef]) -> None:
        entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
            for place, message in enumerate(messages)
        ]
        try:
            with calling(f"delete messages of queue {url}"):
                self.aws.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        except AwsError as failure:
            if not failure.missing:
                raise

    def _read(self, message: MessageTypeDef) -> tuple[Outcome, str]:
        """The label of a message, and the message's id."""
        number, message_id = len(self.seen) + 1, message["MessageId"]
        try:
            envelope = parse(message["Body"])
            message_id = envelope["MessageId"]
            line: dict[str, Any] = dict(parse(envelope["Message"]))
        except (ValueError, TypeError, KeyError):
            return Outcome(number, {}, None, {}, "a message is no line of an output manifest"), message_id
        label, metadata = (
            line.get(self.stream.label_attribute),
            line.get(self.stream.label_attribute + METADATA),
        )
        return Outcome(number, line, label, metadata if isinstance(metadata, dict) else {}), message_id

    def _is_new(self, outcome: Outcome, message_id: str) -> bool:
        """Whether this object has not been seen: SNS and SQS may deliver twice."""
        key = outcome.line.get(str(outcome.line.get(ID_ATTRIBUTE)))
        if not isinstance(key, str):
            written = json.dumps(outcome.line, sort_keys=True) if outcome.line else message_id
            key = hashlib.sha256(written.encode()).hexdigest()
        if key in self.seen:
            return False
        self.seen.add(key)
        return True
