"""The rules of input manifests: what Ground Truth asks of the file, of each line, and of the data that lines name."""

from __future__ import annotations

from dataclasses import dataclass

from labeljob.findings import Finding, Rule

_MANIFEST = "Use an Input Manifest File"
_FORMATS = "Supported Data Formats"
_QUOTAS = "Input Data Quotas"
_CHAIN = "Chaining Labeling Jobs"


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a manifest breaks.

    Attributes:
        line: from 1; None where it is about the whole manifest.
        finding: the rule, what is wrong and what mends it; `what` completes "line 7 ...".
    """

    line: int | None
    finding: Finding

    def __str__(self) -> str:
        return str(self.finding)


def fault(rule: Rule, line: int | None, what: str, mend: str, *, serious: bool = True) -> Fault:
    """A fault of a line, or with None of the manifest."""
    place = "manifest" if line is None else f"line {line}"
    return Fault(line, rule.broken(what, mend, place=place, serious=serious))


EMPTY = Rule("manifest-empty", "there is at least one line", "a job without data objects fails", _MANIFEST)
COMPRESSED = Rule(
    "manifest-compressed",
    "the manifest is plain text, not compressed",
    "Ground Truth reads the bytes as text and fails the job",
    _MANIFEST,
)
ENCODING = Rule(
    "manifest-encoding", "all text is UTF-8", "the line cannot be read, and the job fails", _MANIFEST
)
BYTE_ORDER_MARK = Rule(
    "manifest-byte-order-mark",
    "the file starts with `{`, not with a byte-order mark",
    "the first line is no JSON with the mark before it",
    _MANIFEST,
)
BLANK_LINE = Rule(
    "manifest-blank-line", "no line is empty", "an empty line is no JSON object, and the job fails", _MANIFEST
)
JSON_SYNTAX = Rule(
    "manifest-json",
    "every line is one complete JSON object",
    "the line cannot be read, and the job fails",
    _MANIFEST,
)
DUPLICATE_KEY = Rule(
    "manifest-duplicate-key",
    "no JSON object has the same key twice",
    "readers keep one of the two values without a word",
    "RFC 8259, section 4",
)
LINE_LENGTH = Rule(
    "manifest-line-length", "a line has at most 100,000 characters", "the object is refused", _MANIFEST
)
ATTRIBUTE_LENGTH = Rule(
    "manifest-attribute-length",
    "an attribute has at most 20,000 characters",
    "the object is refused",
    _MANIFEST,
)
DOLLAR_KEY = Rule(
    "manifest-dollar-key",
    "no key starts with `$`",
    "such keys are Ground Truth's own, and the object is refused",
    _MANIFEST,
)
SOURCE = Rule(
    "manifest-source",
    "every object has `source` or `source-ref`, a string",
    "there is nothing to label, and the object fails",
    _MANIFEST,
)
TWO_SOURCES = Rule(
    "manifest-two-sources",
    "no object has both `source` and `source-ref`",
    "which of the two workers see is not documented",
    _MANIFEST,
)
MIXED_SOURCES = Rule(
    "manifest-mixed-sources",
    "all objects have the same of `source` and `source-ref`",
    "a worker page that reads one of them is empty for the others",
    _MANIFEST,
)
WRONG_SOURCE = Rule(
    "manifest-source-of-kind",
    "text stands in `source`, everything else is named by `source-ref`",
    "the built-in tasks read nothing else, and workers see an empty page",
    _FORMATS,
)
URI = Rule(
    "manifest-uri", "`source-ref` is `s3://bucket/key`", "the object cannot be fetched, and fails", _MANIFEST
)
ENCODED_KEY = Rule(
    "manifest-encoded-key",
    "keys stand in `source-ref` as they are, not URL-encoded",
    "S3 takes `%20` for three characters of the key and finds nothing",
    _MANIFEST,
)
EXTENSION = Rule(
    "manifest-extension",
    "images are .jpg .jpeg .png, video clips .mp4 .ogg .webm, sequences .json",
    "workers' browsers cannot show the object, or the task does not take it",
    _FORMATS,
)
LABEL_TAKEN = Rule(
    "manifest-label-taken",
    "no line has the label attribute already, unless an earlier job's labels are to stay",
    "lines that have it are not labelled again",
    _CHAIN,
)
TOO_MANY = Rule(
    "manifest-objects",
    "at most 100,000 objects; 20,000 for semantic segmentation; 10 sequences of video frames",
    "the job is refused or fails at its start",
    _QUOTAS,
)
TOO_FEW = Rule(
    "manifest-few-objects",
    "automated labeling has at least 1,250 objects; 5,000 are advised",
    "there is too little to train a model with, and the job fails",
    "Automate Data Labeling",
)
REPEATED = Rule(
    "manifest-repeated-source",
    "no two lines have the same source",
    "the object is labelled, and paid for, once for each line",
    _MANIFEST,
)
CLOUD_METADATA = Rule(
    "manifest-cloud-metadata",
    "a point cloud has `source-ref-metadata` with a `unix-timestamp`, sound formats, poses and cameras",
    "the object fails before workers see it",
    "Create a Point Cloud Frame Input Manifest File",
)
OBJECT_MISSING = Rule(
    "object-missing",
    "the object that `source-ref` names is there",
    "workers see a broken page; the object fails",
    _MANIFEST,
)
OBJECT_UNREADABLE = Rule(
    "object-unreadable",
    "the object can be read",
    "what you cannot read the job's role may not read either; archived objects nobody can",
    "Create a SageMaker Execution Role for a Ground Truth Labeling Job",
)
BUCKET_REGION = Rule(
    "object-region",
    "data lie in the Region of the job",
    "the job fails at its start",
    _MANIFEST,
)
OBJECT_SIZE = Rule(
    "object-size",
    "an object is not empty, and an image has at most 40 MB",
    "the object fails",
    _QUOTAS,
)
OBJECT_FORMAT = Rule(
    "object-format",
    "a file is what its name says",
    "workers' browsers cannot show it, or the task does not take it",
    _FORMATS,
)
OBJECT_DAMAGED = Rule(
    "object-damaged",
    "image files are whole",
    "workers see half of an image or none, and label that",
    _FORMATS,
)
OBJECT_PIXELS = Rule(
    "object-pixels",
    "an image has at most 100 million pixels; fewer with automated labeling",
    "the object fails",
    _QUOTAS,
)
OBJECT_TURNED = Rule(
    "object-turned",
    "images are stored upright",
    "browsers turn them by their EXIF orientation unless the bucket has CORS, and labels then do not fit the file",
    "CORS Permission Requirement",
)
SEQUENCE = Rule(
    "sequence-file",
    "a sequence file has seq-no, prefix, number-of-frames and frames, and they agree",
    "the sequence fails",
    "Manual Input Data Setup; Create a Point Cloud Sequence Input Manifest",
)
SEQUENCE_LENGTH = Rule(
    "sequence-length",
    "a sequence has at most 2,000 video frames or 500 point clouds",
    "the sequence is refused",
    _QUOTAS,
)
SEQUENCE_ORDER = Rule(
    "sequence-order",
    "frame names sort as the frames follow each other: zero-padded numbers",
    "workers get video frames in the order of their names' bytes, f10 before f2",
    "Choose Video Files or Video Frames for Input Data",
)
SEQUENCE_TIMES = Rule(
    "sequence-times",
    "point clouds of a sequence have distinct, increasing timestamps",
    "the sequence fails",
    "Create a Point Cloud Sequence Input Manifest",
)
SEQUENCE_FRAMES = Rule(
    "sequence-frames", "the frames of a sequence are there", "workers see gaps; the sequence fails", _MANIFEST
)

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""All of them, in the order in which they are asked."""
