"""Kinds made of parts whose places tell how exact a worker is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Task
from consolidation.kinds.parts import PartsKind, Shapes, clusters_of
from consolidation.kinds.place_skill import PlacedEvidence, PlacedSkill, PlacesEvidence, learn_placed
from consolidation.kinds.skill import GOLD, Learned, Study

Floats = npt.NDArray[np.float64]


class PlacedPartsKind(PartsKind[Shapes]):
    """A kind whose workers' skill is `PlacedSkill`: who marks what, and how exactly."""

    @abstractmethod
    def places(self, shapes: Shapes) -> Floats:
        """Where the parts are in a plane: float64, shape (P, 2)."""

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who marked which parts, and how far apart they placed the same."""
        study = super().study(answers, task)
        kept = self.comparable(answers)
        layout = self.layout(kept, replace(task, arranged=study.arranged))
        clusters = clusters_of(self.name, layout, task) if layout.clusters is None else layout.clusters
        workers = [part.worker for part in layout.parts]
        persons = [GOLD if answer.gold else answer.person for answer in kept]
        places = PlacesEvidence.of(clusters, workers, persons, self.places(layout.shapes))
        return replace(study, evidence=PlacedEvidence(study.evidence, places))

    def learn(self, evidence: Sequence[Any], known: Tallies, task: Task) -> Learned:
        """How many parts each worker finds and invents, how they confuse categories, and how exact they are: `PlacedSkill`."""
        return learn_placed(evidence, known, task)

    @staticmethod
    def split_skill(answers: Sequence[Answer], task: Task) -> tuple[Task, Floats | None]:
        """The task with the skill that `decide` understands, and the variances of the answers' workers; None where nobody's is known."""
        if not isinstance(task.skill, PlacedSkill):
            return task, None
        places = task.skill.places
        exactness = places.of(answer.person for answer in answers) if places.variance else None
        return replace(task, skill=task.skill.parts), exactness
