"""Multi-label: any number of label categories per data object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

from consolidation.estimation.votes import existence
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
from shared.json_node import Json, JsonNode
from shared.settings import Limits


@dataclass(frozen=True, slots=True)
class ChosenLabels:
    """What one worker chose: distinct label categories, and those the worker could see (empty when the answer does not say)."""

    labels: frozenset[str]
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CategoryVote:
    """One category that somebody chose.

    Attributes:
        name: of the category.
        support: who chose it.
        probability: that it holds.
        accepted: whether it has a quorum.
    """

    name: str
    support: Support
    probability: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class MergedLabels:
    """All categories that somebody chose, in the order of `categories`."""

    categories: tuple[str, ...]
    votes: tuple[CategoryVote, ...]


class MultiLabelKind(Kind):
    """Multi-label: `crowd-image-classifier-multi-select`, `crowd-classifier-multi-select`, checkboxes, toggle buttons.

    Recognised: an object with an array of strings `labels`; or an object whose values are all booleans. (Where every worker ticked
    exactly one of several, it is a single class: see there.)
    Matched: nothing to match; every category is a question of its own, which each worker answers with yes or no.
    Fused: the categories chosen by more than `quorum` of the votes. The others that somebody chose are in `confidence-map` and, with their
    support, under `candidates`.
    Tie: a category chosen by exactly `quorum` of the votes is a candidate.
    Single worker: the worker's choice, confidence null. Empty answer: a vote against every category. Duplicate worker: the last answer
    counts.
    Confidence of a category: posterior of yes against no under the one-question model of `estimation.votes`. Of the label: the expected
    share of right decisions over the categories that somebody chose; where nobody chose any, the probability that none holds.
    Agreement: mean pairwise Jaccard index of the workers' choices, 1 for two empty ones.
    Time O(W * categories + W^2), memory O(W + categories).
    """

    name: ClassVar[str] = "multi-label"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if not isinstance(element, dict) or not element:
            return False
        labels = element.get("labels")
        if isinstance(labels, list):
            return all(isinstance(label, str) for label in labels) and set(element) <= {
                "labels",
                "workerComment",
            }
        return all(isinstance(state, bool) for state in element.values())

    def parse(self, element: JsonNode, limits: Limits) -> ChosenLabels:
        """Read the choice; a category named twice counts once."""
        members = element.object()
        listed = element.get("labels")
        if listed is None or not isinstance(listed.value, list):
            offered = [text_within(JsonNode(name, element.path, element.error), limits) for name in members]
            _check_categories(element, len(offered), limits)
            return ChosenLabels(
                frozenset(name for name in offered if members[name] is True), frozenset(offered)
            )
        _check_categories(listed, len(listed.array()), limits)
        return ChosenLabels(frozenset(text_within(label, limits) for label in listed.elements()))

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Vote on each category; see the class for the rules."""
        total = sum(answer.weight for answer in answers)
        categories = task.categories(
            name for answer in answers for name in answer.value.labels | answer.value.offered
        )
        votes = []
        for name in categories:
            chosen = [answer for answer in answers if name in answer.value.labels]
            if chosen:
                share = sum(answer.weight for answer in chosen) / total
                support = Support(tuple(answer.worker_id for answer in chosen), len(answers), share)
                votes.append(
                    CategoryVote(name, support, existence(share * total, total), share > task.settings.quorum)
                )
        accepted = {vote.name for vote in votes if vote.accepted}
        candidates = len(votes) - len(accepted)
        return Consensus(
            merged=MergedLabels(categories, tuple(votes)),
            confidence=_confidence(votes, total),
            agreement=_mean_jaccard(answers),
            worker_agreement={
                answer.worker_id: _jaccard(answer.value.labels, accepted) for answer in answers
            },
            reasons=tuple(f"quorum:candidate-{place}" for place in range(1, candidates + 1)),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`class-ids`, `class-names`, `confidence-map` of every category that somebody chose, and the candidates."""
        merged: MergedLabels = consensus.merged
        single = consensus.confidence is None
        number = {name: place for place, name in enumerate(merged.categories)}
        accepted = [vote for vote in merged.votes if vote.accepted]
        candidates: list[Any] = [
            {
                "class-id": number[vote.name],
                "class-name": vote.name,
                "confidence": None if single else probability(vote.probability),
                "support": vote.support.to_wire(),
            }
            for vote in merged.votes
            if not vote.accepted
        ]
        return {
            "class-ids": [number[vote.name] for vote in accepted],
            "class-names": [vote.name for vote in accepted],
            "confidence-map": {
                vote.name: None if single else probability(vote.probability) for vote in merged.votes
            },
            "support-map": {vote.name: vote.support.to_wire() for vote in accepted},
            "candidates": candidates,
        }


def _check_categories(node: JsonNode, count: int, limits: Limits) -> None:
    check_count(node, count, "names {} categories", limits.categories, "limits.categories")


def _confidence(votes: Sequence[CategoryVote], total: float) -> float:
    if not votes:
        return existence(total, total)
    right = [vote.probability if vote.accepted else 1 - vote.probability for vote in votes]
    return sum(right) / len(right)


def _mean_jaccard(answers: Sequence[Answer]) -> float | None:
    pairs = [_jaccard(one.value.labels, other.value.labels) for one, other in combinations(answers, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def _jaccard(labels: frozenset[str] | set[str], others: frozenset[str] | set[str]) -> float:
    union = len(labels | others)
    return len(labels & others) / union if union else 1.0
