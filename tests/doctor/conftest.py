"""Jobs in which nothing is wrong, on the local AWS; tests break one thing and look at what comes out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from labeljob.aws import Aws
from labeljob.doctor import Examination, examine
from labeljob.launch.job_file import read_job_file
from labeljob.local.process import LocalAws
from tests.doctor.front import Front, serving

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
PRE, CONSOLIDATION = "gt-consensus-PreLabelingFunction", "gt-consensus-ConsolidationLabelingFunction"
EXECUTION = "gt-execution"
PRE_ROLE, CONSOLIDATION_ROLE = "gt-consensus-PreAnnotationRole", "gt-consensus-ConsolidationRole"
MANIFEST = "s3://acme-in/roads/input.manifest"
LINES = tuple({"source-ref": f"s3://acme-in/roads/{number}.png"} for number in range(3))
_MANAGED_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerGroundTruthExecution"
_KEY_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def png() -> bytes:
    """A small image."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "PNG")
    return file.getvalue()


def role_arn(name: str) -> str:
    """ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@dataclass
class Bench:
    """A job to examine, and the AWS that it is examined on.

    Attributes:
        folder: of the job file.
        aws: the front.
        front: before the local AWS.
        job: what the job file says.
    """

    folder: Path
    aws: Aws
    front: Front
    job: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The job file, written as the job is now."""
        path = self.folder / "job.yaml"
        path.write_text(yaml.safe_dump(self.job, sort_keys=False))
        return path

    def examined(self, *, invoke: bool = False) -> Examination:
        """What doctor finds."""
        return examine(read_job_file(self.path), self.aws, invoke=invoke)

    # ---- S3

    def put(self, uri: str, body: bytes | str) -> str:
        """Write an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return uri

    def put_manifest(self, *lines: Mapping[str, Any]) -> None:
        """Write the manifest."""
        self.put(MANIFEST, "".join(f"{json.dumps(line)}\n" for line in lines))

    def keys(self, bucket: str) -> list[str]:
        """All keys of a bucket."""
        return [found["Key"] for found in self.aws.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def set_cors(self, bucket: str, **rule: Any) -> None:
        """Give a bucket one CORS rule for all pages, unless the rule says otherwise."""
        rules: Any = [{"AllowedOrigins": ["*"], **rule}]
        self.aws.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})

    # ---- IAM

    def allow(self, role: str, actions: list[str], resources: list[str], effect: str = "Allow") -> None:
        """Give a role one more inline policy."""
        statement = {"Effect": effect, "Action": actions, "Resource": resources}
        self._put_policy(role, f"test-{effect}", statement)

    def replace_policy(self, role: str, old: str, new: str) -> None:
        """Replace text in the policy `data` of a role."""
        document = self.aws.iam.get_role_policy(RoleName=role, PolicyName="data")["PolicyDocument"]
        changed = json.dumps(document).replace(old, new)
        assert changed != json.dumps(document)
        self.aws.iam.put_role_policy(RoleName=role, PolicyName="data", PolicyDocument=changed)

    def detach_managed_policy(self) -> None:
        """Leave the execution role to its inline policies."""
        self.aws.iam.detach_role_policy(RoleName=EXECUTION, PolicyArn=_MANAGED_POLICY)

    def trust(self, role: str, *principals: Mapping[str, str]) -> None:
        """Let some assume a role, and nobody else."""
        statements = [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
            for principal in principals
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.aws.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)

    def go_by_execution_role(self, *, allowed: bool = True, trusted: bool = True) -> None:
        """Have the consolidation function assume the execution role."""
        self.configure(CONSOLIDATION, environment={"ALLOWED_ROLES": role_arn(EXECUTION)})
        if allowed:
            self.allow(CONSOLIDATION_ROLE, ["sts:AssumeRole"], [role_arn(EXECUTION)])
        also = [{"AWS": role_arn(CONSOLIDATION_ROLE)}] if trusted else []
        self.trust(EXECUTION, {"Service": "sagemaker.amazonaws.com"}, *also)

    def _put_policy(self, role: str, name: str, *statements: Mapping[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    # ---- Lambda

    def configure(self, function: str, **options: Any) -> None:
        """Change a function; `environment` is laid over what it has."""
        if (changes := options.pop("environment", None)) is not None:
            found = self.aws.lambda_.get_function_configuration(FunctionName=function)
            options["Environment"] = {"Variables": {**found["Environment"]["Variables"], **changes}}
        self.aws.lambda_.update_function_configuration(FunctionName=function, **options)

    def add_function(self, name: str) -> str:
        """Deploy a function of somebody else's."""
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        made = self.aws.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role_arn(CONSOLIDATION_ROLE),
            Handler="app.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=300,
            MemorySize=1769,
        )
        return made["FunctionArn"]

    def foreign(self, name: str, reply: Any) -> str:
        """Deploy a function that always replies the same, or raises (`errorMessage`)."""
        arn = self.add_function(name)
        self.front.functions[name] = reply
        return arn

    def call_functions(self, *, pre: str = PRE, consolidation: str = CONSOLIDATION) -> None:
        """Have the job name other functions, by their names or ARNs."""
        place = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
        self.job["functions"] = {
            key: name if name.startswith("arn:") else place + name
            for key, name in (("pre-annotation", pre), ("consolidation", consolidation))
        }

    # ---- KMS

    def make_key(self, *roles: str, account: bool = False) -> str:
        """A key that some roles may use; its administrator is the account, whose IAM policies decide of its use too if `account`."""
        root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        managing = ["kms:*"] if account else ["kms:Put*", "kms:Get*", "kms:List*", "kms:Enable*"]
        statements = [{"Effect": "Allow", "Principal": root, "Action": managing, "Resource": "*"}]
        for role in roles:
            using = {"AWS": role_arn(role)}
            statements.append({"Effect": "Allow", "Principal": using, "Action": _KEY_USE, "Resource": "*"})
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return self.aws.kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]

    def encrypt_output(self, *roles: str, account: bool = False) -> str:
        """Have the output encrypted by a key that some roles may use."""
        key = self.job["output"]["key"] = self.make_key(*roles, account=account)
        return key

    # ---- other jobs

    def make_streaming_job(self) -> None:
        """Objects come by a topic."""
        self.job["streaming"] = True
        del self.job["input"]["manifest"]

    def make_built_in_job(self) -> None:
        """AWS's functions consolidate, and its model labels what it is sure of."""
        page = (ROOT / "worker_templates" / "class.liquid.html").read_text()
        named = page.replace('name="category"', 'name="crowd-image-classifier"')
        (self.folder / "page.liquid.html").write_text(named)
        self.job |= {"task": "image-classification"}
        del self.job["functions"]

    def make_video_job(self) -> None:
        """Boxes in the frames of a video."""
        frames = [{"frame-no": number, "frame": f"f{number}.png"} for number in range(2)]
        for frame in frames:
            self.put(f"s3://acme-in/clip/{frame['frame']}", png())
        sequence = {"seq-no": 1, "prefix": "s3://acme-in/clip/", "number-of-frames": 2, "frames": frames}
        self.put("s3://acme-in/roads/seq1.json", json.dumps(sequence))
        self.put_manifest({"source-ref": "s3://acme-in/roads/seq1.json"})
        self.job |= {"task": "video-object-detection", "workers": 1, "instructions": {"short": "<p>Box.</p>"}}
        for key in ("template", "functions"):
            del self.job[key]


@pytest.fixture(scope="session")
def front_process(local_process: LocalAws) -> Iterator[tuple[Front, Aws]]:
    """A front before the local AWS for the whole run, and clients of it: making these is slow."""
    with serving(local_process.url) as front, pytest.MonkeyPatch.context() as patch:
        for name, value in {**local_process.environment, "AWS_ENDPOINT_URL": front.url}.items():
            patch.setenv(name, value)
        aws = Aws(region="us-east-1")
        for client in ("iam", "kms", "lambda_", "s3", "sagemaker", "sns", "sqs", "sts", "cloudformation"):
            getattr(aws, client)
        yield front, aws


@pytest.fixture
def bench(
    front_process: tuple[Front, Aws], local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Bench:
    """A sound batch job: classes of three images, labelled by the private team `birds`; the environment points at the front."""
    front, aws = front_process
    front.clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", front.url)
    made = Bench(tmp_path, aws, front)
    for line in LINES:
        made.put(line["source-ref"], png())
    made.put_manifest(*LINES)
    (tmp_path / "page.liquid.html").write_text((ROOT / "worker_templates" / "class.liquid.html").read_text())
    made.job = {
        "name": "roads-7",
        "input": {"manifest": MANIFEST},
        "output": {"path": "s3://acme-out/run"},
        "role": EXECUTION,
        "labels": ["car", "bus"],
        "template": "page.liquid.html",
        "functions": {"stack": "gt-consensus"},
        "workforce": {"private": "birds"},
        "title": "Cars and buses",
        "description": "Say which kind of vehicle the image shows.",
        "keywords": ["images"],
    }
    return made
