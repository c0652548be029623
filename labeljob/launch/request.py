"""The CreateLabelingJob request of a job file, what is to be uploaded before, and what is wrong with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

from labeljob.aws import Aws
from labeljob.findings import Finding
from labeljob.launch.job_file import JobFile
from labeljob.launch.launch import CONTENT_TYPES, Launch, Material
from labeljob.launch.manifest_lines import manifest_findings
from labeljob.launch.resolving import resolve
from labeljob.launch.rules import check
from labeljob.launch.tasks import human_task_ui, labeling_algorithm
from labeljob.manifest.check import CheckProgress


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that the job needs and that is not in S3, or not known to be.

    Attributes:
        source: its bytes, or the local file that has them.
        uri: where it goes.
        content_type: of the object.
    """

    source: bytes | Path
    uri: str
    content_type: str


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """What `create` would do.

    Attributes:
        request: arguments of CreateLabelingJob; without what could not be found, which is then among the findings.
        uploads: files to upload before, unless what is there is the same.
        findings: rules that the job breaks, in the order of lines of the job file.
        launch: the job file with its names resolved.
        objects: lines of the manifest; None where there is none that can be read.
    """

    request: Mapping[str, Any]
    uploads: tuple[Upload, ...]
    findings: tuple[Finding, ...]
    launch: Launch
    objects: int | None = None

    @property
    def most_earned(self) -> Decimal | None:
        """US dollars that workers of the public workforce earn when they do all of it; None for others, and for a streaming job.

        AWS's own price per object is not in it.
        """
        job = self.launch.job
        if job.workforce.price is None or self.objects is None or job.streaming:
            return None
        return job.workforce.price * job.workers * self.labelled

    @property
    def labelled(self) -> int:
        """Objects of the manifest that are labelled before a stopping condition is met."""
        job, objects = self.launch.job, self.objects or 0
        most = objects if job.stop_after_objects is None else min(objects, job.stop_after_objects)
        return min(most, ceil(objects * (job.stop_after_percentage or 100) / 100))

    @property
    def sound(self) -> bool:
        """Whether the job may be created: no finding is serious."""
        return not any(finding.serious for finding in self.findings)


def build(job: JobFile, aws: Aws) -> LaunchPlan:
    """Make the request of a job file and check it; creates and uploads nothing.

    Looks up the stack's outputs, a role given by name and whether the job's name is taken, and reads all files that the job file
    names, the manifest line by line.

    Raises:
        AwsError: one of these calls failed.
    """
    launch = resolve(job, aws)
    uploads = tuple(
        Upload(source, material.uri, CONTENT_TYPES[material.key])
        for material in (launch.manifest, launch.template, launch.categories)
        if material and (source := _source(material)) is not None
    )
    findings, objects = check(launch), None
    if launch.manifest and launch.manifest.readable:
        seen = deque[CheckProgress](maxlen=1)
        findings += tuple(manifest_findings(launch, aws, seen.append))
        objects = seen[-1].lines if seen else 0
    return LaunchPlan(request_of(launch), uploads, findings, launch, objects)


def _source(material: Material) -> bytes | Path | None:
    return None if material.in_s3 else material.path or material.body


def request_of(launch: Launch) -> dict[str, Any]:
    """The arguments of CreateLabelingJob, in the order of its documentation."""
    job = launch.job
    request = {
        "LabelingJobName": job.name,
        "LabelAttributeName": job.label,
        "InputConfig": _input(launch),
        "OutputConfig": {
            "S3OutputPath": job.output,
            "KmsKeyId": job.output_key,
            "SnsTopicArn": launch.output_topic,
        },
        "RoleArn": launch.role,
        "LabelCategoryConfigS3Uri": launch.categories and launch.categories.uri,
        "StoppingConditions": {
            "MaxHumanLabeledObjectCount": job.stop_after_objects,
            "MaxPercentageOfInputDatasetLabeled": job.stop_after_percentage,
        },
        "LabelingJobAlgorithmsConfig": _algorithm(launch),
        "HumanTaskConfig": _human_task(launch),
        "Tags": [{"Key": key, "Value": value} for key, value in job.tags.items()],
    }
    kept: dict[str, Any] = _given(request)
    return kept


def amount_in_usd(price: Decimal) -> dict[str, int]:
    """A price as the service takes it: dollars, cents and tenths of a cent."""
    mills = int(price * 1_000)
    return {
        "Dollars": mills // 1_000,
        "Cents": mills % 1_000 // 10,
        "TenthFractionsOfACent": mills % 10,
    }


def _input(launch: Launch) -> dict[str, Any]:
    return {
        "DataSource": {
            "S3DataSource": {"ManifestS3Uri": launch.manifest and launch.manifest.uri},
            "SnsDataSource": {"SnsTopicArn": launch.input_topic},
        },
        "DataAttributes": {"ContentClassifiers": list(launch.job.content_classifiers)},
    }


def _algorithm(launch: Launch) -> dict[str, Any] | None:
    if not launch.job.automated_labeling:
        return None
    return {
        "LabelingJobAlgorithmSpecificationArn": labeling_algorithm(launch.region, launch.task),
        "LabelingJobResourceConfig": {"VolumeKmsKeyId": launch.job.volume_key},
    }


def _human_task(launch: Launch) -> dict[str, Any]:
    job = launch.job
    price = job.workforce.price
    return {
        "WorkteamArn": launch.team,
        "UiConfig": {
            "UiTemplateS3Uri": launch.template and launch.template.uri,
            "HumanTaskUiArn": human_task_ui(launch.region, launch.task),
        },
        "PreHumanTaskLambdaArn": launch.pre_annotation,
        "TaskKeywords": list(job.keywords),
        "TaskTitle": job.title,
        "TaskDescription": job.description,
        "NumberOfHumanWorkersPerDataObject": job.workers,
        "TaskTimeLimitInSeconds": job.time_limit,
        "TaskAvailabilityLifetimeInSeconds": job.availability,
        "MaxConcurrentTaskCount": job.max_concurrent,
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": launch.consolidation},
        "PublicWorkforceTaskPrice": {"AmountInUsd": None if price is None else amount_in_usd(price)},
    }


def _given(value: Any) -> Any:
    """The value without members that are None or hold nothing; they are what the service's defaults are for."""
    if not isinstance(value, dict):
        return value
    kept = {key: _given(member) for key, member in value.items()}
    return {key: member for key, member in kept.items() if member not in (None, {}, [])}
