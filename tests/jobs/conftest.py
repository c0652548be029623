"""The job commands as a person runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from labeljob.cli import cli
from shared.errors import GtConsensusError


@dataclass(frozen=True)
class Run:
    """What a person sees of a command."""

    status: int
    out: str
    err: str


Labeljob = Callable[..., Run]


@pytest.fixture
def labeljob() -> Labeljob:
    """Run a command in this process, as `labeljob.cli.main` does."""

    def run(*arguments: str, answer: str | None = None) -> Run:
        result = CliRunner().invoke(cli, [*arguments], input=answer)
        if isinstance(result.exception, GtConsensusError):
            return Run(2, result.stdout, f"labeljob: {result.exception}\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Run(result.exit_code, result.stdout, result.stderr)

    return run
