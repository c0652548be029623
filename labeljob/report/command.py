"""`labeljob report`: the report page of a job's folder, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from labeljob.report.facts import read_job
from labeljob.report.page import write_report
from shared.errors import ContractError


@click.command("report")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--html",
    "html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write.  [default: report.html in FOLDER]",
)
@click.option("--title", help="Of the page.  [default: the job's name]")
@click.option(
    "--label-attribute",
    "label_attribute_name",
    metavar="NAME",
    help="Key of the label.  [default: the one that FOLDER names]",
)
def report_command(
    folder: Path, html: Path | None, title: str | None, label_attribute_name: str | None
) -> None:
    """Write one HTML page that shows every label of a job.

    FOLDER was written by `labeljob simulate`, or is a copy of a real job's output folder with `manifests/` and `annotations/`. What needs
    review comes first. The page is one file and loads nothing from the network.

    Exit status: 0 the page is written, 2 FOLDER is unusable.
    """
    job = read_job(folder, label_attribute_name)
    file = html or folder / "report.html"
    console = Console(file=sys.stderr)
    steps = iter(
        track(job.objects, "drawing", console=console, transient=True, disable=not console.is_terminal)
    )
    try:
        size = write_report(job, file, title, on_object=lambda: next(steps, None))
    except OSError as failure:
        raise ContractError(f"{file} cannot be written: {failure.strerror}") from failure
    click.echo(f"report  {file}  ({len(job.objects)} data objects, {size / 1e6:.1f} MB)")
