"""An input manifest made of what lies in S3, or of text files on this machine."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from labeljob.aws import Aws, calling
from labeljob.manifest.crawl import NO_ENDING, File, Found, LeftOut, Place
from labeljob.manifest.kinds import (
    FRAMES_OF_SEQUENCE,
    MOST_FRAME_SEQUENCES,
    MOST_OBJECTS,
    TEXT_FILES,
    Kind,
    extension,
)
from labeljob.manifest.objects import LARGEST_IMAGE
from labeljob.manifest.reading import Manifest
from labeljob.manifest.texts import Columns, texts
from labeljob.manifest.window import in_order
from labeljob.manifest.write_sequences import (
    SequenceFile,
    cloud_format,
    cloud_sequence,
    frame_sequence,
    time_in_name,
)
from shared.errors import ContractError
from shared.json_node import write_json
from shared.s3_uri import S3Uri

_RESERVED = ("source", "source-ref", "source-ref-metadata")
_TELL_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Making:
    """How a manifest is to be made.

    Attributes:
        kind: of the data; None for what the files' endings say.
        attributes: given to every data object.
        exclude: patterns of keys, after the prefix, to leave out, such as `*/thumbnails/*`.
        columns: of CSV files.
        sequences: `s3://` folder for sequence files; None for one beside a manifest in S3.
        cloud_format: of point clouds, such as `binary/xyzi`; None for what the files' endings say.
        frames_per_second: of point clouds whose names carry no time; None for the times of the objects.
    """

    kind: Kind | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    sequences: str | None = None
    cloud_format: str | None = None
    frames_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class MadeManifest:
    """A manifest that was made.

    Attributes:
        out: where it is.
        kind: of its data objects.
        objects: how many lines it has.
        taken: files taken, by ending.
        left_out: what was not, by reason.
        warnings: what a job with it may stumble on.
    """

    out: str
    kind: Kind
    objects: int
    taken: Mapping[str, int]
    left_out: LeftOut
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MakeProgress:
    """How far the making is: files listed, and data objects written."""

    listed: int
    written: int


OnProgress = Callable[[MakeProgress], None]


def make_manifest(
    source: str,
    out: str,
    aws: Aws | None = None,
    making: Making | None = None,
    on_progress: OnProgress | None = None,
) -> MadeManifest:
    """Make an input manifest; memory does not grow with the data objects.

    Args:
        source: `s3://bucket/prefix/`, one object, or a text or CSV file on this machine or a folder of them.
        out: path, or `s3://bucket/key`, of the manifest. What is there is replaced, once the new one is complete.
        aws: where either lies in S3.
        making: how.
        on_progress: called now and then.

    Raises:
        ContractError: there is nothing to label, or it is unclear what. AwsError: S3 refuses.
    """
    chosen = making or Making()
    for name in (*chosen.attributes, *chosen.columns.keep):
        if name in _RESERVED or name.startswith("$") or not name:
            raise ContractError(
                f"{name!r} cannot be an attribute of data objects: the name is Ground Truth's"
            )
    if aws is None and (source.startswith("s3://") or out.startswith("s3://")):
        raise ContractError("source or manifest lies in S3: give `aws`")
    run = _Run(out, aws, chosen, on_progress or (lambda _: None))
    if "://" in source:
        return run.of_s3(source)
    return run.of_files(Path(source))


class _Run:
    """The making of one manifest."""

    def __init__(self, out: str, aws: Aws | None, making: Making, on_progress: OnProgress) -> None:
        self._out, self._aws, self._making, self._on_progress = out, aws, making, on_progress
        self._listed = 0
        self._warnings: list[str] = []

    def of_s3(self, source: str) -> MadeManifest:
        aws = self._needed_aws()
        place = Place.parse(source, aws)
        with Found(place) as found:
            found.crawl(aws, self._making.exclude, self._tell_listed)
            kind = self._making.kind or found.kind()
            found.take(kind)
            large = found.larger_than(LARGEST_IMAGE) if kind is Kind.IMAGES else 0
            if large:
                self._warnings.append(
                    f"{large:,} images have more than 40 MB; the built-in tasks refuse them"
                )
            objects = self._write(self._lines(found, kind, aws))
            return self._made(kind, objects, found.endings, found.left_out)

    def of_files(self, source: Path) -> MadeManifest:
        if self._making.kind not in {None, Kind.TEXT}:
            raise ContractError(_upload_first(source))
        taken, left_out = Counter[str](), LeftOut()
        files = []
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            ending = extension(path.name)
            if ending in TEXT_FILES:
                taken[ending] += 1
                files.append(path)
            elif path.is_file():
                left_out.add(ending or NO_ENDING, str(path))
        if not files:
            raise ContractError(_upload_first(source) if source.exists() else f"there is no {source}")
        lines = (
            line
            for path in files
            for line in texts(Manifest.at(str(path), None), self._making.columns, left_out)
        )
        return self._made(Kind.TEXT, self._write(lines), taken, left_out)

    def _needed_aws(self) -> Aws:
        if self._aws is None:
            raise ContractError("source or manifest lies in S3: give `aws`")
        return self._aws

    def _tell_listed(self, listed: int) -> None:
        self._listed = listed
        self._on_progress(MakeProgress(listed, 0))

    def _lines(self, found: Found, kind: Kind, aws: Aws) -> Iterator[dict[str, Any]]:
        """Data objects, without the attributes that all of them get."""
        bucket = found.place.bucket
        if kind.sequence:
            yield from self._sequences(found, kind, aws)
        elif kind is Kind.TEXT:
            for file in found.files():
                yield from texts(
                    Manifest.at(f"s3://{bucket}/{file.key}", aws), self._making.columns, found.left_out
                )
        else:
            guessed = 0
            for file in found.files():
                line: dict[str, Any] = {"source-ref": f"s3://{bucket}/{file.key}"}
                if kind is Kind.CLOUDS:
                    time = time_in_name(file.name)
                    guessed += time is None
                    line["source-ref-metadata"] = {
                        "format": cloud_format(file, self._making.cloud_format),
                        "unix-timestamp": file.modified if time is None else time,
                    }
                yield line
            if guessed:
                self._warnings.append(
                    f"{guessed:,} point clouds without a time in the name: the time of upload stands for it"
                )

    def _sequences(self, found: Found, kind: Kind, aws: Aws) -> Iterator[dict[str, Any]]:
        """Sequence files, written, and a line for each."""
        target = S3Uri.parse(f"{self._sequence_folder().rstrip('/')}/all")
        self._check_sizes(found, kind)

        def written(numbered: tuple[int, tuple[str, list[File]]]) -> tuple[SequenceFile, str]:
            number, (folder, files) = numbered
            made = self._sequence(kind, number, found.place, folder, files)
            key = f"{target.key.removesuffix('all')}{folder.removeprefix(found.place.prefix)}sequence.json"
            with calling(f"write s3://{target.bucket}/{key}"):
                aws.s3.put_object(
                    Bucket=target.bucket,
                    Key=key,
                    Body=write_json(made.document).encode(),
                    ContentType="application/json",
                )
            return made, f"s3://{target.bucket}/{key}"

        for made, uri in in_order(written, enumerate(found.folders(), start=1)):
            self._warnings += made.warnings
            yield {"source-ref": uri}

    def _sequence(
        self, kind: Kind, number: int, place: Place, folder: str, files: list[File]
    ) -> SequenceFile:
        if kind is Kind.FRAMES:
            return frame_sequence(number, place, folder, files)
        making = self._making
        return cloud_sequence(
            number, place, folder, files, form=making.cloud_format, rate=making.frames_per_second
        )

    def _check_sizes(self, found: Found, kind: Kind) -> None:
        """Refuse what no job takes before a sequence file is written."""
        sequences, most = 0, FRAMES_OF_SEQUENCE[kind]
        for folder, frames in found.folder_sizes():
            sequences += 1
            if frames > most:
                raise ContractError(
                    f"s3://{found.place.bucket}/{folder} holds {frames:,} frames, a sequence has at most {most:,}: "
                    "move them into several folders, or leave some out with --exclude"
                )
        allowed = MOST_FRAME_SEQUENCES if kind is Kind.FRAMES else MOST_OBJECTS
        if sequences > allowed:
            raise ContractError(
                f"{found.place} holds {sequences:,} folders of frames, a job takes {allowed:,} sequences: "
                "make a manifest for each part of them, or leave some out with --exclude"
            )

    def _sequence_folder(self) -> str:
        if self._making.sequences is not None:
            return self._making.sequences
        if self._out.startswith("s3://"):
            return f"{self._out.removesuffix('.manifest')}-sequences"
        raise ContractError("sequence files must lie in S3: give --sequences s3://bucket/prefix/")

    def _write(self, lines: Iterable[dict[str, Any]]) -> int:
        """Write the manifest; what is there stays until the new one is complete. How many lines it has."""
        objects = 0
        with _replaced(self._out, self._aws) as file:
            for objects, line in enumerate(lines, start=1):
                file.write(write_json({**line, **self._making.attributes}).encode() + b"\n")
                if not objects % _TELL_EVERY:
                    self._on_progress(MakeProgress(self._listed, objects))
            if not objects:
                raise ContractError("there is nothing to label: no manifest was written")
        self._on_progress(MakeProgress(self._listed, objects))
        return objects

    def _made(self, kind: Kind, objects: int, taken: Mapping[str, int], left_out: LeftOut) -> MadeManifest:
        if objects > MOST_OBJECTS:
            self._warnings.append(
                f"a job takes {MOST_OBJECTS:,} objects unless AWS raises the quota: split the manifest"
            )
        return MadeManifest(self._out, kind, objects, dict(taken), left_out, tuple(self._warnings))


@contextmanager
def _replaced(out: str, aws: Aws | None) -> Iterator[IO[bytes]]:
    """A file that becomes `out` when the block ends well."""
    if out.startswith("s3://"):
        place = S3Uri.parse(out)
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            if aws is not None:
                with calling(f"write {out}"):
                    aws.s3.upload_fileobj(file, place.bucket, place.key)
        return
    path = Path(out)
    partial = path.parent / f".{path.name}.partial"
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except OSError as failure:
        raise ContractError(f"{out} cannot be written: {failure.strerror}") from failure
    finally:
        with suppress(OSError):
            partial.unlink()


def _upload_first(source: Path) -> str:
    return (
        f"{source} is no .txt or .csv; Ground Truth reads other data from S3: aws s3 sync {source} s3://bucket/prefix/, "
        "then labeljob manifest s3://bucket/prefix/ --out FILE"
    )
