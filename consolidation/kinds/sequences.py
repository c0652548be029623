"""Parts in the frames of a sequence, merged: matched frame by frame, linked to things through the frames, decided on, fused.

Knows frames, workers' tracks and votes, and no geometry: that comes as a `Geometry`, for boxes as for cuboids.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from consolidation.estimation.linking import Sightings, link_clusters
from consolidation.estimation.matching import Clusters, Overlaps
from consolidation.estimation.votes import existence
from consolidation.kinds.attributes import vote_on_attributes
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Support, Task, label_probability
from consolidation.kinds.frame_matching import match_frames
from consolidation.kinds.geometry import Geometry
from consolidation.kinds.marks import Ints, Marks, MergedSequence, Shape, Sighting, Thing
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.part_skill import PartsSkill
from consolidation.kinds.part_verdicts import skilled_verdicts

_EQUAL = 1e-9
"""Probabilities that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Arranged(Generic[Shape]):
    """What the parts of a sequence are, before anything is decided on.

    Attributes:
        given: what it was made of, to know it again: the answers' workers, in order.
        clusters: parts of one frame that mean the same, by frame, then by first part.
        matched: the pairs of parts within clusters, with their likeness.
        shapes: of each cluster.
        numbers: of each cluster that of its thing, from 0.
    """

    given: tuple[str, ...]
    clusters: Sequence[Sequence[int]]
    matched: Overlaps
    shapes: Sequence[Shape]
    numbers: Sequence[int]


def arrange_sequence(
    kind: str,
    marks: Marks[Shape],
    answers: Sequence[Answer],
    task: Task,
    geometry: Geometry[Shape],
    *,
    linked: bool,
) -> Arranged[Shape]:
    """Match, link, fuse; nothing that the workers' skill would change.

    Args:
        kind: name of the kind, for its matching threshold.
        marks: of the answers.
        answers: those that count.
        task: of the data object.
        geometry: of the shapes.
        linked: whether parts of different frames are joined to things.

    Raises:
        LimitError: too many parts of one frame overlap.

    Time: that of matching each frame, plus O(P log P). Memory O(P * W): overlaps are held for one frame at a time.
    """
    scale = geometry.scale(marks.shapes)
    clusters, matched = match_frames(kind, marks, task, geometry, scale)
    weights = np.array([answer.weight for answer in answers], np.float64)
    shapes = geometry.fuse(marks.shapes, clusters, weights[marks.workers]) if clusters else []
    numbers = _things(marks, clusters, weights, shapes, geometry, scale) if linked else range(len(clusters))
    return Arranged(tuple(answer.worker_id for answer in answers), clusters, matched, shapes, numbers)


def merge_sequence(
    arranged: Arranged[Shape], marks: Marks[Shape], answers: Sequence[Answer], task: Task
) -> MergedSequence[Shape]:
    """Decide on what was arranged, by votes or by the workers' skill.

    Args:
        arranged: of the same marks and answers.
        marks, answers, task: as `arrange_sequence` has them.

    Returns:
        Things by their first frame, then by their first part. Every part is in exactly one sighting.
    """
    grouped: defaultdict[int, list[int]] = defaultdict(list)
    for cluster, number in enumerate(arranged.numbers):
        grouped[number].append(cluster)
    jury = _Jury(marks, answers, task)
    things = [
        jury.decide([(arranged.clusters[place], arranged.shapes[place]) for place in grouped[number]])
        for number in sorted(grouped)
    ]
    return MergedSequence(tuple(things), arranged.matched)


def _things(
    marks: Marks[Shape],
    clusters: Sequence[Sequence[int]],
    weights: npt.NDArray[np.float64],
    shapes: Sequence[Shape],
    geometry: Geometry[Shape],
    scale: float,
) -> list[int]:
    """The thing of each cluster."""
    members = np.array([member for cluster in clusters for member in cluster], np.int64)
    sightings = Sightings(
        frames=marks.frames[[cluster[0] for cluster in clusters]],
        clusters=np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters]),
        workers=marks.workers[members],
        tracks=marks.tracks[members],
    )

    def similarity(first: Ints, second: Ints) -> npt.NDArray[np.float64]:
        return geometry.likeness(shapes, first, second, scale)

    numbers: list[int] = link_clusters(sightings, weights, similarity).tolist()
    return numbers


class _Jury:
    """Decides on clusters; votes that recur, as they do from frame to frame, are counted once."""

    def __init__(self, marks: Marks[Any], answers: Sequence[Answer], task: Task) -> None:
        self._marks, self._answers, self._task = marks, answers, task
        self._skill = task.skill if isinstance(task.skill, PartsSkill) and task.skill else None
        self._frame_of, self._worker_of = marks.frames.tolist(), marks.workers.tolist()
        categories = task.categories(marks.labels)
        self._number = {name: place for place, name in enumerate(categories)}
        self._choices = task.choices(categories)
        self._seen_by = [tuple(np.flatnonzero(column).tolist()) for column in marks.present.T]
        self._category: Callable[[tuple[tuple[int, str], ...]], tuple[str, float, bool]] = cache(
            self._count_category
        )
        self._exists = cache(existence)
        self._support = cache(self._count_support)

    def decide(self, clusters: Sequence[tuple[Sequence[int], Shape]]) -> Thing[Shape]:
        """The thing that clusters of successive frames, with their fused shapes, are."""
        label, certainty, tied = self._category(self._said([members for members, _ in clusters]))
        sightings = tuple(self._sighting(members, shape, certainty) for members, shape in clusters)
        accepted = any(sighting.accepted for sighting in sightings)
        support = self._backing([one for one in sightings if one.accepted or not accepted])
        return Thing(
            label=label,
            sightings=sightings,
            support=support,
            confidence=self._existence(sightings, support, accepted=accepted) * certainty,
            accepted=accepted,
            tied=tied,
        )

    def _said(self, clusters: Sequence[Sequence[int]]) -> tuple[tuple[int, str], ...]:
        """(worker, category the worker gave most often; of equals the first), by worker."""
        labels = self._marks.labels
        if len(clusters) == 1:
            return tuple(sorted((self._worker_of[member], labels[member]) for member in clusters[0]))
        counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for members in clusters:
            for member in members:
                counts[self._worker_of[member]][labels[member]] += 1
        return tuple(
            (worker, min(named, key=lambda name: (-named[name], self._number[name])))
            for worker, named in sorted(counts.items())
        )

    def _count_category(self, said: tuple[tuple[int, str], ...]) -> tuple[str, float, bool]:
        """The category, the probability that it is right, and whether the tie rule decided."""
        if self._skill:
            everybody = range(len(said))
            columns = Columns.of(everybody, [label for _, label in said])
            voters = [self._answers[worker] for worker, _ in said]
            whole = Clusters.of([everybody])
            found = skilled_verdicts(self._skill, whole, columns, voters, self._task, 1.0)
            return found.label[0], found.named[0], found.tied[0]
        named = count_ballot(
            ((label, self._answers[worker]) for worker, label in said), self._number.__getitem__
        )
        return named.choice, label_probability(named.votes, named.choice, self._choices), named.tied

    def _sighting(self, members: Sequence[int], shape: Shape, certainty: float) -> Sighting[Shape]:
        frame = self._frame_of[members[0]]
        makers = tuple(sorted(self._worker_of[member] for member in members))
        support, exists, accepted = self._support(makers, self._seen_by[frame])
        answers, attributes = self._answers, self._marks.attributes
        return Sighting(
            frame=frame,
            shape=shape,
            attributes=vote_on_attributes(
                [(answers[self._worker_of[member]], attributes[member]) for member in members]
            ),
            members=tuple(members),
            support=support,
            existence=exists,
            confidence=exists * certainty,
            accepted=accepted,
        )

    def _count_support(self, makers: tuple[int, ...], seers: tuple[int, ...]) -> tuple[Support, float, bool]:
        """Who marked a part, of those whose answers have its frame; the probability that it is real; whether it becomes a label."""
        votes = sum(self._answers[maker].weight for maker in makers)
        total = sum(self._answers[seer].weight for seer in seers)
        workers = tuple(self._answers[maker].worker_id for maker in makers)
        support, quorum = Support(workers, len(seers), votes / total), self._task.settings.quorum
        if not self._skill:
            return support, self._exists(votes, total), support.share > quorum
        crew = self._skill.places(self._answers[seer].person for seer in seers)
        marks = np.array([seers.index(maker) for maker in makers], np.int64)
        exists = float(self._skill.existence(np.zeros_like(marks), marks, crew, 1, 1.0)[0])
        bar = self._exists(quorum * len(seers), float(len(seers)))
        return support, exists, len(seers) == 1 or exists > bar + _EQUAL

    def _existence(self, sightings: Sequence[Sighting[Any]], support: Support, *, accepted: bool) -> float:
        """The probability that a thing is real: by the votes for it, or the mean over its frames that count, as frames are no answers."""
        counted = [one.existence for one in sightings if one.accepted or not accepted]
        if self._skill:
            return sum(counted) / len(counted)
        total = sum(answer.weight for answer in self._answers_of(sightings, accepted=accepted))
        return self._exists(support.share * total, total)

    def _backing(self, sightings: Sequence[Sighting[Any]]) -> Support:
        """Who marked a thing: each worker counts by the share of the frames, of those the worker's answer has, with the worker's mark."""
        marked = Counter(self._worker_of[member] for sighting in sightings for member in sighting.members)
        had = Counter(seer for sighting in sightings for seer in self._seen_by[sighting.frame])
        answers = self._answers
        votes = sum(
            answers[worker].weight * marked[worker] / frames for worker, frames in sorted(had.items())
        )
        total = sum(answers[worker].weight for worker in sorted(had))
        workers = tuple(answers[worker].worker_id for worker in sorted(marked))
        return Support(workers, len(had), min(votes / total, 1.0))

    def _answers_of(self, sightings: Sequence[Sighting[Any]], *, accepted: bool) -> list[Answer]:
        """Those whose answers have one of the frames that count."""
        frames = {one.frame for one in sightings if one.accepted or not accepted}
        workers = {worker for frame in frames for worker in self._seen_by[frame]}
        return [self._answers[worker] for worker in sorted(workers)]
