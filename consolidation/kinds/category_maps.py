"""What semantic masks and point labels have in common: one label category per place, a place being a pixel or a point.

Places are voted on by their patterns (`estimation.patterns`), each with as many choices as there are categories and background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Patterns, category_votes, pair_counts
from consolidation.estimation.votes import existence, posterior, winners
from consolidation.kinds.base import Answer, Support, Task
from consolidation.kinds.masks import check_cells
from shared.errors import MergeError

BACKGROUND_NAME = "BACKGROUND"
"""Name of number 0, as in Ground Truth's built-in masks; a worker's category of that name is background."""
_NUMBERS = 255


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
        chances: float64, shape (U,): probability of the winner, in (0, 1).
    """

    patterns: Patterns
    categories: tuple[str, ...]
    answers: Sequence[Answer]
    votes: npt.NDArray[np.float64]
    best: npt.NDArray[np.int64]
    tied: npt.NDArray[np.bool_]
    chances: npt.NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each number, background first."""
        return (BACKGROUND_NAME, *self.categories)

    def paint(self) -> npt.NDArray[np.uint8]:
        """The number of every place, in the shape of the workers' maps."""
        return self.patterns.paint(self.best.astype(np.uint8))

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


def vote(
    patterns: Patterns, categories: tuple[str, ...], answers: Sequence[Answer], task: Task
) -> CategoryMap:
    """Give every pattern the number with most votes.

    Args:
        patterns: of the answers, in their order; entries are 0 for background and 1 + k for category k.
        categories: names in order.
        answers: those that count.
        task: of the data object.

    Raises:
        LimitError: noise has made the table of patterns too large.

    Ties: higher summed skill, then background, then the earlier category.
    """
    size = len(categories) + 1
    check_cells(len(patterns.table) * size, task.settings.limits)
    votes = category_votes(patterns, size, np.array([answer.weight for answer in answers]))
    skill = category_votes(patterns, size, np.array([answer.skill for answer in answers]))
    best, tied = winners(votes, skill)
    chances = posterior(votes, task.choices(categories) + 1)[np.arange(len(best)), best]
    return CategoryMap(patterns, categories, answers, votes, best, tied, chances)


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


def category_numbers(
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
