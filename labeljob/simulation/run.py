"""A labeling job from manifest to output manifest, in the order in which the service does it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from labeljob.simulation.bucket import REGION, Bucket, local_name, s3_endpoint
from labeljob.simulation.handlers import Handlers, InvocationError, Invoker, lambda_environment
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
from shared.s3_uri import S3Uri

EXECUTION_ROLE = "arn:aws:iam::111122223333:role/simulated-execution"
_NO_LABELS = "taskInput.labels is empty, so workers have nothing to choose from; give --label-categories or the setting label-categories"
_ATTEMPTS = {"retry": 2, "fail-objects": 1, "fail-job": 1}
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
    start = _utc(job.start_time or datetime.now(UTC).replace(microsecond=0))
    with ExitStack() as stack:
        bucket = _bucket(job, inputs, stack)
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


def _bucket(job: SimulatedJob, inputs: Inputs, stack: ExitStack) -> Bucket:
    """The job's S3 and the handlers' environment, for as long as `stack` is open."""
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
    if bucket.keys(job.output_folder):
        raise ContractError(
            f"{job.output_folder} has files already: job names are used once; choose another with --job-name"
        )
    bucket.write_all(inputs.uploads)
    return bucket


@dataclass(slots=True)
class _Sent:
    """One consolidation request: its objects, its event and where its reply goes."""

    objects: list[AnsweredObject]
    event: dict[str, Any]
    response_uri: str

    @property
    def ids(self) -> list[str]:
        return [answered.line.data_object_id for answered in self.objects]


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
        logs = job.out / LOGS
        self._pre_annotation = Invoker(
            "PreAnnotation", handlers.pre_annotation, logs / "pre_annotation.jsonl", job.time_limit
        )
        self._consolidation = Invoker(
            "Consolidation", handlers.consolidation, logs / "consolidation.jsonl", job.time_limit
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
            raise JobFailedError(self._pre_annotation.failure_reason(), cause=cause) from failure
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
            "roleArn": EXECUTION_ROLE,
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
                raise JobFailedError(self._consolidation.failure_reason(), cause=failure.message) from failure
            for answered in sent.objects:
                reason = self._consolidation.failure_reason()
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


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
