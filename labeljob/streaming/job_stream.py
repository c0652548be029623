"""A streaming job: what feeding it and reading its labels needs to know beyond what every job has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labeljob.aws import Aws
from labeljob.jobs.job import Job
from labeljob.jobs.job import describe as describe_job
from labeljob.streaming.names import queue_name
from shared.errors import ContractError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef

_MAX_CONCURRENT = 1_000
"""The service's default."""


@dataclass(frozen=True, slots=True)
class JobStream(Job):
    """A streaming job at one moment."""

    @classmethod
    def of(cls, answer: DescribeLabelingJobResponseTypeDef) -> JobStream:
        """Read a DescribeLabelingJob reply.

        Raises:
            ContractError: it is a batch job.
        """
        stream = cls(answer)
        if not stream.streaming:
            raise ContractError(
                f"{stream.name} is a batch job: it takes all its objects from its manifest; set `streaming: true` in the job file for "
                "one that is fed while it runs"
            )
        return stream

    @property
    def input_topic(self) -> str:
        """ARN of the topic by which objects come."""
        return self.answer["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"]

    @property
    def output_topic(self) -> str | None:
        """ARN of the topic by which labels go out, if there is one."""
        return self.answer["OutputConfig"].get("SnsTopicArn")

    @property
    def queue(self) -> str:
        """Name of the queue in which objects wait."""
        return queue_name(self.name)

    @property
    def max_concurrent(self) -> int:
        """Most objects in work at a time."""
        return self.answer["HumanTaskConfig"].get("MaxConcurrentTaskCount", _MAX_CONCURRENT)


def describe(name: str, aws: Aws) -> JobStream:
    """Ask the service for a streaming job.

    Raises:
        ContractError: it is a batch job. AwsError: there is none, or SageMaker refuses.
    """
    return JobStream.of(describe_job(name, aws).answer)
