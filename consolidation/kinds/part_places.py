"""Parts that have coordinates: where each worker's mark lies beside the others', and where the part is by what is known of the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Clusters
from consolidation.estimation.medians import grouped_medians
from consolidation.estimation.placing import Places
from consolidation.kinds.base import Answer
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.part_skill import PartsSkill

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    """Coordinates of marks, in which a worker's bias and noise make sense.

    Attributes:
        values: float64, shape (P, D).
        size: float64, shape (P, D), > 0: of the part that was marked, in units of each coordinate.
    """

    values: Floats
    size: Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """The marks of parts around the middle of each part.

    Attributes:
        middle: float64, shape (C, D): median of the marks.
        unit: float64, shape (C, D): geometric mean of their sizes.
        offset: float64, shape (M, D): from the middle, in these units; marks in the order of their parts.
    """

    middle: Floats
    unit: Floats
    offset: Floats

    @classmethod
    def of(cls, measures: Measures, clusters: Clusters) -> Spread:
        """Of the marks of each cluster. Time O(M log M)."""
        marks, sizes, part = clusters.marks, clusters.sizes, clusters.part
        values = measures.values.take(marks, axis=0)
        starts = np.cumsum(sizes) - sizes
        unit = (
            np.exp(np.add.reduceat(np.log(measures.size.take(marks, axis=0)), starts) / sizes[:, None])
            if len(sizes)
            else values
        )
        middle = grouped_medians(values, sizes, np.ones(len(marks)))
        return cls(middle, unit, (values - middle.take(part, axis=0)) / unit.take(part, axis=0))


def placed(
    spread: Spread,
    clusters: Clusters,
    columns: Columns,
    answers: Sequence[Answer],
    skill: PartsSkill,
) -> Floats | None:
    """Where the parts are by the workers' skill.

    Args:
        spread: of the marks of each cluster.
        clusters: of P marks.
        columns: of the marks.
        answers: of all who could have marked the parts.
        skill: of the workers.

    Returns:
        float64, shape (C, D); None where skill has no say, so that the kind's plain rule holds.
    """
    if skill.placing is None or not skill.placing.normal:
        return None
    crew = skill.places(answer.person for answer in answers)
    worker = crew[columns.worker[clusters.marks]]
    centres = skill.placing.centres(Places(clusters.part, worker, spread.offset))
    where: Floats = spread.middle + centres * spread.unit
    return where
