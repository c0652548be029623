"""Rules of the job's name and of the label attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.category_document import CategoryDocument
from labeljob.launch.launch import Launch
from labeljob.launch.resolving import NAME

_LABEL = re.compile(r"(?=.{1,127}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9-]+")
_SOURCES = frozenset({"source", "source-ref"})
_LABEL_SOURCE = "CreateLabelingJob: LabelAttributeName"

JOB_NAME = Rule(
    "job-name",
    "A job's name has 1 to 63 letters, digits and inner hyphens.",
    "CreateLabelingJob refuses any other name; boto3 does not check it before.",
    "CreateLabelingJob: LabelingJobName",
)
LABEL_NAME = Rule(
    "label-name",
    "A label attribute has 1 to 127 letters, digits and inner hyphens: no underscore, no dot.",
    "CreateLabelingJob refuses any other name; boto3 does not check it before.",
    _LABEL_SOURCE,
)
LABEL_REF_MISSING = Rule(
    "label-ref-missing",
    "The label attribute of masks, video frames, tracks and points ends in -ref.",
    "CreateLabelingJob refuses the job: the label of this task type is the URI of a file.",
    _LABEL_SOURCE,
)
LABEL_REF_EXTRA = Rule(
    "label-ref-extra",
    "The label attribute of any other task type does not end in -ref.",
    "Ground Truth takes such a label for the URI of a file; CreateLabelingJob refuses it.",
    "Developer Guide: Output Data; Chaining Labeling Jobs",
)
LABEL_METADATA = Rule(
    "label-metadata",
    "The label attribute does not end in -metadata.",
    "Ground Truth writes the metadata of a label under that name; CreateLabelingJob refuses it.",
    _LABEL_SOURCE,
)
LABEL_RESERVED = Rule(
    "label-reserved",
    "The label attribute is neither source nor source-ref.",
    "The label would take the place of the data object in the output manifest.",
    "Developer Guide: Chaining Labeling Jobs",
)
LABEL_AUDITED = Rule(
    "label-audited",
    "An adjustment or verification job has another label attribute than the job whose labels it looks at.",
    "Lines that have the attribute already count as labelled, so that nobody would see them.",
    "Developer Guide: Verify and Adjust Labels",
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the names."""
    job = launch.job
    if not NAME.fullmatch(job.name):
        yield launch.broken(JOB_NAME, "name", *_misnamed(job.name, 63))
        if job.label_attribute is None:
            return  # it is the name's fault
    yield from _check_label(launch)


def _check_label(launch: Launch) -> Iterator[Finding]:
    job, label, key = launch.job, launch.job.label, "label-attribute"
    if label in _SOURCES:
        yield launch.broken(
            LABEL_RESERVED, key, f"{label!r} is the key of the data object", f"{key}: {job.name}-label"
        )
    elif not _LABEL.fullmatch(label):
        yield launch.broken(LABEL_NAME, key, *_misnamed(label, 127))
    elif label.endswith("-metadata"):
        told = f"{label!r} ends in -metadata"
        yield launch.broken(LABEL_METADATA, key, told, f"{key}: {label.removesuffix('-metadata')}")
    elif launch.task.ref and not label.endswith("-ref"):
        told = f"{label!r} does not end in -ref, as the label of {launch.task.title} must"
        yield launch.broken(LABEL_REF_MISSING, key, told, f"{key}: {label}-ref")
    elif not launch.task.ref and label.endswith("-ref"):
        told = f"{label!r} ends in -ref, which a job of task {job.task} must not"
        yield launch.broken(LABEL_REF_EXTRA, key, told, f"{key}: {label.removesuffix('-ref')}")
    elif label == _audited(launch):
        told = f"{label!r} is the label that is looked at"
        yield launch.broken(LABEL_AUDITED, key, told, f"{key}: another name than audited-label")


def _audited(launch: Launch) -> str | None:
    """The label that is looked at: of the job file, or of its label-category file."""
    document = CategoryDocument.of(launch)
    in_file: str | None = document.value.get("auditLabelAttributeName") if document else None
    return launch.job.audited_label or in_file


def _misnamed(name: str, longest: int) -> tuple[str, str]:
    """What is wrong with a name, and one that would do."""
    wrong = sorted(set("".join(_NOT_ALLOWED.findall(name))))
    if wrong:
        told = (
            f"{name!r} has {' '.join(map(repr, wrong))}; allowed are letters, digits and hyphens between them"
        )
    elif len(name) > longest:
        told = f"{name!r} has {len(name)} characters, allowed are {longest}"
    else:
        told = f"{name!r} begins or ends with a hyphen"
    better = re.sub(r"-+", "-", _NOT_ALLOWED.sub("-", name)).strip("-")[:longest].strip("-")
    return told, f"call it {better}" if better else "give it a name of letters and digits"
