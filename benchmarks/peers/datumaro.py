"""Datumaro: `IntersectMerge` of one dataset for each worker.

Clusters under the library's own quorum keep their place but lose their label, so no quorum is given, and its score is cut instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import datumaro
import numpy as np
from datumaro.components.annotation import AnnotationType, LabelCategories
from datumaro.components.merge.intersect_merge import IntersectMerge

from benchmarks.found import Parts, Prepared
from benchmarks.workloads.boxes import BoxScene
from benchmarks.workloads.masks import InstanceScene
from benchmarks.workloads.outlines import JOINTS, KeypointScene, PolygonScene

_NAMES = 64
_IOU = 0.5


def boxes(work: Sequence[BoxScene]) -> Prepared:
    """Boxes; a score of 0.45 is about half of the workers."""

    def drawn(scene: BoxScene, worker: int) -> list[Any]:
        made = list(scene.drawn.values())[worker]
        return [
            datumaro.Bbox(left, top, right - left, bottom - top, label=label)
            for (left, top, right, bottom), label in zip(
                made.edges.tolist(), made.categories.tolist(), strict=True
            )
        ]

    def shape(found: Any) -> Any:
        return np.array([found.x, found.y, found.x + found.w, found.y + found.h])

    return _merged(work, len(work[0].drawn), drawn, shape, 0.45)


def instances(work: Sequence[InstanceScene]) -> Prepared:
    """Masks."""

    def drawn(scene: InstanceScene, worker: int) -> list[Any]:
        made = scene.drawn[worker]
        return [
            datumaro.Mask(image=(made.numbers == number).astype(np.uint8), label=int(label))
            for number, label in enumerate(made.categories)
            if number
        ]

    return _merged(work, len(work[0].drawn), drawn, lambda found: np.asarray(found.image).astype(bool), 0.35)


def polygons(work: Sequence[PolygonScene]) -> Prepared:
    """Polygons."""

    def drawn(scene: PolygonScene, worker: int) -> list[Any]:
        made = scene.drawn[worker]
        return [
            datumaro.Polygon(outline.ravel().tolist(), label=label)
            for outline, label in zip(made.outlines, made.categories.tolist(), strict=True)
        ]

    return _merged(work, len(work[0].drawn), drawn, lambda found: np.array(found.points).reshape(-1, 2), 0.4)


def keypoints(work: Sequence[KeypointScene]) -> Prepared:
    """People; they match through a box of the same group, and their score is a sum over the joints."""

    def drawn(scene: KeypointScene, worker: int) -> list[Any]:
        made: list[Any] = []
        for group, person in enumerate(scene.drawn[worker], start=1):
            (left, top), (right, bottom) = person[:, :2].min(axis=0), person[:, :2].max(axis=0)
            points, visible = person[:, :2].ravel().tolist(), person[:, 2].astype(int).tolist()
            made.append(datumaro.Points(points, visible, label=0, group=group))
            made.append(datumaro.Bbox(left, top, right - left, bottom - top, label=0, group=group))
        return made

    def shape(found: Any) -> Any:
        return np.array(found.points).reshape(-1, 2)

    return _merged(work, len(work[0].drawn), drawn, shape, 0.3 * JOINTS, AnnotationType.points)


def _merged(
    work: Sequence[Any],
    workers: int,
    drawn: Callable[[Any, int], list[Any]],
    shape: Callable[[Any], Any],
    least: float,
    kind: AnnotationType | None = None,
) -> Prepared:
    """The datasets are made beforehand."""
    names = LabelCategories.from_iterable([f"c{number}" for number in range(_NAMES)])
    sets = [
        datumaro.Dataset.from_iterable(
            [
                datumaro.DatasetItem(id=str(number), annotations=drawn(scene, worker))
                for number, scene in enumerate(work)
            ],
            categories={AnnotationType.label: names},
        )
        for worker in range(workers)
    ]

    def run() -> Any:
        return IntersectMerge(conf=IntersectMerge.Conf(pairwise_dist=_IOU, quorum=0, close_distance=0))(*sets)

    def read(merged: Any) -> list[Parts]:
        by_number = {int(item.id): item for item in merged}
        results = []
        for number in range(len(work)):
            found = [one for one in by_number[number].annotations if kind is None or one.type == kind]
            labels = [-1 if one.label is None else int(one.label) for one in found]
            scores = [float(one.attributes["score"]) for one in found]
            results.append(Parts.of([shape(one) for one in found], labels, scores, least))
        return results

    return Prepared(run, read)
