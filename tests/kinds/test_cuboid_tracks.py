"""Cuboid tracks, by their rule book."""

from __future__ import annotations

import math
from typing import Any

import pytest

from consolidation.answers import recognise
from tests.elements import Element
from tests.laws.kinds.cuboid_tracks import seq_label, sequence
from tests.laws.kinds.cuboids import NUMBERS, cuboid
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["cuboid-tracks"]
Frames = list[list[dict[str, Any]]]


def _car(track: str, x: float, yaw: float = 0.3, label: str = "car") -> dict[str, Any]:
    return {**cuboid(label, x, 5.0, 1.0, 4.0, 2.0, 1.5, 0.0, 0.0, yaw), "object-id": track}


def _merge(*workers: Frames) -> Merged:
    return merge(KIND, [sequence(frames) for frames in workers], label_categories=("car", "van"))


def _tracks(merged: Merged) -> dict[str, list[tuple[int, float]]]:
    """Of each object (frame, center-x)."""
    found: dict[str, list[tuple[int, float]]] = {}
    for frame in seq_label(merged.label, merged.artefacts)["tracking-annotations"]:
        for one in frame["annotations"]:
            found.setdefault(one["object-name"], []).append((frame["frame-number"], one["center-x"]))
    return found


def test_the_sequence_is_the_built_in_shape_with_more() -> None:
    worker = [[_car("a", 0.0)], [_car("a", 1.0)]]
    merged = _merge(worker, worker)
    assert {
        key: merged.label[key] for key in ("frames", "objects", "annotations", "candidates", "class-map")
    } == {
        "frames": 2,
        "objects": 1,
        "annotations": 2,
        "candidates": 0,
        "class-map": {"0": "car"},
    }
    frames = seq_label(merged.label, merged.artefacts)["tracking-annotations"]
    assert [(frame["frame-number"], frame["frame-name"]) for frame in frames] == [
        (0, "0.txt.pcd"),
        (1, "1.txt.pcd"),
    ]
    one = frames[1]["annotations"][0]
    assert [one[name] for name in NUMBERS] == [1.0, 5.0, 1.0, 4.0, 2.0, 1.5, 0.0, 0.0, 0.3]
    assert (one["object-id"], one["object-name"], one["support"]["workers"]) == ("a", "car:1", 2)


def test_an_object_keeps_its_identity_where_one_worker_breaks_it() -> None:
    kept = [[_car("a", 0.0)], [_car("a", 1.0)], [_car("a", 2.0)]]
    broken = [[_car("b", 0.0)], [_car("b", 1.0)], [_car("c", 2.0)]]
    assert _tracks(_merge(kept, kept, broken)) == {"car:1": [(0, 0.0), (1, 1.0), (2, 2.0)]}


def test_objects_that_one_worker_swaps_stay_apart() -> None:
    kept = [[_car("a", 0.0), _car("b", 9.0)], [_car("a", 1.0), _car("b", 10.0)]]
    swapped = [[_car("a", 0.0), _car("b", 9.0)], [_car("b", 1.0), _car("a", 10.0)]]
    assert _tracks(_merge(kept, swapped, kept)) == {
        "car:1": [(0, 0.0), (1, 1.0)],
        "car:2": [(0, 9.0), (1, 10.0)],
    }


def test_a_frame_without_quorum_is_a_candidate_of_its_object() -> None:
    seen = [[_car("a", 0.0)], [_car("a", 1.0)]]
    missed: Frames = [[_car("a", 0.0)], []]
    merged = _merge(seen, missed, missed)
    assert _tracks(merged) == {"car:1": [(0, 0.0)]}
    candidates = seq_label(merged.label, merged.artefacts)["candidates"]
    assert [(frame["frame-number"], frame["annotations"][0]["object-name"]) for frame in candidates] == [
        (1, "car:1")
    ]
    assert merged.consensus.reasons == ("quorum:object-1",)


@pytest.mark.parametrize("first", [0, 1])
def test_an_object_does_not_turn_round_for_a_frame(first: int) -> None:
    """In the second frame one worker is missing and the other two disagree on the front: the object goes on as it stood."""
    heading = 0.3 - math.pi
    right = [[_car("a", float(frame), heading)] for frame in range(3)]
    wrong = [right[0], [_car("a", 1.0, 0.3)], right[2]]
    missing = [right[0], [], right[2]]
    workers = [right, wrong, missing]
    merged = _merge(*workers[first:], *workers[:first])
    frames = seq_label(merged.label, merged.artefacts)["tracking-annotations"]
    assert [frame["annotations"][0]["yaw"] for frame in frames] == pytest.approx([heading] * 3)


def test_an_object_that_all_see_turn_round_does() -> None:
    worker = [[_car("a", 0.0, 0.3)], [_car("a", 0.0, 0.3 - math.pi)]]
    frames = seq_label(*_label(_merge(worker, worker)))["tracking-annotations"]
    assert [frame["annotations"][0]["yaw"] for frame in frames] == [0.3, 0.3 - math.pi]


def _label(merged: Merged) -> tuple[dict[str, Any], dict[str, bytes]]:
    return merged.label, merged.artefacts


def test_the_category_may_stand_in_the_object_name() -> None:
    one = {name: value for name, value in _car("a", 0.0).items() if name != "label"}
    merged = _merge([[{**one, "object-name": "van:3", "class-id": 0}]])
    assert _tracks(merged) == {"van:3": [(0, 0.0)]}


def test_a_cuboid_that_cannot_be_read_costs_only_itself() -> None:
    merged = _merge([[_car("a", 0.0), {**_car("b", 9.0), "height": -1}]], [[_car("a", 0.0)]])
    assert _tracks(merged) == {"car:1": [(0, 0.0)]}
    (rejection,) = merged.consensus.rejected
    assert rejection.part == "$.tracking-annotations[0].annotations[1]"
    assert "height: must be from 1e-06" in rejection.reason


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        pytest.param(sequence([[]]), "cuboid-tracks", id="point cloud"),
        pytest.param(sequence([[]])["tracking-annotations"], "cuboid-tracks", id="bare"),
        pytest.param(
            {"tracking-annotations": [{"frame-no": 0, "annotations": []}]}, "video-tracks", id="video"
        ),
        pytest.param([{"frame-number": 0}, 1], None, id="no frames"),
    ],
)
def test_recognition(element: Element, kind: str | None) -> None:
    found = recognise(element)
    assert (found.name if found else None) == kind
