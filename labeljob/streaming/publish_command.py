"""`labeljob publish`: its options, its progress and its summary; the sending is `labeljob.streaming.publisher`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import cast

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.streaming.publisher import OnProgress, Pacing, Published, publish


@click.command("publish")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True, metavar="FILE-OR-URI...")
@click.option(
    "--id-key",
    metavar="KEY",
    help="Key that holds an object's id.  [default: as the line says, or made of its content]",
)
@click.option(
    "--max-queued",
    type=click.IntRange(1),
    help="Most objects to wait in the job's queue.  [default: twice max-concurrent]",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Most objects per second.")
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that remembers what was sent.  [default: one per job in ~/.local/state/labeljob]",
)
@click.option("--again", is_flag=True, help="Send what was sent before, too.")
@with_aws
@click.pass_context
def publish_command(
    context: click.Context,
    /,
    name: str,
    sources: tuple[str, ...],
    aws: Aws,
    id_key: str | None,
    max_queued: int | None,
    rate: float | None,
    ledger: Path | None,
    again: bool,
) -> None:
    """Send data objects to the running streaming job NAME.

    FILE-OR-URI is a manifest (a file, or s3:// ending in .manifest, .jsonl or .ndjson), a text (.txt, one object per line), the s3:// URI
    of an object, an s3:// folder ending in a slash (all images and video clips beneath it), or - for lines on standard input, each a
    manifest line or an s3:// URI.

    Every object gets an id under which it is labelled once. What was sent is remembered: the same command, run again, sends what is new.

    Exit status: 0 every object is with the job, 1 some were refused or not taken, 2 the job takes none or an input is unusable.
    """
    try:
        with _shown() as on_progress:
            published = publish(
                name,
                sources,
                aws,
                id_key=id_key,
                pacing=Pacing(max_queued=max_queued, rate=rate),
                ledger=ledger,
                again=again,
                stdin=cast(BufferedReader, sys.stdin.buffer),
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        click.echo("ended; the same command, run again, goes on from there", err=True)
        context.exit(1)
    _summarise(published)
    context.exit(0 if published.complete else 1)


def _summarise(published: Published) -> None:
    for text in published.mended:
        click.echo(f"mended: {text}", err=True)
    for kind, found in (("refused", published.refused), ("failed", published.failed)):
        for item in found:
            click.echo(f"{kind}: {item}")
    for count, what in (
        (published.sent, "sent"),
        (published.skipped, "sent before, not sent again"),
        (len(published.refused), "refused"),
        (len(published.failed), "not taken: run the command again to send them"),
        (sum(published.left_out.values()), f"left out: {_endings(published.left_out)}"),
    ):
        if count or what == "sent":
            click.echo(f"{count:>9,} {what}")


def _endings(left_out: dict[str, int]) -> str:
    return ", ".join(f"{ending} {count:,}" for ending, count in sorted(left_out.items()))


@contextmanager
def _shown() -> Iterator[OnProgress]:
    """A line that moves on a terminal, else one line for each thing that is waited for."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _plain()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("starting", total=None)

        def show(done: Published, waiting: str) -> None:
            counts = f"{done.sent:,} sent, {done.skipped:,} sent before, {len(done.refused):,} refused"
            bar.update(task, description=f"{counts}; {waiting}" if waiting else counts)

        yield show


def _plain() -> OnProgress:
    told: set[str] = set()

    def show(_done: Published, waiting: str) -> None:
        if waiting and waiting not in told:
            told.add(waiting)
            click.echo(waiting, err=True)

    return show
