"""Cats outlined free-hand by Zooniverse's volunteers, hundreds of points an outline, some of which cross themselves. There is no truth.

So an outline is judged by what it says of a worker who was left out, beside the reducer's "median", which is the member nearest to the
others, and by how far it agrees with a vote on each pixel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import labels_of, task_of
from benchmarks.real.metrics import Mask, mask_iou
from benchmarks.real.outlines import painted, polygons_element, vertices_of
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json
from consolidation.estimation.outlines import Outline
from consolidation.kinds.image_parts import MergedParts
from consolidation.kinds.polygons import MergedPolygon, PolygonsKind

DATA_SETS = ("zooniverse_cat_polygons",)
TOOL = "tool0"
SEEN = 0.3
"""Least IoU at which a left-out outline shows the same cat."""


def measure(data: Path) -> list[Row]:
    """Two rows: outlines of workers left out, and a vote on each pixel."""
    place = folder(data, DATA_SETS[0])
    subjects = read_json(place / "polygons.json")
    workers = sorted({worker for subject in subjects for worker in _drawn(subject)})
    left_out = [scores for worker in workers for scores in _left_out(subjects, worker)]
    ours, half, more, member, one = np.mean(left_out, axis=0).tolist()
    alike = _alike(subjects)
    published = read_json(place / "expected.json")
    fused, median = np.mean(alike, axis=0).tolist()
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=PolygonsKind.name,
            metric="IoU with the outline of a worker left out",
            items=len(left_out),
            ours=ours,
            majority=more,
            single=one,
            published={"pixels in at least half": half, "nearest member, as panoptes_aggregation": member},
            note="Items: an outline and the fused outline of the other workers that shows the same cat. Majority: pixels in more than half "
            "of the others. With an odd number of others ours is that vote; where they split in half it runs midway between more than "
            "half and at least half. Single: one of the others. All are made here, of the same outlines.",
        ),
        Row(
            data_set=DATA_SETS[0],
            kind=PolygonsKind.name,
            metric="IoU with the pixels of at least half",
            items=len(alike),
            ours=fused,
            published={"panoptes_aggregation's median": median},
            note="Items: panoptes_aggregation's clusters, each outline as a worker's. No truth: where two outlines differ, ours runs "
            f"midway, the vote along the outer one. Set's own figure for the peer: {_figure(published):.4f}.",
        ),
    ]


def _figure(published: Mapping[str, Any]) -> float:
    return float(
        next(value for key, value in _flat(published) if "median" in key and isinstance(value, float))
    )


def _flat(tree: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in _flat(value, f"{path}/{key}")]
    return [(path, tree)]


def _drawn(subject: Mapping[str, Any]) -> dict[str, list[Outline]]:
    """Outlines by worker; of several answers by one worker all, as they may show different cats."""
    found = defaultdict[str, list[Outline]](list)
    for answer in subject["answers"]:
        found[answer["worker"]] += [np.array(rows, np.float64) for rows in answer["polygons"].get(TOOL, [])]
    return dict(found)


def _left_out(subjects: Sequence[Mapping[str, Any]], worker: str) -> list[tuple[float, ...]]:
    """For each outline of a worker left out: IoU with it of the others' fused outline, both pixel votes, their nearest member, one of them.

    The others' answers to all subjects are one batch.
    """
    drawn = [_drawn(subject) for subject in subjects]
    others = [{name: outlines for name, outlines in one.items() if name != worker} for one in drawn]
    sizes = [(subject["width"], subject["height"]) for subject in subjects]
    scores: list[tuple[float, ...]] = []
    for found, own, size in zip(_fused(others, sizes), drawn, sizes, strict=True):
        for fused, members in found if worker in own else []:
            if len(members) < 2:
                continue
            masks = [painted(member, size) for member in members]
            votes = np.sum(masks, axis=0) * 2
            made = (painted(fused, size), votes >= len(masks), votes > len(masks), _nearest(masks))
            for outline in own[worker]:
                truth = painted(outline, size)
                ours, half, more, nearest = (mask_iou(mask, truth) for mask in made)
                if min(ours, half, more, nearest) >= SEEN:
                    one = float(np.mean([mask_iou(mask, truth) for mask in masks]))
                    scores.append((ours, half, more, nearest, one))
    return scores


def _fused(
    drawn: Sequence[Mapping[str, Sequence[Outline]]], sizes: Sequence[tuple[int, int]]
) -> list[list[tuple[Outline, list[Outline]]]]:
    """For each image, each polygon of the label and its candidates, with its members."""
    objects = {
        f"{place:04}": {
            worker: polygons_element([("cat", outline) for outline in outlines], size)
            for worker, outlines in own.items()
        }
        for place, (own, size) in enumerate(zip(drawn, sizes, strict=True))
        if any(own.values())
    }
    kind = PolygonsKind()
    labels = labels_of(kind, objects, ["cat"])
    found: list[list[tuple[Outline, list[Outline]]]] = [[] for _ in drawn]
    for name, made in labels.items():
        merged: MergedParts[MergedPolygon] = made.consensus.merged
        polygons = (*merged.labels, *merged.candidates)
        written = [*made.label["annotations"], *made.label["candidates"]]
        shapes = kind.lay_out(made.answers, task_of(["cat"])).shapes
        found[int(name)] = [
            (vertices_of(label), [shapes[member] for member in polygon.decision.members])
            for label, polygon in zip(written, polygons, strict=True)
        ]
    return found


def _nearest(masks: Sequence[Mask]) -> Mask:
    """The mask that overlaps the others most, of equals the first."""
    scores = [0.0] * len(masks)
    for one, other in combinations(range(len(masks)), 2):
        iou = mask_iou(masks[one], masks[other])
        scores[one] += iou
        scores[other] += iou
    return masks[scores.index(max(scores))]


def _alike(subjects: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """For each of the peer's clusters: IoU of our outline and of the peer's median with the pixels in at least half of its members."""
    clusters = [
        (members, np.array(median, np.float64), (subject["width"], subject["height"]))
        for subject in subjects
        for members, median in _clusters(subject)
    ]
    drawn = [{f"member-{place}": [one] for place, one in enumerate(members)} for members, _, _ in clusters]
    scores = []
    fused = _fused(drawn, [size for _, _, size in clusters])
    for (members, median, size), found in zip(clusters, fused, strict=True):
        half = np.sum([painted(member, size) for member in members], axis=0) * 2 >= len(members)
        ours = max(found, key=lambda made: len(made[1]))[0]
        scores.append((mask_iou(painted(ours, size), half), mask_iou(painted(median, size), half)))
    return scores


def _clusters(subject: Mapping[str, Any]) -> list[tuple[list[Outline], Any]]:
    """The peer's clusters, each with its median."""
    peer = subject["peer"].get(TOOL)
    if not peer:
        return []
    outlines = [outline for worker in subject["answers"] for outline in worker["polygons"].get(TOOL, [])]
    return [
        (
            [
                np.array(outline, np.float64)
                for outline, label in zip(outlines, peer["cluster_labels"], strict=True)
                if label == number
            ],
            median,
        )
        for number, median in enumerate(peer["median"])
    ]
