"""Rules of the label-category file beyond its labels: version, instructions, attributes, what is audited."""

from __future__ import annotations

import json
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.category_document import CategoryDocument, misshapen, place_of
from labeljob.launch.job_file import ANNOTATION_TYPES
from labeljob.launch.launch import Launch
from labeljob.launch.rules.attributes import check_attributes

_FILE = "CreateLabelingJob: LabelCategoryConfigS3Uri"
_PAGE = "Developer Guide: Create a Labeling Category Configuration File"
_SHORT, _FULL = 255, 2_048
_EDITS = ("any", "none")

CATEGORIES_JSON = Rule(
    "categories-json",
    'A label-category file is a JSON object with "labels", a list of {"label": NAME}.',
    "CreateLabelingJob refuses the job. (AWS's own sample of the file lacks a comma.)",
    _FILE,
)
CATEGORIES_VERSION = Rule(
    "categories-version",
    'The file has "document-version": "2018-11-28"; for video frames and point clouds "documentVersion": "2020-03-01".',
    "The job fails when it first reads the file.",
    _PAGE,
)
ENTITY_INSTRUCTIONS = Rule(
    "entity-instructions",
    "A job for entities has instructions, a short and a full one.",
    "CreateLabelingJob refuses the job: AWS's page for entities shows them.",
    "Developer Guide: Create a Named Entity Recognition Labeling Job (API)",
)
INSTRUCTION_LENGTH = Rule(
    "instruction-length",
    "On AWS's pages for video frames and point clouds the short instruction has less than 255 characters, the full one less than 2,048.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ANNOTATION_TYPE = Rule(
    "annotation-type",
    "Only jobs for video frames name what is drawn: BoundingBox, Polyline, Polygon or Keypoint.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
AUDITED_MISSING = Rule(
    "audited-missing",
    "An adjustment or verification of video frames or point clouds names the label that is looked at.",
    "CreateLabelingJob refuses the job: nothing says which labels to show.",
    _PAGE,
)
AUDITED_EXTRA = Rule(
    "audited-extra",
    "Only an adjustment or verification of video frames or point clouds names a label that is looked at.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
VERIFICATION_EDITS = Rule(
    "verification-edits",
    "In a verification of video frames or point clouds every label has editsAllowed none.",
    "Workers would change labels that they are to judge.",
    _PAGE,
)
EDITS_ALLOWED = Rule(
    "edits-allowed",
    "editsAllowed is any or none.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the label-category file."""
    if not launch.categories or launch.categories.body is None:
        return
    yield from _check_shape(launch, launch.categories.body)
    document = CategoryDocument.of(launch)
    if document:
        yield from _check_version(document)
        yield from _check_instructions(document)
        yield from _check_audit(document)
        yield from _check_edits(document)
        if launch.task.has_sequences:
            yield from check_attributes(document)


def _check_shape(launch: Launch, body: bytes) -> Iterator[Finding]:
    place = place_of(launch, "")
    try:
        value = json.loads(body)
    except json.JSONDecodeError as failure:
        told = f"not JSON at line {failure.lineno}, column {failure.colno}: {failure.msg}"
        mend = (
            "mend it there; a comma is missing or too many" if "delimiter" in failure.msg else "mend it there"
        )
        yield CATEGORIES_JSON.broken(told, mend, place=place)
        return
    except UnicodeDecodeError as failure:
        yield CATEGORIES_JSON.broken(f"not UTF-8: {failure}", "save it as UTF-8", place=place)
        return
    for path, told in misshapen(value):
        mend = 'write {"labels": [{"label": "car"}, {"label": "bus"}]}'
        yield CATEGORIES_JSON.broken(f"{path} {told}".strip(), mend, place=place)


def _check_version(document: CategoryDocument) -> Iterator[Finding]:
    task = document.launch.task
    key, version = task.version_key, task.document_version
    found = document.value.get(key)
    if found != version:
        told = f'"{key}" is {found!r}' if key in document.value else f'there is no "{key}"'
        yield document.broken(CATEGORIES_VERSION, "", told, f'write "{key}": "{version}"')


def _check_instructions(document: CategoryDocument) -> Iterator[Finding]:
    task = document.launch.task
    given = document.value.get("instructions")
    texts = given if isinstance(given, dict) else {}
    if task.ui == "NamedEntityRecognition":
        missing = [key for key in ("shortInstruction", "fullInstruction") if not texts.get(key)]
        if missing:
            mend = "write instructions: {short: ..., full: ...}"
            told = f"there is no {' and no '.join(missing)}"
            yield document.broken(ENTITY_INSTRUCTIONS, f"instructions.{missing[0]}", told, mend)
    elif task.has_sequences:
        for key, limit in (("shortInstruction", _SHORT), ("fullInstruction", _FULL)):
            length = len(str(texts.get(key) or ""))
            if length >= limit:
                told = f"{key} has {length:,} characters, it must have less than {limit:,}"
                yield document.broken(INSTRUCTION_LENGTH, f"instructions.{key}", told, "shorten it")


def _check_audit(document: CategoryDocument) -> Iterator[Finding]:
    task, job = document.launch.task, document.launch.job
    audited, key = document.value.get("auditLabelAttributeName"), "auditLabelAttributeName"
    if task.has_sequences and task.audit and not audited:
        told = f"task {job.task} does not say which label is looked at"
        mend = "write audited-label: LABEL-REF" if not job.label_categories else f'write "{key}": "LABEL-REF"'
        yield document.broken(AUDITED_MISSING, key, told, f"{mend}, the label attribute of the earlier job")
    elif audited and not (task.has_sequences and task.audit):
        told = f"{audited!r} is named, but task {job.task} looks at no earlier label this way"
        near = f"{job.task}-adjustment" if task.has_sequences else None
        yield document.broken(AUDITED_EXTRA, key, told, f"take task: {near}" if near else "leave it out")
    kind = document.value.get("annotationType")
    if kind is not None and (task.medium != "video-frames" or kind not in ANNOTATION_TYPES):
        told = f"annotation type {kind!r} in a job of task {job.task}"
        mend = "leave it out" if task.medium != "video-frames" else f"write {' or '.join(ANNOTATION_TYPES)}"
        yield document.broken(ANNOTATION_TYPE, "annotationType", told, mend)


def _check_edits(document: CategoryDocument) -> Iterator[Finding]:
    task = document.launch.task
    verified = task.has_sequences and task.audit == "verification"
    for index, entry in enumerate(document.labels):
        edits = entry.get("editsAllowed")
        if edits is not None and edits not in _EDITS:
            told = f"editsAllowed of {entry['label']!r} is {edits!r}"
            yield document.broken(EDITS_ALLOWED, f"labels[{index}]", told, "write any or none")
        elif verified and edits != "none":
            told = f"{entry['label']!r} may be edited"
            yield document.broken(
                VERIFICATION_EDITS, f"labels[{index}]", told, 'write "editsAllowed": "none" beside the label'
            )
