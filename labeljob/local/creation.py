"""What CreateLabelingJob refuses beyond the shapes of its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeljob.aws import Aws
from labeljob.local.protocol import ServiceError
from labeljob.local.teams import PUBLIC_TEAM
from shared.errors import NotAllowedError
from shared.s3_uri import S3Uri

_REF_TASKS = frozenset(
    {
        "SemanticSegmentation",
        "AdjustmentSemanticSegmentation",
        "VideoObjectDetection",
        "VideoObjectTracking",
        "AdjustmentVideoObjectDetection",
        "AdjustmentVideoObjectTracking",
        "3DPointCloudSemanticSegmentation",
        "3DPointCloudObjectTracking",
        "Adjustment3DPointCloudSemanticSegmentation",
        "Adjustment3DPointCloudObjectTracking",
    }
)
"""Built-in tasks whose label attribute must end in `-ref`."""
_NO_PII = "FreeOfPersonallyIdentifiableInformation"
_MOST_SECONDS_PUBLIC = 43_200


def check_creation(request: Mapping[str, Any], aws: Aws) -> None:
    """Refuse what the service is known to refuse when a job is created.

    Args:
        request: of CreateLabelingJob, sound by the model.
        aws: whose buckets and roles are asked.

    Raises:
        ServiceError: says what is wrong.
    """
    _check_label_attribute(request)
    _check_page(request["HumanTaskConfig"])
    _check_workforce(request)
    _check_role(request["RoleArn"], aws)
    _check_input(request, aws)
    topics = [request["InputConfig"]["DataSource"].get("SnsDataSource", {}), request["OutputConfig"]]
    for topic in [each["SnsTopicArn"] for each in topics if "SnsTopicArn" in each]:
        _check_topic(topic, aws)


def _check_input(request: Mapping[str, Any], aws: Aws) -> None:
    source, page = request["InputConfig"]["DataSource"], request["HumanTaskConfig"]["UiConfig"]
    if not source:
        raise _refused("DataSource must have an S3DataSource or an SnsDataSource.")
    manifest = source.get("S3DataSource", {}).get("ManifestS3Uri")
    for uri in (manifest, page.get("UiTemplateS3Uri"), request.get("LabelCategoryConfigS3Uri")):
        if uri:
            _check_object(uri, aws)


def _check_label_attribute(request: Mapping[str, Any]) -> None:
    name = request["LabelAttributeName"]
    function = request["HumanTaskConfig"].get("PreHumanTaskLambdaArn", "").rpartition(":")[2]
    built_in = function.removeprefix("PRE-") if function.startswith("PRE-") else None
    if name in {"source", "source-ref"} or name.endswith("-metadata"):
        raise _refused(f"LabelAttributeName {name} is reserved.")
    if name.endswith("-ref") != (built_in in _REF_TASKS):
        must = "must" if built_in in _REF_TASKS else "must not"
        raise _refused(f"LabelAttributeName {name} {must} end with '-ref' for this task type.")


def _check_page(task: Mapping[str, Any]) -> None:
    if len(task["UiConfig"]) != 1:
        raise _refused("UiConfig must have exactly one of UiTemplateS3Uri and HumanTaskUiArn.")


def _check_workforce(request: Mapping[str, Any]) -> None:
    task = request["HumanTaskConfig"]
    public = task["WorkteamArn"] == PUBLIC_TEAM
    priced = "PublicWorkforceTaskPrice" in task
    if priced and not public:
        raise _refused("PublicWorkforceTaskPrice is for the public workforce only.")
    if not public:
        return
    if not priced:
        raise _refused("PublicWorkforceTaskPrice is required for the public workforce.")
    classifiers = request["InputConfig"].get("DataAttributes", {}).get("ContentClassifiers", [])
    if _NO_PII not in classifiers:
        raise _refused(f"The public workforce needs the content classifier {_NO_PII}.")
    if task.get("TaskAvailabilityLifetimeInSeconds", 0) > _MOST_SECONDS_PUBLIC:
        raise _refused(
            f"TaskAvailabilityLifetimeInSeconds must be at most {_MOST_SECONDS_PUBLIC} for the public workforce."
        )


def _check_role(arn: str, aws: Aws) -> None:
    failure = _refused(
        f"Could not assume role {arn}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume "
        "the role."
    )
    try:
        role = aws.iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except aws.iam.exceptions.NoSuchEntityException as missing:
        raise failure from missing
    statements: Any = role["AssumeRolePolicyDocument"]
    if role["Arn"] != arn or "sagemaker.amazonaws.com" not in str(statements):
        raise failure


def _check_object(uri: str, aws: Aws) -> None:
    try:
        place = S3Uri.parse(uri)
    except NotAllowedError as failure:
        raise _refused(failure.message) from failure
    try:
        aws.s3.head_object(Bucket=place.bucket, Key=place.key)
    except aws.s3.exceptions.ClientError as failure:
        raise _refused(f"Access denied or object not found: {uri}") from failure


def _check_topic(arn: str, aws: Aws) -> None:
    try:
        aws.sns.get_topic_attributes(TopicArn=arn)
    except aws.sns.exceptions.NotFoundException as failure:
        raise _refused(f"The SNS topic {arn} does not exist.") from failure


def _refused(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
