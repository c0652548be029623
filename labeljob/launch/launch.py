"""A job file with its names resolved: what the rules look at and the request is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labeljob.findings import Finding, Rule
from labeljob.launch.job_file import JobFile
from labeljob.launch.tasks import TaskType

CONTENT_TYPES: Mapping[str, str] = {
    "input.manifest": "application/jsonlines",
    "template": "text/html; charset=utf-8",
    "label-categories": "application/json",
}
"""By the key of the job file that names the file."""


@dataclass(frozen=True, slots=True)
class Material:
    """A file that the job needs.

    Attributes:
        key: of the job file that names it, of `CONTENT_TYPES`.
        uri: where the job finds it.
        path: local file that is uploaded there; None for what lies in S3 already or is made from the job file.
        in_s3: whether it lies there already, because the job file names an `s3://` URI.
        readable: whether it is there, and the caller may read it.
        body: its bytes; None for a manifest, which may be larger than memory, and for what cannot be read.
    """

    key: str
    uri: str
    path: Path | None = None
    in_s3: bool = False
    readable: bool = True
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """A job about to be created.

    Attributes:
        job: what the job file says.
        region: the job's.
        account: of the caller, 12 digits.
        role: ARN of the execution role; None where it could not be found, like all that follows.
        team: ARN of the work team.
        pre_annotation, consolidation: ARNs of the two functions; None also where the job has none.
        manifest, template, categories: files; None where the job has none.
        input_topic, output_topic: ARNs; None where the job has none. A streaming job's may yet have to be made.
        findings: what could not be resolved.
    """

    job: JobFile
    region: str
    account: str
    role: str | None = None
    team: str | None = None
    pre_annotation: str | None = None
    consolidation: str | None = None
    manifest: Material | None = None
    template: Material | None = None
    categories: Material | None = None
    input_topic: str | None = None
    output_topic: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def task(self) -> TaskType:
        """What the task asks of the job."""
        return self.job.task_type

    def broken(self, rule: Rule, key: str, what: str, mend: str, *, serious: bool = True) -> Finding:
        """A finding at a key of the job file."""
        return rule.broken(what, mend, place=self.job.place(key), serious=serious)
