"""The options that every command has that calls AWS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import click

from labeljob.aws import Aws

_Command = TypeVar("_Command", bound=Callable[..., Any])


def with_aws(command: _Command) -> _Command:
    """Give a command `--profile` and `--region`; it is called with `aws` instead."""
    return _with_options(command, Aws)


def with_aws_if_needed(command: _Command) -> _Command:
    """The same for a command that can do without AWS: its `aws` is a function that makes the clients."""
    return _with_options(command, lambda profile, region: partial(Aws, profile, region))


def with_connect(command: _Command) -> _Command:
    """The same, with the function under the name `connect`."""

    @wraps(command)
    def called(*args: Any, aws: Callable[[], Aws], **options: Any) -> Any:
        return command(*args, connect=aws, **options)

    return with_aws_if_needed(called)  # type: ignore[return-value] # click makes a command of it all the same


def _with_options(command: _Command, aws: Callable[[str | None, str | None], Any]) -> _Command:
    @click.option("--profile", metavar="NAME", help="AWS profile.  [default: that of the environment]")
    @click.option(
        "--region", metavar="NAME", help="AWS Region.  [default: that of the environment or profile]"
    )
    @wraps(command)
    def called(*args: Any, profile: str | None, region: str | None, **options: Any) -> Any:
        return command(*args, aws=aws(profile, region), **options)

    return called  # type: ignore[return-value] # click makes a command of it all the same
