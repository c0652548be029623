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
    spans, clusters = _spans(layout), layout.clusters or []
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
    parts, clusters = layout.parts, layout.clusters or []
    categories = task.categories({*skill.categories, *(part.label for part in parts)})
    people = [answer.person for answer in answers]
    marks = _spans(layout)
    able, called = skill.judge(
        marks[:, 0], marks[:, 1], [part.label for part in parts], people, len(clusters), categories
    )
    existence, chances = _pooled(able, clusters, len(answers), silence).tolist(), called.T.tolist()
    habits, spans = skill.habits(people), [tuple(span) for span in marks[:, 1:].tolist()]
    decisions = []
    for members, real, named in zip(clusters, existence, chances, strict=True):
        behind = [(parts[member].label, answers[parts[member].worker]) for member in members]
        label, chance, tied = _likeliest(categories, named, behind)
        workers = tuple(sorted([answer.worker_id for _, answer in behind]))
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
    spans = np.empty((len(layout.parts), 4), dtype=np.int64)
    for number, members in enumerate(layout.clusters or []):
        spans[members, 0] = number
    spans[:, 1] = [part.worker for part in layout.parts]
    spans[:, 2:] = np.array(layout.shapes.spans, dtype=np.int64).reshape(-1, 2)
    return spans


def _likeliest(
    categories: Sequence[str], chances: Sequence[float], behind: Sequence[tuple[str, Answer]]
) -> tuple[str, float, bool]:
    """Of the categories that were said the likeliest, its chance, and whether the tie rule decided."""
    said = {label for label, _ in behind}
    if len(said) == 1:
        label = said.pop()
        return label, chances[categories.index(label)], False
    known = {name: chance for name, chance in zip(categories, chances, strict=True) if name in said}
    most = max(known.values())
    leading = [name for name, chance in known.items() if chance >= most * (1 - _TIE)]
    skill = {name: sum(answer.skill for label, answer in behind if label == name) for name in leading}
    label = max(leading, key=lambda name: round(skill[name], _DIGITS))
    return label, known[label], len(leading) > 1
