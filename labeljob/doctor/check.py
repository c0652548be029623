"""One thing that is looked at before a job is created."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at, on its own.

    Attributes:
        about: what, such as `CORS of the data's buckets`.
        rules: what its findings can be.
        look: yields the findings; may raise `GtConsensusError` where it cannot look.
        invokes: whether it calls the job's functions.
    """

    about: str
    rules: tuple[Rule, ...]
    look: Callable[[Subject], Iterable[Finding]]
    invokes: bool = False
