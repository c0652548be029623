"""The manifest, every line of it, and the data that its first lines name."""

from __future__ import annotations

from collections.abc import Iterator

from labeljob.doctor.check import Check
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding
from labeljob.launch.manifest_lines import checks_for, manifest_findings, summed
from labeljob.manifest import rules
from labeljob.manifest.objects import ObjectChecks

FIRST_OBJECTS = 10
"""Lines whose objects are read: those of a job's first batch."""
_OF_OBJECTS = tuple(rule for rule in rules.RULES if rule.code.startswith(("object-", "sequence-")))
_OF_LINES = tuple(rule for rule in rules.RULES if rule not in _OF_OBJECTS)


def _lines(subject: Subject) -> Iterator[Finding]:
    if subject.manifest_exists:
        yield from manifest_findings(subject.launch, subject.aws)


def _objects(subject: Subject) -> Iterator[Finding]:
    objects = ObjectChecks(subject.aws, checks_for(subject.job).limits)
    found = (
        fault
        for line in subject.sound_lines[:FIRST_OBJECTS]
        for fault in objects.of_line(line.number, line.value)
    )
    yield from summed(fault for fault in found if fault.finding.rule is not rules.BUCKET_REGION)


CHECKS = (
    Check("the manifest", _OF_LINES, _lines),
    Check("the first objects", _OF_OBJECTS, _objects),
)
