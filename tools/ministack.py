"""A local AWS to deploy to: ministack in an environment of its own, on a free port, with IAM policies enforced.

With enforcement on, a function may do there what its role in the template lets it do, and nothing else.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3

from tools.artefact import ARCHITECTURE, ROOT, RUNTIME, Artefact, sam_environment, tool
from tools.runtime import HOST, free_port, running, wait_until_answering

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
_DEPLOY_SECONDS = 180


@dataclass(frozen=True)
class LocalAws:
    """A running ministack.

    Attributes:
        url: its endpoint.
        log: what it prints, the functions' logs among it.
    """

    url: str
    log: Path

    @classmethod
    @contextmanager
    def started(cls, scratch: Path) -> Iterator[Self]:
        """Start it with all its state under `scratch`, and end it on leaving."""
        port = free_port()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "STATE_DIR": str(scratch / "state"),
            "S3_DATA_DIR": str(scratch / "s3"),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
        }
        log = scratch / "ministack.log"
        with running([tool("ministack", "ministack")], log, cwd=scratch, env=environment) as process:
            wait_until_answering(port, process, "ministack")
            yield cls(f"http://{HOST}:{port}", log)

    def deploy(self, artefact: Artefact, stack: str, parameters: Mapping[str, str]) -> None:
        """`sam deploy` a built artefact, as a user would.

        Args:
            artefact: what `sam build` made.
            stack: name of the stack.
            parameters: template parameters; runtime, architecture and endpoint are added.

        Raises:
            RuntimeError: the stack could not be made; carries sam's output.
        """
        values = {
            "PythonRuntime": RUNTIME,
            "Architecture": ARCHITECTURE,
            "EndpointUrl": self.url,
            **parameters,
        }
        command: list[str | Path] = [tool("sam", "sam"), "deploy", "--template-file", artefact.template]
        command += ["--config-file", ROOT / "samconfig.toml", "--stack-name", stack, "--no-confirm-changeset"]
        command += ["--parameter-overrides"]
        command += [f"{name}={value}" for name, value in values.items()]
        aws = {**_CREDENTIALS, "AWS_ENDPOINT_URL": self.url, "AWS_CONFIG_FILE": os.devnull}
        run = subprocess.run(
            command,
            cwd=ROOT,
            env={**sam_environment(), **aws, "AWS_SHARED_CREDENTIALS_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=_DEPLOY_SECONDS,
            check=False,
        )
        if run.returncode != 0:
            raise RuntimeError(f"sam deploy failed:\n{run.stdout}\n{run.stderr}")

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a deployed stack."""
        cloudformation: CloudFormationClient = self._session().client("cloudformation", endpoint_url=self.url)
        (description,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    def s3(self) -> S3Client:
        """An S3 client of the account's owner."""
        return self._session().client("s3", endpoint_url=self.url)

    def iam(self) -> IAMClient:
        """An IAM client of the account's owner."""
        return self._session().client("iam", endpoint_url=self.url)

    def functions(self) -> LambdaClient:
        """A Lambda client of the account's owner."""
        return self._session().client("lambda", endpoint_url=self.url)

    @staticmethod
    def _session() -> boto3.Session:
        return boto3.Session("test", "test", region_name=REGION)
