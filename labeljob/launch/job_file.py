"""A job file, read: what one labeling job is to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from labeljob.launch.tasks import TASKS, TaskType
from labeljob.launch.yaml_file import Section, YamlFile

ANNOTATION_TYPES = ("BoundingBox", "Polyline", "Polygon", "Keypoint")
"""What workers draw in video frames."""


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
        short_instruction, full_instruction: HTML for workers, for the category file; None for none.
        audited_label: label attribute of the job whose labels are adjusted or verified; video frames and point clouds only.
        annotation_type: of `ANNOTATION_TYPES`, what workers draw; video frames only, None for boxes.
        template: worker template, local path or `s3://` URI; None where the task has a page of AWS's own.
        stack: name of the deployed gt-consensus stack whose outputs name both functions, or None.
        pre_annotation: ARN, or None: of the stack, of AWS for a built-in task, or none at all.
        consolidation: likewise.
        uploads: `s3://` folder for what `create` uploads; None for `labeljob/<job>/` beneath `output`.
        workforce: who labels.
        workers: NumberOfHumanWorkersPerDataObject; 3, or 1 for video frames and point clouds, where the file has none.
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
    short_instruction: str | None = None
    full_instruction: str | None = None
    audited_label: str | None = None
    annotation_type: str | None = None
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

    @property
    def task_type(self) -> TaskType:
        """What the task asks of the job."""
        return TASKS[self.task]

    @property
    def label(self) -> str:
        """LabelAttributeName: that of the file, or else the job's name, with `-ref` where the task asks for it."""
        if self.label_attribute is not None:
            return self.label_attribute
        return f"{self.name}-ref" if self.task_type.ref and not self.name.endswith("-ref") else self.name

    def place(self, key: str) -> str:
        """Where a key stands, such as `job.yaml line 12, keywords[1]`; the nearest outer key's line for one that is not there."""
        outer = key
        while outer and outer not in self.lines:
            outer = outer[: max(outer.rfind("."), outer.rfind("["), 0)]
        line = f" line {self.lines[outer]}" if outer else ""
        return f"{self.path.name}{line}, {key}"

    def local(self, written: str) -> Path:
        """A local path of the file; a relative one starts from the file's folder."""
        return self.path.parent / Path(written).expanduser()


_KEYS = {
    "": (
        "name label-attribute task streaming input output role labels label-categories instructions audited-label annotation-type "
        "template functions uploads workforce workers title description keywords time-limit availability max-concurrent stop-after "
        "automated-labeling volume-key tags"
    ),
    "input": "manifest topic content-classifiers",
    "output": "path key topic",
    "instructions": "short full",
    "functions": "stack pre-annotation consolidation",
    "workforce": "private vendor public",
    "workforce.public": "price",
    "stop-after": "objects percentage",
}
"""The keys of each section."""


def read_job_file(path: Path) -> JobFile:
    """Read a job file.

    Args:
        path: of a YAML file as `labeljob init` writes one.

    Raises:
        ContractError: it cannot be read, is not YAML, or has unknown, double, missing or wrongly typed keys; names line and key of each.
    """
    file = YamlFile(path)
    root = file.root()
    values = {**_what(root), **_data(root), **_page(root), **_people(root), **_limits(root)}
    root.refuse_others(tuple(_KEYS[""].split()))
    file.refuse_faults()
    return JobFile(
        path=path, lines=file.lines, **{name: value for name, value in values.items() if value is not None}
    )


def _section(root: Section, name: str) -> Section:
    """A section of the file, its unknown keys noted."""
    section = root.section(name)
    section.refuse_others(tuple(_KEYS[section.path].split()))
    return section


def _what(root: Section) -> dict[str, Any]:
    functions = _section(root, "functions")
    return {
        "name": root.required("name", root.text("name")),
        "label_attribute": root.text("label-attribute"),
        "task": root.choice("task", tuple(TASKS)),
        "streaming": root.flag("streaming"),
        "role": root.required("role", root.text("role")),
        "stack": functions.text("stack"),
        "pre_annotation": functions.text("pre-annotation"),
        "consolidation": functions.text("consolidation"),
        "tags": root.mapping("tags"),
    }


def _data(root: Section) -> dict[str, Any]:
    source, output = _section(root, "input"), _section(root, "output")
    return {
        "manifest": source.text("manifest"),
        "input_topic": source.text("topic"),
        "content_classifiers": source.texts("content-classifiers"),
        "output": output.required("path", output.text("path")),
        "output_key": output.text("key"),
        "output_topic": output.text("topic"),
        "uploads": root.text("uploads"),
        "volume_key": root.text("volume-key"),
    }


def _page(root: Section) -> dict[str, Any]:
    instructions = _section(root, "instructions")
    return {
        "labels": root.texts("labels"),
        "label_categories": root.text("label-categories"),
        "short_instruction": instructions.text("short"),
        "full_instruction": instructions.text("full"),
        "audited_label": root.text("audited-label"),
        "annotation_type": root.choice("annotation-type", ANNOTATION_TYPES),
        "template": root.text("template"),
        "title": root.required("title", root.text("title")),
        "description": root.required("description", root.text("description")),
        "keywords": root.texts("keywords"),
    }


def _people(root: Section) -> dict[str, Any]:
    section = _section(root, "workforce")
    public = section.has("public")
    price = _section(section, "public").dollars("price") if public else None
    workforce = Workforce(section.text("private"), section.text("vendor"), public, price)
    return {
        "workforce": root.required("workforce", workforce),
        "workers": root.number("workers") if root.has("workers") else _workers(root),
    }


def _workers(root: Section) -> int | None:
    """One where only one may be; None for the default."""
    task = TASKS.get(root.text("task") or "")
    return 1 if task and task.has_sequences else None


def _limits(root: Section) -> dict[str, Any]:
    stop = _section(root, "stop-after")
    return {
        "time_limit": root.seconds("time-limit"),
        "availability": root.seconds("availability"),
        "max_concurrent": root.number("max-concurrent"),
        "stop_after_objects": stop.number("objects"),
        "stop_after_percentage": stop.number("percentage"),
        "automated_labeling": root.flag("automated-labeling"),
    }
