"""Video frames, by their rule book."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from consolidation.answers import recognise
from tests.elements import Element
from tests.laws.merging import BY_NAME, Merged, merge
from tests.video_elements import LEFT, RIGHT, Place
from tests.video_elements import box as _box
from tests.video_elements import frame as _frame
from tests.video_elements import video as _video

TRACKS, DETECTIONS = BY_NAME["video-tracks"], BY_NAME["video-detections"]


def _followed(tracks: Sequence[Mapping[str, Place]]) -> Element:
    """A worker who sees things at places, by the worker's own ids, frame after frame."""
    return _video(
        *(
            _frame(number, *(_box(place, track) for track, place in seen.items()))
            for number, seen in enumerate(tracks)
        )
    )


def _merge(*elements: Element, **options: Any) -> Merged:
    return merge(
        TRACKS, elements, label_categories=options.pop("label_categories", ("car", "bus")), **options
    )


def _document(merged: Merged) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(merged.artefacts[merged.label["seq-label-ref"]])
    return read


def _names(merged: Merged) -> list[dict[str, float]]:
    """Each frame's objects, by name, and where they are."""
    frames = _document(merged)["tracking-annotations"]
    return [{part["object-name"]: part["left"] for part in frame["annotations"]} for frame in frames]


STEADY = [{"1": LEFT, "2": RIGHT}] * 4


def test_one_worker_who_swaps_two_things_is_outvoted() -> None:
    swapped = [{"1": LEFT, "2": RIGHT}] * 2 + [{"2": LEFT, "1": RIGHT}] * 2
    merged = _merge(_followed(STEADY), _followed(swapped), _followed(STEADY))
    assert _names(merged) == [{"car:1": 10, "car:2": 60}] * 4
    assert merged.label["objects"] == 2
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 0.5, "worker-2": 1.0}


def test_one_worker_who_starts_a_new_track_does_not_split_the_object() -> None:
    broken = [{"1": LEFT}, {"1": LEFT}, {"9": LEFT}, {"9": LEFT}]
    whole = [{"1": LEFT}] * 4
    assert _names(_merge(_followed(whole), _followed(broken), _followed(whole))) == [{"car:1": 10}] * 4


def test_a_track_that_one_worker_uses_for_two_things_is_two_objects() -> None:
    merged_by_one = [{"1": LEFT}, {"1": LEFT}, {"1": RIGHT}, {"1": RIGHT}]
    apart = [{"1": LEFT}, {"1": LEFT}, {"2": RIGHT}, {"2": RIGHT}]
    merged = _merge(_followed(merged_by_one), _followed(apart), _followed(apart))
    assert _names(merged) == [{"car:1": 10}] * 2 + [{"car:2": 60}] * 2


def test_a_gap_stays_a_gap_and_the_object_goes_on_behind_it() -> None:
    hidden = [{"1": LEFT}, {}, {}, {"1": RIGHT}]
    merged = _merge(_followed(hidden), _followed(hidden), _followed(hidden))
    assert _names(merged) == [{"car:1": 10}, {}, {}, {"car:1": 60}]


def test_things_that_pass_each_other_are_told_apart_by_the_frames_around() -> None:
    """In the middle each worker's first thing lies on the other worker's second one."""
    ways = [{"a": (8.0 * step, 10.0), "b": (80.0 - 8.0 * step, 10.0)} for step in range(11)]
    one, other = [list(ways) for _ in range(2)]
    one[5] = {"a": (38.0, 10.0), "b": (42.0, 10.0)}
    other[5] = {"a": (42.0, 10.0), "b": (38.0, 10.0)}
    assert _names(_merge(_followed(one), _followed(other))) == [
        {"car:1": 8 * step, "car:2": 80 - 8 * step} for step in range(11)
    ]


def test_a_frame_that_only_one_worker_has_counts_for_that_worker_alone() -> None:
    one = _video(_frame(0, _box(LEFT, "1")), _frame(1, _box(LEFT, "1")))
    merged = _merge(one, _video(_frame(0, _box(LEFT, "1"))), _video(_frame(0, _box(LEFT, "1"))))
    supports = [frame["annotations"][0]["support"] for frame in _document(merged)["tracking-annotations"]]
    assert [(support["workers"], support["of"]) for support in supports] == [(3, 3), (1, 1)]
    assert set(merged.consensus.worker_agreement.values()) == {1.0}
    assert merged.consensus.agreement == 1.0


def test_frame_numbers_may_be_numbers_or_texts() -> None:
    merged = _merge(
        _video(_frame(0, _box(LEFT, "1")), _frame(10)), _video(_frame("0", _box(LEFT, "1")), _frame("10"))
    )
    assert merged.label["frames"] == 2
    assert merged.label["annotations"] == 1


def test_frames_without_numbers_are_told_apart_by_name() -> None:
    frames: list[Element] = [
        {"frame": "b.jpg", "annotations": []},
        {"frame": "a.jpg", "annotations": [_box(LEFT, "1")]},
    ]
    written = _document(_merge(_video(*frames), _video(*frames)))["tracking-annotations"]
    assert [(frame["frame"], len(frame["annotations"])) for frame in written] == [("a.jpg", 1), ("b.jpg", 0)]


def test_parts_and_objects_under_quorum_are_candidates() -> None:
    merged = _merge(
        _followed([{"1": LEFT, "2": RIGHT}, {"1": LEFT}]), _followed([{"1": LEFT}, {}]), _followed([{}, {}])
    )
    document = _document(merged)
    assert _names(merged) == [{"car:1": 10}, {}]
    assert [
        (frame["frame-no"], [part["object-name"] for part in frame["annotations"]])
        for frame in document["candidates"]
    ] == [
        (0, ["car:2"]),
        (1, ["car:1"]),
    ]
    assert [(one["object-name"], one["frames"], one["candidate-frames"]) for one in document["objects"]] == [
        ("car:1", 1, 1)
    ]
    assert [one["object-name"] for one in document["candidate-objects"]] == ["car:2"]
    assert merged.consensus.reasons == ("quorum:object-1", "quorum:candidate-object-1")
    assert {
        key: merged.label[key]
        for key in ("frames", "objects", "annotations", "candidates", "counts", "class-map")
    } == {
        "frames": 2,
        "objects": 1,
        "annotations": 1,
        "candidates": 2,
        "counts": {"car": 1},
        "class-map": {"0": "car"},
    }


def test_the_document_is_the_built_in_form_with_more() -> None:
    element = _video(_frame("0", _box(LEFT, "1", attributes={"hidden": "no"})))
    document = _document(_merge(element, element))
    assert list(document) == [
        "tracking-annotations",
        "class-map",
        "candidates",
        "objects",
        "candidate-objects",
    ]
    frame = document["tracking-annotations"][0]
    assert (frame["frame-no"], frame["frame"], frame["frame-attributes"]) == ("0", "0.jpg", {})
    part = frame["annotations"][0]
    assert list(part) == [
        "class-id",
        "left",
        "top",
        "width",
        "height",
        "label-category-attributes",
        "object-id",
        "object-name",
        "confidence",
        "support",
    ]
    assert (part["class-id"], part["label-category-attributes"]) == ("0", {"hidden": "no"})


def test_a_workers_category_of_an_object_counts_once_however_many_frames_it_has() -> None:
    long = _video(*(_frame(number, _box(LEFT, "1", "bus")) for number in range(5)))
    short = _video(*(_frame(number, *([_box(LEFT, "1", "car")] * (number < 2))) for number in range(5)))
    merged = _merge(long, short, short)
    assert [
        frame["annotations"][0]["class-id"] for frame in _document(merged)["tracking-annotations"][:2]
    ] == ["0", "0"]
    assert merged.label["counts"] == {"car": 1}


def test_a_tie_between_categories_is_noted() -> None:
    merged = _merge(_video(_frame(0, _box(LEFT, "1", "bus"))), _video(_frame(0, _box(LEFT, "1", "car"))))
    assert merged.label["counts"] == {"car": 1}
    assert merged.consensus.reasons == ("tie:object-1",)


@pytest.mark.parametrize(
    ("members", "label_categories", "counts"),
    [
        pytest.param(
            {"class-map": {"0": "ant", "1": "bee"}}, ("car", "bus"), {"bee": 1}, id="the answer's class map"
        ),
        pytest.param(
            {"label-categories": ["ant", "bee"]}, ("car", "bus"), {"bee": 1}, id="the answer's categories"
        ),
        pytest.param(
            {"label-categories": [{"label": "ant"}, {"label": "bee"}]},
            (),
            {"bee": 1},
            id="categories as in a job's file",
        ),
        pytest.param({}, ("car", "bus"), {"bus": 1}, id="the job's categories"),
        pytest.param({}, (), {"1": 1}, id="nothing says what the id means"),
    ],
)
def test_what_a_class_id_means(
    members: Element, label_categories: tuple[str, ...], counts: dict[str, int]
) -> None:
    part = {key: value for key, value in _box(LEFT, "1").items() if key != "label"}
    elements = [_video(_frame(0, {**part, "class-id": given}), **members) for given in ("1", 1)]
    assert _merge(*elements, label_categories=label_categories).label["counts"] == counts


def test_attributes_are_voted_on_one_by_one() -> None:
    said: list[dict[str, Any]] = [
        {"hidden": "no", "doors": 2},
        {"hidden": "yes", "doors": 4},
        {"hidden": "no", "doors": 9, "towed": True},
    ]
    weather = ["dry", "wet", "wet"]
    merged = _merge(
        *(
            _video(
                _frame(
                    0,
                    _box(LEFT, "1", attributes=one),
                    **{"frame-attributes": {"weather": sky}},
                )
            )
            for one, sky in zip(said, weather, strict=True)
        )
    )
    frame = _document(merged)["tracking-annotations"][0]
    assert frame["frame-attributes"] == {"weather": "wet"}
    assert frame["annotations"][0]["label-category-attributes"] == {"doors": 4, "hidden": "no", "towed": True}


def test_ids_that_workers_share_are_kept_and_others_are_made_of_the_content() -> None:
    kept = _merge(_followed([{"id-7": LEFT}]), _followed([{"id-7": LEFT}]), _followed([{"other": LEFT}]))
    assert _document(kept)["objects"][0]["object-id"] == "id-7"
    made = [
        _document(_merge(_followed([{one: LEFT}]), _followed([{other: LEFT}])))["objects"][0]["object-id"]
        for one, other in (("a", "b"), ("c", "d"))
    ]
    assert made[0] == made[1]
    assert [len(piece) for piece in made[0].split("-")] == [8, 4, 4, 4, 12]


def test_object_names_tell_tracks_apart_where_there_are_no_ids() -> None:
    frames = [
        _frame(
            number,
            _box(LEFT, None, **{"object-name": "car:1"}),
            _box(RIGHT, None, **{"object-name": "car:2"}),
        )
        for number in range(2)
    ]
    assert _merge(_video(*frames), _video(*frames)).label["objects"] == 2


def test_parts_without_identity_follow_the_workers_who_give_one() -> None:
    without = _video(_frame(0, _box(LEFT)), _frame(1, _box(LEFT)))
    merged = _merge(_followed([{"1": LEFT}] * 2), without, without)
    assert _names(merged) == [{"car:1": 10}] * 2


def test_detections_have_no_identity() -> None:
    frames = [_frame(0, _box(LEFT), _box(RIGHT)), _frame(1, _box(RIGHT))]
    one = _video(*frames, key="detection-annotations")
    other = _video(frames[0], _frame(1), key="detection-annotations")
    merged = merge(DETECTIONS, [one, one, other, other], label_categories=("car",))
    document = _document(merged)
    assert [
        [part["left"] for part in frame["annotations"]] for frame in document["detection-annotations"]
    ] == [[10, 60], []]
    assert "object-id" not in document["detection-annotations"][0]["annotations"][0]
    assert [[part["left"] for part in frame["annotations"]] for frame in document["candidates"]] == [[60]]
    assert merged.consensus.reasons == ("quorum:frame-1",)
    assert (merged.label["objects"], merged.label["candidates"]) == (2, 1)


def _drawn(list_name: str, **shape: Any) -> Element:
    part = {"label": "car", "object-id": "1", **shape}
    return _video({"frame-no": 0, "frame": "0.jpg", list_name: [part]})


def _vertices(*points: Place) -> list[Element]:
    return [{"x": x, "y": y} for x, y in points]


@pytest.mark.parametrize(
    ("list_name", "shapes", "expected"),
    [
        pytest.param(
            "keypoints",
            [{"x": 10, "y": 10}, {"x": 12, "y": 10}, {"x": 14, "y": 11}],
            {"x": 12, "y": 10},
            id="the median of keypoints",
        ),
        pytest.param(
            "polygons",
            [
                {"vertices": _vertices((0, 0), (20, 0), (20, 20), (0, 20))},
                {"vertices": _vertices((1, 0), (20, 0), (20, 20), (1, 20))},
                {"vertices": _vertices((6, 0), (20, 0), (20, 20), (6, 20))},
            ],
            {"vertices": _vertices((1, 0), (20, 0), (20, 20), (1, 20))},
            id="the median of polygons as shapes",
        ),
        pytest.param(
            "polylines",
            [
                {"vertices": _vertices((0, 0), (20, 0))},
                {"vertices": _vertices((20, 1), (0, 1))},
                {"vertices": _vertices((0, 5), (10, 5), (20, 5))},
            ],
            {"vertices": _vertices((0, 1), (20, 1))},
            id="the middle of the polylines, in the direction of most",
        ),
    ],
)
def test_other_geometries(list_name: str, shapes: list[Element], expected: Element) -> None:
    merged = _merge(*(_drawn(list_name, **shape) for shape in shapes))
    part = _document(merged)["tracking-annotations"][0][list_name][0]
    assert {key: part[key] for key in expected} == expected
    assert part["support"]["workers"] == 3


def test_an_answer_of_another_geometry_than_most_is_rejected() -> None:
    boxes = _video(_frame(0, _box(LEFT, "1")))
    merged = _merge(boxes, boxes, _drawn("keypoints", x=1, y=2), _video(_frame(0)))
    assert [(one.worker_id, one.reason) for one in merged.consensus.rejected] == [
        ("worker-2", "the answer is made of keypoints, most are of annotations")
    ]
    assert _document(merged)["tracking-annotations"][0]["annotations"][0]["support"]["of"] == 3


@pytest.mark.parametrize(
    ("element", "name"),
    [
        (_video(_frame(0, _box(LEFT, "1"))), "video-tracks"),
        (_video(), "video-tracks"),
        (_video(_frame(0), key="detection-annotations"), "video-detections"),
        ([_frame(0, _box(LEFT, "1"))], "video-tracks"),
        ([_frame(0, _box(LEFT))], "video-detections"),
        ([], None),
        (
            {"tracking-annotations": [{"frame-number": 0, "frame": "0.pcd", "annotations": []}]},
            "cuboid-tracks",
        ),
        ({"tracking-annotations": {}}, None),
    ],
)
def test_what_is_recognised(element: Any, name: str | None) -> None:
    kind = recognise(element)
    assert (kind.name if kind else None) == name


def test_nobody_labelled_a_frame() -> None:
    merged = _merge(_video(), _video())
    assert (merged.label["frames"], merged.label["objects"], merged.consensus.agreement) == (0, 0, None)
