"""The consolidation Lambda: parse the event, load the batch, consolidate, reply.

Contract: Developer Guide, "Pre-annotation and Post-annotation Lambda Function Requirements".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from consolidation.batch import Job, artefact_prefix, consolidate
from consolidation.label_facts import errors_of, rejections_in
from consolidation.skill_store import (
    PATIENCE_SECONDS,
    SkillStore,
    WarmSummaries,
    job_digest,
    request_digest,
    skill_folder,
)
from shared.contract import ConsolidatedAnnotation, ConsolidationPayload, ConsolidationRequest
from shared.errors import ContractError
from shared.json_node import Json, JsonNode, parse_json
from shared.settings import Deployment, Settings
from shared.settings_file import load_settings
from shared.storage import AwsAccess, S3Store
from shared.telemetry import count, logger, metrics

RESERVE_MS = 5_000
"""Time kept back to write and serialise the reply."""
_PATIENCE_SHARE = 0.1
"""Share of the time left that may be spent on reading what is known of workers, and again on adding to it."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> list[dict[str, Json]]:
    """Consolidate one batch of workers' answers.

    Args:
        event: the request of Ground Truth.
        context: of the invocation; its remaining time is watched.

    Returns:
        A bare array with one entry per data object received, in that order.

    Raises:
        GtConsensusError: the event or the payload as a whole cannot be read, or the deployment is misconfigured. Whatever concerns a
            single data object or answer becomes part of that object's label instead.
    """
    request = ConsolidationRequest.parse(event)
    logger.append_keys(labeling_job_arn=request.labeling_job_arn, correlation_id=request.payload_name)
    deployment, access = _deployment()
    store = S3Store(
        access.client(request.role_arn),
        deployment.allowed_locations,
        request.kms_key_id or deployment.kms_key_id,
    )
    settings = load_settings(deployment.settings_s3_uri, request.labeling_job_name, access, deployment)
    payload = _load(request, store, settings)
    job = Job(
        request.label_attribute_name,
        request.label_categories,
        artefact_prefix(request.output_config, settings),
    )
    memory = _memory(request, payload, store, settings, context)
    half_time_ms = (context.get_remaining_time_in_millis() + RESERVE_MS) / 2
    replies = consolidate(
        job,
        payload.data_objects,
        store,
        settings,
        lambda: context.get_remaining_time_in_millis() < RESERVE_MS,
        half_time=lambda: context.get_remaining_time_in_millis() < half_time_ms,
        memory=memory,
    )
    _report(replies, payload.faults, memory.failures if memory else [])
    return [reply.to_wire() for reply in replies]


@cache
def _deployment() -> tuple[Deployment, AwsAccess]:
    """What the environment says, and the S3 clients: once per Lambda sandbox."""
    deployment = Deployment.from_environment()
    return deployment, AwsAccess(deployment.allowed_roles)


@cache
def _warm_summaries() -> WarmSummaries:
    """What has been read of skill stores: once per Lambda sandbox."""
    return WarmSummaries()


def _memory(
    request: ConsolidationRequest,
    payload: ConsolidationPayload,
    store: S3Store,
    settings: Settings,
    context: LambdaContext,
) -> SkillStore | None:
    """What earlier batches showed of the workers; None where the settings want none, or there is no place for it."""
    folder = skill_folder(request.output_config, request.label_attribute_name, settings)
    if folder is None or settings.method != "em":
        return None
    job = job_digest(request.output_config, request.labeling_job_name)
    return SkillStore(
        store,
        folder,
        job,
        request_digest(job, request.label_attribute_name, payload.data_objects, settings),
        warm=_warm_summaries(),
        patience=min(PATIENCE_SECONDS, _PATIENCE_SHARE * context.get_remaining_time_in_millis() / 1000),
    )


def _load(request: ConsolidationRequest, store: S3Store, settings: Settings) -> ConsolidationPayload:
    if isinstance(request.payload, JsonNode):
        return ConsolidationPayload.parse(request.payload)
    body = store.read(request.payload, limit=settings.limits.payload_bytes, limit_name="limits.payload-bytes")
    return ConsolidationPayload.parse(parse_json(body, error=ContractError))


def _report(replies: list[ConsolidatedAnnotation], faults: tuple[str, ...], forgotten: Sequence[str]) -> None:
    """Log what a person must act on; answers' content is never logged."""
    rejected = failed = review = 0
    for reply in replies:
        block: Any = reply.label["consolidation"]
        rejected += rejections_in(reply.label)
        review += block["needs-review"]
        if errors := errors_of(reply.label):
            failed += 1
            logger.error("no label", data_object_id=reply.data_object_id, errors=errors)
    for fault in faults:
        logger.error("payload entry without an id", error=fault)
    for failure in forgotten:
        logger.warning("skill store", error=failure)
    logger.info("consolidated", objects=len(replies), failed=failed, review=review, rejected_answers=rejected)
    count("Objects", len(replies))
    count("FailedObjects", failed + len(faults))
    count("ReviewObjects", review)
    count("RejectedAnswers", rejected)
    count("SkillStoreFailures", len(forgotten))
