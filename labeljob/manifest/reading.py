"""The lines of a manifest, wherever it lies and however large it is, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from labeljob.aws import Aws, AwsError, calling
from labeljob.manifest.lines import LINE_BYTES
from shared.errors import ContractError
from shared.s3_uri import S3Uri

_FILE_BLOCK = 1 << 20
_S3_BLOCK = 8 << 20
"""Bytes of one request: a stream that is read slowly would be cut off by S3, a request is made again."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest to be read.

    Attributes:
        location: as it was named.
        size: bytes.
        blocks: reads it, in order; may be called again.
    """

    location: str
    size: int
    blocks: Callable[[], Iterator[bytes]]

    @classmethod
    def at(cls, location: str, aws: Aws | None) -> Self:
        """Find a manifest.

        Args:
            location: path, or `s3://bucket/key`.
            aws: needed for the latter.

        Raises:
            ContractError: it is not there or cannot be read. NotAllowedError: the URI is malformed. AwsError: S3 refuses.
        """
        if location.startswith("s3://"):
            if aws is None:
                raise ContractError(f"{location} lies in S3: give `aws`")
            return cls._in_s3(location, S3Uri.parse(location), aws)
        path = Path(location)
        try:
            with path.open("rb"):
                size = path.stat().st_size
        except OSError as failure:
            raise ContractError(f"{location} cannot be read: {failure.strerror}") from failure
        return cls(location, size, lambda: _file_blocks(path))

    @classmethod
    def _in_s3(cls, location: str, place: S3Uri, aws: Aws) -> Self:
        try:
            with calling(f"read {location}"):
                head = aws.s3.head_object(Bucket=place.bucket, Key=place.key)
        except AwsError as failure:
            if failure.missing:
                raise ContractError(f"there is no {location}") from failure
            raise
        size, tag = head["ContentLength"], head["ETag"]

        def blocks() -> Iterator[bytes]:
            for start in range(0, size, _S3_BLOCK):
                # IfMatch: a manifest that is replaced meanwhile is refused, not read half and half.
                with calling(f"read {location}"):
                    yield aws.s3.get_object(
                        Bucket=place.bucket,
                        Key=place.key,
                        Range=f"bytes={start}-{start + _S3_BLOCK - 1}",
                        IfMatch=tag,
                    )["Body"].read()

        return cls(location, size, blocks)


def rows(blocks: Iterable[bytes], longest: int | None = LINE_BYTES) -> Iterator[bytes]:
    """Lines without their line feeds.

    Args:
        blocks: of bytes, in order.
        longest: bytes of a line; of one that has more the end may be left out, yet it stays too long. None for any length: a label may
            make a line of an output manifest longer than an input manifest takes it.
    """
    rest, end = b"", None if longest is None else longest + 1
    for block in blocks:
        first, *others = (rest + block).split(b"\n")
        if not others:
            rest = first[:end]
            continue
        rest = others.pop()[:end]
        yield first
        yield from others
    if rest:
        yield rest


def _file_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(_FILE_BLOCK):
            yield block
