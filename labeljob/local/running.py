"""A labeling job at work: its objects are sent to recorded answers, and both functions are called, by the simulation's own engines."""

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
from labeljob.local.permissions import Permissions, require
from labeljob.local.streaming import stream
from labeljob.local.teams import Workteams
from labeljob.preview.template import WorkerTemplate, parse_liquid
from labeljob.simulation.answers import find_answers
from labeljob.simulation.bucket import Bucket
from labeljob.simulation.engine import Engine, Limits
from labeljob.simulation.inputs import Inputs
from labeljob.simulation.job import Counts, JobFailedError, SimulatedJob, Switches
from labeljob.simulation.manifest import Manifest, parse_manifest
from labeljob.simulation.streaming_job import recorded
from shared.contract import parse_label_category_file
from shared.errors import GtConsensusError
from shared.json_node import parse_json
from shared.s3_uri import S3Uri

_MAX_CONCURRENT = 1_000
_PERCENT = 100
_NOTHING = Manifest((), ())


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs, each in a thread.

    Attributes:
        aws: this AWS itself.
        teams: whose answers are taken.
        functions: that jobs call.
        permissions: of the jobs' roles.
        gate: that every job passes before each step.
        out: folder for the journals of streaming jobs.
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
        """Take a job to its end, whatever comes of it."""
        try:
            self._work(job)
        except JobFailedError as failure:
            job.change("Failed", failure.message)
        except GtConsensusError as failure:
            job.change("Failed", f"ClientError: {failure}")
        except Exception as failure:
            job.change("Failed", f"InternalServerError: {type(failure).__name__}: {failure}")
            raise
        else:
            job.change("Stopped" if job.stopping.is_set() else "Completed")
        finally:
            self.gate.leave(job.name)

    def _work(self, job: LabelingJob) -> None:
        self.gate.wait(job.name, 0, job.stopping.is_set)
        role = self.permissions.identity(job.request["RoleArn"])
        require(role, job)
        bucket = Bucket(self.aws.s3)
        manifest = parse_manifest(bucket.read(job.manifest_uri)) if job.manifest_uri else _NOTHING
        template = _template(job.task, bucket)
        categories_uri = job.request.get("LabelCategoryConfigS3Uri")
        categories = (
            parse_label_category_file(parse_json(bucket.read(categories_uri))) if categories_uri else ()
        )
        calls = JobFunctions(job.task, self.functions, role, bucket)
        if job.input_topic:
            answer_key, recorded_answers = self.teams.people(job.team)
            stream(
                job,
                self.aws,
                self.gate,
                calls,
                recorded(recorded_answers, answer_key),
                self.out,
                manifest=manifest.lines,
                template=template,
                categories=categories,
            )
        else:
            self._batch(job, self._inputs(job, manifest, template, categories), bucket, calls)

    def _batch(self, job: LabelingJob, inputs: Inputs, bucket: Bucket, calls: JobFunctions) -> None:
        """Run a batch job: every object of its manifest, batch after batch."""
        limits = _limits(job, inputs.manifest)
        job.change("InProgress")
        objects = len(inputs.manifest.lines)
        job.kept = len(limits.kept)
        job.count(Counts(objects=objects, labeled=0, failed=0, unlabeled=objects, review=0, error_labels=0))

        def go_on(counts: Counts, objects: int) -> bool:
            job.count(counts)
            self.gate.wait(job.name, objects, job.stopping.is_set)
            return not job.stopping.is_set()

        start = datetime.now(UTC).replace(microsecond=0)
        engine = Engine(_simulated(job, calls), inputs, bucket, calls, start, go_on=go_on, limits=limits)
        failed = engine.to_the_end()
        job.count(engine.record.counts())
        if failed:
            raise failed

    def _inputs(
        self,
        job: LabelingJob,
        manifest: Manifest,
        template: WorkerTemplate | None,
        categories: tuple[str, ...],
    ) -> Inputs:
        answer_key, recorded_answers = self.teams.people(job.team)
        workers = job.task["NumberOfHumanWorkersPerDataObject"]
        usable = [line for line in manifest.lines if line.fault is None]
        answers, warnings = find_answers(usable, recorded_answers, answer_key)
        return Inputs(
            manifest=manifest,
            answers={number: each[:workers] for number, each in answers.items()},
            workers=workers,
            template=template,
            categories=categories,
            uploads={},
            settings_uri="",
            categories_uri=job.request.get("LabelCategoryConfigS3Uri"),
            warnings=(*manifest.warnings, *warnings),
        )


def _simulated(job: LabelingJob, calls: JobFunctions) -> SimulatedJob:
    return SimulatedJob(
        manifest=job.manifest_uri or "",
        answers=Path(),
        label_attribute_name=job.request["LabelAttributeName"],
        out=Path(),
        name=job.name,
        workers=job.task["NumberOfHumanWorkersPerDataObject"],
        max_concurrent=job.task.get("MaxConcurrentTaskCount", _MAX_CONCURRENT),
        output_path=job.request["OutputConfig"]["S3OutputPath"],
        account=ACCOUNT,
        role=job.request["RoleArn"],
        built_in=":function:PRE-" in job.task.get("PreHumanTaskLambdaArn", ""),
        switches=Switches(metadata="replaced" if calls.consolidates else "merged"),
    )


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
