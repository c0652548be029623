"""The task types of Ground Truth: what each asks of a job, and the ARNs that AWS keeps for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Medium = Literal["any", "image", "text", "video", "video-frames", "point-cloud"]
Audit = Literal["adjustment", "verification"]

HOUR, DAY = 3_600, 86_400
_LONG_MEDIA = frozenset({"video-frames", "point-cloud"})
_UI_ACCOUNT = "394669845002"
_ALGORITHM_ACCOUNT = "027400017018"
_STEP = Decimal("0.120")

LAMBDA_ACCOUNTS: Mapping[str, str] = {
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
    "ca-central-1": "918755190332",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "eu-central-1": "203001061592",
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
}
"""AWS's account with the functions of the built-in task types, by Region. Where there is none, neither is Ground Truth."""

PRICES: tuple[Decimal, ...] = tuple(
    Decimal(mills) / 1_000
    for mills in (12, 24, 36, 48, 60, 72, 120, 240, 360, 480, 600, 720, 840, 960, 1_080, 1_200)
)
"""US dollars per worker and object that Mechanical Turk takes; some task types start further up."""


@dataclass(frozen=True, slots=True)
class TaskType:
    """A kind of labeling job.

    Attributes:
        name: in a job file, such as `bounding-box`.
        title: in words.
        medium: what is labelled.
        function: name of AWS's two functions after `PRE-` and `ACS-`; None for a custom job, which brings its own.
        ui: name of AWS's worker page; None where the job brings a template.
        element: crowd element of the template, for whose answer AWS's consolidation looks.
        element_name: `name` that this element must have.
        ref: whether the label is the URI of a file, so that the label attribute ends in `-ref`.
        audit: whether earlier labels are adjusted or verified.
        algorithm: AWS's algorithm of automated labeling, None where there is none.
        least_labels, most_labels: label categories; None for no limit.
        least_price: US dollars per worker and object.
    """

    name: str
    title: str
    medium: Medium
    function: str | None
    ui: str | None = None
    element: str | None = None
    element_name: str | None = None
    ref: bool = False
    audit: Audit | None = None
    algorithm: str | None = None
    least_labels: int = 1
    most_labels: int | None = None
    least_price: Decimal = PRICES[0]

    @property
    def custom(self) -> bool:
        """Whether the job brings its own page and functions."""
        return self.function is None

    @property
    def has_sequences(self) -> bool:
        """Whether video frames or point clouds are labelled: one worker, long limits, categories of their own kind, no public workforce."""
        return self.medium in _LONG_MEDIA

    @property
    def source_key(self) -> Literal["source", "source-ref"] | None:
        """The key that each manifest line must have; None where either does."""
        if self.custom:
            return None
        return "source" if self.medium == "text" else "source-ref"

    @property
    def longest_task(self) -> int:
        """Seconds that a worker may have for one task, at most."""
        return 30 * DAY if self.has_sequences else 8 * HOUR

    @property
    def longest_told(self) -> int:
        """The same as the page of the task type has it, which for video frames and point clouds is less than what the API says."""
        return 7 * DAY if self.has_sequences else 8 * HOUR

    @property
    def document_version(self) -> str:
        """Of its label-category file."""
        return "2020-03-01" if self.has_sequences else "2018-11-28"

    @property
    def version_key(self) -> str:
        """Key of the label-category file under which its version stands."""
        return "documentVersion" if self.has_sequences else "document-version"

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """US dollars per worker and object that Mechanical Turk takes, rising; empty where it does not take the task."""
        return () if self.has_sequences else tuple(price for price in PRICES if price >= self.least_price)

    @property
    def prices_told(self) -> str:
        """`prices` in words: from 0.120 on they rise by steps."""
        low = [f"{price:.3f}" for price in self.prices if price < _STEP]
        steps = f"{max(_STEP, self.least_price):.3f} to {PRICES[-1]:.3f} in steps of {_STEP}"
        return f"{', '.join(low)}, or {steps}" if low else steps


def _image_and_text() -> tuple[TaskType, ...]:
    return (
        TaskType(
            "bounding-box",
            "boxes in images",
            "image",
            "BoundingBox",
            element="crowd-bounding-box",
            element_name="boundingBox",
            algorithm="object-detection",
            most_labels=50,
            least_price=PRICES[2],
        ),
        TaskType(
            "image-classification",
            "one class per image",
            "image",
            "ImageMultiClass",
            element="crowd-image-classifier",
            element_name="crowd-image-classifier",
            algorithm="image-classification",
            least_labels=2,
        ),
        TaskType(
            "image-multi-label",
            "classes of images",
            "image",
            "ImageMultiClassMultiLabel",
            element="crowd-image-classifier-multi-select",
            element_name="crowd-image-classifier-multi-select",
            least_labels=2,
            most_labels=50,
        ),
        TaskType(
            "semantic-segmentation",
            "pixels of images",
            "image",
            "SemanticSegmentation",
            element="crowd-semantic-segmentation",
            element_name="crowd-semantic-segmentation",
            ref=True,
            algorithm="semantic-segmentation",
            least_price=PRICES[12],
        ),
        TaskType(
            "text-classification",
            "one class per text",
            "text",
            "TextMultiClass",
            element="crowd-classifier",
            element_name="crowd-classifier",
            algorithm="text-classification",
            least_labels=2,
        ),
        TaskType(
            "text-multi-label",
            "classes of texts",
            "text",
            "TextMultiClassMultiLabel",
            element="crowd-classifier-multi-select",
            element_name="crowd-classifier-multi-select",
            least_labels=2,
            most_labels=50,
        ),
        TaskType(
            "named-entity-recognition",
            "spans of text",
            "text",
            "NamedEntityRecognition",
            ui="NamedEntityRecognition",
        ),
        TaskType(
            "video-classification",
            "one class per video clip",
            "video",
            "VideoMultiClass",
            element="crowd-classifier",
            element_name="crowd-classifier",
            least_labels=2,
            most_labels=30,
        ),
    )


def _image_audits() -> tuple[TaskType, ...]:
    return (
        TaskType(
            "bounding-box-adjustment",
            "earlier boxes, adjusted",
            "image",
            "AdjustmentBoundingBox",
            audit="adjustment",
            most_labels=50,
            least_price=PRICES[2],
        ),
        TaskType(
            "bounding-box-verification",
            "earlier boxes, verified",
            "image",
            "VerificationBoundingBox",
            audit="verification",
        ),
        TaskType(
            "semantic-segmentation-adjustment",
            "earlier masks, adjusted",
            "image",
            "AdjustmentSemanticSegmentation",
            ref=True,
            audit="adjustment",
            least_price=PRICES[12],
        ),
        TaskType(
            "semantic-segmentation-verification",
            "earlier masks, verified",
            "image",
            "VerificationSemanticSegmentation",
            audit="verification",
        ),
    )


def _sequences(
    name: str, title: str, medium: Medium, function: str, *, ref: bool = True
) -> tuple[TaskType, ...]:
    """A task type of video frames or point clouds, and its adjustment and verification, which share their functions."""
    ui = function.removeprefix("3D")
    adjust = f"Adjustment{function}"
    return (
        TaskType(name, title, medium, function, ui, ref=ref, most_labels=30),
        TaskType(
            f"{name}-adjustment",
            f"{title}, adjusted",
            medium,
            adjust,
            ui,
            ref=ref,
            audit="adjustment",
            most_labels=30,
        ),
        TaskType(
            f"{name}-verification",
            f"{title}, verified",
            medium,
            adjust,
            ui,
            ref=ref,
            audit="verification",
            most_labels=30,
        ),
    )


TASKS: Mapping[str, TaskType] = {
    task.name: task
    for task in (
        TaskType("custom", "a page and functions of your own", "any", None),
        *_image_and_text(),
        *_image_audits(),
        *_sequences(
            "video-object-detection", "objects in video frames", "video-frames", "VideoObjectDetection"
        ),
        *_sequences(
            "video-object-tracking", "objects across video frames", "video-frames", "VideoObjectTracking"
        ),
        *_sequences(
            "point-cloud-object-detection",
            "cuboids in point clouds",
            "point-cloud",
            "3DPointCloudObjectDetection",
            ref=False,
        ),
        *_sequences(
            "point-cloud-object-tracking",
            "cuboids across point clouds",
            "point-cloud",
            "3DPointCloudObjectTracking",
        ),
        *_sequences(
            "point-cloud-semantic-segmentation",
            "points of point clouds",
            "point-cloud",
            "3DPointCloudSemanticSegmentation",
        ),
    )
}
"""All task types by their name in a job file."""


def aws_lambda(region: str, kind: Literal["PRE", "ACS"], task: TaskType) -> str | None:
    """ARN of AWS's function for a built-in task type; None for a custom one, and in Regions without Ground Truth."""
    account = LAMBDA_ACCOUNTS.get(region)
    if account is None or task.function is None:
        return None
    return f"arn:aws:lambda:{region}:{account}:function:{kind}-{task.function}"


def human_task_ui(region: str, task: TaskType) -> str | None:
    """ARN of AWS's worker page; None for a task type whose page is a template of the job's own."""
    return task.ui and f"arn:aws:sagemaker:{region}:{_UI_ACCOUNT}:human-task-ui/{task.ui}"


def public_team(region: str) -> str:
    """ARN of the public workforce, Amazon Mechanical Turk."""
    return f"arn:aws:sagemaker:{region}:{_UI_ACCOUNT}:workteam/public-crowd/default"


def labeling_algorithm(region: str, task: TaskType) -> str | None:
    """ARN of the algorithm of automated labeling; None where there is none for the task type."""
    place = f"arn:aws:sagemaker:{region}:{_ALGORITHM_ACCOUNT}:labeling-job-algorithm-specification"
    return task.algorithm and f"{place}/{task.algorithm}"
