"""Multi-label: any number of label categories per data object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from consolidation.estimation.tallies import Tallies
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
from consolidation.kinds.choice_skill import ChoiceSkill, Chosen, learn_choosing
from consolidation.kinds.skill import Learned, Study
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_NO, _YES = _QUESTION = ("no", "yes")
_EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class ChosenLabels:
    """What one worker chose: distinct label categories, and those the worker could see (empty when the answer does not say)."""

    labels: frozenset[str]
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LabelsEvidence:
    """What the workers chose of one data object.

    Attributes:
        said: what each chose, by worker id.
        seen: categories that somebody chose or could see, or that the gold answer names.
        truth: what the gold answer says; None where there is none.
    """

    said: Mapping[str, frozenset[str]]
    seen: frozenset[str]
    truth: frozenset[str] | None


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
    Fused: the categories chosen by more than `quorum` of the votes. Under `em`, once there are two data objects or a gold answer to learn
    from, those that are more probable than one that just meets `quorum` by workers of whom nothing is known, given how often each worker
    chooses what holds and what does not (`estimation.choices`; the same for all categories), and those that all chose. The others that
    somebody chose are in `confidence-map` and, with their support, under `candidates`.
    Tie: a category chosen by exactly `quorum` of the votes is a candidate.
    Single worker: the worker's choice, confidence null. Empty answer: a vote against every category. Duplicate worker: the last answer
    counts.
    Confidence of a category: posterior of yes against no, by that model, calibrated; of a mere vote under the one-question model of
    `estimation.votes`. Of the label: the expected
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

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who chose what, and what the gold answer says."""
        del task
        said = {answer.person: answer.value.labels for answer in answers if not answer.gold}
        truth = next((answer.value.labels for answer in answers if answer.gold), None)
        seen = frozenset[str]().union(*(answer.value.labels | answer.value.offered for answer in answers))
        return Study(LabelsEvidence(said, seen, truth))

    def learn(self, evidence: Sequence[LabelsEvidence], known: Tallies, task: Task) -> Learned:
        """How often each worker says yes where a category holds, and where it does not.

        A worker's reliability is the mean of the chances to be right on the one and on the other. A single data object without a gold
        answer does not tell who is able.
        """
        categories = len(task.categories(name for one in evidence for name in one.seen))
        questions = [question for one in evidence for question in _questions(one, categories)]
        learned = learn_choosing(questions, known, _QUESTION)
        alone = len(evidence) < 2 and not known and not any(one.truth is not None for one in evidence)
        if alone or learned.skill is None:
            return Learned(None, learned.tallies)
        right = np.exp(np.einsum("wkk->wk", learned.skill.model.workers)).mean(axis=1).tolist()
        typical = right.pop()
        return replace(
            learned, reliability=dict(zip(learned.skill.workers, right, strict=True)), typical=typical
        )

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Decide on each category; see the class for the rules."""
        categories = task.categories(
            name for answer in answers for name in answer.value.labels | answer.value.offered
        )
        chosen = {name: _choosing(name, answers) for name in categories}
        chosen = {name: own for name, own in chosen.items() if own}
        total = sum(answer.weight for answer in answers)
        supports = [_support(own, answers) for own in chosen.values()]
        bar = existence(task.settings.quorum * total, total)
        if isinstance(task.skill, ChoiceSkill):
            likely, shown, none = _by_skill(task.skill, list(chosen.values()), answers)
            accepted = [
                chance > bar + _EQUAL or len(own) == len(answers)
                for chance, own in zip(likely, chosen.values(), strict=True)
            ]
        else:
            shown = [existence(support.share * total, total) for support in supports]
            none = existence(total, total)
            accepted = [support.share > task.settings.quorum for support in supports]
        votes = [CategoryVote(*vote) for vote in zip(chosen, supports, shown, accepted, strict=True)]
        label = {vote.name for vote in votes if vote.accepted}
        return Consensus(
            merged=MergedLabels(categories, tuple(votes)),
            confidence=_confidence(votes, none),
            agreement=_mean_jaccard(answers),
            worker_agreement={answer.worker_id: _jaccard(answer.value.labels, label) for answer in answers},
            reasons=tuple(f"quorum:candidate-{place}" for place in range(1, len(votes) - len(label) + 1)),
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


def _questions(evidence: LabelsEvidence, categories: int) -> Iterator[Chosen]:
    """What was said of each category, those of which the same was said once; of so many categories most were chosen by nobody."""
    truth = evidence.truth
    asked = Counter((_choosers(name, evidence), name in (truth or ())) for name in evidence.seen)
    asked[frozenset(), False] += categories - sum(asked.values())
    for (yes, holds), copies in sorted(asked.items(), key=lambda one: (sorted(one[0][0]), one[0][1])):
        if copies:
            said = {worker: _QUESTION[worker in yes] for worker in evidence.said}
            yield Chosen(said, None if truth is None else _QUESTION[holds], copies)


def _choosers(name: str, evidence: LabelsEvidence) -> frozenset[str]:
    return frozenset(worker for worker, labels in evidence.said.items() if name in labels)


def _choosing(name: str, answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if name in answer.value.labels]


def _support(chosen: Sequence[Answer], answers: Sequence[Answer]) -> Support:
    share = sum(answer.weight for answer in chosen) / sum(answer.weight for answer in answers)
    return Support(tuple(answer.worker_id for answer in chosen), len(answers), share)


def _by_skill(
    skill: ChoiceSkill, chosen: Sequence[Sequence[Answer]], answers: Sequence[Answer]
) -> tuple[list[float], list[float], float]:
    """For each category, given who chose it, the chance that it holds, by which it is decided, and the calibrated one, which is shown.

    And the latter chance that a category does not hold which nobody chose.
    """
    yes = [{answer.worker_id for answer in own} for own in chosen]
    likely, shown = skill.chances_of(
        [
            [(answer.person, _QUESTION[answer.worker_id in own]) for answer in answers]
            for own in [*yes, set[str]()]
        ]
    )
    holds, fails = skill.categories[_YES], skill.categories[_NO]
    return likely[:-1, holds].tolist(), shown[:-1, holds].tolist(), float(shown[-1, fails])


def _confidence(votes: Sequence[CategoryVote], none: float) -> float:
    """Expected share of right decisions; `none`: the chance that a category does not hold which nobody chose."""
    if not votes:
        return none
    right = [vote.probability if vote.accepted else 1 - vote.probability for vote in votes]
    return sum(right) / len(right)


def _mean_jaccard(answers: Sequence[Answer]) -> float | None:
    pairs = [_jaccard(one.value.labels, other.value.labels) for one, other in combinations(answers, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def _jaccard(labels: frozenset[str] | set[str], others: frozenset[str] | set[str]) -> float:
    union = len(labels | others)
    return len(labels & others) / union if union else 1.0
