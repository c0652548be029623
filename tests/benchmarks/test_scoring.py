"""Scores of hand-made results, computed by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import scoring
from benchmarks.found import Chosen, Parts, Regions
from benchmarks.overlap import boundary_f, polygon_overlaps
from benchmarks.reliability import Reliability
from benchmarks.workloads.boxes import Boxes, BoxScene
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import Instances, InstanceScene, SemanticScene
from benchmarks.workloads.outlines import JOINTS, KeypointScene, Polygons, PolygonScene
from benchmarks.workloads.spans import Document

SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], np.float32)


def test_the_best_pairs_are_best_together_and_not_one_by_one() -> None:
    values = np.array([[0.9, 0.8, 0.0], [0.8, 0.1, 0.0], [0.0, 0.0, 0.0]])
    assert scoring.best_pairs(values) == [(0, 1, 0.8), (1, 0, 0.8)]
    assert scoring.best_pairs(np.zeros((2, 0))) == []


def test_maps_are_scored_by_the_overlap_of_each_category() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    made = Regions(np.array([[0, 1, 1, 1]], np.uint8), np.array([0.0, 0.6]))
    scored = scoring.semantic([made], [SemanticScene(truth, truth[None], 3)])
    assert scored.figures["mIoU"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert scored.figures["pixel accuracy"] == 0.75
    assert scored.reliability is not None
    assert scored.reliability.error() == pytest.approx(2 / 3 - 0.6)


def test_a_border_within_two_pixels_is_right() -> None:
    truth, near, far = (np.zeros((1, 20), np.uint8) for _ in range(3))
    truth[:, 10:], near[:, 12:], far[:, 13:] = 1, 1, 1
    assert boundary_f(near, truth) == 1.0
    assert boundary_f(far, truth) == 0.0


def test_boxes_need_their_category_and_half_of_their_overlap() -> None:
    truth = Boxes(np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]]), np.array([0, 1]))
    found = Parts.of(
        [[0, 0, 10, 8], [20, 0, 30, 10], [50, 50, 60, 60]], [0, 0, 1], [0.9, 0.8, 0.3], least=0.5
    )
    scored = scoring.boxes([found], [BoxScene((100, 100), truth, {})])
    assert scored.figures["F1@0.5"] == pytest.approx(2 * 1 / (2 + 2))
    assert scored.figures["mean IoU"] == pytest.approx(0.8)
    assert scored.figures["category"] == 0.5
    assert scored.figures["AP@0.5"] == 0.5
    assert scored.reliability is not None
    # The candidate counts, too: it is wrong, as its confidence of 0.3 suggests.
    assert sum(scored.reliability.weight) == 3
    assert sum(scored.reliability.right) == 1


def test_a_second_box_on_one_thing_is_wrong() -> None:
    truth = Boxes(np.array([[0.0, 0, 10, 10]]), np.array([0]))
    found = Parts.of([[0, 0, 10, 9], [0, 0, 10, 10]], [0, 0], [0.9, 0.8])
    scored = scoring.boxes([found], [BoxScene((100, 100), truth, {})])
    assert scored.figures["F1@0.5"] == pytest.approx(2 / 3)
    assert scored.figures["mean IoU"] == 1.0
    assert scored.reliability is not None
    assert sum(scored.reliability.right) == 1


def test_panoptic_quality_is_overlap_over_parts_found_and_there() -> None:
    numbers = np.zeros((4, 8), np.uint8)
    numbers[:, :4], numbers[:, 4:] = 1, 2
    truth = Instances(numbers, np.array([-1, 3, 3]))
    found = Parts.of([numbers == 1, np.zeros((4, 8), np.bool_)], [3, 3], [1, 1])
    scored = scoring.instances([found], [InstanceScene(truth, ())])
    assert scored.figures["PQ"] == pytest.approx(1.0 / 2)
    assert scored.figures["F1@0.75"] == pytest.approx(2 / 4)


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (SQUARE + 5, 25 / 175),
        (SQUARE[::-1], 1.0),
        (SQUARE + 20, 0.0),
        (SQUARE * 0.5, 0.25),
        (np.array([[0, 0], [10, 0], [0, 10]]), 0.5),
        (np.concatenate([SQUARE, SQUARE]), 1.0),
    ],
    ids=["shifted", "the other way round", "apart", "inside", "half", "wound twice"],
)
def test_overlap_of_polygons(other: npt.NDArray[np.float32], overlap: float) -> None:
    found = polygon_overlaps([SQUARE], [other], np.ones((1, 1), np.bool_))
    assert found[0, 0] == pytest.approx(overlap, abs=1e-3)


def test_polygons_of_another_category_are_not_found() -> None:
    scene = PolygonScene((100, 100), Polygons((SQUARE, SQUARE + 20), np.array([0, 1])), ())
    found = Parts.of([SQUARE, SQUARE + 20], [0, 0], [1, 1])
    assert scoring.polygons([found], [scene]).figures["F1@0.9"] == pytest.approx(0.5)


def test_people_are_found_by_most_of_their_joints_and_errors_are_of_the_known_ones() -> None:
    person = np.stack([np.arange(JOINTS), np.arange(JOINTS)], axis=1).astype(float) * 10
    drawn = person + np.array([3.0, 4.0])
    drawn[0] = np.nan
    found = Parts.of([drawn, person + 500], [0, 0], [[0.95] * JOINTS, [0.15] * JOINTS])
    scored = scoring.keypoints([found], [KeypointScene((1000, 1000), person[None], ())])
    assert scored.figures["F1 of people"] == pytest.approx(2 / 3)
    assert scored.figures["mean error, px"] == pytest.approx(5.0)
    assert scored.reliability is not None
    assert scored.reliability.weight[9] == JOINTS - 1
    assert scored.reliability.right[1] == 0


def test_a_span_is_right_with_both_ends_and_its_type() -> None:
    document = Document(20, ((0, 2, 0), (5, 6, 1), (8, 9, 1)), ())
    found = Parts.of([(0, 2), (5, 7), (8, 9), (12, 13)], [0, 1, 0, 1], [1, 1, 1, 0.2], least=0.5)
    assert scoring.spans([found], [document]).figures["exact F1"] == pytest.approx(2 / 6)


def test_items_without_a_known_truth_do_not_count() -> None:
    empty = np.zeros(0, np.int32)
    work = Answers(empty, empty, empty, np.array([0, 1, -1, 1], np.int32), 2, 1)
    scored = scoring.classes([Chosen(np.array([0, 0, 1, 1]), np.array([0.9, 0.6, 0.5, 0.8]))], [work])
    assert scored.figures["accuracy"] == pytest.approx(2 / 3)
    assert scored.figures["calibration error"] == pytest.approx((0.1 + 0.6 + 0.2) / 3)


def test_only_the_items_that_a_system_was_given_count() -> None:
    empty = np.zeros(0, np.int32)
    work = Answers(empty, empty, empty, np.array([0, 1, 1], np.int32), 2, 1)
    assert scoring.classes([Chosen(np.array([0, 1]))], [work]).figures == {"accuracy": 1.0}


def test_reliability_weighs_the_gap_of_each_tenth() -> None:
    one = Reliability.of([0.95, 0.95, 0.55], [True, False, True])
    assert one.error() == pytest.approx((abs(1.9 - 1) + abs(0.55 - 1)) / 3)
    assert Reliability.total([one, one]).error() == pytest.approx(one.error())
    assert np.isnan(Reliability.total([]).error())
