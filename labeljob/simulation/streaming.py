"""A streaming labeling job: takes objects from its queue, gets them answered and labelled, and announces each label once.

Killed at any point and started again on the same journal, every object is labelled once and none is lost: a message is deleted only
after the journal on disk has its objects, and what was under way is done again with the same request. Announcing is at least once: the
at most ten labels of the call during which the job was killed may be announced again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Self

from labeljob.output_layout import OUTPUT_MANIFEST
from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.bucket import Bucket
from labeljob.simulation.functions import Functions, Refusal
from labeljob.simulation.handlers import Callables
from labeljob.simulation.inputs import LOGS
from labeljob.simulation.job import JobFailedError
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.output import EXPIRED
from labeljob.simulation.streaming_clock import SimulatedClock
from labeljob.simulation.streaming_job import IDLE, UNSENT, Answers, Clients, Counters, StreamedJob
from labeljob.simulation.streaming_journal import Journal, Outcome
from labeljob.simulation.streaming_labeling import UNTIL_REPLY, Labeling
from labeljob.simulation.streaming_message import Message, manifest_arrival
from labeljob.simulation.streaming_queue import AT_ONCE, MESSAGE_BYTES, Channel, in_batches, publish
from labeljob.simulation.workers import accepted_at

_UNTIL_REQUEST = timedelta(seconds=60)
"""From an answer to the request that it is sent with, together with all that came meanwhile."""
_SOON = timedelta(hours=1)
"""Time leaps farther only where nothing is left in the queue: messages hidden there would be too old when they show."""
_MANIFEST_EVERY = timedelta(minutes=10)
"""How often the output manifest is written anew while there is work."""


class StreamingJob:
    """A streaming labeling job on an endpoint with S3, SNS and SQS.

    One thread steps it; `status`, `counters` and `request_stop` may be used from others.

    Attributes:
        status: `Initializing`, `InProgress`, `Stopping`, `Stopped` or `Failed`, as DescribeLabelingJob says it.
        failure_reason: of a failed job, in the service's words, else None.
        cause: what was really wrong with a failed job, else None.
        counters: what it has done so far.
        warnings: what a person should know, each once.
        page: the worker page of the first object that was sent out, where the job has a template.
    """

    def __init__(
        self,
        job: StreamedJob,
        aws: Clients,
        answers: Answers,
        handlers: Callables,
        folder: Path,
        *,
        manifest: Sequence[ManifestLine] = (),
        template: WorkerTemplate | None = None,
        bucket: Bucket | None = None,
        keep: Callable[[], None] = lambda: None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        """Open the job, or take up one that was killed.

        Args:
            job: what it is.
            aws: its clients.
            answers: what workers answer.
            handlers: its two functions.
            folder: for the journal and the functions' logs; the journal of a killed job is continued.
            manifest: lines of the one-time manifest, processed first.
            template: worker page to render for every object, or None.
            bucket: what writes to S3; None for one of `aws`.
            keep: called before labels are noted as made, to save what their consolidation left in S3 where that does not last.
            real_time: seconds since 1970.

        Raises:
            ContractError: the journal cannot be used.
        """
        self.journal = Journal(folder)
        self.status = self.journal.fact("status", "Initializing")
        self.failure_reason: str | None = None
        self.cause: str | None = None
        self.warnings: dict[str, None] = {}
        self.page: str | None = None
        self._job, self._aws, self._manifest = job, aws, manifest
        self._keep, self._real_time = keep, real_time
        self._bucket = bucket or Bucket(aws.s3)
        self._functions = Functions(
            job,
            handlers,
            logs=folder / LOGS,
            time_limit=job.time_limit,
            template=template,
            warn=self._warn,
            show=self._show,
        )
        self._labeling = Labeling(job, self._bucket, self._functions, answers)
        now = datetime.fromisoformat(self.journal.fact("now", job.start_time.isoformat()))
        self._clock = SimulatedClock(now, real_time())
        self._in_work = {entry.number: entry for entry in self.journal.in_state("working")}
        self._last_accepted = max(
            (entry.accepted for entry in self._in_work.values() if entry.accepted), default=now
        )
        self._peak = int(self.journal.fact("peak", "0"))
        self._channel: Channel | None = None
        self._open = True
        self._written, self._unwritten = now, True
        self._last_busy = now
        self._stop = Event()
        self.counters = self._counted()

    def __enter__(self) -> Self:
        """The job."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal; a job that is not over can be taken up again."""
        self.journal.close()

    @property
    def now(self) -> datetime:
        """The simulated time, UTC."""
        return self._clock.now

    @property
    def over(self) -> bool:
        """Whether the job has stopped or failed."""
        return self.status in {"Stopped", "Failed"}

    def request_stop(self) -> None:
        """Have the job stop at its next step; what is finished by then is labelled."""
        self._stop.set()
        if not self.over:
            self.status = "Stopping"

    def idle(self) -> bool:
        """Whether every object that came is done with and the queue is empty.

        Raises:
            AwsError: the queue cannot be asked.
        """
        if self._in_work or self.journal.tally["waiting"] or self._channel is None:
            return False
        return not self._unseen(self._channel)

    def let_pass(self, duration: timedelta) -> None:
        """Let simulated time pass."""
        self._advance_to(self.now + duration)

    def step(self, wait: int = 0) -> bool:
        """Take some messages, or else go on to when the next objects are answered and have them labelled.

        Args:
            wait: seconds to wait for messages when there is nothing else to do, 0-20.

        Returns:
            Whether anything happened; False means that the job waits for objects.

        Raises:
            GtConsensusError: AWS refuses, or the worker page cannot be rendered. The job can be taken up again.
        """
        if self.over:
            return False
        try:
            happened = self._step(wait)
        except JobFailedError as failure:
            self.failure_reason, self.cause = failure.message, failure.cause
            self._end("Failed")
            happened = True
        self.counters = self._counted()
        return happened

    def _step(self, wait: int) -> bool:
        channel = self._channel = self._channel or self._opened()
        for iteration, moment in self.journal.open_requests():
            self._consolidate(iteration, moment)
        if self._stop.is_set():
            self._label_finished(at_once=True)
            self._announce()
            self._end("Stopped")
            return True
        due = self._next_due()
        soon = due is not None and due - self.now <= _SOON
        happened = self._take(channel, 0 if soon or self.journal.tally["waiting"] else wait)
        happened = self._begin() or happened
        if not happened and due is not None and (soon or not self._open or not self._unseen(channel)):
            self._advance_to(due + _UNTIL_REQUEST)
            happened = True
        happened = self._label_finished() or happened
        happened = self._announce() or happened
        if happened:
            self._last_busy = self.now
        elif self.now - self._last_busy >= IDLE and self.idle():
            self._end("Stopped")
            return True
        self._write_manifest(at_once=not happened)
        return happened

    def _opened(self) -> Channel:
        """Make the queue; note the one-time manifest, once."""
        channel = Channel(self._job, self._aws)
        if self.status == "Initializing":
            self.journal.receive_manifest(map(manifest_arrival, self._manifest))
            self._settle_in("InProgress")
        self._delete_noted(channel)
        return channel

    def _room(self) -> int:
        """How many objects may be taken: once as many are in work as may be, none before clearly fewer are."""
        most = self._job.max_concurrent
        if len(self._in_work) >= most:
            self._open = False
        elif len(self._in_work) < max(1, most - self._job.workers):
            self._open = True
        return most - len(self._in_work) if self._open else 0

    def _take(self, channel: Channel, wait: int) -> bool:
        """Take messages while there is room; whether there were any."""
        room = self._room() - self.journal.tally["waiting"]
        if room <= 0:
            return False
        taken = channel.take(room, wait)
        with self.journal.together():
            for one in taken:
                message = Message.read(one.body, one.message_id)
                if self.now - self._clock.at(one.sent) >= UNSENT:
                    self.journal.drop(message.name, one.receipt)
                    continue
                arrivals = message.arrivals(self._job.label_attribute_name, self._job.streaming)
                self.journal.receive(message.name, one.receipt, arrivals)
        self._delete_noted(channel)
        return bool(taken)

    def _delete_noted(self, channel: Channel) -> None:
        """Delete from the queue what the journal has: SQS would hide it for 12 hours at most, and objects may be in work for longer."""
        if noted := self.journal.undeleted():
            channel.delete([receipt for _, receipt in noted])
            self.journal.deleted([name for name, _ in noted])

    def _begin(self) -> bool:
        """Send waiting objects out to workers; whether there were any."""
        entries = self.journal.in_state("waiting", self._room()) if self.journal.tally["waiting"] else []
        refused, begun = [], []
        for entry in entries:
            line = self._labeling.line(entry)
            if entry.fault is not None:
                refusal: Refusal | None = Refusal("bad message", f"the data object {entry.fault}")
            else:
                refusal = self._functions.send_out(line)
            if refusal is not None:
                refused.append(self._labeling.refused(line, refusal))
                continue
            accepted = self._last_accepted = accepted_at(max(self.now, self._last_accepted), 0)
            answered = self._labeling.answered(line, accepted)
            finished = answered.finished if answered else accepted + self._job.availability
            begun.append(replace(entry, accepted=accepted, finished=finished))
        with self.journal.together():
            self.journal.work(begun)
            self._settle(refused)
        self._in_work |= {entry.number: entry for entry in begun}
        self._peak = max(self._peak, len(self._in_work))
        return bool(entries)

    def _next_due(self) -> datetime | None:
        """When the next object in work is finished."""
        return min((entry.finished for entry in self._in_work.values() if entry.finished), default=None)

    def _label_finished(self, *, at_once: bool = False) -> bool:
        """Consolidate what is answered, give up what nobody answered in time, when it is time to; whether there was any."""
        due = self._next_due()
        if due is None or (due + _UNTIL_REQUEST > self.now and not at_once):
            return False
        finished = [
            entry for entry in self._in_work.values() if entry.finished and entry.finished <= self.now
        ]
        answered, expired = [], []
        for entry in finished:
            line = self._labeling.line(entry)
            if self._labeling.answered(line, self.now):
                answered.append(entry.number)
            else:
                expired.append(
                    self._labeling.refused(line, Refusal("expired", "no worker answered", EXPIRED))
                )
        self._settle(expired)
        if answered:
            self._consolidate(self.journal.request(answered, self.now), self.now)
        return bool(finished)

    def _consolidate(self, iteration: int, moment: datetime) -> None:
        """Have one request labelled; done again after a crash, it is the same request."""
        outcomes = self._labeling.consolidate(iteration, moment, self.journal.of_request(iteration))
        self._advance_to(moment + UNTIL_REPLY)
        self._keep()
        self._settle(outcomes, iteration)

    def _announce(self) -> bool:
        """Send labels to the output topic; whether there were any."""
        happened = False
        if self._job.output_topic is not None:
            states = ["labeled", "failed"] if self._job.streaming.failures == "published" else ["labeled"]
            while lines := self.journal.to_announce(states, AT_ONCE):
                for batch in in_batches(lines):
                    if len(batch[0][1].encode()) > MESSAGE_BYTES:
                        wrong = f"its output line is longer than the {MESSAGE_BYTES} bytes that SNS takes"
                        self._warn([f"object {batch[0][0]} was not announced: {wrong}"])
                    else:
                        publish(self._aws, self._job.output_topic, [text for _, text in batch])
                    self.journal.announced([number for number, _ in batch])
                happened = True
        return happened

    def _unseen(self, channel: Channel) -> bool:
        """Whether the queue has messages that the journal does not know."""
        return channel.depth() > 0

    def _settle(self, outcomes: Sequence[Outcome], iteration: int | None = None) -> None:
        if not outcomes and iteration is None:
            return
        self.journal.settle(outcomes, iteration)
        for outcome in outcomes:
            self._in_work.pop(outcome.number, None)
        self._unwritten = True

    def _write_manifest(self, *, at_once: bool) -> None:
        """Write the output manifest anew where it has changed, if it is time to."""
        if not self._unwritten or not (at_once or self.now - self._written >= _MANIFEST_EVERY):
            return
        with tempfile.TemporaryFile() as file:
            for line in self.journal.output_lines():
                file.write(f"{line}\n".encode())
            file.seek(0)
            self._bucket.write_file(f"{self._job.output_folder}/{OUTPUT_MANIFEST}", file)
        self._written, self._unwritten = self.now, False

    def _end(self, status: str) -> None:
        """The job is over: labels made are announced and written; the queue stays, as the service leaves it."""
        self._unwritten = True
        self._write_manifest(at_once=True)
        if self._channel is not None:
            self._channel.unsubscribe()
        self._settle_in(status)

    def _settle_in(self, status: str) -> None:
        self.journal.note("status", status)
        self.status = status

    def _advance_to(self, moment: datetime) -> None:
        self._clock.advance_to(moment, self._real_time())
        with self.journal.together():
            self.journal.note("now", self.now.isoformat())
            self.journal.note("peak", str(self._peak))

    def _counted(self) -> Counters:
        tally = self.journal.tally
        return Counters(
            received=tally["received"],
            duplicates=tally["duplicates"],
            dropped=tally["dropped"],
            objects=sum(tally[state] for state in ("waiting", "working", "labeled", "failed", "unlabeled")),
            labeled=tally["labeled"],
            failed=tally["failed"],
            in_work=len(self._in_work),
            peak_in_work=self._peak,
            announced=tally["announced"],
        )

    def _warn(self, warnings: Iterable[str]) -> None:
        self.warnings |= dict.fromkeys(warnings)

    def _show(self, line: ManifestLine, page: str) -> None:
        if self.page is None:
            self.page = page
