"""A job file, read: what one labeling job is to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workforce:
    """Who labels. Exactly one of the three.

    Attributes:
        private: name or ARN of a private work team.
        vendor: ARN of a vendor's work team.
        public: Amazon Mechanical Turk.
        price: US dollars per worker and object; public only.
    """

    private: str | None = None
    vendor: str | None = None
    public: bool = False
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class JobFile:
    """A job file.

    Attributes:
        path: of the file; relative paths in it start from its folder.
        lines: line number in the file by key path, such as `{"labels[1]": 12}`, for findings.
        name: LabelingJobName.
        label_attribute: LabelAttributeName; None for the name, with `-ref` where the task asks for it.
        task: `custom` or a built-in task type of `tasks.TASKS`, such as `bounding-box`.
        manifest: input manifest, local path or `s3://` URI; None in a streaming job without one.
        streaming: whether objects are sent to a topic while the job runs.
        input_topic: ARN or name of the SNS topic; None to make one named after the job. Streaming only.
        output_topic: likewise, for labels.
        content_classifiers: `FreeOfPersonallyIdentifiableInformation`, `FreeOfAdultContent`.
        output: S3OutputPath.
        output_key: KMS key of the output, or None.
        volume_key: KMS key of the training volumes of automated labeling, or None.
        role: execution role, ARN or name.
        labels: label categories, for the category file that `create` writes; empty when `label_categories` names one.
        label_categories: category file, local path or `s3://` URI, or None.
        template: worker template, local path or `s3://` URI; None where the task has a page of AWS's own.
        stack: name of the deployed gt-consensus stack whose outputs name both functions, or None.
        pre_annotation: ARN, or None: of the stack, of AWS for a built-in task, or none at all.
        consolidation: likewise.
        uploads: `s3://` folder for what `create` uploads; None for `labeljob/<job>/` beneath `output`.
        workforce: who labels.
        workers: NumberOfHumanWorkersPerDataObject.
        title, description, keywords: what workers read of the task.
        time_limit: seconds a worker has for one task.
        availability: seconds a task is offered, or None for the service's default.
        max_concurrent: MaxConcurrentTaskCount, or None.
        stop_after_objects, stop_after_percentage: StoppingConditions, or None.
        automated_labeling: whether AWS's model labels what it is sure of.
        tags: of the job.
    """

    path: Path
    name: str
    output: str
    role: str
    title: str
    description: str
    workforce: Workforce
    lines: Mapping[str, int] = field(default_factory=dict)
    label_attribute: str | None = None
    task: str = "custom"
    manifest: str | None = None
    streaming: bool = False
    input_topic: str | None = None
    output_topic: str | None = None
    content_classifiers: tuple[str, ...] = ()
    output_key: str | None = None
    volume_key: str | None = None
    labels: tuple[str, ...] = ()
    label_categories: str | None = None
    template: str | None = None
    stack: str | None = None
    pre_annotation: str | None = None
    consolidation: str | None = None
    uploads: str | None = None
    workers: int = 3
    keywords: tuple[str, ...] = ()
    time_limit: int = 3_600
    availability: int | None = None
    max_concurrent: int | None = None
    stop_after_objects: int | None = None
    stop_after_percentage: int | None = None
    automated_labeling: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
