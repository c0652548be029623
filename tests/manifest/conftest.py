"""The command as a person runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from labeljob.cli import main


@dataclass(frozen=True)
class Run:
    """What a person sees of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def labeljob(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `labeljob manifest` with arguments."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["labeljob", "manifest", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Run(int(end.value.code or 0), printed.out, printed.err)

    return run
