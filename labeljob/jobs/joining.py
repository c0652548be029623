"""The labels of a job and of those that it continues, joined into one output manifest."""

from __future__ import annotations

import heapq
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO

from labeljob.aws import Aws, calling
from labeljob.jobs.continuing import CONTINUES, LINE, outcomes_of
from labeljob.jobs.job import Job, describe
from labeljob.jobs.outcomes import Outcome, Tally, tally
from shared.errors import ContractError
from shared.json_node import write_json
from shared.s3_uri import S3Uri

_IN_MEMORY = 8 << 20
_WORTH = {"unlabelled": 0, "failed": 0, "error": 1, "review": 2, "labelled": 2}
"""Of several outcomes of an object the one worth most stands, of equals the last."""


@dataclass(frozen=True, slots=True)
class Joined:
    """An output manifest that was joined.

    Attributes:
        jobs: whose labels are in it, the first one first.
        tally: of its lines.
    """

    jobs: tuple[Job, ...]
    tally: Tally


def join(name: str, target: str, aws: Aws) -> Joined:
    """Write the output manifest of a job and those that it continues, a line for each data object of the first.

    Args:
        name: of the last job.
        target: file or `s3://` URI to write.
        aws: clients of the jobs' account and Region.

    Raises:
        AwsError: AWS refuses. ContractError: the job continues no other, the manifests do not belong together, or the file cannot be
            written.
    """
    jobs = chain(name, aws)
    if len(jobs) == 1:
        raise ContractError(f"{name} continues no other job: its output manifest is the whole one")
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
        counted = tally(_written(joined(jobs, aws), body))
        body.seek(0)
        if target.startswith("s3://"):
            place = S3Uri.parse(target)
            with calling(f"write {target}"):
                aws.s3.upload_fileobj(body, place.bucket, place.key, {"ContentType": "application/x-ndjson"})
        else:
            _copy(body, Path(target))
    return Joined(tuple(jobs), counted)


def chain(name: str, aws: Aws) -> list[Job]:
    """A job and those that it continues, the first one first.

    Raises:
        AwsError: one of them is not there.
    """
    jobs = [describe(name, aws)]
    while (before := jobs[0].tags.get(CONTINUES)) and before not in {job.name for job in jobs}:
        jobs.insert(0, describe(before, aws))
    return jobs


def joined(jobs: Sequence[Job], aws: Aws) -> Iterator[Outcome]:
    """The lines of the first job's output manifest, each with the last label that a job of the chain made.

    Memory does not grow with the number of lines.

    Args:
        jobs: as `chain` has them.
        aws: clients of their account and Region.

    Raises:
        AwsError: S3 refuses. ContractError: the manifests do not belong together.
    """
    streams = (_numbered(rank, job, aws) for rank, job in enumerate(jobs))
    merged = heapq.merge(*streams, key=lambda entry: entry[:2])
    for number, entries in groupby(merged, key=lambda entry: entry[0]):
        outcomes = [outcome for _, _, outcome in entries]
        if len({outcome.source for outcome in outcomes}) > 1:
            raise ContractError(
                f"line {number} is about {outcomes[0].source} in {jobs[0].name} and about {outcomes[-1].source} in a job that "
                "continues it: the manifests do not belong together"
            )
        best = max(enumerate(outcomes), key=lambda entry: (_WORTH[entry[1].status], entry[0]))[1]
        line = {key: value for key, value in best.line.items() if key != LINE}
        yield Outcome(number, line, best.label, best.metadata, best.fault)


def _numbered(rank: int, job: Job, aws: Aws) -> Iterator[tuple[int, int, Outcome]]:
    """A job's outcomes under their lines in the first job's manifest."""
    before = 0
    for outcome in outcomes_of(job, aws):
        place = outcome.line.get(LINE, outcome.number) if rank else outcome.number
        if not isinstance(place, int) or place <= before:
            raise ContractError(
                f"{job.output_manifest} line {outcome.number} has {LINE} {place!r} after {before}: "
                "it is no manifest that `labeljob continue` wrote"
            )
        before = place
        yield place, rank, outcome


def _written(outcomes: Iterator[Outcome], body: IO[bytes]) -> Iterator[Outcome]:
    """Write each line on its way."""
    for outcome in outcomes:
        body.write(f"{write_json(outcome.line)}\n".encode())
        yield outcome


def _copy(body: IO[bytes], target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(body, file)
    except OSError as failure:
        raise ContractError(f"{target} cannot be written: {failure.strerror}") from failure
