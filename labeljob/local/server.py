"""A local AWS served from this process."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import moto.iam.models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Response

from labeljob.local.controls import Gate
from labeljob.local.crowd import Crowd
from labeljob.local.job import REGION
from labeljob.local.service import LocalService

_MANAGED_POLICIES = (
    "AdministratorAccess",
    "AmazonS3",
    "AmazonSageMaker",
    "AmazonSNS",
    "AmazonSQS",
    "AWSLambda",
    "CloudWatch",
)
"""What the names of AWS's managed policies begin with that the account has."""


def environment(url: str) -> dict[str, str]:
    """The variables under which the AWS CLI, boto3 and labeljob talk to a local AWS, and to nothing else.

    Args:
        url: of it.
    """
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@contextmanager
def serving(
    crowds: Mapping[str, Crowd], out: Path, settings: Path | None = None, port: int = 0, pace: float = 0.0
) -> Iterator[str]:
    """Serve a local AWS from this process, whose environment is that of its functions from then on.

    Args:
        crowds: who answers for which work team.
        out: folder for what the functions log.
        settings: document for the functions' setting SETTINGS_S3_URI, or None.
        port: of 127.0.0.1; 0 for one that is free.
        pace: seconds that each data object of a job takes.

    Yields:
        The URL.

    Raises:
        ContractError: recorded answers cannot be read. OSError: the port is taken.
    """
    _load_managed_policies()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = _bound(port)
    url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment(url))
    service = LocalService(crowds, out, settings, Gate(pace))
    server.app = service
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        service.furnish()
        yield url
        service.stop_jobs()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _load_managed_policies() -> None:
    """Have moto know AWS's managed policies, but only those that labeling jobs may use: all 1,600 cost a second at each reset."""
    known = json.loads(aws_managed_policies_data)
    wanted = {name: policy for name, policy in known.items() if name.startswith(_MANAGED_POLICIES)}
    vars(moto.iam.models)["aws_managed_policies_data"] = json.dumps(wanted)
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"


def _bound(port: int) -> BaseWSGIServer:
    """A server on its port, which it must have before the application can know its own URL."""
    with socket.create_server(
        ("127.0.0.1", port)
    ) as listener:  # werkzeug would end the process where the port is taken
        return make_server(
            "127.0.0.1",
            listener.getsockname()[1],
            Response("", 503),
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listener.fileno(),
        )
