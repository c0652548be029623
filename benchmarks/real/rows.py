"""What every real data set's measurement gives: rows of the accuracy table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.reliability import Reliability


@dataclass(frozen=True)
class Row:
    """Our figure on one data set beside those of others.

    Attributes:
        data_set: folder name of the set.
        kind: the kind that made the labels.
        metric: with its unit, as the set's README defines it.
        items: data objects measured.
        ours: figure of our labels with the default settings.
        majority: figure of a plain majority (or the plainest merge there is), None where there is none.
        single: figure of the best single worker (or of one worker on average, where no worker answered enough: then the note says so).
        published: figures that others published or that other libraries reach, by their names.
        higher_is_better: False for errors and distances.
        note: what a reader must know to compare.
        reliability: of the confidence of our labels, where the truth tells whether each is right; on one row of a set and kind.
    """

    data_set: str
    kind: str
    metric: str
    items: int
    ours: float
    majority: float | None = None
    single: float | None = None
    published: Mapping[str, float] = field(default_factory=dict)
    higher_is_better: bool = True
    note: str = ""
    reliability: Reliability | None = None
