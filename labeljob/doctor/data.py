"""The manifest, every line of it, and the data that its first lines name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from labeljob.doctor.check import Check
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.manifest import rules
from labeljob.manifest.check import Checks, check_manifest
from labeljob.manifest.objects import ObjectChecks
from labeljob.manifest.rules import Fault

FIRST_OBJECTS = 10
"""Lines whose objects are read: those of a job's first batch."""
_TOLD_OF_FIRST_LINE = frozenset({rules.EMPTY, rules.JSON_SYNTAX, rules.SOURCE, rules.WRONG_SOURCE})
"""What `create` says itself of the first line of a local manifest."""
_OF_OBJECTS = tuple(rule for rule in rules.RULES if rule.code.startswith(("object-", "sequence-")))
_OF_LINES = tuple(rule for rule in rules.RULES if rule not in _OF_OBJECTS)


def checks_for(subject: Subject) -> Checks:
    """What the manifest of a job is checked for."""
    job = subject.job
    return Checks(task=job.task_type, automated=job.automated_labeling, label_attribute=job.label)


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
