"""How far workers agree on the parts of a data object, with each other and with the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from consolidation.estimation.matching import Clusters, Overlaps
from consolidation.kinds.part_columns import Columns

_NONE = -1
"""Category of a cluster that became no label."""


def pairwise_dice(columns: Columns, overlaps: Overlaps, clusters: Clusters, of: int) -> float | None:
    """Mean over worker pairs of 2 * sum of IoU over shared parts / number of both workers' parts.

    Shared parts are those in one cluster with the same label category. Two workers who both marked nothing agree fully.

    Args:
        columns: of the parts; workers in [0, of).
        overlaps: of the parts.
        clusters: those that mean the same thing.
        of: how many workers there are.

    Returns:
        A share in [0, 1], or None for fewer than two workers.

    Time O(P + overlaps + of^2).
    """
    if of < 2:
        return None
    maker, said = columns.worker, columns.said
    thing = np.arange(-len(maker), 0)
    thing[clusters.marks] = clusters.part
    together = thing[overlaps.first] == thing[overlaps.second]
    first, second, iou = overlaps.first[together], overlaps.second[together], overlaps.iou[together]
    pair = np.minimum(maker[first], maker[second]) * of + np.maximum(maker[first], maker[second])
    shared = np.bincount(pair, np.where(said[first] == said[second], iou, 0.0), of * of).reshape(of, of)
    drawn = np.bincount(maker, minlength=of)
    both = drawn[:, None] + drawn
    dice = np.where(both > 0, 2 * shared / np.maximum(both, 1), 1.0)
    return float(dice[np.arange(of)[:, None] < np.arange(of)].mean())


def agreement_with_label(
    columns: Columns, clusters: Clusters, labels: Sequence[str | None], of: int
) -> list[float]:
    """For each worker, 2 * parts that became labels under the same category / (worker's parts + labels); 1.0 if neither has any.

    Args:
        columns: of the parts; workers in [0, of).
        clusters: those that mean the same thing.
        labels: the category under which each cluster became a label; None where it did not.
        of: how many workers there are.

    Time O(P + of).
    """
    number: dict[str | None, int] = {name: place for place, name in enumerate(columns.names)}
    wanted = np.array([number.get(label, _NONE) for label in labels], np.int64)
    right = clusters.marks[columns.said[clusters.marks] == wanted[clusters.part]]
    matched = np.bincount(columns.worker[right], minlength=of).tolist()
    either = (np.bincount(columns.worker, minlength=of) + len(labels) - labels.count(None)).tolist()
    return [2 * same / parts if parts else 1.0 for same, parts in zip(matched, either, strict=True)]
