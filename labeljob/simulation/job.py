"""What a simulated job is given and what came of it, as plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from shared.errors import ContractError, GtConsensusError
from shared.s3_uri import S3Uri

FIRST_BATCH = 10
"""Objects of iteration 1, as in every job whose files were seen."""
MAX_WORKERS = 9
"""Most workers per data object that a real job takes."""
MAX_CONCURRENT = 5_000
"""Largest MaxConcurrentTaskCount of the API."""
OUTPUT_PATH = "s3://labeljob-simulation/output"
"""S3OutputPath where none is given."""
_JOB_NAME = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_LABEL_NAME = re.compile(r"(?=.{1,127}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")

SWITCHES: Mapping[str, tuple[str, ...]] = {
    "on_consolidation_error": ("retry", "fail-objects", "fail-job"),
    "on_missing": ("fail-object", "fail-job"),
    "on_duplicate": ("fail-object", "first", "last"),
    "skipped": ("failed", "unlabeled"),
    "label_categories": ("absent", "null", "list"),
    "metadata": ("replaced", "merged"),
}
"""What no source says of the service: the choices for each, the first is the default."""


class JobFailedError(GtConsensusError):
    """The simulated job ends in the state Failed; the message is its failure reason."""

    code = "job-failed"

    def __init__(self, message: str, *, cause: str = "", **place: str) -> None:
        super().__init__(message, **place)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Switches:
    """How the simulated service behaves where the real one's behaviour is not known; `SWITCHES` lists the choices.

    Attributes:
        on_consolidation_error: the consolidation handler raises or its reply is unusable: call once more and then fail the batch's
            objects, fail them at once, or fail the job.
        on_missing: the reply leaves an id out.
        on_duplicate: the reply has an id twice: fail the object, or take the first or the last.
        skipped: pre-annotation says that no human is needed: the object counts as failed or as unlabeled.
        label_categories: `labelCategories` of the event: absent, null, or the list of the label-category file.
        metadata: `<label>-metadata` made by the handler is replaced by the service's, or laid over it.
        answers_in_s3: answers are handed over as `s3Uri` instead of `content`.
    """

    on_consolidation_error: str = "retry"
    on_missing: str = "fail-object"
    on_duplicate: str = "fail-object"
    skipped: str = "failed"
    label_categories: str = "absent"
    metadata: str = "replaced"
    answers_in_s3: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not a choice.

        Raises:
            ContractError: a switch has another value; names the choices.
        """
        for name, choices in SWITCHES.items():
            if getattr(self, name) not in choices:
                raise ContractError(
                    f"must be one of {', '.join(choices)}, is {getattr(self, name)!r}", path=name
                )


EXECUTION_ROLE = "arn:aws:iam::111122223333:role/simulated-execution"
"""Of simulated jobs that name none."""


class JobFacts(Protocol):
    """What the files and events of a job, batch or streaming, are made of."""

    @property
    def label_attribute_name(self) -> str:
        """Key of the label in the output manifest."""

    @property
    def job_name(self) -> str:
        """The job's name in the caller's case."""

    @property
    def labeling_job_arn(self) -> str:
        """The ARN as events carry it: the name in lower case."""

    @property
    def output_config(self) -> str:
        """`outputConfig` of the consolidation event."""

    @property
    def role(self) -> str:
        """ARN of the execution role."""

    @property
    def switches(self) -> Switches:
        """What is not known of the service."""


@dataclass(frozen=True, slots=True)
class SimulatedJob:
    """A labeling job to simulate.

    Attributes:
        manifest: path or `s3://` URI of the input manifest.
        answers: recorded answers, in one of the forms that `simulation.answers` reads.
        label_attribute_name: key of the label in the output manifest.
        out: folder for all that the job writes; must be new, empty, or of an earlier simulation, which is replaced.
        name: of the job; None for the label attribute name, as the console has it.
        template: worker page to render for every object, or None.
        settings: job settings, handed to both handlers as SETTINGS_S3_URI, or None for the defaults.
        label_categories: label-category file of the job, or None.
        answer_key: manifest attribute that holds the id under which an object's answers were recorded; None: the line's number from 0,
            or, in a consolidation request, the entry about the same source.
        workers: answers asked for per object; None for as many as the best answered object has.
        max_concurrent: objects of an iteration after the first.
        output_path: `S3OutputPath` of the job.
        endpoint_url: S3 to use; None for one inside this process.
        start_time: UTC time at which the job starts; None for now.
        seed: of the order in which objects are sent out.
        time_limit: seconds that one call of a handler may take, as the function's timeout.
        switches: what is not known of the service.
        account: AWS account of the job.
        role: ARN of its execution role.
        built_in: whether it is of one of AWS's task types, whose label may end in -ref.
    """

    manifest: str
    answers: Path
    label_attribute_name: str
    out: Path
    name: str | None = None
    template: Path | None = None
    settings: Path | None = None
    label_categories: Path | None = None
    answer_key: str | None = None
    workers: int | None = None
    max_concurrent: int = 1_000
    output_path: str = OUTPUT_PATH
    endpoint_url: str | None = None
    start_time: datetime | None = None
    seed: int = 0
    time_limit: float = 900.0
    switches: Switches = field(default_factory=Switches)
    account: str = "111122223333"
    role: str = EXECUTION_ROLE
    built_in: bool = False

    def __post_init__(self) -> None:
        """Refuse what CreateLabelingJob would refuse.

        Raises:
            ContractError: a name or number is not allowed; says which rule. NotAllowedError: `output_path` is no S3 URI.
        """
        _check_label_attribute_name(self.label_attribute_name, built_in=self.built_in)
        if not _JOB_NAME.fullmatch(self.job_name):
            raise ContractError(
                f"{self.job_name!r} is no job name: 1 to 63 letters, digits and inner hyphens",
                path="LabelingJobName",
            )
        if self.workers is not None and not 1 <= self.workers <= MAX_WORKERS:
            raise ContractError(
                f"must be from 1 to {MAX_WORKERS}, is {self.workers}",
                path="NumberOfHumanWorkersPerDataObject",
            )
        if not 1 <= self.max_concurrent <= MAX_CONCURRENT:
            raise ContractError(
                f"must be from 1 to {MAX_CONCURRENT}, is {self.max_concurrent}", path="MaxConcurrentTaskCount"
            )
        if self.switches.label_categories == "list" and self.label_categories is None:
            raise ContractError(
                "a list of label categories in the event needs a label-category file", path="labelCategories"
            )
        S3Uri.parse(self.output_folder)

    @property
    def job_name(self) -> str:
        """The job's name in the caller's case."""
        return self.name or self.label_attribute_name

    @property
    def labeling_job_arn(self) -> str:
        """The ARN as events carry it: the name in lower case."""
        return f"arn:aws:sagemaker:us-east-1:{self.account}:labeling-job/{self.job_name.lower()}"

    @property
    def output_folder(self) -> str:
        """`<S3OutputPath>/<job>`, beneath which everything is written."""
        return f"{self.output_path.rstrip('/')}/{self.job_name}"

    @property
    def output_config(self) -> str:
        """`outputConfig` of the consolidation event."""
        return f"{self.output_folder}/annotations"


@dataclass(frozen=True, slots=True)
class Failure:
    """A data object without a label.

    Attributes:
        line: number of the manifest line, from 1.
        data_object_id: its `datasetObjectId`.
        kind: short name of the cause, such as `expired`.
        reason: the cause in full.
    """

    line: int
    data_object_id: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Iteration:
    """One batch of objects.

    Attributes:
        number: from 1.
        objects: data objects in it.
        consolidated: those with answers, sent to the consolidation handler.
        request: the request file in the out folder; None when no object was answered.
        response: the response file; None when the handler gave none.
        pre_annotation_seconds: spent in the pre-annotation handler and the worker page, by the real clock.
        consolidation_seconds: spent in the consolidation handler, by the real clock.
    """

    number: int
    objects: int
    consolidated: int
    request: Path | None
    response: Path | None
    pre_annotation_seconds: float
    consolidation_seconds: float


@dataclass(frozen=True, slots=True)
class Counts:
    """The job's counters.

    Attributes:
        objects: manifest lines.
        labeled: objects with a label, error labels included.
        failed: objects that the service counts as failed.
        unlabeled: objects left as they were.
        review: labels that ask for a person's look.
        error_labels: labels that say why there is none.
    """

    objects: int
    labeled: int
    failed: int
    unlabeled: int
    review: int
    error_labels: int

    def to_wire(self) -> dict[str, int]:
        """The counters under hyphenated names."""
        return {name.replace("_", "-"): value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """What came of a simulated job.

    Attributes:
        status: `Completed` or `Failed`, as DescribeLabelingJob says it.
        failure_reason: of a failed job, in the service's words, else None.
        cause: what was really wrong with a failed job, else None.
        out: folder with all files.
        output_manifest: the output manifest in it.
        lines: the output manifest's lines, parsed, in input order.
        counts: the counters.
        failures: objects without a label, in input order.
        warnings: what a person should know, each once.
        iterations: the batches.
        page: the worker page of the first object, when the job has a template.
    """

    status: str
    failure_reason: str | None
    cause: str | None
    out: Path
    output_manifest: Path
    lines: tuple[dict[str, Any], ...]
    counts: Counts
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    iterations: tuple[Iteration, ...]
    page: Path | None

    @property
    def all_labeled(self) -> bool:
        """Whether every object has a label that is none of an error."""
        return (
            self.status == "Completed"
            and self.counts.labeled - self.counts.error_labels == self.counts.objects
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running simulation is: `done` of `total` objects sent out, and what it is at."""

    done: int
    total: int
    doing: str


OnProgress = Callable[[Progress], None]


def _check_label_attribute_name(name: str, *, built_in: bool) -> None:
    """Apply the service's rules for label attribute names."""
    path = "LabelAttributeName"
    if not _LABEL_NAME.fullmatch(name):
        raise ContractError(f"{name!r} must be 1 to 127 letters, digits and inner hyphens", path=path)
    if (
        name in {"source", "source-ref"}
        or name.endswith("-metadata")
        or (name.endswith("-ref") and not built_in)
    ):
        raise ContractError(
            f"{name!r} is not free for a custom job: it must not be source or source-ref, nor end in -metadata or -ref",
            path=path,
        )
