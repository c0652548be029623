"""Measurements: made one by one, each in a process of its own, and kept as JSON lines, so that a run can be gone on with."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.child import ABSENT
from benchmarks.found import Measured
from benchmarks.groups import Group
from benchmarks.reliability import Reliability
from benchmarks.systems import OWN, System, of_group

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / ".bench" / "results.jsonl"
VARIABLE = "PEERS"
"""Environment variable that names the folder of the peers' environments."""
NOT_INSTALLED = "not installed"
_LIMIT_SECONDS = 150


@dataclass(frozen=True)
class Record:
    """What is kept of a measurement.

    Attributes:
        run: number of the run: times are comparable within one.
        group, system: what was measured.
        version: of the library; empty for our own code.
        milliseconds: median for what the group's times are given for; None where there is an error.
        runs: how many it is the median of.
        memory: MB taken beyond what was there before; None where it is not known.
        objects: data objects that it was given.
        figures: accuracy by name.
        reliability: of the confidence; None where there is none.
        error: why there are no figures; empty where there are.
    """

    run: int
    group: str
    system: str
    version: str = ""
    milliseconds: float | None = None
    runs: int = 0
    memory: float | None = None
    objects: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    reliability: Reliability | None = None
    error: str = ""


def interpreter(environment: str) -> Path:
    """The Python of an environment, which may not be there."""
    if environment == OWN:
        return Path(sys.executable)
    folder = Path(os.environ.get(VARIABLE) or ROOT / ".peers")
    return folder / environment / "bin" / "python"


def measure(
    group: Group, run: int, systems: Sequence[System] | None = None, limit: float = _LIMIT_SECONDS
) -> Iterable[Record]:
    """Measure systems on a work, one after the other.

    Args:
        group: the work.
        run: number of the run.
        systems: those of the group if none are given.
        limit: seconds after which a system is stopped.
    """
    chosen = of_group(group.name) if systems is None else systems
    if not chosen:
        return
    work = group.make()
    with tempfile.TemporaryDirectory() as folder:
        handed = Path(folder) / "work"
        handed.write_bytes(pickle.dumps(work))
        for system in chosen:
            measured = _measured(group.name, system, handed, Path(folder) / "result", limit)
            if isinstance(measured, str):
                yield Record(run, group.name, system.name, error=measured)
            else:
                yield _record(group, run, system, measured, work[: system.objects])


def _measured(group: str, system: System, work: Path, result: Path, limit: float) -> Measured | str:
    """The measurement, or why there is none."""
    python = interpreter(system.environment)
    if not python.exists():
        return NOT_INSTALLED
    command = [str(python), "-m", "benchmarks.child", group, system.name, str(work), str(result)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"not finished in {limit:g} s"
    if done.returncode == ABSENT:
        return NOT_INSTALLED
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:200]
    measured: Measured = pickle.loads(result.read_bytes())  # noqa: S301 - the child wrote it
    return measured


def _record(group: Group, run: int, system: System, measured: Measured, work: list[Any]) -> Record:
    scored = group.score(measured.results, work)
    return Record(
        run=run,
        group=group.name,
        system=system.name,
        version=measured.version,
        milliseconds=1e3 * measured.seconds / len(work),
        runs=measured.runs,
        memory=measured.memory,
        objects=len(work),
        figures=scored.figures,
        reliability=None if system.library else scored.reliability,
    )


class Book:
    """The records of all runs, in a file of JSON lines."""

    def __init__(self, path: Path = RESULTS) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self._records = [_from_json(json.loads(line)) for line in lines]

    @property
    def last_run(self) -> int:
        """Number of the last run; 0 before the first."""
        return max((record.run for record in self._records), default=0)

    def add(self, record: Record) -> None:
        """Keep a record."""
        self._records.append(record)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def latest(self, group: str) -> dict[str, Record]:
        """The records of a work by system, of the last run that measured it."""
        found = [record for record in self._records if record.group == group]
        run = max((record.run for record in found), default=0)
        return {record.system: record for record in found if record.run == run}

    def has(self, run: int, group: str, system: str) -> bool:
        """Whether a run has measured a system."""
        return any(
            (record.run, record.group, record.system) == (run, group, system) for record in self._records
        )


def measure_all(
    wanted: Iterable[Group], book: Book, tell: Callable[[str], object], *, resume: bool = False
) -> None:
    """Measure works and keep the records.

    Args:
        wanted: works.
        book: gets the records.
        tell: gets a line for each.
        resume: go on with the last run: what it has measured is left as it is.
    """
    run = max(book.last_run, 1) if resume else book.last_run + 1
    for group in wanted:
        left = [system for system in of_group(group.name) if not book.has(run, group.name, system.name)]
        for record in measure(group, run, left):
            book.add(record)
            tell(f"{record.group:12} {record.system:45} {_in_short(record)}")


def _in_short(record: Record) -> str:
    if record.milliseconds is None:
        return record.error
    figures = "  ".join(f"{name} {value:.4f}" for name, value in record.figures.items())
    memory = "" if record.memory is None else f"{record.memory:8.1f} MB"
    return f"{record.milliseconds:12.3f} ms {memory}  {figures}"


def _from_json(entry: dict[str, Any]) -> Record:
    reliability = entry.pop("reliability")
    if reliability is not None:
        reliability = Reliability(**{name: tuple(sums) for name, sums in reliability.items()})
    return Record(**entry, reliability=reliability)
