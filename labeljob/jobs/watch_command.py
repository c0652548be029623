"""`labeljob watch`: a job's progress on the terminal, and a summary when it has ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import click
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.jobs.job import Job
from labeljob.jobs.outcomes import OTHER, Reason, Tally
from labeljob.jobs.text import aligned, counted, dollars, duration, moment, printable, wrapped
from labeljob.jobs.watching import INTERVAL, View, watch

_INTERRUPTED = 130
_REASONS_TOLD = 5
_BAR = 60


@click.command("watch")
@click.argument("name")
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    default=INTERVAL,
    show_default=True,
    help="Seconds between two looks.",
)
@with_aws
@click.pass_context
def watch_command(context: click.Context, /, name: str, interval: float, aws: Aws) -> None:
    """Watch a labeling job until it has ended.

    Shows status, counters, rate, estimated end, what the workers of the public workforce have earned, and why objects failed. On a
    terminal it is one picture that changes; elsewhere, one line for each change. Ctrl-C ends the watching, not the job.

    Exit status: 0 completed and everything labelled, 1 the job or an object failed, or the job was stopped, 2 there is no such job,
    130 Ctrl-C.
    """
    console = Console(stderr=True)
    views = watch(name, aws, interval=interval)
    shown = _on_terminal(views, console) if console.is_terminal else _line_by_line(views)
    try:
        (last,) = deque(shown, maxlen=1)
    except KeyboardInterrupt:
        click.echo(
            f"{name} goes on; watch it: labeljob watch {name}, stop it: labeljob stop {name}", err=True
        )
        context.exit(_INTERRUPTED)
    for line in summarise(last):
        click.echo(line)
    context.exit(0 if last.all_labeled else 1)


def _on_terminal(views: Iterable[View], console: Console) -> Iterator[View]:
    """Show each view as one picture that changes."""
    with Live(console=console, transient=True, auto_refresh=False) as live:
        for view in views:
            live.update(_picture(view), refresh=True)
            yield view


def _picture(view: View) -> Table:
    counters = view.job.counters
    picture = Table.grid()
    picture.add_row(Text(view.job.name, style="bold"))
    picture.add_row(
        ProgressBar(total=max(counters.objects, 1), completed=counters.labeled + counters.failed, width=_BAR)
    )
    facts = Table.grid(padding=(0, 2))
    for name, value in (("status", view.job.status), *_progress(view), *_failures(view.tally)):
        facts.add_row(Text(name), Text(value))
    picture.add_row(facts)
    picture.add_row(Text(view.trouble, style="red"))
    return picture


def _line_by_line(views: Iterable[View]) -> Iterator[View]:
    """A line for each view that says something new."""
    said = ""
    for view in views:
        news = ", ".join([view.job.status, *_news(view)])
        if news != said:
            said = news
            click.echo(f"{moment(view.at)}  {', '.join([news, *_outlook(view)])}")
        yield view


def _news(view: View) -> Iterator[str]:
    counters = view.job.counters
    if counters.objects:
        yield f"{counters.labeled:,} of {counters.objects:,} labelled"
    if counters.failed:
        yield f"{counters.failed:,} failed"
    if view.trouble:
        yield view.trouble


def _outlook(view: View) -> Iterator[str]:
    if view.rate is not None and not view.job.ended:
        yield _rate(view.rate)
    if view.remaining is not None:
        yield f"about {duration(view.remaining)} to go"


def _progress(view: View) -> Iterator[tuple[str, str]]:
    """Facts of a job that has not ended."""
    counters = view.job.counters
    yield "labelled", f"{counters.labeled:,} of {counters.objects:,}" if counters.objects else "not known yet"
    if counters.machine:
        yield "  by machine", f"{counters.machine:,}"
    if counters.failed:
        yield "failed", f"{counters.failed:,}"
    yield "going for", duration(view.elapsed)
    if view.rate is not None:
        yield "rate", _rate(view.rate)
    if view.remaining is not None:
        yield "end", f"about {moment(view.at + view.remaining)}, in {duration(view.remaining)}"
    if reward := earned(view.job):
        yield "reward so far", reward


def _failures(tally: Tally | None) -> Iterator[tuple[str, str]]:
    if tally is not None:
        for reason in tally.failures[:_REASONS_TOLD]:
            yield f"  {reason.count:,} failed", printable(reason.text)


def _rate(rate: float) -> str:
    return f"{rate:,.0f} objects/h" if rate >= 10 or rate == 0 else f"{rate:.1f} objects/h"


def earned(job: Job) -> str:
    """What workers of the public workforce earned with labelled objects, and how that is reckoned; empty for other workforces."""
    if job.price is None or job.reward is None:
        return ""
    answers = f"{counted(job.workers, 'worker')} x {counted(job.counters.human, 'object')}"
    return f"{dollars(job.reward)} = {dollars(job.price)} x {answers}"


def summarise(view: View) -> Iterator[str]:
    """The end of a job: what came of its objects, what it took, where everything is and what to do next."""
    job = view.job
    yield wrapped(f"{job.name}: {job.status}{f' ({job.failure_reason})' if job.failure_reason else ''}")
    yield from aligned([*_results(view), ("took", duration(view.elapsed)), *_costs(job)])
    yield from _reasons("failed", view.tally.failures if view.tally else ())
    yield from _reasons("error label", view.tally.error_reasons if view.tally else ())
    yield from _reasons("to review", view.tally.review_reasons if view.tally else ())
    if view.trouble:
        yield f"the output manifest was not counted: {view.trouble}"
    yield from aligned(_where(view))


def _results(view: View) -> Iterator[tuple[str, str]]:
    counters, tally = view.job.counters, view.tally
    yield "objects", f"{counters.objects:,}"
    yield "labelled", f"{counters.labeled:,}"
    if counters.machine:
        yield "  by machine", f"{counters.machine:,}"
    if tally is not None and tally.review:
        yield "  to review", f"{tally.review:,}"
    if tally is not None and tally.errors:
        yield "  error labels", f"{tally.errors:,}"
    yield "failed", f"{counters.failed:,}"
    if counters.unlabeled:
        yield "not labelled", f"{counters.unlabeled:,}"


def _costs(job: Job) -> Iterator[tuple[str, str]]:
    if reward := earned(job):
        yield "reward", reward
        yield "", "without AWS's own price per object, and answers to objects that failed"


def _reasons(what: str, reasons: Iterable[Reason]) -> Iterator[str]:
    listed = list(reasons)
    for reason in listed[:_REASONS_TOLD]:
        lines = ", ".join(str(line) for line in reason.lines)
        more = ", ..." if reason.count > len(reason.lines) else ""
        where = f"line{'' if reason.count == 1 else 's'} {lines}{more}"
        yield wrapped(f"{what}: {reason.count:,} x {reason.text} ({where})")
    rest = sum(reason.count for reason in listed[_REASONS_TOLD:])
    if rest:
        yield f"{what}: {rest:,} x {OTHER}"


def _where(view: View) -> Iterator[tuple[str, str]]:
    """Paths and next commands."""
    job, tally = view.job, view.tally
    if tally is not None:
        yield "output manifest", job.output_manifest
        yield "annotations", job.annotations
        yield "see labels", f"labeljob output {job.name}"
        yield "report", f"aws s3 sync {job.output_folder} {job.name}"
        yield "", f"labeljob report {job.name} --label-attribute {job.label_attribute}"
    if tally is not None and tally.errors:
        yield "label the rest", f"labeljob continue {job.name} --error-labels"
    elif job.counters.failed or job.counters.unlabeled or job.status == "Failed":
        yield "label the rest", f"labeljob continue {job.name}"
