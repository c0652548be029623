"""Publishing data objects to a running job: as fast as its queue takes them, each at least once, under the same id every time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from labeljob.aws import Aws, calling
from labeljob.streaming import sources
from labeljob.streaming.data_objects import MESSAGE_BYTES, DataObject, Refused
from labeljob.streaming.job_stream import JobStream, describe
from labeljob.streaming.ledger import Ledger, default_path
from labeljob.streaming.queues import connect, find_queue, messages_in
from shared.errors import ContractError

BATCH = 10
"""Most messages of one PublishBatch."""
_ATTEMPTS = 6
_LOOK_AGAIN, _FIRST_PAUSE = 10.0, 1.0
_QUEUE_ATTEMPTS = 6
_AGE = 15.0
"""Seconds for which what was seen of job and queue is taken to hold."""
_LAG = 5.0
"""For so long SQS may not count a message that SNS has taken: it is counted here meanwhile."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast to publish, and by which clock.

    Attributes:
        max_queued: most objects to wait in the job's queue; None for twice MaxConcurrentTaskCount.
        rate: most objects per second, or None.
        now: seconds that only grow.
        wait: called with seconds to let pass.
    """

    max_queued: int | None = None
    rate: float | None = None
    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = time.sleep


@dataclass(slots=True)
class Published:
    """What became of the data objects.

    Attributes:
        sent: objects that SNS has taken.
        skipped: objects that had been sent before.
        refused: what is no data object of the job, and why.
        failed: objects that SNS did not take; publishing again sends them.
        left_out: files in S3 folders that are no images or clips, by what they end in.
        mended: what was missing at the queue, in words.
    """

    sent: int = 0
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    mended: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every object is with the job."""
        return not self.refused and not self.failed


OnProgress = Callable[[Published, str], None]
"""Called with what became of the objects so far, and what is waited for, which is empty while objects are sent."""


def _silent(_done: Published, _waiting: str) -> None:
    """Show nothing."""


def publish(
    name: str,
    locations: Sequence[str],
    aws: Aws,
    *,
    id_key: str | None = None,
    pacing: Pacing | None = None,
    ledger: Path | None = None,
    again: bool = False,
    stdin: BufferedReader | None = None,
    on_progress: OnProgress = _silent,
) -> Published:
    """Send data objects to a streaming job, those that were sent already left out.

    A job that initializes is waited for. Killed at any point and called again, it goes on: every object reaches the topic at least once,
    and one that reaches it twice has the same id, so that it is labelled once.

    Args:
        name: of the job.
        locations: see `sources.find`.
        aws: the job's account and Region.
        id_key: key that holds an object's id where the line names none.
        pacing: how fast.
        ledger: file that remembers what was sent; None for one in the person's state folder.
        again: forget what was sent, and send all of it.
        stdin: what the location `-` reads.
        on_progress: see `OnProgress`.

    Raises:
        ContractError: the job is none that takes objects now, or a location cannot be read. AwsError: AWS refuses.
    """
    pace = pacing or Pacing()
    done = Published()
    stream = describe(name, aws)
    found = sources.find(locations, stream, aws, id_key=id_key, stdin=stdin)
    stream = _when_open(stream, aws, pace, lambda waiting: on_progress(done, waiting))
    url = _queue(stream, aws, pace, lambda waiting: on_progress(done, waiting))
    done.mended = connect(stream.queue, url, stream.input_topic, aws)
    with Ledger.opened(ledger or default_path(stream), stream) as sent:
        if again:
            sent.forget()
        publisher = _Publisher(stream, aws, sent, _Gate(stream, url, aws, pace, done), done, on_progress)
        publisher.run(found)
    done.left_out = dict(found.left_out)
    return done


def _when_open(stream: JobStream, aws: Aws, pace: Pacing, tell: Callable[[str], None]) -> JobStream:
    while stream.status == "Initializing":
        tell(f"{stream.name} is Initializing: objects sent now would be lost, waiting for InProgress")
        pace.wait(_LOOK_AGAIN)
        stream = describe(stream.name, aws)
    if stream.status != "InProgress":
        raise ContractError(f"{stream.name} is {stream.status}, it takes no objects: nothing was sent")
    return stream


def _queue(stream: JobStream, aws: Aws, pace: Pacing, tell: Callable[[str], None]) -> str:
    for _ in range(_QUEUE_ATTEMPTS):
        url = find_queue(stream.queue, aws)
        if url:
            return url
        tell(f"waiting for the queue {stream.queue}, which the service makes")
        pace.wait(_LOOK_AGAIN)
    raise ContractError(
        f"the queue {stream.queue}, which the service makes for {stream.name}, is not there: objects sent now would be lost; if "
        "somebody deleted it, stop the job and create it anew"
    )


class _Gate:
    """Lets objects through while the job runs, its queue has room and the rate allows."""

    def __init__(self, stream: JobStream, url: str, aws: Aws, pace: Pacing, done: Published) -> None:
        self._stream, self._url, self._aws, self._pace, self._done = stream, url, aws, pace, done
        self._most = pace.max_queued or 2 * stream.max_concurrent
        self._recent: deque[tuple[float, int]] = deque()
        self._next = self._checked = pace.now()
        self._look()
        self.batch = BATCH if pace.rate is None else min(BATCH, max(1, int(pace.rate)))

    def room(self, wanted: int, tell: Callable[[str], None]) -> int:
        """How many of the objects wanted may be sent now, at least one; waits until one may.

        Raises:
            ContractError: the job has ended.
        """
        self._wait_for_rate()
        if self._free() < 1 or self._pace.now() - self._looked > _AGE:
            self._look()
        while self._free() < 1:
            tell(f"{self._most} objects wait in the job's queue: waiting for workers")
            self._pace.wait(_FIRST_PAUSE)
            self._look()
        self._check_status()
        return min(wanted, self._free())

    def passed(self, count: int) -> None:
        """So many objects were sent."""
        now = self._pace.now()
        self._recent.append((now, count))
        if self._pace.rate:
            self._next = max(self._next, now) + count / self._pace.rate

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._pace.wait(seconds)

    def _free(self) -> int:
        """Room by what was seen last, and by what was sent so late that it may not have been counted."""
        while self._recent and self._recent[0][0] < self._looked - _LAG:
            self._recent.popleft()
        return self._most - self._queued - sum(count for _, count in self._recent)

    def _look(self) -> None:
        self._looked = self._pace.now()
        self._queued = messages_in(self._url, self._aws)
        self._check_status()

    def _check_status(self) -> None:
        now = self._pace.now()
        if now - self._checked < _AGE:
            return
        self._checked = now
        status = describe(self._stream.name, self._aws).status
        if status != "InProgress":
            raise ContractError(
                f"{self._stream.name} is {status} now and takes no more objects; {self._done.sent:,} were sent before"
            )

    def _wait_for_rate(self) -> None:
        early = self._next - self._pace.now()
        if early > 0:
            self._pace.wait(early)


@dataclass(slots=True)
class _Publisher:
    stream: JobStream
    aws: Aws
    ledger: Ledger
    gate: _Gate
    done: Published
    on_progress: OnProgress
    batch: list[DataObject] = field(default_factory=list)
    size: int = 0

    def run(self, objects: Iterable[DataObject | Refused | None]) -> None:
        """Send all of them."""
        for found in objects:
            if found is None:
                self._flush()
            elif isinstance(found, Refused):
                self.done.refused.append(found)
            elif self._is_new(found):
                self._add(found)

    def _is_new(self, found: DataObject) -> bool:
        waiting = (other.digest for other in self.batch if other.object_id == found.object_id)
        known = next(waiting, None) or self.ledger.digest_of(found.object_id)
        if known is None:
            return True
        if known != found.digest:
            reason = (
                f"has the id {found.object_id!r} of another object, which was sent: the job labels an id once"
            )
            self.done.refused.append(Refused(found.place, reason, "give it an id of its own"))
        else:
            self.done.skipped += 1
        return False

    def _add(self, found: DataObject) -> None:
        size = len(found.message.encode())
        if self.size + size > MESSAGE_BYTES:
            self._flush()
        self.batch.append(found)
        self.size += size
        if len(self.batch) >= self.gate.batch:
            self._flush()

    def _flush(self) -> None:
        while self.batch:
            room = self.gate.room(len(self.batch), lambda waiting: self.on_progress(self.done, waiting))
            now, self.batch = self.batch[:room], self.batch[room:]
            self._send(now)
            self.on_progress(self.done, "")
        self.size = 0

    def _send(self, objects: list[DataObject]) -> None:
        """Publish some objects; those that SNS does not take for reasons of its own are tried again, slower and slower."""
        pause = _FIRST_PAUSE
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.gate.pause(pause)
                pause *= 2
            objects = self._attempt(objects, last=attempt == _ATTEMPTS - 1)
            if not objects:
                return

    def _attempt(self, objects: list[DataObject], *, last: bool) -> list[DataObject]:
        """Publish once; those worth another attempt."""
        with calling(f"publish to {self.stream.input_topic}"):
            reply = self.aws.sns.publish_batch(
                TopicArn=self.stream.input_topic,
                PublishBatchRequestEntries=[
                    {"Id": str(place), "Message": found.message} for place, found in enumerate(objects)
                ],
            )
        taken = {int(entry["Id"]): entry["MessageId"] for entry in reply["Successful"]}
        self.ledger.enter(
            (objects[place].object_id, objects[place].digest, message_id)
            for place, message_id in taken.items()
        )
        self.gate.passed(len(taken))
        self.done.sent += len(taken)
        failures = {int(entry["Id"]): entry for entry in reply.get("Failed", ())}
        again = []
        for place, found in enumerate(objects):
            if place in taken:
                continue
            failure = failures.get(place, {"Code": "no reply", "SenderFault": False})
            if failure["SenderFault"] or last:
                reason = f"was not taken by SNS: {failure['Code']} {failure.get('Message', '')}".rstrip()
                self.done.failed.append(Refused(found.place, reason))
            else:
                again.append(found)
        return again
