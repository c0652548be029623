"""What lies under a prefix of S3, counted by the endings of names and kept on disk, however much it is."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby
from types import TracebackType
from typing import Self

from labeljob.aws import Aws, AwsError, calling
from labeljob.manifest import kinds
from labeljob.manifest.kinds import Kind, extension
from shared.errors import ContractError, NotAllowedError
from shared.s3_uri import S3Uri

_JOB_OUTPUT = re.compile(
    r"(?:^|/)(?:annotations/(?:worker-response|consolidated-annotation|intermediate)|manifests/(?:output|intermediate))/"
)
"""What Ground Truth writes under the output path of a job."""
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
NO_ENDING = "without ending"
_FILES = {
    Kind.IMAGES: kinds.IMAGE_FILES,
    Kind.CLIPS: kinds.CLIP_FILES,
    Kind.TEXT: kinds.TEXT_FILES,
    Kind.CLOUDS: kinds.CLOUD_FILES,
    Kind.FRAMES: kinds.IMAGE_FILES,
    Kind.CLOUD_SEQUENCES: kinds.CLOUD_FILES | kinds.TEXT_CLOUDS,
}
_ASKED_FILES = {**_FILES, Kind.CLOUDS: kinds.CLOUD_FILES | kinds.TEXT_CLOUDS}
"""What is taken for a kind that was asked for by name."""
_TOLD_BY_FILES = (Kind.IMAGES, Kind.CLIPS, Kind.TEXT, Kind.CLOUDS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: everything under a prefix, or one object.

    Attributes:
        bucket: name.
        prefix: empty, or ending in `/`; the key of the one object.
        single: whether it is one object.
    """

    bucket: str
    prefix: str
    single: bool = False

    @classmethod
    def parse(cls, source: str, aws: Aws) -> Self:
        """Read `s3://bucket/prefix/`; without the last slash it is an object if there is one, else a prefix.

        Raises:
            NotAllowedError: it is no S3 URI. AwsError: S3 refuses.
        """
        bucket, _, prefix = source.removeprefix("s3://").partition("/")
        S3Uri.parse(source if prefix else f"{source.rstrip('/')}/all")
        if not prefix or prefix.endswith("/"):
            return cls(bucket, prefix)
        try:
            with calling(f"look at {source}"):
                aws.s3.head_object(Bucket=bucket, Key=prefix)
        except AwsError as failure:
            # Who may list need not be allowed to read.
            if not failure.missing and not failure.denied:
                raise
            return cls(bucket, f"{prefix}/")
        return cls(bucket, prefix, single=True)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class File:
    """An object that was found.

    Attributes:
        key: of it.
        size: bytes.
        modified: seconds since 1970.
    """

    key: str
    size: int
    modified: float

    @property
    def name(self) -> str:
        """After the last slash."""
        return self.key[self.key.rfind("/") + 1 :]


@dataclass(slots=True)
class LeftOut:
    """What was left out, and why.

    Attributes:
        counts: how many, by reason.
        first: the first of them, by reason.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, what: str) -> None:
        """Count one."""
        self.counts[reason] += 1
        self.first.setdefault(reason, what)


class Found:
    """Files under a prefix, on disk. A context manager."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.endings: Counter[str] = Counter()
        self.left_out = LeftOut()
        # An empty name is a database in a temporary file, which goes when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(
            "CREATE TABLE file (folder TEXT, name TEXT, ending TEXT, size INTEGER, modified REAL)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def crawl(self, aws: Aws, exclude: Iterable[str], on_listed: Callable[[int], None]) -> None:
        """List the place.

        Args:
            aws: S3.
            exclude: patterns, such as `*/thumbnails/*`, of keys after the prefix.
            on_listed: called with how many were listed so far.

        Raises:
            AwsError: S3 refuses.
        """
        patterns = tuple(exclude)
        listed = 0
        with calling(f"list {self.place}"):
            pages = aws.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.place.bucket, Prefix=self.place.prefix
            )
            for page in pages:
                entries = page.get("Contents", [])
                rows = []
                for entry in entries:
                    key = entry["Key"]
                    if self._wanted(key, entry["Size"], entry.get("StorageClass", ""), patterns):
                        start, ending = key.rfind("/") + 1, extension(key)
                        self.endings[ending] += 1
                        modified = entry["LastModified"].timestamp()
                        rows.append((key[:start], key[start:], ending, entry["Size"], modified))
                self._database.execute("BEGIN")
                self._database.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?)", rows)
                self._database.execute("COMMIT")
                listed += len(entries)
                on_listed(listed)

    def _wanted(self, key: str, size: int, storage: str, exclude: tuple[str, ...]) -> bool:
        if key.endswith("/") or (self.place.single and key != self.place.prefix):
            return False
        reason = self._reason(key, size, storage, exclude)
        if reason:
            self.left_out.add(reason, key)
        return not reason

    def _reason(self, key: str, size: int, storage: str, exclude: tuple[str, ...]) -> str:
        """Why a file is left out whatever its kind; empty where it is not."""
        below = key.removeprefix(self.place.prefix)
        if any(fnmatchcase(below, pattern) for pattern in exclude):
            return "excluded"
        if _JOB_OUTPUT.search(below):
            return "output of a labeling job"
        if not size:
            return "empty"
        if storage in _ARCHIVED:
            return "archived"
        try:
            S3Uri.parse(f"s3://{self.place.bucket}/{key}")
        except NotAllowedError:
            return "keys with control characters or `..`"
        return ""

    def kind(self) -> Kind:
        """What the files are, by their endings.

        Raises:
            ContractError: nothing that can be labelled, or of several kinds.
        """
        there = [kind for kind in _TOLD_BY_FILES if self.endings.keys() & _FILES[kind]]
        if len(there) == 1:
            return there[0]
        if there:
            asked = " or ".join(f"--kind {kind}" for kind in there)
            raise ContractError(f"{self.place} holds {self.seen()}: say what is to be labelled, {asked}")
        what = f"holds {self.seen()}" if self.endings else "holds nothing"
        raise ContractError(
            f"{self.place} {what}: no image, text, video clip or point cloud; give another prefix, or --kind"
        )

    def take(self, kind: Kind) -> int:
        """Choose the files of a kind; the others count as left out. How many are taken.

        Raises:
            ContractError: there is none.
        """
        for ending in sorted(self.endings.keys() - _ASKED_FILES[kind]):
            count = self.endings.pop(ending)
            reason = ending or NO_ENDING
            self.left_out.counts[reason] = count
            self.left_out.first[reason] = next(self._files("WHERE ending = ? LIMIT 1", ending)).key
            self._database.execute("DELETE FROM file WHERE ending = ?", (ending,))
        if not self.endings:
            what = ", ".join(f"{count} {reason}" for reason, count in self.left_out.counts.items())
            raise ContractError(f"{self.place} holds no {kind.one}; left out: {what or 'nothing'}")
        return self.endings.total()

    def files(self) -> Iterator[File]:
        """Those taken, in the order listed."""
        return self._files("")

    def folders(self) -> Iterator[tuple[str, list[File]]]:
        """Those taken by folder; folders, and files in each, in the order of their names' UTF-8 bytes."""
        for folder, files in groupby(
            self._files("ORDER BY folder, name"), key=lambda file: file.key[: file.key.rfind("/") + 1]
        ):
            yield folder, list(files)

    def folder_sizes(self) -> Iterator[tuple[str, int]]:
        """Folders and how many files are taken from each, in order."""
        with closing(
            self._database.execute("SELECT folder, count(*) FROM file GROUP BY folder ORDER BY folder")
        ) as found:
            yield from found

    def larger_than(self, size: int) -> int:
        """How many of those taken have more bytes."""
        row = self._database.execute("SELECT count(*) FROM file WHERE size > ?", (size,)).fetchone()
        return int(row[0])

    def seen(self) -> str:
        """Endings with their counts, the most frequent first."""
        return ", ".join(f"{count} {ending or NO_ENDING}" for ending, count in self.endings.most_common())

    def _files(self, clause: str, *values: str) -> Iterator[File]:
        query = f"SELECT folder, name, size, modified FROM file {clause}"  # noqa: S608 - clauses are this module's own
        for folder, name, size, modified in self._database.execute(query, values):
            yield File(folder + name, size, modified)
