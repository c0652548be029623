"""The page of the benchmarks, written from what was measured: the same for the same records."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.groups import Group
from benchmarks.runs import Record
from benchmarks.systems import OURS, of_group
from benchmarks.targets import TARGETS, Records, Target

_REAL = "real:"


@dataclass(frozen=True)
class Machine:
    """What the measurements were made on: class of the processor, cores, Python and numpy."""

    processor: str
    cores: int
    python: str
    numpy: str

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        return cls(platform.machine(), os.cpu_count() or 1, platform.python_version(), np.__version__)


def page(groups: Sequence[Group], records: Records, machine: Machine, more: Sequence[str] = ()) -> str:
    """The whole of `docs/benchmarks.md`.

    Args:
        groups: works in order.
        records: of each work, by system.
        machine: they were made on.
        more: sections to add.
    """
    measured = [group for group in groups if records.get(group.name)]
    seeded = [group for group in measured if not group.name.startswith(_REAL)]
    real = [group for group in measured if group.name.startswith(_REAL)]
    sections = [
        _introduction(machine),
        _targets(seeded, records),
        *(_work(group, records[group.name]) for group in seeded),
        *([_real(real, records)] if real else []),
        *more,
    ]
    return "\n\n".join(sections) + "\n"


def _introduction(machine: Machine) -> str:
    return f"""# Benchmarks

Written by `make bench`; do not edit. Made on {machine.cores} cores ({machine.processor}) with Python {machine.python},
numpy {machine.numpy}.

Every system does the same work, made from a seed: `benchmarks/workloads` describes the noise of each kind of worker, which ranks
methods on this noise and is no figure for a real crowd. It is alone in a process of its own, its imports done and its input in its
own form: ours has parsed the workers' answers, a peer has its data frames, images or datasets. Time is the median of up to 7 runs
after one to warm up, for one data object; a system that takes longer than 8 seconds runs once. **x ours** is that time in units of
ours in the same run, and what counts: machines differ. Memory is what the first run takes beyond what was there before it (high-water
mark). Where a peer is given only the first data objects, as all would take too long, their number stands behind its name, and its
accuracy is that on these. Ours is the default settings (method `em`) through `study`, `learn` and `merge` of the kind, nothing
chosen for a work."""


def _targets(groups: Sequence[Group], records: Records) -> str:
    titles = {group.name: group.title for group in groups}
    rows, behind = [], []
    for target in TARGETS:
        if target.group not in titles:
            continue
        found = target.found(records)
        shown = "not measured" if found is None else target.shown(found)
        reached = "" if found is None else "yes" if target.reached(found) else "**no**"
        rows.append((titles[target.group], target.wanted(), shown, reached))
        if found is not None and not target.reached(found) and target.note:
            behind.append(f"- {_sentence(target, shown)} {target.note}")
    known = [row for row in rows if row[3]]
    count = sum(row[3] == "yes" for row in known)
    text = f"## Figures to reach\n\n{count} of {len(known)} are reached.\n\n"
    text += table(("work", "to reach", "ours", "reached"), rows)
    return text + ("\n\nWhere one is not reached:\n\n" + "\n".join(behind) if behind else "")


def _sentence(target: Target, shown: str) -> str:
    return f"**{target.group}**, {target.wanted()} ({shown}):"


def _work(group: Group, records: Mapping[str, Record]) -> str:
    ours = records.get(OURS)
    unit = ours.milliseconds if ours is not None else None
    figures = list(dict.fromkeys(name for record in records.values() for name in record.figures))
    total = max((record.objects for record in records.values()), default=0)
    rows, notes = [], dict[str, None]()
    for system in of_group(group.name):
        record = records.get(system.name)
        if record is None:
            continue
        if system.note:
            notes[f"{system.name}: {system.note}."] = None
        few = f" ({record.objects} of {total})" if 0 < record.objects < total else ""
        name = f"{system.name} {record.version}".strip() + few
        if record.milliseconds is None:
            rows.append((name, record.error, *[""] * (2 + len(figures))))
            continue
        ratio = "" if not unit else _short(record.milliseconds / unit)
        memory = "" if record.memory is None else f"{max(record.memory, 0):.1f}"
        accuracy = (figure(record.figures[key]) if key in record.figures else "" for key in figures)
        rows.append((name, _short(record.milliseconds), ratio, memory, *accuracy))
    head = ("", f"ms per {group.per}", "x ours", "memory, MB", *figures)
    text = f"## {group.title[0].upper()}{group.title[1:]}\n\n{table(head, rows)}"
    return text + ("\n\n" + " ".join(notes) if notes else "")


def _real(groups: Sequence[Group], records: Records) -> str:
    """Accuracy and calibration error of every set, and their means."""
    names = [system.name for system in of_group(groups[0].name)]
    parts = ["## Real classes"]
    for measure, better in (("accuracy", max), ("calibration error", min)):
        rows, columns = [], {name: list[float]() for name in names}
        for group in groups:
            given = {name: records[group.name].get(name) for name in names}
            known = {
                name: record.figures[measure]
                for name, record in given.items()
                if record is not None and measure in record.figures
            }
            best = better(known.values(), default=math.nan)
            for name, value in known.items():
                columns[name].append(value)
            rows.append((group.title, *(_best(known.get(name), best) for name in names)))
        means = {
            name: float(np.mean(values)) for name, values in columns.items() if len(values) == len(groups)
        }
        best = better(means.values(), default=math.nan)
        rows.append(("**mean**", *(_best(means.get(name), best) for name in names)))
        parts.append(f"{measure.capitalize()}, the best in bold:")
        parts.append(table(("set", *names), rows))
    parts.append(
        "One default for all sets; every set is one batch, and items without a known truth count for the workers' skill alone. crowd-kit's "
        "methods with their own defaults (100 iterations, MACE 50), given the answers in the order of the set's file."
    )
    return "\n\n".join(parts)


def _best(value: float | None, best: float) -> str:
    if value is None:
        return ""
    return f"**{value:.4f}**" if math.isclose(value, best, abs_tol=5e-5) else f"{value:.4f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, figures to the right."""
    aligned = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, aligned, *rows))


def figure(value: float) -> str:
    """4 decimals, or 2 from 10 on."""
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _short(value: float) -> str:
    """Three digits, or more before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"
