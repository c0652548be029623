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

    @wraps(command)
    def called(*args: Any, connect: Callable[[], Aws], **options: Any) -> Any:
        return command(*args, aws=connect(), **options)

    return with_connect(called)  # type: ignore[return-value] # click makes a command of it all the same


def with_connect(command: _Command) -> _Command:
    """The same for a command that can do without AWS: it is called with `connect`, which makes the clients."""

    @click.option("--profile", metavar="NAME", help="AWS profile.  [default: that of the environment]")
    @click.option(
        "--region", metavar="NAME", help="AWS Region.  [default: that of the environment or profile]"
    )
    @wraps(command)
    def called(*args: Any, profile: str | None, region: str | None, **options: Any) -> Any:
        return command(*args, connect=partial(Aws, profile, region), **options)

    return called  # type: ignore[return-value] # click makes a command of it all the same
