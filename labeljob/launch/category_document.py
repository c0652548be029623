"""A label-category file, parsed, and where its parts stand: in a file of its own or in the job file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from labeljob.findings import Finding, Rule
from labeljob.launch.launch import Launch

_IN_JOB_FILE = {
    "instructions.shortInstruction": "instructions.short",
    "instructions.fullInstruction": "instructions.full",
    "auditLabelAttributeName": "audited-label",
    "annotationType": "annotation-type",
}
"""Where a part stands that was made of the job file."""


@dataclass(frozen=True, slots=True)
class CategoryDocument:
    """A label-category file that has labels.

    Attributes:
        launch: of the job.
        value: the parsed file.
        labels: its entries that are objects with a `label`.
    """

    launch: Launch
    value: dict[str, Any]
    labels: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, launch: Launch) -> Self | None:
        """That of a job; None when it has none, or one that is not as it should be."""
        body = launch.categories and launch.categories.body
        if not body:
            return None
        try:
            value = json.loads(body)
        except ValueError:
            return None
        if not isinstance(value, dict) or next(misshapen(value), None):
            return None
        return cls(launch, value, tuple(value["labels"]))

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(entry["label"] for entry in self.labels)

    def broken(self, rule: Rule, path: str, what: str, mend: str, *, serious: bool = True) -> Finding:
        """A finding at a path of the file, such as `labels[3].label`."""
        return rule.broken(what, mend, place=place_of(self.launch, path), serious=serious)


def place_of(launch: Launch, path: str) -> str:
    """Where a part of the label-category file stands."""
    job = launch.job
    if not job.label_categories:
        return job.place(_IN_JOB_FILE.get(path, path.removesuffix(".label")))
    name = job.label_categories.rpartition("/")[2]
    return f"{job.place('label-categories')}: {name} {path}".rstrip()


def misshapen(value: Any) -> Iterator[tuple[str, str]]:
    """Path and text of what keeps a document from being a label-category file at all."""
    if not isinstance(value, dict):
        yield "", "is not an object"
        return
    labels = value.get("labels")
    if not isinstance(labels, list):
        yield "labels", "is missing, or not a list"
        return
    for index, entry in enumerate(labels):
        if not isinstance(entry, dict) or not isinstance(entry.get("label"), str):
            yield f"labels[{index}]", 'is not an object such as {"label": "car"}'
