"""`labeljob output` and `labeljob continue`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from labeljob.aws import Aws
from labeljob.aws_options import with_aws, with_connect
from labeljob.jobs.continuing import Changes, Continuation, continue_job
from labeljob.jobs.joining import Joined, join
from labeljob.jobs.outcomes import Outcome
from labeljob.jobs.output import outcomes, outcomes_in
from labeljob.jobs.summaries import outcome_in_words
from labeljob.jobs.text import aligned, counted, printable, wrapped
from labeljob.report.words import shortened
from shared.json_node import write_json

_SHOWN = 10
_SOURCE_CHARACTERS = 32
_LABEL_CHARACTERS = 300
_FLAGS = ("everything", "failed", "review", "as_json")
"""What says which labels are shown, and how."""


@click.command("output")
@click.argument("name", required=False)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read this copy of a job's output instead, or what `labeljob simulate` wrote.",
)
@click.option(
    "--label-attribute",
    metavar="NAME",
    help="Key of the label; with --folder.  [default: the one that it names]",
)
@click.option(
    "--number", "-n", type=click.IntRange(1), default=_SHOWN, show_default=True, help="Labels to show."
)
@click.option("--all", "everything", is_flag=True, help="Show all of them.")
@click.option("--failed", is_flag=True, help="Only objects without a label, and error labels.")
@click.option("--review", is_flag=True, help="Only labels that need review; with --failed, both.")
@click.option("--json", "as_json", is_flag=True, help="Lines of the manifest as they stand there.")
@click.option(
    "--joined",
    "joined_to",
    metavar="PATH",
    help="Write one output manifest of NAME and the jobs that it continues, to a file or s3:// URI.",
)
@with_connect
def output_command(
    name: str | None, folder: Path | None, joined_to: str | None, connect: Callable[[], Aws], **options: Any
) -> None:
    """Show the labels of a job, each in a line.

    NAME is a labeling job; its output manifest is read from S3, no further than it is shown. The service writes it anew while a job
    runs, a few minutes behind.

    Exit status: 0, 2 there is no such job or manifest.
    """
    if (name is None) == (folder is None):
        raise click.UsageError("give the NAME of a job, or a --folder")
    if name is not None and options["label_attribute"] is not None:
        raise click.UsageError(
            "--label-attribute goes with --folder: a job says itself what its label is called"
        )
    if joined_to is not None:
        if name is None or any(options[flag] for flag in _FLAGS):
            raise click.UsageError("--joined takes the NAME of a job, and writes all of its labels")
        for line in aligned(_joined(join(name, joined_to, connect()), joined_to)):
            click.echo(line)
        return
    found = outcomes_in(folder, options["label_attribute"]) if folder else outcomes(str(name), connect())
    most = None if options["everything"] else options["number"]
    shown = 0
    for outcome in _wanted(found, failed=options["failed"], review=options["review"]):
        if shown == most:
            click.echo(f"the first {most}; for more: --number or --all", err=True)
            break
        click.echo(write_json(outcome.line) if options["as_json"] else _row(outcome))
        shown += 1
    if not shown and not options["as_json"]:
        click.echo("no such labels" if options["failed"] or options["review"] else "no data objects")


def _wanted(found: Iterable[Outcome], *, failed: bool, review: bool) -> Iterator[Outcome]:
    statuses = {
        *({"failed", "unlabelled", "error"} if failed else ()),
        *({"review"} if review else ()),
    }
    return (outcome for outcome in found if not statuses or outcome.status in statuses)


def _row(outcome: Outcome) -> str:
    """Line, data object and label, the label in as many lines as it takes."""
    words = shortened(outcome_in_words(outcome), _LABEL_CHARACTERS)
    if outcome.status == "review":
        words = f"{words}  to review: {', '.join(map(str, outcome.block.get('reasons', ())))}"
    left = f"{outcome.number:>8}  {_name(outcome.source):<{_SOURCE_CHARACTERS}}  "
    return wrapped(words, first=left, indent=len(left))


def _name(source: str) -> str:
    """The end of a URI; of a text, its beginning."""
    name = source.rstrip("/").rpartition("/")[2] if source.startswith("s3://") else source
    return shortened(printable(name), _SOURCE_CHARACTERS)


def _joined(made: Joined, target: str) -> Iterator[tuple[str, str]]:
    counts = made.tally
    yield "jobs", ", ".join(job.name for job in made.jobs)
    yield "objects", f"{counts.objects:,}"
    yield "labelled", f"{counts.labeled:,}"
    if counts.errors:
        yield "error labels", f"{counts.errors:,}"
    if counts.failed or counts.unlabeled:
        yield "without label", f"{counts.failed + counts.unlabeled:,}"
    yield "manifest", target


class _Price(click.ParamType[Decimal]):
    """US dollars."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Read the price."""
        try:
            price = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            self.fail(f"{value!r} is not a price in US dollars such as 0.036", param, ctx)
        if not (price.is_finite() and 0 < price < 3 and price * 1000 == int(price * 1000)):
            self.fail(f"{value} is not between 0 and 3 US dollars in tenths of a cent", param, ctx)
        return price


@click.command("continue")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="Of the new job.  [default: NAME-2, NAME-3, ...]")
@click.option(
    "--whole",
    is_flag=True,
    help="Give the new job all lines: the service passes over those with a label.",
)
@click.option(
    "--error-labels", is_flag=True, help="Label anew too what has an error label; see labeljob replay first."
)
@click.option("--price", type=_Price(), help="US dollars per worker and object.  [default: as before]")
@click.option(
    "--availability",
    type=click.IntRange(60),
    metavar="SECONDS",
    help="A task is offered so long.  [default: as before]",
)
@click.option(
    "--time-limit",
    type=click.IntRange(30),
    metavar="SECONDS",
    help="A worker has so long.  [default: as before]",
)
@click.option("--dry-run", is_flag=True, help="Print the request; make nothing.")
@with_aws
def continue_command(name: str, dry_run: bool, new_name: str | None, aws: Aws, **options: Any) -> None:
    """Label what a job has left without a label: what failed, what expired, what it never came to.

    Makes a new job with the settings of NAME. Its input manifest has the lines without a label only, so that nothing is paid for twice;
    `labeljob output NEW --joined FILE` joins the labels of both. What expired once will expire again if nothing changes: give more time
    with --availability or --time-limit, or a higher --price.

    Exit status: 0 the job is made, or nothing is left to label, 2 it cannot be made.
    """
    made = continue_job(name, aws, Changes(name=new_name, **options), dry_run=dry_run)
    if not made.objects:
        click.echo(f"every object of {name} has a label: there is nothing to continue")
    elif dry_run:
        click.echo(json.dumps(made.request, indent=2))
    for line in aligned(_made(made, dry_run=dry_run)):
        click.echo(line, err=dry_run)


def _made(made: Continuation, *, dry_run: bool) -> Iterator[tuple[str, str]]:
    if made.objects:
        yield ("would make" if dry_run else "made"), made.name
        yield "to label", f"{counted(made.objects, 'object')} of {made.job.name}"
        yield "input manifest", f"{made.manifest} ({counted(made.lines, 'line')})"
    if made.error_labels:
        yield "left out", f"{made.error_labels:,} with an error label: labeljob replay, or --error-labels"
    if made.objects:
        for note in made.notes:
            yield "note", note
        if not dry_run:
            yield "watch it", f"labeljob watch {made.name}"
            yield "join labels", f"labeljob output {made.name} --joined joined.manifest"
