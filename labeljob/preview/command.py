"""`labeljob preview`: a worker page on this machine, checked, answered, consolidated."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from labeljob.preview.lint import Finding
from labeljob.preview.server import PreviewServer
from labeljob.preview.session import Outcome, Preview, check_line
from labeljob.preview.template import WorkerTemplate
from labeljob.simulation.bucket import read_input
from labeljob.simulation.manifest import Manifest, ManifestLine, parse_manifest
from pre_annotation.task_input import decide
from shared.contract import parse_label_category_file
from shared.errors import ContractError, SettingsError
from shared.json_node import Json, parse_json
from shared.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 400
"""Longer texts in what is printed are cut short: masks are no reading matter."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What the options say of the job."""

    template: Path
    manifest: str
    categories: tuple[str, ...]
    settings: Settings


@click.command("preview")
@click.argument("template", type=_FILE)
@click.option("--manifest", required=True, metavar="PATH", help="Input manifest: a file or an s3:// URI.")
@click.option(
    "--line", "number", type=click.IntRange(1), help="Which of its lines.  [default: 1; with --lint: all]"
)
@click.option("--labels", metavar="A,B,...", help="Label categories of the job.")
@click.option("--label-categories", type=_FILE, help="Label-category file of the job (JSON).")
@click.option("--settings", type=_FILE, help="Job settings (JSON).")
@click.option("--lint", is_flag=True, help="Only check the template, for one line or for all.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open a browser.  [default: open]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of the server.  [default: any that is free]"
)
@click.pass_context
def preview_command(
    context: click.Context,
    /,
    template: Path,
    manifest: str,
    number: int | None,
    lint: bool,
    open_browser: bool,
    port: int,
    **options: Any,
) -> None:
    """Open a worker page in the browser and see which label its answers give.

    The pre-annotation code makes the task input of one manifest line, TEMPLATE is rendered as Ground Truth renders it, and a web server on
    this machine shows the page with stand-ins for the crowd elements. An answer is consolidated as soon as it is submitted.
    Data objects are taken from beside the manifest, else from S3.

    Exit status: 0; with --lint 1 when a line has an error; 2 an input is unusable.
    """
    job = _Job(template, manifest, _categories(options), _settings(options["settings"]))
    lines = parse_manifest(read_input(manifest, None))
    if lint:
        context.exit(_lint(job, _chosen(lines, number) if number else list(lines.lines)))
    (line,) = _chosen(lines, number or 1)
    preview = Preview.of_line(template, manifest, line, job.categories, job.settings)
    for finding in preview.findings:
        click.echo(finding)
    if preview.skipped:
        click.echo(f"no worker would see this line: {preview.skipped}")
    _serve(preview, port, open_browser=open_browser)


def _serve(preview: Preview, port: int, *, open_browser: bool) -> None:
    with PreviewServer(preview, _print_outcome, port) as server:
        click.echo(f"preview of line {preview.line.number} at {server.url} (end with Ctrl-C)")
        if open_browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("preview ended")


def _print_outcome(answer: Json, outcome: Outcome) -> None:
    click.echo(f"answer {_readable(answer)}")
    click.echo(f"label of {_count(outcome.workers, 'worker')} {_readable(outcome.label)}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _readable(document: Any) -> str:
    return json.dumps(_shortened(document), indent=1, ensure_ascii=False)


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_shortened(member) for member in value]
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:40]}... ({len(value)} characters)"
    return value


def _lint(job: _Job, lines: list[ManifestLine]) -> int:
    """Print what is wrong with each line's page, alike findings once; 1 when something is serious."""
    template = WorkerTemplate.read(job.template)
    found: dict[Finding, list[int]] = {}
    unusable = 0
    for line in lines:
        if line.fault:
            click.echo(f"manifest line {line.number} {line.fault}")
            unusable += 1
            continue
        task_input = decide(line.value, job.categories or job.settings.label_categories, job.settings)
        for finding in check_line(template, task_input.response.task_input):
            found.setdefault(finding, []).append(line.number)
    for finding, numbers in sorted(found.items()):
        click.echo(f"{template.name}: {finding}{''.join(_where(numbers, len(lines)))}")
    errors = sum(finding.serious for finding in found)
    counts = (_count(len(lines), "line"), _count(errors, "error"), f"{len(found) - errors} advice")
    click.echo(", ".join(counts))
    return 1 if errors or unusable else 0


def _where(numbers: list[int], lines: int) -> Iterator[str]:
    if lines > 1 and len(numbers) < lines:
        others = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
        yield f" (manifest line {numbers[0]}{others})"


def _chosen(manifest: Manifest, number: int) -> list[ManifestLine]:
    if number > len(manifest.lines):
        raise ContractError(f"the manifest has {len(manifest.lines)} lines, there is no line {number}")
    return [manifest.lines[number - 1]]


def _categories(options: dict[str, Any]) -> tuple[str, ...]:
    if options["labels"]:
        return tuple(dict.fromkeys(name.strip() for name in options["labels"].split(",") if name.strip()))
    file: Path | None = options["label_categories"]
    return parse_label_category_file(parse_json(file.read_bytes(), path=str(file))) if file else ()


def _settings(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    return Settings.parse(parse_json(path.read_bytes(), error=SettingsError, path=str(path)))
