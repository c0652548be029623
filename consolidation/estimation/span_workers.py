"""What spans are real, what they are called and where they end, and how able the workers are who marked them: one model.

Whether a span is real follows from who marked it and from what it was called (`sightings`, `calling`, estimated together); where it
begins and ends, from who marked which edge (`edges`), given what is real.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from consolidation.estimation import calling, edges, sightings

Floats = npt.NDArray[np.float64]
_ROUNDS, _ENOUGH, _STEADY = 60, 0.01, 0.05
"""Most rounds; changes of a probability and of log-odds at which they end."""


@dataclass(frozen=True, slots=True)
class SpanMarks:
    """What workers marked; a mark has the same place in all four."""

    seen: sightings.Sightings
    named: calling.Names
    begin: edges.Edges
    end: edges.Edges


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """All that is known of workers; of several batches it adds up.

    Attributes:
        marked: float64, shape (2, 3, W): see `sightings.count`.
        named, invented: float64, shapes (K, U) and (U,): see `calling.count`.
        begin, end: float64, shape (3, W): see `edges.learn`.
    """

    marked: Floats
    named: Floats
    invented: Floats
    begin: Floats
    end: Floats


def learn(marks: SpanMarks, known: SpanCounts) -> tuple[sightings.Marking, SpanCounts]:
    """Estimate how able the workers are.

    Args:
        marks: of all data objects; W workers, U rows of K categories. Not modified.
        known: counts of earlier batches. Not modified.

    Returns:
        How workers mark, and the expected counts of these marks alone.

    Time O(rounds (answers + marks K)), about twenty rounds; memory O(answers + marks K).
    """
    seen, named = marks.seen, marks.named
    workers = known.marked.shape[2]
    belief, marking = sightings.vote(seen), sightings.fit(known.marked)
    names = _fit(known.named, known.invented, named, workers)
    called, _ = calling.call(named, names)
    own = replace(known)
    for _ in range(_ROUNDS):
        counted = calling.count(named, called, belief.real)
        own = SpanCounts(sightings.count(seen, belief, workers), *counted, known.begin, known.end)
        earlier, marking = marking, sightings.fit(own.marked + known.marked, marking)
        names = _fit(own.named + known.named, own.invented + known.invented, named, workers)
        called, hint = calling.call(named, names)
        before, belief = belief, sightings.believe(seen, marking, hint)
        moved = np.abs(belief.real - before.real).max(initial=0.0)
        if moved < _ENOUGH and np.abs(marking.log_odds - earlier.log_odds).max(initial=0.0) < _STEADY:
            break
    shared = np.bincount(seen.thing, minlength=len(seen.scene)) + (seen.truth != sightings.UNKNOWN) > 1
    weight = belief.real * shared
    begin, end = (
        edges.learn(edge, seen.worker, weight, before)
        for edge, before in ((marks.begin, known.begin), (marks.end, known.end))
    )
    return marking, replace(own, begin=begin, end=end)


def judge(
    seen: sightings.Sightings, named: calling.Names, marking: sightings.Marking, naming: calling.Naming
) -> tuple[Floats, Floats]:
    """What is there, given how able the workers are.

    Returns:
        float64, shape (C,): probability of each span. float64, shape (K, C): of its categories, given that it is real.

    Time and memory O(answers + marks K).
    """
    called, hint = calling.call(named, naming)
    return sightings.believe(seen, marking, hint).real, called


def _fit(rows: Floats, invented: Floats, names: calling.Names, workers: int) -> calling.Naming:
    counts = calling.pool(rows, invented, names.worker, names.said, workers)
    return calling.fit(counts, names.worker, names.said)
