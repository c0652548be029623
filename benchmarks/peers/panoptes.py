"""panoptes_aggregation: the reducers behind Zooniverse's caesar. A cluster needs three of five workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from panoptes_aggregation.reducers.polygon_reducer import polygon_reducer
from panoptes_aggregation.reducers.shape_reducer_dbscan import shape_reducer_dbscan

from benchmarks.found import Parts, Prepared
from benchmarks.workloads.boxes import BoxScene
from benchmarks.workloads.outlines import PolygonScene

_VERSION = "4.1.0"
_CATEGORIES = 64
_DISTANCE, _LEAST = 0.5, 3
Extract = Mapping[str, Any]


def boxes(work: Sequence[BoxScene]) -> Prepared:
    """DBSCAN by IoU; the box of a cluster is its representative one."""
    extracts = [
        [_of_boxes(drawn.edges, drawn.categories) for drawn in scene.drawn.values()] for scene in work
    ]

    def run() -> list[Any]:
        return [
            shape_reducer_dbscan(
                list(extract),
                user_id=list(range(len(extract))),
                shape="rectangle",
                eps=_DISTANCE,
                min_samples=_LEAST,
                metric_type="IoU",
                estimate_average=True,
            )
            for extract in extracts
        ]

    def read(made: Sequence[Any]) -> list[Parts]:
        names = ("clusters_x", "clusters_y", "clusters_width", "clusters_height")
        results = []
        for reduced, scene in zip(made, work, strict=True):
            found = [
                ((x, y, x + width, y + height), category, count / len(scene.drawn))
                for category, count, (x, y, width, height) in _clusters(reduced, names)
            ]
            results.append(_parts(found))
        return results

    return Prepared(run, read)


def polygons(work: Sequence[PolygonScene], average: str) -> Prepared:
    """Clusters by IoU; the outline of a cluster is the member nearest to the others, or what enough members cover."""
    extracts = [[_of_polygons(drawn.outlines, drawn.categories) for drawn in scene.drawn] for scene in work]

    def run() -> list[Any]:
        return [
            polygon_reducer(
                list(extract),
                created_at=["2020-01-01T00:00:00Z"] * len(extract),
                eps=_DISTANCE,
                min_samples=_LEAST,
                average_type=average,
            )
            for extract in extracts
        ]

    def read(made: Sequence[Any]) -> list[Parts]:
        results = []
        for reduced, scene in zip(made, work, strict=True):
            found = [
                (np.stack([x, y], axis=1), category, count / len(scene.drawn))
                for category, count, (x, y) in _clusters(reduced, ("clusters_x", "clusters_y"))
            ]
            results.append(_parts(found))
        return results

    return Prepared(run, read)


def _of_boxes(edges: Any, categories: Any) -> Extract:
    marks: dict[str, Any] = {}
    for category in np.unique(categories).tolist():
        some, tool = edges[categories == category], f"T0_toolIndex{category}"
        marks[f"{tool}_x"], marks[f"{tool}_y"] = some[:, 0].tolist(), some[:, 1].tolist()
        marks[f"{tool}_width"] = (some[:, 2] - some[:, 0]).tolist()
        marks[f"{tool}_height"] = (some[:, 3] - some[:, 1]).tolist()
    return {"frame0": marks, "aggregation_version": _VERSION}


def _of_polygons(outlines: Sequence[Any], categories: Any) -> Extract:
    marks: dict[str, Any] = {}
    for category in np.unique(categories).tolist():
        some = [outlines[place] for place in np.flatnonzero(categories == category).tolist()]
        marks[f"T0_toolIndex{category}_pathX"] = [outline[:, 0].tolist() for outline in some]
        marks[f"T0_toolIndex{category}_pathY"] = [outline[:, 1].tolist() for outline in some]
    return {"frame0": marks, "aggregation_version": _VERSION}


def _clusters(reduced: Any, names: Sequence[str]) -> list[tuple[int, int, tuple[Any, ...]]]:
    """Category, number of members and the named values of each cluster."""
    frame = reduced["frame0"]
    found = []
    for category in range(_CATEGORIES):
        tool = f"T0_toolIndex{category}"
        counts = frame.get(f"{tool}_clusters_count", [])
        columns = [frame.get(f"{tool}_{name}", []) for name in names]
        found += [(category, int(count), values) for count, *values in zip(counts, *columns, strict=True)]
    return [(category, count, tuple(values)) for category, count, values in found]


def _parts(found: Sequence[tuple[Any, int, float]]) -> Parts:
    shapes = [np.asarray(shape, np.float64) for shape, _, _ in found]
    return Parts.of(shapes, [category for _, category, _ in found], [share for _, _, share in found])
