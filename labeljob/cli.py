"""The `labeljob` command: one subcommand per module, loaded when it is called, so that `--help` is quick."""

from __future__ import annotations

import importlib

import click

from shared import __version__
from shared.errors import GtConsensusError

COMMANDS = {
    "continue": (
        "labeljob.jobs.output_commands",
        "continue_command",
        "Make a job for what another has left without a label.",
    ),
    "create": (
        "labeljob.launch.command",
        "create_command",
        "Check a job file and create its labeling job.",
    ),
    "describe": (
        "labeljob.jobs.commands",
        "describe_command",
        "Show all there is to know of a labeling job.",
    ),
    "doctor": (
        "labeljob.doctor.command",
        "doctor_command",
        "Look for what would make a job fail late.",
    ),
    "init": (
        "labeljob.launch.command",
        "init_command",
        "Write a commented job file.",
    ),
    "list": (
        "labeljob.jobs.commands",
        "list_command",
        "List labeling jobs.",
    ),
    "local": (
        "labeljob.local.command",
        "local_command",
        "Serve an AWS for labeling jobs on this machine.",
    ),
    "manifest": (
        "labeljob.manifest.command",
        "manifest_command",
        "Make an input manifest of what lies in S3, or check one.",
    ),
    "output": (
        "labeljob.jobs.output_commands",
        "output_command",
        "Show the labels of a job.",
    ),
    "preview": (
        "labeljob.preview.command",
        "preview_command",
        "Open a worker page, answer it and see the label.",
    ),
    "publish": (
        "labeljob.streaming.publish_command",
        "publish_command",
        "Send data objects to a streaming job while it runs.",
    ),
    "refit": (
        "labeljob.refit",
        "refit_command",
        "Make a job's labels anew from what all its answers show of its workers.",
    ),
    "replay": (
        "labeljob.replay",
        "replay_command",
        "Consolidate recorded requests or worker responses again.",
    ),
    "report": (
        "labeljob.report.command",
        "report_command",
        "Write one HTML page that shows every label of a job.",
    ),
    "simulate": (
        "labeljob.simulate",
        "simulate_command",
        "Run a labeling job on this machine from recorded answers.",
    ),
    "stop": (
        "labeljob.jobs.commands",
        "stop_command",
        "Stop a labeling job, and remove what a streaming job leaves behind.",
    ),
    "tail": (
        "labeljob.streaming.tail_command",
        "tail_command",
        "Print the labels of a streaming job as they arrive.",
    ),
    "watch": (
        "labeljob.jobs.watch_command",
        "watch_command",
        "Watch a labeling job until it has ended.",
    ),
    "workers": (
        "labeljob.workers",
        "workers_command",
        "Show how able a job's workers are, and what is odd about them.",
    ),
}
"""Subcommand: module, click command in it, one line of help."""


class LazyGroup(click.Group):
    """A group whose subcommands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labeljob")
def cli() -> None:
    """Check, simulate, replay and repair SageMaker Ground Truth custom labeling jobs."""


def main() -> None:
    """Run the command; an error of ours is one line and exit status 2, not a traceback."""
    try:
        cli()
    except GtConsensusError as failure:
        click.echo(f"labeljob: {failure}", err=True)
        raise SystemExit(2) from failure
