"""The job's two functions, called as the service calls them, and their replies taken as it takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.handlers import Callables, InvocationError
from labeljob.simulation.job import JobFacts, JobFailedError
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.reply import (
    TASK_INPUT_CHARACTERS,
    ConsolidationReply,
    read_consolidation_reply,
    read_pre_annotation_reply,
)
from shared.contract import EVENT_VERSION
from shared.errors import ContractError
from shared.json_node import write_json

_NO_LABELS = "taskInput.labels is empty, so workers have nothing to choose from; give --label-categories or the setting label-categories"
_ATTEMPTS = {"retry": 2, "fail-objects": 1, "fail-job": 1}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object gets no label.

    Attributes:
        kind: short name of the cause.
        reason: the cause in full.
        failure_reason: what the service writes into the manifest, where it words that itself.
        failed: whether the object counts as failed; else it stays as it was, unlabeled.
    """

    kind: str
    reason: str
    failure_reason: str | None = None
    failed: bool = True


@dataclass(frozen=True, slots=True)
class Consolidated:
    """What came of one consolidation request.

    Attributes:
        replied: whether there is a response file.
        contents: `content` by data object id, each with the label under its name.
        refusals: of the other objects of the request, by id.
    """

    replied: bool
    contents: Mapping[str, Mapping[str, Any]]
    refusals: Mapping[str, Refusal]


class Functions:
    """Both functions of one job."""

    def __init__(
        self,
        job: JobFacts,
        handlers: Callables,
        *,
        logs: Path,
        time_limit: float,
        template: WorkerTemplate | None,
        warn: Callable[[Iterable[str]], None],
        show: Callable[[ManifestLine, str], None],
    ) -> None:
        """Nothing is called yet.

        Args:
            job: whose functions they are.
            handlers: the functions.
            logs: folder of their logs.
            time_limit: seconds that one call may take.
            template: worker page to render with every task input, or None.
            warn: takes what a person should know.
            show: takes the worker page of each object.
        """
        self._job, self._template, self._warn, self._show = job, template, warn, show
        self.pre_annotation, self.consolidation = handlers.functions(logs, time_limit)

    def send_out(self, line: ManifestLine) -> Refusal | None:
        """Call pre-annotation and render the page.

        Returns:
            Why workers do not get to see the object, or None.

        Raises:
            JobFailedError: pre-annotation raises, which fails the whole job. ContractError: the page cannot be rendered.
        """
        event = {
            "version": EVENT_VERSION,
            "labelingJobArn": self._job.labeling_job_arn,
            "dataObject": dict(line.value),
        }
        try:
            reply = read_pre_annotation_reply(self.pre_annotation.invoke(event))
        except InvocationError as failure:
            cause = f"{line.place}: {failure.message}"
            raise JobFailedError(self.pre_annotation.failure_reason(self._job.role), cause=cause) from failure
        self._warn(reply.warnings)
        if not reply.human_annotation_required:
            reason = "pre-annotation says that no human annotation is required"
            return Refusal("skipped", reason, failed=self._job.switches.skipped == "failed")
        length = len(write_json(reply.task_input))
        if length > TASK_INPUT_CHARACTERS:
            reason = f"taskInput has {length} characters, a worker page takes {TASK_INPUT_CHARACTERS}"
            return Refusal("task input too long", reason)
        self._render(line, reply.task_input)
        return None

    def consolidate(
        self,
        request: str,
        ids: Sequence[str],
        store: Callable[[bytes], None],
        *,
        workers: int,
        categories: Sequence[str],
    ) -> Consolidated:
        """Call the consolidation function, again if the job allows it.

        Args:
            request: URI of the consolidation request.
            ids: of the objects in it.
            store: takes the body of the response file, where the function gives one.
            workers: answers asked for per object.
            categories: of the label-category file.

        Raises:
            JobFailedError: the function raises or leaves an object out, and the job's switches make that fail the job.
        """
        switches = self._job.switches
        event = self._event(request, workers, categories)
        try:
            raw, reply = self._reply(event, ids)
        except InvocationError as failure:
            reason = self.consolidation.failure_reason(self._job.role)
            if switches.on_consolidation_error == "fail-job":
                raise JobFailedError(reason, cause=failure.message) from failure
            refusal = Refusal("consolidation failed", failure.message, reason)
            return Consolidated(replied=False, contents={}, refusals=dict.fromkeys(ids, refusal))
        store(write_json(raw).encode())
        self._warn(reply.warnings)
        if reply.missing and switches.on_missing == "fail-job":
            cause = f"the consolidation reply leaves out the ids {', '.join(reply.missing[:5])}"
            raise JobFailedError(f"ClientError: {cause}", cause=cause)
        refusals = {name: Refusal("unusable reply", fault) for name, fault in reply.faults.items()}
        return Consolidated(replied=True, contents=reply.contents, refusals=refusals)

    def _render(self, line: ManifestLine, task_input: Mapping[str, Any]) -> None:
        if self._template is None:
            return
        try:
            page = self._template.render(task_input)
        except ContractError as failure:
            raise failure.at(data_object_id=line.data_object_id) from failure
        self._show(line, page)
        if task_input.get("labels") == []:
            self._warn([_NO_LABELS])

    def _event(self, request: str, workers: int, categories: Sequence[str]) -> dict[str, Any]:
        named: Mapping[str, dict[str, Any]] = {
            "absent": {},
            "null": {"labelCategories": None},
            "list": {"labelCategories": list(categories)},
        }
        return {
            "version": EVENT_VERSION,
            "labelingJobArn": self._job.labeling_job_arn,
            **named[self._job.switches.label_categories],
            "labelAttributeName": self._job.label_attribute_name,
            "roleArn": self._job.role,
            "payload": {"s3Uri": request},
            "outputConfig": self._job.output_config,
            "maxHumanWorkersPerDataObject": workers,
            "vpcEnabled": False,
        }

    def _reply(self, event: Mapping[str, Any], ids: Sequence[str]) -> tuple[Any, ConsolidationReply]:
        """The function's reply, raw and read, after as many attempts as the job allows."""
        for _ in range(_ATTEMPTS[self._job.switches.on_consolidation_error] - 1):
            with suppress(InvocationError):
                return self._attempt(event, ids)
        return self._attempt(event, ids)

    def _attempt(self, event: Mapping[str, Any], ids: Sequence[str]) -> tuple[Any, ConsolidationReply]:
        raw = self.consolidation.invoke(event)
        job = self._job
        return raw, read_consolidation_reply(raw, ids, job.label_attribute_name, job.switches)
