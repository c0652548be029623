"""The job that is examined, and what AWS says of the things it names: each asked once, when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from labeljob.aws import Aws, AwsError, calling
from labeljob.doctor.policies import account_of, role_name
from labeljob.launch.job_file import JobFile
from labeljob.simulation.manifest import ManifestLine, parse_manifest
from shared.errors import ContractError, NotAllowedError
from shared.s3_uri import S3Uri
from shared.settings import Deployment

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef

Use = Literal["pre-annotation", "consolidation"]
USES: tuple[Use, ...] = ("pre-annotation", "consolidation")
FIRST_BYTES = 1_000_000
"""How much of the manifest is read."""
FIRST_LINES = 100
"""How many of its lines are looked at."""
TRIALS = "labeljob-doctor"
"""Folder beneath the output path for what test invocations read and write; emptied after them."""


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
    def deployment(self) -> Deployment:
        """What its environment says.

        Raises:
            GtConsensusError: a variable is malformed.
        """
        return Deployment.from_environment(self.environment)


class Subject:
    """The job that is examined. Facts are None where there is no such thing, and raise `AwsError` where AWS does not tell.

    Attributes:
        job: its file.
        aws: the person's AWS.
        request: of CreateLabelingJob.
    """

    def __init__(self, job: JobFile, aws: Aws, request: Mapping[str, Any]) -> None:
        self.job = job
        self.aws = aws
        self.request = request

    @property
    def role_arn(self) -> str:
        """Of the execution role."""
        return str(self.request["RoleArn"])

    @property
    def partition(self) -> str:
        """`aws`, but for China and the like."""
        return self.role_arn.split(":")[1]

    @cached_property
    def role(self) -> RoleTypeDef | None:
        """The execution role."""
        return self.role_called(self.role_arn)

    def role_called(self, arn: str) -> RoleTypeDef | None:
        """A role."""
        name = role_name(arn)
        try:
            with calling(f"read role {name}"):
                return self.aws.iam.get_role(RoleName=name)["Role"]
        except AwsError as failure:
            if failure.missing:
                return None
            raise

    @cached_property
    def managed_policies(self) -> frozenset[str]:
        """Names of the managed policies attached to the execution role."""
        name = role_name(self.role_arn)
        with calling(f"list the policies of role {name}"):
            pages = self.aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            return frozenset(policy["PolicyName"] for page in pages for policy in page["AttachedPolicies"])

    @cached_property
    def function_arns(self) -> dict[Use, str]:
        """ARNs of the functions that the job names, AWS's own included."""
        task = self.request["HumanTaskConfig"]
        consolidation = task.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn")
        found: dict[Use, str | None] = {
            "pre-annotation": task.get("PreHumanTaskLambdaArn"),
            "consolidation": consolidation,
        }
        return {use: arn for use, arn in found.items() if arn}

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
        return str(self.request["OutputConfig"]["S3OutputPath"]).rstrip("/")

    @property
    def output_place(self) -> tuple[str, str]:
        """Bucket and prefix of the output; the prefix is empty or ends in a slash."""
        bucket, _, prefix = self.output.removeprefix("s3://").partition("/")
        return bucket, f"{prefix}/" if prefix else ""

    @property
    def job_folder(self) -> str:
        """Where the job writes."""
        return f"{self.output}/{self.request['LabelingJobName']}"

    @property
    def output_key(self) -> str | None:
        """KMS key of the output."""
        key: str | None = self.request["OutputConfig"].get("KmsKeyId")
        return key

    @property
    def topics(self) -> dict[str, str]:
        """ARNs of the topics of a streaming job, by `input` and `output`."""
        found = {
            "input": self.request["InputConfig"]["DataSource"].get("SnsDataSource", {}).get("SnsTopicArn"),
            "output": self.request["OutputConfig"].get("SnsTopicArn"),
        }
        return {name: arn for name, arn in found.items() if arn}

    @property
    def manifest(self) -> S3Uri | None:
        """The input manifest in S3, where it lies or will lie."""
        source = self.request["InputConfig"]["DataSource"].get("S3DataSource")
        return S3Uri.parse(source["ManifestS3Uri"]) if source else None

    @cached_property
    def lines(self) -> tuple[ManifestLine, ...]:
        """The first lines of the manifest; none where there is no manifest, or nothing in it."""
        body = self._manifest_head()
        try:
            return parse_manifest(body).lines[:FIRST_LINES] if body else ()
        except ContractError:
            return ()

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
        named = {
            "manifest": [str(self.manifest)] if self.manifest else [],
            "data": [str(uri) for uri in self.objects],
            "template": [self.request["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri")],
            "label categories": [self.request.get("LabelCategoryConfigS3Uri")],
            "output": [self.output],
        }
        for use, uris in named.items():
            for uri in uris:
                if uri and uri.startswith("s3://"):
                    uses.setdefault(uri.removeprefix("s3://").partition("/")[0], {})[use] = None
        return {bucket: tuple(found) for bucket, found in uses.items()}

    @cached_property
    def bucket_regions(self) -> dict[str, str | None]:
        """Region by bucket; None where there is no such bucket."""
        return {bucket: self._region_of(bucket) for bucket in self.buckets}

    @property
    def reachable_data_buckets(self) -> list[str]:
        """The buckets of the data that exist."""
        return [
            name for name, uses in self.buckets.items() if "data" in uses and self.bucket_regions[name]
        ]

    @cached_property
    def template(self) -> str | None:
        """Source of the worker template; None where the page is AWS's.

        Raises:
            GtConsensusError: it cannot be read.
        """
        if self.job.template is None:
            return None
        if self.job.template.startswith("s3://"):
            return self.read(S3Uri.parse(self.job.template)).decode()
        try:
            return self.job.local(self.job.template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            raise ContractError(f"the worker template cannot be read: {failure}") from failure

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
        written = self.job.manifest
        if written is None:
            return b""
        if written.startswith("s3://"):
            try:
                head = self.read(S3Uri.parse(written), f"bytes=0-{FIRST_BYTES - 1}")
            except AwsError as failure:
                if failure.missing:
                    return b""
                raise
        else:
            try:
                with self.job.local(written).open("rb") as file:
                    head = file.read(FIRST_BYTES)
            except OSError as failure:
                raise ContractError(f"the manifest cannot be read: {failure}") from failure
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

    def _region_of(self, bucket: str) -> str | None:
        try:
            with calling(f"find bucket {bucket}"):
                return self.aws.s3.head_bucket(Bucket=bucket).get("BucketRegion", "us-east-1")
        except AwsError as failure:
            if failure.missing:
                return None
            raise

