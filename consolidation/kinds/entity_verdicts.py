"""Entities of one data object between their layout and the model of the workers: what it shows, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.edges import likeliest
from consolidation.estimation.votes import existences
from consolidation.kinds.base import Answer, Support, Task
from consolidation.kinds.entity_skill import EntityEvidence, EntitySkill
from consolidation.kinds.parts import Decision, Layout

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_LEAST = 1e-300
_TIE, _DIGITS = 1e-9, 9
"""Categories whose chances differ by no more are a tie, and skills that are equal to so many decimals."""


def evidence_of(layout: Layout[Any], answers: Sequence[Answer]) -> EntityEvidence:
    """What workers marked; a gold answer's marks are the truth.

    Args:
        layout: with clusters.
        answers: of all workers, whether they marked anything or not.
    """
    clusters: Sequence[Sequence[int]] = layout.clusters or ()
    spans = _spans(layout)
    labels = tuple(part.label for part in layout.parts)
    golden = [answer.gold for answer in answers]
    workers = [place for place, gold in enumerate(golden) if not gold]
    people = tuple(answers[place].person for place in workers)
    if not any(golden):
        return EntityEvidence(people, spans, labels, len(clusters), None)
    theirs = [place for place, part in enumerate(layout.parts) if not golden[part.worker]]
    truth: list[tuple[int, int, str] | None] = [None] * len(clusters)
    for place in set(range(len(labels))).difference(theirs):
        number, _, start, end = spans[place].tolist()
        truth[number] = start, end, labels[place]
    marks = spans[theirs]
    marks[:, 1] = np.searchsorted(workers, marks[:, 1])
    return EntityEvidence(
        people, marks, tuple(labels[place] for place in theirs), len(clusters), tuple(truth)
    )


def judge_entities(
    layout: Layout[Any], answers: Sequence[Answer], task: Task, skill: EntitySkill, silence: float
) -> list[tuple[Decision, int]]:
    """The decision on each cluster, and the part that shows where it begins and ends, given how able the workers are.

    Whether an entity is real is said by two models, pooled by their log-odds with equal say: here workers differ; in `votes.existence`
    they are alike.

    Args:
        layout: with clusters.
        answers: of more than one worker.
        silence: of a vote against an entity, how much it is not to have marked it, in `votes.existence`.
    """
    clusters: Sequence[Sequence[int]] = layout.clusters or ()
    labels, owners = [part.label for part in layout.parts], [part.worker for part in layout.parts]
    people, ids = [answer.person for answer in answers], [answer.worker_id for answer in answers]
    categories = task.categories({*skill.categories, *labels})
    marks = _spans(layout)
    able, called = skill.judge(marks[:, 0], marks[:, 1], labels, people, len(clusters), categories)
    existence, chances = _pooled(able, clusters, len(answers), silence).tolist(), called.T.tolist()
    habits, spans = skill.habits(people), [tuple(span) for span in marks[:, 1:].tolist()]
    decisions = []
    for members, real, named in zip(clusters, existence, chances, strict=True):
        said = [(labels[member], answers[owners[member]].skill) for member in members]
        label, chance, tied = _likeliest(categories, named, said)
        workers = tuple(sorted([ids[owners[member]] for member in members]))
        made = Decision(
            members=tuple(members),
            label=label,
            support=Support(workers, len(answers), len(members) / len(answers)),
            existence=real,
            confidence=real * chance,
            accepted=real > task.settings.quorum,
            tied=tied,
        )
        decisions.append((made, members[likeliest([spans[member] for member in members], *habits)]))
    return decisions


def _pooled(real: Floats, clusters: Sequence[Sequence[int]], workers: int, silence: float) -> Floats:
    support = np.array([len(members) for members in clusters], dtype=np.float64)
    plain = existences(support, silence * (workers - support))
    against = (1 - real) * (1 - plain) / np.maximum(real * plain, _LEAST)
    pooled: Floats = 1 / (1 + np.sqrt(against))
    return pooled


def _spans(layout: Layout[Any]) -> Integers:
    """See `EntityEvidence.spans`."""
    numbers = [0] * len(layout.parts)
    for number, members in enumerate(layout.clusters or ()):
        for member in members:
            numbers[member] = number
    rows = [
        (number, part.worker, *span)
        for number, part, span in zip(numbers, layout.parts, layout.shapes.spans, strict=True)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _likeliest(
    categories: Sequence[str], chances: Sequence[float], said: Sequence[tuple[str, float]]
) -> tuple[str, float, bool]:
    """Of the categories that were said, each with the speaker's skill, the likeliest; its chance; and whether the tie rule decided."""
    names = {label for label, _ in said}
    if len(names) == 1:
        label = names.pop()
        return label, chances[categories.index(label)], False
    known = {name: chance for name, chance in zip(categories, chances, strict=True) if name in names}
    most = max(known.values())
    leading = [name for name, chance in known.items() if chance >= most * (1 - _TIE)]
    skill = {name: sum(trust for label, trust in said if label == name) for name in leading}
    label = max(leading, key=lambda name: round(skill[name], _DIGITS))
    return label, known[label], len(leading) > 1
