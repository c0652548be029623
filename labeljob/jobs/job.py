"""A labeling job as the service describes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from labeljob.aws import Aws, AwsError, calling
from labeljob.output_layout import OUTPUT_MANIFEST

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import LabelingJobStatusType
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef, LabelCountersTypeDef

STATUSES: tuple[LabelingJobStatusType, ...] = (
    "Initializing",
    "InProgress",
    "Completed",
    "Failed",
    "Stopping",
    "Stopped",
)
ENDED = frozenset({"Completed", "Failed", "Stopped"})
"""A job in one of these changes no more."""
PUBLIC_TEAM = ":workteam/public-crowd/"


@dataclass(frozen=True, slots=True)
class Counters:
    """How many data objects are where.

    Attributes:
        labeled: with a label.
        human: of these, labelled by people in this job.
        machine: of these, labelled by automated labeling.
        failed: given up.
        unlabeled: not labelled yet.
    """

    labeled: int = 0
    human: int = 0
    machine: int = 0
    failed: int = 0
    unlabeled: int = 0

    @classmethod
    def read(cls, counters: LabelCountersTypeDef) -> Counters:
        """Of the service's LabelCounters."""
        return cls(
            labeled=counters.get("TotalLabeled", 0),
            human=counters.get("HumanLabeled", 0),
            machine=counters.get("MachineLabeled", 0),
            failed=counters.get("FailedNonRetryableError", 0),
            unlabeled=counters.get("Unlabeled", 0),
        )

    @property
    def done(self) -> int:
        """Labelled or given up in this job; a label that an object had before is not among them."""
        return self.human + self.machine + self.failed

    @property
    def objects(self) -> int:
        """All that the service knows of; 0 while a job initializes."""
        return self.labeled + self.failed + self.unlabeled


@dataclass(frozen=True, slots=True)
class Job:
    """A labeling job at one moment.

    Attributes:
        answer: of DescribeLabelingJob.
    """

    answer: DescribeLabelingJobResponseTypeDef

    @property
    def name(self) -> str:
        """In the case in which it was made."""
        return self.answer["LabelingJobName"]

    @property
    def arn(self) -> str:
        """Of the job."""
        return self.answer["LabelingJobArn"]

    @property
    def status(self) -> LabelingJobStatusType:
        """One of `STATUSES`."""
        return self.answer["LabelingJobStatus"]

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.status in ENDED

    @property
    def failure_reason(self) -> str:
        """Of a failed job; else empty."""
        return self.answer.get("FailureReason", "")

    @property
    def counters(self) -> Counters:
        """Of its data objects."""
        return Counters.read(self.answer["LabelCounters"])

    @property
    def created(self) -> datetime:
        """When it was made."""
        return self.answer["CreationTime"]

    @property
    def changed(self) -> datetime:
        """When it last changed; of a job that has ended: when it ended."""
        return self.answer["LastModifiedTime"]

    @property
    def label_attribute(self) -> str:
        """Key of the label in the manifest."""
        return self.answer.get("LabelAttributeName") or self.name

    @property
    def streaming(self) -> bool:
        """Whether it takes data objects from a topic."""
        return "SnsDataSource" in self.answer["InputConfig"]["DataSource"]

    @property
    def input_manifest(self) -> str | None:
        """Its URI; a streaming job may have none."""
        source = self.answer["InputConfig"]["DataSource"].get("S3DataSource")
        return source["ManifestS3Uri"] if source else None

    @property
    def output_folder(self) -> str:
        """`<S3OutputPath>/<job>`, beneath which the service writes."""
        return f"{self.answer['OutputConfig']['S3OutputPath'].rstrip('/')}/{self.name}"

    @property
    def output_manifest(self) -> str:
        """URI of the output manifest, whether it is there already or not."""
        output = self.answer.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
        return output or f"{self.output_folder}/{OUTPUT_MANIFEST}"

    @property
    def annotations(self) -> str:
        """URI of the folder with the workers' answers, and masks and labels too large for the manifest."""
        return f"{self.output_folder}/annotations/"

    @property
    def workers(self) -> int:
        """Answers asked for per data object."""
        return self.answer["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]

    @property
    def team(self) -> str:
        """ARN of the work team."""
        return self.answer["HumanTaskConfig"]["WorkteamArn"]

    @property
    def price(self) -> Decimal | None:
        """US dollars that a worker of the public workforce gets per data object; None for other workforces."""
        amount = self.answer["HumanTaskConfig"].get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
        if amount is None or PUBLIC_TEAM not in self.team:
            return None
        return (
            Decimal(amount.get("Dollars", 0))
            + Decimal(amount.get("Cents", 0)) / 100
            + Decimal(amount.get("TenthFractionsOfACent", 0)) / 1000
        )

    @property
    def reward(self) -> Decimal | None:
        """US dollars that the workers have earned with labelled objects: price x workers x objects that people labelled.

        None without a price. AWS's own price per object and what was paid for objects that failed are not in it.
        """
        return None if self.price is None else self.price * self.workers * self.counters.human

    @property
    def tags(self) -> dict[str, str]:
        """Of the job."""
        return {tag["Key"]: tag["Value"] for tag in self.answer.get("Tags", ())}

    def elapsed(self, now: datetime) -> timedelta:
        """How long it has been going, or went."""
        return (self.changed if self.ended else now) - self.created


def describe(name: str, aws: Aws) -> Job:
    """What the service says of a job.

    Args:
        name: of the job.
        aws: clients of the job's account and Region.

    Raises:
        AwsError: there is no such job, or the call failed.
    """
    try:
        with calling(f"describe labeling job {name}"):
            return Job(aws.sagemaker.describe_labeling_job(LabelingJobName=name))
    except AwsError as failure:
        if failure.unknown:
            message = (
                f"there is no labeling job {name} in {aws.region}; `labeljob list` shows those there are"
            )
            raise AwsError(message, error_code=failure.error_code) from failure
        raise
