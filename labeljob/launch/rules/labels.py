"""Rules of the labels: how many, what they are called, where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.category_document import CategoryDocument
from labeljob.launch.launch import Launch

_LABEL, _SEQUENCE_LABEL = 256, 16
_AUTOMATED_SEGMENTATION = 20
_FILE = "CreateLabelingJob: LabelCategoryConfigS3Uri"
_QUOTA = "Developer Guide: Input Data Quotas"

LABELS_MISSING = Rule(
    "labels-missing",
    "A job of a built-in task type has labels, in the job file or in a label-category file.",
    "Workers would have nothing to choose from; CreateLabelingJob refuses the job.",
    _FILE,
)
LABELS_BOTH = Rule(
    "labels-both",
    "Labels stand in the job file or in a label-category file, not in both; nor does the job file say otherwise than that file what "
    "is drawn, or which label is looked at.",
    "One of the two would be left unused without a word.",
    _FILE,
)
LABELS_FEW = Rule(
    "labels-few",
    "A classification has two labels or more, any other task one.",
    "CreateLabelingJob refuses the job.",
    _FILE,
)
LABELS_MANY = Rule(
    "labels-many",
    "There are no more labels than the task type takes: 50 for boxes and multiple classes, 30 for video and point clouds, "
    "20 for automated segmentation.",
    "CreateLabelingJob refuses the job.",
    _QUOTA,
)
LABEL_LENGTH = Rule(
    "label-length",
    "A label has 1 to 256 characters, 16 for video frames and point clouds.",
    "CreateLabelingJob refuses the job, or the worker page does not load.",
    _QUOTA,
)
LABEL_DUPLICATE = Rule(
    "label-duplicate",
    "Each label is there once.",
    "CreateLabelingJob refuses the job.",
    _FILE,
)
INSTRUCTIONS_UNUSED = Rule(
    "instructions-unused",
    "Instructions in the job file go into the label-category file that is made of its labels, for AWS's own worker pages.",
    "Workers would not see them.",
    "Developer Guide: Create a Labeling Category Configuration File",
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the labels."""
    job, task = launch.job, launch.task
    if job.labels and job.label_categories:
        told = f"there are {len(job.labels)} labels, and the file {job.label_categories}"
        yield launch.broken(LABELS_BOTH, "labels", told, "keep one of labels, label-categories")
    elif not task.custom and not job.labels and not job.label_categories:
        yield launch.broken(
            LABELS_MISSING, "labels", f"task {job.task} needs labels", "write labels: [one, two]"
        )
    if (job.short_instruction or job.full_instruction) and (job.label_categories or not task.ui):
        mend = (
            "write them into the label-category file"
            if job.label_categories
            else "write them into the template, and leave instructions out"
        )
        told = "instructions are given, but nothing is made of them"
        yield launch.broken(INSTRUCTIONS_UNUSED, "instructions", told, mend, serious=False)
    document = CategoryDocument.of(launch)
    if document:
        yield from _check_labels(launch, document)
        if job.label_categories:
            yield from _check_said_once(launch, document)


def _check_said_once(launch: Launch, document: CategoryDocument) -> Iterator[Finding]:
    """What the job file says goes into the label-category file that is made of it; here there is another."""
    job = launch.job
    for key, member, said in (
        ("annotation-type", "annotationType", job.annotation_type),
        ("audited-label", "auditLabelAttributeName", job.audited_label),
    ):
        if said is not None and document.value.get(member) != said:
            told = f"{key} is {said}, but the file {job.label_categories} does not say so"
            mend = f'write "{member}": "{said}" into that file, or leave {key} out'
            yield launch.broken(LABELS_BOTH, key, told, mend)


def _check_labels(launch: Launch, document: CategoryDocument) -> Iterator[Finding]:
    task, names = launch.task, document.names
    least, most = task.least_labels, task.most_labels
    if launch.job.automated_labeling and task.algorithm == "semantic-segmentation":
        most = _AUTOMATED_SEGMENTATION
    if len(names) < least:
        told = (
            f"there {'is' if len(names) == 1 else 'are'} {len(names)}, task {launch.job.task} needs {least}"
        )
        yield document.broken(LABELS_FEW, "labels", told, "add labels")
    elif most is not None and len(names) > most:
        told = f"there are {len(names)}, task {launch.job.task} takes {most}"
        yield document.broken(LABELS_MANY, "labels", told, "divide them between several jobs, or merge some")
    longest = _SEQUENCE_LABEL if task.has_sequences else _LABEL
    for index, name in enumerate(names):
        if not 1 <= len(name) <= longest:
            told = f"{name[:60]!r} has {len(name)} characters, allowed are 1 to {longest}"
            yield document.broken(LABEL_LENGTH, f"labels[{index}].label", told, "shorten it")
    for name, times in Counter(names).items():
        if times > 1:
            second = [index for index, other in enumerate(names) if other == name][1]
            told = f"{name!r} is there {times} times"
            yield document.broken(
                LABEL_DUPLICATE, f"labels[{second}].label", told, "leave it out here, or rename it"
            )
