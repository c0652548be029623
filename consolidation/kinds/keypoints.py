"""Keypoints: single places in an image, each with a label category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.grouping import match_groups
from consolidation.estimation.locations import Located, locate
from consolidation.estimation.nearness import point_overlaps
from consolidation.kinds.ballots import count_ballot
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
from consolidation.kinds.parts import (
    Decision,
    ImageSize,
    Layout,
    Part,
    PartsKind,
    agree_on_size,
    consensus_of,
    decide,
    overlaps_limited,
    parse_image_size,
)
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Limits


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


class KeypointsKind(PartsKind[tuple[Keypoint, ...]]):
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

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match, decide, locate; see the class for the rules."""
        size, kept, rejected = agree_on_size(answers)
        layout = self.layout(kept, task)
        decisions = decide(self.name, layout, kept, task)
        groups = _merged_groups(layout, decisions, kept, task.settings.iou_threshold_of(self.name, ""))
        located = _located(layout, decisions, kept)
        places = zip(*located.centres.T.tolist(), located.spread.tolist(), strict=True)
        merged = [
            _merged(made, place, group, layout, kept)
            for made, place, group in zip(decisions, places, groups, strict=True)
        ]
        value = MergedParts.of(size, task.categories(part.label for part in layout.parts), merged)
        return consensus_of(value, layout, decisions, kept, rejected)

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[tuple[Keypoint, ...]]:
        """Points from top to bottom, left to right, with their closeness."""
        rows = [(point, worker) for worker, answer in enumerate(answers) for point in answer.value.points]
        rows.sort(key=lambda row: (*_content(row[0]), row[1]))
        parts = [Part(worker, point.label) for point, worker in rows]
        points = tuple(point for point, _ in rows)
        number = {name: place for place, name in enumerate(sorted({point.label for point in points}))}
        most = task.settings.limits.overlaps
        with overlaps_limited(f"more than {most} pairs of keypoints lie near each other"):
            overlaps = point_overlaps(
                _coordinates(points),
                np.array([part.worker for part in parts], np.int64),
                np.array([number[part.label] for part in parts], np.int64),
                task.settings.distance_tolerance * image_diagonal(answers, _coordinates(points)),
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


def _coordinates(points: Sequence[Keypoint]) -> npt.NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in points], np.float64).reshape(-1, 2)


def _located(
    layout: Layout[tuple[Keypoint, ...]], decisions: Sequence[Decision], answers: Sequence[Answer]
) -> Located:
    members = [member for made in decisions for member in made.members]
    workers = [layout.parts[member].worker for member in members]
    return locate(
        _coordinates(layout.shapes)[members],
        np.repeat(np.arange(len(decisions)), [len(made.members) for made in decisions]),
        np.array(workers, np.int64),
        np.array([answers[worker].weight for worker in workers], np.float64),
    )


def _merged_groups(
    layout: Layout[tuple[Keypoint, ...]],
    decisions: Sequence[Decision],
    answers: Sequence[Answer],
    threshold: float,
) -> list[int | None]:
    """The group of each decision, numbered from 1 in the order of the label's parts and then of the candidates."""
    held = defaultdict[tuple[int, str], set[int]](set)
    for place, made in enumerate(decisions):
        for member in made.members:
            if (group := layout.shapes[member].group) is not None:
                held[layout.parts[member].worker, group].add(place)
    joined = match_groups(held, threshold)
    chosen = [_chosen_group(made, layout, joined, answers) for made in decisions]
    sequence = sorted(range(len(decisions)), key=lambda place: not decisions[place].accepted)
    met = dict.fromkeys(chosen[place] for place in sequence if chosen[place] is not None)
    numbers = {joint: number for number, joint in enumerate(met, start=1)}
    return [numbers.get(joint) for joint in chosen]


def _chosen_group(
    made: Decision,
    layout: Layout[tuple[Keypoint, ...]],
    joined: Mapping[tuple[int, str], int],
    answers: Sequence[Answer],
) -> int | None:
    said = [
        (joined[worker, group], answers[worker])
        for worker, group in ((layout.parts[one].worker, layout.shapes[one].group) for one in made.members)
        if group is not None
    ]
    return count_ballot(said).choice if said else None


def _visible(made: Decision, layout: Layout[tuple[Keypoint, ...]], answers: Sequence[Answer]) -> bool | None:
    said = [
        (layout.shapes[member].visible, answers[layout.parts[member].worker])
        for member in made.members
        if layout.shapes[member].visible is not None
    ]
    return count_ballot(said, order=lambda seen: not seen).choice if said else None


def _merged(
    made: Decision,
    place: tuple[float, float, float],
    group: int | None,
    layout: Layout[tuple[Keypoint, ...]],
    answers: Sequence[Answer],
) -> MergedKeypoint:
    points = [layout.shapes[member] for member in made.members]
    x, y, spread = place
    whole = all(float(axis).is_integer() for point in points for axis in (point.x, point.y))
    digits = 0 if whole else DIGITS
    return MergedKeypoint(
        decision=made,
        x=round(x, digits),
        y=round(y, digits),
        spread=round(spread, 2) if len(points) > 1 else None,
        visible=_visible(made, layout, answers),
        group=group,
    )


def _written(point: MergedKeypoint, categories: Sequence[str], *, single: bool) -> dict[str, Any]:
    written = written_part(point.decision, categories, written_point(point.x, point.y), single=single)
    written["spread"] = point.spread
    if point.visible is not None:
        written["visible"] = point.visible
    if point.group is not None:
        written["group"] = point.group
    return written
