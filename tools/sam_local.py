"""Runs both functions with `sam local invoke`, in containers, with the repository's sample events and a local S3.

Run it with `make sam-local`. Without a container engine it says what to install and fails; the tests in tests/artefact run
the same artefact without containers.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tools.artefact import ARCHITECTURE, ROOT, RUNTIME, Artefact, build, sam_environment, tool

PAYLOAD = ROOT / "tests" / "data" / "streetscenes" / "consolidation_request.json"
NO_ENGINE = """sam-local: no container engine answers.
Install one and start it, then run `make sam-local` again:
  Debian, Ubuntu   apt-get install docker.io iptables; then `service docker start`, or `dockerd &` in a container
  others           Docker Desktop, Rancher Desktop, Finch, or podman with its Docker socket in DOCKER_HOST
Without any engine, `.venv/bin/pytest tests/artefact` runs the same artefact under Lambda's runtime client."""
NO_IMAGE = f"""sam-local: `sam local invoke` failed. If it could not pull the base image, make a stand-in once:
  sudo tools/local_lambda_image.sh {RUNTIME.removeprefix("python")}"""
_INVOKE_SECONDS = 600


def main() -> int:
    """Build, serve S3, run each event; 0 when every function answered."""
    if not _engine_answers():
        print(NO_ENGINE, file=sys.stderr)
        return 1
    print(f"sam build for {RUNTIME} {ARCHITECTURE}", flush=True)
    artefact = build()
    with _s3() as (url, s3):
        for path in sorted((ROOT / "events").rglob("*.json")):
            event = json.loads(path.read_text(encoding="utf-8"))
            for bucket in _buckets(path.read_text(encoding="utf-8")):
                s3.create_bucket(Bucket=bucket)
            if isinstance(event.get("payload"), dict):
                bucket, _, key = event["payload"]["s3Uri"].removeprefix("s3://").partition("/")
                s3.put_object(Bucket=bucket, Key=key, Body=PAYLOAD.read_bytes())
            if not _invoke(artefact, path, event, url):
                print(NO_IMAGE, file=sys.stderr)
                return 1
    return 0


def _engine_answers() -> bool:
    command = shutil.which("docker")
    return (
        command is not None
        and subprocess.run([command, "info"], capture_output=True, check=False).returncode == 0
    )


def _engine(*arguments: str) -> str:
    command = shutil.which("docker") or "docker"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False).stdout.strip()


def _host_address() -> tuple[str, str]:
    """(address to listen on, name under which a container reaches it)."""
    if sys.platform != "linux":
        return "127.0.0.1", "host.docker.internal"
    subnet = _engine("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}")
    gateway = str(next(ipaddress.ip_network(subnet).hosts()))
    return gateway, gateway


@contextmanager
def _s3() -> Iterator[tuple[str, Any]]:
    """An S3 that containers can reach: its URL for them, and a client."""
    address, name = _host_address()
    logging.getLogger("werkzeug").setLevel(
        logging.ERROR
    )  # one line per request would drown the functions' output
    server = ThreadedMotoServer(address, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    s3 = boto3.Session("test", "test", region_name="us-east-1").client(
        "s3", endpoint_url=f"http://{address}:{port}"
    )

    try:
        yield f"http://{name}:{port}", s3
    finally:
        server.stop()


def _invoke(artefact: Artefact, path: Path, event: dict[str, Any], url: str) -> bool:
    function = "ConsolidationFunction" if "payload" in event else "PreAnnotationFunction"
    parameters = {
        "PythonRuntime": RUNTIME,
        "Architecture": ARCHITECTURE,
        "AllowedLocations": ",".join(f"{bucket}/" for bucket in _buckets(path.read_text(encoding="utf-8"))),
        "EndpointUrl": url,
    }
    command: list[str | Path] = [tool("sam", "sam"), "local", "invoke", function, "--event", path]
    command += ["--template", artefact.template, "--region", "us-east-1"]
    if _image_is_here():
        command.append("--skip-pull-image")
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    print(f"\n$ sam local invoke {function} --event {path.relative_to(ROOT)}", flush=True)
    environment = {**sam_environment(), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    run = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull},
        stdout=subprocess.PIPE,
        text=True,
        timeout=_INVOKE_SECONDS,
        check=False,
    )
    print(run.stdout, flush=True)
    return run.returncode == 0 and '"errorMessage"' not in run.stdout


def _buckets(text: str) -> list[str]:
    """The buckets an event names; one of its own for an event that names none, since a deployment must have a place."""
    return sorted({part.partition("/")[0] for part in text.split("s3://")[1:]}) or ["acme-in"]


def _image_is_here() -> bool:
    image = f"/lambda/python:{RUNTIME.removeprefix('python')}-{ARCHITECTURE}"
    return image in _engine("images", "--format", "{{.Repository}}:{{.Tag}}")


if __name__ == "__main__":
    sys.exit(main())
