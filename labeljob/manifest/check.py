"""An input manifest, checked line by line by Ground Truth's rules; memory does not grow with the lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import unquote

from labeljob.aws import Aws
from labeljob.launch.tasks import TaskType
from labeljob.manifest import kinds, rules
from labeljob.manifest.clouds import cloud_faults
from labeljob.manifest.kinds import Kind, extension
from labeljob.manifest.lines import read_line
from labeljob.manifest.objects import ObjectChecks, ObjectLimits
from labeljob.manifest.reading import Manifest, rows
from labeljob.manifest.repeats import Repeats
from labeljob.manifest.rules import Fault, fault
from labeljob.manifest.window import in_order
from shared.errors import ContractError, NotAllowedError
from shared.s3_uri import S3Uri

_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[ -~]{1,256}").fullmatch
"""What most URIs look like; the others are looked at closely."""
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"PK": "zip", b"\x28\xb5": "zstd"}
_KIND_OF_MEDIUM = {
    "image": Kind.IMAGES,
    "text": Kind.TEXT,
    "video": Kind.CLIPS,
    "video-frames": Kind.FRAMES,
}
_LARGEST_AUTOMATED = {
    "image-classification": (3_840, 2_160),
    "object-detection": (3_840, 2_160),
    "semantic-segmentation": (1_920, 1_080),
}
"""Pixels of an image that automated labeling takes, by its algorithm."""
_TELL_EVERY, _TELL_EVERY_OBJECT = 500, 10
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Checks:
    """What a manifest is to be checked for beyond what holds for every job.

    Attributes:
        task: of the job; None for any.
        kind: what lines stand for; None for what the task says, or else what each line looks like.
        automated: whether the job has automated labeling, which takes smaller images only.
        label_attribute: the job's LabelAttributeName, which lines should not have yet; None for no such check.
        objects: whether the objects that lines name are looked at, their headers at least.
        repeats: whether lines of the same source are told.
    """

    task: TaskType | None = None
    kind: Kind | None = None
    automated: bool = False
    label_attribute: str | None = None
    objects: bool = False
    repeats: bool = True

    @property
    def data(self) -> Kind | None:
        """What lines stand for; None for what each looks like."""
        return self.kind or (kind_of_task(self.task) if self.task else None)

    @property
    def custom(self) -> bool:
        """Whether the job has a page of its own, which may show any file of any size."""
        return self.task is not None and self.task.custom

    @property
    def limits(self) -> ObjectLimits:
        """What holds for the objects that lines name."""
        largest = _LARGEST_AUTOMATED.get(self.task.algorithm or "") if self.task and self.automated else None
        return ObjectLimits(self.data, custom=self.custom, automated=largest)

    @property
    def most_objects(self) -> int:
        """Lines that a job takes."""
        if self.data is Kind.FRAMES:
            return kinds.MOST_FRAME_SEQUENCES
        segmented = self.task is not None and self.task.name.startswith("semantic-segmentation")
        return kinds.MOST_SEGMENTED if segmented else kinds.MOST_OBJECTS


def kind_of_task(task: TaskType) -> Kind | None:
    """What a task type labels; None where its manifests may hold several kinds of data."""
    if task.name.startswith("point-cloud-object-tracking"):
        return Kind.CLOUD_SEQUENCES
    return _KIND_OF_MEDIUM.get(task.medium)


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far a check is.

    Attributes:
        lines: checked.
        done, total: bytes of the manifest.
    """

    lines: int
    done: int
    total: int


OnProgress = Callable[[CheckProgress], None]


def check_manifest(
    manifest: str,
    aws: Aws | None = None,
    checks: Checks | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[Fault]:
    """Check an input manifest.

    Args:
        manifest: path, or `s3://bucket/key`.
        aws: where manifest or objects lie in S3; its Region is taken for the job's.
        checks: what to look for.
        on_progress: called now and then, and once at the end.

    Yields:
        Faults in the order of lines, then those of the manifest as a whole.

    Raises:
        ContractError: the manifest cannot be read. AwsError: S3 refuses, or the manifest changed meanwhile.
    """
    chosen = checks or Checks()
    if chosen.objects and aws is None:
        raise ContractError("objects lie in S3: give `aws`")
    found = Manifest.at(manifest, aws)
    yield from _Check(found, aws, chosen, on_progress or (lambda _: None)).run()


class _Check:
    """One run over a manifest."""

    def __init__(self, manifest: Manifest, aws: Aws | None, checks: Checks, on_progress: OnProgress) -> None:
        self._manifest = manifest
        self._objects = ObjectChecks(aws, checks.limits) if checks.objects and aws else None
        self._checks, self._kind = checks, checks.data
        # A custom job's page may show any file.
        self._endings = frozenset[str]() if checks.custom else _ALLOWED[checks.data]
        self._on_progress = on_progress
        self._lines = self._done = 0
        self._first_of: dict[str, int] = {}

    def run(self) -> Iterator[Fault]:
        blocks = self._manifest.blocks()
        start = next(blocks, b"")
        unusable = _not_text(start)
        if unusable is not None:
            yield unusable
            return
        with Repeats() as repeats:
            lines = self._examined(rows(chain((start,), blocks)), repeats)
            for faults in in_order(self._with_object, lines) if self._objects else map(_faults, lines):
                yield from faults
            yield from self._of_whole()
            yield from (_repeated(line, first) for line, first in repeats.found())
        self._on_progress(CheckProgress(self._lines, self._manifest.size, self._manifest.size))

    def _examined(self, found: Iterable[bytes], repeats: Repeats) -> Iterator[_Line]:
        every = _TELL_EVERY if self._objects is None else _TELL_EVERY_OBJECT
        for number, row in enumerate(found, start=1):
            value, faults = read_line(number, row)
            if value is not None:
                source, reference = value.get("source"), value.get("source-ref")
                given = source or reference
                if given and isinstance(given, str):
                    if self._checks.repeats:
                        repeats.add(given, number)
                    if not (source and reference):
                        self._first_of.setdefault("source" if source else "source-ref", number)
                    faults += self._examine(number, value)
            self._lines = number
            self._done += len(row) + 1
            if not number % every:
                self._on_progress(CheckProgress(number, self._done, self._manifest.size))
            yield number, value, faults

    def _examine(self, number: int, value: Mapping[str, Any]) -> tuple[Fault, ...]:
        """What depends on the kind of data and on the job."""
        kind, label = self._kind, self._checks.label_attribute
        found: tuple[Fault, ...] = ()
        if not value.get("source"):
            found = self._reference(number, value["source-ref"])
            if kind is Kind.CLOUDS or (kind is None and "source-ref-metadata" in value):
                found += cloud_faults(number, value.get("source-ref-metadata"))
        elif kind is not None and kind is not Kind.TEXT:
            what = "has text in source, where the URI of its data is expected in source-ref"
            found = (fault(rules.WRONG_SOURCE, number, what, 'give "source-ref": "s3://bucket/key"'),)
        if label is not None and label in value:
            found += (_label_taken(number, label, value),)
        return found

    def _reference(self, number: int, reference: str) -> tuple[Fault, ...]:
        if self._kind is Kind.TEXT:
            what = "has no source: the built-in text tasks read source only"
            mend = 'give the text itself: "source": "..."'
            return (fault(rules.WRONG_SOURCE, number, what, mend, serious=not self._checks.custom),)
        if "/." in reference or not _URI(reference):
            try:
                S3Uri.parse(reference)
            except NotAllowedError as failure:
                mend = "write s3://bucket/key, the key as S3 lists it"
                return (fault(rules.URI, number, f"has no S3 URI in source-ref: {failure}", mend),)
        found: tuple[Fault, ...] = ()
        if "%" in reference and _ENCODED.search(reference):
            what = f"names {reference!r}, which looks URL-encoded"
            mend = f"if the key is {unquote(reference)!r}, write that"
            found = (fault(rules.ENCODED_KEY, number, what, mend, serious=False),)
        if self._endings and extension(reference) not in self._endings:
            found += (_ending(number, reference, self._endings, serious=self._kind is not None),)
        return found

    def _with_object(self, line: _Line) -> tuple[Fault, ...]:
        number, value, faults = line
        if self._objects is None or value is None:
            return faults
        return (*faults, *self._objects.of_line(number, value))

    def _of_whole(self) -> Iterator[Fault]:
        most = self._checks.most_objects
        if not self._lines:
            yield fault(
                rules.EMPTY, None, "has no line", "labeljob manifest s3://bucket/prefix/ --out FILE makes one"
            )
        if self._lines > most:
            what = f"has {self._lines:,} lines; a job takes {most:,}"
            # A quota that AWS raises: whose has been raised is not kept from creating the job.
            raisable = most == kinds.MOST_OBJECTS
            yield fault(rules.TOO_MANY, None, what, _mend_too_many(most), serious=not raisable)
        if self._checks.automated and self._lines < kinds.ADVISED_AUTOMATED:
            serious = self._lines < kinds.LEAST_AUTOMATED
            wanted = (
                f"needs {kinds.LEAST_AUTOMATED:,}"
                if serious
                else f"works from {kinds.ADVISED_AUTOMATED:,} on"
            )
            what = f"has {self._lines:,} line{'' if self._lines == 1 else 's'}; automated labeling {wanted}"
            mend = "add objects, or leave automated labeling out"
            yield fault(rules.TOO_FEW, None, what, mend, serious=serious)
        if len(self._first_of) > 1:
            (one, first), (other, second) = sorted(self._first_of.items(), key=lambda item: item[1])
            what = f"has lines with {one} (first: {first}) and lines with {other} (first: {second})"
            mend = "make two jobs, or see that the worker page reads both"
            yield fault(rules.MIXED_SOURCES, None, what, mend, serious=False)


_Line = tuple[int, dict[str, Any] | None, tuple[Fault, ...]]
"""Number, what the line says, None where it cannot be read, and its faults."""


def _faults(line: _Line) -> tuple[Fault, ...]:
    return line[2]


def _not_text(start: bytes) -> Fault | None:
    """Why no line of a file that starts so can be read."""
    form = _COMPRESSED.get(start[:2])
    if form is not None:
        what = f"is compressed ({form}), which Ground Truth does not read"
        return fault(rules.COMPRESSED, None, what, "unpack it and upload the text")
    if start.startswith(_UTF16) or start[1:2] == b"\0":
        what = "is UTF-16, not UTF-8"
        return fault(rules.ENCODING, None, what, "save it as UTF-8: iconv -f utf-16 -t utf-8 IN > OUT")
    return None


def _ending(number: int, reference: str, allowed: frozenset[str], *, serious: bool) -> Fault:
    what = f"names {reference!r}, whose ending is none of {' '.join(sorted(allowed))}"
    mend = "convert it, or rename it if it is one of these"
    return fault(rules.EXTENSION, number, what, mend, serious=serious)


def _label_taken(number: int, label: str, value: Mapping[str, Any]) -> Fault:
    if f"{label}-metadata" in value:
        what = f"has a label in {label!r}: it is not labelled again"
        mend = "leave it so to go on with an unfinished job; else choose another label attribute"
        return fault(rules.LABEL_TAKEN, number, what, mend, serious=False)
    what = f"has an attribute {label!r} that is no label (no {label}-metadata), yet is not labelled"
    return fault(rules.LABEL_TAKEN, number, what, "choose another label attribute, or rename this one")


def _repeated(line: int, first: int) -> Fault:
    what = f"has the same source as line {first}"
    return fault(rules.REPEATED, line, what, "delete one of them, unless both are meant", serious=False)


def _mend_too_many(most: int) -> str:
    if most == kinds.MOST_OBJECTS:
        return "split it (split -l 100000 FILE part-), or ask AWS Support to raise the quota"
    return f"split it: split -l {most} FILE part-"


_ALLOWED: Mapping[Kind | None, frozenset[str]] = {
    None: frozenset().union(*kinds.NAMED_IN_LINES.values(), kinds.CLOUD_FILES, kinds.TEXT_FILES),
    **{kind: kinds.NAMED_IN_LINES.get(kind, frozenset()) for kind in Kind},
}
