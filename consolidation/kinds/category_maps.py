"""What semantic masks and point labels have in common: one label category per place, a place being a pixel or a point.

Places are voted on by their patterns (`estimation.patterns`), each with as many choices as there are categories and background.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Codes, Patterns, category_votes, pair_counts
from consolidation.estimation.pixel_skill import (
    PixelEvidence,
    PixelSkill,
    learn_pixel_skill,
    object_shares,
    pixel_evidence,
    pixel_votes,
)
from consolidation.estimation.pixel_smoothing import smooth_outlines
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import existence, posterior, winners
from consolidation.kinds.base import Answer, Kind, Support, Task
from consolidation.kinds.masks import check_cells, meaning_patterns
from consolidation.kinds.skill import Learned, Study
from consolidation.rejections import Rejection
from shared.errors import MergeError

BACKGROUND_NAME = "BACKGROUND"
"""Name of number 0, as in Ground Truth's built-in masks; a worker's category of that name is background."""
_NUMBERS = 255
_ENOUGH_TO_JUDGE = 3
"""Of two answers that differ nobody can say whose is better."""


@dataclass(frozen=True, slots=True)
class VotedCategory:
    """What became of one category.

    Attributes:
        number: of it: 0 is background, 1 + k is category k.
        name: of it.
        places: that the label (for a candidate: any worker) gives it.
        confidence: mean probability of its places (for a candidate: that it is there at all).
        support: who marked it.
    """

    number: int
    name: str
    places: int
    confidence: float
    support: Support


@dataclass(frozen=True, slots=True)
class CategoryMap:
    """The category of every place, as the workers voted, held by pattern.

    Attributes:
        patterns: of U joint answers; entries are numbers: 0 is background, 1 + k is category k.
        categories: K names in order.
        answers: of the W workers who counted.
        votes: float64, shape (U, K + 1): votes of each pattern for each number.
        best: int64, shape (U,): the number that won the pattern.
        tied: bool, shape (U,): whether the tie rule decided it.
        posteriors: float64, shape (U, K + 1): probability of each number in each pattern.
        painted: uint8, in the shape of the workers' maps: the number of every place, where it has been painted; else None.
    """

    patterns: Patterns
    categories: tuple[str, ...]
    answers: Sequence[Answer]
    votes: npt.NDArray[np.float64]
    best: npt.NDArray[np.int64]
    tied: npt.NDArray[np.bool_]
    posteriors: npt.NDArray[np.float64]
    painted: npt.NDArray[np.uint8] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each number, background first."""
        return (BACKGROUND_NAME, *self.categories)

    @property
    def chances(self) -> npt.NDArray[np.float64]:
        """float64, shape (U,): probability of the number of each pattern, in (0, 1)."""
        chances: npt.NDArray[np.float64] = self.posteriors[np.arange(len(self.best)), self.best]
        return chances

    def paint(self) -> npt.NDArray[np.uint8]:
        """The number of every place, in the shape of the workers' maps."""
        return self.patterns.paint(self.best.astype(np.uint8)) if self.painted is None else self.painted

    def disagreement(self) -> npt.NDArray[np.uint8]:
        """Of every place, 255 * the share of the votes against its category."""
        share = self.votes[np.arange(len(self.best)), self.best] / self.votes.sum(axis=1)
        return self.patterns.paint(np.rint(255 * (1 - share)).astype(np.uint8))

    def tied_places(self) -> int:
        """Places that the tie rule decided."""
        return int(self.patterns.pixels[self.tied].sum())

    def won(self) -> npt.NDArray[np.int64]:
        """int64, shape (K + 1,): places that each number won."""
        return np.bincount(self.best, weights=self.patterns.pixels, minlength=len(self.names)).astype(
            np.int64
        )

    def mean_chance(self) -> npt.NDArray[np.float64]:
        """float64, shape (K + 1,): mean probability of each number's places; 0 where it won none."""
        summed = np.bincount(
            self.best, weights=self.patterns.pixels * self.chances, minlength=len(self.names)
        )
        mean: npt.NDArray[np.float64] = summed / np.maximum(self.won(), 1)
        return mean

    def labels(self) -> tuple[VotedCategory, ...]:
        """Categories that won a place; background always."""
        won, chances = self.won(), self.mean_chance()
        return tuple(
            VotedCategory(number, name, int(won[number]), float(chances[number]), self.support(number))
            for number, name in enumerate(self.names)
            if won[number] or number == 0
        )

    def candidates(self) -> tuple[VotedCategory, ...]:
        """Categories that somebody marked and that won no place."""
        won, found = self.won(), []
        for number, name in enumerate(self.categories, start=1):
            claimed = self.claimed(number)
            if won[number] or not claimed.any():
                continue
            support = self.support(number)
            places = int(self.patterns.pixels[claimed].sum())
            found.append(VotedCategory(number, name, places, self.existence(support), support))
        return tuple(found)

    def claimed(self, number: int) -> npt.NDArray[np.bool_]:
        """bool, shape (U,): the patterns in which somebody said the number."""
        claimed: npt.NDArray[np.bool_] = (self.patterns.table == number).any(axis=1)
        return claimed

    def support(self, number: int) -> Support:
        """Who said the number of any place."""
        said = (self.patterns.table == number).any(axis=0)
        who = [answer for answer, spoke in zip(self.answers, said.tolist(), strict=True) if spoke]
        ids = tuple(answer.worker_id for answer in who)
        total = sum(answer.weight for answer in self.answers)
        return Support(ids, len(self.answers), sum(answer.weight for answer in who) / total)

    def existence(self, support: Support) -> float:
        """Probability that a category is there at all, when these workers marked it."""
        total = sum(answer.weight for answer in self.answers)
        return existence(support.share * total, total)

    def confidence(self) -> float:
        """Mean probability over the places that anybody marked; where nobody did, the probability that there is nothing."""
        marked = self.patterns.table.any(axis=1)
        places = self.patterns.pixels[marked]
        if not len(places):
            return existence(total := sum(answer.weight for answer in self.answers), total)
        return float((places * self.chances[marked]).sum() / places.sum())

    def agreement(self) -> float | None:
        """Mean over worker pairs of the mean IoU of the categories that either marked; None for fewer than two workers."""
        size, workers = len(self.names), self.patterns.table.shape[1]
        if workers < 2:
            return None
        scores = []
        for first, second in combinations(range(workers), 2):
            counts = pair_counts(self.patterns, first, second, (size, size))
            shared = np.diag(counts)[1:]
            union = (counts.sum(axis=0) + counts.sum(axis=1))[1:] - shared
            marked = union > 0
            scores.append(float((shared[marked] / union[marked]).mean()) if marked.any() else 1.0)
        return sum(scores) / len(scores)

    def worker_agreement(self) -> dict[str, float]:
        """For each worker, of the places that worker or label marked the share on which both say the same; 1.0 if neither marked any."""
        shares = {}
        for answer, said in zip(self.answers, self.patterns.table.T, strict=True):
            marked = (said > 0) | (self.best > 0)
            union = self.patterns.pixels[marked].sum()
            shared = self.patterns.pixels[marked & (said == self.best)].sum()
            shares[answer.worker_id] = float(shared / union) if union else 1.0
        return shares


@dataclass(frozen=True, slots=True)
class ArrangedMaps:
    """What merging the same answers needs, whatever the skill of their workers.

    Attributes:
        workers: ids of the W workers whose answers these are, in order.
        categories: K names in order.
        patterns: of the answers; entries are 0 for background and 1 + k for category k.
    """

    workers: tuple[str, ...]
    categories: tuple[str, ...]
    patterns: Patterns


class CategoryMapKind(Kind):
    """A kind whose answers give every place a label category or background."""

    @abstractmethod
    def comparable(self, answers: Sequence[Answer]) -> tuple[list[Answer], list[Rejection]]:
        """The answers of the extent that most have, and the others as rejections."""

    @abstractmethod
    def drawn(self, value: Any) -> tuple[Codes, Sequence[str], npt.NDArray[np.uint16]]:
        """The map of an answer, the categories it names, and for each value of the map 1 + its place among these, 0 for background."""

    @abstractmethod
    def marked(self, value: Any) -> Mapping[str, int]:
        """Places by category of those that an answer gives any place."""

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """The patterns of most places, with what the gold answer says of them if there is one; see `estimation.pixel_skill`.

        Without a gold answer it takes three workers. Memory: 256 bytes per worker and 1 kilobyte, whatever the size of the maps; what is
        arranged has about 10 bytes per run of places.
        """
        kept, _ = self.comparable([answer for answer in answers if not answer.gold])
        gold = [answer for answer in answers if answer.gold and answer.value.size == kept[0].value.size]
        arranged = self._arranged([*kept, *gold], task)
        workers = [answer.person for answer in kept]
        choices = task.choices(arranged.categories)
        if gold:
            told = replace(arranged.patterns, table=arranged.patterns.table[:, : len(kept)])
            return Study(pixel_evidence(told, workers, choices, arranged.patterns.table[:, -1]))
        if len(kept) < _ENOUGH_TO_JUDGE:
            return Study(None, arranged)
        return Study(pixel_evidence(arranged.patterns, workers, choices), arranged)

    def learn(self, evidence: Sequence[PixelEvidence], known: Tallies, task: Task) -> Learned:
        """One chance per worker to be right where there is something; see `estimation.pixel_skill`."""
        skill, tallies = learn_pixel_skill(evidence, known)
        return Learned(skill, tallies, skill.shares, skill.typical)

    def fused(self, answers: Sequence[Answer], task: Task) -> tuple[CategoryMap, list[Rejection]]:
        """The category of every place, and the answers that could not be compared.

        Raises:
            LimitError: noise has made the table of patterns too large. MergeError: too many categories are marked.
        """
        kept, rejected = self.comparable(answers)
        arranged = task.arranged
        if arranged is None or arranged.workers != tuple(answer.worker_id for answer in kept):
            arranged = self._arranged(kept, task)
        skill: PixelSkill | None = task.skill
        if skill is None or not skill.shares:
            return _vote(arranged, kept, task), rejected
        workers = [answer.person for answer in kept]
        shown = pixel_evidence(arranged.patterns, workers, task.choices(arranged.categories))
        votes = pixel_votes(object_shares(shown, skill) if shown else skill.of(workers))
        counted = [
            replace(answer, weight=answer.weight * vote)
            for answer, vote in zip(kept, votes.tolist(), strict=True)
        ]
        return _smoothed(_vote(arranged, counted, task)), rejected

    def _arranged(self, answers: Sequence[Answer], task: Task) -> ArrangedMaps:
        marked = {name for answer in answers for name in self.marked(answer.value)}
        categories = marked_categories(marked, task)
        maps = [self.drawn(answer.value) for answer in answers]
        patterns = meaning_patterns(
            [places for places, _, _ in maps],
            [_category_numbers(names, numbers, categories) for _, names, numbers in maps],
        )
        check_cells(len(patterns.table) * (len(categories) + 1), task.settings.limits)
        return ArrangedMaps(tuple(answer.worker_id for answer in answers), categories, patterns)


def _vote(arranged: ArrangedMaps, answers: Sequence[Answer], task: Task) -> CategoryMap:
    """Give every pattern the number with most votes. Ties: higher summed skill, then background, then the earlier category."""
    patterns, size = arranged.patterns, len(arranged.categories) + 1
    votes = category_votes(patterns, size, np.array([answer.weight for answer in answers]))
    skill = category_votes(patterns, size, np.array([answer.skill for answer in answers]))
    best, tied = winners(votes, skill)
    posteriors = posterior(votes, task.choices(arranged.categories) + 1)
    return CategoryMap(patterns, arranged.categories, answers, votes, best, tied, posteriors)


def _smoothed(voted: CategoryMap) -> CategoryMap:
    """The map with its outlines smoothed, where places have neighbours."""
    if len(voted.patterns.shape) < 2:
        return voted
    smoothed = smooth_outlines(voted.patterns, voted.votes / voted.votes[0].sum(), voted.best)
    origin = smoothed.origin
    return replace(
        voted,
        patterns=smoothed.patterns,
        votes=voted.votes[origin],
        best=smoothed.best,
        tied=voted.tied[origin] & (smoothed.best == voted.best[origin]),
        posteriors=voted.posteriors[origin],
        painted=smoothed.painted.astype(np.uint8, copy=False),
    )


def marked_categories(marked: set[str], task: Task) -> tuple[str, ...]:
    """The job's categories and those marked beyond; only those marked where all would not fit the 255 numbers of a byte.

    Raises:
        MergeError: more than 255 are marked.
    """
    categories = tuple(name for name in task.categories(marked) if name != BACKGROUND_NAME)
    if len(categories) <= _NUMBERS:
        return categories
    if len(marked) > _NUMBERS:
        raise MergeError(f"{len(marked)} label categories are marked; a byte for each place holds {_NUMBERS}")
    return tuple(name for name in categories if name in marked)


def _category_numbers(
    names: Sequence[str], numbers: npt.NDArray[np.uint16], categories: Sequence[str]
) -> npt.NDArray[np.uint16]:
    """What a worker's values stand for.

    Args:
        names: of the worker's categories.
        numbers: uint16, shape (V,): for each value 1 + its place in `names`, 0 for background.
        categories: of the label.

    Returns:
        uint16, shape (V,): for each value 1 + the place of its category, 0 for background.
    """
    place: Mapping[str, int] = {name: number for number, name in enumerate(categories, start=1)}
    by_name = np.array([0, *(place.get(name, 0) for name in names)], np.uint16)
    return by_name[numbers]
