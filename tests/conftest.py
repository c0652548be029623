"""A local AWS for tests of what talks to S3: moto's server on a free port, and the two functions set up to use it.

Generated examples are the same in every run, so that a change that breaks nothing cannot fail; `make fuzz` looks for new ones.
"""

from __future__ import annotations

import io
import json
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, settings
from moto.server import ThreadedMotoServer

from labeljob.local import Crowd, LocalAws
from tests.payloads import Context, consolidation_event, pre_annotation_event

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LAWS = Path(__file__).parent / "laws"
SETTINGS_URI = "s3://acme-config/settings.json"
BUCKETS = ("acme-in", "acme-out", "acme-config")
AWS_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("steady"), derandomize=False, max_examples=2_000)
settings.load_profile("steady")
OTHER_VARIABLES = ("ALLOWED_ROLES", "KMS_KEY_ID", "SETTINGS_S3_URI", "READ_LABEL_CATEGORIES")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of one file on one worker, so that what they share (a deployed stack, a browser) is made once.

    The laws share nothing and are a third of all work: they are spread, and come last, so that no worker is left with a long file.
    """
    items.sort(key=lambda item: LAWS in item.path.parents)
    for item in items:
        if LAWS not in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}/{item.path.stem}"))


@dataclass(frozen=True)
class Aws:
    """The local AWS of one test, empty but for its buckets."""

    url: str
    s3: S3Client

    def put(self, uri: str, body: bytes | str) -> str:
        """Write an object; returns its URI."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=body.encode() if isinstance(body, str) else body)
        return uri

    def get(self, uri: str) -> bytes:
        """Read an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str = "acme-out") -> list[str]:
        """All keys of a bucket."""
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """The URL of a server that speaks S3 and STS, for the whole run."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AWS_VARIABLES.items():
            patch.setenv(name, value)
        yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def aws_client(aws_url: str) -> S3Client:
    """A client of that server; made once, since making one is slow."""
    return boto3.Session("test", "test", region_name="us-east-1").client("s3", endpoint_url=aws_url)


@pytest.fixture
def aws(aws_url: str, aws_client: S3Client, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The local AWS, emptied; the environment points at it, and the functions are cold."""
    urllib.request.urlopen(urllib.request.Request(f"{aws_url}/moto-api/reset", method="POST")).close()  # noqa: S310 - our own server
    for bucket in BUCKETS:
        aws_client.create_bucket(Bucket=bucket)
    for name in OTHER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in AWS_VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_url)
    monkeypatch.setenv("ALLOWED_LOCATIONS", "acme-in/,acme-out/run/,acme-config/")
    cool()
    return Aws(aws_url, aws_client)


def cool() -> None:
    """Make both functions forget what they keep while warm."""
    import consolidation.app  # noqa: PLC0415 - most tests need neither function
    import pre_annotation.app  # noqa: PLC0415 - as above
    from shared import settings_file  # noqa: PLC0415 - as above

    consolidation.app._deployment.cache_clear()
    consolidation.app._warm_summaries.cache_clear()
    pre_annotation.app._deployment.cache_clear()
    pre_annotation.app._access.cache_clear()
    pre_annotation.app._categories_of_jobs.clear()
    settings_file._kept.clear()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions write to their log."""
    from shared.telemetry import logger  # noqa: PLC0415 - most tests do not read it

    stream = io.StringIO()
    handler: Any = logger.registered_handler
    monkeypatch.setattr(handler, "stream", stream)
    return stream


@pytest.fixture(scope="session")
def local_process() -> Iterator[LocalAws]:
    """A local AWS in a process of its own, for the whole run, with the crowd of the bird job as private and as public team."""
    birds = Crowd(Path(__file__).parent / "data" / "birds" / "worker-response", "recorded-object-id")
    with LocalAws.started({"birds": birds, "public": birds}) as local:
        yield local


@pytest.fixture
def local_aws(local_process: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The local AWS for labeling jobs, furnished anew; the environment points at it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in local_process.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    local_process.reset()
    return local_process


@contextmanager
def without_metrics_warning() -> Iterator[None]:
    """Pytest resets what `shared.telemetry` has switched off: an invocation that raises has no metrics."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No application metrics to publish")
        yield


@pytest.fixture
def configure(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set job settings by their JSON names, and environment variables."""

    def set_up(settings: dict[str, Any] | None = None, **variables: str) -> None:
        if settings is not None:
            aws.put(SETTINGS_URI, json.dumps(settings))
            monkeypatch.setenv("SETTINGS_S3_URI", SETTINGS_URI)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        cool()

    return set_up


@pytest.fixture
def consolidated(aws: Aws) -> Callable[..., list[dict[str, Any]]]:
    """Send a payload through the consolidation Lambda and return its reply, as JSON carries it."""

    def send(payload: Any, context: Context | None = None, **changes: Any) -> list[dict[str, Any]]:
        from consolidation.app import lambda_handler  # noqa: PLC0415 - most tests do not need numpy

        event = json.loads(json.dumps(consolidation_event(payload, **changes)))
        handler: Any = lambda_handler
        with without_metrics_warning():
            reply = handler(event, context or Context())
        passed_on: list[dict[str, Any]] = json.loads(json.dumps(reply, allow_nan=False))
        return passed_on

    return send


@pytest.fixture
def pre_annotated(aws: Aws) -> Callable[..., dict[str, Any]]:
    """Send a manifest line through the pre-annotation Lambda and return its reply."""

    def send(line: Any, **changes: Any) -> dict[str, Any]:
        from pre_annotation.app import lambda_handler  # noqa: PLC0415 - as above

        handler: Any = lambda_handler
        with without_metrics_warning():
            reply: dict[str, Any] = handler(pre_annotation_event(line, **changes), Context())
        return reply

    return send
