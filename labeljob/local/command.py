"""`labeljob local`: an AWS for labeling jobs on this machine, served until it is interrupted."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click

from labeljob.local.crowd import Crowd
from labeljob.local.furniture import BUCKETS, EXECUTION_ROLE, STACK
from labeljob.local.server import environment, serving
from shared.errors import ContractError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _NamedCrowd(click.ParamType[tuple[str, Crowd]]):
    """NAME=ANSWERS[:ANSWER_KEY]."""

    name = "crowd"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Crowd]:
        """Read it; a colon is part of the path where the path with it is there."""
        name, separator, rest = value.partition("=")
        if not name or not separator or not rest:
            self.fail(f"{value!r} is not NAME=ANSWERS or NAME=ANSWERS:ANSWER_KEY", param, ctx)
        if Path(rest).exists():
            return name, Crowd(Path(rest))
        path, _, key = rest.rpartition(":")
        if not path or not Path(path).exists():
            self.fail(f"there are no recorded answers at {path or rest}", param, ctx)
        return name, Crowd(Path(path), key)


@click.command("local")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of 127.0.0.1.  [default: any that is free]"
)
@click.option(
    "--crowd",
    "crowds",
    type=_NamedCrowd(),
    multiple=True,
    metavar="NAME=ANSWERS[:KEY]",
    help="Recorded answers for the private work team NAME, or for Mechanical Turk where NAME is public; KEY: the manifest "
    "attribute with the id under which they were recorded.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for what the functions log."
)
@click.option("--settings", type=_FILE, help="Job settings (JSON) of the deployed functions.")
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds that each data object takes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the variables as one JSON object, for scripts.")
@click.option("--attached", is_flag=True, help="End with standard input too, for programs that start it.")
def local_command(
    port: int,
    crowds: tuple[tuple[str, Crowd], ...],
    out: Path | None,
    settings: Path | None,
    pace: float,
    as_json: bool,
    attached: bool,
) -> None:
    """Serve an AWS for labeling jobs on this machine, until Ctrl-C.

    Nothing leaves the machine and nothing costs money. Real: the protocol, the checks of every request, both functions and the labels
    they make, the files in S3. Not real: the workers, whose answers are recorded; AWS's own task pages and functions; the clock, by
    which a job takes no longer than its functions do.
    """
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ended = Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: ended.set())
        try:
            url = stack.enter_context(serving(dict(crowds), folder, settings, port, pace))
        except OSError as failure:
            raise ContractError(
                f"port {port} cannot be used: {os.strerror(failure.errno or 0)}; give another --port"
            ) from failure
        variables = environment(url)
        if as_json:
            click.echo(json.dumps(variables))
        else:
            _tell(url, variables, [name for name, _ in crowds])
        if attached:
            Thread(target=_follow, args=(sys.stdin.fileno(), ended), daemon=True).start()
        ended.wait()


def _follow(descriptor: int, ended: Event) -> None:
    """End when a file does; read without Python's buffer, whose lock a thread must not hold when the process ends."""
    while os.read(descriptor, 4096):
        pass
    ended.set()


def _tell(url: str, variables: dict[str, str], crowds: list[str]) -> None:
    click.echo(f"AWS for labeling jobs at {url}; Ctrl-C ends it. In another terminal:\n")
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo(f"\nbuckets         {', '.join(BUCKETS)}")
    click.echo(f"execution role  {EXECUTION_ROLE}")
    click.echo(f"stack           {STACK}")
    click.echo(f"work teams      {', '.join(crowds) or 'none: give --crowd'}")
