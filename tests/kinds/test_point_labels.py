"""Point labels, by their rule book."""

from __future__ import annotations

import base64
import dataclasses
import zlib
from typing import Any

import numpy as np
import pytest

from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.laws.kinds.point_labels import points_element, read_points
from tests.laws.merging import BY_NAME, Merged, merge

KIND = BY_NAME["point-labels"]
NAMES = {1: "road", 2: "car"}


def _merge(*workers: list[int], **options: Any) -> Merged:
    elements = [points_element(values, NAMES) for values in workers]
    return merge(KIND, elements, label_categories=("road", "car"), **options)


def _values(merged: Merged) -> list[int]:
    values: list[int] = read_points(merged.artefacts[merged.label["labels-ref"]]).tolist()
    return values


def _parse(element: Any, limits: Limits | None = None) -> Any:
    return KIND.parse(JsonNode(element, "$", AnswerError), limits or Limits())


def test_each_point_takes_the_category_with_most_votes() -> None:
    merged = _merge([1, 1, 2, 0], [1, 2, 2, 0], [1, 1, 0, 0])
    assert _values(merged) == [1, 1, 2, 0]
    assert merged.label["points"] == 4
    assert {
        value: (one["class-name"], one["points"]) for value, one in merged.label["color-map"].items()
    } == {
        "0": ("BACKGROUND", 1),
        "1": ("road", 2),
        "2": ("car", 1),
    }


def test_a_tie_goes_to_background_and_is_counted() -> None:
    merged = _merge([1, 1], [1, 0])
    assert _values(merged) == [1, 0]
    assert merged.label["tied-points"] == 1


def test_a_category_that_wins_no_point_is_a_candidate() -> None:
    merged = _merge([1, 2], [1, 1], [1, 1])
    assert [
        (one["class-name"], one["points"], one["support"]["workers"]) for one in merged.label["candidates"]
    ] == [("car", 1, 1)]
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_values_mean_what_each_workers_own_map_says() -> None:
    one = points_element([7, 9, 9], {7: "road", 9: "car"})
    other = points_element([1, 2, 2], NAMES)
    by_name = {"labels": other["pointLabels"], "labelMappings": {"road": {"value": 1}, "car": {"value": 2}}}
    merged = merge(KIND, [one, other, by_name], label_categories=("road", "car"))
    assert _values(merged) == [1, 2, 2]
    assert merged.consensus.agreement == 1.0


def test_a_category_named_background_is_background() -> None:
    element = points_element([0, 1, 1], {0: "Background", 1: "road"})
    assert _values(merge(KIND, [element, element], label_categories=("road",))) == [0, 1, 1]


def test_points_of_a_value_without_a_name_are_background_and_reported() -> None:
    merged = merge(KIND, [points_element([1, 5, 5], NAMES)] * 2, label_categories=("road", "car"))
    assert _values(merged) == [1, 0, 0]
    rejection = merged.consensus.rejected[0]
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.pointLabels")
    assert rejection.reason == "2 points of 1 values that the answer gives no name (5) count as background"


def test_an_answer_of_another_length_is_rejected_and_named() -> None:
    merged = _merge([1, 1, 2], [1, 1, 2], [1, 1])
    assert _values(merged) == [1, 1, 2]
    assert [(one.worker_id, one.reason) for one in merged.consensus.rejected] == [
        ("worker-2", "the answer has 2 points, most have 3")
    ]


def test_the_label_is_one_zlib_stream_of_a_byte_for_each_point() -> None:
    values = [1, 1, 2, 0] * 500
    merged = _merge(values, values)
    (uri,) = merged.artefacts
    assert uri.endswith(".zlib")
    assert merged.label["labels-ref"] == uri
    assert zlib.decompress(merged.artefacts[uri]) == bytes(values)


def test_colours_are_those_the_workers_used() -> None:
    label = _merge([1, 2], [1, 2]).label
    assert [one["hex-color"] for one in label["color-map"].values()] == ["#ffffff", "#2ca02c", "#1f77b4"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param({"2": {"hex-color": "#1f77b4"}}, "class-name: is required", id="no name"),
        pytest.param({"300": {"class-name": "car"}}, "is under no number from 0 to 255", id="no byte"),
        pytest.param({"two": {"class-name": "car"}}, "is under no number from 0 to 255", id="no number"),
    ],
)
def test_a_name_that_cannot_be_read_costs_only_itself(entry: Any, reason: str) -> None:
    element = points_element([1, 1], {1: "road"})
    element["color-map"] |= entry
    value = _parse(element)
    assert value.points == {"road": 2}
    (fault,) = value.faults
    assert reason in fault[1]


def test_a_colour_that_cannot_be_read_leaves_its_name() -> None:
    element = points_element([1, 1], {1: "road"})
    element["color-map"]["1"]["hex-color"] = "green"
    merged = merge(KIND, [element, element], label_categories=("road",))
    assert merged.label["color-map"]["1"]["points"] == 2
    assert "'green' is not a colour" in merged.consensus.rejected[0].reason


def test_two_names_for_one_value_are_a_fault_of_the_second() -> None:
    stream = points_element([1], NAMES)["pointLabels"]
    mappings = {"road": {"value": 1}, "car": {"value": 1}}
    value = _parse({"pointLabels": stream, "labelMappings": mappings})
    assert value.points == {"road": 1}
    assert value.faults == (
        ("$.labelMappings.car", "$.labelMappings.car: has the value 1 of another category"),
    )


def _stream(body: bytes) -> str:
    return base64.b64encode(body).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("not base64!", "pointLabels is not base64", id="no base64"),
        pytest.param(_stream(b"plain bytes"), "pointLabels is no zlib stream", id="no zlib"),
        pytest.param(_stream(zlib.compress(b"\x01" * 1000)[:-6]), "pointLabels is cut off", id="cut off"),
        pytest.param(
            _stream(zlib.compress(b"\x01") + b"more"), "has 4 bytes behind its zlib stream", id="more behind"
        ),
        pytest.param(_stream(zlib.compress(b"")), "pointLabels gives no point", id="empty"),
    ],
)
def test_a_stream_that_cannot_be_read_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason):
        _parse({"pointLabels": text, "color-map": {}})


def test_a_zlib_bomb_is_inflated_only_as_far_as_the_limit() -> None:
    bomb = _stream(zlib.compress(bytes(50_000_000), 9))
    limits = dataclasses.replace(Limits(), points=1_000_000)
    with pytest.raises(LimitError, match="more than 1000000 points") as refused:
        _parse({"pointLabels": bomb, "color-map": {}}, limits)
    assert refused.value.limit == "limits.points"


def test_as_many_points_as_the_limit_are_read() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8)
    limits = dataclasses.replace(Limits(), points=5000)
    names = {str(value): {"class-name": "road"} for value in range(256)}
    limits = dataclasses.replace(limits, categories=256)
    value = _parse({"pointLabels": _stream(zlib.compress(noise.tobytes(), 0)), "color-map": names}, limits)
    assert (value.size, value.points) == (5000, {"road": 5000})
