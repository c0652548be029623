"""The labeling calls of SageMaker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from labeljob.aws import Aws
from labeljob.local.controls import Gate
from labeljob.local.creation import check_creation
from labeljob.local.job import LabelingJob
from labeljob.local.protocol import ServiceError
from labeljob.local.teams import Workteams
from labeljob.preview.template import WorkerTemplate, parse_liquid
from shared.errors import ContractError

Parameters = Mapping[str, Any]
Run = Callable[[LabelingJob], None]
TAGGING = frozenset({"AddTags", "DeleteTags", "ListTags"})
"""Calls that are about a labeling job only if their ResourceArn is."""
_PAGE = 10
_ORDERS = {
    "Name": lambda job: job.name.lower(),
    "CreationTime": lambda job: job.created,
    "Status": lambda job: job.status,
}


@dataclass(slots=True)
class Labeling:
    """The jobs of the account and the calls about them.

    Attributes:
        aws: this AWS itself.
        teams: its work teams.
        gate: woken when a job is stopped.
        start: begins to run a job.
        started: when this AWS was.
        jobs: by name in lower case.
    """

    aws: Aws
    teams: Workteams
    gate: Gate
    start: Run
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    jobs: dict[str, LabelingJob] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def calls(self) -> Mapping[str, Callable[[Parameters], dict[str, Any]]]:
        """The operations that are answered here."""
        return {
            "CreateLabelingJob": self.create,
            "DescribeLabelingJob": lambda request: self.find(request["LabelingJobName"]).describe(),
            "ListLabelingJobs": self.list_jobs,
            "ListLabelingJobsForWorkteam": self.list_jobs_of_team,
            "StopLabelingJob": self.stop,
            "DescribeWorkteam": self.describe_team,
            "ListWorkteams": self.list_teams,
            "RenderUiTemplate": self.render,
            "AddTags": self.add_tags,
            "DeleteTags": self.delete_tags,
            "ListTags": lambda request: {"Tags": self._tagged(request).describe()["Tags"]},
        }

    def create(self, request: Parameters) -> dict[str, Any]:
        """CreateLabelingJob.

        Raises:
            ServiceError: the name is taken, or the request is one that the service refuses.
        """
        check_creation(request, self.aws)
        self.teams.name_of(request["HumanTaskConfig"]["WorkteamArn"])
        name = request["LabelingJobName"]
        with self._lock:
            if name.lower() in self.jobs:
                raise ServiceError("ResourceInUse", f"A labeling job with the name {name} already exists.")
            tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
            job = self.jobs[name.lower()] = LabelingJob(request, datetime.now(UTC), len(self.jobs), tags)
        self.start(job)
        return {"LabelingJobArn": job.arn}

    def find(self, name: str) -> LabelingJob:
        """A job by its name, in any case.

        Raises:
            ServiceError: there is none.
        """
        if name.lower() not in self.jobs:
            # What the service answers, though its API model has ResourceNotFound.
            raise ServiceError("ValidationException", "Requested resource not found.")
        return self.jobs[name.lower()]

    def stop(self, request: Parameters) -> dict[str, Any]:
        """StopLabelingJob.

        Raises:
            ServiceError: there is no such job, or it has ended.
        """
        job = self.find(request["LabelingJobName"])
        if not job.stop():
            raise ServiceError(
                "ValidationException",
                f"The labeling job {job.name} is in the state {job.status}; it cannot be stopped.",
            )
        self.gate.wake()
        return {}

    def list_jobs(self, request: Parameters) -> dict[str, Any]:
        """ListLabelingJobs."""
        status, part = request.get("StatusEquals"), request.get("NameContains", "").lower()
        jobs = [
            job
            for job in list(self.jobs.values())
            if (status is None or job.status == status)
            and part in job.name.lower()
            and _between(job.created, request, "CreationTime")
            and _between(job.modified, request, "LastModifiedTime")
        ]
        jobs.sort(key=_ORDERS[request.get("SortBy", "CreationTime")], reverse=_descending(request))
        page, more = _page([job.summary() for job in jobs], request)
        return {"LabelingJobSummaryList": page, **more}

    def list_jobs_of_team(self, request: Parameters) -> dict[str, Any]:
        """ListLabelingJobsForWorkteam.

        Raises:
            ServiceError: there is no such team.
        """
        self.teams.name_of(request["WorkteamArn"])
        code = request.get("JobReferenceCodeContains", "")
        jobs = [
            job
            for job in list(self.jobs.values())
            if job.team == request["WorkteamArn"]
            and code in job.reference
            and _between(job.created, request, "CreationTime")
        ]
        jobs.sort(key=_ORDERS["CreationTime"], reverse=_descending(request))
        page, more = _page([job.summary_for_team() for job in jobs], request)
        return {"LabelingJobSummaryList": page, **more}

    def add_tags(self, request: Parameters) -> dict[str, Any]:
        """AddTags, of a labeling job.

        Raises:
            ServiceError: there is no such job.
        """
        job = self._tagged(request)
        job.tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {"Tags": job.describe()["Tags"]}

    def delete_tags(self, request: Parameters) -> dict[str, Any]:
        """DeleteTags, of a labeling job.

        Raises:
            ServiceError: there is no such job.
        """
        job = self._tagged(request)
        job.tags = {key: value for key, value in job.tags.items() if key not in request["TagKeys"]}
        return {}

    def _tagged(self, request: Parameters) -> LabelingJob:
        return self.find(request["ResourceArn"].rpartition("/")[2])

    def describe_team(self, request: Parameters) -> dict[str, Any]:
        """DescribeWorkteam.

        Raises:
            ServiceError: there is no such team.
        """
        return {"Workteam": self.teams.describe(request["WorkteamName"], self.started)}

    def list_teams(self, request: Parameters) -> dict[str, Any]:
        """ListWorkteams."""
        part = request.get("NameContains", "").lower()
        names = [name for name in self.teams.private if part in name.lower()]
        if request.get("SortOrder") == "Descending":
            names.reverse()
        page, more = _page([self.teams.describe(name, self.started) for name in names], request)
        return {"Workteams": page, **more}

    def render(self, request: Parameters) -> dict[str, Any]:
        """RenderUiTemplate.

        Raises:
            ServiceError: the page is one of AWS's own, or the input is no JSON object.
        """
        if "UiTemplate" not in request:
            raise ServiceError(
                "ValidationException", "Pages of AWS's own are not known here; give UiTemplate."
            )
        try:
            task_input = json.loads(request["Task"]["Input"])
        except ValueError as failure:
            raise ServiceError("ValidationException", f"Task.Input is not JSON: {failure}") from failure
        source = request["UiTemplate"]["Content"]
        try:
            page = WorkerTemplate("template", source, parse_liquid(source, "template")).render(task_input)
        except ContractError as failure:
            return {"RenderedContent": "", "Errors": [{"Code": "TemplateError", "Message": failure.message}]}
        return {"RenderedContent": page, "Errors": []}


def _between(moment: datetime, request: Parameters, name: str) -> bool:
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    seconds = moment.timestamp()
    return (after is None or seconds > after) and (before is None or seconds < before)


def _descending(request: Parameters) -> bool:
    return bool(request.get("SortOrder", "Descending") == "Descending")


def _page(
    entries: Sequence[dict[str, Any]], request: Parameters
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The entries from NextToken on, and the token of what follows."""
    start, size = int(request.get("NextToken", 0)), request.get("MaxResults", _PAGE)
    end = start + size
    return list(entries[start:end]), {"NextToken": str(end)} if end < len(entries) else {}
