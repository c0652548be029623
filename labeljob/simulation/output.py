"""The output manifest: input line, label, and the metadata that the service writes for custom jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from labeljob.simulation.job import JobFacts
from labeljob.simulation.wire import metadata_time
from shared.json_node import write_json

EXPIRED = (
    "ClientError: Annotation tasks expired. Either the task availability lifetime is too short, the reward is too low, the custom "
    "template is broken, the data object is broken or too large, or every worker declined the task."
)
"""Failure reason of an object that nobody answered, with the five causes that the service lists."""


def labelled_line(
    line: Mapping[str, Any], content: Mapping[str, Any], job: JobFacts, created: datetime
) -> dict[str, Any]:
    """A line with its label.

    Args:
        line: of the input manifest; a label already there is overwritten.
        content: of the consolidation reply.
        job: names label and job; its switch `metadata` says what becomes of metadata in `content`.
        created: when the reply came.
    """
    metadata: dict[str, Any] = {
        "type": "groundtruth/custom",
        "job-name": job.job_name.lower(),
        "human-annotated": "yes",
        "creation-date": metadata_time(created),
    }
    key = f"{job.label_attribute_name}-metadata"
    made = content.get(key)
    if job.switches.metadata == "merged" and isinstance(made, dict):
        metadata = {**made, **metadata}
    return {**line, job.label_attribute_name: content[job.label_attribute_name], key: metadata}


def failed_line(line: Mapping[str, Any], label_attribute_name: str, failure_reason: str) -> dict[str, Any]:
    """A line that the service gives up: its own keys and the reason, in the shape seen in real manifests."""
    metadata = {"retry-count": 1, "failure-reason": failure_reason, "human-annotated": "true"}
    return {**line, f"{label_attribute_name}-metadata": metadata}


def manifest_bytes(lines: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON Lines, each line ended."""
    return "".join(f"{write_json(line)}\n" for line in lines).encode()
