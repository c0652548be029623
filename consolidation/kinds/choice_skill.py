"""Skill at naming one category out of several: what `estimation.choices` knows, by worker id and category name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from consolidation.estimation.choices import (
    ChoiceModel,
    Choices,
    Estimate,
    Known,
    calibrated,
    learn_choices,
    posteriors,
)
from consolidation.estimation.tallies import Key, Tallies
from consolidation.kinds.skill import Learned

CONFUSION = "confusion"
"""First word of the tallies' keys; then the true category and the one said."""
_CELLS = 8_000_000
"""Chances that the matrices of all workers may have together."""
_TRACE = 1e-4
"""Expected answers too few to be kept in tallies."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choices about one item.

    Attributes:
        said: category by worker id.
        truth: the true category, where it is known.
        copies: items that were answered just so, > 0.
    """

    said: Mapping[str, str]
    truth: str | None = None
    copies: float = 1.0


@dataclass(frozen=True, slots=True)
class ChoiceSkill:
    """What is known of workers and categories.

    Attributes:
        model: of `estimation.choices`.
        workers: places of the workers in it.
        categories: places of the categories in it.
    """

    model: ChoiceModel
    workers: Mapping[str, int] = field(repr=False)
    categories: Mapping[str, int] = field(repr=False)

    def knows(self, names: Sequence[str]) -> bool:
        """Whether all of these are among the categories it was learned with."""
        return all(name in self.categories for name in names)

    def chances(self, said: Sequence[tuple[str, str]]) -> tuple[dict[str, float], dict[str, float]]:
        """What (worker id, category) pairs about one item say of it; of several by one worker the last counts.

        Returns:
            Of every category the posterior, by which the label is chosen, and the calibrated probability, which is shown.
        """
        posterior, shown = self.chances_of([said])
        return (
            dict(zip(self.categories, posterior[0].tolist(), strict=True)),
            dict(zip(self.categories, shown[0].tolist(), strict=True)),
        )

    def chances_of(
        self, items: Sequence[Sequence[tuple[str, str]]]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """`chances` of many items at once: float64, shape (items, categories) each."""
        answers = [
            (item, self.workers.get(worker, -1), self.categories[name])
            for item, said in enumerate(items)
            for worker, name in said
        ]
        item, worker, chosen = np.array(answers, dtype=np.int64).reshape(-1, 3).T
        choices = Choices(item, worker, chosen, (len(items), len(self.workers), len(self.categories)))
        posterior = posteriors(choices, self.model)
        return posterior, calibrated(posterior, np.array([len(said) for said in items]))


def learn_choosing(evidence: Sequence[Chosen], known: Tallies, categories: Sequence[str]) -> Learned:
    """The skill of all workers at choosing, from the choices about many items.

    Where there are so many workers and categories that their matrices would not fit, the categories chosen least are left out, and
    the items with them.

    Args:
        evidence: of each item, in an order that does not depend on that of arrival.
        known: sums of earlier batches, with keys (CONFUSION, true, said).
        categories: of the job, in order; others are put behind them, sorted.

    Returns:
        With a `ChoiceSkill`; without one, when a single item without a gold answer is all there is: it cannot tell who is able.

    Time O(answers + sums) beside `learn_choices`.
    """
    if not evidence and not known:
        return Learned(None, Tallies())
    workers = sorted({worker for chosen in evidence for worker in chosen.said})
    names = _names(evidence, known, categories, len(workers))
    place = {name: number for number, name in enumerate(names)}
    usable = [
        chosen
        for chosen in evidence
        if all(name in place for name in chosen.said.values())
        and (chosen.truth is None or chosen.truth in place)
    ]
    estimate = learn_choices(_choices(usable, workers, place), _known(known, workers, place))
    reliability = estimate.reliability.tolist()
    typical = reliability.pop()
    tallies = _tallies(estimate, workers, names)
    alone = len(usable) < 2 and not known and not any(chosen.truth for chosen in usable)
    skill = ChoiceSkill(estimate.model, {worker: row for row, worker in enumerate(workers)}, place)
    return Learned(None if alone else skill, tallies, dict(zip(workers, reliability, strict=True)), typical)


def _names(evidence: Sequence[Chosen], known: Tallies, categories: Sequence[str], workers: int) -> list[str]:
    """Categories in the job's order, others sorted behind; only the most chosen, where the matrices of all would be too large."""
    chosen = Counter(name for item in evidence for name in item.said.values())
    chosen.update(
        name
        for sums in known.workers.values()
        for _, true, said in _confusions(sums)
        for name in (true, said)
    )
    chosen.update(item.truth for item in evidence if item.truth)
    names = [*categories, *sorted(set(chosen) - set(categories))]
    most = max(math.isqrt(_CELLS // max(workers, 1)), 2)
    if len(names) <= most:
        return names
    kept = set(sorted(names, key=lambda name: -chosen[name])[:most])
    return [name for name in names if name in kept]


def _confusions(sums: Mapping[Key, float]) -> list[tuple[str, str, str]]:
    return [(key[0], key[1], key[2]) for key in sums if key[0] == CONFUSION]


def _choices(evidence: Sequence[Chosen], workers: Sequence[str], place: Mapping[str, int]) -> Choices:
    row = {worker: number for number, worker in enumerate(workers)}
    answers = [
        (item, row[worker], place[name])
        for item, chosen in enumerate(evidence)
        for worker, name in sorted(chosen.said.items())
    ]
    columns = np.array(answers, dtype=np.int64).reshape(-1, 3)
    truth = np.array([-1 if chosen.truth is None else place[chosen.truth] for chosen in evidence], np.int64)
    item, worker, chosen = columns.T
    return Choices(
        item,
        worker,
        chosen,
        (len(evidence), len(workers), len(place)),
        copies=np.array([one.copies for one in evidence], np.float64),
        truth=truth,
    )


def _known(known: Tallies, workers: Sequence[str], place: Mapping[str, int]) -> Known:
    size = len(place)
    counts: npt.NDArray[np.float64] = np.zeros((len(workers), size, size))
    others: npt.NDArray[np.float64] = np.zeros((size, size))
    row = {worker: number for number, worker in enumerate(workers)}
    for worker, sums in sorted(known.workers.items()):
        into = counts[row[worker]] if worker in row else others
        for key in _confusions(sums):
            if key[1] in place and key[2] in place:
                into[place[key[1]], place[key[2]]] += sums[key]
    return Known(counts, others)


def _tallies(estimate: Estimate, workers: Sequence[str], names: Sequence[str]) -> Tallies:
    sums: dict[str, dict[Key, float]] = {}
    for worker, true, said in np.argwhere(estimate.counts > _TRACE).tolist():
        own = sums.setdefault(workers[worker], {})
        own[(CONFUSION, names[true], names[said])] = float(estimate.counts[worker, true, said])
    return Tallies(sums)
