"""What becomes of the parts of a data object: by votes, or by what is known of its workers' skill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Clusters
from consolidation.estimation.naming import Names, name_posterior
from consolidation.estimation.presence import say
from consolidation.estimation.votes import chances, existence, winner
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Task, label_probability
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.part_skill import PartsSkill

Floats = npt.NDArray[np.float64]
_EQUAL = 1e-9
"""Probabilities that differ by less are tied."""
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is decided about parts, for each of them.

    Attributes:
        label: its category, one of those that somebody gave it.
        share: of the votes, of those who marked it.
        existence: probability that it is real.
        named: probability that the category is right.
        accepted: whether it becomes a label.
        tied: whether the tie rule decided its category.
    """

    label: list[str]
    share: list[float]
    existence: list[float]
    named: list[float]
    accepted: list[bool]
    tied: list[bool]


def voted_verdicts(
    clusters: Clusters,
    columns: Columns,
    answers: Sequence[Answer],
    task: Task,
    silence: float,
) -> Verdicts:
    """The verdict on each cluster, by votes: a part is accepted when it has more than `quorum` of those heard.

    Args: as of `skilled_verdicts`. Ties of the category: higher summed skill, then the order of the label categories, then of names.
    """
    categories = task.categories(columns.names)
    number = {name: position for position, name in enumerate(categories)}
    workers, labels = columns.worker.tolist(), columns.labels()
    choices = task.choices(categories)
    total = sum(answer.weight for answer in answers)
    found = Verdicts([], [], [], [], [], [])
    for members in clusters:
        named = count_ballot(((labels[one], answers[workers[one]]) for one in members), number.__getitem__)
        support = sum(named.votes.values())
        heard = support + silence * (total - support)
        found.label.append(named.choice)
        found.share.append(support / total)
        found.existence.append(existence(support, heard))
        found.named.append(label_probability(named.votes, named.choice, choices))
        found.accepted.append(support / heard > task.settings.quorum)
        found.tied.append(named.tied)
    return found


def skilled_verdicts(
    skill: PartsSkill,
    clusters: Clusters,
    columns: Columns,
    answers: Sequence[Answer],
    task: Task,
    silence: float,
) -> Verdicts:
    """The verdict on each cluster, by the workers' skill.

    A part is accepted when it is more likely real than one would be that just misses the `quorum` of workers of whom nothing is known: by
    default, when it is likelier real than not. The parts of a single worker are all accepted.

    Args:
        skill: of the workers.
        clusters: of P marks: those that mean the same part.
        columns: of the marks.
        answers: of all who could have marked the parts.
        task: of the data object.
        silence: as `kinds.parts.decide` has it.

    Ties of the category: higher summed skill, then the order of the label categories, then of names.
    """
    part, sizes, voters = clusters.part, clusters.sizes, len(answers)
    worker = columns.worker[clusters.marks]
    crew = skill.places(answer.person for answer in answers)
    real = skill.existence(part, worker, crew, len(clusters), silence)
    heard = [size + silence * (voters - size) for size in range(int(sizes.max(initial=0)) + 1)]
    bars = np.array([existence(task.settings.quorum * votes, votes) for votes in heard])
    accepted = (real > bars[sizes] + _EQUAL) | (voters == 1)
    categories = task.categories(columns.names)
    said = columns.numbered({name: position for position, name in enumerate(categories)})[clusters.marks]
    names = Names.of(part, crew[worker], said, len(clusters))
    likely = _likelihoods(names, skill, categories, task.choices(categories))
    trust = np.array([answer.skill for answer in answers])[worker]
    chosen, named, tied = _chosen(names, likely, trust)
    return Verdicts(
        label=[categories[category] for category in chosen],
        share=(sizes / voters).tolist(),
        existence=real.tolist(),
        named=named,
        accepted=accepted.tolist(),
        tied=tied,
    )


def _likelihoods(names: Names, skill: PartsSkill, categories: Sequence[str], choices: int) -> Floats:
    """Probability of each category that somebody gave a part.

    As with existence two models are pooled by their log-odds: workers confuse categories each in a way of their own, or all alike.
    """
    worker, true, said = names.pairs()
    known = skill.numbers(categories)
    able = name_posterior(names, skill.naming, skill.naming.logs(worker, known[true], known[said]))
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


def _chosen(names: Names, likely: Floats, trust: Floats) -> tuple[list[int], list[float], list[bool]]:
    """For each part its category, the probability of that, and whether the tie rule decided; `trust` is the skill behind each mark."""
    first = np.searchsorted(names.owner, np.arange(names.parts + 1))
    best = first[:-1].tolist()
    tied = [False] * names.parts
    shares = likely.tolist()
    for part in np.flatnonzero(np.diff(first) > 1).tolist():
        candidates = range(best[part], int(first[part + 1]))
        top = max(shares[one] for one in candidates)
        level = [one for one in candidates if shares[one] > top - _EQUAL]
        tied[part] = len(level) > 1
        best[part] = _most_trusted(names, level, trust) if tied[part] else level[0]
    return names.true[best].tolist(), likely[best].tolist(), tied


def _most_trusted(names: Names, candidates: Sequence[int], trust: Floats) -> int:
    """The candidate whose workers have most skill, or the first of those."""
    behind = [
        float(trust[(names.part == names.owner[one]) & (names.said == names.true[one])].sum())
        for one in candidates
    ]
    return candidates[winner(np.zeros(len(behind)), np.array(behind))[0]]
