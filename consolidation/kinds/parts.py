"""What kinds made of parts (boxes, instances, ...) have in common: image size, clusters, quorum, confidence, agreement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Clusters, Overlaps, cluster_parts
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import existence
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Consensus, Kind, Support, Task, text_within
from consolidation.kinds.part_agreement import agreement_with_label, pairwise_dice
from consolidation.kinds.part_columns import Columns, Part
from consolidation.kinds.part_places import Measures, Spread, placed
from consolidation.kinds.part_skill import PartsEvidence, PartsSkill, learn_parts
from consolidation.kinds.part_verdicts import skilled_verdicts, voted_verdicts
from consolidation.kinds.skill import Learned, Study
from consolidation.rejections import Rejection
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits

ImageSize = tuple[int, int]
Shape = TypeVar("Shape")
Shapes = TypeVar("Shapes")
_LONGEST_SIDE = 10**9
"""No image is larger in pixels."""
_NO_COLUMNS = Columns.of_parts(())


@dataclass(frozen=True, slots=True)
class Layout(Generic[Shapes]):
    """The parts of all workers.

    Attributes:
        parts: in an order that does not depend on that of the workers.
        overlaps: how far parts of different workers are the same: IoU, or another similarity in (0, 1].
        shapes: geometry of the parts, in their order, of the kind's own type.
        clusters: those that mean the same thing, where they have been found already.
        spread: where the parts of each cluster lie, where that has been found already.
        given: the workers of the answers, where the study laid them out: by their skill others may be comparable at the merge.
        columns: who made the parts, and what they called them.
    """

    parts: Sequence[Part]
    overlaps: Overlaps
    shapes: Shapes
    clusters: Clusters | None = None
    spread: Spread | None = None
    given: tuple[str, ...] = ()
    columns: Columns = _NO_COLUMNS

    def __post_init__(self) -> None:
        """The columns are those of the parts, unless they are given."""
        if self.columns is _NO_COLUMNS:
            object.__setattr__(self, "columns", Columns.of_parts(self.parts))


class PartsKind(Kind, Generic[Shapes]):
    """A kind whose answers are made of parts that are matched across workers by how far they overlap."""

    @abstractmethod
    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[Shapes]:
        """The parts of answers that can be compared with each other.

        Raises:
            LimitError: too many of them overlap.
        """

    def comparable(self, answers: Sequence[Answer]) -> Sequence[Answer]:
        """The answers that can be compared with each other: here, those for an image of the size most are for."""
        return agree_on_size(answers)[1]

    def layout(self, answers: Sequence[Answer], task: Task) -> Layout[Shapes]:
        """`lay_out`, unless the study of the same answers did it already.

        Raises:
            LimitError: see `lay_out`.
        """
        arranged = task.arranged
        if isinstance(arranged, Layout) and arranged.given == tuple(answer.worker_id for answer in answers):
            return arranged
        return self.lay_out(answers, task)

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who marked which parts under which category; the layout and its clusters are what the merge need not find again."""
        kept = self.comparable(answers)
        layout = self.lay_out(kept, task)
        clusters = clusters_of(self.name, layout, task)
        measures = self.measures(layout, clusters)
        spread = None if measures is None else Spread.of(measures, clusters)
        evidence = PartsEvidence.of(clusters, layout.columns, kept, spread.offset if spread else None)
        given = tuple(answer.worker_id for answer in kept)
        arranged = replace(layout, clusters=clusters, spread=spread, given=given)
        return Study(evidence, None if evidence.gold else arranged)

    def measures(self, layout: Layout[Shapes], clusters: Clusters) -> Measures | None:
        """Coordinates of the parts in which workers have biases and noises of their own.

        Args:
            layout: of P parts.
            clusters: those that mean the same thing.

        Returns:
            Of the P parts; here None: the kind has no such coordinates.
        """
        del layout, clusters
        return None

    def placed(
        self, layout: Layout[Shapes], decisions: Sequence[Decision], answers: Sequence[Answer], task: Task
    ) -> npt.NDArray[np.float64] | None:
        """The `measures` of each decision's part by the workers' skill, float64, shape (C, D); None where the plain rule holds."""
        if not isinstance(task.skill, PartsSkill) or task.skill.placing is None:
            return None
        clusters = layout.clusters or Clusters.of([made.members for made in decisions])
        measures = None if layout.spread else self.measures(layout, clusters)
        spread = Spread.of(measures, clusters) if measures else layout.spread
        return None if spread is None else placed(spread, clusters, layout.columns, answers, task.skill)

    def learn(self, evidence: Sequence[Any], known: Tallies, task: Task) -> Learned:
        """How many parts each worker finds and invents, and how they confuse categories: `PartsSkill`."""
        return learn_parts(evidence, known, task)


class Decision(NamedTuple):
    """What became of a cluster of parts.

    Attributes:
        members: the parts, ascending.
        label: the category most of its workers gave it, or the likeliest one by their skill.
        support: who marked it.
        existence: probability that it is real.
        confidence: probability that it is real and of this category.
        accepted: whether it becomes a label, having a quorum of the votes heard, or being likely enough by the workers' skill; otherwise
            it is a candidate.
        tied: whether the tie rule decided its category.
    """

    members: Sequence[int]
    label: str
    support: Support
    existence: float
    confidence: float
    accepted: bool
    tied: bool


def parse_image_size(element: JsonNode) -> ImageSize | None:
    """(width, height) of `inputImageProperties`, or None when the answer has none.

    Raises:
        AnswerError: a side is not a whole number from 1 to 1e9.
    """
    properties = element.get("inputImageProperties")
    if properties is None:
        return None
    width, height = (properties[side].integer(least=1, most=_LONGEST_SIDE) for side in ("width", "height"))
    return width, height


def agree_on_size(
    answers: Sequence[Answer],
) -> tuple[ImageSize | None, list[Answer], list[Rejection]]:
    """The image size that has most votes, the answers made on it, and the others as rejections.

    Geometry of different frames (a rotated or re-encoded copy) cannot be compared. Answers without a size are kept.
    Ties: higher summed skill, then the smaller size.
    """

    def told(size: ImageSize, agreed: ImageSize) -> str:
        return f"the answer is for an image of {size[0]}x{size[1]}, most are for {agreed[0]}x{agreed[1]}"

    return agree_on(answers, told)


def agree_on(
    answers: Sequence[Answer], told: Callable[[Any, Any], str]
) -> tuple[Any, list[Answer], list[Rejection]]:
    """The `size` of the answers' values that has most votes, the answers of that size, and the others as rejections.

    Args:
        answers: their values have a `size`, which may be None.
        told: what to say of an answer, given its size and the one agreed on.

    Ties: higher summed skill, then the smaller size. Answers without a size are kept.
    """
    sizes = sorted({answer.value.size for answer in answers if answer.value.size is not None})
    if len(sizes) < 2:
        return (sizes[0] if sizes else None), list(answers), []
    said = ((answer.value.size, answer) for answer in answers if answer.value.size is not None)
    agreed = count_ballot(said).choice
    kept = [answer for answer in answers if answer.value.size in {agreed, None}]
    rejected = [
        Rejection(answer.worker_id, told(answer.value.size, agreed))
        for answer in answers
        if answer.value.size not in {agreed, None}
    ]
    return agreed, kept, rejected


def fault_rejections(answers: Sequence[Answer]) -> list[Rejection]:
    """The `faults` of the answers' values, (JSON path, reason) of what could not be read, as rejections."""
    return [
        Rejection(answer.worker_id, reason, path)
        for answer in answers
        for path, reason in answer.value.faults
    ]


def read_parts(
    listed: JsonNode, read: Callable[[JsonNode], Shape], limits: Limits
) -> tuple[list[Shape], list[str], tuple[tuple[str, str], ...]]:
    """The parts of an answer; one that cannot be read is a fault of its own, not of the answer.

    Args:
        listed: the array of parts, each with a `label`.
        read: makes the shape of a part, or raises an AnswerError.
        limits: of a label's length.

    Returns:
        Shapes and label categories of the parts that can be read, and (JSON path, reason) of those that cannot.
    """
    shapes, labels, faults = [], [], []
    for node in listed.elements():
        try:
            shape, label = read(node), text_within(node["label"], limits)
        except AnswerError as fault:
            faults.append((node.path, fault.reason))
        else:
            shapes.append(shape)
            labels.append(label)
    return shapes, labels, tuple(faults)


def vertices_in(listed: JsonNode) -> int:
    """How many `vertices` parts have in all, as far as they are what they should be."""
    given = (part.get("vertices") for part in listed.array() if isinstance(part, dict))
    return sum(len(vertices) for vertices in given if isinstance(vertices, list))


@contextmanager
def overlaps_limited(complaint: str = "") -> Iterator[None]:
    """Counting more overlaps than are borne meets `limits.overlaps`.

    Args:
        complaint: what to say; empty: what the count says itself.

    Raises:
        LimitError: in the place of the OverflowError.
    """
    try:
        yield
    except OverflowError as failure:
        raise LimitError(complaint or str(failure), limit="limits.overlaps") from failure


def decide(
    kind: str, layout: Layout[Any], answers: Sequence[Answer], task: Task, *, silence: float = 1.0
) -> list[Decision]:
    """Cluster the parts of all workers and decide on each cluster.

    Args:
        kind: name of the kind, for its IoU threshold.
        layout: of P parts.
        answers: those that count; every one of them could have marked every part.
        task: of the data object.
        silence: how much of a vote against a part each vote is that did not mark it, in (0, 1]: less than 1 where workers miss
            parts more often than they invent them.

    Returns:
        One decision per cluster; every part is in exactly one.
    """
    columns = layout.columns
    clusters = clusters_of(kind, layout, task) if layout.clusters is None else layout.clusters
    if isinstance(task.skill, PartsSkill) and task.skill:
        found = skilled_verdicts(task.skill, clusters, columns, answers, task, silence)
    else:
        found = voted_verdicts(clusters, columns, answers, task, silence)
    members = clusters.rows(tuple(clusters.marks.tolist()))
    support = _supports(clusters, columns, found.share, answers)
    sure = [exists * named for exists, named in zip(found.existence, found.named, strict=True)]
    made = zip(members, found.label, support, found.existence, sure, found.accepted, found.tied, strict=True)
    return [Decision(*one) for one in made]


def _supports(
    clusters: Clusters, columns: Columns, shares: Sequence[float], answers: Sequence[Answer]
) -> list[Support]:
    """Who is behind each cluster; one object for all clusters of the same workers."""
    made: dict[Sequence[int], Support] = {}
    supports = []
    makers = columns.worker[clusters.marks]
    makers = makers[np.lexsort((makers, clusters.part))]
    for crew, share in zip(clusters.rows(tuple(makers.tolist())), shares, strict=True):
        if crew not in made:
            ids = sorted([answers[worker].worker_id for worker in crew])
            made[crew] = Support(tuple(ids), len(answers), share)
        supports.append(made[crew])
    return supports


def clusters_of(kind: str, layout: Layout[Any], task: Task) -> Clusters:
    """The parts that mean the same thing, by `estimation.matching`.

    Args:
        kind: name of the kind, for its IoU threshold.
        layout: of P parts.
        task: of the data object.
    """
    columns = layout.columns
    categories = task.categories(columns.names)
    needed = [task.settings.iou_threshold_of(kind, name) for name in columns.names]
    return cluster_parts(
        layout.overlaps,
        workers=columns.worker,
        categories=columns.numbered({name: place for place, name in enumerate(categories)}),
        thresholds=np.array(needed, np.float64)[columns.said],
    )


def consensus_of(
    merged: object,
    layout: Layout[Any],
    decisions: Sequence[Decision],
    answers: Sequence[Answer],
    rejected: Sequence[Rejection],
) -> Consensus:
    """The consensus on a label made of parts.

    Args:
        merged: the kind's own value.
        layout, decisions: as `decide` had and gave them.
        answers: those that count; their values have `faults`, (JSON path, reason) of parts that could not be read.
        rejected: answers that do not count.
    """
    clusters = Clusters.of([made.members for made in decisions])
    accepted = [made.label if made.accepted else None for made in decisions]
    shares = agreement_with_label(layout.columns, clusters, accepted, len(answers))
    return Consensus(
        merged=merged,
        confidence=label_confidence(decisions, answers),
        agreement=pairwise_dice(layout.columns, layout.overlaps, clusters, len(answers)),
        worker_agreement=dict(zip([answer.worker_id for answer in answers], shares, strict=True)),
        reasons=tuple(part_reasons(decisions)),
        rejected=(*rejected, *fault_rejections(answers)),
    )


def label_confidence(decisions: Sequence[Decision], answers: Sequence[Answer]) -> float:
    """Expected share of the decisions that are right: parts that became labels, and candidates that did not.

    Where nobody marked anything: the probability that there is nothing, by the same model.
    """
    if not decisions:
        return existence(total := sum(answer.weight for answer in answers), total)
    right = [made.confidence if made.accepted else 1 - made.existence for made in decisions]
    return sum(right) / len(right)


def part_reasons(decisions: Sequence[Decision]) -> Iterator[str]:
    """`tie:part-2` and `quorum:candidate-1`, numbered from 1 as the label lists them."""
    accepted = [made for made in decisions if made.accepted]
    yield from (f"tie:part-{place}" for place, made in enumerate(accepted, start=1) if made.tied)
    yield from (f"quorum:candidate-{place}" for place in range(1, len(decisions) - len(accepted) + 1))
