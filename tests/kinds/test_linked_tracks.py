"""Linked tracks, by their rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.answers import recognise
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.elements import Element
from tests.laws.kinds.cuboid_tracks import seq_label, sequence
from tests.laws.kinds.cuboids import cuboid
from tests.laws.kinds.linked_tracks import camera
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["linked-tracks"]


def _car(track: str, x: float, label: str = "car") -> dict[str, Any]:
    return {**cuboid(label, x, 5.0, 1.0, 4.0, 2.0, 1.5), "object-id": track}


def _box(track: str, left: int, label: str = "car") -> dict[str, Any]:
    return {"label": label, "left": left, "top": 10, "width": 40, "height": 30, "object-id": track}


def _worker(near: str, far: str, near_seen: str, far_seen: str) -> Element:
    """Two frames with two cars each, under these ids in the point cloud and in the camera."""
    cloud = [[_car(near, x), _car(far, x + 20)] for x in (0.0, 1.0)]
    pictures = [[_box(near_seen, x), _box(far_seen, x + 100)] for x in (0, 5)]
    return {"lidar": sequence(cloud), "camera-0": camera(pictures)}


def _merge(*workers: Element) -> Merged:
    return merge(KIND, workers, label_categories=("car", "van"))


def _seen(merged: Merged) -> list[tuple[str, str, str]]:
    """Sensor, object id and name of each object, in the order of the sensors."""
    document = seq_label(merged.label, merged.artefacts)
    return [
        (sensor, one["object-id"], one["object-name"])
        for sensor, made in document.items()
        for one in made["objects"]
    ]


def test_what_most_workers_link_has_one_id_in_all_sensors() -> None:
    merged = _merge(_worker("a", "b", "a", "b"), _worker("c", "d", "c", "d"), _worker("e", "f", "f", "e"))
    lidar_near, lidar_far, camera_near, camera_far = _seen(merged)
    assert lidar_near[1:] == camera_near[1:]
    assert lidar_far[1:] == camera_far[1:]
    assert lidar_near[1] != lidar_far[1]
    assert [one["object-name"] for one in merged.label["linked-objects"]] == ["car:1", "car:2"]
    assert merged.label["linked-objects"][0]["sensors"] == ["lidar", "camera-0"]
    assert merged.label["linked-objects"][0]["support"] == {
        "workers": 2,
        "of": 3,
        "share": 0.6667,
        "worker-ids": ["worker-0", "worker-1"],
    }


def test_ids_that_workers_share_are_kept() -> None:
    worker = _worker("a", "b", "a", "b")
    assert _seen(_merge(worker, worker)) == [
        ("lidar", "a", "car:1"),
        ("lidar", "b", "car:2"),
        ("camera-0", "a", "car:1"),
        ("camera-0", "b", "car:2"),
    ]


def test_what_is_not_linked_shares_no_id() -> None:
    """Each of two workers links the near car to another of the camera's."""
    merged = _merge(_worker("a", "b", "a", "b"), _worker("a", "b", "b", "a"))
    assert merged.label["linked-objects"] == []
    assert len({object_id for _, object_id, _ in _seen(merged)}) == 4


def test_a_worker_without_a_camera_abstains_on_it() -> None:
    whole = _worker("a", "b", "a", "b")
    merged = _merge(whole, {"lidar": whole["lidar"]}, {"lidar": whole["lidar"]})
    boxes = seq_label(merged.label, merged.artefacts)["camera-0"]["tracking-annotations"][0]["annotations"]
    assert [(box["object-id"], box["support"]["workers"], box["support"]["of"]) for box in boxes] == [
        ("a", 1, 1),
        ("b", 1, 1),
    ]


def test_sensors_are_in_the_order_of_their_numbers() -> None:
    frames = camera([[_box("a", 0)]])
    element = {"camera-10": frames, "camera-2": frames, "lidar": sequence([[_car("a", 0.0)]])}
    merged = _merge(element, element)
    assert list(merged.label["sensors"]) == ["lidar", "camera-2", "camera-10"]
    assert merged.label["sensors"]["camera-2"]["objects"] == 1


def test_the_frames_of_each_sensor_are_in_the_built_in_shape() -> None:
    worker = _worker("a", "b", "a", "b")
    merged = _merge(worker, worker)
    document = seq_label(merged.label, merged.artefacts)
    cloud, picture = (document[sensor]["tracking-annotations"][1] for sensor in ("lidar", "camera-0"))
    assert (cloud["frame-number"], cloud["frame-name"]) == (1, "1.txt.pcd")
    assert (picture["frame-no"], picture["frame"]) == (1, "1.jpg")
    assert cloud["annotations"][0]["center-x"] == 1.0
    assert [picture["annotations"][0][side] for side in ("left", "top", "width", "height")] == [5, 10, 40, 30]


def test_an_object_whose_sensors_disagree_on_its_category_asks_for_review() -> None:
    worker = {"lidar": sequence([[_car("a", 0.0)]]), "camera-0": camera([[_box("a", 0, "van")]])}
    merged = _merge(worker, worker)
    assert merged.consensus.reasons == ("category:car:1",)
    assert merged.label["class-map"] == {"0": "car", "1": "van"}


def test_reasons_name_their_sensor() -> None:
    whole = _worker("a", "b", "a", "b")
    empty = {**whole, "camera-0": camera([[], []])}
    merged = _merge(whole, empty, empty)
    assert merged.consensus.reasons == (
        "camera-0:quorum:candidate-object-1",
        "camera-0:quorum:candidate-object-2",
    )


def test_a_sensor_that_cannot_be_read_costs_only_itself() -> None:
    whole = _worker("a", "b", "a", "b")
    value = KIND.parse(JsonNode(whole, "$", AnswerError), Limits(frames=2))
    assert list(value.sensors) == ["lidar", "camera-0"]
    long = {**whole, "camera-0": camera([[]] * 3)}
    value = KIND.parse(JsonNode(long, "$", AnswerError), Limits(frames=2))
    assert list(value.sensors) == ["lidar"]
    assert value.faults[0][0] == "$.camera-0"
    assert "has 3 frames, allowed are 2" in value.faults[0][1]


def test_too_many_sensors_are_refused() -> None:
    element = {f"camera-{number}": camera([[]]) for number in range(33)}
    with pytest.raises(AnswerError, match="has 33 sensors, needed are 1 to 32"):
        KIND.parse(JsonNode(element, "$", AnswerError), Limits())


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        pytest.param(_worker("a", "b", "a", "b"), "linked-tracks", id="sensors"),
        pytest.param({"lidar": {"tracking-annotations": []}}, "linked-tracks", id="nothing marked"),
        pytest.param(sequence([[]]), "cuboid-tracks", id="one sensor, bare"),
        pytest.param({"lidar": {}}, None, id="no frames"),
    ],
)
def test_recognition(element: Element, kind: str | None) -> None:
    found = recognise(element)
    assert (found.name if found else None) == kind
