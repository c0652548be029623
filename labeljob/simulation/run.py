"""A whole job on this machine: its S3, its handlers' environment, its course, its results in a folder."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

from labeljob.simulation.bucket import REGION, Bucket, s3_endpoint
from labeljob.simulation.engine import Engine
from labeljob.simulation.handlers import Handlers, lambda_environment
from labeljob.simulation.inputs import Inputs, prepare_folder
from labeljob.simulation.job import OnProgress, SimulatedJob, SimulationResult
from labeljob.simulation.label_category_service import describe_labeling_job
from labeljob.simulation.record import finish
from shared.errors import ContractError
from shared.s3_uri import S3Uri


def simulate(
    job: SimulatedJob, *, handlers: Handlers | None = None, on_progress: OnProgress = lambda _: None
) -> SimulationResult:
    """Run a labeling job on this machine.

    The handlers are called in this process with an environment of their own, which is restored afterwards; so only one simulation can
    run in a process at a time. Same inputs and same start time give the same files, except under `logs/`.

    Args:
        job: what to simulate.
        handlers: the two functions; None for the project's own.
        on_progress: called as the job goes on.

    Returns:
        What came of it; a job that fails is a result too, with status `Failed`.

    Raises:
        ContractError, SettingsError: an input is unusable; names it. StorageError: S3 refuses.
    """
    inputs = Inputs.read(job)
    start = utc(job.start_time or datetime.now(UTC).replace(microsecond=0))
    with ExitStack() as stack:
        bucket = open_bucket(job, inputs, stack)
        prepare_folder(job.out)
        run = Engine(job, inputs, bucket, handlers or Handlers.cold(), start, on_progress=on_progress)
        failed = run.to_the_end()
        bucket.mirror(job.output_folder, job.out)
    return finish(run.record, failed, (start, run.now), inputs.workers)


def open_bucket(job: SimulatedJob, inputs: Inputs, stack: ExitStack, *, resumed: bool = False) -> Bucket:
    """The job's S3 and the handlers' environment, for as long as `stack` is open.

    Args:
        job: the job.
        inputs: its inputs; what handlers read of them is uploaded.
        stack: takes what is to be closed.
        resumed: whether the job may have written something already.

    Raises:
        ContractError: there is output of another job of that name. StorageError: S3 refuses.
    """
    endpoint = stack.enter_context(s3_endpoint(job.endpoint_url))
    name = S3Uri.parse(job.output_folder).bucket
    environment = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "ALLOWED_LOCATIONS": f"{name}/",
        "ALLOWED_ROLES": "",
        "KMS_KEY_ID": "",
        "SETTINGS_S3_URI": inputs.settings_uri,
        "READ_LABEL_CATEGORIES": "true" if inputs.categories_uri else "false",
    }
    if inputs.categories_uri:
        description = {
            "LabelingJobName": job.job_name,
            "LabelingJobStatus": "InProgress",
            "LabelAttributeName": job.label_attribute_name,
            "LabelCategoryConfigS3Uri": inputs.categories_uri,
        }
        service = describe_labeling_job(job.job_name, description)
        environment["AWS_ENDPOINT_URL_SAGEMAKER"] = stack.enter_context(service)
    embedded = job.endpoint_url is None
    stack.enter_context(lambda_environment(environment, isolated=embedded))
    bucket = stack.enter_context(Bucket.opened(endpoint, name, kept=not embedded))
    if not resumed and bucket.keys(job.output_folder):
        raise ContractError(
            f"{job.output_folder} has files already: job names are used once; choose another with --job-name"
        )
    bucket.write_all(inputs.uploads)
    return bucket


def utc(moment: datetime) -> datetime:
    """The moment in UTC; without a zone it is that already."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
