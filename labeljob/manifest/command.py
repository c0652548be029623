"""`labeljob manifest`: its two uses, their options, progress and summaries."""

from __future__ import annotations

import json
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from labeljob.aws import Aws
from labeljob.aws_options import with_connect
from labeljob.findings import Rule
from labeljob.launch.tasks import TASKS
from labeljob.manifest.check import CheckProgress, Checks, check_manifest
from labeljob.manifest.clouds import FORMATS
from labeljob.manifest.crawl import NO_ENDING
from labeljob.manifest.kinds import Kind
from labeljob.manifest.make import MadeManifest, MakeProgress, Making, make_manifest
from labeljob.manifest.rules import RULES, Fault
from labeljob.manifest.texts import Columns
from shared.errors import ContractError

_MANIFESTS = (".manifest", ".jsonl", ".manifest.gz")
_WIDTH = 100
_KINDS = click.Choice([kind.value for kind in Kind])


class _MakeByDefault(click.Group):
    """`labeljob manifest SOURCE` is `labeljob manifest make SOURCE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `make` before what names no subcommand."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group("manifest", cls=_MakeByDefault)
def manifest_command() -> None:
    """Make an input manifest, or check one.

    `labeljob manifest s3://bucket/prefix/ --out FILE` makes one of what lies there (`make` need not be written);
    `labeljob manifest check FILE` checks one, line by line.
    """


@manifest_command.command("make")
@click.argument("source")
@click.option("--out", required=True, metavar="FILE|S3-URI", help="The manifest to write.")
@click.option("--kind", type=_KINDS, help="What the data are.  [default: what the names of files say]")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Attribute of every data object. May be repeated.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Keys after the prefix to leave out, such as '*/thumbnails/*'. May be repeated.",
)
@click.option(
    "--column", metavar="NAME|NUMBER", help="CSV: the column with the text.  [default: the only one]"
)
@click.option("--keep", multiple=True, metavar="NAME", help="CSV: a column that becomes an attribute.")
@click.option(
    "--header/--no-header", default=True, show_default=True, help="CSV: the first row names columns."
)
@click.option(
    "--sequences",
    metavar="S3-URI",
    help="Folder for sequence files.  [default: beside a manifest in S3]",
)
@click.option(
    "--cloud-format",
    type=click.Choice(FORMATS),
    help="Of point clouds.  [default: binary/xyzi, or text/xyzi for .txt .csv .xyz .pts]",
)
@click.option(
    "--frames-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="Of point clouds whose names carry no Unix time.",
)
@with_connect
def make_command(source: str, out: str, connect: Callable[[], Aws], **options: Any) -> None:
    """Make an input manifest of what lies under SOURCE.

    SOURCE is s3://bucket/prefix/ with images (.jpg .jpeg .png), video clips (.mp4 .ogg .webm), point clouds or texts, or a .txt or .csv
    file, or a folder of these, on this machine. Each image, clip or point cloud is a data object; each line of a .txt and row of a .csv is
    one; with --kind frames or cloud-sequences each folder is one, and its sequence file is written to S3.

    Exit status: 0 the manifest is written, 2 it is not.
    """
    if source.endswith(_MANIFESTS):
        raise ContractError(f"{source} is a manifest already: labeljob manifest check {source}")
    making = Making(
        kind=Kind(options["kind"]) if options["kind"] else None,
        attributes=_attributes(options["attributes"]),
        exclude=options["exclude"],
        columns=Columns(options["column"], options["keep"], options["header"]),
        sequences=options["sequences"],
        cloud_format=options["cloud_format"],
        frames_per_second=options["frames_per_second"],
    )
    aws = connect() if "://" in source or out.startswith("s3://") else None
    with _making_shown() as on_progress:
        made = make_manifest(source, out, aws, making, on_progress)
    _show_made(made)


@manifest_command.command("check")
@click.argument("manifest")
@click.option("--kind", type=_KINDS, help="What the data are.  [default: what each line looks like]")
@click.option("--task", type=click.Choice(list(TASKS)), metavar="TASK", help="Of the job, as in a job file.")
@click.option("--automated-labeling", "automated", is_flag=True, help="The job has it.")
@click.option("--label-attribute", metavar="NAME", help="The job's; lines should not have it yet.")
@click.option("--check-objects", "objects", is_flag=True, help="Read the start of every object, too.")
@click.option(
    "--max-faults", type=click.IntRange(min=0), default=20, show_default=True, help="Shown of each rule."
)
@click.option(
    "--ignore",
    type=click.Choice([rule.code for rule in RULES]),
    multiple=True,
    metavar="RULE",
    help="A rule not to tell of. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="All faults as JSON lines, and nothing else.")
@with_connect
@click.pass_context
def check_command(
    context: click.Context,
    /,
    manifest: str,
    connect: Callable[[], Aws],
    max_faults: int,
    ignore: tuple[str, ...],
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Check MANIFEST, a file or s3://bucket/key, line by line by Ground Truth's rules.

    Memory does not grow with the lines. With --check-objects the objects that lines name are looked at as well: there, readable, in the
    Region, what their names say, whole, not too large; an image costs one or two requests of 64 kB.

    Exit status: 0 no fault (advice at most), 1 faults, 2 MANIFEST cannot be read.
    """
    kind, task = options.pop("kind"), TASKS.get(options.pop("task"))
    if options["automated"] and (task is None or task.algorithm is None):
        there = ", ".join(name for name, one in TASKS.items() if one.algorithm)
        raise click.UsageError(f"--automated-labeling needs --task, one of {there}")
    checks = Checks(kind=Kind(kind) if kind else None, task=task, **options)
    aws = connect() if checks.objects or manifest.startswith("s3://") else None
    tally = _Tally(max_faults, as_json=as_json)
    # Pillow's remarks about damaged metadata name no file, and what matters of them is told as a fault.
    warnings.filterwarnings("ignore", module="PIL")
    with _checking_shown() as on_progress:
        for fault in check_manifest(manifest, aws, checks, on_progress):
            if fault.finding.rule.code not in ignore:
                tally.add(fault)
    if not as_json:
        tally.summarise(on_progress.lines)
    context.exit(1 if tally.serious else 0)


class _Tally:
    """Prints faults as they are found, not more than asked for of each rule, and counts them all."""

    def __init__(self, most: int, *, as_json: bool) -> None:
        self._most, self._as_json = most, as_json
        self._counts: Counter[Rule] = Counter()
        self._told: dict[Rule, str] = {}
        self.serious = 0

    def add(self, fault: Fault) -> None:
        finding = fault.finding
        self.serious += finding.serious
        self._counts[finding.rule] += 1
        if self._as_json:
            click.echo(json.dumps(_wire(fault), ensure_ascii=False))
        elif self._counts[finding.rule] <= self._most:
            subject = "the manifest" if fault.line is None else f"line {fault.line}"
            click.echo(f"{subject} {finding.what} [{finding.rule.code}]")
            if finding.mend != self._told.get(finding.rule):
                self._told[finding.rule] = finding.mend
                click.echo(f"  {'mend' if finding.serious else 'advice'}: {finding.mend}")

    def summarise(self, lines: int) -> None:
        if self._counts:
            click.echo()
        for rule, count in self._counts.items():
            more = f" ({count - self._most:,} not shown)" if count > self._most else ""
            text = f"{count:>9,}  {rule.code}: {rule.why}{more}"
            click.echo(textwrap.fill(text, _WIDTH, subsequent_indent=" " * 11, break_on_hyphens=False))
        advice = self._counts.total() - self.serious
        faults = f"{self.serious:,} fault{'' if self.serious == 1 else 's'}"
        click.echo(f"{lines:,} line{'' if lines == 1 else 's'}: {faults}, {advice:,} advice")


def _wire(fault: Fault) -> dict[str, Any]:
    finding = fault.finding
    return {
        "line": fault.line,
        "rule": finding.rule.code,
        "what": finding.what,
        "why": finding.rule.why,
        "mend": finding.mend,
        "serious": finding.serious,
    }


def _attributes(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((text for text, (_, equals, _) in zip(given, pairs, strict=True) if not equals), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not KEY=VALUE", param_hint="--attribute")
    return {key: value for key, _, value in pairs}


def _show_made(made: MadeManifest) -> None:
    taken = ", ".join(f"{count:,} {ending or NO_ENDING}" for ending, count in made.taken.items())
    click.echo(f"taken     {taken}")
    for reason, count in sorted(made.left_out.counts.items()):
        click.echo(f"left out  {count:,} {reason}, such as {made.left_out.first[reason]}")
    for warning in made.warnings:
        click.echo(f"warning   {warning}")
    click.echo(f"objects   {made.objects:,} of kind {made.kind}")
    click.echo(f"manifest  {made.out}")
    click.echo(f"next      labeljob manifest check {quote(made.out)} --check-objects")


class _Seen:
    """The last progress, for the summary; shows it where there is somebody to see it."""

    def __init__(self, show: Callable[[CheckProgress], None] | None = None) -> None:
        self.lines = 0
        self._show = show

    def __call__(self, progress: CheckProgress) -> None:
        self.lines = progress.lines
        if self._show is not None:
            self._show(progress)


@contextmanager
def _checking_shown() -> Iterator[_Seen]:
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _Seen()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task("checking", total=None)
        yield _Seen(
            lambda progress: bar.update(
                task,
                description=f"{progress.lines:,} lines",
                completed=progress.done,
                total=progress.total,
            )
        )


@contextmanager
def _making_shown() -> Iterator[Callable[[MakeProgress], None] | None]:
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task("listing", total=None)
        yield lambda progress: bar.update(
            task, description=f"{progress.listed:,} listed, {progress.written:,} written"
        )
