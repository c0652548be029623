"""Cuboids, by their rule book."""

from __future__ import annotations

import math
from typing import Any

import pytest

from consolidation.answers import recognise
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.laws.kinds.cuboids import NUMBERS, cuboid
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["cuboids"]
CAR = (10.0, 5.0, 1.0, 4.0, 2.0, 1.5, 0.0, 0.0, 0.3)


def _car(x: float = 0.0, yaw: float = 0.3, label: str = "car", **attributes: Any) -> dict[str, Any]:
    return cuboid(label, CAR[0] + x, *CAR[1:8], yaw, attributes=attributes)


def _merge(*workers: list[dict[str, Any]], **options: Any) -> Merged:
    elements = [{"annotations": cuboids} for cuboids in workers]
    return merge(KIND, elements, label_categories=("car", "van"), **options)


def _numbers(one: dict[str, Any]) -> list[float]:
    return [one[name] for name in NUMBERS]


def test_the_label_value_is_the_built_in_shape_with_more() -> None:
    label = _merge([_car(occluded="no")], [_car(occluded="no")]).label
    assert label["class-map"] == {"0": "car"}
    (one,) = label["annotations"]
    assert (one["object-name"], one["class-id"]) == ("car:1", 0)
    assert _numbers(one) == list(CAR)
    assert one["label-category-attributes"] == {"occluded": "no"}
    assert one["support"]["workers"] == 2
    assert 0.5 < one["confidence"] < 1


def test_two_of_three_workers_make_a_label_and_one_a_candidate() -> None:
    merged = _merge([_car(0.0)], [_car(0.4)], [_car(30.0, label="van")])
    (label,), (candidate,) = merged.label["annotations"], merged.label["candidates"]
    assert (label["object-name"], label["center-x"], label["support"]["workers"]) == ("car:1", 10.2, 2)
    assert (candidate["object-name"], candidate["center-x"], candidate["support"]["workers"]) == (
        "van:1",
        40.0,
        1,
    )
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_objects_of_a_category_are_numbered() -> None:
    scene = [_car(0.0), _car(20.0), _car(40.0, label="van")]
    label = _merge(scene, scene).label
    assert [one["object-name"] for one in label["annotations"]] == ["car:1", "car:2", "van:1"]


def test_a_box_drawn_back_to_front_by_one_of_three_changes_nothing() -> None:
    merged = _merge([_car()], [_car()], [_car(yaw=0.3 - math.pi)])
    assert _numbers(merged.label["annotations"][0]) == list(CAR)
    assert merged.consensus.reasons == ()


def test_two_workers_who_disagree_on_the_front_are_a_tie() -> None:
    merged = _merge([_car()], [_car(yaw=0.3 - math.pi)])
    assert merged.label["annotations"][0]["yaw"] == pytest.approx(0.3)
    assert merged.consensus.reasons == ("tie:part-1",)


def test_boxes_above_each_other_are_two_things() -> None:
    above = _car() | {"center-z": 5.0}
    merged = _merge([_car()], [above], [_car()])
    assert [one["center-z"] for one in merged.label["annotations"]] == [1.0]
    assert [one["center-z"] for one in merged.label["candidates"]] == [5.0]


def test_attributes_are_voted_on_and_numbers_take_their_median() -> None:
    merged = _merge(
        [_car(occluded="no", doors=3, parked=True)],
        [_car(occluded="yes", doors=5, parked=True)],
        [_car(occluded="yes", doors=4)],
    )
    assert merged.label["annotations"][0]["label-category-attributes"] == {
        "doors": 4,
        "occluded": "yes",
        "parked": True,
    }


def test_a_tie_between_attribute_values_goes_to_the_lesser_text() -> None:
    for order in (("no", "yes"), ("yes", "no")):
        merged = _merge(*[[_car(occluded=value)] for value in order])
        assert merged.label["annotations"][0]["label-category-attributes"] == {"occluded": "no"}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param({"label": "van"}, "van", id="label"),
        pytest.param({"class-name": "van"}, "van", id="class-name"),
        pytest.param({"object-name": "van:12"}, "van", id="object-name"),
        pytest.param({"object-name": "van:big"}, "van:big", id="object-name without number"),
        pytest.param({"object-name": ":1"}, ":1", id="object-name without name"),
        pytest.param({"class-id": 1}, "van", id="class-id"),
        pytest.param({"class-id": "1"}, "van", id="class-id as text"),
        pytest.param({"class-id": 7}, "7", id="class-id beyond the categories"),
        pytest.param({"class-id": 1, "object-name": "car:1"}, "car", id="a name before an id"),
    ],
)
def test_the_category_may_be_named_in_several_ways(named: dict[str, Any], expected: str) -> None:
    one = _car()
    del one["label"]
    assert _merge([one | named]).label["annotations"][0]["class-name"] == expected


def test_a_class_id_is_read_by_the_answers_own_map() -> None:
    one = _car()
    del one["label"]
    element = {"annotations": [one | {"class-id": 0}], "class_map": {"0": "bus"}}
    assert merge(KIND, [element], label_categories=("car", "bus")).label["class-map"] == {"1": "bus"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"length": 0}, "$.annotations[1].length: must be from 1e-06", id="no length"),
        pytest.param({"yaw": 1e9}, "$.annotations[1].yaw: must be from -100 to 100", id="no angle"),
        pytest.param({"center-x": None}, "$.annotations[1].center-x: is required", id="no place"),
        pytest.param({"label": None}, "has no label, class-name, object-name or class-id", id="no category"),
        pytest.param(
            {"label-category-attributes": "a"}, "must be an object, is a string", id="no attributes"
        ),
    ],
)
def test_a_cuboid_that_cannot_be_read_costs_only_itself(broken: dict[str, Any], reason: str) -> None:
    merged = _merge([_car(), _car(20.0) | broken], [_car()])
    assert [one["support"]["workers"] for one in merged.label["annotations"]] == [2]
    (rejection,) = merged.consensus.rejected
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.annotations[1]")
    assert reason in rejection.reason


def test_too_many_cuboids_are_refused_by_name() -> None:
    with pytest.raises(LimitError, match="has 3 cuboids, allowed are 2") as refused:
        KIND.parse(JsonNode({"annotations": [_car()] * 3}, "$", AnswerError), Limits(parts=2))
    assert refused.value.limit == "limits.parts"


def test_angles_that_are_missing_are_level() -> None:
    one = {name: value for name, value in _car().items() if name not in {"roll", "pitch", "yaw"}}
    assert _numbers(_merge([one]).label["annotations"][0])[6:] == [0, 0, 0]


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        pytest.param({"annotations": [_car()]}, "cuboids", id="annotations"),
        pytest.param([_car()], "cuboids", id="bare"),
        pytest.param({"annotations": [_car()], "initialValueModified": True}, "cuboids", id="more keys"),
        pytest.param({"annotations": []}, "cuboids", id="nothing there"),
        pytest.param([], None, id="nothing at all"),
        pytest.param({"annotations": [{"left": 1}]}, None, id="other annotations"),
        pytest.param({"annotations": [], "image_size": []}, None, id="another kind's label"),
    ],
)
def test_recognition(element: Any, kind: str | None) -> None:
    found = recognise(element)
    assert (found.name if found else None) == kind


def test_an_empty_list_is_a_vote_for_nothing() -> None:
    assert KIND.accepts([])
    merged = merge(KIND, [[_car()], [], []], label_categories=("car",))
    assert merged.label["annotations"] == []
    assert merged.label["candidates"][0]["support"]["of"] == 3
