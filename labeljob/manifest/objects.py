"""The objects that a manifest names: there, readable, what their names say, and no larger than a job takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from threading import Lock
from typing import Any

from labeljob.aws import Aws, AwsError, calling
from labeljob.manifest import rules
from labeljob.manifest.clouds import FIELDS, frame_format
from labeljob.manifest.images import UPRIGHT, ImageHeader, ends_whole, read_header
from labeljob.manifest.kinds import SEQUENCE_FILES, Kind, extension
from labeljob.manifest.rules import Fault, fault
from labeljob.manifest.sequences import sequence_faults
from labeljob.manifest.signatures import true_format
from shared.errors import ContractError, NotAllowedError
from shared.json_node import JsonNode
from shared.s3_uri import S3Uri

MEGABYTE = 1 << 20
_START = 64 << 10
_LONG_START = 4 << 20
"""Bytes of an image that are read where its header is not within the first."""
_END = 64 << 10
LARGEST_IMAGE = 40 * MEGABYTE
_MOST_PIXELS = 100_000_000
_LARGEST_SEQUENCE = 8 * MEGABYTE
_IMAGE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_CLIP_FORMATS = {".mp4": "MP4", ".ogg": "Ogg", ".webm": "Matroska or WebM"}
_NO_CLOUDS = frozenset({"PCD", "PLY", "LAS", "JSON", "gzip", "zip", "JPEG", "PNG", "PDF"})
_FLOAT = 4


@dataclass(frozen=True, slots=True)
class ObjectLimits:
    """What holds for the objects of a job.

    Attributes:
        kind: what lines stand for; None for what each looks like.
        custom: whether the job has a worker page of its own, for which size and form are advice.
        automated: largest (width, height) of automated labeling; None without it.
    """

    kind: Kind | None = None
    custom: bool = False
    automated: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Object:
    """An object whose start was read."""

    uri: S3Uri
    size: int
    start: bytes


class ObjectChecks:
    """Checks objects; may be used from several threads."""

    def __init__(self, aws: Aws, limits: ObjectLimits) -> None:
        """Take clients and limits; nothing is called yet."""
        self._s3, self._region, self._limits = aws.s3, aws.region, limits
        self._regions: dict[str, str | None] = {}
        self._lock = Lock()

    def of_line(self, number: int, value: Mapping[str, Any]) -> tuple[Fault, ...]:
        """The faults of the object that a line names; none where the line holds its data itself, or what it has is no S3 URI.

        Raises:
            AwsError: S3 cannot be reached at all.
        """
        reference = value.get("source-ref")
        if value.get("source") or not isinstance(reference, str):
            return ()
        try:
            uri = S3Uri.parse(reference)
        except NotAllowedError:
            return ()  # told with the line
        return tuple(self._faults(number, uri, value))

    def _faults(self, number: int, uri: S3Uri, value: Mapping[str, Any]) -> Iterator[Fault]:
        try:
            yield from self._in_region(number, uri)
            found = self._fetch(uri, _START)
        except AwsError as failure:
            yield _unreadable(number, uri, failure)
            return
        if not found.size:
            yield fault(rules.OBJECT_SIZE, number, f"names {uri}, which is empty", "upload the file again")
            return
        ending, kind = extension(uri.key), self._limits.kind
        if ending in _IMAGE_FORMATS and kind in {None, Kind.IMAGES}:
            yield from self._image(number, found)
        elif ending in _CLIP_FORMATS and kind in {None, Kind.CLIPS}:
            yield from _clip(number, found)
        elif ending in SEQUENCE_FILES and (kind is None or kind.sequence):
            yield from self._sequence(number, found)
        elif kind is Kind.CLOUDS or "source-ref-metadata" in value:
            yield from _cloud(number, found, value)

    def _in_region(self, number: int, uri: S3Uri) -> Iterator[Fault]:
        with self._lock:
            if uri.bucket not in self._regions:
                self._regions[uri.bucket] = self._region_of(uri.bucket)
            region = self._regions[uri.bucket]
        if region is not None and region != self._region:
            what = f"names {uri}, which lies in {region}; the job runs in {self._region}"
            mend = f"run the job in {region} (--region {region}), or copy the data: aws s3 sync"
            yield fault(rules.BUCKET_REGION, number, what, mend)

    def _region_of(self, bucket: str) -> str | None:
        """The Region of a bucket, None where one may not know it."""
        try:
            with calling(f"find bucket {bucket}"):
                return self._s3.head_bucket(Bucket=bucket).get("BucketRegion")
        except AwsError as failure:
            if not failure.error_code:
                raise
            return None

    def _fetch(self, uri: S3Uri, length: int, start: int = 0) -> _Object:
        """Bytes of an object from `start` on, at most `length`; the size is that of the whole object.

        Raises:
            AwsError: S3 refuses.
        """
        try:
            with calling(f"read {uri}"):
                span = f"bytes={start}-{start + length - 1}"
                reply = self._s3.get_object(Bucket=uri.bucket, Key=uri.key, Range=span)
                return _Object(uri, int(reply["ContentRange"].rpartition("/")[2]), reply["Body"].read())
        except AwsError as failure:
            # An empty object has no byte that could be asked for.
            if failure.error_code in {"416", "InvalidRange"}:
                return _Object(uri, 0, b"")
            raise

    def _image(self, number: int, found: _Object) -> Iterator[Fault]:
        serious = not self._limits.custom
        if found.size > LARGEST_IMAGE:
            what = f"names {found.uri} of {found.size / MEGABYTE:.1f} MB, allowed are 40"
            yield fault(
                rules.OBJECT_SIZE, number, what, "store it smaller, or compress it more", serious=serious
            )
        form = true_format(found.start)
        wanted = _IMAGE_FORMATS[extension(found.uri.key)]
        if form != wanted:
            yield _other_format(number, found, wanted, form, serious=form not in _IMAGE_FORMATS.values())
        if form not in _IMAGE_FORMATS.values():
            return
        header = self._header(form, found)
        if header is None:
            what = f"names {found.uri}, a {form} whose header is damaged"
            yield fault(rules.OBJECT_DAMAGED, number, what, "write the image anew, or upload it again")
            return
        if not ends_whole(form, self._end(found)):
            what = f"names {found.uri}, a {form} that does not end as one: it is cut short"
            yield fault(rules.OBJECT_DAMAGED, number, what, "upload it again")
        yield from self._pixels(number, found.uri, header, serious=serious)

    def _pixels(self, number: int, uri: S3Uri, header: ImageHeader, *, serious: bool) -> Iterator[Fault]:
        width, height = header.width, header.height
        if width * height > _MOST_PIXELS:
            what = f"names {uri} of {width}x{height} pixels, allowed are 100 million"
            yield fault(
                rules.OBJECT_PIXELS, number, what, "scale it down, or cut it into tiles", serious=serious
            )
        elif (
            self._limits.automated and width * height > self._limits.automated[0] * self._limits.automated[1]
        ):
            most = "x".join(map(str, self._limits.automated))
            what = f"names {uri} of {width}x{height} pixels; automated labeling takes {most}"
            yield fault(rules.OBJECT_PIXELS, number, what, "scale it down, or leave automated labeling out")
        if header.orientation != UPRIGHT:
            what = f"names {uri}, stored turned (EXIF orientation {header.orientation})"
            mend = "set CORS on the bucket (labeljob doctor --fix), or turn the pixels: mogrify -auto-orient"
            yield fault(rules.OBJECT_TURNED, number, what, mend, serious=False)

    def _header(self, form: str, found: _Object) -> ImageHeader | None:
        try:
            return read_header(form, found.start)
        except ValueError:
            if len(found.start) >= min(found.size, _LONG_START):
                return None
            return self._header(form, self._fetch(found.uri, _LONG_START))

    def _end(self, found: _Object) -> bytes:
        start = max(found.size - _END, 0)
        if found.size <= len(found.start):
            return found.start[start:]
        return self._fetch(found.uri, _END, start).start

    def _sequence(self, number: int, found: _Object) -> Iterator[Fault]:
        if self._limits.kind is None and b'"frames"' not in found.start:
            return  # JSON of a job's own
        if found.size > _LARGEST_SEQUENCE:
            what = f"names {found.uri} of {found.size / MEGABYTE:.1f} MB, too large for a sequence file"
            yield fault(rules.SEQUENCE, number, what, "name the sequence file, not its data")
            return
        if found.size > len(found.start):
            found = self._fetch(found.uri, found.size)
        yield from sequence_faults(number, found.uri, found.start, self._limits.kind, self._names)

    def _names(self, bucket: str, prefix: str) -> Iterator[str]:
        """What lies under a prefix, without the prefix.

        Raises:
            AwsError: S3 refuses.
        """
        with calling(f"list s3://{bucket}/{prefix}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (entry["Key"].removeprefix(prefix) for entry in page.get("Contents", ()))


def _unreadable(number: int, uri: S3Uri, failure: AwsError) -> Fault:
    """An object that cannot be fetched.

    Raises:
        AwsError: the failure is about no object: no credentials, no connection.
    """
    if not failure.error_code:
        raise failure
    if failure.missing:
        bucket = failure.error_code == "NoSuchBucket"
        what = f"names {uri}, but there is no {'such bucket' if bucket else 'such object'}"
        return fault(rules.OBJECT_MISSING, number, what, "upload it, or take the line out of the manifest")
    if failure.error_code == "InvalidObjectState":
        what = f"names {uri}, which is archived"
        mend = (
            f"aws s3api restore-object --bucket {uri.bucket} --key {quote(uri.key)} --restore-request Days=30"
        )
        return fault(rules.OBJECT_UNREADABLE, number, what, mend)
    if failure.denied:
        what = f"names {uri}, which you may not read or which is not there"
        mend = "s3:GetObject allows reading; with s3:ListBucket S3 also tells what is missing"
        return fault(rules.OBJECT_UNREADABLE, number, what, mend)
    return fault(rules.OBJECT_UNREADABLE, number, f"names {uri}: {failure}", "see what S3 says")


def _other_format(number: int, found: _Object, wanted: str, form: str, *, serious: bool = True) -> Fault:
    what = f"names {found.uri}, which is {f'{form}, not' if form else 'no'} {wanted}"
    return fault(
        rules.OBJECT_FORMAT, number, what, f"convert it to {wanted}, or name it as it is", serious=serious
    )


def _clip(number: int, found: _Object) -> Iterator[Fault]:
    form, wanted = true_format(found.start), _CLIP_FORMATS[extension(found.uri.key)]
    if form != wanted:
        yield _other_format(number, found, wanted, form, serious=form not in _CLIP_FORMATS.values())


def _cloud(number: int, found: _Object, value: Mapping[str, Any]) -> Iterator[Fault]:
    form = true_format(found.start)
    mend = "write bare points: 4-byte floats one after the other, or one point a line as text"
    if form in _NO_CLOUDS:
        yield fault(
            rules.OBJECT_FORMAT, number, f"names {found.uri}, which is {form}, not a raw point cloud", mend
        )
        return
    try:
        written, _, fields = frame_format(JsonNode(value.get("source-ref-metadata") or {})).partition("/")
    except ContractError:
        return  # told with the line
    numbers = FIELDS[fields]
    if written == "binary" and found.size % (_FLOAT * numbers):
        what = f"names {found.uri} of {found.size} bytes, no multiple of {_FLOAT * numbers} ({numbers} floats a point)"
        yield fault(
            rules.OBJECT_FORMAT, number, what, f"give the format it has in source-ref-metadata; {mend}"
        )
    elif written == "text" and len(found.start.split(b"\n", 1)[0].split()) != numbers:
        what = f"names {found.uri}, whose first line has not {numbers} numbers ({fields})"
        yield fault(
            rules.OBJECT_FORMAT, number, what, f"give the format it has in source-ref-metadata; {mend}"
        )
