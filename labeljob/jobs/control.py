"""The jobs of an account, found and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from labeljob.aws import Aws, calling
from labeljob.jobs.job import Counters, Job, describe
from shared.errors import ContractError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import LabelingJobStatusType
    from mypy_boto3_sagemaker.type_defs import LabelingJobSummaryTypeDef

_PAGE = 100
_POLL = 5.0
"""Seconds between two looks at a job that is being stopped."""


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job as a list has it.

    Attributes:
        name, status: of the job.
        created, changed: times.
        counters: of its data objects.
        team: name of its work team, such as `birders`; `public-crowd` for the public workforce.
        failure_reason: of a failed job; else empty.
    """

    name: str
    status: LabelingJobStatusType
    created: datetime
    changed: datetime
    counters: Counters
    team: str
    failure_reason: str

    @classmethod
    def read(cls, summary: LabelingJobSummaryTypeDef) -> ListedJob:
        """Of an entry of ListLabelingJobs."""
        return cls(
            name=summary["LabelingJobName"],
            status=summary["LabelingJobStatus"],
            created=summary["CreationTime"],
            changed=summary["LastModifiedTime"],
            counters=Counters.read(summary["LabelCounters"]),
            team=team_name(summary["WorkteamArn"]),
            failure_reason=summary.get("FailureReason", ""),
        )


def list_jobs(
    aws: Aws,
    *,
    status: LabelingJobStatusType | None = None,
    name_contains: str | None = None,
    since: datetime | None = None,
    team: str | None = None,
    limit: int | None = None,
) -> Iterator[ListedJob]:
    """Labeling jobs of the account and Region, the newest first; pages are fetched as they are needed.

    Args:
        aws: clients of the account and Region.
        status: only jobs in it.
        name_contains: only jobs with this in the name.
        since: only jobs made after.
        team: only jobs of the work team of this name or ARN.
        limit: most jobs to list; None for all.

    Raises:
        AwsError: the call failed.
    """
    filters: dict[str, Any] = {
        "StatusEquals": status,
        "NameContains": name_contains,
        "CreationTimeAfter": since,
    }
    found = _listed(aws, {name: value for name, value in filters.items() if value is not None})
    wanted = None if team is None else team_name(team)
    return islice((job for job in found if wanted in {None, job.team}), limit)


def _listed(aws: Aws, filters: dict[str, Any]) -> Iterator[ListedJob]:
    pages = aws.sagemaker.get_paginator("list_labeling_jobs").paginate(
        SortBy="CreationTime", SortOrder="Descending", PaginationConfig={"PageSize": _PAGE}, **filters
    )
    with calling("list labeling jobs"):
        for page in pages:
            yield from map(ListedJob.read, page["LabelingJobSummaryList"])


def team_name(arn: str) -> str:
    """`birders` of `arn:aws:sagemaker:...:workteam/private-crowd/birders`; `public-crowd` of the public workforce's team."""
    _, separator, path = arn.partition(":workteam/")
    crowd, _, name = path.partition("/")
    return arn if not separator else crowd if crowd == "public-crowd" else name or crowd


def check_stoppable(job: Job) -> None:
    """Whether the service allows for the job to be stopped now.

    Raises:
        ContractError: it is a streaming job that still initializes.
    """
    if job.streaming and job.status == "Initializing":
        raise ContractError(
            f"{job.name} is a streaming job that still initializes, and must not be stopped before it is InProgress; "
            f"see when it is: labeljob watch {job.name}"
        )


def stop(
    name: str, aws: Aws, *, until_stopped: bool = True, wait: Callable[[float], object] = time.sleep
) -> Job:
    """Stop a job for good; what has been labelled stays. A job that has ended already is left as it is.

    Args:
        name: of the job.
        aws: clients of the job's account and Region.
        until_stopped: whether to wait until it has stopped.
        wait: called with seconds to let pass.

    Returns:
        The job: as it has ended, or, if that is not waited for, as it was before.

    Raises:
        AwsError: there is no such job, or AWS refuses. ContractError: it is a streaming job that still initializes, which must not be
            stopped.
    """
    job = describe(name, aws)
    if job.ended:
        return job
    check_stoppable(job)
    if job.status != "Stopping":
        with calling(f"stop labeling job {name}"):
            aws.sagemaker.stop_labeling_job(LabelingJobName=name)
    if not until_stopped:
        return job
    while not (job := describe(name, aws)).ended:
        wait(_POLL)
    return job
