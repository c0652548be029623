"""The manifest, every line of it, and the data that its first lines name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from labeljob.doctor.check import Check
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.launch.tasks import TaskType
from labeljob.manifest import rules
from labeljob.manifest.check import Checks, check_manifest
from labeljob.manifest.kinds import Kind
from labeljob.manifest.objects import ObjectChecks
from labeljob.manifest.rules import Fault

FIRST_OBJECTS = 10
"""Lines whose objects are read: those of a job's first batch."""
_KINDS: Mapping[str, Kind] = {
    "image": Kind.IMAGES,
    "text": Kind.TEXT,
    "video": Kind.CLIPS,
    "video-frames": Kind.FRAMES,
    "point-cloud": Kind.CLOUDS,
}
_TOLD_OF_FIRST_LINE = frozenset({rules.EMPTY, rules.JSON_SYNTAX, rules.SOURCE, rules.WRONG_SOURCE})
"""What `create` says itself of the first line of a local manifest."""
_OF_OBJECTS = tuple(rule for rule in rules.RULES if rule.code.startswith(("object-", "sequence-")))
_OF_LINES = tuple(rule for rule in rules.RULES if rule not in _OF_OBJECTS)


def checks_for(subject: Subject) -> Checks:
    """What the manifest of a job is checked for."""
    task, job = subject.job.task_type, subject.job
    segmentation = task.medium == "image" and "segmentation" in task.name
    automated = ((1920, 1080) if segmentation else (3840, 2160)) if job.automated_labeling else None
    return Checks(
        kind=_kind(task),
        segmentation=segmentation,
        custom=task.custom,
        automated=automated,
        label_attribute=job.label,
    )


def _kind(task: TaskType) -> Kind | None:
    if task.medium == "point-cloud" and "tracking" in task.name:
        return Kind.CLOUD_SEQUENCES
    return _KINDS.get(task.medium)


def _lines(subject: Subject) -> Iterator[Finding]:
    manifest = subject.launch.manifest
    if manifest is None or not subject.manifest_exists:
        return
    found = check_manifest(str(manifest.path or manifest.uri), subject.aws, checks_for(subject))
    told = (fault for fault in found if manifest.in_s3 or not _told_by_create(fault))
    yield from _summed(told)


def _told_by_create(fault: Fault) -> bool:
    return fault.line in {None, 1} and fault.finding.rule in _TOLD_OF_FIRST_LINE


def _objects(subject: Subject) -> Iterator[Finding]:
    objects = ObjectChecks(subject.aws, checks_for(subject).limits)
    found = (
        fault
        for line in subject.sound_lines[:FIRST_OBJECTS]
        for fault in objects.of_line(line.number, line.value)
    )
    yield from _summed(fault for fault in found if fault.finding.rule is not rules.BUCKET_REGION)


def _summed(faults: Iterable[Fault]) -> Iterator[Finding]:
    """The first fault of each rule, with the number of the others."""
    first: dict[Rule, Fault] = {}
    more: dict[Rule, int] = {}
    for fault in faults:
        rule = fault.finding.rule
        first.setdefault(rule, fault)
        more[rule] = more.get(rule, -1) + 1
    for rule, fault in first.items():
        place = "manifest" if fault.line is None else f"manifest line {fault.line}"
        others = f" (and {more[rule]:,} more)" if more[rule] else ""
        yield replace(fault.finding, place=place, what=f"{fault.finding.what}{others}")


CHECKS = (
    Check("the manifest", _OF_LINES, _lines),
    Check("the first objects", _OF_OBJECTS, _objects),
)
