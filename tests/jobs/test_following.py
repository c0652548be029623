"""What a watcher makes of the looks at a job: rate, estimated end, earnings, what passes and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from labeljob.aws import AwsError
from labeljob.jobs.job import Job
from labeljob.jobs.outcomes import Tally
from labeljob.jobs.watching import View, follow

START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
PUBLIC = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
PRIVATE = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/birders"


def job(
    labeled: int = 0,
    failed: int = 0,
    unlabeled: int = 0,
    *,
    status: str = "InProgress",
    machine: int = 0,
    **answer: Any,
) -> Job:
    """A job as DescribeLabelingJob answers."""
    described: Any = {
        "LabelingJobName": "roads-7",
        "LabelingJobStatus": status,
        "LabelCounters": {
            "TotalLabeled": labeled,
            "HumanLabeled": labeled - machine,
            "MachineLabeled": machine,
            "FailedNonRetryableError": failed,
            "Unlabeled": unlabeled,
        },
        "CreationTime": START,
        "LastModifiedTime": START + timedelta(hours=2),
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://acme-in/m"}}},
        "HumanTaskConfig": {"WorkteamArn": PRIVATE, "NumberOfHumanWorkersPerDataObject": 3},
        **answer,
    }
    return Job(described)


def tally_of(failed: int) -> Tally:
    return Tally(failed, 0, 0, 0, 0, failed, 0, (), (), ())


class Service:
    """What the service answers, look by look, on a clock that only waiting moves."""

    def __init__(self, answers: Sequence[Job | AwsError]) -> None:
        self.answers = iter(answers)
        self.now = START + timedelta(minutes=1)
        self.waits: list[float] = []
        self.reads = 0

    def look(self) -> Job:
        """The next answer."""
        answer = next(self.answers)
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def read(self, looked: Job) -> Tally | None:
        """The output manifest is as far as the counters."""
        self.reads += 1
        return tally_of(looked.counters.failed)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def views(
        self, interval: float = 60.0, read: Callable[[Job], Tally | None] | None = None
    ) -> Iterator[View]:
        """The views of a watcher."""
        return follow(self.look, read or self.read, interval=interval, now=lambda: self.now, wait=self.wait)


def test_nothing_is_known_while_a_job_initializes() -> None:
    views = list(
        Service([job(status="Initializing"), job(status="Initializing"), job(5, status="Completed")]).views()
    )
    assert [view.rate for view in views[:2]] == [None, None]
    assert views[1].remaining is None
    assert views[1].elapsed == timedelta(minutes=2)


def test_the_rate_counts_from_the_start_until_the_window_is_full() -> None:
    """One minute in, one object; then one a minute: sixty an hour."""
    service = Service([job(number, 0, 100 - number) for number in range(1, 20)])
    *_, last = (next(views) for views in [service.views()] for _ in range(19))
    assert last.rate == pytest.approx(60)
    assert last.remaining == timedelta(minutes=81)


def test_the_rate_is_that_of_the_last_half_hour() -> None:
    """Fast for an hour, then one object in ten minutes: the hour is forgotten."""
    fast = [job(number * 100, 0, 10_000) for number in range(1, 61)]
    slow = [job(6_000 + number // 10, 0, 600) for number in range(1, 61)]
    views = list(Service([*fast, *slow, job(6_006, status="Stopped")]).views())
    assert views[59].rate == pytest.approx(6_000)
    assert views[-2].rate == pytest.approx(6)
    assert views[-2].remaining == timedelta(hours=100)


def test_a_job_that_stands_still_has_rate_zero_and_no_end() -> None:
    views = list(Service([*[job(10, 0, 5)] * 40, job(10, 0, 5, status="Stopped")]).views())
    assert views[-2].rate == 0
    assert views[-2].remaining is None


def test_nobody_knows_when_a_streaming_job_ends() -> None:
    source: dict[str, Any] = {"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn"}}}}
    view = next(Service([job(10, 0, 5, **source)]).views())
    assert view.rate is not None
    assert view.remaining is None


def test_workers_earn_for_what_people_labelled() -> None:
    amount = {"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}}
    task = {"WorkteamArn": PUBLIC, "NumberOfHumanWorkersPerDataObject": 3, "PublicWorkforceTaskPrice": amount}
    public = job(130, 5, 0, machine=10, HumanTaskConfig=task)
    assert public.price == Decimal("0.036")
    assert public.reward == Decimal("12.96")
    assert job(130).reward is None


def test_the_manifest_is_read_when_more_objects_failed_and_at_the_end() -> None:
    looks = [job(1), job(1, 1), job(2, 1), job(2, 3), job(3, 3), job(3, 3, status="Completed")]
    service = Service(looks)
    views = list(service.views())
    assert service.reads == 3
    assert [view.tally.failed if view.tally else None for view in views] == [None, 1, 1, 3, 3, 3]


def test_a_manifest_that_cannot_be_read_spoils_nothing_else() -> None:
    def read(_: Job) -> Tally | None:
        raise AwsError("cannot read s3://acme-out/m: AccessDenied", error_code="AccessDenied")

    (view,) = Service([job(3, 1, status="Completed")]).views(read=read)
    assert view.tally is None
    assert view.trouble == "cannot read s3://acme-out/m: AccessDenied"


def test_throttling_and_lost_connections_pass() -> None:
    """The job is shown as last seen; the pause grows and shrinks again."""
    throttled = AwsError("cannot describe: ThrottlingException", error_code="ThrottlingException")
    unreachable = AwsError("cannot describe: could not connect")
    overloaded = AwsError("cannot describe: 503", error_code="503")
    service = Service([job(1, 0, 1), throttled, unreachable, overloaded, job(2, status="Completed")])
    views = list(service.views(interval=15))
    assert [view.trouble for view in views] == ["", str(throttled), str(unreachable), str(overloaded), ""]
    assert views[1].job is views[0].job
    assert service.waits == [15, 30, 60, 120]


def test_a_pause_stays_under_five_minutes() -> None:
    throttled = AwsError("cannot describe: Throttling", error_code="Throttling")
    service = Service([job(1), *[throttled] * 9, job(1, status="Stopped")])
    list(service.views(interval=15))
    assert max(service.waits) == 300


def test_what_does_not_pass_ends_the_watch() -> None:
    denied = AwsError("cannot describe: AccessDenied", error_code="AccessDeniedException")
    views = Service([job(1), denied]).views()
    next(views)
    with pytest.raises(AwsError, match="AccessDenied"):
        next(views)


@pytest.mark.parametrize(
    ("last", "errors", "well"),
    [
        (job(3, status="Completed"), 0, True),
        (job(3, 1, status="Completed"), 0, False),
        (job(3, 0, 1, status="Completed"), 0, False),
        (job(3, 0, 1, status="Completed", StoppingConditions={"MaxHumanLabeledObjectCount": 3}), 0, True),
        (job(3, status="Completed"), 1, False),
        (job(3, status="Stopped"), 0, False),
        (job(3, status="Failed"), 0, False),
    ],
)
def test_all_is_well_when_every_object_has_a_label(last: Job, errors: int, well: bool) -> None:
    def read(_: Job) -> Tally:
        return Tally(3, 3 - errors, 0, 0, errors, 0, 0, (), (), ())

    (view,) = Service([last]).views(read=read)
    assert view.all_labeled is well
