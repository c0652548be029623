"""A streaming job as DescribeLabelingJob tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labeljob.aws import Aws, calling
from labeljob.simulation.record import OUTPUT_MANIFEST
from labeljob.streaming.names import queue_name
from shared.errors import ContractError

_MAX_CONCURRENT = 1_000
"""The service's default."""


@dataclass(frozen=True, slots=True)
class JobStream:
    """What feeding a streaming job and reading its labels needs to know of it.

    Attributes:
        name: in the caller's case.
        arn: of the job.
        status: such as `InProgress`.
        created: when; job names may be used again in an emulated AWS.
        input_topic: ARN.
        output_topic: ARN, or None.
        label_attribute: key of the label in the output.
        output_folder: `s3://.../`, beneath which the job writes.
        output_manifest: `s3://` URI.
        max_concurrent: most objects in work at a time.
    """

    name: str
    arn: str
    status: str
    created: datetime
    input_topic: str
    output_topic: str | None
    label_attribute: str
    output_folder: str
    output_manifest: str
    max_concurrent: int = _MAX_CONCURRENT

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> JobStream:
        """Read a DescribeLabelingJob reply.

        Raises:
            ContractError: it is a batch job.
        """
        name, output = description["LabelingJobName"], description["OutputConfig"]
        source = description["InputConfig"]["DataSource"].get("SnsDataSource")
        if source is None:
            raise ContractError(
                f"{name} is a batch job: it takes all its objects from its manifest; set `streaming: true` in the job file for one "
                "that is fed while it runs"
            )
        folder = f"{output['S3OutputPath'].rstrip('/')}/{name}/"
        found = description.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
        return cls(
            name=name,
            arn=description["LabelingJobArn"],
            status=description["LabelingJobStatus"],
            created=description["CreationTime"],
            input_topic=source["SnsTopicArn"],
            output_topic=output.get("SnsTopicArn"),
            label_attribute=description.get("LabelAttributeName", name),
            output_folder=folder,
            output_manifest=found or f"{folder}{OUTPUT_MANIFEST}",
            max_concurrent=description["HumanTaskConfig"].get("MaxConcurrentTaskCount", _MAX_CONCURRENT),
        )

    @property
    def queue(self) -> str:
        """Name of the queue in which objects wait."""
        return queue_name(self.name)

    @property
    def ended(self) -> bool:
        """Whether no further label can come."""
        return self.status in {"Completed", "Failed", "Stopped"}


def describe(name: str, aws: Aws) -> JobStream:
    """Ask the service for a streaming job.

    Raises:
        ContractError: it is a batch job. AwsError: there is none, or SageMaker refuses.
    """
    with calling(f"describe labeling job {name}"):
        return JobStream.of(aws.sagemaker.describe_labeling_job(LabelingJobName=name))
