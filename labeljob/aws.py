"""AWS as the person at the terminal sees it: one profile, one Region, clients made when first needed, errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.utils import validate_region_name

from shared.errors import GtConsensusError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
    user_agent_extra="labeljob",
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "403", "Forbidden"})
"""Error codes that say that the caller lacks a permission."""
MISSING = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchKey",
        "NotFound",
        "NotFoundException",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }
)
"""Error codes that say that there is no such thing."""


class AwsError(GtConsensusError):
    """A call of AWS was refused or could not be made.

    Attributes:
        error_code: AWS's, such as `AccessDenied`; empty where the call never got through.
    """

    code = "aws"

    def __init__(self, message: str, *, error_code: str = "", **place: str) -> None:
        super().__init__(message, **place)
        self.error_code = error_code

    @property
    def denied(self) -> bool:
        """Whether the caller lacks a permission."""
        return self.error_code in DENIED

    @property
    def missing(self) -> bool:
        """Whether there is no such thing."""
        return self.error_code in MISSING

    @property
    def unknown(self) -> bool:
        """Whether SageMaker has nothing of a name: it answers ValidationException, where its API model has ResourceNotFound."""
        return self.missing or self.error_code == "ValidationException"


class Aws:
    """The AWS clients of one profile and Region; safe to share between threads once a client is made."""

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        """Choose profile and Region; nothing is called yet.

        Args:
            profile: name in the person's AWS configuration, None for the default.
            region: None for that of the environment or profile.

        Raises:
            AwsError: there is no such profile, the AWS configuration cannot be read, or there is no Region, or none of such a name.
        """
        try:
            self._session = boto3.Session(profile_name=profile, region_name=region)
            found = self._session.region_name
            if found:
                validate_region_name(found)
        except BotoCoreError as failure:
            raise AwsError(f"{failure}") from failure
        if not found:
            raise AwsError("no AWS Region: give --region, or set AWS_DEFAULT_REGION")

    @property
    def region(self) -> str:
        """Such as `us-east-1`."""
        return str(self._session.region_name)

    @cached_property
    def account(self) -> str:
        """The caller's account, 12 digits.

        Raises:
            AwsError: the credentials are missing or refused.
        """
        with calling("ask who you are"):
            return self.sts.get_caller_identity()["Account"]

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation."""
        return self._session.client("cloudformation", config=_CONFIG)

    @cached_property
    def cognito(self) -> CognitoIdentityProviderClient:
        """Cognito's user pools, in which the members of private work teams are."""
        return self._session.client("cognito-idp", config=_CONFIG)

    @cached_property
    def iam(self) -> IAMClient:
        """IAM."""
        return self._session.client("iam", config=_CONFIG)

    @cached_property
    def kms(self) -> KMSClient:
        """KMS."""
        return self._session.client("kms", config=_CONFIG)

    @cached_property
    def lambda_(self) -> LambdaClient:
        """Lambda; waits as long as a function may run, and calls once."""
        config = _CONFIG.merge(Config(read_timeout=910, retries={"total_max_attempts": 1}))
        return self._session.client("lambda", config=config)

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self._session.client("s3", config=_CONFIG)

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        """SageMaker."""
        return self._session.client("sagemaker", config=_CONFIG)

    @cached_property
    def sns(self) -> SNSClient:
        """SNS."""
        return self._session.client("sns", config=_CONFIG)

    @cached_property
    def sqs(self) -> SQSClient:
        """SQS."""
        return self._session.client("sqs", config=_CONFIG)

    @cached_property
    def sts(self) -> STSClient:
        """STS."""
        return self._session.client("sts", config=_CONFIG)


@contextmanager
def calling(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into an `AwsError` that says what was being done.

    Args:
        doing: completes "cannot ...", such as `describe labeling job roads-7`.

    Raises:
        AwsError: the call failed.
    """
    try:
        yield
    except NoCredentialsError as failure:
        raise AwsError(
            f"cannot {doing}: no AWS credentials; run `aws configure` or `aws sso login`, or give --profile"
        ) from failure
    except ClientError as failure:
        error = failure.response.get("Error", {})
        code, message = error.get("Code", ""), error.get("Message", "")
        raise AwsError(f"cannot {doing}: {code}: {message}".rstrip(": "), error_code=code) from failure
    except BotoCoreError as failure:
        raise AwsError(f"cannot {doing}: {failure}") from failure
