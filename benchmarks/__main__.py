"""`python -m benchmarks [--only WORK ...] [--resume] [--page] [--data DIR]`: measure ours and the peers, and write `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import calibration, runs, shrinkage
from benchmarks.accuracy import data_folder, measured
from benchmarks.groups import Group, groups
from benchmarks.page import Machine, page
from benchmarks.systems import ENVIRONMENTS
from consolidation.kinds.class_label import ClassKind

PAGE = runs.ROOT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str]) -> int:
    """Measure, then write the page and its pictures; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition(": ")[2]
    )
    parser.add_argument(
        "--only", nargs="+", metavar="WORK", help="works to measure anew; `real` is all real sets"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the last run where it was stopped")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page anew")
    parser.add_argument("--data", type=Path, help="folder of the real data sets")
    options = parser.parse_args(arguments)
    data = data_folder(options.data)
    works = groups(data)
    try:
        wanted = chosen(works, options.only)
    except LookupError as unknown:
        parser.error(str(unknown))
    book = runs.Book()
    if not options.page:
        absent = [name for name in ENVIRONMENTS if not runs.interpreter(name).exists()]
        if absent:
            print(f"Not installed: {', '.join(absent)}. `make bench-setup` installs the peers.", flush=True)
        runs.measure_all(wanted, book, lambda line: print(line, flush=True), resume=options.resume)
    records = {name: book.latest(name) for name in works}
    crowds = [work for name, work in works.items() if records[name] and work.kind == ClassKind.name]
    rows = measured(data, calibration.REAL, lambda line: print(line, flush=True))
    more = [*shrinkage.sections(crowds), *calibration.sections(works, records, rows)]
    PAGE.write_text(page(list(works.values()), records, Machine.here(), more))
    print(f"{PAGE.relative_to(runs.ROOT)} is written.")
    return 0


def chosen(works: dict[str, Group], only: Sequence[str] | None) -> list[Group]:
    """The works of these names, all if none are given.

    Raises:
        LookupError: a name is not there.
    """
    if not only:
        return list(works.values())
    unknown = sorted(name for name in only if name not in works and name != "real")
    if unknown:
        raise LookupError(f"no such work: {', '.join(unknown)}; there are {', '.join(works)}")
    return [work for name, work in works.items() if {name, name.partition(":")[0]} & set(only)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
