"""A labeling job created: its files uploaded, its topics made, its request sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from labeljob.aws import Aws, AwsError, calling
from labeljob.findings import Finding, Rule
from labeljob.launch.job_file import JobFile
from labeljob.launch.request import LaunchPlan, Upload, build, request_of
from labeljob.launch.uploading import send
from labeljob.streaming import role, topics
from shared.errors import GtConsensusError

OnUpload = Callable[[Upload, bool], None]
"""Told of each file, and whether it had to be uploaded."""

ROLE_STREAMING = Rule(
    "role-streaming",
    "The execution role of a streaming job may use the job's queue and its two topics.",
    "The job fails at its start, or no object ever reaches a worker.",
    "Developer Guide: Create a SageMaker Execution Role for a Ground Truth Labeling Job",
)


class UnsoundJobError(GtConsensusError):
    """A job breaks rules, so that it was not created.

    Attributes:
        findings: what it breaks.
    """

    code = "unsound-job"

    def __init__(self, findings: tuple[Finding, ...], **place: str) -> None:
        serious = [finding for finding in findings if finding.serious]
        super().__init__("\n  ".join(("the job was not created:", *map(str, serious))), **place)
        self.findings = findings


def create(job: JobFile, aws: Aws, *, grant: bool = False) -> str:
    """Check a job file, upload what the job needs and create the labeling job.

    Args:
        job: as `read_job_file` returns it.
        aws: where to.
        grant: whether the execution role of a streaming job may be given the permissions that it lacks.

    Returns:
        The job's ARN.

    Raises:
        UnsoundJobError: a rule is broken; nothing was uploaded or created.
        AwsError: AWS refused something.
    """
    plan = build(job, aws)
    lacking = streaming_role_finding(plan, aws)
    if lacking and lacking.serious and not grant:
        raise UnsoundJobError((*plan.findings, lacking))
    return start(plan, aws, grant=bool(lacking and lacking.serious))


def start(plan: LaunchPlan, aws: Aws, *, grant: bool = False, on_upload: OnUpload | None = None) -> str:
    """Do what a plan says. Run again after a failure, it uploads and makes only what is not there yet.

    Args:
        plan: of `build`.
        aws: where to.
        grant: whether to give the execution role of a streaming job what `streaming_role_finding` says it lacks.
        on_upload: see `OnUpload`.

    Returns:
        The job's ARN.

    Raises:
        UnsoundJobError: the plan has a serious finding. AwsError: AWS refused something.
    """
    if not plan.sound:
        raise UnsoundJobError(plan.findings)
    for upload in plan.uploads:
        sent = send(upload, aws)
        if on_upload:
            on_upload(upload, sent)
    request = _with_topics(plan, aws, grant=grant) if plan.launch.job.streaming else plan.request
    with calling(f"create labeling job {plan.launch.job.name}"):
        return aws.sagemaker.create_labeling_job(**dict(request))["LabelingJobArn"]


def streaming_role_finding(plan: LaunchPlan, aws: Aws) -> Finding | None:
    """What the execution role of a streaming job lacks; None when nothing, or when the job does not stream.

    Raises:
        ContractError: a topic that the job file names cannot serve. AwsError: IAM or SNS refuses.
    """
    job, arn = plan.launch.job, plan.launch.role
    if not job.streaming or not plan.sound or arn is None:
        return None
    planned = topics.plan(job, aws)
    place, mend = job.place("role"), role.grant_command(arn, job.name, planned, aws)
    try:
        denied = role.denied_actions(arn, job.name, planned, aws)
    except AwsError as failure:
        if not failure.denied:
            raise
        told = f"what {job.role} may do cannot be checked: {failure.error_code} (iam:SimulatePrincipalPolicy)"
        return ROLE_STREAMING.broken(told, f"if the job fails: {mend}", place=place, serious=False)
    if not denied:
        return None
    return ROLE_STREAMING.broken(f"{job.role} may not {', '.join(denied)}", mend, place=place)


def _with_topics(plan: LaunchPlan, aws: Aws, *, grant: bool) -> dict[str, Any]:
    """The request with the topics of the job, which are made where they are not there."""
    launch = plan.launch
    made = topics.ensure(launch.job, aws)
    if grant and launch.role:
        role.grant(launch.role, launch.job.name, made, aws)
    return request_of(replace(launch, input_topic=made.input_arn, output_topic=made.output_arn))
