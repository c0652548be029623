"""A labeling job under watch: what it is doing, how fast, and when it will be through."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from labeljob.aws import Aws, AwsError
from labeljob.jobs.job import Job, describe
from labeljob.jobs.outcomes import Tally, read_outcomes, tally
from labeljob.jobs.output import exists

WINDOW = timedelta(minutes=30)
"""The rate is that of so long."""
INTERVAL = 15.0
"""Seconds between two looks."""
_LONGEST_WAIT = 300.0
_PASSING = frozenset(
    {
        "500",
        "502",
        "503",
        "504",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Error codes after which asking again later is right; a number is the HTTP status of a reply that is none of the service's own."""


@dataclass(frozen=True, slots=True)
class View:
    """A job at one look.

    Attributes:
        job: as last described.
        at: when.
        rate: objects labelled or given up per hour, over the last `WINDOW` or since the job was made; None while nothing is known.
        tally: what the output manifest says of the objects; None while there is no reason to read it, or it cannot be read.
        trouble: why AWS could not be asked, or the output manifest not be read; empty when all is well.
    """

    job: Job
    at: datetime
    rate: float | None
    tally: Tally | None = None
    trouble: str = ""

    @property
    def elapsed(self) -> timedelta:
        """How long the job has been going, or went."""
        return self.job.elapsed(self.at)

    @property
    def remaining(self) -> timedelta | None:
        """How long it will go on at this rate; None when nobody can say: it has ended, stands still or takes objects from a topic."""
        left = self.job.counters.unlabeled
        if not self.rate or not left or self.job.ended or self.job.streaming:
            return None
        return timedelta(hours=left / self.rate)

    @property
    def all_labeled(self) -> bool:
        """Whether the job is completed and every object that it was to label has a label that says something."""
        counters = self.job.counters
        left_over = counters.unlabeled and not self.job.answer.get("StoppingConditions")
        error_labels = self.tally.errors if self.tally else 0
        return self.job.status == "Completed" and not (counters.failed or left_over or error_labels)


def watch(
    name: str,
    aws: Aws,
    *,
    interval: float = INTERVAL,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[View]:
    """Look at a job again and again until it has ended.

    The output manifest is read when objects have failed, anew when more have, and at the end.

    Args:
        name: of the job.
        aws: clients of the job's account and Region.
        interval: seconds between two looks.
        now: the clock.
        wait: called with seconds to let pass.

    Yields:
        A view for each look; the last one is of the job ended.

    Raises:
        AwsError: there is no such job, or AWS refuses; what passes, such as throttling, is in the view's `trouble` instead.
    """
    return follow(
        lambda: describe(name, aws), lambda job: count(job, aws), interval=interval, now=now, wait=wait
    )


def follow(
    look: Callable[[], Job],
    read: Callable[[Job], Tally | None],
    *,
    interval: float,
    now: Callable[[], datetime],
    wait: Callable[[float], object],
) -> Iterator[View]:
    """As `watch`, with the ways to look at the job and to count its output manifest given.

    Raises:
        AwsError: as `look` raises it, but for what passes.
    """
    pace = _Pace()
    job = look()
    counted = _Counted(read)
    trouble, pause = "", interval
    while True:
        at = now()
        if not trouble:
            pace.add(job, at)
            trouble = counted.update(job)
        yield View(job, at, pace.rate, counted.tally, trouble)
        if job.ended:
            return
        wait(pause)
        try:
            job, trouble, pause = look(), "", interval
        except AwsError as failure:
            if failure.error_code not in _PASSING and failure.error_code:
                raise
            trouble, pause = str(failure), min(max(2 * pause, 1.0), _LONGEST_WAIT)


def count(job: Job, aws: Aws) -> Tally | None:
    """Count what the job's output manifest says; None where there is none yet.

    Raises:
        AwsError: S3 refuses.
    """
    if not exists(job.output_manifest, aws):
        return None
    return tally(read_outcomes(job.output_manifest, job.label_attribute, aws))


@dataclass(slots=True)
class _Pace:
    """How many objects were done with when; as far back as the rate needs it."""

    seen: deque[tuple[datetime, int]] = field(default_factory=deque)

    def add(self, job: Job, at: datetime) -> None:
        if not self.seen:
            self.seen.append((job.created, 0))
        self.seen.append((job.changed if job.ended else at, job.counters.done))
        while len(self.seen) > 2 and self.seen[1][0] <= self.seen[-1][0] - WINDOW:
            self.seen.popleft()

    @property
    def rate(self) -> float | None:
        """Objects per hour between the first and the last look kept; None before the first object."""
        (begin, before), (end, after) = self.seen[0], self.seen[-1]
        hours = (end - begin) / timedelta(hours=1)
        return (after - before) / hours if after and hours > 0 else None


@dataclass(slots=True)
class _Counted:
    """The output manifest's figures, read anew only when they must have changed."""

    read: Callable[[Job], Tally | None]
    tally: Tally | None = None
    failed: int = 0

    def update(self, job: Job) -> str:
        """Read if need be; why it could not be read, or nothing."""
        if not job.ended and job.counters.failed <= self.failed:
            return ""
        try:
            self.tally = self.read(job)
        except AwsError as failure:
            return str(failure)
        self.failed = job.counters.failed
        return ""
