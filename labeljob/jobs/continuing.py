"""A job that continues another: what has no label goes to workers again, and the labels of both are joined."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import IO, Any

from labeljob.aws import Aws, AwsError, calling
from labeljob.jobs.control import list_jobs
from labeljob.jobs.job import PUBLIC_TEAM, Job, describe
from labeljob.jobs.outcomes import METADATA, Outcome, read_outcomes
from labeljob.jobs.output import exists
from labeljob.launch.request import amount_in_usd
from labeljob.launch.resolving import NAME
from labeljob.manifest.lines import ATTRIBUTE_CHARACTERS, LINE_CHARACTERS
from shared.errors import ContractError
from shared.json_node import write_json
from shared.s3_uri import S3Uri

CONTINUES = "labeljob:continues"
"""Tag of a job: name of the job that it continues."""
LINE = "labeljob-line"
"""Key of a manifest line: which line of the first job it is, from 1."""
_NAME_CHARACTERS = 63
_MOST_TAGS = 50
_LEAST_FOR_AUTOMATED = 1_250
_IN_MEMORY = 8 << 20
_ID_KEY = "dataset-objectid-attribute-name"


@dataclass(frozen=True, slots=True)
class Changes:
    """What the new job has otherwise than the one it continues; None for the same.

    Attributes:
        name: of the new job; None for the next free `NAME-2`, `NAME-3`, ...
        price: US dollars per worker and object; public workforce only.
        availability: seconds for which a task is offered.
        time_limit: seconds that a worker has for a task.
        whole: give the new job all lines, as the service's chaining has it, instead of those without a label: its output manifest is then
            the whole one, and the service passes over lines that have a label.
        error_labels: label anew what has an error label too.
    """

    name: str | None = None
    price: Decimal | None = None
    availability: int | None = None
    time_limit: int | None = None
    whole: bool = False
    error_labels: bool = False


@dataclass(frozen=True, slots=True)
class Continuation:
    """A job that continues another.

    Attributes:
        job: the one continued.
        request: arguments of CreateLabelingJob.
        manifest: URI of its input manifest.
        objects: for workers to label.
        error_labels: objects whose label says why there is none, and which are not to be labelled anew.
        lines: of the manifest.
        notes: what a person should know.
        arn: of the new job; empty when it was not made.
    """

    job: Job
    request: Mapping[str, Any]
    manifest: str
    objects: int
    error_labels: int
    lines: int
    notes: tuple[str, ...] = ()
    arn: str = ""

    @property
    def name(self) -> str:
        """Of the new job."""
        return str(self.request["LabelingJobName"])


def continue_job(
    name: str, aws: Aws, changes: Changes | None = None, *, dry_run: bool = False
) -> Continuation:
    """Make a job that labels what another has left without a label: what failed, what expired, and what it never came to.

    The new job has the settings of the old one, its label attribute included. Its input manifest has the old job's lines without a label,
    without what the service wrote of their failure, and with `LINE`; it is written beneath the old job's S3OutputPath, in
    `labeljob/<new name>/`. Nothing is made when no object is left.

    Args:
        name: of a job that has ended.
        aws: clients of the job's account and Region.
        changes: what is to be otherwise.
        dry_run: make nothing.

    Raises:
        AwsError: AWS refuses. ContractError: the job has not ended, is continued already and the new one has no name, or a change does not
            fit it.
    """
    wanted = changes or Changes()
    job = describe(name, aws)
    if not job.ended:
        raise ContractError(
            f"{name} is {job.status}: what it leaves over is known when it has ended; "
            f"wait for it (labeljob watch {name}) or stop it (labeljob stop {name})"
        )
    if wanted.name is not None:
        _check_name(wanted.name, aws)
    new_name = wanted.name or _free_name(job, aws)
    output_path = job.output_folder.removesuffix(f"/{job.name}")
    manifest = f"{output_path}/labeljob/{new_name}/input.manifest"
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
        counted = _write_manifest(job, aws, wanted, body)
        request, notes = _request(job, new_name, manifest, wanted, counted.objects)
        if counted.unreadable:
            notes = (*notes, f"lines left out since they are no JSON objects: {counted.unreadable}")
        made = Continuation(
            job, request, manifest, counted.objects, counted.error_labels, counted.lines, notes
        )
        if dry_run or not counted.objects:
            return made
        body.seek(0)
        place = S3Uri.parse(manifest)
        with calling(f"write {manifest}"):
            aws.s3.upload_fileobj(body, place.bucket, place.key, {"ContentType": "application/x-ndjson"})
    with calling(f"create labeling job {new_name}"):
        arn = aws.sagemaker.create_labeling_job(**request)["LabelingJobArn"]
    return Continuation(job, request, manifest, made.objects, made.error_labels, made.lines, notes, arn)


def outcomes_of(job: Job, aws: Aws) -> Iterator[Outcome]:
    """The lines of a job's output manifest, or, where it has none, of its input manifest.

    Raises:
        AwsError: S3 refuses.
    """
    location = job.output_manifest
    if job.ended and job.input_manifest and not exists(location, aws):
        location = job.input_manifest
    return read_outcomes(location, job.label_attribute, aws)


@dataclass(slots=True)
class _Counted:
    """Lines written: all, and those for workers; error labels that stay; lines that are left out since they cannot be read."""

    lines: int = 0
    objects: int = 0
    error_labels: int = 0
    unreadable: int = 0


def _write_manifest(job: Job, aws: Aws, wanted: Changes, body: IO[bytes]) -> _Counted:
    """Write the new job's input manifest."""
    counted = _Counted()
    for outcome in outcomes_of(job, aws):
        is_error = outcome.status == "error"
        left = outcome.label is None or (is_error and wanted.error_labels)
        counted.error_labels += is_error and not left
        counted.unreadable += bool(outcome.fault)
        if outcome.fault or not (left or wanted.whole):
            continue
        line = _left(outcome, job.label_attribute) if left else dict(outcome.line)
        if CONTINUES not in job.tags or LINE not in line:
            line[LINE] = outcome.number
        row = write_json(line)
        if not left:
            _check_limits(row, line, outcome, job)
        body.write(f"{row}\n".encode())
        counted.lines += 1
        counted.objects += left
    return counted


def _left(outcome: Outcome, label_attribute: str) -> dict[str, Any]:
    """A line as it came in: without label, metadata, and the ids that the service gives what a topic brings."""
    gone = {label_attribute, label_attribute + METADATA}
    if str(outcome.line.get(_ID_KEY, "")).startswith("$"):
        gone.add(_ID_KEY)
    return {key: value for key, value in outcome.line.items() if key not in gone and not key.startswith("$")}


def _check_limits(row: str, line: Mapping[str, Any], outcome: Outcome, job: Job) -> None:
    """A label may be longer than what an input manifest may have.

    Raises:
        ContractError: this one is.
    """
    longest = max(line, key=lambda key: len(json.dumps(line[key])))
    if len(row) > LINE_CHARACTERS or len(write_json(line[longest])) > ATTRIBUTE_CHARACTERS:
        raise ContractError(
            f"line {outcome.number} of {job.output_manifest} has {len(row)} characters, {longest!r} most of them; an input manifest "
            f"takes {LINE_CHARACTERS} in a line and {ATTRIBUTE_CHARACTERS} in an attribute: continue without --whole"
        )


def _request(
    job: Job, name: str, manifest: str, wanted: Changes, objects: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The request for the new job, and what is otherwise than in the old one without having been asked for."""
    old = _filled({**job.answer, "OutputConfig": _filled(job.answer["OutputConfig"])})
    kept = (
        "OutputConfig",
        "RoleArn",
        "LabelCategoryConfigS3Uri",
        "StoppingConditions",
        "LabelingJobAlgorithmsConfig",
    )
    request = {
        "LabelingJobName": name,
        "LabelAttributeName": job.label_attribute,
        "InputConfig": {**old["InputConfig"], "DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}},
        **{key: old[key] for key in kept if key in old},
        "HumanTaskConfig": _human_task(job, wanted),
        "Tags": _tags(job),
    }
    notes = []
    if job.streaming:
        notes.append(f"{job.name} took objects from a topic; {name} takes only those that are left, and ends")
    if "LabelingJobAlgorithmsConfig" in request and objects < _LEAST_FOR_AUTOMATED:
        del request["LabelingJobAlgorithmsConfig"]
        notes.append(f"automated labeling takes {_LEAST_FOR_AUTOMATED:,} objects; people label all of these")
    if "StoppingConditions" in request:
        notes.append(f"the stopping conditions of {job.name} hold for {name} too")
    return request, tuple(notes)


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a description has empty, such as a key that was not given: a request may not have it so."""
    return {key: value for key, value in members.items() if value not in ("", [], {})}


def _human_task(job: Job, wanted: Changes) -> dict[str, Any]:
    task = _filled(job.answer["HumanTaskConfig"])
    if wanted.price is not None:
        if PUBLIC_TEAM not in job.team:
            raise ContractError(f"{job.name} has no price: its workers are not the public workforce")
        task["PublicWorkforceTaskPrice"] = {"AmountInUsd": amount_in_usd(wanted.price)}
    if wanted.availability is not None:
        task["TaskAvailabilityLifetimeInSeconds"] = wanted.availability
    if wanted.time_limit is not None:
        task["TaskTimeLimitInSeconds"] = wanted.time_limit
    return task


def _tags(job: Job) -> list[dict[str, str]]:
    """The job's own tags, without those of AWS, which only AWS may give, and which job is continued."""
    own = {key: value for key, value in job.tags.items() if not key.startswith("aws:")}
    tags = {**own, CONTINUES: job.name}
    if len(tags) > _MOST_TAGS:
        raise ContractError(
            f"{job.name} has {len(own)} tags and a job takes {_MOST_TAGS}; the new one needs {CONTINUES}: remove one of them"
        )
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _check_name(name: str, aws: Aws) -> None:
    """See that a job may have a name, before anything is written under it.

    Raises:
        ContractError: it may not. AwsError: SageMaker refuses to say.
    """
    if len(name) > _NAME_CHARACTERS or not NAME.fullmatch(name):
        raise ContractError(
            f"{name!r} is no name of a labeling job: 1 to {_NAME_CHARACTERS} letters, digits and inner hyphens"
        )
    try:
        found = describe(name, aws).name
    except AwsError as failure:
        if failure.unknown:
            return
        raise
    raise ContractError(
        f"there is a labeling job {found} already, and a name is used once, in upper or lower case: choose another --name"
    )


def _free_name(job: Job, aws: Aws) -> str:
    """`NAME-2`, or the next number that no job has; the number of a job that continues one already is replaced.

    Raises:
        ContractError: a job of such a name continues this one already: its objects would be labelled, and paid for, twice.
    """
    stem, _, digits = job.name.rpartition("-")
    base = stem if CONTINUES in job.tags and digits.isdecimal() and stem else job.name
    taken = {other.name.lower() for other in list_jobs(aws, name_contains=base[: _NAME_CHARACTERS // 2])}
    endings = (f"-{number}" for number in count(2))
    names = (f"{base[: _NAME_CHARACTERS - len(ending)].rstrip('-')}{ending}" for ending in endings)

    def free(name: str) -> bool:
        if name.lower() in taken and describe(name, aws).tags.get(CONTINUES) == job.name:
            raise ContractError(
                f"{name} continues {job.name} already; continue that one (labeljob continue {name}), or, to have the same objects "
                "labelled once more, name the new job: --name"
            )
        return name.lower() not in taken

    return next(filter(free, names))
