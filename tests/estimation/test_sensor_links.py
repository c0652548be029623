"""Tracks of different sensors that are one object."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.sensor_links import Linked, link_sensors

LIDAR, FRONT, LEFT = 0, 1, 2
SENSORS = [LIDAR, LIDAR, FRONT, FRONT, LEFT]
"""Tracks 0 and 1 in the point cloud, 2 and 3 in the front camera, 4 in the left one."""
CAR = {LIDAR: 0, FRONT: 2}
VAN = {LIDAR: 1, FRONT: 3}
CROSSED = [{LIDAR: 0, FRONT: 3}, {LIDAR: 1, FRONT: 2}]


def _links(*workers: list[dict[int, int]], weights: list[float] | None = None) -> list[Linked]:
    objects = [(worker, tracks) for worker, given in enumerate(workers) for tracks in given]
    return link_sensors(SENSORS, objects, np.array(weights or [1.0] * len(workers)))


def _tracks(*workers: list[dict[int, int]], weights: list[float] | None = None) -> list[tuple[int, ...]]:
    return [link.tracks for link in _links(*workers, weights=weights)]


def test_most_of_those_who_marked_both_link_them() -> None:
    links = _links([CAR, VAN], [CAR, VAN], CROSSED)
    assert [(link.tracks, link.workers, link.of) for link in links] == [
        ((0, 2), (0, 1), 3),
        ((1, 3), (0, 1), 3),
    ]
    assert [link.share for link in links] == pytest.approx([2 / 3, 2 / 3])


def test_who_marked_only_one_of_two_has_no_vote_on_them() -> None:
    links = _links([CAR], [{LIDAR: 0}], [{FRONT: 2}])
    assert links == [Linked((0, 2), (0,), 1, 1.0)]


def test_two_of_four_are_no_majority() -> None:
    apart = [{LIDAR: 0}, {FRONT: 2}]
    assert _tracks([CAR], [CAR], apart, apart) == []


def test_weights_are_votes() -> None:
    assert _tracks([CAR, VAN], CROSSED, weights=[1.0, 2.0]) == [(0, 3), (1, 2)]


def test_an_object_may_be_in_more_sensors_than_two() -> None:
    (link,) = _links([{LIDAR: 0, FRONT: 2, LEFT: 4}], [CAR], [{FRONT: 2, LEFT: 4}])
    assert (link.tracks, link.workers, link.share) == ((0, 2, 4), (0, 1, 2), 1.0)


def test_two_tracks_of_one_sensor_are_never_one_object() -> None:
    """The left camera's track was linked to both cars of the point cloud: the link with more votes holds."""
    assert _tracks([{LIDAR: 0, LEFT: 4}], [{LIDAR: 0, LEFT: 4}], [{LIDAR: 1, LEFT: 4}]) == [(0, 4)]


def test_nobody_linked_anything() -> None:
    assert _tracks([{LIDAR: 0}, {FRONT: 2}]) == []


def test_the_order_of_objects_changes_nothing() -> None:
    objects = [(0, CAR), (0, VAN), (1, CROSSED[0]), (2, CAR), (2, {LIDAR: 1, LEFT: 4})]
    weights = np.ones(3)
    assert link_sensors(SENSORS, objects[::-1], weights) == link_sensors(SENSORS, objects, weights)
