"""How sure the label of a sequence is, and how far workers agree on it with each other and with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.linking import NO_TRACK
from consolidation.estimation.votes import existence
from consolidation.kinds.base import Answer
from consolidation.kinds.marks import Marks, MergedSequence


def sequence_confidence(merged: MergedSequence[Any], answers: Sequence[Answer]) -> float:
    """Expected share of right decisions over all sightings: those that became labels, and candidates that did not.

    Where nobody marked anything: the probability that there is nothing, by the same model.
    """
    right = [
        sighting.confidence if sighting.accepted else 1 - sighting.existence
        for thing in merged.things
        for sighting in thing.sightings
    ]
    if not right:
        total = sum(answer.weight for answer in answers)
        return existence(total, total)
    return sum(right) / len(right)


def mean_pairwise_dice(marks: Marks[Any], merged: MergedSequence[Any]) -> float | None:
    """Mean over worker pairs of 2 * summed likeness of shared parts / number of both workers' parts, in the frames both answers have.

    Shared parts are matched ones of the same label category. Two workers who both marked nothing agree fully.

    Returns:
        A share in [0, 1], or None where no two answers have a frame in common.
    """
    workers = len(marks.present)
    first, second = merged.matched.first, merged.matched.second
    same = np.array(
        [
            marks.labels[one] == marks.labels[other]
            for one, other in zip(first.tolist(), second.tolist(), strict=True)
        ],
        bool,
    )
    one, other = marks.workers[first[same]], marks.workers[second[same]]
    pair = np.minimum(one, other) * workers + np.maximum(one, other)
    shared = np.bincount(pair, weights=merged.matched.iou[same], minlength=workers * workers)
    drawn = _parts_per_frame(marks)
    scores = []
    for left, right in combinations(range(workers), 2):
        both = marks.present[left] & marks.present[right]
        if both.any():
            parts = int(drawn[left, both].sum() + drawn[right, both].sum())
            scores.append(2 * float(shared[left * workers + right]) / parts if parts else 1.0)
    return sum(scores) / len(scores) if scores else None


def agreement_with_sequence(
    marks: Marks[Any], merged: MergedSequence[Any], answers: Sequence[Answer]
) -> dict[str, float]:
    """For each worker, 2 * parts that agree with the label / (worker's parts + label's parts in the frames of the worker's answer).

    A part agrees that is in a sighting with a quorum, under the thing's category and, where workers gave ids, under the one track of
    the worker's that stands for the thing: tracks and things are paired one to one, most common parts first. 1.0 where there is nothing.
    """
    common: list[Counter[tuple[int, int]]] = [Counter() for _ in answers]
    labelled = np.zeros(marks.present.shape[1], np.int64)
    workers, tracks = marks.workers.tolist(), marks.tracks.tolist()
    for number, thing in enumerate(merged.things):
        for sighting in thing.sightings:
            if sighting.accepted:
                labelled[sighting.frame] += 1
                for member in sighting.members:
                    if marks.labels[member] == thing.label:
                        common[workers[member]][number, tracks[member]] += 1
    drawn = _parts_per_frame(marks).sum(axis=1).tolist()
    shares = {}
    for worker, answer in enumerate(answers):
        possible = drawn[worker] + int(labelled[marks.present[worker]].sum())
        shares[answer.worker_id] = 2 * _paired(common[worker]) / possible if possible else 1.0
    return shares


def _paired(common: Counter[tuple[int, int]]) -> int:
    """Parts of (thing, track) pairs, paired one to one, most common parts first; parts without a track all count."""
    right = sum(count for (_, track), count in common.items() if track == NO_TRACK)
    taken: defaultdict[str, set[int]] = defaultdict(set)
    ranked = sorted((-count, pair) for pair, count in common.items() if pair[1] != NO_TRACK)
    for count, (thing, track) in ranked:
        if thing not in taken["things"] and track not in taken["tracks"]:
            taken["things"].add(thing)
            taken["tracks"].add(track)
            right -= count
    return right


def _parts_per_frame(marks: Marks[Any]) -> npt.NDArray[np.int64]:
    """int64, shape (W, F)."""
    drawn = np.zeros(marks.present.shape, np.int64)
    np.add.at(drawn, (marks.workers, marks.frames), 1)
    return drawn
