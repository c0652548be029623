"""The streaming side of `labeljob simulate`: its options and its summary; the job itself is `labeljob.simulation.streaming_run`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from labeljob.simulation.streaming_job import STREAMING_SWITCHES, StreamingSwitches
from labeljob.simulation.streaming_run import StreamingFailure, StreamingResult

_NAMED = 5
"""Failures of one kind that are shown each with its reason."""
_Command = TypeVar("_Command", bound=Callable[..., Any])
_SWITCH_HELP = {
    "pseudo_json": ("--pseudo-json", "A message is Python's str() of a dictionary, with single quotes."),
    "test_event": ("--test-event", "S3's s3:TestEvent comes through the topic."),
    "object_ids": ("--object-ids", "datasetObjectId of streamed objects."),
    "failures": ("--failed-objects", "Whether failed objects are announced on the output topic."),
}


def streaming_options(command: _Command) -> _Command:
    """Add `--streaming` and what goes with it."""
    for name, (option, text) in reversed(_SWITCH_HELP.items()):
        choices = STREAMING_SWITCHES[name]
        command = click.option(
            option,
            f"streaming_{name}",
            type=click.Choice(choices),
            default=choices[0],
            show_default=True,
            help=f"{text} (--streaming)",
        )(command)
    command = click.option(
        "--resume", is_flag=True, help="Go on with a job that was killed, from --out. (--streaming)"
    )(command)
    return click.option(
        "--streaming", is_flag=True, help="Send the manifest's lines to a topic while the job runs."
    )(command)


def check_options(context: click.Context) -> None:
    """Refuse what only streaming jobs have for a batch job, and the other way round.

    Raises:
        click.UsageError: such an option was given; it would do nothing.
    """
    options = {"seed": "--seed"}
    told = "is for batch jobs: a streaming job takes objects in the manifest's order"
    if not context.params["streaming"]:
        options = {"resume": "--resume"} | {
            f"streaming_{name}": option for name, (option, _) in _SWITCH_HELP.items()
        }
        told = "is for streaming jobs; add --streaming"
    for name, option in options.items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"{option} {told}", context)


def streaming_switches(options: Mapping[str, Any]) -> StreamingSwitches:
    """The switches chosen on the command line."""
    return StreamingSwitches(**{name: options[f"streaming_{name}"] for name in STREAMING_SWITCHES})


def summarise(result: StreamingResult) -> None:
    """Print what came of the job."""
    counters = result.counters
    click.echo(f"Job {result.status}")
    kinds = _by_kind(result)
    rows = (
        ("lines of the manifest", result.lines),
        ("messages received", counters.received),
        ("duplicates dropped", counters.duplicates),
        ("dropped after 14 days in the queue", counters.dropped),
        ("objects", counters.objects),
        ("labelled", counters.labeled),
        ("  needing review", result.review),
        ("  error labels", result.error_labels),
        ("failed", counters.failed),
        *((f"  {kind}", len(failures)) for kind, failures in kinds.items()),
        ("announced on the output topic", counters.announced),
        ("most in work at once", counters.peak_in_work),
        ("most waiting in the queue", result.queue_peak),
    )
    for name, value in rows:
        click.echo(f"  {name:<36} {value:>9,}")
    for kind, failures in kinds.items():
        for failure in failures[:_NAMED]:
            click.echo(f"{kind}: object {failure.number}: {failure.reason}")
        if len(failures) > _NAMED:
            click.echo(f"{kind}: {len(failures) - _NAMED:,} more, in simulation.json")
    if result.failure_reason:
        click.echo(f"the job failed: {result.cause}")
        click.echo(f"Ground Truth says: {result.failure_reason}")
    click.echo(f"output manifest  {result.output_manifest}")
    click.echo(f"all files        {result.out}")
    if result.page:
        click.echo(f"worker page      {result.page}")
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)


def _by_kind(result: StreamingResult) -> dict[str, list[StreamingFailure]]:
    kinds: defaultdict[str, list[StreamingFailure]] = defaultdict(list)
    for failure in result.failures:
        kinds[failure.kind].append(failure)
    return dict(sorted(kinds.items()))
