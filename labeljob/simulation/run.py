"""A labeling job from manifest to output manifest, in the order in which the service does it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from labeljob.simulation.bucket import REGION, Bucket, local_name, s3_endpoint
from labeljob.simulation.functions import EXECUTION_ROLE, Functions
from labeljob.simulation.handlers import Handlers, lambda_environment
from labeljob.simulation.inputs import LOGS, Inputs, prepare_folder
from labeljob.simulation.job import (
    FIRST_BATCH,
    Iteration,
    JobFailedError,
    OnProgress,
    Progress,
    SimulatedJob,
    SimulationResult,
)
from labeljob.simulation.label_category_service import describe_labeling_job
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.output import EXPIRED, manifest_bytes
from labeljob.simulation.record import OUTPUT_MANIFEST, Record, finish
from labeljob.simulation.wire import file_time
from labeljob.simulation.workers import AnsweredObject, accepted_at, request_bytes
from shared.errors import ContractError
from shared.s3_uri import S3Uri

_UNTIL_REQUEST = timedelta(seconds=60)
"""From the last answer to the consolidation request."""
_UNTIL_REPLY = timedelta(seconds=5, milliseconds=250)
_UNTIL_NEXT_BATCH = timedelta(seconds=10)


def simulate(
    job: SimulatedJob, *, handlers: Handlers | None = None, on_progress: OnProgress = lambda _: None
) -> SimulationResult:
    """Run a labeling job on this machine.

    The handlers are called in this process with an environment of their own, which is restored afterwards; so only one simulation can
    run in a process at a time. Same inputs and same start time give the same files, except under `logs/`.

    Args:
        job: what to simulate.
        handlers: the two functions; None for the project's own.
        on_progress: called as the job goes on.

    Returns:
        What came of it; a job that fails is a result too, with status `Failed`.

    Raises:
        ContractError, SettingsError: an input is unusable; names it. StorageError: S3 refuses.
    """
    inputs = Inputs.read(job)
    start = utc(job.start_time or datetime.now(UTC).replace(microsecond=0))
    with ExitStack() as stack:
        bucket = open_bucket(job, inputs, stack)
        prepare_folder(job.out)
        run = _Run(job, inputs, bucket, handlers or Handlers.cold(), start, on_progress)
        failed = run.to_the_end()
        bucket.mirror(job.output_folder, job.out)
    return finish(run.record, failed, (start, run.now), inputs.workers)


def batches(lines: Sequence[ManifestLine], seed: int, max_concurrent: int) -> Iterator[list[ManifestLine]]:
    """The objects in the order they are sent out: ten to begin with, then as many as may be in work at once.

    Args:
        lines: to be sent out. Not modified.
        seed: of the order.
        max_concurrent: MaxConcurrentTaskCount.
    """
    order = list(lines)
    random.Random(seed).shuffle(order)
    yield order[:FIRST_BATCH]
    for begin in range(FIRST_BATCH, len(order), max_concurrent):
        yield order[begin : begin + max_concurrent]


def open_bucket(job: SimulatedJob, inputs: Inputs, stack: ExitStack, *, resumed: bool = False) -> Bucket:
    """The job's S3 and the handlers' environment, for as long as `stack` is open.

    Args:
        job: the job.
        inputs: its inputs; what handlers read of them is uploaded.
        stack: takes what is to be closed.
        resumed: whether the job may have written something already.

    Raises:
        ContractError: there is output of another job of that name. StorageError: S3 refuses.
    """
    endpoint = stack.enter_context(s3_endpoint(job.endpoint_url))
    name = S3Uri.parse(job.output_folder).bucket
    environment = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "ALLOWED_LOCATIONS": f"{name}/",
        "ALLOWED_ROLES": "",
        "KMS_KEY_ID": "",
        "SETTINGS_S3_URI": inputs.settings_uri,
        "READ_LABEL_CATEGORIES": "true" if inputs.categories_uri else "false",
    }
    if inputs.categories_uri:
        description = {
            "LabelingJobName": job.job_name,
            "LabelingJobStatus": "InProgress",
            "LabelAttributeName": job.label_attribute_name,
            "LabelCategoryConfigS3Uri": inputs.categories_uri,
        }
        service = describe_labeling_job(job.job_name, description)
        environment["AWS_ENDPOINT_URL_SAGEMAKER"] = stack.enter_context(service)
    embedded = job.endpoint_url is None
    stack.enter_context(lambda_environment(environment, isolated=embedded))
    bucket = stack.enter_context(Bucket.opened(endpoint, name, kept=not embedded))
    if not resumed and bucket.keys(job.output_folder):
        raise ContractError(
            f"{job.output_folder} has files already: job names are used once; choose another with --job-name"
        )
    bucket.write_all(inputs.uploads)
    return bucket


@dataclass(slots=True)
class _Sent:
    """One consolidation request: its objects, where it lies and where its reply goes."""

    objects: list[AnsweredObject]
    request_uri: str
    response_uri: str


class _Run:
    """A job under way; `now` is its simulated clock."""

    def __init__(
        self,
        job: SimulatedJob,
        inputs: Inputs,
        bucket: Bucket,
        handlers: Handlers,
        start: datetime,
        on_progress: OnProgress,
    ) -> None:
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
        self._done = 0

    def to_the_end(self) -> JobFailedError | None:
        """Every batch in turn; the output manifest is written anew after each.

        Returns:
            Why the job failed, or None.
        """
        for line in self._inputs.manifest.lines:
            if line.fault is not None:
                self.record.fail(line, "bad line", f"line {line.number} of the input manifest {line.fault}")
        usable = [line for line in self._inputs.manifest.lines if line.fault is None]
        try:
            for number, batch in enumerate(
                batches(usable, self._job.seed, self._job.max_concurrent), start=1
            ):
                self._iterate(number, batch)
                self._write_manifest()
        except JobFailedError as failure:
            self._write_manifest()
            return failure
        return None

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
            role=EXECUTION_ROLE,
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


def utc(moment: datetime) -> datetime:
    """The moment in UTC; without a zone it is that already."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
