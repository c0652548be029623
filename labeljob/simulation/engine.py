"""The course of a labeling job: batch after batch, in the order in which the service does it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from labeljob.simulation.bucket import Bucket, local_name
from labeljob.simulation.handlers import Function, InvocationError
from labeljob.simulation.inputs import Inputs
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
from labeljob.simulation.record import OUTPUT_MANIFEST, Record
from labeljob.simulation.reply import (
    TASK_INPUT_CHARACTERS,
    ConsolidationReply,
    read_consolidation_reply,
    read_pre_annotation_reply,
)
from labeljob.simulation.wire import file_time
from labeljob.simulation.workers import AnsweredObject, accepted_at, request_bytes
from shared.contract import EVENT_VERSION
from shared.errors import ContractError
from shared.json_node import write_json

GoOn = Callable[[Counts, int], bool]
_NO_LABELS = "taskInput.labels is empty, so workers have nothing to choose from; give --label-categories or the setting label-categories"
_ATTEMPTS = {"retry": 2, "fail-objects": 1, "fail-job": 1}
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
    """One consolidation request: its objects, its event and where its reply goes."""

    objects: list[AnsweredObject]
    event: dict[str, Any]
    response_uri: str

    @property
    def ids(self) -> list[str]:
        return [answered.line.data_object_id for answered in self.objects]


class Engine:
    """A job under way; `now` is its simulated clock."""

    def __init__(
        self,
        job: SimulatedJob,
        inputs: Inputs,
        bucket: Bucket,
        functions: tuple[Function, Function],
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
            functions: pre-annotation and consolidation.
            start: UTC.
            on_progress: called as objects are sent out.
            go_on: called before each batch with the counters so far and the number of objects in the batch; whether to send it out.
            limits: which lines are labelled, and how many.
        """
        self.now = start
        self.record = Record(job, inputs.manifest.lines)
        self.record.warn(inputs.warnings)
        self._job, self._inputs, self._bucket, self._on_progress = job, inputs, bucket, on_progress
        self._pre_annotation, self._consolidation = functions
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
        before = (self._pre_annotation.seconds, self._consolidation.seconds)
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
            request=self._local(sent.event["payload"]["s3Uri"]) if sent else None,
            response=None,
            pre_annotation_seconds=self._pre_annotation.seconds - before[0],
            consolidation_seconds=0.0,
        )
        self.record.iterations.append(iteration)
        if sent:
            self._report(f"iteration {number}: consolidating {len(answered)} objects")
            stored = self._consolidate(sent)
            self.record.iterations[-1] = replace(
                iteration,
                response=self._local(sent.response_uri) if stored else None,
                consolidation_seconds=self._consolidation.seconds - before[1],
            )
            self.now = (self.now + _UNTIL_NEXT_BATCH).replace(microsecond=0)

    def _is_for_workers(self, line: ManifestLine) -> bool:
        """Call pre-annotation, render the page; whether workers get to see the object."""
        event = {
            "version": EVENT_VERSION,
            "labelingJobArn": self._job.labeling_job_arn,
            "dataObject": dict(line.value),
        }
        try:
            reply = read_pre_annotation_reply(self._pre_annotation.invoke(event))
        except InvocationError as failure:
            cause = f"line {line.number}: {failure.message}"
            raise JobFailedError(
                self._pre_annotation.failure_reason(self._job.role), cause=cause
            ) from failure
        self.record.warn(reply.warnings)
        if not reply.human_annotation_required:
            if self._job.switches.skipped == "failed":
                self.record.fail(line, "skipped", "pre-annotation says that no human annotation is required")
            return False
        length = len(write_json(reply.task_input))
        if length > TASK_INPUT_CHARACTERS:
            reason = f"taskInput has {length} characters, a worker page takes {TASK_INPUT_CHARACTERS}"
            self.record.fail(line, "task input too long", reason)
            return False
        self._render(line, reply.task_input)
        return True

    def _render(self, line: ManifestLine, task_input: Any) -> None:
        if self._inputs.template is None:
            return
        try:
            page = self._inputs.template.render(task_input)
        except ContractError as failure:
            raise failure.at(data_object_id=line.data_object_id) from failure
        self.record.show(line, page)
        if task_input.get("labels") == []:
            self.record.warn([_NO_LABELS])

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
        return _Sent(answered, self._event(request), response)

    def _event(self, request: str) -> dict[str, Any]:
        categories: Mapping[str, dict[str, Any]] = {
            "absent": {},
            "null": {"labelCategories": None},
            "list": {"labelCategories": list(self._inputs.categories)},
        }
        return {
            "version": EVENT_VERSION,
            "labelingJobArn": self._job.labeling_job_arn,
            **categories[self._job.switches.label_categories],
            "labelAttributeName": self._job.label_attribute_name,
            "roleArn": self._job.role,
            "payload": {"s3Uri": request},
            "outputConfig": self._job.output_config,
            "maxHumanWorkersPerDataObject": self._inputs.workers,
            "vpcEnabled": False,
        }

    def _consolidate(self, sent: _Sent) -> bool:
        """Call the handler and take over its labels; whether there is a response file."""
        try:
            raw, reply = self._reply(sent)
        except InvocationError as failure:
            if self._job.switches.on_consolidation_error == "fail-job":
                raise JobFailedError(
                    self._consolidation.failure_reason(self._job.role), cause=failure.message
                ) from failure
            for answered in sent.objects:
                reason = self._consolidation.failure_reason(self._job.role)
                self.record.fail(answered.line, "consolidation failed", failure.message, reason)
            return False
        self._bucket.write(sent.response_uri, write_json(raw).encode())
        self.record.warn(reply.warnings)
        if reply.missing and self._job.switches.on_missing == "fail-job":
            cause = f"the consolidation reply leaves out the ids {', '.join(reply.missing[:5])}"
            raise JobFailedError(f"ClientError: {cause}", cause=cause)
        for answered in sent.objects:
            name = answered.line.data_object_id
            if name in reply.contents:
                self.record.label(answered.line, reply.contents[name], self.now)
            else:
                self.record.fail(answered.line, "unusable reply", reply.faults[name])
        return True

    def _reply(self, sent: _Sent) -> tuple[Any, ConsolidationReply]:
        """The handler's reply, raw and read, after as many attempts as the job allows."""
        for _ in range(_ATTEMPTS[self._job.switches.on_consolidation_error] - 1):
            with suppress(InvocationError):
                return self._attempt(sent)
        return self._attempt(sent)

    def _attempt(self, sent: _Sent) -> tuple[Any, ConsolidationReply]:
        raw = self._consolidation.invoke(sent.event)
        return raw, read_consolidation_reply(
            raw, sent.ids, self._job.label_attribute_name, self._job.switches
        )

    def _report(self, doing: str) -> None:
        self._on_progress(Progress(self._done, len(self._inputs.answers), doing))

    def _local(self, uri: str) -> Path:
        return self._job.out / local_name(uri.removeprefix(f"{self._job.output_folder}/"))
