"""The labeling jobs of the local AWS, as DescribeLabelingJob and the lists show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any

from labeljob.simulation.job import Counts

ACCOUNT = "123456789012"
REGION = "us-east-1"
ENDED = frozenset({"Completed", "Failed", "Stopped"})
_DESCRIBED = (
    "LabelingJobName",
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "LabelingJobAlgorithmsConfig",
    "HumanTaskConfig",
)
_NO_OBJECTS = Counts(objects=0, labeled=0, failed=0, unlabeled=0, review=0, error_labels=0)


@dataclass(slots=True)
class LabelingJob:
    """A labeling job; changed by its own thread, and by StopLabelingJob at the same time.

    Attributes:
        request: of CreateLabelingJob.
        created: UTC.
        number: how many jobs there were before it.
        tags: by key.
        status: LabelingJobStatus.
        counts: of its data objects; all 0 while it initializes.
        kept: lines of its manifest that had the label already.
        failure_reason: of a failed job.
        modified: UTC time of the last change.
        stopping: set when somebody wants it to stop.
    """

    request: Mapping[str, Any]
    created: datetime
    number: int
    tags: dict[str, str]
    status: str = "Initializing"
    counts: Counts = _NO_OBJECTS
    kept: int = 0
    failure_reason: str | None = None
    modified: datetime = field(init=False)
    stopping: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Never changed yet."""
        self.modified = self.created

    @property
    def name(self) -> str:
        """LabelingJobName, in the caller's case."""
        return str(self.request["LabelingJobName"])

    @property
    def arn(self) -> str:
        """With the name in lower case, as the service has it."""
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{self.name.lower()}"

    @property
    def task(self) -> Mapping[str, Any]:
        """HumanTaskConfig."""
        config: Mapping[str, Any] = self.request["HumanTaskConfig"]
        return config

    @property
    def team(self) -> str:
        """WorkteamArn."""
        return str(self.task["WorkteamArn"])

    @property
    def manifest_uri(self) -> str | None:
        """ManifestS3Uri; None in a streaming job without one."""
        source = self.request["InputConfig"]["DataSource"].get("S3DataSource")
        return source["ManifestS3Uri"] if source else None

    @property
    def input_topic(self) -> str | None:
        """ARN of the topic that a streaming job takes objects from; None for a batch job."""
        source = self.request["InputConfig"]["DataSource"].get("SnsDataSource")
        return source["SnsTopicArn"] if source else None

    @property
    def output_topic(self) -> str | None:
        """ARN of the topic that labels are announced on, or None."""
        topic: str | None = self.request["OutputConfig"].get("SnsTopicArn")
        return topic

    @property
    def output_folder(self) -> str:
        """Beneath which the job writes."""
        return f"{self.request['OutputConfig']['S3OutputPath'].rstrip('/')}/{self.name}"

    @property
    def reference(self) -> str:
        """JobReferenceCode."""
        return f"{ACCOUNT}local{self.number:011}"

    def change(self, status: str, failure_reason: str | None = None) -> None:
        """Go over to another state; a job that is to stop goes over to its end only."""
        with self._lock:
            if not self.stopping.is_set() or status in ENDED:
                self.status, self.failure_reason = status, failure_reason
                self.modified = datetime.now(UTC)

    def stop(self) -> bool:
        """Have it stop; False where it has ended already."""
        with self._lock:
            if self.status in ENDED:
                return False
            self.status, self.modified = "Stopping", datetime.now(UTC)
            self.stopping.set()
        return True

    def count(self, counts: Counts) -> None:
        """Note how far it is."""
        self.counts = counts
        self.modified = datetime.now(UTC)

    def describe(self) -> dict[str, Any]:
        """DescribeLabelingJob."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return {
            **{name: self.request.get(name) for name in _DESCRIBED},
            **self._state(),
            "JobReferenceCode": self.reference,
            "LabelingJobArn": self.arn,
            "Tags": tags,
        }

    def summary(self) -> dict[str, Any]:
        """Its entry in ListLabelingJobs."""
        consolidation = self.task.get("AnnotationConsolidationConfig", {})
        return {
            **self._state(),
            "LabelingJobName": self.name,
            "LabelingJobArn": self.arn,
            "WorkteamArn": self.team,
            "PreHumanTaskLambdaArn": self.task.get("PreHumanTaskLambdaArn"),
            "AnnotationConsolidationLambdaArn": consolidation.get("AnnotationConsolidationLambdaArn"),
            "InputConfig": self.request["InputConfig"],
        }

    def summary_for_team(self) -> dict[str, Any]:
        """Its entry in ListLabelingJobsForWorkteam."""
        counts = self.counts
        pending = 0 if self.status in ENDED else counts.unlabeled - self.kept
        return {
            "LabelingJobName": self.name,
            "JobReferenceCode": self.reference,
            "WorkRequesterAccountId": ACCOUNT,
            "CreationTime": self.created,
            "LabelCounters": {
                "HumanLabeled": counts.labeled,
                "PendingHuman": pending,
                "Total": counts.objects,
            },
            "NumberOfHumanWorkersPerDataObject": self.task["NumberOfHumanWorkersPerDataObject"],
        }

    def _state(self) -> dict[str, Any]:
        counts = self.counts
        output = {"OutputDatasetS3Uri": f"{self.output_folder}/manifests/output/output.manifest"}
        return {
            "LabelingJobStatus": self.status,
            "LabelCounters": {
                "TotalLabeled": counts.labeled + self.kept,
                "HumanLabeled": counts.labeled,
                "MachineLabeled": 0,
                "FailedNonRetryableError": counts.failed,
                "Unlabeled": counts.unlabeled - self.kept,
            },
            "FailureReason": self.failure_reason,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "LabelingJobOutput": output if self.status in ENDED else None,
        }
