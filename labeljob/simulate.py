"""`labeljob simulate`: its options, its progress on the terminal and its summary; the job itself is `labeljob.simulation`."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

from labeljob.simulate_streaming import check_options, streaming_options, streaming_switches, summarise
from labeljob.simulation import (
    SWITCHES,
    Failure,
    Progress,
    SimulatedJob,
    SimulationResult,
    Switches,
    simulate,
)
from labeljob.simulation.job import MAX_CONCURRENT, MAX_WORKERS, OUTPUT_PATH, OnProgress
from labeljob.simulation.streaming_run import simulate_streaming

_NAMED = 5
"""Failures of one kind that are shown each with its line."""
_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SWITCH_HELP = {
    "on_consolidation_error": (
        "--on-consolidation-error",
        "The consolidation handler raises or its reply is unusable.",
    ),
    "on_missing": ("--on-missing", "The consolidation reply leaves an object out."),
    "on_duplicate": ("--on-duplicate", "The consolidation reply has an object twice."),
    "skipped": ("--skipped", "What an object counts as for which pre-annotation asks for no human."),
    "label_categories": ("--event-label-categories", "labelCategories of the consolidation event."),
    "metadata": ("--metadata", "What becomes of <label>-metadata made by the consolidation handler."),
}


class _StartTime(click.ParamType[datetime]):
    """An ISO 8601 time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-02-03T10:11:12", param, ctx)


def _switches(command: _Command) -> _Command:
    """One option per switch."""
    for name, (option, text) in reversed(_SWITCH_HELP.items()):
        choices = SWITCHES[name]
        command = click.option(
            option,
            f"switch_{name}",
            type=click.Choice(choices),
            default=choices[0],
            show_default=True,
            help=text,
        )(command)
    return command


@click.command("simulate")
@click.argument("manifest")
@click.option(
    "--answers",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Recorded answers: a worker-response folder, a folder <id>/<worker id>.json, or a consolidation request.",
)
@click.option(
    "--label-attribute", "label_attribute_name", required=True, metavar="NAME", help="Key of the label."
)
@click.option("--job-name", "name", metavar="NAME", help="Of the job.  [default: the label attribute]")
@click.option(
    "--answer-key",
    metavar="ATTRIBUTE",
    help="Manifest attribute with the id under which answers were recorded.",
)
@click.option("--template", type=_FILE, help="Worker page (Liquid) to render for every object.")
@click.option("--settings", type=_FILE, help="Job settings (JSON).")
@click.option("--label-categories", type=_FILE, help="Label-category file (JSON).")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results.  [default: ./JOB-NAME]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    help="Answers per object.  [default: as many as there are]",
)
@click.option(
    "--max-concurrent",
    type=click.IntRange(1, MAX_CONCURRENT),
    default=1_000,
    show_default=True,
    help="Objects of an iteration after the first.",
)
@click.option("--output-path", default=OUTPUT_PATH, show_default=True, help="S3OutputPath of the job.")
@click.option("--endpoint-url", help="S3 endpoint.  [default: one inside this process]")
@click.option(
    "--start-time", type=_StartTime(), help="When the job starts, for results that repeat.  [default: now]"
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the order in which objects are sent out."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=900.0,
    show_default=True,
    help="Seconds per call.",
)
@click.option("--answers-in-s3", is_flag=True, help="Hand answers over as s3Uri instead of content.")
@_switches
@streaming_options
@click.pass_context
def simulate_command(context: click.Context, /, **options: Any) -> None:
    """Run a custom labeling job on this machine.

    MANIFEST is an input manifest, a file or s3://bucket/key. The job's objects get recorded answers in place of workers; both Lambda
    handlers are the real ones. Everything that Ground Truth would write to S3 is written, and then copied to the results folder.

    With --streaming the manifest's lines are sent to an SNS topic while the job runs, as a streaming job takes them; the job ends when
    it has been idle for ten simulated days. Killed at any point, it goes on with --resume: every object is labelled once.

    Exit status: 0 every object has a label, 1 some object failed or has an error label, 2 an input is unusable.
    """
    check_options(context)
    job = _job(options)
    if options["streaming"]:
        with _progress() as on_progress:
            streamed = simulate_streaming(
                job, switches=streaming_switches(options), resume=options["resume"], on_progress=on_progress
            )
        summarise(streamed)
        context.exit(0 if streamed.all_labeled else 1)
    with _progress() as on_progress:
        result = simulate(job, on_progress=on_progress)
    _summarise(result)
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    context.exit(0 if result.all_labeled else 1)


def _job(options: dict[str, Any]) -> SimulatedJob:
    chosen = {item.name for item in fields(SimulatedJob)} & options.keys() - {"out"}
    switches = Switches(
        answers_in_s3=options["answers_in_s3"], **{name: options[f"switch_{name}"] for name in SWITCHES}
    )
    out = options["out"] or Path(options["name"] or options["label_attribute_name"])
    return SimulatedJob(out=out, switches=switches, **{name: options[name] for name in chosen})


def _progress() -> AbstractContextManager[OnProgress]:
    console = Console(file=sys.stderr)
    return _bar(console) if console.is_terminal else _plain()


@contextmanager
def _bar(console: Console) -> Iterator[OnProgress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ProgressBar(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as bar:
        task = bar.add_task("starting", total=None)

        def show(progress: Progress) -> None:
            bar.update(task, description=progress.doing, completed=progress.done, total=progress.total)

        yield show


@contextmanager
def _plain() -> Iterator[OnProgress]:
    """One line for each thing the job is at."""
    seen: set[str] = set()

    def show(progress: Progress) -> None:
        if progress.doing not in seen:
            seen.add(progress.doing)
            click.echo(progress.doing, err=True)

    yield show


def _summarise(result: SimulationResult) -> None:
    counts = result.counts
    table = Table(title=f"Job {result.status}", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, value in (
        ("objects", counts.objects),
        ("labelled", counts.labeled),
        ("  needing review", counts.review),
        ("  error labels", counts.error_labels),
        ("failed", counts.failed),
        *((f"  {kind}", len(failures)) for kind, failures in _by_kind(result).items()),
        ("unlabelled", counts.unlabeled),
    ):
        table.add_row(name, str(value))
    Console(file=sys.stdout).print(table)
    _explain(result)
    click.echo(f"output manifest  {result.output_manifest}")
    click.echo(f"all files        {result.out}")
    if result.page:
        click.echo(f"worker page      {result.page}")


def _explain(result: SimulationResult) -> None:
    """Why objects have no label, and why a failed job failed."""
    for kind, failures in _by_kind(result).items():
        for failure in failures[:_NAMED]:
            click.echo(f"{kind}: object {failure.data_object_id} (line {failure.line}): {failure.reason}")
        if len(failures) > _NAMED:
            click.echo(f"{kind}: {len(failures) - _NAMED} more, in simulation.json")
    if result.failure_reason:
        click.echo(f"the job failed: {result.cause}")
        click.echo(f"Ground Truth says: {result.failure_reason}")


def _by_kind(result: SimulationResult) -> dict[str, list[Failure]]:
    kinds: defaultdict[str, list[Failure]] = defaultdict(list)
    for failure in result.failures:
        kinds[failure.kind].append(failure)
    return dict(sorted(kinds.items()))
