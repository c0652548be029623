"""What the parts of a streaming job are called, and the tags by which what labeljob made is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MADE_BY, JOB, KEPT = "made-by", "labeling-job", "kept"
"""Tags of topics and queues that labeljob makes."""
LABELJOB = "labeljob"
_JOB_CHARACTERS = 57
"""Of a job's name in that of a queue, which has at most 80 with `labeljob-tail-`, a hyphen and 8 digits."""


def queue_name(job: str) -> str:
    """The queue that the service makes for a job and subscribes to its input topic."""
    return f"GroundTruth-{job.lower()}"


def topic_name(job: str, purpose: str) -> str:
    """A topic of ours: the managed policy for execution roles matches names with `GroundTruth` in them.

    Args:
        job: name of the job.
        purpose: `input` or `output`.
    """
    return f"GroundTruth-{job}-{purpose}"


def tail_prefix(job: str) -> str:
    """How the queues begin through which a terminal reads labels; of a long job name the end is left out, as names of queues end."""
    return f"labeljob-tail-{job.lower()[:_JOB_CHARACTERS]}-"


def policy_name(job: str) -> str:
    """The inline policy of the execution role."""
    return f"labeljob-streaming-{job}"


def tags(job: str) -> dict[str, str]:
    """The tags of what labeljob makes for a job."""
    return {MADE_BY: LABELJOB, JOB: job.lower()}


def is_ours(found: Mapping[str, str], job: str) -> bool:
    """Whether tags are those of something that labeljob made for this job; job names differ not by case."""
    return found.get(MADE_BY) == LABELJOB and found.get(JOB) == job.lower()


def tag_values(found: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as SNS and IAM list them."""
    return {tag["Key"]: tag["Value"] for tag in found}
