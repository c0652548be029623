"""Groups that workers make of the same parts, each under names of their own: which of them are the same."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from consolidation.estimation.matching import Overlaps, cluster_parts
from consolidation.estimation.nearness import later


def match_groups(
    held: Mapping[tuple[int, str], AbstractSet[int]], threshold: float
) -> dict[tuple[int, str], int]:
    """Match groups of different workers by the parts they have in common.

    Args:
        held: of each group, by worker number and the worker's own name for it: numbers of its parts, the same for all workers.
        threshold: least mean IoU of the groups' sets of parts.

    Returns:
        A number for each group, from 0; those with the same number are the same. At most one of each worker has it. Numbers follow
        the groups' first parts.

    Time O(G log G + pairs of groups that share a part), and for each part the square of the workers who have it.
    """
    groups = sorted(held, key=lambda group: (sorted(held[group]), group))
    rows = [(part, number) for number, group in enumerate(groups) for part in held[group]]
    parts, numbers = np.array(sorted(rows), np.int64).reshape(-1, 2).T
    workers = np.array([worker for worker, _ in groups], np.int64)
    sizes = np.bincount(numbers, minlength=len(groups))
    first, second = later(np.arange(len(parts)), np.searchsorted(parts, parts, side="right"))
    one, other = numbers[first], numbers[second]
    apart = workers[one] != workers[other]
    pairs, shared = np.unique(one[apart] * max(len(groups), 1) + other[apart], return_counts=True)
    one, other = np.divmod(pairs, max(len(groups), 1))
    clusters = cluster_parts(
        Overlaps(one, other, shared / (sizes[one] + sizes[other] - shared)),
        workers=workers.tolist(),
        categories=[0] * len(groups),
        thresholds=[threshold] * len(groups),
    )
    return {groups[number]: place for place, members in enumerate(clusters) for number in members}
