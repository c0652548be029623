"""Labeling jobs from Python: what the `labeljob` command does, as functions.

A name is imported when it is first used, so that `import labeljob` is quick:

    from labeljob import Aws, create_job, read_job_file, watch_job

    aws = Aws(region="us-west-2")
    create_job(read_job_file(Path("birds.yaml")), aws)
    for view in watch_job("birds-1", aws):
        print(view.job.status, view.job.counters)

`docs/tutorial.ipynb` walks through whole jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeljob.lazy import names

if TYPE_CHECKING:
    from labeljob.aws import Aws, AwsError
    from labeljob.doctor import examine as examine_job
    from labeljob.findings import Finding, Rule
    from labeljob.jobs.continuing import continue_job
    from labeljob.jobs.control import list_jobs
    from labeljob.jobs.control import stop as stop_job
    from labeljob.jobs.job import describe as describe_job
    from labeljob.jobs.output import outcomes as read_labels
    from labeljob.jobs.watching import watch as watch_job
    from labeljob.launch.creating import create as create_job
    from labeljob.launch.job_file import JobFile, Workforce, read_job_file
    from labeljob.launch.request import build as build_request
    from labeljob.local import Crowd, LocalAws
    from labeljob.manifest.check import check_manifest
    from labeljob.manifest.make import make_manifest
    from labeljob.report import read_job, write_report
    from labeljob.simulation import SimulatedJob
    from labeljob.simulation import simulate as simulate_job
    from labeljob.streaming.publisher import publish as publish_objects
    from labeljob.streaming.tailing import tail as tail_labels

_PLACES = {
    "Aws": "labeljob.aws:Aws",
    "AwsError": "labeljob.aws:AwsError",
    "Crowd": "labeljob.local:Crowd",
    "Finding": "labeljob.findings:Finding",
    "JobFile": "labeljob.launch.job_file:JobFile",
    "LocalAws": "labeljob.local:LocalAws",
    "Rule": "labeljob.findings:Rule",
    "SimulatedJob": "labeljob.simulation:SimulatedJob",
    "Workforce": "labeljob.launch.job_file:Workforce",
    "build_request": "labeljob.launch.request:build",
    "check_manifest": "labeljob.manifest.check:check_manifest",
    "continue_job": "labeljob.jobs.continuing:continue_job",
    "create_job": "labeljob.launch.creating:create",
    "describe_job": "labeljob.jobs.job:describe",
    "examine_job": "labeljob.doctor:examine",
    "list_jobs": "labeljob.jobs.control:list_jobs",
    "make_manifest": "labeljob.manifest.make:make_manifest",
    "publish_objects": "labeljob.streaming.publisher:publish",
    "read_job": "labeljob.report:read_job",
    "read_job_file": "labeljob.launch.job_file:read_job_file",
    "read_labels": "labeljob.jobs.output:outcomes",
    "simulate_job": "labeljob.simulation:simulate",
    "stop_job": "labeljob.jobs.control:stop",
    "tail_labels": "labeljob.streaming.tailing:tail",
    "watch_job": "labeljob.jobs.watching:watch",
    "write_report": "labeljob.report:write_report",
}
"""Where each name is defined."""
__all__ = [
    "Aws",
    "AwsError",
    "Crowd",
    "Finding",
    "JobFile",
    "LocalAws",
    "Rule",
    "SimulatedJob",
    "Workforce",
    "build_request",
    "check_manifest",
    "continue_job",
    "create_job",
    "describe_job",
    "examine_job",
    "list_jobs",
    "make_manifest",
    "publish_objects",
    "read_job",
    "read_job_file",
    "read_labels",
    "simulate_job",
    "stop_job",
    "tail_labels",
    "watch_job",
    "write_report",
]

__getattr__ = names(__name__, _PLACES)
