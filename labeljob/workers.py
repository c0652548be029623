"""`labeljob workers`: how able a job's workers are, by all their answers, and what is odd about them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from consolidation.estimation.tallies import Sums
from consolidation.kinds.skill import Learned
from consolidation.learning import ElementKind
from labeljob.refit import job_options, opened_job
from labeljob.whole_job import WholeJob
from labeljob.worker_traits import Observer

_SURE = 0.95
_TOP = 3
_LEAST_SHARE = 0.05
"""A mistake is told that makes up this share of a worker's answers to a category,"""
_LEAST_TIMES = 0.5
"""where the worker saw that category about once at least."""
_CONFUSION = "confusion"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What is known of one worker at one form element.

    Attributes:
        worker_id: as Ground Truth sent it.
        element, kind: what was answered.
        answers: how many.
        reliability: chance in [0, 1] that what the worker says is right.
        interval: 95 % interval of it.
        seconds: median time per answer, or None.
        mistakes: (true category, what the worker said, share of the times it was true, these times), the most frequent first.
        rates: share of the parts that were there which the worker found (`found`), and parts invented per chance to (`invented`), where
            the kind counts them.
        bias: mean distance by which the worker's parts lie beside the label's, by axis, in the kind's own unit.
        alpha: Krippendorff's alpha of all workers' answers to the element; None where they are drawn or written freely.
        suspicious: what is odd, in words.
        statistics: all sums of the kind's model.
    """

    worker_id: str
    element: str
    kind: str
    answers: int
    reliability: float
    interval: tuple[float, float]
    seconds: float | None
    mistakes: tuple[tuple[str, str, float, float], ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    bias: Mapping[str, float] = field(default_factory=dict)
    alpha: float | None = None
    suspicious: tuple[str, ...] = ()
    statistics: Mapping[str, float] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """JSON under hyphenated names."""
        return {
            "worker-id": self.worker_id,
            "element": self.element,
            "kind": self.kind,
            "answers": self.answers,
            "reliability": round(self.reliability, _DIGITS),
            "interval": [round(end, _DIGITS) for end in self.interval],
            "seconds": self.seconds,
            "mistakes": [
                {"true": true, "said": said, "share": round(share, _DIGITS), "of": round(times, _DIGITS)}
                for true, said, share, times in self.mistakes
            ],
            "rates": {name: round(rate, _DIGITS) for name, rate in self.rates.items()},
            "bias": {axis: round(mean, _DIGITS) for axis, mean in self.bias.items()},
            "alpha": None if self.alpha is None else round(self.alpha, _DIGITS),
            "suspicious": list(self.suspicious),
            "statistics": {name: round(value, _DIGITS) for name, value in self.statistics.items()},
        }


def report_workers(whole: WholeJob) -> list[WorkerReport]:
    """Every worker at every form element, the least reliable first."""
    observer = Observer()
    skills = whole.learn(observer.see)
    hasty = observer.hasty()
    reports: list[WorkerReport] = []
    for key, learned in skills.learned.items():
        reports += _element_reports(key, learned, observer, hasty)
    return sorted(reports, key=lambda one: (one.element, one.reliability, one.worker_id))


def interval(share: float, answers: int, sure: float = _SURE) -> tuple[float, float]:
    """Wilson's interval of a share seen in so many answers (Wilson 1927, doi:10.1080/01621459.1927.10502953); without any, [0, 1]."""
    if not answers:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + sure) / 2)
    middle = (share + z * z / (2 * answers)) / (1 + z * z / answers)
    half = z / (1 + z * z / answers) * (share * (1 - share) / answers + z * z / (4 * answers**2)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _element_reports(
    key: ElementKind, learned: Learned, observer: Observer, hasty: Mapping[str, tuple[float, float]]
) -> Iterator[WorkerReport]:
    traits = observer.traits[key]
    constant, copies, alpha = traits.constant(), traits.copies(), traits.alpha()
    categories = len(_categories(learned))
    chance = (
        1 / categories if categories > 1 else 0.0
    )  # what is no choice of several has no chance to be right by itself
    for worker, answers in sorted(traits.answers.items()):
        sums = learned.tallies.of(worker)
        reliability = learned.reliability_of(worker)
        ends = interval(reliability, answers)
        odd = []
        if worker in constant:
            odd.append("the same answer {} times of {}".format(*constant[worker]))
        if worker in copies:
            odd.append("as {}: {} times of {}".format(*copies[worker]))
        if worker in hasty:
            odd.append("{:.0f} s an answer, usual are {:.0f}".format(*hasty[worker]))
        if ends[1] < chance:
            odd.append("worse than chance")
        times = observer.seconds.get(worker)
        yield WorkerReport(
            worker_id=worker,
            element=key[0],
            kind=key[1],
            answers=answers,
            reliability=reliability,
            interval=ends,
            seconds=median(times) if times else None,
            mistakes=_mistakes(sums),
            rates=_rates(sums),
            bias=_bias(sums),
            alpha=alpha,
            suspicious=tuple(odd),
            statistics={" ".join(name): value for name, value in sorted(sums.items())},
        )


def _categories(learned: Learned) -> set[str]:
    """Categories that the confusions of all workers name."""
    return {
        name[place]
        for sums in learned.tallies.workers.values()
        for name in sums
        if name[0] == _CONFUSION
        for place in (1, 2)
    }


def _mistakes(sums: Sums) -> tuple[tuple[str, str, float, float], ...]:
    confusions = {(name[1], name[2]): value for name, value in sums.items() if name[0] == _CONFUSION}
    totals: dict[str, float] = {}
    for (true, _), value in confusions.items():
        totals[true] = totals.get(true, 0.0) + value
    wrong = sorted(
        (-value, true, said) for (true, said), value in confusions.items() if true != said and value > 0
    )
    shares = [(true, said, -value / totals[true], totals[true]) for value, true, said in wrong]
    return tuple(one for one in shares if one[2] >= _LEAST_SHARE and one[3] >= _LEAST_TIMES)[:_TOP]


def _rates(sums: Sums) -> dict[str, float]:
    pairs = {"found": ("found", "real"), "invented": ("invented", "chances")}
    return {
        name: sums.get((counted,), 0.0) / sums[of,]
        for name, (counted, of) in pairs.items()
        if sums.get((of,), 0.0) > 0
    }


def _bias(sums: Sums) -> dict[str, float]:
    """Mean offset by axis: kinds sum up offsets and count the parts that were placed."""
    return {
        name[1]: value / sums["placed", name[1]]
        for name, value in sorted(sums.items())
        if name[0] == "offset" and len(name) > 1 and sums.get(("placed", name[1]), 0.0) > 0
    }


@click.command("workers")
@job_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def workers_command(answers: tuple[str, ...], **options: Any) -> None:
    """Show how able a job's workers are, and what is odd about them.

    ANSWERS are files, folders or s3:// URIs: the folder of a finished job, consolidation requests, events of the consolidation Lambda,
    or worker responses; only the last tell how long workers took.

    Exit status: 0 the table is printed, 2 an input is unusable.
    """
    with tempfile.TemporaryDirectory() as unused, opened_job(answers, options, Path(unused)) as whole:
        reports = report_workers(whole)
    if options["as_json"]:
        click.echo(json.dumps([one.to_wire() for one in reports], indent=2, ensure_ascii=False))
    else:
        _show(reports, Console())


def _show(reports: list[WorkerReport], console: Console) -> None:
    columns: dict[str, Any] = {
        "worker": lambda one: one.worker_id,
        "answers": lambda one: str(one.answers),
        "reliability": lambda one: f"{one.reliability:.2f}  {one.interval[0]:.2f}-{one.interval[1]:.2f}",
        "seconds": lambda one: "" if one.seconds is None else f"{one.seconds:.0f}",
        "finds": lambda one: f"{one.rates['found']:.2f}" if "found" in one.rates else "",
        "invents": lambda one: f"{one.rates['invented']:.2f}" if "invented" in one.rates else "",
        "bias": lambda one: ", ".join(f"{axis} {mean:+.3f}" for axis, mean in one.bias.items()),
        "mistakes": lambda one: ", ".join(
            f"{true} as {said} {share:.0%} of {times:.0f}" for true, said, share, times in one.mistakes
        ),
        "odd": lambda one: "; ".join(one.suspicious),
    }
    for element, kind in sorted({(one.element, one.kind) for one in reports}):
        rows = [one for one in reports if (one.element, one.kind) == (element, kind)]
        shown = {name: [cell(one) for one in rows] for name, cell in columns.items()}
        shown = {name: cells for name, cells in shown.items() if any(cells)}
        agreed = "" if rows[0].alpha is None else f", Krippendorff's alpha {rows[0].alpha:.2f}"
        table = Table(
            *shown, title=f"{element} ({kind}){agreed}", title_justify="left", box=None, pad_edge=False
        )
        for row in zip(*shown.values(), strict=True):
            table.add_row(*row)
        console.print(table, markup=False)
