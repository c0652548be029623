"""The krippendorff package."""

from __future__ import annotations

from collections.abc import Sequence

import krippendorff
import numpy as np

from benchmarks.found import Prepared
from benchmarks.workloads.classes import Answers


def alpha(work: Sequence[Answers]) -> Prepared:
    """Alpha for nominal data."""
    tables = []
    for answers in work:
        table = np.full((answers.workers, len(answers.truth)), np.nan)
        table[answers.worker, answers.item] = answers.label
        tables.append(table)

    def run() -> list[float]:
        return [
            float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
            for table in tables
        ]

    return Prepared(run, list)
