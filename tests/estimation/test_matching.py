"""Which parts of different workers are taken for the same thing."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.boxes import iou_matrix, overlaps_between
from consolidation.estimation.matching import cluster_parts
from consolidation.estimation.medians import weighted_medians

Box = tuple[float, float, float, float]


def _clusters(
    boxes: list[Box], workers: list[int], categories: list[int] | None = None, threshold: float = 0.3
) -> list[list[int]]:
    overlaps = overlaps_between(np.array(boxes, float).reshape(-1, 4), np.array(workers, np.int64))
    found = cluster_parts(overlaps, workers, categories or [0] * len(boxes), [threshold] * len(boxes))
    return [list(members) for members in found]


A, A2, A3 = (0, 0, 10, 10), (1, 0, 11, 10), (0, 1, 10, 11)
B, B2 = (50, 50, 60, 60), (51, 50, 61, 60)


@pytest.mark.parametrize(
    ("boxes", "workers", "categories", "expected"),
    [
        pytest.param([], [], [], [], id="nothing"),
        pytest.param([A], [0], [0], [[0]], id="one part stands alone"),
        pytest.param(
            [A, A2, B, B2], [0, 1, 0, 1], [0] * 4, [[0, 1], [2, 3]], id="two things seen by two workers"
        ),
        pytest.param([A, A2], [0, 0], [0, 0], [[0], [1]], id="one worker's two marks are never one thing"),
        pytest.param([A, A2, A3], [0, 0, 1], [0] * 3, [[0, 2], [1]], id="the better of two marks is taken"),
        pytest.param([A, A2], [0, 1], [0, 1], [[0, 1]], id="another category is still the same thing"),
        pytest.param(
            [A, (2, 0, 12, 10), A2],
            [0, 1, 1],
            [0, 0, 1],
            [[0, 1], [2]],
            id="the same category goes before the better fit",
        ),
        pytest.param([A, B], [0, 1], [0, 0], [[0], [1]], id="apart is apart"),
    ],
)
def test_clusters(
    boxes: list[Box], workers: list[int], categories: list[int], expected: list[list[int]]
) -> None:
    assert _clusters(boxes, workers, categories) == expected


def test_a_chain_of_neighbours_does_not_become_one_thing() -> None:
    steps: list[Box] = [(4.0 * step, 0, 4.0 * step + 10, 10) for step in range(5)]
    assert all(len(members) <= 2 for members in _clusters(steps, [0, 1, 2, 3, 4], threshold=0.4))


def test_the_higher_threshold_of_two_parts_decides() -> None:
    overlaps = overlaps_between(np.array([A, A2], float), np.array([0, 1]))
    assert cluster_parts(overlaps, [0, 1], [0, 0], [0.1, 0.9]) == [[0], [1]]
    assert cluster_parts(overlaps, [0, 1], [0, 0], [0.1, 0.8]) == [[0, 1]]


def test_the_sweep_finds_every_overlap_that_comparing_all_pairs_finds() -> None:
    random = np.random.default_rng(3)
    corner = random.uniform(0, 400, (900, 2))
    boxes = np.hstack([corner, corner + random.uniform(5, 60, (900, 2))])
    workers = random.integers(0, 5, 900)
    found = overlaps_between(boxes, workers)
    iou = iou_matrix(boxes, boxes)
    first, second = np.nonzero(np.triu((iou > 0) & (workers[:, None] != workers[None, :]), 1))
    assert found.first.tolist() == first.tolist()
    assert found.second.tolist() == second.tolist()
    assert found.iou.tolist() == iou[first, second].tolist()


def test_iou_of_empty_boxes_is_zero_not_an_error() -> None:
    empty = np.array([[5.0, 5.0, 5.0, 5.0]])
    assert iou_matrix(empty, empty).tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("boxes", "weights", "expected"),
    [
        pytest.param([A], [1], A, id="one box is itself"),
        pytest.param(
            [(0, 0, 10, 10), (4, 2, 20, 14)], [1, 1], (2, 1, 15, 12), id="two boxes give their mean"
        ),
        pytest.param([A, A, (0, 0, 99, 99)], [1, 1, 1], A, id="one gross outlier of three does no harm"),
        pytest.param([A, B], [1, 3], B, id="weight decides"),
        pytest.param([A, B, B], [2, 1, 1], (25, 25, 35, 35), id="an even split of weight gives the middle"),
    ],
)
def test_fused_box(boxes: list[Box], weights: list[float], expected: Box) -> None:
    assert tuple(weighted_medians(np.array(boxes, float), np.array(weights, float)).tolist()) == expected


@pytest.mark.parametrize("seed", range(20))
def test_clear_groups_found_at_once_are_those_that_joining_makes(seed: int) -> None:
    """Things that lie clearly apart, and a heap that does not: the order of joining matters in the heap alone."""
    rng = np.random.default_rng(seed)
    apart = [(100.0 * thing, 0.0) for thing in range(1, 6)]
    heap = [(float(x), float(y)) for x, y in rng.integers(0, 12, (6, 2))]
    boxes: list[Box] = []
    workers: list[int] = []
    for worker in range(3):
        for x, y in (*apart, *heap):
            left, top = x + float(rng.integers(0, 2)), y + float(rng.integers(0, 2))
            boxes.append((left, top, left + 10, top + 10))
            workers.append(worker)
    together = _clusters(boxes, workers)
    clear = [part for part, box in enumerate(boxes) if box[0] > 50]
    rest = [part for part, box in enumerate(boxes) if box[0] <= 50]
    alone = [
        [group[place] for place in members]
        for group in (clear, rest)
        for members in _clusters([boxes[part] for part in group], [workers[part] for part in group])
    ]
    assert together == sorted(alone)
    assert sum(len(members) == 3 for members in together if members[0] in clear) == 5
