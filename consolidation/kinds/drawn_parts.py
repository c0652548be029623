"""Kinds made of parts whose borders or lines tell how exactly a worker draws."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from consolidation.estimation.border_exactness import Apart, Hands, learn_hands
from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Task
from consolidation.kinds.part_skill import PartsEvidence, PartsSkill, learn_parts
from consolidation.kinds.parts import Layout, PartsKind, Shapes, clusters_of
from consolidation.kinds.skill import GOLD, Learned, Study

Floats = npt.NDArray[np.float64]
Things: TypeAlias = Sequence[tuple[Sequence[int], Floats, Floats, float]]
"""Of each thing: its parts, and `squares`, `offsets` and `size` of `border_exactness.Apart`."""


@dataclass(frozen=True, slots=True)
class DrawnLayout(Layout[Shapes]):
    """A layout with what fusing its clusters takes that does not depend on who drew them.

    Attributes:
        drawn: of the kind's own type; None where that has not been found yet.
    """

    drawn: Any = None


@dataclass(frozen=True, slots=True)
class DrawnEvidence:
    """What one data object shows of its workers: who marked what, and how far apart they drew the same."""

    parts: PartsEvidence
    things: tuple[Apart, ...]


@dataclass(frozen=True, slots=True)
class DrawnSkill:
    """What is known of the workers of a job at marking parts, and of how exactly they draw."""

    parts: PartsSkill
    hands: Hands


class DrawnPartsKind(PartsKind[Shapes]):
    """A kind whose workers' skill is `DrawnSkill`."""

    @abstractmethod
    def lay_out(self, answers: Sequence[Answer], task: Task) -> DrawnLayout[Shapes]:
        """See `PartsKind`."""

    @abstractmethod
    def apart(
        self, layout: DrawnLayout[Shapes], clusters: Sequence[Sequence[int]]
    ) -> tuple[Things, DrawnLayout[Shapes]]:
        """How far apart the parts of each cluster of several lie; and the layout, with what the merge need not find again."""

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who marked which parts, and how far apart they drew the same."""
        study = super().study(answers, task)
        kept = self.comparable(answers)
        known = study.arranged if isinstance(study.arranged, DrawnLayout) else None
        layout = known or self.lay_out(kept, task)
        clusters = clusters_of(self.name, layout, task) if layout.clusters is None else layout.clusters
        found, laid = self.apart(layout, clusters)
        persons = [GOLD if answer.gold else answer.person for answer in kept]
        makers = [persons[part.worker] for part in layout.parts]
        things = tuple(
            Apart(tuple(makers[member] for member in members), squares, offsets, size)
            for members, squares, offsets, size in found
        )
        return Study(DrawnEvidence(study.evidence, things), laid if known else None)

    def learn(self, evidence: Sequence[Any], known: Tallies, task: Task) -> Learned:
        """How many parts each worker finds and invents, how they confuse categories, and how exactly they draw."""
        learned = learn_parts([one.parts for one in evidence], known, task)
        hands = learn_hands([thing for one in evidence for thing in one.things], known, GOLD)
        return replace(
            learned, skill=DrawnSkill(learned.skill, hands), tallies=learned.tallies + hands.tallies
        )


def split_skill(task: Task) -> tuple[Task, Hands | None]:
    """The task with the skill that `decide` understands, and how exactly workers draw; None without skill."""
    if not isinstance(task.skill, DrawnSkill):
        return task, None
    return replace(task, skill=task.skill.parts), task.skill.hands
