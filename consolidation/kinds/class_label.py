"""Single class: one label category per data object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import count_votes, pair_agreement, posterior, winner
from consolidation.kinds.base import Answer, Consensus, Kind, Save, Task, probability, text_within
from consolidation.kinds.choice_skill import ChoiceSkill, Chosen, learn_choosing
from consolidation.kinds.skill import Learned, Study
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_TOP = 5


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """What one worker chose: a label category, and the comment left with it (empty when none)."""

    label: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class MergedClass:
    """The class and how it came about.

    Attributes:
        label: the winning category.
        categories: all categories in order.
        votes: workers per category chosen.
        probabilities: posterior of each category chosen, summing to at most 1.
        comments: (worker id, comment), by worker id.
    """

    label: str
    categories: tuple[str, ...]
    votes: dict[str, int]
    probabilities: dict[str, float]
    comments: tuple[tuple[str, str], ...]


class ClassKind(Kind):
    """Single class: `crowd-classifier`, `crowd-image-classifier`, radio buttons.

    Recognised: an object with a string `label`; or an object of two or more booleans of which exactly one is true.
    Matched: nothing to match; each worker names one category.
    Fused: under `em` the category that is the most probable among those chosen, given how each worker confuses categories
    (`estimation.choices`); else, and where an object is all there is to learn from, the one with most votes. Quorum: any lead is enough,
    but a label without more than `quorum` of the votes says `quorum` in its reasons.
    Tie: higher summed skill, then the order of the label categories, then of names; the label says `tie`.
    Single worker: that worker's class, confidence null. Empty answer: an answer without a label is rejected. Duplicate worker: the
    last answer counts.
    Confidence: probability of the class, over the label categories of the job, or over those seen when the job names none: by that
    model, calibrated; of a mere vote, by the one-question model of `estimation.votes`. Agreement: share of worker pairs that chose the
    same class.
    Comments of workers (`workerComment`) are kept.
    Time O(W log W), memory O(W + categories).
    """

    name: ClassVar[str] = "class"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if not isinstance(element, dict):
            return False
        if isinstance(element.get("label"), str):
            return set(element) <= {"label", "workerComment"}
        states = list(element.values())
        return len(states) > 1 and all(isinstance(state, bool) for state in states) and sum(states) == 1

    def parse(self, element: JsonNode, limits: Limits) -> ClassChoice:
        """Read the class and the comment."""
        members = element.object()
        if "label" not in members or isinstance(members["label"], bool):
            label = next((name for name, state in members.items() if state is True), "")
            return ClassChoice(text_within(JsonNode(label, element.path, element.error), limits))
        comment = element.get("workerComment")
        return ClassChoice(
            text_within(element["label"], limits), text_within(comment, limits, empty=True) if comment else ""
        )

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who chose what, and what the gold answer says."""
        del task
        said = {answer.person: answer.value.label for answer in answers if not answer.gold}
        truth = next((answer.value.label for answer in answers if answer.gold), None)
        return Study(Chosen(said, truth))

    def learn(self, evidence: Sequence[Chosen], known: Tallies, task: Task) -> Learned:
        """How each worker confuses categories."""
        return learn_choosing(evidence, known, task.label_categories)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Weigh or count the votes; see the class for the rules."""
        chosen = [answer.value.label for answer in answers]
        categories = task.categories(chosen)
        number = {name: position for position, name in enumerate(categories)}
        places = np.array([number[label] for label in chosen], dtype=np.int64)
        size = len(categories)
        votes = count_votes(places, np.array([answer.weight for answer in answers]), size)
        skill = count_votes(places, np.array([answer.skill for answer in answers]), size)
        heads = count_votes(places, np.ones(len(answers)), size)
        if isinstance(task.skill, ChoiceSkill) and task.skill.knows(chosen):
            likely, shown = task.skill.chances([(answer.person, answer.value.label) for answer in answers])
            best, tied = winner(np.array([likely[name] * (name in chosen) for name in categories]), skill)
            chances = np.array([shown[name] for name in categories])
        else:
            best, tied = winner(votes, skill)
            chances = posterior(votes, task.choices(chosen))
        below_quorum = votes[best] <= task.settings.quorum * votes.sum()
        merged = MergedClass(
            label=categories[best],
            categories=categories,
            votes={categories[place]: int(heads[place]) for place in np.flatnonzero(heads)},
            probabilities={categories[place]: float(chances[place]) for place in np.flatnonzero(heads)},
            comments=tuple(
                (answer.worker_id, answer.value.comment) for answer in answers if answer.value.comment
            ),
        )
        return Consensus(
            merged=merged,
            confidence=float(chances[best]),
            agreement=pair_agreement(heads),
            worker_agreement={
                answer.worker_id: float(answer.value.label == merged.label) for answer in answers
            },
            reasons=(*(["tie"] if tied else []), *(["quorum"] if below_quorum else [])),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`class-id`, `class-name`, `confidence`, the top probabilities, the votes."""
        merged: MergedClass = consensus.merged
        ranked = sorted(merged.probabilities, key=lambda name: (-merged.probabilities[name], name))
        shown = ranked[:_TOP] if consensus.confidence is not None else []
        label: dict[str, Any] = {
            "class-id": merged.categories.index(merged.label),
            "class-name": merged.label,
            "confidence": probability(consensus.confidence),
            "probabilities": {name: probability(merged.probabilities[name]) for name in shown},
            "votes": dict(sorted(merged.votes.items(), key=lambda vote: (-vote[1], vote[0]))),
        }
        if merged.comments:
            label["comments"] = [{"worker-id": worker, "comment": text} for worker, text in merged.comments]
        return label
