"""What a labeling job must keep, as far as it can be told before anything is created. Each rule is a constant of its module."""

from __future__ import annotations

import re

from labeljob.findings import Finding, Rule, rules_of
from labeljob.launch import placeholders, resolving
from labeljob.launch.launch import Launch
from labeljob.launch.rules import (
    attributes,
    category_file,
    labels,
    names,
    pages,
    people,
    places,
    task,
)

_MODULES = (names, places, people, task, labels, category_file, pages)
_LINE = re.compile(r" line (\d+),")

RULES: tuple[Rule, ...] = rules_of(placeholders, *_MODULES, attributes, resolving)
"""All rules of `labeljob create`, for documentation."""


def check(launch: Launch) -> tuple[Finding, ...]:
    """All that is wrong with a job, in the order of lines of the job file; only what is not filled in, as long as something is not."""
    unfilled = tuple(placeholders.check(launch.job))
    if unfilled:
        return unfilled
    findings = [*launch.findings, *(finding for module in _MODULES for finding in module.check(launch))]
    return tuple(sorted(findings, key=_line))


def _line(finding: Finding) -> int:
    line = _LINE.search(finding.place)
    return int(line[1]) if line else 0
