"""Workers' answers as the service stores and hands them over, at times that follow a rule instead of a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from labeljob.simulation.answers import RecordedAnswer
from labeljob.simulation.job import JobFacts
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.wire import answer_time, file_time, html_safe, parse
from shared.json_node import write_json

SECONDS_PER_ANSWER = 30.0
"""For answers whose time was not recorded."""
_SECONDS_BETWEEN_OBJECTS = 1


@dataclass(frozen=True, slots=True)
class AnsweredObject:
    """A data object whose answers are in.

    Attributes:
        line: of the manifest.
        answers: in order of submission; at least one.
        accepted: when the first worker opened the task.
        iteration: in which it was sent out.
    """

    line: ManifestLine
    answers: tuple[RecordedAnswer, ...]
    accepted: datetime
    iteration: int

    @property
    def finished(self) -> datetime:
        """When the last answer came: workers answer one after another."""
        return self.accepted + sum((_time_spent(answer) for answer in self.answers), timedelta())

    def response_file(self, job: JobFacts) -> tuple[str, bytes]:
        """URI and body of the worker-response file."""
        written, opened = [], self.accepted
        for answer in self.answers:
            submitted = opened + _time_spent(answer)
            written.append(_written(answer, opened, submitted))
            opened = submitted
        uri = (
            f"{job.output_config}/worker-response/iteration-{self.iteration}/{self.line.data_object_id}/"
            f"{file_time(self.finished)}.json"
        )
        return uri, write_json({"answers": written}).encode()

    def answer_files(self, job: JobFacts) -> dict[str, bytes]:
        """Bodies by URI of the answers, where each is handed over as `s3Uri`."""
        return {
            self._answer_uri(job, place): answer.content.encode(errors="surrogatepass")
            for place, answer in enumerate(self.answers)
        }

    def to_payload(self, job: JobFacts) -> dict[str, Any]:
        """The object's entry in the consolidation request."""
        in_s3 = job.switches.answers_in_s3
        return {
            "datasetObjectId": self.line.data_object_id,
            "dataObject": self.line.data_object,
            "annotations": [
                {
                    "workerId": answer.worker_id,
                    "annotationData": {"s3Uri": self._answer_uri(job, place)}
                    if in_s3
                    else {"content": answer.content},
                }
                for place, answer in enumerate(self.answers)
            ],
        }

    def _answer_uri(self, job: JobFacts, place: int) -> str:
        folder = f"{job.output_config}/intermediate/{self.iteration}/answers"
        return f"{folder}/{self.line.data_object_id}/{place}.json"


def accepted_at(start: datetime, place: int) -> datetime:
    """When the object at a place of its batch is opened by its first worker."""
    return start + timedelta(seconds=_SECONDS_BETWEEN_OBJECTS * (place + 1))


def request_bytes(objects: Sequence[AnsweredObject], job: JobFacts) -> bytes:
    """The body of a consolidation request."""
    return html_safe([answered.to_payload(job) for answered in objects]).encode()


def _written(answer: RecordedAnswer, opened: datetime, submitted: datetime) -> dict[str, Any]:
    written: dict[str, Any] = {
        "acceptanceTime": answer_time(opened),
        "submissionTime": answer_time(submitted),
        "timeSpentInSeconds": round(_time_spent(answer).total_seconds(), 3),
        "workerId": answer.worker_id,
        "answerContent": _parsed(answer.content),
    }
    return written | ({"workerMetadata": dict(answer.worker_metadata)} if answer.worker_metadata else {})


def _parsed(content: str) -> Any:
    """The answer as the file has it: an object; text that is no JSON stays text."""
    try:
        return parse(content)
    except ValueError:
        return content


def _time_spent(answer: RecordedAnswer) -> timedelta:
    return timedelta(seconds=SECONDS_PER_ANSWER if answer.seconds is None else answer.seconds)
