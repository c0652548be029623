"""How a streaming job's objects become lines of its output manifest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from labeljob.simulation.bucket import Bucket
from labeljob.simulation.functions import Functions, Refusal
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.output import failed_line, labelled_line
from labeljob.simulation.streaming_job import Answers, StreamedJob
from labeljob.simulation.streaming_journal import Entry, Outcome
from labeljob.simulation.wire import file_time
from labeljob.simulation.workers import AnsweredObject, request_bytes

UNTIL_REPLY = timedelta(seconds=5, milliseconds=250)
"""From a consolidation request to its reply."""


@dataclass(frozen=True, slots=True)
class _StreamedLine(ManifestLine):
    """A data object of a streaming job; its number counts distinct objects."""

    object_id: str = ""

    @property
    def data_object_id(self) -> str:
        """`datasetObjectId`."""
        return self.object_id

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"object {self.object_id}"


@dataclass(frozen=True, slots=True)
class Labeling:
    """The workers of a streaming job and what consolidates their answers."""

    job: StreamedJob
    bucket: Bucket
    functions: Functions
    answers: Answers

    def line(self, entry: Entry) -> ManifestLine:
        """The object as functions and workers see it."""
        if self.job.streaming.object_ids == "numbered":
            name = str(entry.number - 1)
        else:
            name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.job.labeling_job_arn}/{entry.dedup_id}"))
        return _StreamedLine(entry.number, entry.value, entry.fault, name)

    def answered(self, line: ManifestLine, accepted: datetime, iteration: int = 0) -> AnsweredObject | None:
        """The object with its answers, or None where nobody answers."""
        answers = self.answers(line)[: self.job.workers]
        return AnsweredObject(line, answers, accepted, iteration) if answers else None

    def refused(self, line: ManifestLine, refusal: Refusal) -> Outcome:
        """What becomes of an object without a label."""
        if not refusal.failed:
            return Outcome(line.number, "unlabeled", dict(line.value), refusal.kind, refusal.reason)
        reason = refusal.failure_reason or f"ClientError: {refusal.reason}"
        output = failed_line(line.value, self.job.label_attribute_name, reason)
        return Outcome(line.number, "failed", output, refusal.kind, refusal.reason)

    def consolidate(self, iteration: int, moment: datetime, entries: Sequence[Entry]) -> list[Outcome]:
        """Store answers and request, call the function, store its reply. The same arguments write the same files.

        Args:
            iteration: number of the request, from 1.
            moment: when it is sent.
            entries: its objects.

        Raises:
            JobFailedError: the function fails the job. StorageError: S3 refuses.
        """
        answered = [
            one
            for entry in entries
            if (one := self.answered(self.line(entry), entry.accepted or moment, iteration))
        ]
        folder = f"{self.job.output_config}/consolidated-annotation"
        request = f"{folder}/consolidation-request/iteration-{iteration}/{file_time(moment)}.json"
        replied = moment + UNTIL_REPLY
        response = f"{folder}/consolidation-response/iteration-{iteration}/{file_time(replied)}.json"
        files = dict(one.response_file(self.job) for one in answered)
        if self.job.switches.answers_in_s3:
            for one in answered:
                files |= one.answer_files(self.job)
        files[request] = request_bytes(answered, self.job)
        self.bucket.write_all(files)
        done = self.functions.consolidate(
            request,
            [one.line.data_object_id for one in answered],
            lambda body: self.bucket.write(response, body),
            workers=self.job.workers,
            categories=self.job.categories,
        )
        outcomes = []
        for one in answered:
            content = done.contents.get(one.line.data_object_id)
            if content is None:
                outcomes.append(self.refused(one.line, done.refusals[one.line.data_object_id]))
            else:
                output = labelled_line(one.line.value, content, self.job, replied)
                outcomes.append(Outcome(one.line.number, "labeled", output))
        return outcomes
