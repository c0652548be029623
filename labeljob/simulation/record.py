"""What happened in a simulated job: collected while it runs, then counted and written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from consolidation.label_facts import errors_of
from labeljob.output_layout import OUTPUT_MANIFEST, RECORD
from labeljob.simulation.inputs import LOGS, PAGE
from labeljob.simulation.job import Counts, Failure, Iteration, JobFailedError, SimulatedJob, SimulationResult
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.output import failed_line, labelled_line
from labeljob.simulation.wire import metadata_time


@dataclass(slots=True)
class Record:
    """The outcome of every data object so far.

    Attributes:
        job: what is simulated.
        lines: of the input manifest.
        written: output line by line number, for objects that are done with.
        labels: label value by line number.
        failures: by line number.
        warnings: in the order they came up, each once.
        iterations: done so far.
        page: line number and text of the first object's worker page.
    """

    job: SimulatedJob
    lines: Sequence[ManifestLine]
    written: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: dict[int, Any] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    iterations: list[Iteration] = field(default_factory=list)
    page: tuple[int, str] | None = None

    def label(self, line: ManifestLine, content: Mapping[str, Any], created: datetime) -> None:
        """An object got its label."""
        self.written[line.number] = labelled_line(line.value, content, self.job, created)
        self.labels[line.number] = content[self.job.label_attribute_name]

    def fail(self, line: ManifestLine, kind: str, reason: str, failure_reason: str | None = None) -> None:
        """An object failed; `failure_reason` is what the service writes into the manifest, if it words it itself."""
        self.failures[line.number] = Failure(line.number, line.data_object_id, kind, reason)
        written = failure_reason or f"ClientError: {reason}"
        self.written[line.number] = failed_line(line.value, self.job.label_attribute_name, written)

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep warnings, each once."""
        self.warnings |= dict.fromkeys(warnings)

    def show(self, line: ManifestLine, page: str) -> None:
        """Keep the worker page of the first object."""
        if self.page is None or line.number < self.page[0]:
            self.page = (line.number, page)

    def output_lines(self) -> list[dict[str, Any]]:
        """The output manifest: what is not done with stands as it came in."""
        return [self.written.get(line.number, dict(line.value)) for line in self.lines]

    def counts(self) -> Counts:
        """The job's counters."""
        blocks = [block_of(label) for label in self.labels.values()]
        return Counts(
            objects=len(self.lines),
            labeled=len(self.labels),
            failed=len(self.failures),
            unlabeled=len(self.lines) - len(self.labels) - len(self.failures),
            review=sum(block.get("needs-review") is True for block in blocks),
            error_labels=sum(is_error(label) for label in self.labels.values()),
        )


def finish(
    record: Record, failed: JobFailedError | None, times: tuple[datetime, datetime], workers: int
) -> SimulationResult:
    """Write `simulation.json`, the first page and the timings into the out folder, and make the result.

    Args:
        record: of the job.
        failed: why the job failed, or None.
        times: simulated start and end.
        workers: asked for per object.
    """
    out = record.job.out
    result = SimulationResult(
        status="Failed" if failed else "Completed",
        failure_reason=failed.message if failed else None,
        cause=failed.cause if failed else None,
        out=out,
        output_manifest=out / OUTPUT_MANIFEST,
        lines=tuple(record.output_lines()),
        counts=record.counts(),
        failures=tuple(failure for _, failure in sorted(record.failures.items())),
        warnings=tuple(record.warnings),
        iterations=tuple(record.iterations),
        page=out / PAGE if record.page else None,
    )
    if record.page:
        (out / PAGE).write_text(record.page[1], encoding="utf-8")
    write_document(out / RECORD, _summary(record.job, result, times, workers))
    write_document(out / LOGS / "timings.json", _timings(result))
    return result


def _summary(
    job: SimulatedJob, result: SimulationResult, times: tuple[datetime, datetime], workers: int
) -> dict[str, Any]:
    """Nothing in it depends on the machine: same inputs and start time, same bytes."""
    return {
        "labeling-job-name": job.job_name,
        "label-attribute-name": job.label_attribute_name,
        "status": result.status,
        "failure-reason": result.failure_reason,
        "cause": result.cause,
        "started": metadata_time(times[0]),
        "ended": metadata_time(times[1]),
        "output": job.output_folder,
        "workers-per-object": workers,
        "seed": job.seed,
        "switches": asdict(job.switches),
        "counts": result.counts.to_wire(),
        "iterations": [
            {
                "iteration": iteration.number,
                "objects": iteration.objects,
                "consolidated": iteration.consolidated,
                "request": _relative(iteration.request, job.out),
                "response": _relative(iteration.response, job.out),
            }
            for iteration in result.iterations
        ],
        "failures": [asdict(failure) for failure in result.failures],
        "warnings": list(result.warnings),
    }


def _timings(result: SimulationResult) -> list[dict[str, Any]]:
    return [
        {
            "iteration": iteration.number,
            "pre-annotation-seconds": round(iteration.pre_annotation_seconds, 4),
            "consolidation-seconds": round(iteration.consolidation_seconds, 4),
        }
        for iteration in result.iterations
    ]


def _relative(path: Path | None, folder: Path) -> str | None:
    return None if path is None else path.relative_to(folder).as_posix()


def write_document(path: Path, document: Any) -> None:
    """Write an indented JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def block_of(label: Any) -> Mapping[str, Any]:
    """The `consolidation` block of a label, empty where it has none."""
    block = label.get("consolidation") if isinstance(label, dict) else None
    return block if isinstance(block, dict) else {}


def is_error(label: Any) -> bool:
    """Whether a label says why there is none."""
    return isinstance(label, dict) and "consolidation" in label and bool(errors_of(label))
