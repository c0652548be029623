"""Files of a job brought to S3, only when they are not there already."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labeljob.aws import Aws, AwsError, calling
from labeljob.launch.request import Upload
from shared.errors import NotAllowedError
from shared.s3_uri import S3Uri

_DIGEST = "labeljob-sha256"
"""Metadata of an uploaded object by which the same content is known again; an ETag is no digest under KMS or of several parts."""


def is_there(upload: Upload, aws: Aws) -> bool:
    """Whether S3 has the file already, byte for byte and of the same type.

    Raises:
        AwsError: S3 cannot be asked.
    """
    return _has(upload, digest_of(upload), aws)


def send(upload: Upload, aws: Aws) -> bool:
    """Upload a file unless S3 has it already; of a file on disk only a part is in memory at a time.

    Returns:
        Whether it was uploaded.

    Raises:
        AwsError: S3 refuses.
    """
    digest = digest_of(upload)
    if _has(upload, digest, aws):
        return False
    uri = S3Uri.parse(upload.uri)
    with _opened(upload) as file, calling(f"upload {upload.uri}"):
        aws.s3.upload_fileobj(
            file,
            uri.bucket,
            uri.key,
            ExtraArgs={"ContentType": upload.content_type, "Metadata": {_DIGEST: digest}},
        )
    return True


def digest_of(upload: Upload) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with _opened(upload) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has(upload: Upload, digest: str, aws: Aws) -> bool:
    try:
        uri = S3Uri.parse(upload.uri)
        with calling(f"look for {upload.uri}"):
            found = aws.s3.head_object(Bucket=uri.bucket, Key=uri.key)
    except NotAllowedError:
        return False  # a finding of the job: no object has such a URI
    except AwsError as failure:
        if failure.missing or failure.denied:  # S3 denies what is not there to who may not list the bucket
            return False
        raise
    return found["Metadata"].get(_DIGEST) == digest and found.get("ContentType") == upload.content_type


@contextmanager
def _opened(upload: Upload) -> Iterator[io.BufferedReader | io.BytesIO]:
    if isinstance(upload.source, Path):
        with upload.source.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(upload.source)
