"""How far workers agree on the parts of a data object, with each other and with the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from consolidation.estimation.matching import Overlaps


def pairwise_dice(
    workers: Sequence[int],
    labels: Sequence[str],
    overlaps: Overlaps,
    clusters: Sequence[Sequence[int]],
    of: int,
) -> float | None:
    """Mean over worker pairs of 2 * sum of IoU over shared parts / number of both workers' parts.

    Shared parts are those in one cluster with the same label category. Two workers who both marked nothing agree fully.

    Args:
        workers: of P parts, in [0, of). labels: P label categories.
        overlaps: of the parts.
        clusters: those that mean the same thing.
        of: how many workers there are.

    Returns:
        A share in [0, 1], or None for fewer than two workers.

    Time O(P + overlaps + of^2).
    """
    if of < 2:
        return None
    number = {label: place for place, label in enumerate(sorted(set(labels)))}
    category = np.array([number[label] for label in labels], np.int64)
    maker = np.array(workers, np.int64)
    thing = np.arange(-len(workers), 0)
    members = [member for together in clusters for member in together]
    thing[members] = np.repeat(np.arange(len(clusters)), [len(together) for together in clusters])
    first, second = overlaps.first, overlaps.second
    alike = (thing[first] == thing[second]) & (category[first] == category[second])
    pair = np.minimum(maker[first], maker[second]) * of + np.maximum(maker[first], maker[second])
    shared = np.bincount(pair[alike], overlaps.iou[alike], of * of).reshape(of, of)
    one, other = np.triu_indices(of, 1)
    drawn = np.bincount(maker, minlength=of)
    both = drawn[one] + drawn[other]
    return float(np.where(both > 0, 2 * shared[one, other] / np.maximum(both, 1), 1.0).mean())


def agreement_with_label(
    workers: Sequence[int], labels: Sequence[str], accepted: Sequence[tuple[Sequence[int], str]], of: int
) -> list[float]:
    """For each worker, 2 * parts that became labels under the same category / (worker's parts + labels); 1.0 if neither has any.

    Args:
        workers: of P parts, in [0, of). labels: P label categories.
        accepted: members and category of each part of the label.
        of: how many workers there are.

    Time O(P + of).
    """
    made = Counter(workers)
    matched = Counter(
        workers[member] for members, label in accepted for member in members if labels[member] == label
    )
    either = [made[worker] + len(accepted) for worker in range(of)]
    return [2 * matched[worker] / parts if parts else 1.0 for worker, parts in enumerate(either)]
