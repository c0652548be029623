"""The real sets of classes on the page: every system on every set, and what is to be reached there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.groups import Group
from benchmarks.markdown import table
from benchmarks.runs import Record
from benchmarks.systems import OURS, of_group
from benchmarks.targets import Records

PREFIX = "real:"
ACCURACY, ERROR = "accuracy", "calibration error"
NAMED = {
    "gt_birds_image_classification": 0.907,
    "bluebirds": 0.889,
    "d_product": 0.938,
    "dog4": 0.840,
}
"""Accuracy to reach on single sets."""
_VOTE, _DAWID_SKENE = "crowd-kit MajorityVote", "crowd-kit DawidSkene"
_SHORT_OF_BOTH, _SHORT_OF_BEST, _MOST_ERROR = 0.003, 0.01, 0.05
_ABOUT = """One default for all sets; every set is one batch, and items without a known truth count for the workers' skill alone.
crowd-kit's methods with their own defaults (100 iterations, MACE 50), given the answers in the order of the set's file, on which its
MACE depends."""


@dataclass(frozen=True)
class Goal:
    """What is to be reached: in words, our figure, and whether it is."""

    about: str
    wanted: str
    found: str
    reached: bool

    def row(self) -> tuple[str, str, str, str]:
        """Of the table."""
        return self.about, self.wanted, self.found, "yes" if self.reached else "**no**"


def section(groups: Sequence[Group], records: Records) -> str:
    """Accuracy and calibration error of every system on every set, their means, and the goals."""
    names = [system.name for system in of_group(groups[0].name)]
    parts = ["## Real classes"]
    for measure, better in ((ACCURACY, max), (ERROR, min)):
        figures = {group.title: _figures(records[group.name], measure) for group in groups}
        figures["**mean**"] = _means(list(figures.values()))
        rows = []
        for title, known in figures.items():
            best = better(known.values(), default=math.nan)
            rows.append((title, *(_shown(known.get(name), best) for name in names)))
        parts.append(f"{measure.capitalize()}, the best in bold:")
        parts.append(table(("set", *names), rows))
    parts.append(_ABOUT)
    if goals := list(_goals(groups, records)):
        parts.append(f"To reach; {sum(goal.reached for goal in goals)} of {len(goals)} are:")
        parts.append(table(("set", "to reach", "ours", "reached"), [goal.row() for goal in goals]))
    return "\n\n".join(parts)


def _figures(records: Mapping[str, Record], measure: str) -> dict[str, float]:
    return {name: record.figures[measure] for name, record in records.items() if measure in record.figures}


def _means(sets: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Over the sets, of the systems that have a figure on each."""
    common = set.intersection(*(set(known) for known in sets)) if sets else set()
    return {name: float(np.mean([known[name] for known in sets])) for name in sorted(common)}


def _goals(groups: Sequence[Group], records: Records) -> Iterator[Goal]:
    sets = {group.title: _figures(records[group.name], ACCURACY) for group in groups}
    sets = {title: known for title, known in sets.items() if OURS in known}
    for title, known in sets.items():
        if title in NAMED:
            yield _at_least(title, known[OURS], NAMED[title], f"{NAMED[title]:g}")
        elif {_VOTE, _DAWID_SKENE} <= set(known):
            least = max(known[_VOTE], known[_DAWID_SKENE]) - _SHORT_OF_BOTH
            yield _at_least(
                title, known[OURS], least, f"{least:.4f}, of vote and Dawid-Skene less {_SHORT_OF_BOTH:g}"
            )
    means = _means(list(sets.values()))
    peers = {name: value for name, value in means.items() if not name.startswith(OURS)}
    if peers:
        best = max(peers, key=lambda name: (peers[name], name))
        yield _at_least("mean of the sets", means[OURS], peers[best], f"{peers[best]:.4f}, of {best}")
        behind = {
            title: round(known[OURS] - max(value for name, value in known.items() if name in peers), 4)
            for title, known in sets.items()
        }
        worst = min(behind, key=lambda title: (behind[title], title))
        wanted = f"{-_SHORT_OF_BEST:+g} or more beside its best peer"
        yield Goal("any set", wanted, f"{behind[worst]:+.4f} on {worst}", behind[worst] >= -_SHORT_OF_BEST)
    errors = _means([_figures(records[group.name], ERROR) for group in groups])
    if OURS in errors:
        found = errors[OURS]
        yield Goal("mean of the sets", f"{ERROR} ≤ {_MOST_ERROR:g}", f"{found:.4f}", found <= _MOST_ERROR)


def _at_least(about: str, found: float, least: float, said: str) -> Goal:
    return Goal(about, f"{ACCURACY} ≥ {said}", f"{found:.4f}", round(found, 4) >= round(least, 4))


def _shown(value: float | None, best: float) -> str:
    if value is None:
        return ""
    return f"**{value:.4f}**" if math.isclose(value, best, abs_tol=5e-5) else f"{value:.4f}"
