"""Where data objects come from: manifests, texts, S3 objects and folders, standard input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BufferedReader
from pathlib import Path

from labeljob.aws import Aws, calling
from labeljob.manifest.kinds import CLIP_FILES, IMAGE_FILES, extension
from labeljob.manifest.reading import Manifest, rows
from labeljob.streaming.data_objects import DataObject, Refused, data_object
from labeljob.streaming.job_stream import JobStream
from shared.errors import ContractError, NotAllowedError
from shared.json_node import write_json
from shared.s3_uri import S3Uri

_MANIFESTS = frozenset({".manifest", ".jsonl", ".ndjson"})
_MEDIA = IMAGE_FILES | CLIP_FILES
_BLOCK = 1 << 16
OUTPUT = "the job's own output"

Row = tuple[str, int, bytes] | Refused | None
"""Place, number and bytes of a manifest line; None: nothing more is at hand at the moment, so what was read may be sent."""


@dataclass(slots=True)
class Sources:
    """Some locations, found but not yet read.

    Attributes:
        left_out: files in S3 folders that are no images or clips, by what they end in.
    """

    stream: JobStream
    id_key: str | None
    readers: list[Callable[[], Iterator[Row]]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[DataObject | Refused | None]:
        """The data objects, in order and one at a time; None where what was read may be sent."""
        for read in self.readers:
            for row in read():
                if row is None or isinstance(row, Refused):
                    yield row
                else:
                    yield data_object(*row, self.stream.label_attribute, self.id_key)
            yield None


def find(
    locations: Sequence[str],
    stream: JobStream,
    aws: Aws,
    *,
    id_key: str | None = None,
    stdin: BufferedReader | None = None,
) -> Sources:
    """Find data objects.

    Args:
        locations: manifests (local, or `s3://` ending in .manifest, .jsonl or .ndjson), texts (.txt, one object per line), `s3://` URIs of
            objects, `s3://` folders ending in a slash (images and video clips beneath it), or `-` for lines of `stdin`, each a
            manifest line or an `s3://` URI.
        stream: the job.
        aws: where S3 objects lie.
        id_key: key that holds an object's id where the line names none.
        stdin: what `-` reads.

    Raises:
        ContractError: a location cannot be read or holds no objects; says what to do. NotAllowedError: the URI of a manifest is
            malformed. AwsError: S3 refuses.
    """
    sources = Sources(stream, id_key)
    for location in locations:
        sources.readers.append(_reader(location, sources, aws, stdin))
    return sources


def _reader(
    location: str, sources: Sources, aws: Aws, stdin: BufferedReader | None
) -> Callable[[], Iterator[Row]]:
    ending, in_s3 = extension(location), location.startswith("s3://")
    if location == "-":
        if stdin is None:
            raise ContractError("there is no standard input to read `-` from")
        return partial(_arriving, stdin)
    if ending == ".csv":
        raise ContractError(
            f"{location} has columns: make a manifest of it first (labeljob manifest {location} --out FILE)"
        )
    if ending == ".txt":
        return partial(_texts, Manifest.at(location, aws))
    if in_s3 and location.endswith("/"):
        return partial(_folder, location, sources, aws)
    if in_s3 and ending not in _MANIFESTS:
        return lambda: iter([_uri(location)])
    if not in_s3 and (ending in _MEDIA or Path(location).is_dir()):
        raise ContractError(
            f"{location} lies on this machine, where no worker's browser finds it: copy it to S3 (aws s3 cp) and give its s3:// URI"
        )
    return partial(_lines, Manifest.at(location, aws))


def _lines(manifest: Manifest) -> Iterator[Row]:
    for number, row in enumerate(rows(manifest.blocks()), start=1):
        if row.strip():
            yield f"{manifest.location} line {number}", number, row


def _texts(manifest: Manifest) -> Iterator[Row]:
    for number, row in enumerate(rows(manifest.blocks()), start=1):
        yield from _text(f"{manifest.location} line {number}", number, row)


def _text(place: str, number: int, row: bytes) -> Iterator[Row]:
    try:
        text = row.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\r")
    except UnicodeDecodeError as failure:
        yield Refused(place, f"is not UTF-8: {failure.reason} at byte {failure.start + 1}")
        return
    if text.strip():
        yield place, number, write_json({"source": text}).encode()


def _folder(location: str, sources: Sources, aws: Aws) -> Iterator[Row]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    output = f"{sources.stream.output_folder}/"
    with calling(f"list {location}"):
        for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                uri = f"s3://{bucket}/{entry['Key']}"
                if uri.startswith(output):
                    sources.left_out[OUTPUT] += 1
                elif extension(uri) in _MEDIA:
                    yield _uri(uri)
                elif not uri.endswith("/"):
                    sources.left_out[extension(uri) or "no ending"] += 1


def _uri(uri: str) -> Row:
    try:
        S3Uri.parse(uri)
    except NotAllowedError as failure:
        return Refused(uri, f"is no object: {failure.message}")
    return uri, 1, write_json({"source-ref": uri}).encode()


def _arriving(stdin: BufferedReader) -> Iterator[Row]:
    """Lines as they come, however slowly: what is there is sent before more is waited for."""
    rest, number = b"", 0
    while block := stdin.read1(_BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        for row in whole:
            number += 1
            yield from _given(number, row)
        yield None
    yield from _given(number + 1, rest)


def _given(number: int, row: bytes) -> Iterator[Row]:
    row = row.strip()
    place = f"standard input line {number}"
    if not row.startswith(b"s3://"):
        if row:
            yield place, number, row
        return
    try:
        yield _uri(row.decode())
    except UnicodeDecodeError:
        yield Refused(place, "is a URI that is not UTF-8")
