"""Ranking: an order of items per data object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.ordering import (
    Ordering,
    Preferences,
    borda_scores,
    cheapest_order,
    count_preferences,
    order_agreement,
)
from consolidation.estimation.pairwise import patterns_of
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import existences
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Kind,
    Save,
    Support,
    Task,
    check_count,
    probability,
    text_within,
)
from consolidation.kinds.ranking_skill import OrderEvidence, RankingSkill, learn_ranking_skill
from consolidation.kinds.skill import Learned, Study
from shared.errors import LimitError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Floats = npt.NDArray[np.float64]
Ranks = Mapping[str, int]
"""Rank of each item a worker ranked, 1 the best; items may share a rank."""
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One item of the merged ranking.

    Attributes:
        item: its name.
        rank: 1 + the number of items before it; items that share a rank stand next to each other.
        confidence: probability that it stands to the next item as the ranking says; None for the last.
        support: who ranked it.
    """

    item: str
    rank: int
    confidence: float | None
    support: Support


@dataclass(frozen=True, slots=True)
class MergedRanking:
    """The items, best first, and whether the order is proven to contradict the fewest votes."""

    items: tuple[RankedItem, ...]
    exact: bool


class RankingKind(Kind):
    """Ranking: items that workers drag into an order or number by preference.

    Recognised: an array of two or more different strings, best first; or an object of two or more whole numbers that are ranks, as in 1,
    2, 3 or 1, 2, 2, 4 or 1, 2, 2, 3. Where other answers, or the setting `element-kinds`, say so: a shorter array, an object of any
    positive whole numbers.
    Matched: by the items' names. Of an item that a worker did not rank the worker says nothing.
    Fused: the order that contradicts the fewest votes over all pairs of items (Kemeny; see `estimation.ordering` for what is exact).
    Under `em`, once there are two data objects or a gold answer to learn from, a worker has the votes that the worker's chance to state a
    pair in the right order is worth (`estimation.pairwise`): hardly any for one who guesses, votes for the opposite order for one who
    ranks upside down.
    Neighbours share a rank when more votes put them at the same rank than one before the other, with each of those that share it.
    Quorum: none is needed; every item that anybody ranked is in the ranking.
    Tie: of orders that contradict equally many votes, that by Borda's count, then by the order of the label categories, then of names;
    neighbours that could change places say `tie:part-N` for the later one. Where majorities run in a circle the label says `cycle`.
    Single worker: that worker's ranking, confidence null. Empty answer: one that ranks nothing is rejected. Duplicate worker: the last
    answer counts. An item ranked twice: the answer is rejected.
    Confidence of an item: probability that it stands before the next one (or at its rank, where they share it), by
    `estimation.votes.existence` of the workers who ranked both. Of the label: the expected share of item pairs in the right order.
    Agreement: mean over worker pairs of Kendall's tau, mapped to [0, 1]: the share of item pairs in the same order; null where no two
    workers ranked the same two items. A worker's agreement with the label: the same of the worker's ranking and the label.
    Time O(W*n^2 + n^3 log n), memory O(W*n^2) for n items; circles of majorities cost more, see `estimation.ordering`.
    Source: Kemeny 1959; Dawid & Skene 1979.
    """

    name: ClassVar[str] = "ranking"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if isinstance(element, list):
            named = len(element) > 1 and all(isinstance(item, str) and item for item in element)
            return named and len(set(element)) == len(element)
        return self.accepts(element) and len(element) > 1 and _are_ranks(list(element.values()))  # type: ignore[arg-type,union-attr]

    def accepts(self, element: Json) -> bool:
        """See the class."""
        if isinstance(element, list):
            return all(isinstance(item, str) for item in element)
        return isinstance(element, dict) and all(
            isinstance(rank, int) and not isinstance(rank, bool) and rank > 0 for rank in element.values()
        )

    def parse(self, element: JsonNode, limits: Limits) -> Ranks:
        """Read the ranks, whole numbers from 1."""
        members = element.value if isinstance(element.value, list) else element.object()
        check_count(element, len(members), "ranks {} items", limits.categories, "limits.categories")
        if not members:
            raise element.fail("ranks nothing")
        if isinstance(element.value, list):
            return _listed(element, limits)
        given = {
            text_within(JsonNode(item, element.path, element.error), limits): node.integer(least=1)
            for item, node in element.items()
        }
        ordered = sorted(given.values())
        place = {rank: ordered.index(rank) + 1 for rank in set(ordered)}
        return {item: place[rank] for item, rank in given.items()}

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who orders which pairs as the others do, and as the gold answer does.

        Raises:
            LimitError: see `merge`.
        """
        _, ranks = _table(answers, task)
        gold = np.array([answer.gold for answer in answers])
        truth = ranks[gold][0] if gold.any() else None
        people = tuple(answer.person for answer in answers if not answer.gold)
        return Study(OrderEvidence(people, patterns_of(ranks[~gold], truth)))

    def learn(self, evidence: Sequence[OrderEvidence], known: Tallies, task: Task) -> Learned:
        """How often each worker states a pair in the right order."""
        del task
        return learn_ranking_skill(evidence, known)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Find the order that contradicts the fewest votes; see the class for the rules.

        Raises:
            LimitError: the answers rank more items together than `limits.categories`.
        """
        items, ranks = _table(answers, task)
        votes = _votes(answers, task)
        stated, weights = ranks * np.sign(votes)[:, None], np.abs(votes)
        scores = borda_scores(count_preferences(stated, weights))
        by_score = sorted(range(len(items)), key=lambda item: (-round(float(scores[item]), 9), item))
        items, ranks, stated = [items[item] for item in by_score], ranks[:, by_score], stated[:, by_score]
        preferences = count_preferences(stated, weights)
        found = cheapest_order(preferences, _whole_orders(stated))
        label_ranks = _ranks(found.order, preferences)
        chances = _chances(label_ranks, preferences)
        pairs = np.triu_indices(len(items), 1)
        shares = order_agreement(ranks, np.vstack([ranks, label_ranks]))
        return Consensus(
            merged=MergedRanking(
                tuple(
                    RankedItem(
                        items[item],
                        int(label_ranks[item]),
                        None if following is None else float(chances[item, following]),
                        _support(ranks[:, item], answers),
                    )
                    for item, following in zip_longest(found.order, found.order[1:])
                ),
                found.exact,
            ),
            confidence=float(chances[pairs].mean()) if len(items) > 1 else 1.0,
            agreement=_mean_of_pairs(shares[:, :-1]),
            worker_agreement={
                answer.worker_id: 1.0 if np.isnan(share) else float(share)
                for answer, share in zip(answers, shares[:, -1], strict=True)
            },
            reasons=tuple(_reasons(found, label_ranks, preferences)),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`ranking`, best first, and how it was found."""
        merged: MergedRanking = consensus.merged
        single = consensus.confidence is None
        ranking: list[Any] = [
            {
                "item": one.item,
                "rank": one.rank,
                "confidence": None if single else probability(one.confidence),
                "support": one.support.to_wire(),
            }
            for one in merged.items
        ]
        return {
            "ranking": ranking,
            "confidence": probability(consensus.confidence),
            "method-of-value": "kemeny" if merged.exact else "local-search",
        }


def _are_ranks(ranks: list[int]) -> bool:
    """Whether numbers are ranks with ties: each is the one before, the next, or its place."""
    ranks = sorted(ranks)
    return ranks[0] == 1 and all(
        rank in {earlier, earlier + 1, place}
        for place, (earlier, rank) in enumerate(pairwise(ranks), start=2)
    )


def _listed(element: JsonNode, limits: Limits) -> Ranks:
    ranks: dict[str, int] = {}
    for place, node in enumerate(element.elements(), start=1):
        item = text_within(node, limits)
        if item in ranks:
            raise node.fail(f"is the item of rank {ranks[item]} again")
        ranks[item] = place
    return ranks


def _table(answers: Sequence[Answer], task: Task) -> tuple[list[str], Floats]:
    """All items that anybody ranked, in the order of the label categories, then of names; and each worker's ranks, NaN for none."""
    seen = {item for answer in answers for item in answer.value}
    most = task.settings.limits.categories
    if len(seen) > most:
        raise LimitError(
            f"the answers rank {len(seen)} items together, allowed are {most}", limit="limits.categories"
        )
    items = [item for item in task.categories(seen) if item in seen]
    column = {item: place for place, item in enumerate(items)}
    ranks = np.full((len(answers), len(items)), np.nan)
    for row, answer in enumerate(answers):
        for item, rank in answer.value.items():
            ranks[row, column[item]] = rank
    return items, ranks


def _votes(answers: Sequence[Answer], task: Task) -> Floats:
    """float64, shape (W,): votes of each worker; below 0 for one whose order is to be read backwards."""
    weights = np.array([answer.weight for answer in answers])
    if not isinstance(task.skill, RankingSkill) or len(answers) == 1:
        return weights
    votes: Floats = weights * task.skill.of([answer.person for answer in answers])
    return votes


def _support(ranks: Floats, answers: Sequence[Answer]) -> Support:
    """Who ranked an item, given its rank by each worker."""
    own = [answer for answer, rank in zip(answers, ranks.tolist(), strict=True) if not math.isnan(rank)]
    share = sum(answer.weight for answer in own) / sum(answer.weight for answer in answers)
    return Support(tuple(answer.worker_id for answer in own), len(answers), share)


def _whole_orders(ranks: Floats) -> list[list[int]]:
    """Each worker's order of all items; those not ranked come last."""
    return [np.argsort(np.where(np.isnan(own), np.inf, own), kind="stable").tolist() for own in ranks]


def _ranks(order: Sequence[int], preferences: Preferences) -> Floats:
    """Rank of each item: 1 + the items before it; neighbours that most votes tie share one."""
    most = np.maximum(preferences.before, preferences.before.T)
    tied = preferences.tied > most + _TIE * preferences.compared
    ranks = np.zeros(len(order))
    sharing: list[int] = []
    for place, item in enumerate(order):
        sharing = [*sharing, item] if sharing and tied[item, sharing].all() else [item]
        ranks[item] = place + 2 - len(sharing)
    return ranks


def _chances(label_ranks: Floats, preferences: Preferences) -> Floats:
    """float64, shape (n, n): probability that two items stand to each other as their ranks say."""
    better = label_ranks[:, None] < label_ranks[None, :]
    same = label_ranks[:, None] == label_ranks[None, :]
    votes = np.where(same, preferences.tied, np.where(better, preferences.before, preferences.before.T))
    against = np.maximum(preferences.compared - votes, 0.0)
    return existences(votes.ravel(), against.ravel()).reshape(votes.shape)


def _mean_of_pairs(shares: Floats) -> float | None:
    pairs = shares[np.triu_indices(len(shares), 1)]
    known = pairs[~np.isnan(pairs)]
    return float(known.mean()) if known.size else None


def _reasons(found: Ordering, label_ranks: Floats, preferences: Preferences) -> list[str]:
    before = preferences.before
    slack = _TIE * float(preferences.compared.max(initial=0.0))
    ties = [
        f"tie:part-{place}"
        for place, (one, other) in enumerate(pairwise(found.order), start=2)
        if label_ranks[one] < label_ranks[other] and abs(before[one, other] - before[other, one]) <= slack
    ]
    return [*ties, *(["cycle"] if found.circular else [])]
