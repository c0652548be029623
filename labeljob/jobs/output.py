"""The labels of a job, from AWS or from a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labeljob.aws import Aws, AwsError, calling
from labeljob.jobs.job import describe
from labeljob.jobs.outcomes import Outcome, read_lines, read_outcomes
from labeljob.output_layout import OUTPUT_MANIFEST
from labeljob.report.facts import label_attribute_of, read_record
from shared.errors import ContractError
from shared.s3_uri import S3Uri


def outcomes(name: str, aws: Aws) -> Iterator[Outcome]:
    """What became of each data object of a job so far, in the order of its manifest, read line by line.

    Args:
        name: of the job.
        aws: clients of its account and Region.

    Raises:
        AwsError: there is no such job, or S3 refuses. ContractError: the job has no output manifest yet.
    """
    job = describe(name, aws)
    if not exists(job.output_manifest, aws):
        raise ContractError(f"{name} is {job.status} and has no output manifest at {job.output_manifest}")
    yield from read_outcomes(job.output_manifest, job.label_attribute, aws)


def exists(uri: str, aws: Aws) -> bool:
    """Whether there is such an object.

    Raises:
        AwsError: S3 refuses to say.
    """
    place = S3Uri.parse(uri)
    try:
        with calling(f"look for {uri}"):
            aws.s3.head_object(Bucket=place.bucket, Key=place.key)
    except AwsError as failure:
        if failure.missing:
            return False
        raise
    return True


def outcomes_in(folder: Path, label_attribute: str | None = None) -> Iterator[Outcome]:
    """The same of a folder that `labeljob simulate` wrote, or a copy of a real job's output.

    Args:
        folder: with `manifests/output/output.manifest`.
        label_attribute: key of the label; None for the one that `simulation.json` names, else the only one the manifest has.

    Raises:
        ContractError: there is no output manifest, or the label attribute is not to be known.
    """
    manifest = folder / OUTPUT_MANIFEST
    key = label_attribute or read_record(folder).get("label-attribute-name")
    return read_outcomes(
        manifest, key or label_attribute_of((line for _, line, _ in read_lines(manifest)), manifest)
    )
