"""`python -m benchmarks.child GROUP SYSTEM WORK RESULT`: measure one system on one work, alone in this process and in its own environment.

WORK holds the pickled data objects, and RESULT gets the pickled measurement, its results included. Exit code 3: the library is not there.
"""

from __future__ import annotations

import gc
import importlib.metadata
import pickle
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks.found import Measured, Prepared
from benchmarks.systems import BUDGET_SECONDS, REPEATS, System, named

ABSENT = 3
_STATUS = Path("/proc/self/status")


def measure(system: System, work: list[Any]) -> Measured:
    """Prepare, warm up, repeat.

    Raises:
        ImportError: its library is not installed.
    """
    version = importlib.metadata.version(system.library) if system.library else ""
    prepared: Prepared = system.prepare(work[: system.objects])
    gc.collect()
    before = _start_counting_memory()
    begin = time.perf_counter()
    made = prepared.run()
    first = time.perf_counter() - begin
    memory = None if before is None else _memory("VmHWM") - before
    # Read at once: some libraries change their input, and the results of a second run with it.
    results = prepared.read(made)
    del made
    seconds, runs = _repeated(prepared, first)
    return Measured(results, seconds, runs, memory, version)


def _repeated(prepared: Prepared, first: float) -> tuple[float, int]:
    """Median of the runs after the first, and how many; the first, where it took all the time there is."""
    times: list[float] = []
    while len(times) < REPEATS and first + sum(times) < BUDGET_SECONDS:
        start = time.perf_counter()
        prepared.run()
        times.append(time.perf_counter() - start)
    return statistics.median(times or [first]), max(len(times), 1)


def _start_counting_memory() -> float | None:
    """Forget the peak so far, where the system can; MB in use now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _memory("VmRSS")


def _memory(key: str) -> float:
    """A line of the process's status, in MB. Not getrusage, whose maximum a child inherits from its parent."""
    return int(_STATUS.read_text().split(f"{key}:")[1].split()[0]) / 1024


def main(group: str, name: str, work: str, result: str) -> int:
    """See the module."""
    warnings.simplefilter("ignore")
    try:
        measured = measure(named(group, name), pickle.loads(Path(work).read_bytes()))  # noqa: S301 - the parent wrote it
    except (ImportError, importlib.metadata.PackageNotFoundError) as missing:
        print(missing, file=sys.stderr)
        return ABSENT
    Path(result).write_bytes(pickle.dumps(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
