"""The label-category file: made of a job file's labels."""

from __future__ import annotations

import json
from typing import Any

from labeljob.launch.job_file import JobFile


def document_of(job: JobFile) -> bytes:
    """The label-category file of the labels that a job file lists."""
    task = job.task_type
    entry = {"editsAllowed": "none"} if task.has_sequences and task.audit == "verification" else {}
    document: dict[str, Any] = {
        task.version_key: task.document_version,
        "labels": [{"label": label, **entry} for label in job.labels],
    }
    instructions = {
        "shortInstruction": job.short_instruction,
        "fullInstruction": job.full_instruction,
    }
    if any(instructions.values()):
        document["instructions"] = {key: text or "" for key, text in instructions.items()}
    if job.annotation_type:
        document["annotationType"] = job.annotation_type
    if job.audited_label:
        document["auditLabelAttributeName"] = job.audited_label
    return f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode()
