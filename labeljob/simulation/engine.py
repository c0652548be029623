"""The course of a labeling job: batch after batch, in the order in which the service does it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from labeljob.output_layout import OUTPUT_MANIFEST
from labeljob.simulation.bucket import Bucket, local_name
from labeljob.simulation.functions import Functions
from labeljob.simulation.handlers import Callables
from labeljob.simulation.inputs import LOGS, Inputs
from labeljob.simulation.job import (
    FIRST_BATCH,
    Counts,
    Iteration,
    JobFailedError,
    OnProgress,
    Progress,
    SimulatedJob,
)
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.output import EXPIRED, manifest_bytes
from labeljob.simulation.record import Record
from labeljob.simulation.wire import file_time
from labeljob.simulation.workers import AnsweredObject, accepted_at, request_bytes

GoOn = Callable[[Counts, int], bool]
_UNTIL_REQUEST = timedelta(seconds=60)
"""From the last answer to the consolidation request."""
_UNTIL_REPLY = timedelta(seconds=5, milliseconds=250)
_UNTIL_NEXT_BATCH = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job leaves alone.

    Attributes:
        kept: numbers of the lines that stand as they are, since they have the label already.
        most_labeled: labels after which the job sends nothing more out, or None.
    """

    kept: frozenset[int] = frozenset()
    most_labeled: int | None = None


@dataclass(slots=True)
class _Sent:
    """One consolidation request: its objects, where it lies and where its reply goes."""

    objects: list[AnsweredObject]
    request_uri: str
    response_uri: str


class Engine:
    """A job under way; `now` is its simulated clock."""

    def __init__(
        self,
        job: SimulatedJob,
        inputs: Inputs,
        bucket: Bucket,
        handlers: Callables,
        start: datetime,
        *,
        on_progress: OnProgress = lambda _: None,
        go_on: GoOn = lambda _counts, _objects: True,
        limits: Limits | None = None,
    ) -> None:
        """Nothing is called or written yet.

        Args:
            job: what to simulate.
            inputs: what it reads.
            bucket: where it writes.
            handlers: the two functions.
            start: UTC.
            on_progress: called as objects are sent out.
            go_on: called before each batch with the counters so far and the number of objects in the batch; whether to send it out.
            limits: which lines are labelled, and how many.
        """
        self.now = start
        self.record = Record(job, inputs.manifest.lines)
        self.record.warn(inputs.warnings)
        self._job, self._inputs, self._bucket, self._on_progress = job, inputs, bucket, on_progress
        self._functions = Functions(
            job,
            handlers,
            logs=job.out / LOGS,
            time_limit=job.time_limit,
            template=inputs.template,
            warn=self.record.warn,
            show=self.record.show,
        )
        self._go_on, self._limits = go_on, limits or Limits()
        self._done = 0

    def to_the_end(self) -> JobFailedError | None:
        """Every batch in turn; the output manifest is written anew after each.

        Returns:
            Why the job failed, or None, also where it was not to go on.
        """
        for line in self._inputs.manifest.lines:
            if line.fault is not None:
                self.record.fail(line, "bad line", f"line {line.number} of the input manifest {line.fault}")
        waiting = self._in_order()
        try:
            for number in itertools.count(1):
                batch = waiting[: self._batch_size(number)]
                if not batch or not self._go_on(self.record.counts(), len(batch)):
                    break
                del waiting[: len(batch)]
                self._iterate(number, batch)
                self._write_manifest()
        except JobFailedError as failure:
            self._write_manifest()
            return failure
        self._write_manifest()
        return None

    def _in_order(self) -> list[ManifestLine]:
        """The lines to be labelled, in the order in which they are sent out."""
        kept = self._limits.kept
        lines = [
            line for line in self._inputs.manifest.lines if line.fault is None and line.number not in kept
        ]
        random.Random(self._job.seed).shuffle(lines)
        return lines

    def _batch_size(self, number: int) -> int:
        """Ten to begin with, then as many as may be in work at once; no more than may still be labelled."""
        size = FIRST_BATCH if number == 1 else self._job.max_concurrent
        most = self._limits.most_labeled
        return size if most is None else min(size, max(0, most - len(self.record.labels)))

    def _write_manifest(self) -> None:
        body = manifest_bytes(self.record.output_lines())
        self._bucket.write(f"{self._job.output_folder}/{OUTPUT_MANIFEST}", body, "application/x-ndjson")

    def _iterate(self, number: int, batch: Sequence[ManifestLine]) -> None:
        """Send a batch to its workers and have their answers consolidated."""
        before = (self._functions.pre_annotation.seconds, self._functions.consolidation.seconds)
        answered = []
        for place, line in enumerate(batch):
            self._report(f"iteration {number}: sending out {len(batch)} objects")
            if self._is_for_workers(line):
                answers = self._inputs.answers[line.number]
                if answers:
                    answered.append(AnsweredObject(line, answers, accepted_at(self.now, place), number))
                else:
                    self.record.fail(line, "expired", "no worker answered", EXPIRED)
            self._done += 1
        sent = self._send(number, answered) if answered else None
        iteration = Iteration(
            number=number,
            objects=len(batch),
            consolidated=len(answered),
            request=self._local(sent.request_uri) if sent else None,
            response=None,
            pre_annotation_seconds=self._functions.pre_annotation.seconds - before[0],
            consolidation_seconds=0.0,
        )
        self.record.iterations.append(iteration)
        if sent:
            self._report(f"iteration {number}: consolidating {len(answered)} objects")
            stored = self._consolidate(sent)
            self.record.iterations[-1] = replace(
                iteration,
                response=self._local(sent.response_uri) if stored else None,
                consolidation_seconds=self._functions.consolidation.seconds - before[1],
            )
            self.now = (self.now + _UNTIL_NEXT_BATCH).replace(microsecond=0)

    def _is_for_workers(self, line: ManifestLine) -> bool:
        refusal = self._functions.send_out(line)
        if refusal is not None and refusal.failed:
            self.record.fail(line, refusal.kind, refusal.reason)
        return refusal is None

    def _send(self, number: int, answered: list[AnsweredObject]) -> _Sent:
        """Store the answers and the request, and make the event."""
        files = dict(one.response_file(self._job) for one in answered)
        if self._job.switches.answers_in_s3:
            for one in answered:
                files |= one.answer_files(self._job)
        self.now = max(one.finished for one in answered) + _UNTIL_REQUEST
        folder = f"{self._job.output_config}/consolidated-annotation"
        request = f"{folder}/consolidation-request/iteration-{number}/{file_time(self.now)}.json"
        files[request] = request_bytes(answered, self._job)
        self._bucket.write_all(files)
        self.now += _UNTIL_REPLY
        response = f"{folder}/consolidation-response/iteration-{number}/{file_time(self.now)}.json"
        return _Sent(answered, request, response)

    def _consolidate(self, sent: _Sent) -> bool:
        """Call the handler and take over its labels; whether there is a response file."""
        done = self._functions.consolidate(
            sent.request_uri,
            [answered.line.data_object_id for answered in sent.objects],
            lambda body: self._bucket.write(sent.response_uri, body),
            workers=self._inputs.workers,
            categories=self._inputs.categories,
        )
        for answered in sent.objects:
            name = answered.line.data_object_id
            if name in done.contents:
                self.record.label(answered.line, done.contents[name], self.now)
            else:
                refusal = done.refusals[name]
                self.record.fail(answered.line, refusal.kind, refusal.reason, refusal.failure_reason)
        return done.replied

    def _report(self, doing: str) -> None:
        self._on_progress(Progress(self._done, len(self._inputs.answers), doing))

    def _local(self, uri: str) -> Path:
        return self._job.out / local_name(uri.removeprefix(f"{self._job.output_folder}/"))
