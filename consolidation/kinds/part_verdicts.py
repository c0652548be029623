"""What becomes of the parts of a data object: by votes, or by what is known of its workers' skill."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from consolidation.estimation.naming import Names, name_posterior
from consolidation.estimation.presence import say
from consolidation.estimation.votes import chances, existence, winner
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Task, label_probability
from consolidation.kinds.part_skill import PartsSkill

Floats = npt.NDArray[np.float64]
_EQUAL = 1e-9
"""Probabilities that differ by less are tied."""
_LEAST = 1e-12


class Verdict(NamedTuple):
    """What is decided about a part.

    Attributes:
        label: its category, one of those that somebody gave it.
        share: of the votes, of those who marked it.
        existence: probability that it is real.
        named: probability that the category is right.
        accepted: whether it becomes a label.
        tied: whether the tie rule decided its category.
    """

    label: str
    share: float
    existence: float
    named: float
    accepted: bool
    tied: bool


def voted_verdicts(
    clusters: Sequence[Sequence[int]],
    workers: Sequence[int],
    labels: Sequence[str],
    answers: Sequence[Answer],
    task: Task,
    silence: float,
) -> list[Verdict]:
    """One verdict per cluster, by votes: a part is accepted when it has more than `quorum` of those heard.

    Args: as of `skilled_verdicts`. Ties of the category: higher summed skill, then the order of the label categories, then of names.
    """
    categories = task.categories(labels)
    number = {name: position for position, name in enumerate(categories)}
    choices = task.choices(categories)
    total = sum(answer.weight for answer in answers)
    found = []
    for members in clusters:
        named = count_ballot(((labels[one], answers[workers[one]]) for one in members), number.__getitem__)
        support = sum(named.votes.values())
        heard = support + silence * (total - support)
        found.append(
            Verdict(
                label=named.choice,
                share=support / total,
                existence=existence(support, heard),
                named=label_probability(named.votes, named.choice, choices),
                accepted=support / heard > task.settings.quorum,
                tied=named.tied,
            )
        )
    return found


def skilled_verdicts(
    skill: PartsSkill,
    clusters: Sequence[Sequence[int]],
    workers: Sequence[int],
    labels: Sequence[str],
    answers: Sequence[Answer],
    task: Task,
    silence: float,
) -> list[Verdict]:
    """One verdict per cluster, by the workers' skill.

    A part is accepted when it is more likely real than one would be that just misses the `quorum` of workers of whom nothing is known: by
    default, when it is likelier real than not. The parts of a single worker are all accepted.

    Args:
        skill: of the workers.
        clusters: of P marks: those that mean the same part.
        workers: P places in `answers`: whose mark it is. labels: P label categories.
        answers: of all who could have marked the parts.
        task: of the data object.
        silence: as `kinds.parts.decide` has it.

    Ties of the category: higher summed skill, then the order of the label categories, then of names.
    """
    marks = [member for members in clusters for member in members]
    sizes = np.array([len(members) for members in clusters], np.int64)
    part = np.repeat(np.arange(len(clusters)), sizes)
    worker = np.array([workers[mark] for mark in marks], np.int64)
    crew = skill.places(answer.person for answer in answers)
    real = skill.existence(part, worker, crew, len(clusters), silence)
    heard = sizes + silence * (len(answers) - sizes)
    bars = [existence(task.settings.quorum * votes, votes) for votes in heard.tolist()]
    accepted = (real > np.array(bars) + _EQUAL) | (len(answers) == 1)
    categories = task.categories(labels)
    number = {name: position for position, name in enumerate(categories)}
    said = np.array([number[labels[mark]] for mark in marks], np.int64)
    names = Names.of(part, crew[worker], said, len(clusters))
    likely = _likelihoods(names, skill, categories, task.choices(categories))
    trust = np.array([answer.skill for answer in answers])[worker]
    chosen = _chosen(names, likely, trust, len(clusters))
    return [
        Verdict(categories[category], len(members) / len(answers), exists, chance, wanted, tied)
        for members, (category, chance, tied), exists, wanted in zip(
            clusters, chosen, real.tolist(), accepted.tolist(), strict=True
        )
    ]


def _likelihoods(names: Names, skill: PartsSkill, categories: Sequence[str], choices: int) -> Floats:
    """Probability of each category that somebody gave a part.

    As with existence two models are pooled by their log-odds: workers confuse categories each in a way of their own, or all alike.
    """
    worker, true, said = names.pairs()
    known = skill.numbers(categories)
    able = name_posterior(names, skill.naming, skill.naming.chances(worker, known[true], known[said]))
    votes = np.bincount(names.candidate, true == said).tolist()
    several = np.bincount(names.owner, minlength=names.parts)
    alike: list[float] = []
    start = 0
    for many in several.tolist():
        stop = start + many
        alike += chances(tuple(votes[start:stop]), choices)
        start = stop
    odds = [
        np.log(np.maximum(share, _LEAST) / np.maximum(1 - share, _LEAST)) for share in (able, np.array(alike))
    ]
    skilled = say(np.bincount(names.part, minlength=names.parts).astype(np.float64))[names.owner]
    pooled: Floats = 1 / (1 + np.exp(-skilled * odds[0] - (1 - skilled) * odds[1]))
    return pooled


def _chosen(names: Names, likely: Floats, trust: Floats, parts: int) -> list[tuple[int, float, bool]]:
    """For each part its category, the probability of that, and whether the tie rule decided; `trust` is the skill behind each mark."""
    first = np.searchsorted(names.owner, np.arange(parts + 1)).tolist()
    categories, shares = names.true.tolist(), likely.tolist()
    chosen = []
    for start, stop in pairwise(first):
        best, tied = start, False
        if stop - start > 1:
            top = max(shares[start:stop])
            level = [place for place in range(start, stop) if shares[place] > top - _EQUAL]
            tied = len(level) > 1
            best = level[0] if not tied else _most_trusted(names, level, trust)
        chosen.append((categories[best], shares[best], tied))
    return chosen


def _most_trusted(names: Names, candidates: Sequence[int], trust: Floats) -> int:
    """The candidate whose workers have most skill, or the first of those."""
    behind = [
        float(trust[(names.part == names.owner[one]) & (names.said == names.true[one])].sum())
        for one in candidates
    ]
    return candidates[winner(np.zeros(len(behind)), np.array(behind))[0]]
