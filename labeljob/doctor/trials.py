"""Test invocations: both functions with the first line of the manifest, and the page that comes of it.

Pre-annotation must be free of side effects, since the console calls it for previews too. Consolidation is handed a request of its own:
one object, one answer, under `<output>/labeljob-doctor/<id>/`, with that folder as its output. All that lies there afterwards is deleted.
Where the settings have it write elsewhere, it gets no answer: what it made of one would stay among what other jobs share.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from consolidation.label_facts import errors_of
from labeljob.aws import AwsError, calling
from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command
from labeljob.doctor.functions import settings_of
from labeljob.doctor.subject import Function, Subject
from labeljob.doctor.trial import Failed, Trial, callable_function, invoke
from labeljob.findings import Finding, Rule
from labeljob.preview.lint import check_page
from labeljob.simulation.handlers import InvocationError
from labeljob.simulation.job import Switches
from labeljob.simulation.reply import (
    TASK_INPUT_CHARACTERS,
    read_consolidation_reply,
    read_pre_annotation_reply,
)
from labeljob.simulation.wire import html_safe
from shared.contract import EVENT_VERSION
from shared.json_node import write_json

TRIALS = "labeljob-doctor"
"""Folder beneath the output path for what the consolidation function is handed and writes."""
_OBJECT_ID = "0"
_WORKER_ID = "private.labeljob.doctor"
_LOGGED = 4
"""Lines of a function's log that are shown."""
_EVENTS = "Developer Guide, Pre-annotation and Post-annotation Lambda Function Requirements"

PRE_FAILS = Rule(
    "pre-annotation-fails",
    "the pre-annotation function replies to the first manifest line",
    "An exception there has been seen to fail the whole job, with a reason that speaks of permissions.",
    _EVENTS,
)
PRE_REPLY = Rule(
    "pre-annotation-reply",
    "the reply of pre-annotation has an object taskInput, no longer than a page takes, and says plainly whether a human is needed",
    "Ground Truth cannot make a task of another reply, or pays workers for objects that need none.",
    _EVENTS,
)
PRE_SKIPS = Rule(
    "pre-annotation-skips",
    "the pre-annotation function asks for a human for the first manifest line",
    "Objects for which it does not are left out, and end without a label.",
    _EVENTS,
)
PAGE = Rule(
    "page-broken",
    "the worker template, rendered with the reply of pre-annotation, is a page without faults",
    "Workers see an empty or broken task, and decline it until it expires.",
    "Developer Guide, Create a custom worker task template",
)
PAGE_REFUSED = Rule(
    "page-refused",
    "RenderUiTemplate renders the worker template with the reply of pre-annotation",
    "Workers see what it renders: nothing.",
    "RenderUiTemplate Errors",
)
CONSOLIDATION_FAILS = Rule(
    "consolidation-fails",
    "the consolidation function replies to a request of one object",
    "Every batch fails after workers have been paid.",
    _EVENTS,
)
CONSOLIDATION_REPLY = Rule(
    "consolidation-reply",
    "the reply of consolidation is an array with the object's id once and its label under the label attribute name",
    "Objects that the reply leaves out, or has under another name, end failed after workers have been paid.",
    _EVENTS,
)
LEFT = Rule(
    "trial-left",
    "what the test invocation wrote can be deleted again",
    "Nothing fails; a few small objects stay in the bucket.",
    "labeljob doctor",
)


def _pre_annotation(subject: Subject) -> Iterator[Finding]:
    trial = subject.trial
    function, raw = subject.function("pre-annotation"), trial.raw
    if function is None or raw is None:
        return
    if isinstance(raw, Failed):
        yield PRE_FAILS.broken(
            f"the pre-annotation function {function.name} raised for the first manifest line: {raw.reason}",
            _read_log(subject, function, raw),
        )
        return
    try:
        reply = read_pre_annotation_reply(raw)
    except InvocationError as failure:
        yield PRE_REPLY.broken(
            f"{failure}; it is {_short(raw)}", f'mend {function.name}: return {{"taskInput": {{...}}}}'
        )
        return
    for warning in reply.warnings:
        yield PRE_REPLY.broken(warning, f"mend {function.name}", serious=False)
    characters = len(json.dumps(dict(reply.task_input)))
    if characters > TASK_INPUT_CHARACTERS:
        yield PRE_REPLY.broken(
            f"taskInput has {characters:,} characters, a page takes {TASK_INPUT_CHARACTERS:,}",
            "write what is long to S3 and give the page its URI",
        )
    if not reply.human_annotation_required:
        yield PRE_SKIPS.broken(
            "pre-annotation says that the first manifest line needs no human",
            "expected where the line is labelled already; else look into the log: "
            + _tail(subject, function),
            serious=False,
        )


def _page(subject: Subject) -> Iterator[Finding]:
    trial = subject.trial
    if trial.template is None or trial.task_input is None:
        return
    for mistake in check_page(trial.template, trial.task_input):
        yield PAGE.broken(
            f"{mistake.message} (first manifest line)",
            mistake.remedy,
            place=f"{trial.template.name} line {mistake.line}",
            serious=mistake.serious,
        )


def _rendered(subject: Subject) -> Iterator[Finding]:
    trial = subject.trial
    if trial.template is None or trial.task_input is None or subject.role is None:
        return
    with calling("render the worker template by RenderUiTemplate"):
        reply = subject.aws.sagemaker.render_ui_template(
            UiTemplate={"Content": trial.template.source},
            Task={"Input": json.dumps(dict(trial.task_input))},
            RoleArn=subject.role["Arn"],
        )
    for error in reply["Errors"]:
        yield PAGE_REFUSED.broken(
            f"RenderUiTemplate: {error['Code']}: {error['Message']}",
            "mend the template; `labeljob preview` shows it as workers will see it",
            place=subject.job.place("template"),
        )


def _consolidation(subject: Subject) -> Iterator[Finding]:
    function = callable_function(subject, "consolidation")
    bucket = subject.output_place[0]
    if function is None or subject.launch.role is None or not subject.bucket_exists(bucket):
        return
    trial = subject.trial
    folder = f"{subject.output}/{TRIALS}/{uuid.uuid4().hex[:12]}"
    try:
        yield from _consolidated(subject, function, folder, trial)
    finally:
        left = _deleted(subject, f"{folder}/")
    if left:
        yield LEFT.broken(
            f"what the test invocation wrote to {folder}/ cannot be deleted: {left}",
            f"aws s3 rm --recursive {folder}/",
            serious=False,
        )


def _consolidated(subject: Subject, function: Function, folder: str, trial: Trial) -> Iterator[Finding]:
    output = f"{folder}/annotations"
    payload = f"{output}/consolidated-annotation/consolidation-request/iteration-1/request.json"
    answer = trial.answer() if _keeps_to_its_folder(subject, function) else None
    _put(subject, payload, html_safe([_entry(trial, answer)]).encode())
    event = {
        "version": EVENT_VERSION,
        "labelingJobArn": subject.job_arn,
        "labelAttributeName": subject.job.label,
        "roleArn": subject.launch.role,
        "payload": {"s3Uri": payload},
        "outputConfig": output,
        "maxHumanWorkersPerDataObject": subject.job.workers,
        "vpcEnabled": False,
        **({"kmsKeyId": subject.job.output_key} if subject.job.output_key else {}),
    }
    reply = invoke(subject, function, event)
    if isinstance(reply, Failed):
        yield CONSOLIDATION_FAILS.broken(
            f"the consolidation function {function.name} raised for a request of one object: {reply.reason}",
            _read_log(subject, function, reply),
        )
        return
    try:
        read = read_consolidation_reply(reply, [_OBJECT_ID], subject.job.label, Switches())
    except InvocationError as failure:
        yield CONSOLIDATION_REPLY.broken(f"{failure}; it is {_short(reply)}", f"mend {function.name}")
        return
    for fault in read.faults.values():
        yield CONSOLIDATION_REPLY.broken(
            fault, f"mend {function.name}; the label belongs under {subject.job.label!r}"
        )
    if function.ours and answer:
        labels = [content[subject.job.label] for content in read.contents.values()]
        for error in (error for label in labels for error in errors_of(label)):
            yield CONSOLIDATION_REPLY.broken(
                f"the label of a made-up answer to the page is an error: {error}",
                "answer the page yourself: labeljob preview",
                serious=False,
            )
    for warning in read.warnings:
        yield CONSOLIDATION_REPLY.broken(warning, f"mend {function.name}", serious=False)


def _keeps_to_its_folder(subject: Subject, function: Function) -> bool:
    """Whether what our function makes of answers lies beneath the request's output; of others' functions that is taken for granted."""
    if function.deployment is None:
        return True
    settings = settings_of(subject, function.deployment)
    return not any(place.startswith("s3://") for place in (settings.artefact_prefix, settings.skill_store))


def _entry(trial: Trial, answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """One object of a consolidation request, with one worker's answer or none."""
    line = trial.line or {"source": "labeljob doctor"}
    source = {"content": line["source"]} if line.get("source") else {"s3Uri": line["source-ref"]}
    answers = [] if answer is None else [{"content": write_json(answer)}]
    return {
        "datasetObjectId": _OBJECT_ID,
        "dataObject": source,
        "annotations": [{"workerId": _WORKER_ID, "annotationData": data} for data in answers],
    }


def _put(subject: Subject, uri: str, body: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    options: dict[str, Any] = {}
    if subject.job.output_key:
        options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": subject.job.output_key}
    with calling(f"write {uri} for a test invocation"):
        subject.aws.s3.put_object(
            Bucket=bucket, Key=key, Body=body, ContentType="application/json", **options
        )


def _deleted(subject: Subject, folder: str) -> str:
    """Delete a folder.

    Returns:
        Why something is left; empty where nothing is.
    """
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    s3 = subject.aws.s3
    try:
        with calling(f"delete {folder}"):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                if keys := [found["Key"] for found in page.get("Contents", [])]:
                    reply = s3.delete_objects(
                        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]}
                    )
                    for error in reply.get("Errors", []):
                        return f"{error.get('Code')} {error.get('Key')}"
    except AwsError as failure:
        return failure.message
    return ""


def _read_log(subject: Subject, function: Function, failed: Failed) -> str:
    lines = [line[:300] for line in failed.log.strip().splitlines()[-_LOGGED:]]
    shown = ["its log ends so:", *(f"  {line}" for line in lines)] if lines else []
    return "\n".join([_tail(subject, function), *shown])


def _tail(subject: Subject, function: Function) -> str:
    return aws_command("logs", f"tail /aws/lambda/{function.name}", since="10m", region=subject.aws.region)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


CHECKS = (
    Check(
        "pre-annotation of the first manifest line",
        (PRE_FAILS, PRE_REPLY, PRE_SKIPS),
        _pre_annotation,
        invokes=True,
    ),
    Check("the page of the first manifest line", (PAGE,), _page, invokes=True),
    Check("the page as RenderUiTemplate renders it", (PAGE_REFUSED,), _rendered, invokes=True),
    Check(
        "consolidation of one object",
        (CONSOLIDATION_FAILS, CONSOLIDATION_REPLY, LEFT),
        _consolidation,
        invokes=True,
    ),
)
