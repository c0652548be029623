"""Workers' skill at pixels, from patterns: one chance each to be right where there is something, and the votes that makes.

Model: of the pixels that a worker marks or that are marked in truth, a share f is as the worker says; wrong answers fall on any
other category alike (the one-coin model of Dawid & Skene 1979, doi:10.2307/2346806, on the patterns of STAPLE's pixels, Warfield et
al. 2004, doi:10.1109/TMI.2004.828354). Background on which all agree is nobody's merit: it is left out. Pixels are not independent,
for one line drawn wrong is wrong along its length: n marked pixels count for sqrt(n) answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Patterns
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import ALPHA, BETA

Floats = npt.NDArray[np.float64]
RIGHT, MARKED = ("right",), ("marked",)
"""Keys of the tallies: answers' worth of marked pixels that a worker has right, and of all that count for the worker."""
MOST_PATTERNS = 256
"""Patterns that evidence keeps: those of most pixels. Of the marked pixels of ten careless workers they hold nine in ten."""
_LEAST, _MOST = 0.005, 0.995
_OWN = 0.5
"""How much of a worker's own vote counts in the truth that the worker is measured by: whole it flatters whoever leads, left out it blames
whoever is right against bad company."""
_BACKGROUND = 1 / 3
"""Chance that a pixel which anybody marked is background, before the workers' word is weighed. Not estimated: where many scribble the
estimate runs away to a state in which nothing is there and all are wrong."""
_ROUNDS, _STILL = 50, 1e-3
_TOGETHER = 512
"""Objects whose entries are held at a time, so that the evidence of a whole job may be learned from."""


@dataclass(frozen=True, slots=True)
class PixelEvidence:
    """What one data object shows of its workers.

    Attributes:
        workers: W ids.
        said: uint8, shape (U, W): for each pattern 0 where the worker said background, else 1 + the first worker who said the same.
        answers: float32, shape (U,): what the pattern's pixels are worth.
        choices: categories besides background that a worker could choose from, >= 1.
        truth: uint8, shape (U,): the entry of `said` that is right, W + 1 where nobody is; None where it is not known.
    """

    workers: tuple[str, ...]
    said: npt.NDArray[np.uint8]
    answers: npt.NDArray[np.float32]
    choices: int
    truth: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class PixelSkill:
    """Skill of workers.

    Attributes:
        shares: chance to be right, by worker id, in (0, 1).
        typical: that of a worker who is not named.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    typical: float = ALPHA / (ALPHA + BETA)

    def of(self, workers: Sequence[str]) -> Floats:
        """float64, shape (W,): the workers' chances."""
        return np.array([self.shares.get(worker, self.typical) for worker in workers], np.float64)


def pixel_evidence(
    patterns: Patterns, workers: Sequence[str], choices: int, truth: npt.NDArray[np.integer] | None = None
) -> PixelEvidence | None:
    """The evidence in the patterns of W workers.

    Args:
        patterns: entries are 0 for background, else a category. Not modified.
        workers: W <= 254 ids, in the order of the patterns' columns.
        choices: categories besides background, >= 1.
        truth: shape (U,): what is right in each pattern, where it is known.

    Returns:
        At most MOST_PATTERNS patterns in which anything is marked; None where nothing is.

    Time O(U * W + W^2), memory O(W) per pattern.
    """
    table = patterns.table
    marked = table.any(axis=1) if truth is None else table.any(axis=1) | (truth > 0)
    rows = np.flatnonzero(marked)
    pixels = patterns.pixels[rows]
    if not len(rows):
        return None
    worth = pixels / np.sqrt(pixels.sum())
    if len(rows) > MOST_PATTERNS:
        largest = np.argsort(-pixels, kind="stable")[:MOST_PATTERNS]
        rows, worth = rows[largest], worth[largest]
    said = _places(table[rows], table[rows])
    right = None if truth is None else _places(truth[rows][:, None], table[rows])[:, 0]
    return PixelEvidence(tuple(workers), said, worth.astype(np.float32), choices, right)


def _places(values: npt.NDArray[np.integer], table: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """For each value 1 + the first column of its row that holds it, W + 1 where none does; 0 for the value 0."""
    workers = table.shape[1]
    place = np.full(values.shape, workers + 1, np.uint8)
    for worker in reversed(range(workers)):
        place[values == table[:, worker : worker + 1]] = worker + 1
    place[values == 0] = 0
    return place


def learn_pixel_skill(evidence: Sequence[PixelEvidence], known: Tallies) -> tuple[PixelSkill, Tallies]:
    """Skill of all workers by expectation and maximisation over all evidence together.

    Args:
        evidence: of each data object; objects may have different workers.
        known: sums under RIGHT and MARKED from elsewhere; they count as if they were of this evidence.

    Returns:
        The skill, and the sums of this evidence alone. Chances have the prior of `estimation.votes`. Without evidence and sums: no
        worker named.

    Time O(rounds * all patterns * workers), at most 50 rounds; memory O(patterns * workers) of 512 objects beside the evidence.
    """
    workers = sorted({*known.workers, *(worker for shown in evidence for worker in shown.workers)})
    if not workers:
        return PixelSkill(), Tallies()
    before = known.table(workers, (RIGHT, MARKED))
    if not evidence:
        return _skill(workers, before), Tallies()
    groups = [evidence[start : start + _TOGETHER] for start in range(0, len(evidence), _TOGETHER)]
    held = [_pool(groups[0], workers)] if len(groups) == 1 else []

    def count(shares: Floats, own: float) -> Floats:
        pools = held or (_pool(group, workers) for group in groups)
        counted: Floats = np.sum([pool.count(pool.truths(shares), shares, own=own) for pool in pools], axis=0)
        return counted

    shares = _shares(before)
    for _ in range(_ROUNDS):
        last, shares = shares, _shares(before + count(shares, 1.0))
        if np.abs(shares - last).max() < _STILL:
            break
    found = count(shares, _OWN)
    return _skill(workers, before + found), Tallies.from_table(workers, (RIGHT, MARKED), found)


def object_shares(shown: PixelEvidence, skill: PixelSkill) -> Floats:
    """Chances of an object's workers to be right in it: halfway between their skill and what they show in the object itself.

    A worker's care changes from object to object: the mean of both is better than either.

    Returns:
        float64, shape (W,), in (0, 1).

    Time O(patterns * W).
    """
    general = skill.of(shown.workers)
    if len(shown.workers) < 3:
        return general
    pool = _pool([shown], shown.workers)
    chances = pool.truths(general)
    mean: Floats = (general + _shares(pool.count(chances, general, own=_OWN))) / 2
    return mean


def pixel_votes(shares: Floats) -> Floats:
    """Votes for chances to be right: -log(1 - f), in a unit that makes them as many as so many equal workers would have.

    Between the log-odds that independent answers call for and the inverse error that lines drawn side by side do.

    Args:
        shares: float64, shape (W,), in (0, 1). Not modified.

    Returns:
        float64, shape (W,), > 0. Together they are (sum v)^2 / sum v^2 (Kish's effective number): W for equal shares, each then
        exactly 1, and little more than 1 where one worker is far ahead.
    """
    if (shares == shares[0]).all():
        return np.ones(len(shares))
    votes: Floats = -np.log1p(-np.clip(shares, _LEAST, _MOST))
    votes *= votes.sum() / (votes @ votes)
    return votes


@dataclass(frozen=True, slots=True)
class _Pool:
    """Evidence of many objects as one list of entries: what one worker said in one pattern.

    Attributes:
        row, worker, slot: int64, shape (E,): pattern, worker and `said` of each entry.
        answers: float64, shape (R,): what each pattern is worth.
        choices: float64, shape (E,): log of the categories besides background to choose from.
        prior: float64, shape (R, S): log of the chance of each slot to be right before anybody is heard; the last slot stands for the
            categories that nobody said.
        truth: int64, shape (R,): the right slot, -1 where it is not known.
        workers: how many there are.
    """

    row: npt.NDArray[np.int64]
    worker: npt.NDArray[np.int64]
    slot: npt.NDArray[np.int64]
    answers: Floats
    choices: Floats
    prior: Floats
    truth: npt.NDArray[np.int64]
    workers: int

    def votes(self, shares: Floats) -> Floats:
        """float64, shape (E,): log-odds that each entry lends what it says; none below 0."""
        odds = np.log(shares / (1 - shares))
        votes: Floats = np.maximum(odds[self.worker] + self.choices, 0.0)
        return votes

    def truths(self, shares: Floats) -> Floats:
        """float64, shape (R, S): chance of each slot to be right, as the workers' chances make it."""
        rows, slots = self.prior.shape
        votes = np.bincount(
            self.row * slots + self.slot, weights=self.votes(shares), minlength=self.prior.size
        )
        scores = self.prior + votes.reshape(rows, slots)
        chances: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        known = np.flatnonzero(self.truth >= 0)
        chances[known] = 0
        chances[known, self.truth[known]] = 1
        return chances

    def count(self, chances: Floats, shares: Floats, *, own: float) -> Floats:
        """float64, shape (2, workers): answers that each worker has right, and those that count.

        Args:
            chances: of the patterns, as `truths` gave them.
            shares: those it was given.
            own: how much of a worker's own vote counts in the truth that the worker is measured by, in [0, 1].
        """
        less = np.where(self.truth[self.row] < 0, np.exp((own - 1) * self.votes(shares)), 1.0)
        agreed, empty = chances[self.row, self.slot], chances[self.row, 0]
        rest = 1 - agreed * (1 - less)
        worth, drawn = self.answers[self.row], self.slot > 0
        right = worth * drawn * agreed * less / rest
        marked = worth * np.where(drawn, 1.0, 1 - empty * less / rest)
        return np.stack(
            [np.bincount(self.worker, weights=counted, minlength=self.workers) for counted in (right, marked)]
        )


def _pool(evidence: Sequence[PixelEvidence], workers: Sequence[str]) -> _Pool:
    number = {worker: place for place, worker in enumerate(workers)}
    slots = 2 + max(len(shown.workers) for shown in evidence)
    starts = np.cumsum([0, *(len(shown.answers) for shown in evidence)])
    row, worker, slot, choices, truth = [], [], [], [], []
    prior = np.full((starts[-1], slots), -np.inf)
    for start, shown in zip(starts[:-1].tolist(), evidence, strict=True):
        rows, columns = shown.said.shape
        row.append(np.repeat(np.arange(start, start + rows), columns))
        worker.append(np.tile([number[name] for name in shown.workers], rows))
        slot.append(shown.said.reshape(-1).astype(np.int64))
        choices.append(np.full(rows * columns, np.log(shown.choices)))
        known = np.full(rows, -1) if shown.truth is None else shown.truth.astype(np.int64)
        truth.append(np.where(known > columns, slots - 1, known))
        prior[start : start + rows] = _prior(shown, slots)
    return _Pool(
        np.concatenate(row),
        np.concatenate(worker),
        np.concatenate(slot),
        np.concatenate([shown.answers for shown in evidence]).astype(np.float64),
        np.concatenate(choices),
        prior,
        np.concatenate(truth),
        len(workers),
    )


def _prior(shown: PixelEvidence, slots: int) -> Floats:
    """float64, shape (U, slots): log of the chance of each slot before anybody is heard; see `_Pool`."""
    rows, columns = shown.said.shape
    prior = np.zeros((rows, slots))
    prior[:, 0] = _BACKGROUND
    each = (1 - _BACKGROUND) / shown.choices
    first = shown.said == np.arange(1, columns + 1, dtype=np.uint8)
    prior[:, 1 : columns + 1] = each * first
    prior[:, -1] = each * np.maximum(shown.choices - first.sum(axis=1), 0)
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(prior)
    return logs


def _shares(sums: Floats) -> Floats:
    """Chances to be right, shape (W,), of sums of shape (2, W), with the prior of `estimation.votes`."""
    shares: Floats = np.clip((sums[0] + ALPHA) / (sums[1] + ALPHA + BETA), _LEAST, _MOST)
    return shares


def _skill(workers: Sequence[str], sums: Floats) -> PixelSkill:
    typical = float(_shares(sums.sum(axis=1)))
    return PixelSkill(dict(zip(workers, _shares(sums).tolist(), strict=True)), typical)
