"""The simulated job's S3: a real S3 endpoint, inside this process or given, and what the service writes there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import ContractError, ObjectMissingError, StorageError
from shared.s3_uri import S3Uri
from shared.storage import CLIENT_CONFIG

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
POLL_SECONDS = 0.02
"""How soon a server inside this process notices that it is to stop."""
_TRANSFERS = 8
_DELETED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """Reading and writing by S3 URI on one endpoint."""

    client: S3Client

    @classmethod
    @contextmanager
    def opened(cls, endpoint_url: str, name: str, *, kept: bool) -> Iterator[Bucket]:
        """A client of the endpoint, under the environment's credentials, with the bucket `name` made if it is not there.

        Args:
            endpoint_url: of S3.
            name: of the bucket.
            kept: whether the bucket outlives the block; that of a server in this process would only fill its memory.

        Raises:
            StorageError: the endpoint cannot be reached or refuses.
        """
        with _translated(f"open bucket {name} at {endpoint_url}"):
            session = boto3.Session(region_name=REGION)
            client = session.client("s3", endpoint_url=endpoint_url, config=CLIENT_CONFIG)
            if name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=name)
        try:
            yield cls(client)
        finally:
            if not kept:
                _discard(client, name)
            client.close()

    def read(self, uri: str) -> bytes:
        """Read a whole object.

        Raises:
            ObjectMissingError: there is none. StorageError: the endpoint refuses.
        """
        place = S3Uri.parse(uri)
        with _translated(f"read {uri}"):
            return self.client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()

    def write(self, uri: str, body: bytes, content_type: str = "application/json") -> None:
        """Write an object.

        Raises:
            StorageError: the endpoint refuses.
        """
        place = S3Uri.parse(uri)
        with _translated(f"write {uri}"):
            self.client.put_object(Bucket=place.bucket, Key=place.key, Body=body, ContentType=content_type)

    def write_file(self, uri: str, file: IO[bytes], content_type: str = "application/x-ndjson") -> None:
        """Write an object from an open file.

        Raises:
            StorageError: the endpoint refuses.
        """
        place = S3Uri.parse(uri)
        with _translated(f"write {uri}"):
            self.client.put_object(Bucket=place.bucket, Key=place.key, Body=file, ContentType=content_type)

    def write_all(self, objects: Mapping[str, bytes]) -> None:
        """Write JSON objects by URI, several at a time.

        Raises:
            StorageError: the endpoint refuses.
        """
        with ThreadPoolExecutor(max_workers=_TRANSFERS, thread_name_prefix="upload") as pool:
            list(pool.map(self.write, objects.keys(), objects.values()))

    def keys(self, folder: str) -> list[str]:
        """The keys under an S3 URI, relative to it, sorted.

        Raises:
            StorageError: the endpoint refuses.
        """
        return sorted(self.versions(folder))

    def versions(self, folder: str) -> dict[str, str]:
        """The keys under an S3 URI, relative to it, each with a text that changes with its content.

        Raises:
            StorageError: the endpoint refuses.
        """
        place = S3Uri.parse(folder)
        prefix = f"{place.key}/"
        with _translated(f"list {folder}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=prefix)
            return {
                entry["Key"].removeprefix(prefix): entry["ETag"]
                for page in pages
                for entry in page.get("Contents", ())
            }

    def mirror(
        self, folder: str, target: Path, known: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, str]:
        """Copy everything under an S3 URI into a local folder.

        Args:
            folder: the S3 URI.
            target: the local folder.
            known: what an earlier call returned: only what has changed since is copied.

        Returns:
            What is there now, for the next call.

        Raises:
            StorageError: the endpoint refuses.
        """
        place = S3Uri.parse(folder)
        versions = self.versions(folder)

        def fetch(key: str) -> None:
            with _translated(f"read {folder}/{key}"):
                response = self.client.get_object(Bucket=place.bucket, Key=f"{place.key}/{key}")
                body = response["Body"].read()
            file = target / local_name(key)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)

        with ThreadPoolExecutor(max_workers=_TRANSFERS, thread_name_prefix="download") as pool:
            list(pool.map(fetch, [key for key in sorted(versions) if versions[key] != known.get(key)]))
        return versions


def local_name(key: str) -> str:
    """A key as a path; Windows allows no colons."""
    return key.replace(":", "_") if os.name == "nt" else key


def read_input(location: str, endpoint_url: str | None) -> bytes:
    """A local file, or an object in S3 under the caller's own credentials.

    Raises:
        ContractError: the file cannot be read. NotAllowedError: the URI is malformed. StorageError: S3 refuses.
    """
    if not location.startswith("s3://"):
        try:
            return Path(location).read_bytes()
        except OSError as failure:
            raise ContractError(f"{location} cannot be read: {failure.strerror}") from failure
    place = S3Uri.parse(location)
    with _translated(f"read {location}"):
        client = boto3.client("s3", endpoint_url=endpoint_url, config=CLIENT_CONFIG)
        body: bytes = client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
        return body


@contextmanager
def s3_endpoint(endpoint_url: str | None) -> Iterator[str]:
    """The URL of the S3 endpoint to use; without one, moto's server on a free port of 127.0.0.1."""
    if endpoint_url is not None:
        yield endpoint_url
        return
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - half a second that only simulations need
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415 - as above

    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    requests = logging.getLogger("werkzeug")
    level = requests.level
    requests.setLevel(logging.ERROR)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        requests.setLevel(level)


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except ClientError as failure:
        code = failure.response.get("Error", {}).get("Code", "")
        error = ObjectMissingError if code in {"NoSuchKey", "NoSuchBucket"} else StorageError
        raise error(f"cannot {doing}: {code}") from failure
    except BotoCoreError as failure:
        raise StorageError(f"cannot {doing}: {failure}") from failure


def _discard(client: S3Client, name: str) -> None:
    """Delete a bucket with all that is in it."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=name)
    keys: list[Any] = [{"Key": entry["Key"]} for page in pages for entry in page.get("Contents", ())]
    for start in range(0, len(keys), _DELETED_AT_ONCE):
        client.delete_objects(Bucket=name, Delete={"Objects": keys[start : start + _DELETED_AT_ONCE]})
    client.delete_bucket(Bucket=name)
