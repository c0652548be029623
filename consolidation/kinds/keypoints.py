"""Keypoints: single places in an image, each with a label category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.grouping import match_groups
from consolidation.estimation.locations import locate
from consolidation.estimation.nearness import point_overlaps
from consolidation.estimation.polls import NOBODY, poll
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
    text_within,
)
from consolidation.kinds.geometry import DIGITS, read_point
from consolidation.kinds.image_parts import MergedParts, image_diagonal, written_part, written_point
from consolidation.kinds.part_columns import Part
from consolidation.kinds.parts import (
    Decision,
    ImageSize,
    Layout,
    agree_on_size,
    consensus_of,
    decide,
    overlaps_limited,
    parse_image_size,
)
from consolidation.kinds.placed_parts import PlacedPartsKind
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Keypoint:
    """One point of one answer.

    Attributes:
        x, y: in pixels.
        label: label category.
        visible: whether the worker says that it can be seen; None when the worker does not say.
        group: the worker's own name of the thing that it belongs to, or None.
    """

    x: float
    y: float
    label: str
    visible: bool | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class KeypointsAnswer:
    """One worker's keypoints.

    Attributes:
        size: (width, height) of the image in pixels, or None.
        points: those that could be read.
        faults: (JSON path, reason) of points that could not be read.
    """

    size: ImageSize | None
    points: tuple[Keypoint, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Points:
    """What is fused of the points of all workers.

    Attributes:
        places: float64, shape (P, 2), in pixels.
        hidden: int64, shape (P,): 0 visible, 1 hidden, NOBODY where the worker does not say.
        groups: P of the workers' own names of the things they belong to, or None.
    """

    places: Floats
    hidden: Integers
    groups: tuple[str | None, ...]

    @classmethod
    def of(cls, points: Sequence[Keypoint]) -> Points:
        """The arrays of points."""
        return cls(
            places=np.array([(point.x, point.y) for point in points], np.float64).reshape(-1, 2),
            hidden=np.array(
                [NOBODY if point.visible is None else not point.visible for point in points], np.int64
            ),
            groups=tuple(point.group for point in points),
        )

    def chosen(self, members: Integers) -> Points:
        """Some of them."""
        return Points(
            self.places[members],
            self.hidden[members],
            tuple(self.groups[member] for member in members.tolist()),
        )


@dataclass(frozen=True, slots=True)
class MergedKeypoint:
    """A decision with its place.

    Attributes:
        decision: on the points of the workers.
        x, y: in pixels.
        spread: root mean square distance of the workers' points, in pixels; None for one worker's.
        visible: as most of those say who say it; None when nobody does.
        group: number of the thing that it belongs to, from 1; None when nobody names one.
    """

    decision: Decision
    x: float
    y: float
    spread: float | None
    visible: bool | None
    group: int | None


class KeypointsKind(PlacedPartsKind[Points]):
    """Keypoints: `crowd-keypoint`, and pages that add visibility or a group to each point.

    Recognised: an object with an array `keypoints`.
    Matched: across workers by closeness, a Gaussian of the distance that falls to 0.3 at the tolerance (`estimation.nearness`); best first,
    same category first, then any, so that points under each other's names (left and right) are still found at their place; at most
    one point per worker in a cluster (`estimation.matching`). The tolerance is 2.5 times the upper quartile of the distances between
    points of one category that are nearest to each other; at most `distance-tolerance` of the image's diagonal and the usual distance of
    one worker's points of one category, at least 3 pixels and a tenth of `distance-tolerance`.
    Fused: place by place, all together: each worker's exactness is estimated from the worker's distances to all places of the data object,
    drawn to the others' by a prior, and the place is the mean of a t-distribution with these scales (`estimation.locations`): a gross
    outlier of three does no harm, two workers give the mean. Whole pixels when all of the members' are, halves going to the even pixel.
    Under `em`: which points are real, and their categories, by the workers' skill (`kinds.part_skill`): who swaps names often has less say
    on them. What the other data objects show of a worker's exactness is where the estimate begins (`estimation.exactness`).
    Visibility: `visible` (true, false, 1, 0) or `visibility` (2 visible, 1 hidden, as COCO has it); by votes of those who say it, ties
    by skill, then visible. A point of visibility 0 at (0, 0) is COCO's way to say that there is none, and counts as none.
    Groups: `group` or `instance`, a worker's own name of the thing a point belongs to. They play no part in the matching of points; groups
    of different workers are then matched by the share of merged points they have in common (IoU of both sets), and a merged point is of the
    group that most of its workers gave it.
    Quorum: a point marked by more than `quorum` of the votes is a label; the others are kept under `candidates`.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`.
    Single worker: the worker's points, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts. Another image size than most workers': the answer is rejected. A point outside of the image is rejected alone.
    Confidence of a point: probability that it is real (given how many marked it) times that its category is right (given what they
    called it). Confidence of the label: the expected share of right decisions over points and candidates. Agreement: mean pairwise
    Dice of the workers' points, shared ones counted by their closeness.
    Time O(P log P) for P points of all workers plus the pairs within the largest tolerance, memory O(P + pairs).
    Source: the t-distribution's EM: Lange, Little & Taylor 1989, doi:10.2307/2290063.
    """

    name: ClassVar[str] = "keypoints"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and isinstance(element.get("keypoints"), list)

    def parse(self, element: JsonNode, limits: Limits) -> KeypointsAnswer:
        """Read the points; one that cannot be read is a fault of its own, not of the answer."""
        size = parse_image_size(element)
        listed = element["keypoints"]
        check_count(listed, len(listed.array()), "has {} points", limits.parts, "limits.parts")
        check_count(listed, len(listed.array()), "has {} points", limits.vertices, "limits.vertices")
        points, faults = [], []
        for node in listed.elements():
            try:
                point = _point(node, size, limits)
            except AnswerError as fault:
                faults.append((node.path, fault.reason))
            else:
                points += [point] if point else []
        return KeypointsAnswer(size, tuple(points), tuple(faults))

    def places(self, shapes: Points) -> Floats:
        """The points themselves."""
        return shapes.places

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, locate; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        task, exactness = self.split_skill(kept, task)
        decisions = decide(self.name, layout, kept, task)
        threshold = task.settings.iou_threshold_of(self.name, "")
        merged = _merged(layout, decisions, kept, threshold, exactness)
        value = MergedParts.of(size, task.categories(layout.columns.names), merged)
        return consensus_of(value, layout, decisions, kept, rejected)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[Points]:
        """Points from top to bottom, left to right, with their closeness."""
        rows = [(point, worker) for worker, answer in enumerate(answers) for point in answer.value.points]
        rows.sort(key=lambda row: (*_content(row[0]), row[1]))
        parts = [Part(worker, point.label) for point, worker in rows]
        number = {name: place for place, name in enumerate(sorted({part.label for part in parts}))}
        points = Points.of([point for point, _ in rows])
        most = task.settings.limits.overlaps
        with overlaps_limited(f"more than {most} pairs of keypoints lie near each other"):
            overlaps = point_overlaps(
                points.places,
                np.array([part.worker for part in parts], np.int64),
                np.array([number[part.label] for part in parts], np.int64),
                task.settings.distance_tolerance * image_diagonal(answers, points.places),
                most,
            )
        return Layout(parts, overlaps, points)

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`annotations` and `image_size` as built-in jobs have them, `class-map`, confidence, support, spread and candidates."""
        merged: MergedParts[MergedKeypoint] = consensus.merged
        single = consensus.confidence is None
        return merged.to_wire(lambda point: _written(point, merged.categories, single=single))


def _point(node: JsonNode, size: ImageSize | None, limits: Limits) -> Keypoint | None:
    """A point within the image, or None for one that says that there is none."""
    x, y = read_point(node)
    level = _level(node)
    if level == 0 and x == y == 0:
        return None
    if size is not None and not (0 <= x <= size[0] and 0 <= y <= size[1]):
        raise node.fail(f"lies at ({x:g}, {y:g}), outside of the image")
    visible = None if level is None else level == 2
    return Keypoint(x, y, text_within(node["label"], limits), visible, _group(node, limits))


def _level(node: JsonNode) -> int | None:
    """2 visible, 1 hidden, 0 not there or hidden, None not said."""
    plain, graded = node.get("visible"), node.get("visibility")
    said = graded if plain is None else plain
    if said is None:
        return None
    if isinstance(said.value, bool):
        return 2 if said.value else 1
    level = said.integer(least=0, most=2)
    return level if said is graded else 2 * min(level, 1)


def _group(node: JsonNode, limits: Limits) -> str | None:
    said = node.get("group") or node.get("instance")
    if said is None:
        return None
    return text_within(said, limits) if isinstance(said.value, str) else str(said.integer())


def _content(point: Keypoint) -> tuple[Any, ...]:
    """What orders points, so that no order depends on that of the workers."""
    return point.y, point.x, point.label, str(point.visible), point.group or ""


def _merged(
    layout: Layout[Points],
    decisions: Sequence[Decision],
    answers: Sequence[Answer],
    threshold: float,
    exactness: Floats | None,
) -> list[MergedKeypoint]:
    """The decisions with their places, visibility and groups.

    Args:
        threshold: of groups.
        exactness: of the answers' workers, as `locate` wants it.
    """
    if not decisions:
        return []
    sizes = np.array([len(made.members) for made in decisions], np.int64)
    members = np.array([member for made in decisions for member in made.members], np.int64)
    workers = np.array([part.worker for part in layout.parts], np.int64)[members]
    held = _Members(
        points=layout.shapes.chosen(members),
        place=np.repeat(np.arange(len(decisions)), sizes),
        worker=workers,
        weight=np.array([answer.weight for answer in answers], np.float64)[workers],
        skill=np.array([answer.skill for answer in answers], np.float64)[workers],
    )
    located = locate(held.points.places, held.place, held.worker, held.weight, exactness=exactness)
    whole = np.ones(len(decisions), bool)
    whole[held.place[(held.points.places % 1 != 0).any(axis=1)]] = False
    rows = zip(
        decisions,
        located.centres.tolist(),
        located.spread.tolist(),
        np.where(whole, 0, DIGITS).tolist(),
        held.visible(len(decisions)).tolist(),
        held.groups(decisions, threshold),
        strict=True,
    )
    return [
        MergedKeypoint(
            decision=made,
            x=round(x, digits),
            y=round(y, digits),
            spread=round(spread, 2) if len(made.members) > 1 else None,
            visible=None if hidden == NOBODY else not hidden,
            group=group,
        )
        for made, (x, y), spread, digits, hidden, group in rows
    ]


@dataclass(frozen=True, slots=True)
class _Members:
    """The points of all decisions, in their order.

    Attributes:
        points: n of them.
        place: int64, shape (n,): the decision. worker: int64, shape (n,): place among the answers.
        weight, skill: float64, shape (n,): of the worker.
    """

    points: Points
    place: Integers
    worker: Integers
    weight: Floats
    skill: Floats

    def visible(self, count: int) -> Integers:
        """For each of so many decisions 0 if visible, 1 if hidden, NOBODY if nobody says."""
        said = np.flatnonzero(self.points.hidden != NOBODY)
        return poll(self.place[said], self.points.hidden[said], self.weight[said], self.skill[said], count)

    def groups(self, decisions: Sequence[Decision], threshold: float) -> list[int | None]:
        """The group of each decision, numbered from 1 in the order of the label's parts and then of the candidates."""
        own = zip(self.worker.tolist(), self.points.groups, strict=True)
        named = [(member, (worker, group)) for member, (worker, group) in enumerate(own) if group is not None]
        said, names = [member for member, _ in named], [name for _, name in named]
        held = defaultdict[tuple[int, str], set[int]](set)
        for name, place in zip(names, self.place[said].tolist(), strict=True):
            held[name].add(place)
        joined = match_groups(held, threshold)
        choices = np.array([joined[name] for name in names], np.int64)
        chosen = poll(self.place[said], choices, self.weight[said], self.skill[said], len(decisions)).tolist()
        sequence = sorted(range(len(decisions)), key=lambda place: not decisions[place].accepted)
        met = dict.fromkeys(chosen[place] for place in sequence if chosen[place] != NOBODY)
        numbers = {joint: number for number, joint in enumerate(met, start=1)}
        return [numbers.get(joint) for joint in chosen]


def _written(point: MergedKeypoint, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    written = written_part(point.decision, categories, written_point(point.x, point.y), single=single)
    written["spread"] = point.spread
    if point.visible is not None:
        written["visible"] = point.visible
    if point.group is not None:
        written["group"] = point.group
    return written
