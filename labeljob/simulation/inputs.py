"""All that a simulation reads, read and checked before it changes anything."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labeljob.output_layout import RECORD
from labeljob.preview.lint import check_source
from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.answers import RecordedAnswer, find_answers, read_answers
from labeljob.simulation.bucket import read_input
from labeljob.simulation.job import MAX_WORKERS, SimulatedJob
from labeljob.simulation.manifest import Manifest, parse_manifest
from shared.contract import parse_label_category_file
from shared.errors import ContractError, SettingsError
from shared.json_node import parse_json
from shared.s3_uri import S3Uri
from shared.settings import Settings, digest

LOGS = "logs"
PAGE = "page.html"
JOURNAL = "journal.sqlite"
_WRITTEN = (
    *("annotations", "manifests", LOGS, PAGE, RECORD),
    *(f"{JOURNAL}{suffix}" for suffix in ("", "-shm", "-wal")),
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a simulated job.

    Attributes:
        manifest: the input manifest.
        answers: by line number, at most `workers` each; lines with a fault have none.
        workers: answers asked for per object.
        template: the worker page, or None.
        categories: of the label-category file, in order.
        uploads: what the handlers read from S3: bodies by URI.
        settings_uri: of the settings document, or empty.
        categories_uri: of the label-category file, or None.
        warnings: about the inputs.
    """

    manifest: Manifest
    answers: Mapping[int, tuple[RecordedAnswer, ...]]
    workers: int
    template: WorkerTemplate | None
    categories: tuple[str, ...]
    uploads: Mapping[str, bytes]
    settings_uri: str
    categories_uri: str | None
    warnings: tuple[str, ...]

    @classmethod
    def read(cls, job: SimulatedJob) -> Self:
        """Read everything the job names.

        Raises:
            ContractError, SettingsError, StorageError: something is missing or broken; names it.
        """
        manifest = parse_manifest(read_input(job.manifest, job.endpoint_url))
        usable = [line for line in manifest.lines if line.fault is None]
        answers, warnings = find_answers(usable, read_answers(job.answers), job.answer_key)
        most = max((len(each) for each in answers.values()), default=0)
        workers = job.workers or max(most, 1)
        if workers > MAX_WORKERS:
            warnings.append(
                f"some objects have {most} answers; a real job takes at most {MAX_WORKERS} workers per object"
            )
        template = WorkerTemplate.read(job.template) if job.template else None
        settings = _settings(job)
        categories_body = _file(job.label_categories) if job.label_categories else None
        categories = parse_label_category_file(parse_json(categories_body)) if categories_body else ()
        uploads = {_input_uri(job, "settings", body): body for body in (settings,) if body is not None}
        settings_uri = next(iter(uploads), "")
        categories_uri = _input_uri(job, "label-categories", categories_body) if categories_body else None
        if categories_uri and categories_body:
            uploads[categories_uri] = categories_body
        return cls(
            manifest=manifest,
            answers={number: each[:workers] for number, each in answers.items()},
            workers=workers,
            template=template,
            categories=categories,
            uploads=uploads,
            settings_uri=settings_uri,
            categories_uri=categories_uri,
            warnings=(*manifest.warnings, *warnings, *_about_page(template)),
        )


def prepare_folder(folder: Path) -> None:
    """Make the out folder; what an earlier simulation wrote there is removed, anything else is left alone.

    Raises:
        ContractError: the folder has files but none of a simulation, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / RECORD).is_file():
            raise ContractError(f"{folder} is not empty and holds no earlier simulation; name another folder")
        for name in _WRITTEN:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        (folder / RECORD).write_text('{"status": "InProgress"}\n')
    except OSError as failure:
        raise ContractError(f"{folder} cannot be used for output: {failure.strerror}") from failure


def _about_page(template: WorkerTemplate | None) -> list[str]:
    found = check_source(template) if template else []
    return [f"worker template {template.name}, {finding}" for finding in found if template]


def _settings(job: SimulatedJob) -> bytes | None:
    """The settings document, checked, so that a slip in it is found before the first object."""
    if job.settings is None:
        return None
    body = _file(job.settings)
    Settings.parse(parse_json(body, error=SettingsError), job.job_name.lower())
    return body


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise ContractError(f"{path} cannot be read: {failure.strerror}") from failure


def _input_uri(job: SimulatedJob, name: str, body: bytes) -> str:
    """Beside the output, under the content's digest: a handler that keeps documents by URI never sees an older one."""
    bucket = S3Uri.parse(job.output_folder).bucket
    return (
        f"s3://{bucket}/simulation-input/{job.job_name}/{name}-{digest(body.decode(errors='replace'))}.json"
    )
