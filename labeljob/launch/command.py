"""`labeljob init` and `labeljob create`: their options and what they print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from shlex import quote

import click
from rich.console import Console

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.findings import Finding
from labeljob.jobs.text import counted, dollars
from labeljob.launch.creating import start, streaming_role_finding
from labeljob.launch.job_file import read_job_file
from labeljob.launch.request import LaunchPlan, Upload, build
from labeljob.launch.starting_file import job_file_text
from labeljob.launch.tasks import TASKS
from labeljob.launch.uploading import is_there
from shared.errors import ContractError

_JOB_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("init")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="job.yaml")
@click.option(
    "--task",
    type=click.Choice(tuple(TASKS)),
    default="custom",
    show_default=True,
    metavar="TYPE",
    help=f"What workers do: {', '.join(TASKS)}.",
)
@click.option("--streaming", is_flag=True, help="Objects are sent while the job runs.")
@click.option("--public", is_flag=True, help="For Amazon Mechanical Turk instead of a private team.")
@click.option("--force", is_flag=True, help="Write over FILE.")
def init_command(file: Path, task: str, *, streaming: bool, public: bool, force: bool) -> None:
    """Write a commented job file for `labeljob create`.

    FILE is job.yaml by default. Every key is in it with its rule and its default; what only you know reads CHANGE-ME.
    """
    if file.exists() and not force:
        raise ContractError(f"{file} is there already; give another name, or --force to write over it")
    text = job_file_text(TASKS[task], streaming=streaming, public=public)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise ContractError(f"{file} cannot be written: {failure}") from failure
    click.echo(f"wrote    {file}")
    click.echo("next     fill in what reads CHANGE-ME, then")
    click.echo(f"         labeljob doctor {quote(str(file))}")
    click.echo(f"         labeljob create {quote(str(file))} --dry-run")


@click.command("create")
@click.argument("file", type=_JOB_FILE)
@click.option("--dry-run", is_flag=True, help="Print the request, upload and create nothing.")
@click.option(
    "--yes", is_flag=True, help="Let a streaming job's role have the permissions it lacks, without asking."
)
@with_aws
@click.pass_context
def create_command(context: click.Context, file: Path, *, dry_run: bool, yes: bool, aws: Aws) -> None:
    """Create the labeling job of a job file.

    FILE is what `labeljob init` writes. All that can be told beforehand is checked; files that the job needs are uploaded where S3 does
    not have them already.

    Exit status: 0 created (with --dry-run: could be), 1 something is wrong with the job and nothing was done, 2 an input is unusable or
    AWS refused.
    """
    with _status("looking at the job"):
        plan = build(read_job_file(file), aws)
        lacking = streaming_role_finding(plan, aws)
    for finding in (*plan.findings, *((lacking,) if lacking else ())):
        click.echo(finding.told(), err=True)
    if dry_run:
        _print_plan(plan, aws)
        context.exit(0 if plan.sound and not (lacking and lacking.serious) else 1)
    grant = bool(lacking and lacking.serious)
    if not plan.sound or (lacking and grant and not _may_grant(lacking, yes=yes)):
        click.echo(f"{_serious(plan, lacking)}; nothing was uploaded or created", err=True)
        context.exit(1)
    for line in _costs(plan):
        click.echo(line)
    with _status("creating the job"):
        arn = start(plan, aws, grant=grant, on_upload=_tell_upload)
    name = plan.launch.job.name
    click.echo(f"created    {arn}")
    if plan.launch.job.streaming:
        click.echo(f"next       labeljob publish {name} FILE, once it is InProgress; labeljob tail {name}")
    else:
        click.echo(f"next       labeljob watch {name}")


def _status(doing: str) -> AbstractContextManager[object]:
    """What goes on, on a terminal."""
    console = Console(file=sys.stderr)
    return console.status(doing) if console.is_terminal else nullcontext()


def _may_grant(lacking: Finding, *, yes: bool) -> bool:
    """Whether the role may be given what it lacks; only a person at a terminal is asked."""
    if yes or not sys.stdin.isatty():
        return yes
    return click.confirm(f"{lacking.what}. Allow it now?", default=False, err=True)


def _serious(plan: LaunchPlan, lacking: Finding | None) -> str:
    count = sum(finding.serious for finding in (*plan.findings, *((lacking,) if lacking else ())))
    return f"{count} error{'' if count == 1 else 's'}"


def _print_plan(plan: LaunchPlan, aws: Aws) -> None:
    """The request on standard output, ready for `aws sagemaker create-labeling-job --cli-input-json`; the rest beside it."""
    for upload in plan.uploads:
        click.echo(f"{'unchanged' if is_there(upload, aws) else 'to upload'}  {upload.uri}", err=True)
    for line in _costs(plan):
        click.echo(line, err=True)
    click.echo(json.dumps(plan.request, indent=1, ensure_ascii=False))


def _costs(plan: LaunchPlan) -> Iterator[str]:
    """What the public workforce earns, at most."""
    job, earned = plan.launch.job, plan.most_earned
    if earned is not None and job.workforce.price is not None:
        parts = (
            dollars(job.workforce.price),
            counted(job.workers, "worker"),
            counted(plan.labelled, "object"),
        )
        yield f"to be paid {dollars(earned)} at most = {' x '.join(parts)}, plus AWS's fee per object"


def _tell_upload(upload: Upload, sent: bool) -> None:
    click.echo(f"{'uploaded ' if sent else 'unchanged'}  {upload.uri}")
