"""A labeling job at work: its objects are sent to recorded answers, and both functions are called, by the simulation's own engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from labeljob.aws import Aws
from labeljob.local.calls import JobFunctions
from labeljob.local.controls import Gate
from labeljob.local.functions import LambdaFunctions
from labeljob.local.job import ACCOUNT, LabelingJob
from labeljob.local.permissions import Identity, Permissions
from labeljob.local.teams import Workteams
from labeljob.preview.template import WorkerTemplate, parse_liquid
from labeljob.simulation.answers import find_answers
from labeljob.simulation.bucket import Bucket
from labeljob.simulation.engine import Engine, Limits
from labeljob.simulation.inputs import Inputs
from labeljob.simulation.job import Counts, JobFailedError, SimulatedJob, Switches
from labeljob.simulation.manifest import Manifest, parse_manifest
from shared.contract import parse_label_category_file
from shared.errors import GtConsensusError
from shared.json_node import parse_json
from shared.s3_uri import S3Uri

_MAX_CONCURRENT = 1_000
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs, each in a thread.

    Attributes:
        aws: this AWS itself.
        teams: whose answers are taken.
        functions: that jobs call.
        permissions: of the jobs' roles.
        gate: that every job passes before each step.
        out: folder for the functions' logs and worker pages.
    """

    aws: Aws
    teams: Workteams
    functions: LambdaFunctions
    permissions: Permissions
    gate: Gate
    out: Path

    def start(self, job: LabelingJob) -> None:
        """Begin to run a job."""
        self.gate.enter(job.name)
        Thread(target=self._run, args=(job,), name=f"job {job.name}", daemon=True).start()

    def _run(self, job: LabelingJob) -> None:
        try:
            self._work(job)
        except JobFailedError as failure:
            job.change("Failed", failure.message)
        except GtConsensusError as failure:
            job.change("Failed", f"ClientError: {failure}")
        except Exception as failure:
            job.change("Failed", f"InternalServerError: {type(failure).__name__}: {failure}")
            raise
        finally:
            self.gate.leave(job.name)

    def _work(self, job: LabelingJob) -> None:
        self.gate.wait(job.name, 0, job.stopping.is_set)
        role = self.permissions.identity(job.request["RoleArn"])
        _check_role(role, job)
        bucket = Bucket(self.aws.s3)
        inputs = self._inputs(job, bucket)
        limits = _limits(job, inputs.manifest)
        if not job.stopping.is_set():
            job.change("InProgress")
        job.kept = len(limits.kept)
        job.count(_untouched(inputs.manifest))
        start = datetime.now(UTC).replace(microsecond=0)
        calls = JobFunctions(job.task, self.functions, role, bucket)

        def go_on(counts: Counts, objects: int) -> bool:
            job.count(counts)
            self.gate.wait(job.name, objects, job.stopping.is_set)
            return not job.stopping.is_set()

        engine = Engine(
            self._simulated(job, calls),
            inputs,
            bucket,
            calls,
            start,
            go_on=go_on,
            limits=limits,
        )
        failed = engine.to_the_end()
        job.count(engine.record.counts())
        if failed:
            job.change("Failed", failed.message)
        else:
            job.change("Stopped" if job.stopping.is_set() else "Completed")

    def _simulated(self, job: LabelingJob, calls: JobFunctions) -> SimulatedJob:
        return SimulatedJob(
            manifest=_manifest_uri(job),
            answers=Path(),
            label_attribute_name=job.request["LabelAttributeName"],
            out=self.out / job.name,
            name=job.name,
            workers=job.task["NumberOfHumanWorkersPerDataObject"],
            max_concurrent=job.task.get("MaxConcurrentTaskCount", _MAX_CONCURRENT),
            output_path=job.request["OutputConfig"]["S3OutputPath"],
            account=ACCOUNT,
            role=job.request["RoleArn"],
            switches=Switches(metadata="replaced" if calls.consolidates else "merged"),
        )

    def _inputs(self, job: LabelingJob, bucket: Bucket) -> Inputs:
        manifest = parse_manifest(bucket.read(_manifest_uri(job)))
        name = self.teams.name_of(job.team)
        workers = job.task["NumberOfHumanWorkersPerDataObject"]
        usable = [line for line in manifest.lines if line.fault is None]
        answers, warnings = find_answers(
            usable, self.teams.recorded[name], self.teams.crowds[name].answer_key
        )
        categories_uri = job.request.get("LabelCategoryConfigS3Uri")
        categories = (
            parse_label_category_file(parse_json(bucket.read(categories_uri))) if categories_uri else ()
        )
        return Inputs(
            manifest=manifest,
            answers={number: each[:workers] for number, each in answers.items()},
            workers=workers,
            template=_template(job.task, bucket),
            categories=categories,
            uploads={},
            settings_uri="",
            categories_uri=categories_uri,
            warnings=(*manifest.warnings, *warnings),
        )


def _check_role(role: Identity, job: LabelingJob) -> None:
    """Fail a job whose role may not read its manifest or write its output.

    Raises:
        JobFailedError: says which.
    """
    manifest = S3Uri.parse(_manifest_uri(job))
    output = S3Uri.parse(f"{job.output_folder}/")
    for action, place in (("s3:GetObject", manifest), ("s3:PutObject", output)):
        if not role.may(action, f"arn:aws:s3:::{place.bucket}/{place.key}"):
            raise JobFailedError(
                f"ClientError: Access denied: the role {role.arn} is not allowed to perform {action} on {place}."
            )


def _manifest_uri(job: LabelingJob) -> str:
    return str(job.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"])


def _template(task: Mapping[str, Any], bucket: Bucket) -> WorkerTemplate | None:
    uri = task["UiConfig"].get("UiTemplateS3Uri")
    if uri is None:
        return None
    name, source = S3Uri.parse(uri).name, bucket.read(uri).decode()
    return WorkerTemplate(name, source, parse_liquid(source, name))


def _limits(job: LabelingJob, manifest: Manifest) -> Limits:
    """Lines with the label are kept; the first stopping condition that is met ends the job."""
    label = job.request["LabelAttributeName"]
    kept = frozenset(line.number for line in manifest.lines if label in line.value)
    conditions = job.request.get("StoppingConditions", {})
    most = [conditions["MaxHumanLabeledObjectCount"]] if "MaxHumanLabeledObjectCount" in conditions else []
    if "MaxPercentageOfInputDatasetLabeled" in conditions:
        share = conditions["MaxPercentageOfInputDatasetLabeled"] * len(manifest.lines) // _PERCENT
        most.append(max(0, share - len(kept)))
    return Limits(kept, min(most, default=None))


def _untouched(manifest: Manifest) -> Counts:
    objects = len(manifest.lines)
    return Counts(objects=objects, labeled=0, failed=0, unlabeled=objects, review=0, error_labels=0)
