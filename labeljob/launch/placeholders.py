"""The rule that a job file is filled in before anything else is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labeljob.findings import Finding, Rule
from labeljob.launch.job_file import JobFile

MARK = "CHANGE-ME"
"""Stands in a job file for what only its author knows."""

PLACEHOLDER = Rule(
    "placeholder",
    f"Nothing in the job file reads {MARK} any more.",
    "It stands for what only you know; nothing else is checked before it is filled in.",
    "labeljob init",
)
_KEYS: Mapping[str, str] = {
    "name": "name",
    "manifest": "input.manifest",
    "output": "output.path",
    "role": "role",
    "template": "template",
    "stack": "functions.stack",
    "title": "title",
    "description": "description",
    "audited_label": "audited-label",
    "short_instruction": "instructions.short",
    "full_instruction": "instructions.full",
}


def check(job: JobFile) -> Iterator[Finding]:
    """The one finding that some keys are not filled in, with their lines."""
    values = {key: getattr(job, name) for name, key in _KEYS.items()}
    values |= {f"labels[{index}]": label for index, label in enumerate(job.labels)}
    values |= {"workforce.private": job.workforce.private, "workforce.vendor": job.workforce.vendor}
    unfilled = [key for key, value in values.items() if value and MARK in value]
    if unfilled:
        unfilled.sort(key=lambda key: job.lines.get(key, 0))
        places = ", ".join(f"{key} (line {job.lines[key]})" if key in job.lines else key for key in unfilled)
        mend = f"write what is meant instead of {MARK}"
        yield PLACEHOLDER.broken(f"not filled in: {places}", mend, place=job.path.name)
