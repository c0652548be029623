"""The manifest of a job, every line of it, by the rules of `labeljob manifest`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from labeljob.aws import Aws
from labeljob.findings import Finding, Rule
from labeljob.launch.job_file import JobFile
from labeljob.launch.launch import Launch
from labeljob.manifest.check import Checks, OnProgress, check_manifest
from labeljob.manifest.rules import Fault


def checks_for(job: JobFile) -> Checks:
    """What the manifest of a job is checked for."""
    return Checks(task=job.task_type, automated=job.automated_labeling, label_attribute=job.label)


def manifest_findings(launch: Launch, aws: Aws, on_progress: OnProgress | None = None) -> Iterator[Finding]:
    """What is wrong with the lines of a manifest that is there; the data that they name is not looked at.

    Args:
        launch: of the job.
        aws: where a manifest in S3 lies.
        on_progress: called now and then, and once at the end.

    Raises:
        ContractError: the manifest cannot be read. AwsError: S3 refuses.
    """
    manifest = launch.manifest
    if manifest is not None:
        location, checks = str(manifest.path or manifest.uri), checks_for(launch.job)
        yield from summed(check_manifest(location, aws, checks, on_progress))


def summed(faults: Iterable[Fault]) -> Iterator[Finding]:
    """The first fault of each rule, with the number of the others."""
    first: dict[Rule, Fault] = {}
    more: dict[Rule, int] = {}
    for fault in faults:
        rule = fault.finding.rule
        first.setdefault(rule, fault)
        more[rule] = more.get(rule, -1) + 1
    for rule, fault in first.items():
        place = "manifest" if fault.line is None else f"manifest line {fault.line}"
        others = f" (and {more[rule]:,} more)" if more[rule] else ""
        yield replace(fault.finding, place=place, what=f"{fault.finding.what}{others}")
