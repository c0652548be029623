"""`labeljob list`, `describe` and `stop`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.jobs.control import ListedJob, check_stoppable, list_jobs, stop, team_name
from labeljob.jobs.job import STATUSES, Job, describe
from labeljob.jobs.text import aligned, counted, dollars, duration, moment
from labeljob.jobs.watch_command import earned
from labeljob.streaming.cleanup import clean_up, objects_waiting

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import LabelingJobStatusType

_LISTED = 20


class _Time(click.ParamType[datetime]):
    """An ISO 8601 date or time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-02-03 or 2026-02-03T10:11:12", param, ctx)
        return read if read.tzinfo else read.replace(tzinfo=UTC)


@click.command("list")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only jobs in it.")
@click.option("--name-contains", metavar="TEXT", help="Only jobs with this in the name.")
@click.option("--since", type=_Time(), help="Only jobs made after; UTC.")
@click.option("--team", metavar="NAME", help="Only jobs of this work team: name or ARN.")
@click.option(
    "--limit", type=click.IntRange(1), default=_LISTED, show_default=True, help="Most jobs to list."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@with_aws
def list_command(
    status: LabelingJobStatusType | None,
    name_contains: str | None,
    since: datetime | None,
    team: str | None,
    limit: int,
    as_json: bool,
    aws: Aws,
) -> None:
    """List labeling jobs, the newest first.

    Exit status: 0, 2 the call failed.
    """
    found = list(
        list_jobs(aws, status=status, name_contains=name_contains, since=since, team=team, limit=limit)
    )
    if as_json:
        for job in found:
            click.echo(json.dumps(_listed(job)))
        return
    if not found:
        click.echo(f"no such labeling jobs in {aws.region}")
        return
    heading = ("name", "status", "made", "labelled", "failed", "team")
    for line in aligned([heading, *map(_row, found)]):
        click.echo(line)
    if len(found) == limit:
        click.echo(f"the newest {limit}; there may be more: --limit")


def _row(job: ListedJob) -> tuple[str, ...]:
    counters = job.counters
    labelled = f"{counters.labeled:,} of {counters.objects:,}"
    return job.name, job.status, moment(job.created), labelled, f"{counters.failed:,}", job.team


def _listed(job: ListedJob) -> dict[str, Any]:
    return {
        "name": job.name,
        "status": job.status,
        "created": job.created.astimezone(UTC).isoformat(),
        "changed": job.changed.astimezone(UTC).isoformat(),
        "labeled": job.counters.labeled,
        "failed": job.counters.failed,
        "unlabeled": job.counters.unlabeled,
        "team": job.team,
        "failure-reason": job.failure_reason or None,
    }


@click.command("describe")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="The answer of DescribeLabelingJob.")
@with_aws
def describe_command(name: str, as_json: bool, aws: Aws) -> None:
    """Show all there is to know of a labeling job.

    Exit status: 0, 2 there is no such job.
    """
    job = describe(name, aws)
    if as_json:
        answer = {key: value for key, value in job.answer.items() if key != "ResponseMetadata"}
        click.echo(json.dumps(answer, indent=2, default=_time))
        return
    rows = [*_state(job), *_data(job), *_task(job), *_people(job), *_limits(job), *_tags(job)]
    for line in aligned(rows):
        click.echo(line)


def _time(value: Any) -> str:
    """A time as JSON text; nothing else in the answer needs words.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


_Rows = Iterator[tuple[str, str]]


def _state(job: Job) -> _Rows:
    counters = job.counters
    yield "name", job.name
    yield "ARN", job.arn
    yield "status", job.status
    if job.failure_reason:
        yield "failure reason", job.failure_reason
    yield "made", moment(job.created)
    yield "ended" if job.ended else "last change", moment(job.changed)
    if job.ended:
        yield "took", duration(job.elapsed(job.changed))
    by_machine = f", {counters.machine:,} of them by machine" if counters.machine else ""
    yield "labelled", f"{counters.labeled:,} of {counters.objects:,}{by_machine}"
    yield "failed", f"{counters.failed:,}"
    yield "not labelled", f"{counters.unlabeled:,}"


def _data(job: Job) -> _Rows:
    answer: Mapping[str, Any] = job.answer
    source = answer["InputConfig"]["DataSource"]
    yield "label attribute", job.label_attribute
    if job.input_manifest:
        yield "input manifest", job.input_manifest
    if job.streaming:
        yield "input topic", source["SnsDataSource"]["SnsTopicArn"]
    declared = answer["InputConfig"].get("DataAttributes", {}).get("ContentClassifiers", ())
    if declared:
        yield "declared", ", ".join(declared)
    yield "output manifest", job.output_manifest
    yield "annotations", job.annotations
    yield from _named(answer["OutputConfig"], {"KmsKeyId": "output key", "SnsTopicArn": "output topic"})
    yield from _named(answer, {"RoleArn": "role", "LabelCategoryConfigS3Uri": "label categories"})
    algorithms = answer.get("LabelingJobAlgorithmsConfig", {})
    yield from _named(algorithms, {"LabelingJobAlgorithmSpecificationArn": "automated labeling"})
    yield from _named(answer.get("LabelingJobOutput", {}), {"FinalActiveLearningModelArn": "final model"})


def _task(job: Job) -> _Rows:
    task: Mapping[str, Any] = job.answer["HumanTaskConfig"]
    yield from _named(task, {"TaskTitle": "title", "TaskDescription": "description"})
    if task.get("TaskKeywords"):
        yield "keywords", ", ".join(task["TaskKeywords"])
    yield from _named(task["UiConfig"], {"UiTemplateS3Uri": "template", "HumanTaskUiArn": "page"})
    yield from _named(task, {"PreHumanTaskLambdaArn": "pre-annotation"})
    consolidation = task.get("AnnotationConsolidationConfig", {})
    yield from _named(consolidation, {"AnnotationConsolidationLambdaArn": "consolidation"})


def _people(job: Job) -> _Rows:
    yield "work team", f"{team_name(job.team)} ({job.team})"
    yield "workers per object", str(job.workers)
    if job.price is not None:
        yield "price per answer", dollars(job.price)
        yield "reward so far", earned(job)


def _limits(job: Job) -> _Rows:
    task: Mapping[str, Any] = job.answer["HumanTaskConfig"]
    for key, name in (
        ("TaskTimeLimitInSeconds", "time for a task"),
        ("TaskAvailabilityLifetimeInSeconds", "task offered for"),
    ):
        if key in task:
            yield name, duration(timedelta(seconds=task[key]))
    yield from _named(task, {"MaxConcurrentTaskCount": "objects at once"})
    conditions = {
        "MaxHumanLabeledObjectCount": "stops after objects",
        "MaxPercentageOfInputDatasetLabeled": "stops after percent",
    }
    yield from _named(job.answer.get("StoppingConditions", {}), conditions)


def _tags(job: Job) -> _Rows:
    for key, value in job.tags.items():
        yield f"tag {key}", value


def _named(members: Mapping[str, Any], names: Mapping[str, str]) -> _Rows:
    """The members that are there and not empty, under our names."""
    return ((name, str(members[key])) for key, name in names.items() if members.get(key))


@click.command("stop")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the job has stopped.")
@click.option("--topics", is_flag=True, help="Of a streaming job, delete the topics too that labeljob made.")
@with_aws
def stop_command(name: str, yes: bool, no_wait: bool, topics: bool, aws: Aws) -> None:
    """Stop a labeling job, for good.

    A stopped job cannot be started again; what has been labelled stays in S3, and `labeljob continue` labels the rest. What a streaming
    job leaves behind, such as its queue, is deleted; run it once more after --no-wait, or for a job that has ended by itself.

    Exit status: 0 the job has ended (with --no-wait: is being stopped), 2 it cannot be stopped.
    """
    job = describe(name, aws)
    if not job.ended:
        check_stoppable(job)
        state = ", ".join(_progress(job, aws))
        if not yes:
            click.confirm(f"Stop {name} for good ({state})?", abort=True)
        click.echo(f"stopping {name} ({state})")
        job = stop(name, aws, until_stopped=not no_wait)
    if job.ended:
        _tell_end(job, aws, topics=topics)
    elif job.streaming:
        click.echo(f"when it has stopped, remove what it leaves behind: labeljob stop {name}")


def _progress(job: Job, aws: Aws) -> Iterator[str]:
    """What whoever stops a job should know."""
    yield job.status
    if job.counters.objects:
        yield f"{job.counters.labeled:,} of {job.counters.objects:,} labelled"
    if job.streaming and (waiting := objects_waiting(job.name, aws)):
        yield f"{counted(waiting, 'object')} in its queue that will not be labelled"


def _tell_end(job: Job, aws: Aws, *, topics: bool) -> None:
    """How the job has ended, and what was removed of it."""
    click.echo(f"{job.name}: {job.status}")
    if job.streaming:
        for cleaned in clean_up(job.name, job.answer, aws, topics=topics):
            click.echo(str(cleaned))
    click.echo(f"output manifest  {job.output_manifest}")
    if job.status != "Completed" or job.counters.failed:
        click.echo(f"label the rest   labeljob continue {job.name}")
