"""A streaming labeling job at work: it takes objects from its queue for as long as it is not stopped."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from labeljob.aws import Aws
from labeljob.local.calls import JobFunctions
from labeljob.local.controls import Gate
from labeljob.local.job import LabelingJob
from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.job import Counts, JobFailedError, Switches
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.streaming import StreamingJob
from labeljob.simulation.streaming_job import AVAILABILITY, Answers, Counters, StreamedJob

_IDLE_SECONDS = 0.25
"""Between two looks at an empty queue."""
_MAX_CONCURRENT = 1_000


def stream(
    job: LabelingJob,
    aws: Aws,
    gate: Gate,
    calls: JobFunctions,
    answers: Answers,
    out: Path,
    *,
    manifest: Sequence[ManifestLine],
    template: WorkerTemplate | None,
    categories: tuple[str, ...],
) -> None:
    """Run a streaming job until it is stopped.

    Args:
        job: which; its state and counters are kept up to date.
        aws: with its topics, its queue and its buckets.
        gate: passed before each step.
        calls: its functions.
        answers: what its workers answer.
        out: folder for its journal.
        manifest: lines of its one-time manifest.
        template: its worker page, or None.
        categories: of its label-category file.

    Raises:
        JobFailedError: it failed. AwsError, StorageError: a call was refused.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{job.name}-", dir=out) as folder:
        with StreamingJob(
            _streamed(job, calls, categories),
            aws,
            answers,
            calls,
            Path(folder),
            manifest=manifest,
            template=template,
        ) as streaming:
            _work(job, gate, streaming)
        if streaming.status == "Failed":
            raise JobFailedError(streaming.failure_reason or "", cause=streaming.cause or "")


def _work(job: LabelingJob, gate: Gate, streaming: StreamingJob) -> None:
    """Step by step, until it is over."""
    labeled = 0
    while not streaming.over:
        gate.wait(job.name, streaming.counters.labeled - labeled, job.stopping.is_set)
        if job.stopping.is_set():
            streaming.request_stop()
        look, began = gate.look(job.name), time.time()
        labeled = streaming.counters.labeled
        happened = streaming.step()
        _note(job, streaming)
        if not happened:
            gate.idle(job.name, look, _IDLE_SECONDS, job.stopping.is_set)
            streaming.let_pass(timedelta(seconds=time.time() - began))


def _note(job: LabelingJob, streaming: StreamingJob) -> None:
    job.count(_counts(streaming.counters))
    if streaming.status == "InProgress" and job.status != "InProgress":
        job.change("InProgress")


def _counts(counters: Counters) -> Counts:
    return Counts(
        objects=counters.objects,
        labeled=counters.labeled,
        failed=counters.failed,
        unlabeled=counters.objects - counters.labeled - counters.failed,
        review=0,
        error_labels=0,
    )


def _streamed(job: LabelingJob, calls: JobFunctions, categories: tuple[str, ...]) -> StreamedJob:
    seconds = job.task.get("TaskAvailabilityLifetimeInSeconds")
    return StreamedJob(
        job_name=job.name,
        label_attribute_name=job.request["LabelAttributeName"],
        labeling_job_arn=job.arn,
        output_path=job.request["OutputConfig"]["S3OutputPath"],
        input_topic=job.request["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"],
        output_topic=job.request["OutputConfig"].get("SnsTopicArn"),
        role=job.request["RoleArn"],
        workers=job.task["NumberOfHumanWorkersPerDataObject"],
        max_concurrent=job.task.get("MaxConcurrentTaskCount", _MAX_CONCURRENT),
        availability=AVAILABILITY if seconds is None else timedelta(seconds=seconds),
        categories=categories,
        start_time=datetime.now(UTC).replace(microsecond=0),
        switches=Switches(metadata="replaced" if calls.consolidates else "merged"),
    )
