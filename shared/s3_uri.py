"""S3 URIs and the places a deployment may touch. Pure text; `shared.storage` does the talking."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from shared.errors import NotAllowedError, SettingsError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEY_BYTES = 1024
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""Lone surrogates are among them: no encoding can carry them on."""


@dataclass(frozen=True, slots=True, order=True)
class S3Uri:
    """`s3://bucket/key`, checked. The key is not empty and cannot climb (`..`); colons and spaces are allowed."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket/key`.

        Raises:
            NotAllowedError: another scheme, no bucket, an empty key, a `.` or `..` segment, control characters.
        """
        scheme, separator, rest = text.partition("://")
        if scheme != "s3" or not separator:
            raise NotAllowedError(f"only s3:// URIs are read, got {text[:200]!r}")
        bucket, _, key = rest.partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise NotAllowedError(f"{bucket[:80]!r} is not a bucket name in {text[:200]!r}")
        if not key or _CONTROL.search(key) or len(key.encode()) > _KEY_BYTES:
            raise NotAllowedError(f"the key is empty, too long or has control characters in {text[:200]!r}")
        if any(segment in {".", ".."} for segment in key.split("/")):
            raise NotAllowedError(f"the key has a '.' or '..' segment in {text[:200]!r}")
        return cls(bucket, key)

    @property
    def name(self) -> str:
        """The part of the key after the last slash."""
        return self.key.rpartition("/")[2]

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class AllowedLocations:
    """The buckets and prefixes outside of which nothing is read or written."""

    prefixes: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, locations: Iterable[str]) -> Self:
        """Read `bucket`, `bucket/` or `bucket/prefix/` entries; a leading `s3://` is tolerated.

        A prefix is a folder: `acme-out/run` allows `acme-out/run/...`, never `acme-out/run-2/...`.

        Raises:
            SettingsError: an entry does not name a bucket.
        """
        prefixes = []
        for location in locations:
            bucket, _, prefix = location.strip().removeprefix("s3://").partition("/")
            if not _BUCKET.fullmatch(bucket):
                raise SettingsError(f"{location!r} is not bucket/prefix/", path="ALLOWED_LOCATIONS")
            prefixes.append((bucket, prefix if not prefix or prefix.endswith("/") else f"{prefix}/"))
        return cls(tuple(prefixes))

    def check(self, uri: S3Uri) -> S3Uri:
        """Return `uri` if it is allowed.

        Raises:
            NotAllowedError: it lies outside; the message says which setting allows it.
        """
        if any(uri.bucket == bucket and uri.key.startswith(prefix) for bucket, prefix in self.prefixes):
            return uri
        raise NotAllowedError(
            f"{uri} lies outside of the locations this deployment may touch; add its bucket and prefix to the "
            "stack parameter AllowedLocations",
            limit="ALLOWED_LOCATIONS",
        )
