"""`python -m benchmarks.accuracy [SET ...] [--data DIR] [--write]`: our figures on real data beside those of others.

Every module of `benchmarks/real` that has a `measure(data) -> list[Row]` is a set, or several. A set whose data are not there is
skipped with a word. `--write` puts the table into `docs/accuracy.md`, with how each figure is made.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import real
from benchmarks.markdown import figure
from benchmarks.real.rows import Row
from benchmarks.real.sources import is_there
from consolidation.kinds import KINDS
from shared.settings import Settings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "accuracy.md"
VARIABLE = "ACCURACY_DATA"
"""Environment variable that names the data folder."""


@dataclass(frozen=True)
class Source:
    """A module of `benchmarks/real`.

    Attributes:
        name: of the module.
        data_sets: folders that it reads; empty where it does not say.
        measure: gives the rows, or raises FileNotFoundError.
    """

    name: str
    data_sets: tuple[str, ...]
    measure: Callable[[Path], list[Row]]


def sources() -> list[Source]:
    """All modules that measure, by name."""
    found = []
    for module in sorted(info.name for info in pkgutil.iter_modules(real.__path__)):
        imported = importlib.import_module(f"{real.__name__}.{module}")
        if hasattr(imported, "measure"):
            found.append(Source(module, getattr(imported, "DATA_SETS", ()), imported.measure))
    return found


def measured(data: Path, names: Sequence[str] = (), tell: Callable[[str], object] = print) -> list[Row]:
    """The rows of the sets that are there, in the order of the table of kinds.

    Args:
        data: folder that holds the sets; need not exist.
        names: modules or data sets wanted; none for all.
        tell: gets a line for each set that is skipped.

    Raises:
        LookupError: a name is neither.
    """
    known = sources()
    unknown = set(names) - {name for source in known for name in (source.name, *source.data_sets)}
    if unknown:
        choices = ", ".join(sorted({name for source in known for name in (source.name, *source.data_sets)}))
        raise LookupError(f"no such set: {', '.join(sorted(unknown))}; there are {choices}")
    rows: list[Row] = []
    for source in known:
        chosen = [name for name in source.data_sets if not names or {name, source.name} & set(names)]
        if names and not chosen and source.name not in names:
            continue
        absent = [name for name in chosen if not is_there(data, name)]
        for name in absent:
            tell(f"{source.name}: {name} is skipped, its data are not there")
        if chosen and absent == chosen:
            continue
        try:
            made = source.measure(data)
        except FileNotFoundError as missing:
            tell(f"{source.name} is skipped, {Path(missing.filename or str(missing)).name} is not there")
            continue
        if not made:
            tell(f"{source.name} is skipped, it found nothing to measure")
        rows += [row for row in made if not chosen or row.data_set in chosen]
    order = [kind.name for kind in KINDS]
    return sorted(rows, key=lambda row: order.index(row.kind) if row.kind in order else len(order))


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table: ours, the plainest merge, one worker, and the best of the others' figures."""
    lines = [
        "| data set | kind | measure | items | ours | majority | single worker | best of others |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        best = _best(row)
        cells = (
            row.data_set,
            f"`{row.kind}`",
            row.metric + ("" if row.higher_is_better else " (less is better)"),
            str(row.items),
            f"**{figure(row.ours)}**",
            *("" if value is None else figure(value) for value in (row.majority, row.single)),
            f"{figure(row.published[best])} {best}" if best else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(rows: Sequence[Row]) -> str:
    """The whole of `docs/accuracy.md`: the same for the same rows."""
    beaten, level, missed = (sum(len(group[place]) for group in map(standing, rows)) for place in range(3))
    return f"""# Accuracy on real data

Written by `make accuracy ARGS=--write`; do not edit. Ours is what the kinds make of the answers under the default settings (method
`{Settings().method}`): every answer is parsed, merged and written as the function does it. Majority is the plainest merge there is,
single worker the best one who answered enough, or one on average where the notes say so. The figures of others are those that papers
print, that their libraries reach, or that a simple rule reaches on the same files; the notes name them.

{table(rows)}

## Against the figures of others

Of {beaten + level + missed} figures {beaten} are beaten, {level} equalled and {missed} not reached, as far as they are printed.

{_comparison(rows)}

Where ours is behind the plainest merge: {"; ".join(_behind(rows)) or "nowhere"}.

## How each figure is made

{_notes(rows)}
"""


def standing(row: Row) -> tuple[list[str], list[str], list[str]]:
    """Names of the published figures that ours beats, equals and does not reach, each from best to worst."""
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name in _ranked(row):
        lead = _lead(row, row.published[name])
        groups[0 if lead > 0 else 1 if lead == 0 else 2].append(name)
    return groups


def _lead(row: Row, other: float) -> float:
    """By how much ours is better than another figure, both as printed."""
    gap = float(figure(row.ours)) - float(figure(other))
    return gap if row.higher_is_better else -gap


def _ranked(row: Row) -> list[str]:
    sign = -1 if row.higher_is_better else 1
    return sorted(row.published, key=lambda name: (sign * row.published[name], name))


def _best(row: Row) -> str | None:
    return next(iter(_ranked(row)), None)


def _comparison(rows: Sequence[Row]) -> str:
    lines = [
        "| data set | measure | ours | beaten | equalled | not reached |",
        "| --- | --- | ---: | --- | --- | --- |",
    ]
    for row in rows:
        if row.published:
            groups = (
                "; ".join(f"{name} {figure(row.published[name])}" for name in group)
                for group in standing(row)
            )
            lines.append(f"| {row.data_set} | {row.metric} | {figure(row.ours)} | {' | '.join(groups)} |")
    return "\n".join(lines)


def _behind(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row.data_set}, `{row.kind}`, {row.metric} ({figure(row.ours)}, {figure(row.majority)})"
        for row in rows
        if row.majority is not None and _lead(row, row.majority) < 0
    ]


def _notes(rows: Sequence[Row]) -> str:
    """The notes, each once, with what it is about."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.note:
            grouped.setdefault(row.note, []).append(row)
    lines = []
    for note, about in grouped.items():
        sets = ", ".join(dict.fromkeys(f"**{row.data_set}**" for row in about))
        kinds = ", ".join(dict.fromkeys(f"`{row.kind}`" for row in about))
        metrics = "; ".join(dict.fromkeys(row.metric for row in about))
        lines.append(f"- {sets}, {kinds}, {metrics}: {note}")
    return "\n".join(lines)


def data_folder(given: Path | None = None) -> Path:
    """The folder given, else what the environment names, else `shared/data` beside the repository."""
    named = os.environ.get(VARIABLE)
    return given or (Path(named) if named else ROOT.parent / "shared" / "data")


def run(arguments: Sequence[str] = ()) -> int:
    """Measure and print, and write if asked; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help="a data set, or a module of benchmarks/real")
    parser.add_argument("--data", type=Path, help=f"folder of the data sets (also: {VARIABLE})")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    skipped: list[str] = []
    try:
        rows = measured(data_folder(options.data), options.sets, skipped.append)
    except LookupError as unknown:
        parser.error(str(unknown))
    for line in skipped:
        print(line)
    if skipped:
        print(f"Data sets are looked for in --data, else in {VARIABLE}, else in ../shared/data\n")
    print(table(rows))
    if options.write and (skipped or options.sets):
        print(f"{PAGE.relative_to(ROOT)} is left as it is: it would lose the sets that were not measured")
        return 1
    if options.write:
        PAGE.write_text(page(rows))
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
