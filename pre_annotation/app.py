"""The pre-annotation Lambda: parse the event, find the job's labels, decide, reply.

Contract: Developer Guide, "Pre-annotation and Post-annotation Lambda Function Requirements". It runs once per data object, so it
imports AWS clients only when the deployment needs them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pre_annotation.task_input import decide
from shared.contract import PreAnnotationRequest, job_name_of, parse_label_category_file
from shared.errors import ContractError, ObjectMissingError
from shared.json_node import Json, parse_json
from shared.settings import Deployment, Settings
from shared.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from shared.storage import AwsAccess

TASK_INPUT_CHARACTERS = 128_000
"""The longest task input that RenderUiTemplate accepts; a longer one is likely to give workers a broken page."""
_CATEGORY_FILE_BYTES = 1_000_000

_categories_of_jobs: dict[str, tuple[str, ...]] = {}


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Json]:
    """Make the task input of one data object.

    Args:
        event: the request of Ground Truth.
        context: of the invocation.

    Returns:
        `taskInput` and the annotation-required flag in both spellings. A line that no worker can be shown is flagged false, with the
        reason in the log: an exception here would fail the whole job.

    Raises:
        GtConsensusError: the event is not a pre-annotation request, or the deployment is broken, so that every object would fail.
    """
    request = PreAnnotationRequest.parse(event)
    job_name = job_name_of(request.labeling_job_arn)
    logger.append_keys(labeling_job_arn=request.labeling_job_arn)
    deployment = _deployment()
    settings = _settings(deployment, job_name)
    categories = settings.label_categories
    if deployment.read_label_categories and job_name:
        categories = _job_label_categories(job_name) or categories
    decision = decide(request.data_object, categories, settings)
    if decision.skipped:
        logger.warning("no human annotation", reason=decision.skipped)
    reply = decision.response.to_wire()
    characters = len(json.dumps(reply["taskInput"]))
    if characters > TASK_INPUT_CHARACTERS:
        logger.error(
            "taskInput is too long for a worker page", characters=characters, most=TASK_INPUT_CHARACTERS
        )
    count("SkippedObjects", int(decision.skipped is not None))
    return reply


@cache
def _deployment() -> Deployment:
    return Deployment.from_environment()


@cache
def _access() -> AwsAccess:
    from shared.storage import AwsAccess  # noqa: PLC0415 - most deployments need no AWS client here

    return AwsAccess(_deployment().allowed_roles)


def _settings(deployment: Deployment, job_name: str | None) -> Settings:
    if deployment.settings_s3_uri is None:
        return Settings()
    from shared.settings_file import load_settings  # noqa: PLC0415 - brings the AWS client

    return load_settings(deployment.settings_s3_uri, job_name, _access(), deployment)


def _job_label_categories(job_name: str) -> tuple[str, ...]:
    """The categories of the job's label-category file, none without one: asked for once per job while the function is warm."""
    if job_name not in _categories_of_jobs:
        try:
            uri = _access().label_category_config_uri(job_name)
        except ObjectMissingError:
            logger.warning("the job is not known yet, so its label categories are not either")
            return ()
        _categories_of_jobs[job_name] = () if uri is None else _label_category_file(uri)
    return _categories_of_jobs[job_name]


def _label_category_file(uri: str) -> tuple[str, ...]:
    from shared.storage import S3Store  # noqa: PLC0415 - brings the AWS client

    store = S3Store(_access().client(), _deployment().allowed_locations)
    body = store.read(uri, limit=_CATEGORY_FILE_BYTES, limit_name="READ_LABEL_CATEGORIES")
    return parse_label_category_file(parse_json(body, error=ContractError))
