"""Rating: one step of an ordinal scale per data object."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.ordinal import distance_agreement, median_steps, step_probabilities
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import count_votes
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Kind,
    Save,
    Task,
    check_count,
    probability,
    rounded,
    text_within,
)
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.scatter_skill import ScatterEvidence, ScatterSkill, learn_scatter_skill
from consolidation.kinds.skill import Learned, Study
from shared.json_node import Json, JsonNode
from shared.settings import Limits

_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
_LEAST_STEPS = 3
_TOP = 5
_TIE = 1e-9
_CLASS = ClassKind()


@dataclass(frozen=True, slots=True)
class Rating:
    """What one worker chose, and the steps that the worker could see (empty when the answer does not say)."""

    step: str
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scale:
    """The steps of a scale.

    Attributes:
        names: in order.
        places: float64, shape (K,): the number each name states; else 1, 2, 3, ...
        numeric: whether the names are whole numbers.
    """

    names: tuple[str, ...]
    places: tuple[float, ...]
    numeric: bool


@dataclass(frozen=True, slots=True)
class MergedRating:
    """The rating and how it came about.

    Attributes:
        step: place of the median in `scale.names`.
        scale: the scale.
        votes: workers per step chosen.
        probabilities: of each step that somebody chose.
        mean, deviation: of the votes, by the places of the scale.
    """

    step: int
    scale: Scale
    votes: dict[str, int]
    probabilities: dict[str, float]
    mean: float
    deviation: float


class RatingKind(Kind):
    """Rating: radio buttons whose options are numbers, stars, a Likert scale.

    Recognised: an object of booleans of which exactly one is true, whose names are three or more consecutive whole numbers. Where the
    setting `element-kinds` says so: every answer of the kind `class`, a whole number, a string.
    Scale: the job's label categories in their order, when they hold every name seen; else the whole numbers in their order, when all
    names are such; else the label categories and behind them the other names, sorted. A step is as far from the next as their numbers
    say, or 1.
    Matched: nothing to match; each worker names one step.
    Fused: the weighted median, the step with at most half of the votes on either side: one answer at the far end moves it no more than one
    next to it. Quorum: none is needed.
    Under `em`: a batch shows how much too high or too low each worker rates, and how unsteadily (`estimation.scatter`). The bias is taken
    off, which shares a vote between two steps where it moves it by a part of one; the vote counts for the usual noise over the worker's.
    Tie: where the votes split exactly in half between two steps, the step whose voters have the higher summed skill, then the one nearer
    to the mean, then the lower; the label says `tie`.
    Single worker: that worker's rating, confidence null. Empty answer: nothing ticked is rejected. Duplicate worker: the last answer
    counts.
    Confidence: probability of the step by `estimation.ordinal`: each threshold of the scale is a question of yes or no.
    Agreement: 1 - the mean distance of two workers' ratings over the width of the scale. A worker's agreement with the label: the same of
    the worker's rating and the label.
    Time O(W log W + K), memory O(W + K) for K steps.
    Source: Frank & Hall 2001.
    """

    name: ClassVar[str] = "rating"
    special_of: ClassVar[str | None] = "class"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if not isinstance(element, dict) or len(element) < _LEAST_STEPS or not _CLASS.recognise(element):
            return False
        if not all(_WHOLE.fullmatch(name) for name in element):
            return False
        steps = sorted(int(name) for name in element)
        return len(set(steps)) == len(steps) == steps[-1] - steps[0] + 1

    def accepts(self, element: Json) -> bool:
        """See the class."""
        if isinstance(element, str):
            return bool(element)
        if isinstance(element, int | float) and not isinstance(element, bool):
            return element % 1 == 0
        return _CLASS.recognise(element)

    def parse(self, element: JsonNode, limits: Limits) -> Rating:
        """Read the step, and the steps offered where the answer lists them."""
        if isinstance(element.value, str):
            return Rating(text_within(element, limits))
        if not isinstance(element.value, dict):
            return Rating(str(element.integer()))
        members = element.object()
        if isinstance(members.get("label"), str):
            return Rating(text_within(element["label"], limits))
        check_count(element, len(members), "offers {} steps", limits.categories, "limits.categories")
        offered = [text_within(JsonNode(name, element.path, element.error), limits) for name in members]
        chosen = [name for name in offered if members[name] is True]
        if len(chosen) != 1:
            raise element.fail(f"must have one step chosen, has {len(chosen)}")
        return Rating(chosen[0], frozenset(offered))

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Where on the scale each worker put the data object, from 0 to 1."""
        scale = _scale(answers, task)
        place = dict(zip(scale.names, scale.places, strict=True))
        least, width = min(scale.places), max(scale.places) - min(scale.places)
        if not width:
            return Study(None)
        said = {answer.worker_id: (place[answer.value.step] - least) / width for answer in answers}
        workers = [answer for answer in answers if not answer.gold]
        return Study(
            ScatterEvidence(
                tuple(answer.person for answer in workers),
                np.array([said[answer.worker_id] for answer in workers]),
                next((said[answer.worker_id] for answer in answers if answer.gold), math.nan),
            )
        )

    def learn(self, evidence: Sequence[ScatterEvidence], known: Tallies, task: Task) -> Learned:
        """How much too high or too low each worker rates, and how unsteadily: see `estimation.scatter`."""
        return learn_scatter_skill(evidence, known)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Take the weighted median; see the class for the rules."""
        scale = _scale(answers, task)
        number = {name: step for step, name in enumerate(scale.names)}
        steps = np.array([number[answer.value.step] for answer in answers], np.int64)
        weights = np.array([answer.weight for answer in answers])
        votes = _votes(steps, weights, scale, answers, task)
        skill = count_votes(steps, np.array([answer.skill for answer in answers]), len(scale.names))
        heads = count_votes(steps, np.ones(len(answers)), len(scale.names))
        places = np.array(scale.places)
        mean = float(places @ votes / votes.sum())
        lower, upper = median_steps(votes)
        best = lower if lower == upper else _tie(lower, upper, skill.tolist(), scale.places, mean)
        chances = step_probabilities(votes)
        width = float(np.ptp(places))
        merged = MergedRating(
            step=best,
            scale=scale,
            votes={scale.names[step]: int(heads[step]) for step in np.flatnonzero(heads)},
            probabilities={scale.names[step]: float(chances[step]) for step in np.flatnonzero(heads)},
            mean=mean,
            deviation=float(np.sqrt((places - mean) ** 2 @ votes / votes.sum())),
        )
        return Consensus(
            merged=merged,
            confidence=float(chances[best]),
            agreement=distance_agreement(places[steps], width),
            worker_agreement={
                answer.worker_id: float(1 - abs(places[step] - places[best]) / width) if width else 1.0
                for answer, step in zip(answers, steps, strict=True)
            },
            reasons=() if lower == upper else ("tie",),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """As a class, and `value`, `mean` and `spread` on the scale."""
        merged: MergedRating = consensus.merged
        ranked = sorted(merged.probabilities, key=lambda name: (-merged.probabilities[name], name))
        shown = ranked[:_TOP] if consensus.confidence is not None else []
        place = {name: step for step, name in enumerate(merged.scale.names)}
        return {
            "class-id": merged.step,
            "class-name": merged.scale.names[merged.step],
            "value": int(merged.scale.places[merged.step]),
            "mean": rounded(merged.mean),
            "spread": rounded(merged.deviation),
            "confidence": probability(consensus.confidence),
            "probabilities": {name: probability(merged.probabilities[name]) for name in shown},
            "votes": dict(sorted(merged.votes.items(), key=lambda vote: place[vote[0]])),
        }


def _scale(answers: Sequence[Answer], task: Task) -> Scale:
    seen = {answer.value.step for answer in answers}.union(*(answer.value.offered for answer in answers))
    numeric = all(_WHOLE.fullmatch(name) for name in seen)
    if numeric and not seen <= set(task.label_categories):
        names = tuple(sorted(seen, key=lambda name: (int(name), name)))
    else:
        names = task.categories(seen)
    stated = all(_WHOLE.fullmatch(name) for name in names)
    places = tuple(float(name) if stated else float(step) for step, name in enumerate(names, start=1))
    return Scale(names, places, stated)


def _votes(
    steps: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    scale: Scale,
    answers: Sequence[Answer],
    task: Task,
) -> npt.NDArray[np.float64]:
    """Votes for each step: under a skill without the workers' biases, a vote between two steps being shared by both."""
    if not isinstance(task.skill, ScatterSkill) or len(answers) == 1:
        return count_votes(steps, weights, len(scale.names))
    off, votes = task.skill.of([answer.person for answer in answers])
    order = np.argsort(scale.places)
    places = np.array(scale.places)
    moved = np.interp(places[steps] - off * np.ptp(places), places[order], np.arange(len(order)))
    below = np.floor(moved).astype(np.int64)
    above = np.minimum(below + 1, len(order) - 1)
    share = weights * votes
    upper = share * (moved - below)
    return count_votes(order[below], share - upper, len(order)) + count_votes(order[above], upper, len(order))


def _tie(lower: int, upper: int, skill: Sequence[float], places: Sequence[float], mean: float) -> int:
    """The step with more skill behind it, then the one nearer to the mean, then the lower."""
    more = max(skill[lower], skill[upper])
    if abs(skill[lower] - skill[upper]) > more * _TIE:
        return lower if skill[lower] > skill[upper] else upper
    nearer = abs(places[upper] - mean) < abs(places[lower] - mean) * (1 - _TIE)
    return upper if nearer else lower
