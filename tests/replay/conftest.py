"""The command as a person runs it, and requests to replay."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labeljob.cli import main


@dataclass(frozen=True)
class Run:
    """What a person sees of a command, and the folder of its results."""

    status: int
    out: str
    err: str
    folder: Path

    def names(self) -> list[str]:
        """The files in the folder, sorted."""
        return sorted(
            path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()
        )

    def response(self, name: str) -> list[dict[str, Any]]:
        """A response file."""
        reply: list[dict[str, Any]] = json.loads((self.folder / f"{name}.response.json").read_text("utf-8"))
        return reply


Replay = Callable[..., Run]


@pytest.fixture
def replay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Run]:
    """Run `labeljob replay` with arguments, into a folder `out` of the test."""
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: object) -> Run:
        folder = tmp_path / "out"
        monkeypatch.setattr(sys, "argv", ["labeljob", "replay", *map(str, arguments), "--out", str(folder)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Run(int(end.value.code or 0), printed.out, printed.err, folder)

    return run


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Write a JSON file below the test's folder; returns its path."""

    def write(name: str, document: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write
