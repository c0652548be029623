"""Entities of one data object between their layout and the model of the workers: what it shows, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

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
    judged = skill.judge(_spans(layout), [part.label for part in parts], people, len(clusters), categories)
    real = _pooled(judged.real, clusters, len(answers), silence).tolist()
    called, marked = judged.called.T.tolist(), judged.marked.tolist()
    total = sum(answer.weight for answer in answers)
    decisions = []
    for number, members in enumerate(clusters):
        behind = [(parts[member].label, answers[parts[member].worker]) for member in members]
        label, chance, tied = _likeliest(dict(zip(categories, called[number], strict=True)), behind)
        share = sum(answer.weight for _, answer in behind) / total
        made = Decision(
            members=tuple(members),
            label=label,
            support=Support(tuple(sorted(answer.worker_id for _, answer in behind)), len(answers), share),
            existence=real[number],
            confidence=real[number] * chance,
            accepted=real[number] > task.settings.quorum,
            tied=tied,
        )
        decisions.append((made, marked[number]))
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


def _likeliest(chances: Mapping[str, float], behind: Sequence[tuple[str, Answer]]) -> tuple[str, float, bool]:
    """Of the categories that were said the likeliest, its chance, and whether the tie rule decided."""
    said = {label for label, _ in behind}
    if len(said) == 1:
        label = said.pop()
        return label, chances[label], False
    most = max(chances[label] for label in said)
    leading = [label for label in chances if label in said and chances[label] >= most * (1 - _TIE)]
    skill = {label: sum(answer.skill for name, answer in behind if name == label) for label in leading}
    label = max(leading, key=lambda name: round(skill[name], _DIGITS))
    return label, chances[label], len(leading) > 1
