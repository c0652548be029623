"""The page of the benchmarks, written from what was measured: the same for the same records."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import real_classes
from benchmarks.groups import Group
from benchmarks.markdown import figure, short, table
from benchmarks.runs import Record
from benchmarks.systems import BUDGET_SECONDS, OURS, REPEATS, of_group
from benchmarks.targets import TARGETS, Records, Target


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
    seeded = [group for group in measured if not group.name.startswith(real_classes.PREFIX)]
    real = [group for group in measured if group.name.startswith(real_classes.PREFIX)]
    sections = [
        _introduction(machine),
        _targets(seeded, records),
        *(_work(group, records[group.name]) for group in seeded),
        *([real_classes.section(real, records)] if real else []),
        *more,
    ]
    return "\n\n".join(sections) + "\n"


def _introduction(machine: Machine) -> str:
    return f"""# Benchmarks

Written by `make bench`; do not edit. Made on {machine.cores} cores ({machine.processor}) with Python {machine.python},
numpy {machine.numpy}.

Every system does the same work, made from a seed: `benchmarks/workloads` describes the noise of each kind of worker, which ranks
methods on this noise and is no figure for a real crowd. It is alone in a process of its own, its imports done and its input in its
own form: ours has parsed the workers' answers, a peer has its data frames, images or datasets. Time is the median of up to {REPEATS}
runs after one to warm up, for one data object; a system that takes longer than {BUDGET_SECONDS:g} seconds runs once. **x ours** is
that time in units of ours in the same run, and what counts: machines differ. Memory is what the first run takes beyond what was
there before it (high-water mark). Where a peer is given only the first data objects, as all would take too long, their number stands
behind its name, and its accuracy is that on these. Ours is the default settings (method `em`) through `study`, `learn` and `merge` of
the kind, nothing chosen for a work."""


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
    rows, notes = [], dict[str, list[str]]()
    for system in of_group(group.name):
        record = records.get(system.name)
        if record is None:
            continue
        if system.note:
            notes.setdefault(system.note, []).append(system.name)
        few = f" ({record.objects} of {total})" if 0 < record.objects < total else ""
        name = f"{system.name} {record.version}".strip() + few
        if record.milliseconds is None:
            rows.append((name, record.error, *[""] * (2 + len(figures))))
            continue
        ratio = "" if not unit else short(record.milliseconds / unit)
        memory = "" if record.memory is None else f"{max(record.memory, 0):.1f}"
        accuracy = (figure(record.figures[key]) if key in record.figures else "" for key in figures)
        rows.append((name, short(record.milliseconds), ratio, memory, *accuracy))
    head = ("", f"ms per {group.per}", "x ours", "memory, MB", *figures)
    text = f"## {group.title[0].upper()}{group.title[1:]}\n\n{table(head, rows)}"
    said = "\n".join(f"- {', '.join(names)}: {note}." for note, names in notes.items())
    return f"{text}\n\n{said}" if said else text
