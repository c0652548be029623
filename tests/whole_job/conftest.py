"""The commands over a whole job as a person runs them, and a job whose workers are known."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeljob.cli import main
from tests.payloads import WORKERS, answer, entry

Run = Callable[..., tuple[int, str, str]]
CATEGORIES = ("bike", "bus", "car", "van")
ABLE, RANDOM = WORKERS[:3], WORKERS[3]


@pytest.fixture
def labeljob(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `labeljob` with arguments: exit status, output, complaints."""
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["labeljob", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def crowd(objects: int = 150, seed: int = 3) -> tuple[list[Any], list[str]]:
    """Objects that two of three able workers and one who answers at random have seen, and their true categories."""
    random = np.random.default_rng(seed)
    entries, truth = [], []
    for number in range(objects):
        true = CATEGORIES[random.integers(4)]
        seen = [ABLE[place] for place in random.choice(3, size=2, replace=False)]
        said = [true if random.random() < 0.85 else CATEGORIES[random.integers(4)] for _ in seen]
        entries.append(
            entry(
                str(number),
                *(answer(who, kind={"label": what}) for who, what in zip(seen, said, strict=True)),
                answer(RANDOM, kind={"label": CATEGORIES[random.integers(4)]}),
            )
        )
        truth.append(true)
    return entries, truth


def write_job(folder: Path, entries: Sequence[Any], batch: int = 10) -> Path:
    """The requests of a job `Roads-7A` below a folder, in batches; returns the job's folder."""
    job = folder / "Roads-7A"
    for iteration, first in enumerate(range(0, len(entries), batch), start=1):
        file = job / f"annotations/consolidated-annotation/consolidation-request/iteration-{iteration}/a.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(list(entries[first : first + batch])), encoding="utf-8")
    return job


def lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
