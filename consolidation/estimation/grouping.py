"""Groups that workers make of the same parts, each under names of their own: which of them are the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import combinations

import numpy as np

from consolidation.estimation.matching import Overlaps, cluster_parts


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
    holders = defaultdict[int, list[int]](list)
    for number, group in enumerate(groups):
        for part in held[group]:
            holders[part].append(number)
    shared = Counter(
        pair
        for sharing in holders.values()
        for pair in combinations(sharing, 2)
        if groups[pair[0]][0] != groups[pair[1]][0]
    )
    pairs = sorted(shared)
    sizes = [len(held[group]) for group in groups]
    iou = [shared[one, other] / (sizes[one] + sizes[other] - shared[one, other]) for one, other in pairs]
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    clusters = cluster_parts(
        Overlaps(ends[:, 0], ends[:, 1], np.array(iou)),
        workers=[worker for worker, _ in groups],
        categories=[0] * len(groups),
        thresholds=[threshold] * len(groups),
    )
    return {groups[number]: place for place, members in enumerate(clusters) for number in members}
