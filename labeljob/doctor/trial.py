"""A test invocation of pre-annotation: what comes of the first manifest line, asked once."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labeljob.aws import calling
from labeljob.doctor.answers import first_answer
from labeljob.preview.markup import read_page
from labeljob.preview.template import WorkerTemplate, parse_liquid
from labeljob.simulation.handlers import InvocationError
from labeljob.simulation.reply import PreAnnotationReply, read_pre_annotation_reply
from shared.contract import EVENT_VERSION, parse_label_category_file
from shared.errors import ContractError
from shared.json_node import parse_json

if TYPE_CHECKING:
    from labeljob.doctor.subject import Function, Subject, Use


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that ended in an error of the function's own.

    Attributes:
        reason: the function's.
        log: the end of its log.
    """

    reason: str
    log: str


class Trial:
    """What comes of the first manifest line, asked once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @property
    def line(self) -> Mapping[str, Any] | None:
        """The first line that a job takes."""
        return next((line.value for line in self.subject.sound_lines), None)

    @cached_property
    def raw(self) -> Any:
        """Reply of the pre-annotation function; None where it cannot be called with a line."""
        function = callable_function(self.subject, "pre-annotation")
        if function is None or self.line is None:
            return None
        event = {
            "version": EVENT_VERSION,
            "labelingJobArn": self.subject.job_arn,
            "dataObject": dict(self.line),
        }
        return invoke(self.subject, function, event)

    @cached_property
    def reply(self) -> PreAnnotationReply | None:
        """The same, read; None where there is none that can be.

        Our function looks up the job's label categories, and does not find them before there is a job: they are put in. Whether it
        will look them up is a check of its own.
        """
        if self.raw is None or isinstance(self.raw, Failed):
            return None
        try:
            reply = read_pre_annotation_reply(self.raw)
        except InvocationError:
            return None
        categories = self.subject.launch.categories
        body = categories.body if categories else None
        function = self.subject.function("pre-annotation")
        if function and function.ours and body is not None and reply.task_input.get("labels") == []:
            try:
                labels = list(parse_label_category_file(parse_json(body, error=ContractError)))
            except ContractError:
                labels = []
            task_input = {**reply.task_input, "labels": labels}
            return PreAnnotationReply(task_input, reply.human_annotation_required, reply.warnings)
        return reply

    @cached_property
    def task_input(self) -> Mapping[str, Any] | None:
        """What the page gets: without a pre-annotation function the line itself; None where the function could not be found."""
        job = self.subject.job
        if self.subject.launch.pre_annotation is None:
            return self.line if job.task_type.custom and job.stack is None else None
        return self.reply.task_input if self.reply else None

    @cached_property
    def template(self) -> WorkerTemplate | None:
        """The worker template; None where there is none that can be read."""
        source, template = self.subject.template, self.subject.launch.template
        if source is None or template is None:
            return None
        name = template.uri.rpartition("/")[2]
        try:
            return WorkerTemplate(name, source, parse_liquid(source, name))
        except ContractError:
            return None  # a finding of `create`

    def answer(self) -> dict[str, Any]:
        """What a worker could answer."""
        if self.template is None or self.task_input is None:
            return {}
        return first_answer(read_page(self.template.render_leniently(self.task_input)))


def callable_function(subject: Subject, use: Use) -> Function | None:
    """A function of the caller's account that is awake."""
    function = subject.function(use)
    return function if function and function.state == "Active" else None


def invoke(subject: Subject, function: Function, event: Mapping[str, Any]) -> Any:
    """The reply of a function, parsed, or what it raised.

    Raises:
        AwsError: the call is refused.
    """
    with calling(f"invoke {function.name}"):
        reply = subject.aws.lambda_.invoke(
            FunctionName=function.arn, LogType="Tail", Payload=json.dumps(event)
        )
        payload = reply["Payload"].read()
    try:
        value = json.loads(payload or b"null")
    except ValueError:
        value = payload.decode(errors="replace")
    if not reply.get("FunctionError"):
        return value
    log = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace")
    if isinstance(value, dict) and "errorMessage" in value:
        kind = f"{value['errorType']}: " if value.get("errorType") else ""
        return Failed(f"{kind}{value['errorMessage']}", log)
    return Failed(str(value), log)
