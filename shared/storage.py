"""The only module that talks to S3: confinement, roles, KMS, retries, limits.

Everything above it sees `ObjectStore`; `labeljob` puts a folder behind the same protocol, so that what runs in Lambda runs
the same on a laptop.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from shared.errors import LimitError, NotAllowedError, ObjectMissingError, StorageError
from shared.s3_uri import AllowedLocations, S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)
_MISSING = {"NoSuchKey", "NoSuchBucket", "404", "NotFound"}
_PERMISSIONS = {"read": "s3:GetObject", "write": "s3:PutObject", "list": "s3:ListBucket"}
_DENIED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
_EXISTS = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
"""What a write that must not replace anything is answered where there is an object, or another one is being written."""


class ObjectStore(Protocol):
    """Where payloads and answers are read from and artefacts are written to."""

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """Read a whole object.

        Args:
            uri: `s3://bucket/key`.
            limit: most bytes accepted.
            limit_name: the setting that holds the limit, for the error.

        Raises:
            NotAllowedError, ObjectMissingError, StorageError: it cannot be read. LimitError: it is larger than `limit`.
        """
        ...

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Write an object; the same bytes again are harmless.

        Raises:
            NotAllowedError, StorageError: it cannot be written.
        """
        ...


class AppendStore(ObjectStore, Protocol):
    """A store in which several writers may take turns without losing what another wrote."""

    def write_new(self, uri: str, body: bytes, content_type: str) -> bool:
        """Write an object unless there is one.

        Returns:
            Whether it was written. Of several who write at once, at most one is told yes.

        Raises:
            NotAllowedError, StorageError: it cannot be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class S3Store:
    """`AppendStore` on S3.

    Attributes:
        client: a boto3 S3 client.
        locations: outside of these nothing is touched.
        kms_key_id: key for what is written, or None for the bucket's default encryption.
    """

    client: S3Client
    locations: AllowedLocations
    kms_key_id: str | None = None

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`. The length is checked before the body is fetched."""
        place = self.locations.check(S3Uri.parse(uri))
        try:
            response = self.client.get_object(Bucket=place.bucket, Key=place.key)
            if response["ContentLength"] > limit:
                response["Body"].close()
                raise LimitError(
                    f"{place} has {response['ContentLength']} bytes, allowed are {limit}", limit=limit_name
                )
            return response["Body"].read()
        except (ClientError, BotoCoreError) as failure:
            raise _translate(failure, "read", place) from failure

    def keys_below(self, folder: S3Uri) -> list[str]:
        """All keys below a folder, for tools; the Lambdas list nothing.

        Raises:
            NotAllowedError, ObjectMissingError, StorageError: it cannot be listed.
        """
        place = self.locations.check(folder)
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=place.bucket, Prefix=place.key.rstrip("/") + "/"
            )
            return [item["Key"] for page in pages for item in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as failure:
            raise _translate(failure, "list", place) from failure

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """See `ObjectStore.write`."""
        place = self.locations.check(S3Uri.parse(uri))
        try:
            self._put(place, body, content_type)
        except (ClientError, BotoCoreError) as failure:
            raise _translate(failure, "write", place) from failure

    def write_new(self, uri: str, body: bytes, content_type: str) -> bool:
        """See `AppendStore.write_new`. A call that is repeated after its answer was lost is told no, though its object is there."""
        place = self.locations.check(S3Uri.parse(uri))
        try:
            self._put(place, body, content_type, IfNoneMatch="*")
        except ClientError as failure:
            if failure.response.get("Error", {}).get("Code", "") in _EXISTS:
                return False
            raise _translate(failure, "write", place) from failure
        except BotoCoreError as failure:
            raise _translate(failure, "write", place) from failure
        return True

    def _put(self, place: S3Uri, body: bytes, content_type: str, **options: Any) -> None:
        if self.kms_key_id:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id}
        self.client.put_object(
            Bucket=place.bucket, Key=place.key, Body=body, ContentType=content_type, **options
        )


class AwsAccess:
    """The AWS clients of one deployment, made when first needed and kept while the Lambda is warm."""

    def __init__(self, allowed_roles: frozenset[str] = frozenset()) -> None:
        self._allowed_roles = allowed_roles
        self._own: S3Client | None = None
        self._assumed: dict[str, S3Client] = {}

    def client(self, role_arn: str | None = None) -> S3Client:
        """An S3 client under `role_arn` if that role is allow-listed, else under the function's own role.

        Raises:
            NotAllowedError: the role is allow-listed but refuses to be assumed.
        """
        if role_arn is None or role_arn not in self._allowed_roles:
            self._own = self._own or boto3.client("s3", config=CLIENT_CONFIG)
            return self._own
        if role_arn not in self._assumed:
            self._assumed[role_arn] = _assume(role_arn)
        return self._assumed[role_arn]

    def label_category_config_uri(self, labeling_job_name: str) -> str | None:
        """Where the job's label-category file lies (`DescribeLabelingJob.LabelCategoryConfigS3Uri`).

        Returns:
            The URI, or None when the job has no such file.

        Raises:
            ObjectMissingError: the job is not known, as in a console preview. NotAllowedError: the role may not describe labeling jobs.
            StorageError: the call fails otherwise.
        """
        try:
            client = boto3.client("sagemaker", config=CLIENT_CONFIG)
            description = client.describe_labeling_job(LabelingJobName=labeling_job_name)
        except ClientError as failure:
            code = failure.response.get("Error", {}).get("Code", "")
            if code in {"ResourceNotFound", "ValidationException"}:
                raise ObjectMissingError(f"there is no labeling job {labeling_job_name}") from failure
            if code in {"AccessDenied", "AccessDeniedException"}:
                raise NotAllowedError(
                    "the function's role lacks sagemaker:DescribeLabelingJob; grant it or turn the parameter off",
                    limit="READ_LABEL_CATEGORIES",
                ) from failure
            raise StorageError(f"cannot describe labeling job {labeling_job_name}: {code}") from failure
        except BotoCoreError as failure:
            raise StorageError(f"cannot describe labeling job {labeling_job_name}: {failure}") from failure
        return description.get("LabelCategoryConfigS3Uri")


def artefact_name(body: bytes, extension: str) -> str:
    """Content address of an artefact: the same bytes always get the same name, so that a retry overwrites with the same.

    Returns:
        64 hex digits of SHA-256, a dot and the extension.
    """
    return f"{hashlib.sha256(body).hexdigest()}.{extension}"


class _AssumedRole:
    """A botocore credential provider for one role; botocore renews what it gives before it expires."""

    def __init__(self, role_arn: str) -> None:
        session = get_session()
        self._fetcher = AssumeRoleCredentialFetcher(
            client_creator=session.create_client,
            source_credentials=session.get_credentials(),
            role_arn=role_arn,
            extra_args={"RoleSessionName": "gt-consensus"},
        )

    def load_credentials(self) -> DeferredRefreshableCredentials:
        """The hook that botocore's session calls."""
        return DeferredRefreshableCredentials(
            method="assume-role", refresh_using=self._fetcher.fetch_credentials
        )


def _assume(role_arn: str) -> S3Client:
    role = _AssumedRole(role_arn)
    try:
        role.load_credentials().get_frozen_credentials()
    except (ClientError, BotoCoreError) as failure:
        raise NotAllowedError(
            f"{role_arn} cannot be assumed: its trust policy must name this function's role ({failure})",
            limit="ALLOWED_ROLES",
        ) from failure
    session = get_session()
    session.register_component("credential_provider", role)
    return boto3.Session(botocore_session=session).client("s3", config=CLIENT_CONFIG)


def _translate(failure: ClientError | BotoCoreError, verb: str, place: S3Uri) -> StorageError:
    if isinstance(failure, ClientError):
        code = failure.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            return ObjectMissingError(f"there is no object at {place}")
        if code in _DENIED:
            hint = "there is no such object, " if verb == "read" else ""
            return NotAllowedError(
                f"S3 refuses to {verb} {place}: {hint}the role lacks {_PERMISSIONS[verb]} there, or the KMS key's policy "
                "does not name it"
            )
        return StorageError(f"cannot {verb} {place}: {code or failure}")
    return StorageError(f"cannot {verb} {place}: {failure}")
