"""The job that is examined, and what AWS says of the things it names: each asked once, when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from labeljob.aws import Aws, AwsError, calling
from labeljob.doctor.policies import account_of, role_name
from labeljob.doctor.trial import Trial
from labeljob.launch.job_file import JobFile
from labeljob.launch.launch import Launch, Material
from labeljob.launch.tasks import LAMBDA_ACCOUNTS
from labeljob.simulation.manifest import ManifestLine, parse_manifest
from shared.errors import ContractError, GtConsensusError, NotAllowedError
from shared.s3_uri import S3Uri
from shared.settings import Deployment

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef

Use = Literal["pre-annotation", "consolidation"]
_AWS_ACCOUNTS = frozenset(LAMBDA_ACCOUNTS.values())
FIRST_BYTES = 1_000_000
"""How much of the manifest is read."""
FIRST_LINES = 100
"""How many of its lines are looked at."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function of the job, as it is deployed.

    Attributes:
        use: what the job calls it for.
        arn: as the job names it.
        name: of the function.
        role_arn: its own role.
        state: `Active`, `Pending`, `Inactive`, `Failed`.
        state_reason: why it is not active; may be empty.
        timeout: seconds.
        memory: MB.
        environment: its variables.
    """

    use: Use
    arn: str
    name: str
    role_arn: str
    state: str
    state_reason: str
    timeout: int
    memory: int
    environment: Mapping[str, str]

    @property
    def ours(self) -> bool:
        """Whether it is one of gt-consensus, which asks for this variable."""
        return "ALLOWED_LOCATIONS" in self.environment

    @property
    def deployment(self) -> Deployment | None:
        """What its environment says; None where it is not ours, or a variable is malformed."""
        try:
            return Deployment.from_environment(self.environment) if self.ours else None
        except GtConsensusError:
            return None

    @property
    def fault(self) -> str | None:
        """Why our function cannot run in its environment; None where it can."""
        try:
            Deployment.from_environment(self.environment)
        except GtConsensusError as failure:
            return str(failure) if self.ours else None
        return None


class Subject:
    """The job that is examined. Facts are None where there is no such thing, and raise `AwsError` where AWS does not tell.

    Attributes:
        launch: the job, its names resolved.
        job: its file.
        aws: the person's AWS.
    """

    def __init__(self, launch: Launch, aws: Aws) -> None:
        self.launch = launch
        self.job: JobFile = launch.job
        self.aws = aws
        self._regions: dict[str, str | None] = {}
        self._default_keys: dict[str, str | None] = {}

    @property
    def partition(self) -> str:
        """`aws`, but for China and the like."""
        return str(self.aws.sts.meta.partition)

    @cached_property
    def role(self) -> RoleTypeDef | None:
        """The execution role."""
        return self.role_called(self.launch.role) if self.launch.role else None

    def role_called(self, arn: str) -> RoleTypeDef | None:
        """A role; None also where one of the name has another path, or is another account's."""
        name = role_name(arn)
        try:
            with calling(f"read role {name}"):
                found = self.aws.iam.get_role(RoleName=name)["Role"]
        except AwsError as failure:
            if failure.missing:
                return None
            raise
        return found if found["Arn"] == arn else None

    @cached_property
    def managed_policies(self) -> frozenset[str]:
        """Names of the managed policies attached to the execution role."""
        if self.role is None:
            return frozenset()
        name = self.role["RoleName"]
        with calling(f"list the policies of role {name}"):
            pages = self.aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            return frozenset(policy["PolicyName"] for page in pages for policy in page["AttachedPolicies"])

    @cached_property
    def function_arns(self) -> dict[Use, str]:
        """ARNs of the functions that the job names, AWS's own included."""
        found: dict[Use, str | None] = {
            "pre-annotation": self.launch.pre_annotation,
            "consolidation": self.launch.consolidation,
        }
        return {use: arn for use, arn in found.items() if arn}

    @property
    def custom_function_arns(self) -> list[str]:
        """Those of the functions that are not AWS's own, which need no permission of the role."""
        return [arn for arn in self.function_arns.values() if account_of(arn) not in _AWS_ACCOUNTS]

    @cached_property
    def functions(self) -> dict[Use, Function | None]:
        """The functions in the caller's account: those of AWS cannot be looked at."""
        own = {use: arn for use, arn in self.function_arns.items() if account_of(arn) == self.aws.account}
        return {use: self._function(use, arn) for use, arn in own.items()}

    def function(self, use: Use) -> Function | None:
        """One of them; None also where the job has none, or AWS's."""
        return self.functions.get(use)

    @property
    def output(self) -> str:
        """S3OutputPath, without a slash at the end."""
        return self.job.output.rstrip("/")

    @property
    def output_place(self) -> tuple[str, str]:
        """Bucket and prefix of the output; the prefix is empty or ends in a slash."""
        bucket, _, prefix = self.output.removeprefix("s3://").partition("/")
        return bucket, f"{prefix}/" if prefix else ""

    @property
    def job_folder(self) -> str:
        """Where the job writes."""
        return f"{self.output}/{self.job.name}"

    @property
    def job_arn(self) -> str:
        """The job's, as events carry it: the name in lower case."""
        name = self.job.name.lower()
        return f"arn:{self.partition}:sagemaker:{self.aws.region}:{self.aws.account}:labeling-job/{name}"

    @property
    def topics(self) -> dict[str, str]:
        """ARNs of the topics of a streaming job, by `input` and `output`."""
        found = {"input": self.launch.input_topic, "output": self.launch.output_topic}
        return {name: arn for name, arn in found.items() if arn}

    @cached_property
    def lines(self) -> tuple[ManifestLine, ...]:
        """The first lines of the manifest; none where there is no manifest, or nothing in it."""
        body = self._manifest_head()
        try:
            return parse_manifest(body).lines[:FIRST_LINES] if body else ()
        except ContractError:
            return ()

    @cached_property
    def manifest_exists(self) -> bool:
        """Whether there is a manifest, here or in S3."""
        manifest = self.launch.manifest
        if manifest is None or not manifest.in_s3:
            return manifest is not None
        try:
            place = S3Uri.parse(manifest.uri)
            with calling(f"find {place}"):
                self.aws.s3.head_object(Bucket=place.bucket, Key=place.key)
        except NotAllowedError:
            return False  # a finding of `create`
        except AwsError as failure:
            if failure.missing:
                return False
            raise
        return True

    @property
    def sound_lines(self) -> list[ManifestLine]:
        """Those of the first lines that a job takes."""
        return [line for line in self.lines if line.fault is None]

    @cached_property
    def objects(self) -> tuple[S3Uri, ...]:
        """What the first lines name in S3, each once."""
        found = []
        for line in self.sound_lines:
            if not line.value.get("source"):
                try:
                    found.append(S3Uri.parse(line.value["source-ref"]))
                except NotAllowedError:
                    continue
        return tuple(dict.fromkeys(found))

    @cached_property
    def buckets(self) -> dict[str, tuple[str, ...]]:
        """What each bucket is used for, such as `{"acme-in": ("manifest", "data")}`."""
        uses: dict[str, dict[str, None]] = {}
        for use, uri in (
            *((material.key, material.uri) for material in self.materials),
            *(("data", str(uri)) for uri in self.objects),
            ("output", self.output),
        ):
            if uri.startswith("s3://"):
                uses.setdefault(uri.removeprefix("s3://").partition("/")[0], {})[use] = None
        return {bucket: tuple(found) for bucket, found in uses.items()}

    @property
    def materials(self) -> list[Material]:
        """Manifest, template and label categories, those that the job has."""
        found = (self.launch.manifest, self.launch.template, self.launch.categories)
        return [material for material in found if material]

    def region_of(self, bucket: str) -> str | None:
        """Region of a bucket; None where there is no such bucket."""
        if bucket not in self._regions:
            self._regions[bucket] = self._asked_region(bucket)
        return self._regions[bucket]

    def bucket_exists(self, bucket: str) -> bool:
        """Whether there is a bucket that the job names."""
        return bucket in self.buckets and self.region_of(bucket) is not None

    def default_key(self, bucket: str) -> str | None:
        """The customer's KMS key by which a bucket encrypts; None for S3's own, and where there is no such bucket."""
        if bucket not in self._default_keys:
            self._default_keys[bucket] = (
                self._asked_default_key(bucket) if self.bucket_exists(bucket) else None
            )
        return self._default_keys[bucket]

    @property
    def reachable_data_buckets(self) -> list[str]:
        """The buckets of the data that exist."""
        return [name for name, uses in self.buckets.items() if "data" in uses and self.bucket_exists(name)]

    @property
    def template(self) -> str | None:
        """Source of the worker template; None where the page is AWS's, or the template cannot be read."""
        template = self.launch.template
        return template.body.decode(errors="replace") if template and template.body is not None else None

    @cached_property
    def trial(self) -> Trial:
        """What comes of the first manifest line."""
        return Trial(self)

    def read(self, uri: S3Uri, byte_range: str | None = None) -> bytes:
        """An object, or a range of it such as `bytes=0-99`; of an empty one there is no range."""
        options: dict[str, Any] = {"Range": byte_range} if byte_range else {}
        try:
            with calling(f"read {uri}"):
                return self.aws.s3.get_object(Bucket=uri.bucket, Key=uri.key, **options)["Body"].read()
        except AwsError as failure:
            if failure.error_code == "InvalidRange":
                return b""
            raise

    def _manifest_head(self) -> bytes:
        """The whole lines in the first bytes of the manifest."""
        manifest = self.launch.manifest
        if manifest is None or not self.manifest_exists:
            return b""
        if manifest.path is None:
            head = self.read(S3Uri.parse(manifest.uri), f"bytes=0-{FIRST_BYTES - 1}")
        else:
            with manifest.path.open("rb") as file:
                head = file.read(FIRST_BYTES)
        return head if len(head) < FIRST_BYTES else head[: head.rfind(b"\n") + 1]

    def _function(self, use: Use, arn: str) -> Function | None:
        try:
            with calling(f"read the {use} function {arn}"):
                found = self.aws.lambda_.get_function_configuration(FunctionName=arn)
        except AwsError as failure:
            if failure.missing:
                return None
            raise
        return Function(
            use,
            arn,
            found["FunctionName"],
            found["Role"],
            found.get("State", "Active"),
            found.get("StateReason", ""),
            found.get("Timeout", 3),
            found.get("MemorySize", 128),
            found.get("Environment", {}).get("Variables", {}),
        )

    def _asked_default_key(self, bucket: str) -> str | None:
        try:
            with calling(f"read the default encryption of bucket {bucket}"):
                reply = self.aws.s3.get_bucket_encryption(Bucket=bucket)
        except AwsError as failure:
            if failure.error_code == "ServerSideEncryptionConfigurationNotFoundError":
                return None
            raise
        for rule in reply["ServerSideEncryptionConfiguration"]["Rules"]:
            key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
            if key and not key.endswith("alias/aws/s3"):
                return key
        return None

    def _asked_region(self, bucket: str) -> str | None:
        try:
            with calling(f"find bucket {bucket}"):
                return self.aws.s3.head_bucket(Bucket=bucket).get("BucketRegion", "us-east-1")
        except AwsError as failure:
            if failure.missing:
                return None
            cause = failure.__cause__  # S3 tells the Region of a bucket even to those whom it refuses
            headers = (
                cause.response["ResponseMetadata"].get("HTTPHeaders", {})
                if isinstance(cause, ClientError)
                else {}
            )
            if "x-amz-bucket-region" in headers:
                return str(headers["x-amz-bucket-region"])
            raise
