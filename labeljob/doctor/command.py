"""`labeljob doctor`: its options, what it prints, and the CORS rules that it offers to set."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from labeljob.aws import Aws
from labeljob.aws_options import with_aws
from labeljob.doctor.buckets import cors_gaps
from labeljob.doctor.examination import Examination, OnCheck, examine
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding
from labeljob.jobs.text import counted
from labeljob.launch.job_file import JobFile, read_job_file
from labeljob.launch.resolving import resolve


@click.command("doctor")
@click.argument("job_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--fix", is_flag=True, help="Offer to set the CORS rules that buckets lack.")
@click.option("--yes", is_flag=True, help="With --fix: set them without asking.")
@click.option("--no-invoke", is_flag=True, help="Call neither of the functions, and render no page.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@with_aws
@click.pass_context
def doctor_command(
    context: click.Context,
    /,
    job_file: Path,
    *,
    fix: bool,
    yes: bool,
    no_invoke: bool,
    as_json: bool,
    aws: Aws,
) -> None:
    """Look for what would make the job of a job file fail late: all that create checks, and what only AWS knows.

    Buckets, CORS, roles and what they are allowed, functions, keys, work team, topics and manifest are looked at, not changed. Unless
    --no-invoke is given, both functions are called for the first manifest line: consolidation with one made-up answer in
    OUTPUT/labeljob-doctor/, all of which is deleted afterwards.

    Exit status: 0 nothing serious was found, 1 the job would fail or lose labels, 2 it could not be examined.
    """
    if yes and not fix:
        raise click.UsageError("--yes goes with --fix")
    job = read_job_file(job_file)
    if fix:
        _fix(job, aws, ask=not yes)
    with _progress() as on_check:
        examination = examine(job, aws, invoke=not no_invoke, on_check=on_check)
    click.echo(_as_json(examination) if as_json else _as_text(examination))
    context.exit(0 if examination.sound else 1)


def _fix(job: JobFile, aws: Aws, *, ask: bool) -> None:
    """Close the gaps in CORS rules that the person wants closed."""
    for gap in cors_gaps(Subject(resolve(job, aws), aws)):
        click.echo(f"bucket {gap.bucket} has no CORS rule {gap.lacks}", err=True)
        if not ask or click.confirm("Set it? The bucket's other rules stay.", err=True):
            gap.close(aws)
            click.echo(f"set the CORS rules of bucket {gap.bucket}", err=True)


@contextmanager
def _progress() -> Iterator[OnCheck]:
    """What is looked at, on a terminal."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("looking") as status:
        yield lambda about: status.update(f"looking at {about}")


def _as_text(examination: Examination) -> str:
    found = len(examination.findings)
    serious = sum(finding.serious for finding in examination.findings)
    summary = f"{counted(len(examination.rules), 'rule')} checked, {counted(found, 'finding')}"
    if found:
        summary += f", {serious} serious"
    return "\n\n".join([*(finding.told() for finding in examination.findings), summary])


def _as_json(examination: Examination) -> str:
    document = {
        "rules": len(examination.rules),
        "sound": examination.sound,
        "findings": [_wire(finding) for finding in examination.findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _wire(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.rule.code,
        "serious": finding.serious,
        "place": finding.place,
        "what": finding.what,
        "why": finding.rule.why,
        "mend": finding.mend,
        "source": finding.rule.source,
    }
