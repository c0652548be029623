"""`labeljob tail`: labels on the terminal as they arrive; the reading is `labeljob.streaming.tailing`."""

from __future__ import annotations

import signal
from contextlib import closing

import click

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.jobs.outcomes import Outcome
from labeljob.jobs.summaries import outcome_in_words
from labeljob.jobs.text import printable
from labeljob.report.words import count, shortened
from labeljob.streaming.tailing import tail
from shared.json_node import write_json

_SOURCE = 32
_WIDTH = 100


@click.command("tail")
@click.argument("name")
@click.option("--number", "-n", type=click.IntRange(1), metavar="N", help="End after so many labels.")
@click.option("--from-start", is_flag=True, help="Print the labels there are already, too.")
@click.option(
    "--idle", type=click.FloatRange(min=0), metavar="SECONDS", help="End when none came for so long."
)
@click.option(
    "--keep", metavar="QUEUE", help="Read through a queue that stays, and go on there the next time."
)
@click.option("--json", "as_json", is_flag=True, help="Print lines of the output manifest.")
@with_aws
def tail_command(
    name: str,
    aws: Aws,
    number: int | None,
    from_start: bool,
    idle: float | None,
    keep: str | None,
    as_json: bool,
) -> None:
    """Print the labels of the streaming job NAME as they arrive on its output topic, each object once, until the job has ended.

    They come through a queue of the command's own, which it deletes at the end.

    Exit status: 0, 2 there is no such job, or it gives no labels any more.
    """
    shown = 0
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with closing(tail(name, aws, most=number, from_start=from_start, idle=idle, keep=keep)) as labels:
            for shown, outcome in enumerate(labels, start=1):  # noqa: B007 - counted after the loop, however it ends
                click.echo(write_json(outcome.line) if as_json else _row(outcome))
    except KeyboardInterrupt:
        click.echo("ended; the job goes on", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    click.echo(count(shown, "label"), err=True)


def _row(outcome: Outcome) -> str:
    """The data object and its label in a line."""
    source = outcome.source
    name = source.rstrip("/").rpartition("/")[2] if source.startswith("s3://") else source
    left = f"{shortened(printable(name), _SOURCE):<{_SOURCE}}  "
    return left + shortened(printable(outcome_in_words(outcome)), _WIDTH - len(left))
