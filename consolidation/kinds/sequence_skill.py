"""What a sequence shows of how able its workers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from consolidation.estimation.matching import Clusters
from consolidation.kinds.base import Answer
from consolidation.kinds.marks import Marks, Sighting, Thing
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.part_skill import PartsEvidence

FRAMES_OF_A_THING = 5
"""Frames of one thing that are looked at: neighbouring ones are no answers of their own, and evidence is to be small."""
FRAMES = 20
"""Frames of a sequence that are looked at where things have no identity."""


def sequence_evidence(
    marks: Marks[Any], things: Sequence[Thing[Any]], answers: Sequence[Answer], *, linked: bool
) -> tuple[PartsEvidence, ...]:
    """Who marked which things, in frames spread evenly over each thing's, or over the sequence where they are not linked.

    Args:
        marks: of the answers.
        things: all of them, as `merge_sequence` gave them.
        answers: those that count; a gold one may be among them.
        linked: whether parts of different frames are joined to things.

    Returns:
        One for each set of workers whose answers have the same frames.
    """
    if linked:
        sightings = [one for thing in things for one in _spread(thing.sightings, FRAMES_OF_A_THING)]
    else:
        frames = set(_spread(range(marks.present.shape[1]), FRAMES))
        sightings = [one for thing in things for one in thing.sightings if one.frame in frames]
    crews = [tuple(np.flatnonzero(column).tolist()) for column in marks.present.T]
    seen = defaultdict[tuple[int, ...], list[Sighting[Any]]](list)
    for one in sightings:
        seen[crews[one.frame]].append(one)
    return tuple(_of_crew(crew, seen[crew], marks, answers) for crew in sorted(seen))


def _spread(listed: Sequence[Any], most: int) -> list[Any]:
    """At most so many, from the first to the last at equal steps."""
    if len(listed) <= most:
        return list(listed)
    return [listed[(2 * place + 1) * len(listed) // (2 * most)] for place in range(most)]


def _of_crew(
    crew: Sequence[int], sightings: Sequence[Sighting[Any]], marks: Marks[Any], answers: Sequence[Answer]
) -> PartsEvidence:
    place = {worker: number for number, worker in enumerate(crew)}
    members = [member for one in sightings for member in one.members]
    ends = np.cumsum([0, *(len(one.members) for one in sightings)]).tolist()
    return PartsEvidence.of(
        Clusters.of([range(start, stop) for start, stop in pairwise(ends)]),
        Columns.of(
            [place[worker] for worker in marks.workers[members].tolist()],
            [marks.labels[member] for member in members],
        ),
        [answers[worker] for worker in crew],
        offset=None,
    )
