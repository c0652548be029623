"""A streaming job from start to stop: its input manifest sent to its topic while it runs, and taken up again where it was killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from labeljob.aws import Aws, calling
from labeljob.output_layout import OUTPUT_MANIFEST, RECORD
from labeljob.simulation.answers import RecordedAnswer
from labeljob.simulation.bucket import REGION, Bucket, local_name, read_input
from labeljob.simulation.handlers import Handlers
from labeljob.simulation.inputs import JOURNAL, PAGE, Inputs, prepare_folder
from labeljob.simulation.job import OnProgress, Progress, SimulatedJob
from labeljob.simulation.manifest import ManifestLine, manifest_rows
from labeljob.simulation.record import block_of, is_error, write_document
from labeljob.simulation.run import open_bucket, utc
from labeljob.simulation.streaming import StreamingJob
from labeljob.simulation.streaming_job import IDLE, Answers, Counters, StreamedJob, StreamingSwitches
from labeljob.simulation.streaming_journal import Journal
from labeljob.simulation.streaming_message import as_sent
from labeljob.simulation.streaming_queue import MESSAGE_BYTES, in_batches, publish
from labeljob.simulation.wire import metadata_time
from shared.errors import ContractError
from shared.json_node import encodable, write_json
from shared.settings import digest

_BATCHES_PER_STEP = 2
"""Batches sent to the topic between two steps of the job: more than a step takes, so that the queue fills."""
_MOST_WAITING = 50
"""While so many messages wait in the queue, no more are sent: what an SQS inside a test server does takes time for each of them."""
_WAIT = 1
"""Seconds to wait for messages that a killed run had taken, until SQS hands them out again."""
_FAILURES = 1_000
"""Failures that a result names."""


@dataclass(frozen=True, slots=True)
class StreamingFailure:
    """A data object without a label.

    Attributes:
        number: of the object in order of arrival, from 1; of a line that could not be sent, its number in the manifest.
        kind: short name of the cause, such as `expired`.
        reason: the cause in full.
    """

    number: int
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class StreamingResult:
    """What came of a simulated streaming job.

    Attributes:
        status: `Stopped` or `Failed`, as DescribeLabelingJob says it.
        failure_reason: of a failed job, in the service's words, else None.
        cause: what was really wrong with a failed job, else None.
        out: folder with all files.
        output_manifest: the output manifest in it, in order of arrival.
        lines: of the input manifest.
        counters: what the job did, before it was killed too.
        queue_peak: most messages that waited in the queue at once.
        review: labels that ask for a person's look.
        error_labels: labels that say why there is none.
        failures: objects without a label, the first thousand, and lines that could not be sent.
        warnings: what a person should know, each once.
        page: the worker page of one object, when the job has a template.
    """

    status: str
    failure_reason: str | None
    cause: str | None
    out: Path
    output_manifest: Path
    lines: int
    counters: Counters
    queue_peak: int
    review: int
    error_labels: int
    failures: tuple[StreamingFailure, ...]
    warnings: tuple[str, ...]
    page: Path | None

    @property
    def all_labeled(self) -> bool:
        """Whether every object has a label that is none of an error."""
        return (
            self.status == "Stopped"
            and not self.failures
            and self.counters.labeled - self.error_labels == self.counters.objects
        )


def simulate_streaming(
    job: SimulatedJob,
    *,
    switches: StreamingSwitches | None = None,
    resume: bool = False,
    handlers: Handlers | None = None,
    on_progress: OnProgress = lambda _: None,
) -> StreamingResult:
    """Run a streaming labeling job on this machine over SNS, SQS and S3, until it has been idle for ten simulated days.

    The manifest's lines are sent to the input topic while the job runs. Killed at any point, it can be resumed: every object is labelled
    once and none is lost. With an endpoint inside this process topics and queue are gone then, and what the job had not received is sent
    again; with another, what was sent is not sent again. A line without a deduplication id that was sent in the very call during
    which the process was killed may come twice.

    The handlers are called in this process with an environment of their own, so only one simulation can run in a process at a time.

    Args:
        job: what to simulate; `seed` is not used: objects are sent in the manifest's order.
        switches: how streaming behaves where that is not known.
        resume: go on with the job whose journal is in `job.out`.
        handlers: the two functions; None for the project's own.
        on_progress: called as the job goes on.

    Raises:
        ContractError, SettingsError: an input is unusable, nothing is to resume, messages are lost. AwsError, StorageError: AWS refuses.
    """
    inputs = Inputs.read(job)
    rows = manifest_rows(read_input(job.manifest, job.endpoint_url))
    _prepare(job, rows, resume=resume)
    with ExitStack() as stack:
        bucket = open_bucket(job, inputs, stack, resumed=resume)
        saved = _SavedBucket(bucket.client, job) if job.endpoint_url is None else None
        if saved and resume:
            saved.restore()
        aws = Aws(region=REGION)
        streamed = _streamed(job, inputs, aws, switches or StreamingSwitches(), stack)
        streaming = stack.enter_context(
            StreamingJob(
                streamed,
                aws,
                _answers(inputs, job.label_attribute_name),
                handlers or Handlers.cold(),
                job.out,
                template=inputs.template,
                bucket=saved or bucket,
                keep=saved.save if saved else lambda: None,
            )
        )
        run = _Run(job, streaming, streamed.input_topic, aws, rows, on_progress)
        run.to_the_end()
        if saved is None:
            bucket.mirror(job.output_folder, job.out)
        return _finish(job, inputs, run)


def _prepare(job: SimulatedJob, rows: list[bytes], *, resume: bool) -> None:
    """Make the out folder ready, or see that it holds the job to go on with.

    Raises:
        ContractError: it does not.
    """
    known = digest(
        write_json(
            [job.job_name, job.label_attribute_name, job.output_folder, job.workers, *map(_text, rows)]
        )
    )
    if not resume:
        prepare_folder(job.out)
    elif not (job.out / JOURNAL).is_file():
        raise ContractError(f"{job.out} has no journal of a streaming job to resume; run without --resume")
    with closing(Journal(job.out)) as journal:
        if journal.fact("job", known) != known:
            raise ContractError(
                f"the journal in {job.out} is of another manifest, name, label, output path or number of workers; "
                "resume with what the job was started with, or start anew without --resume"
            )
        if (status := journal.fact("status", "Initializing")) in {"Stopped", "Failed"}:
            raise ContractError(f"the job in {job.out} is {status}; there is nothing to resume")
        if resume and job.endpoint_url is None:
            journal.forget_receipts()


def _streamed(
    job: SimulatedJob, inputs: Inputs, aws: Aws, switches: StreamingSwitches, stack: ExitStack
) -> StreamedJob:
    """The job with its topics; those of an endpoint inside this process go when the stack is closed."""
    topics = []
    for purpose in ("input", "output"):
        with calling("make a topic"):
            topics.append(aws.sns.create_topic(Name=f"GroundTruth-{job.job_name}-{purpose}")["TopicArn"])
    streamed = StreamedJob(
        job_name=job.job_name,
        label_attribute_name=job.label_attribute_name,
        labeling_job_arn=job.labeling_job_arn,
        output_path=job.output_path,
        input_topic=topics[0],
        output_topic=topics[1],
        start_time=utc(job.start_time or datetime.now(UTC).replace(microsecond=0)),
        workers=inputs.workers,
        max_concurrent=job.max_concurrent,
        categories=inputs.categories,
        time_limit=job.time_limit,
        switches=job.switches,
        streaming=switches,
    )
    if job.endpoint_url is None:
        stack.callback(_discard, aws, streamed)
    return streamed


def _discard(aws: Aws, streamed: StreamedJob) -> None:
    with calling("delete topics and queue"):
        for topic in (streamed.input_topic, streamed.output_topic):
            aws.sns.delete_topic(TopicArn=str(topic))
        for url in aws.sqs.list_queues(QueueNamePrefix=streamed.queue_name).get("QueueUrls", ()):
            aws.sqs.delete_queue(QueueUrl=url)


def _answers(inputs: Inputs, label_attribute_name: str) -> Answers:
    """Each object gets the answers of its manifest line; of equal lines the first that has any."""
    by_text: dict[str, tuple[RecordedAnswer, ...]] = {}
    for line in inputs.manifest.lines:
        if line.fault is None and (answers := inputs.answers[line.number]):
            by_text.setdefault(write_json(encodable(line.value)), answers)

    def answered(line: ManifestLine) -> tuple[RecordedAnswer, ...]:
        return by_text.get(write_json(as_sent(line.value, label_attribute_name)), ())

    return answered


@dataclass(frozen=True, slots=True)
class _SavedBucket(Bucket):
    """The S3 of a server inside this process: what the job writes is written to the out folder too, since it goes with the process.

    Attributes:
        job: whose output it takes.
        known: what was there when it was last saved.
    """

    job: SimulatedJob
    known: dict[str, str] = field(default_factory=dict)

    def write(self, uri: str, body: bytes, content_type: str = "application/json") -> None:
        """Write an object and a file."""
        self._file(uri).write_bytes(body)
        Bucket.write(self, uri, body, content_type)

    def write_file(self, uri: str, file: IO[bytes], content_type: str = "application/x-ndjson") -> None:
        """Write an object and a file from an open file."""
        with self._file(uri).open("wb") as target:
            shutil.copyfileobj(file, target)
        file.seek(0)
        Bucket.write_file(self, uri, file, content_type)

    def save(self) -> None:
        """Save what the consolidation function wrote since the last time."""
        folder = f"{self.job.output_config}/consolidated-annotation"
        found = self.mirror(folder, self.job.out / "annotations" / "consolidated-annotation", self.known)
        self.known.update(found)

    def restore(self) -> None:
        """Write to S3 what an earlier run had saved."""
        folder = self.job.out / "annotations"
        files = {
            f"{self.job.output_config}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        Bucket(self.client).write_all(files)

    def _file(self, uri: str) -> Path:
        file = self.job.out / local_name(uri.removeprefix(f"{self.job.output_folder}/"))
        file.parent.mkdir(parents=True, exist_ok=True)
        return file


class _Run:
    """Sending and labelling by turns."""

    def __init__(
        self,
        job: SimulatedJob,
        streaming: StreamingJob,
        topic: str,
        aws: Aws,
        rows: list[bytes],
        on_progress: OnProgress,
    ) -> None:
        self.streaming = streaming
        self.lines = len(rows)
        self.unsent: list[StreamingFailure] = []
        self.queue_peak = 0
        self._topic, self._aws, self._on_progress = topic, aws, on_progress
        done = streaming.journal.sent_places(received=job.endpoint_url is None)
        self._sent = len(done)
        self._batches = in_batches(self._to_send(rows, done))

    def to_the_end(self) -> None:
        """Send everything, have it labelled, and let ten idle days pass."""
        self.streaming.step()
        self._report()
        while not self.streaming.over:
            waiting = self._sent - self.streaming.counters.received
            sent = waiting < _MOST_WAITING and self._send()
            happened = self.streaming.step()
            self._report()
            if sent or happened:
                continue
            if self.streaming.idle():
                self.streaming.journal.check_all_received()
                self.streaming.let_pass(IDLE)
                self.streaming.step()
            else:
                self.streaming.step(_WAIT)

    def _send(self) -> bool:
        """Send some batches; whether there may be more."""
        batches = list(islice(self._batches, _BATCHES_PER_STEP))
        for batch in batches:
            names = publish(self._aws, self._topic, [text for _, text in batch])
            self.streaming.journal.sent([place for place, _ in batch], names)
            self._sent += len(batch)
        self.queue_peak = max(self.queue_peak, self._sent - self.streaming.counters.received)
        return bool(batches)

    def _to_send(self, rows: list[bytes], done: set[int]) -> Iterator[tuple[int, str]]:
        for place, row in enumerate(rows):
            if place in done:
                continue
            text = _text(row)
            if not text.strip() or len(text.encode()) > MESSAGE_BYTES:
                wrong = f"has {len(text.encode())} bytes, SNS takes from 1 to {MESSAGE_BYTES}"
                self.unsent.append(StreamingFailure(place + 1, "not sent", f"line {place + 1} {wrong}"))
                continue
            yield place, text

    def _report(self) -> None:
        counters = self.streaming.counters
        done = min(counters.labeled + counters.failed + counters.duplicates, self.lines)
        self._on_progress(Progress(done, self.lines, f"{10 * (10 * done // self.lines)} % labelled"))


def _finish(job: SimulatedJob, inputs: Inputs, run: _Run) -> StreamingResult:
    """Write `simulation.json` and the page into the out folder, and make the result."""
    streaming = run.streaming
    if streaming.page is not None:
        (job.out / PAGE).write_text(streaming.page, encoding="utf-8")
    review = errors = 0
    for text in streaming.journal.output_lines():
        label = json.loads(text).get(job.label_attribute_name)
        review += block_of(label).get("needs-review") is True
        errors += is_error(label)
    failed = (StreamingFailure(*failure) for failure in islice(streaming.journal.failures(), _FAILURES))
    result = StreamingResult(
        status=streaming.status,
        failure_reason=streaming.failure_reason,
        cause=streaming.cause,
        out=job.out,
        output_manifest=job.out / OUTPUT_MANIFEST,
        lines=run.lines,
        counters=streaming.counters,
        queue_peak=run.queue_peak,
        review=review,
        error_labels=errors,
        failures=(*failed, *run.unsent),
        warnings=tuple(dict.fromkeys((*inputs.warnings, *streaming.warnings))),
        page=job.out / PAGE if streaming.page is not None else None,
    )
    write_document(job.out / RECORD, _summary(job, streaming, result))
    return result


def _summary(job: SimulatedJob, streaming: StreamingJob, result: StreamingResult) -> dict[str, Any]:
    return {
        "labeling-job-name": job.job_name,
        "label-attribute-name": job.label_attribute_name,
        "streaming": True,
        "status": result.status,
        "failure-reason": result.failure_reason,
        "cause": result.cause,
        "ended": metadata_time(streaming.now),
        "output": job.output_folder,
        "lines": result.lines,
        "counters": {name.replace("_", "-"): value for name, value in asdict(result.counters).items()},
        "queue-peak": result.queue_peak,
        "review": result.review,
        "error-labels": result.error_labels,
        "failures": [asdict(failure) for failure in result.failures],
        "warnings": list(result.warnings),
    }


def _text(row: bytes) -> str:
    """A line as text; a byte that is not UTF-8 shows as an escape that JSON does not have, so that the line is broken still."""
    return row.decode(errors="backslashreplace")
