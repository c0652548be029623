"""Runs a built function as Lambda does: the real runtime client in an environment that holds boto3 and nothing else.

The layer and the function come from the artefact alone, so what is missing there is missing here too. `Emulator` is AWS's
own Runtime Interface Emulator, out of the SAM CLI; `tools.artefact_report` plays the Runtime API itself, to see the moment
at which initialisation ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tools.artefact import ARCHITECTURE, HANDLERS, ROOT, Artefact, tool

HOST = "127.0.0.1"
_PATIENCE_SECONDS = 30.0


def lambda_environment(artefact: Artefact, function: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The process environment that Lambda gives to a function, with dummy credentials; nothing of the caller's own."""
    task = artefact.function(function)
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": f"{task}{os.pathsep}{artefact.layer}",
        "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's file system cannot be written to, so every start compiles
        "LAMBDA_TASK_ROOT": str(task),
        "_HANDLER": HANDLERS[function],
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        **variables,
    }


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_answering(port: int, process: subprocess.Popen[bytes], what: str) -> None:
    """Return as soon as the port takes connections.

    Raises:
        RuntimeError: the process has ended instead. TimeoutError: nothing answered in time.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with code {process.returncode} before it answered")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not answer on port {port} within {_PATIENCE_SECONDS:.0f} s")


@contextmanager
def running(command: list[str | Path], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A child process with all it starts itself; its output goes to `log`; all of it is ended on leaving."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options
        ) as process,
    ):
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Emulator:
    """One function behind AWS's Runtime Interface Emulator. It initialises when the first event comes, as a cold start."""

    port: int
    log: Path

    @classmethod
    @contextmanager
    def of(
        cls, artefact: Artefact, function: str, variables: Mapping[str, str], scratch: Path
    ) -> Iterator[Self]:
        """Start the emulator for one function, and end it on leaving.

        Args:
            artefact: what was built.
            function: logical id in the template.
            variables: environment variables of the function.
            scratch: folder for the log.
        """
        port, log = free_port(), scratch / f"{function}.log"
        command: list[str | Path] = [
            _emulator_binary(),
            "--runtime-interface-emulator-address",
            f"{HOST}:{port}",
        ]
        command += ["--runtime-api-address", f"{HOST}:{free_port()}"]
        command += [tool("runtime", "python"), "-m", "awslambdaric", HANDLERS[function]]
        environment = lambda_environment(artefact, function, variables)
        with running(command, log, cwd=artefact.function(function), env=environment) as process:
            wait_until_answering(port, process, "the runtime interface emulator")
            yield cls(port, log)

    def invoke(self, event: Any) -> Any:
        """The function's reply to one event. An exception comes back as an object with `errorMessage`."""
        url = f"http://{HOST}:{self.port}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(url, data=json.dumps(event).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - http, local
            return json.loads(response.read())


def _emulator_binary() -> Path:
    suffix = "arm64" if ARCHITECTURE == "arm64" else "x86_64"
    found = list(
        (ROOT / ".tools" / "sam").glob(f"lib/python*/site-packages/samcli/local/rapid/*rie-{suffix}")
    )
    if not found:
        raise FileNotFoundError(
            "the SAM CLI in .tools/sam carries no runtime interface emulator: run `make setup`"
        )
    return found[0]
