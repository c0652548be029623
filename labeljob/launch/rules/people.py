"""Rules of the workforce: who, for how much, how many, how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from labeljob.findings import Finding, Rule
from labeljob.launch.launch import Launch
from labeljob.launch.rules.places import CLASSIFIERS
from labeljob.launch.tasks import DAY, HOUR

_TEAM_NAME = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_TEAM_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):workteam/(?P<crowd>[a-z-]+)/[\w.-]+"
)
_LONGEST_OFFER, _LONGEST_PUBLIC_OFFER = 30 * DAY, 12 * HOUR
_TEAM = "CreateLabelingJob: WorkteamArn"
_PRICE = "CreateLabelingJob: PublicWorkforceTaskPrice"
_OFFERED = "CreateLabelingJob: TaskAvailabilityLifetimeInSeconds"

WORKFORCE = Rule(
    "workforce",
    "A job has one workforce: private, vendor or public.",
    "CreateLabelingJob takes one work team.",
    _TEAM,
)
TEAM_NAME = Rule(
    "team-name",
    "A private work team is given by its name or its ARN, a vendor's by its ARN.",
    "CreateLabelingJob refuses the job.",
    _TEAM,
)
TEAM_KIND = Rule(
    "team-kind",
    "A private team's ARN has private-crowd, a vendor's vendor-crowd.",
    "Another crowd would label than the job file says, at another price.",
    _TEAM,
)
TEAM_REGION = Rule(
    "team-region",
    "The work team is in the Region of the job.",
    "CreateLabelingJob finds no such team.",
    _TEAM,
)
TEAM_ACCOUNT = Rule(
    "team-account",
    "A private work team is in the account of the caller.",
    "CreateLabelingJob finds no such team.",
    _TEAM,
)
PRICE_MISSING = Rule(
    "price-missing",
    "A job for the public workforce has a price.",
    "CreateLabelingJob refuses the job; workers of Mechanical Turk are paid by the object.",
    _PRICE,
)
PRICE_UNNEEDED = Rule(
    "price-unneeded",
    "Only a job for the public workforce has a price.",
    "CreateLabelingJob refuses a price for a private or a vendor's team.",
    _PRICE,
)
PRICE = Rule(
    "price",
    "The price is one of those that Mechanical Turk takes for the task type.",
    "CreateLabelingJob refuses any other.",
    _PRICE,
)
PUBLIC_TASK = Rule(
    "public-task",
    "Video frames and point clouds are labelled by a private or a vendor's team.",
    "The public workforce does not take these task types; CreateLabelingJob refuses the job.",
    _TEAM,
)
PUBLIC_PERSONAL = Rule(
    "public-personal",
    "Data for the public workforce is declared free of personal information.",
    "Without the declaration the job fails.",
    "Developer Guide: Create a Labeling Job (API)",
)
PUBLIC_ADULT = Rule(
    "public-adult",
    "Data for the public workforce is declared free of adult content, where it is.",
    "Without the declaration fewer workers may see the task, and the job takes longer.",
    "CreateLabelingJob: ContentClassifiers",
)
WORKERS = Rule(
    "workers",
    "1 to 9 workers label each object.",
    "CreateLabelingJob refuses any other number.",
    "CreateLabelingJob: NumberOfHumanWorkersPerDataObject",
)
WORKERS_ONE = Rule(
    "workers-one",
    "One worker labels each sequence of video frames or point clouds.",
    "CreateLabelingJob refuses more: there is no consolidation for these task types.",
    "Developer Guide: pages of the task types",
)
TIME_LIMIT_SHORT = Rule(
    "time-limit-short",
    "A worker has at least 30 seconds for a task.",
    "CreateLabelingJob refuses less.",
    "CreateLabelingJob: TaskTimeLimitInSeconds",
)
TIME_LIMIT_LONG = Rule(
    "time-limit-long",
    "A worker has at most 8 hours for a task; for video frames and point clouds 7 days by their pages, 30 by the API.",
    "CreateLabelingJob refuses more.",
    "CreateLabelingJob: TaskTimeLimitInSeconds; Developer Guide: pages of the task types",
)
AVAILABILITY = Rule(
    "availability",
    "A task is offered for 1 minute to 30 days.",
    "CreateLabelingJob refuses anything else.",
    _OFFERED,
)
AVAILABILITY_PUBLIC = Rule(
    "availability-public",
    "A task is offered to the public workforce for at most 12 hours.",
    "CreateLabelingJob refuses more.",
    _OFFERED,
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the workforce."""
    force = launch.job.workforce
    chosen = [
        name
        for name, given in (("private", force.private), ("vendor", force.vendor), ("public", force.public))
        if given
    ]
    if len(chosen) != 1:
        told = f"there are {' and '.join(chosen)}" if chosen else "there is none"
        mend = "keep one of private: TEAM, vendor: ARN, public: {price: 0.036}"
        yield launch.broken(WORKFORCE, "workforce", told, mend)
    elif force.public:
        yield from _check_public(launch)
    else:
        yield from _check_team(launch)
    yield from _check_workers(launch)
    yield from _check_times(launch)


def _check_team(launch: Launch) -> Iterator[Finding]:
    force = launch.job.workforce
    kind = "private" if force.private else "vendor"
    key, given = f"workforce.{kind}", force.private or force.vendor or ""
    parts = _TEAM_ARN.fullmatch(given)
    if parts is None:
        if kind == "vendor" or not _TEAM_NAME.fullmatch(given):
            told = f"{given!r} is not {'the name or ' if kind == 'private' else ''}the ARN of a work team"
            yield launch.broken(
                TEAM_NAME,
                key,
                told,
                "take it from `aws sagemaker list-workteams --query 'Workteams[].WorkteamArn'`",
            )
    elif parts["crowd"] != f"{kind}-crowd":
        told = f"the ARN is that of a {parts['crowd']}"
        yield launch.broken(
            TEAM_KIND, key, told, f"write it under workforce.{parts['crowd'].removesuffix('-crowd')}"
        )
    elif parts["region"] != launch.region:
        told = f"the team is in {parts['region']}, the job in {launch.region}"
        yield launch.broken(TEAM_REGION, key, told, f"name a team of {launch.region}, or give --region")
    elif kind == "private" and parts["account"] != launch.account:
        told = f"the team is in account {parts['account']}, you are in {launch.account}"
        yield launch.broken(TEAM_ACCOUNT, key, told, "name a team of this account, or give --profile")
    if force.price is not None:
        told = f"there is a price, but the workforce is {kind}"
        yield launch.broken(PRICE_UNNEEDED, "workforce", told, "leave the price out")


def _check_public(launch: Launch) -> Iterator[Finding]:
    price, key = launch.job.workforce.price, "workforce.public.price"
    prices = launch.task.prices
    if not prices:
        told = f"the public workforce does not take task {launch.job.task}"
        yield launch.broken(PUBLIC_TASK, "workforce.public", told, "take a private or a vendor's team")
    elif price is None:
        yield launch.broken(PRICE_MISSING, key, "there is no price", f"price: {_written(prices[0])} or more")
    elif price not in prices:
        nearest = min(prices, key=lambda known: abs(known - price))
        told = f"{_written(price)} is not a price for task {launch.job.task}"
        mend = f"price: {_written(nearest)}; possible are {launch.task.prices_told}"
        yield launch.broken(PRICE, key, told, mend)
    yield from _check_declarations(launch)


def _check_declarations(launch: Launch) -> Iterator[Finding]:
    declared, key = launch.job.content_classifiers, "input.content-classifiers"
    personal, adult = CLASSIFIERS
    if personal not in declared:
        told = "the data is not declared free of personal information"
        mend = f"if it is free of it: content-classifiers: [{personal}]; else take a private team"
        yield launch.broken(PUBLIC_PERSONAL, key, told, mend)
    if adult not in declared:
        told = "the data is not declared free of adult content"
        yield launch.broken(PUBLIC_ADULT, key, told, f"if it is free of it, add {adult}", serious=False)


def _check_workers(launch: Launch) -> Iterator[Finding]:
    workers = launch.job.workers
    if not 1 <= workers <= 9:
        yield launch.broken(WORKERS, "workers", f"{workers} workers per object", "workers: 1 to 9")
    elif workers > 1 and launch.task.has_sequences:
        told = f"{workers} workers per sequence"
        yield launch.broken(WORKERS_ONE, "workers", told, "workers: 1")


def _check_times(launch: Launch) -> Iterator[Finding]:
    job, longest = launch.job, launch.task.longest_task
    if job.time_limit < 30:
        told = f"{job.time_limit} s for a task"
        yield launch.broken(TIME_LIMIT_SHORT, "time-limit", told, "time-limit: 30 s or more")
    elif job.time_limit > launch.task.longest_told:
        limit = launch.task.longest_told
        told = f"{job.time_limit:,} s for a task of {job.task}, at most {limit:,} s are allowed"
        mend = f"time-limit: {limit // HOUR}h or less"
        yield launch.broken(TIME_LIMIT_LONG, "time-limit", told, mend, serious=job.time_limit > longest)
    offered = job.availability
    if offered is None:
        return
    if not 60 <= offered <= _LONGEST_OFFER:
        told = f"a task is offered for {offered:,} s"
        yield launch.broken(AVAILABILITY, "availability", told, "availability: 1 min to 30 d")
    elif job.workforce.public and offered > _LONGEST_PUBLIC_OFFER:
        told = f"a task is offered to the public workforce for {offered:,} s"
        yield launch.broken(
            AVAILABILITY_PUBLIC, "availability", told, "availability: 12h or less (6h is the default)"
        )


def _written(price: Decimal) -> str:
    """Dollars as the list of prices has them: three digits after the point."""
    return f"{price:.3f}" if price == round(price, 3) else str(price)
