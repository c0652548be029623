"""Results against the truth: the same measures for every system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.found import Chosen, Floats, Parts, Regions
from benchmarks.overlap import boundary_f, mask_overlaps, polygon_overlaps
from benchmarks.real.metrics import average_precision
from benchmarks.reliability import Reliability
from benchmarks.track_metrics import assignment
from benchmarks.workloads.boxes import BoxScene, iou
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import InstanceScene, SemanticScene
from benchmarks.workloads.outlines import KeypointScene, PolygonScene
from benchmarks.workloads.spans import Document

HIT = 0.5
"""Least IoU of a part that counts as found."""
_NEAR = 25.0
"""Pixels: a person is found whose joints lie this near by the median; a joint is right that does."""
Figures: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class Scored:
    """Figures by name, and how far the confidence of the results can be trusted, where they have one."""

    figures: Figures
    reliability: Reliability | None = None


@dataclass
class _Matched:
    """Counts over all data objects: parts found, parts there are, IoU of the pairs, whether each found part is right."""

    found: int = 0
    true: int = 0
    overlaps: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    def add(self, parts: Parts, overlaps: Floats) -> None:
        """One more data object.

        Args:
            parts: found in it.
            overlaps: float64, shape (parts, true parts): IoU; 0 where the categories differ.
        """
        labels = overlaps[parts.taken]
        self.found += len(labels)
        self.true += overlaps.shape[1]
        self.overlaps += [value for _, _, value in best_pairs(labels)]
        # Candidates included, the surest first: a second part on the same thing is wrong.
        taken = np.zeros(overlaps.shape[1], bool)
        for place in np.argsort(-parts.confidence, kind="stable").tolist():
            row = np.where(taken, 0.0, overlaps[place])
            hit = bool(len(row) and row.max() >= HIT)
            if hit:
                taken[int(row.argmax())] = True
            self.confidence.append(float(parts.confidence[place]))
            self.right.append(hit)

    def f1(self, threshold: float) -> float:
        """F1 of the labels at an IoU."""
        hits = sum(value >= threshold for value in self.overlaps)
        return 2 * hits / max(self.found + self.true, 1)

    def scored(self, *thresholds: float, more: Figures | None = None) -> Scored:
        """F1 at each IoU, the mean IoU of the parts found, and other figures."""
        hits = [value for value in self.overlaps if value >= HIT]
        figures = {f"F1@{threshold:g}": self.f1(threshold) for threshold in thresholds}
        figures["mean IoU"] = float(np.mean(hits)) if hits else 0.0
        return Scored(figures | (more or {}), Reliability.of(self.confidence, self.right))

    def quality(self) -> float:
        """Panoptic quality: summed IoU of the parts found over the mean number of parts found and there."""
        return sum(value for value in self.overlaps if value >= HIT) / max((self.found + self.true) / 2, 1)


def best_pairs(values: Floats) -> list[tuple[int, int, float]]:
    """Rows and columns of the one-to-one assignment with the largest sum, and the value of each pair.

    Rows and columns that have nothing but zeros are left out beforehand.
    """
    rows, columns = (np.flatnonzero(values.any(axis=axis)) for axis in (1, 0))
    size = max(len(rows), len(columns))
    square = np.zeros((size, size))
    square[: len(rows), : len(columns)] = values[np.ix_(rows, columns)]
    chosen = assignment(-square) if size else np.zeros(0, np.int64)
    return [
        (int(row), int(columns[column]), float(values[row, columns[column]]))
        for row, column in zip(rows, chosen, strict=False)
        if column < len(columns)
    ]


def semantic(found: Sequence[Regions], scenes: Sequence[SemanticScene]) -> Scored:
    """Mean over the images of mean IoU of the categories, share of right pixels, F1 of the borders within 2 pixels."""
    rows, confidence, right, weight = [], list[float](), list[float](), list[float]()
    for one, scene in zip(found, scenes, strict=True):
        count = scene.categories
        confused = np.bincount(
            scene.truth.ravel().astype(np.int64) * count + np.minimum(one.map.ravel(), count - 1),
            minlength=count * count,
        ).reshape(count, count)
        same, said = np.diag(confused), confused.sum(axis=0)
        union = confused.sum(axis=1) + said - same
        overlap = (same[union > 0] / union[union > 0]).mean()
        rows.append((overlap, same.sum() / confused.sum(), boundary_f(one.map, scene.truth)))
        if one.confidence is not None:
            there = np.flatnonzero(said[1:]) + 1
            confidence += one.confidence[there].tolist()
            right += (same[there] / said[there]).tolist()
            weight += (said[there] / said[1:].sum()).tolist()
    means = np.mean(rows, axis=0).tolist()
    figures = dict(zip(("mIoU", "pixel accuracy", "boundary F"), means, strict=True))
    return Scored(figures, Reliability.of(confidence, right, weight))


def instances(found: Sequence[Parts], scenes: Sequence[InstanceScene]) -> Scored:
    """Panoptic quality, F1 and mean IoU of masks of the right category."""
    matched = _Matched()
    for parts, scene in zip(found, scenes, strict=True):
        overlaps = mask_overlaps(parts.shapes, scene.truth.numbers, len(scene.truth.categories) - 1)
        matched.add(parts, overlaps * _alike(parts, scene.truth.categories[1:]))
    return matched.scored(0.5, 0.75, more={"PQ": matched.quality()})


def boxes(found: Sequence[Parts], scenes: Sequence[BoxScene]) -> Scored:
    """F1 and mean IoU of boxes of the right category; average precision at IoU 0.5, mean of the categories; accuracy of the categories."""
    matched = _Matched()
    named = located = 0
    ranked: dict[int, list[tuple[str, Any, float]]] = {}
    truth: dict[int, dict[str, Floats]] = {}
    for number, (parts, scene) in enumerate(zip(found, scenes, strict=True)):
        overlaps = iou(np.array(parts.shapes, np.float64).reshape(-1, 4), scene.truth.edges)
        same = _alike(parts, scene.truth.categories)
        matched.add(parts, overlaps * same)
        for row, column, value in best_pairs(overlaps[parts.taken]):
            if value >= HIT:
                located += 1
                named += bool(same[parts.taken][row, column])
        for shape, category, sure in zip(parts.shapes, parts.categories, parts.confidence, strict=True):
            ranked.setdefault(int(category), []).append((str(number), shape, float(sure)))
        for category in np.unique(scene.truth.categories).tolist():
            edges = scene.truth.edges[scene.truth.categories == category]
            truth.setdefault(category, {})[str(number)] = edges
    precision = [average_precision(ranked.get(category, []), edges, HIT) for category, edges in truth.items()]
    more = {"AP@0.5": float(np.mean(precision)), "category": named / max(located, 1)}
    return matched.scored(0.5, 0.75, more=more)


def polygons(found: Sequence[Parts], scenes: Sequence[PolygonScene]) -> Scored:
    """F1 and mean IoU of outlines of the right category."""
    matched = _Matched()
    for parts, scene in zip(found, scenes, strict=True):
        same = _alike(parts, scene.truth.categories)
        matched.add(parts, polygon_overlaps(parts.shapes, scene.truth.outlines, same) * same)
    return matched.scored(0.5, 0.75, 0.9)


def keypoints(found: Sequence[Parts], scenes: Sequence[KeypointScene]) -> Scored:
    """F1 of people, and distance of their joints from the truth, in pixels."""
    people = true = hits = 0
    errors: list[float] = []
    confidence: list[float] = []
    right: list[bool] = []
    for parts, scene in zip(found, scenes, strict=True):
        drawn = np.array(parts.shapes, np.float64).reshape(-1, *scene.truth.shape[1:])
        off = np.linalg.norm(drawn[:, None] - scene.truth[None], axis=-1)
        middle = np.array([[_median(one) for one in row] for row in off]).reshape(off.shape[:2])
        near = np.maximum(_NEAR - middle, 0) * parts.taken[:, None]
        people += int(parts.taken.sum())
        true += len(scene.truth)
        owner = {row: column for row, column, value in best_pairs(near) if value > 0}
        hits += len(owner)
        for row in range(len(drawn)):
            known = np.isfinite(drawn[row, :, 0])
            distances = off[row, owner[row]] if row in owner else np.full(drawn.shape[1], np.inf)
            errors += distances[known].tolist() if row in owner else []
            confidence += np.broadcast_to(parts.confidence[row], known.shape)[known].tolist()
            right += (distances[known] < _NEAR).tolist()
    figures = {
        "F1 of people": 2 * hits / max(people + true, 1),
        "mean error, px": float(np.mean(errors)) if errors else float("nan"),
        "95th percentile, px": float(np.percentile(errors, 95)) if errors else float("nan"),
    }
    return Scored(figures, Reliability.of(confidence, right))


def spans(found: Sequence[Parts], documents: Sequence[Document]) -> Scored:
    """F1 of spans whose both ends and type are right."""
    said = true = same = 0
    confidence: list[float] = []
    right: list[bool] = []
    for parts, document in zip(found, documents, strict=True):
        gold = set(document.truth)
        read = [
            (int(shape[0]), int(shape[1]), int(category))
            for shape, category in zip(parts.shapes, parts.categories, strict=True)
        ]
        labels = {span for span, taken in zip(read, parts.taken, strict=True) if taken}
        said, true, same = said + len(labels), true + len(gold), same + len(labels & gold)
        confidence += parts.confidence.tolist()
        right += [span in gold for span in read]
    return Scored({"exact F1": 2 * same / max(said + true, 1)}, Reliability.of(confidence, right))


def classes(found: Sequence[Chosen], works: Sequence[Answers]) -> Scored:
    """Share of right classes among the items that have a known truth (others have -1), and the calibration error of the confidence."""
    right: list[bool] = []
    confidence: list[float] = []
    for chosen, work in zip(found, works, strict=True):
        known = work.truth[: len(chosen.labels)] >= 0
        right += (chosen.labels == work.truth[: len(chosen.labels)])[known].tolist()
        confidence += [] if chosen.confidence is None else chosen.confidence[known].tolist()
    figures = {"accuracy": float(np.mean(right))}
    if not confidence:
        return Scored(figures)
    reliability = Reliability.of(confidence, right)
    return Scored(figures | {"calibration error": reliability.error()}, reliability)


def coefficient(found: Sequence[float], works: Sequence[Answers]) -> Scored:
    """The mean over the works: a figure that all systems must agree on."""
    return Scored({"alpha": sum(found) / len(works)})


def nothing(found: Sequence[object], works: Sequence[object]) -> Scored:
    """Only time and memory count."""
    assert len(found) in {0, len(works)}
    return Scored({})


Score: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], Scored]


def _alike(parts: Parts, truth: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    alike: npt.NDArray[np.bool_] = parts.categories[:, None] == truth[None, :]
    return alike


def _median(distances: Floats) -> float:
    known = distances[np.isfinite(distances)]
    return float(np.median(known)) if len(known) else float("inf")
