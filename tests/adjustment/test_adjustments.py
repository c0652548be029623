"""Adjustment jobs, through the handler: what each worker changed of the initial value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.elements import boxes_element
from tests.payloads import answer, entry, label_of

Send = Callable[..., list[dict[str, Any]]]
Box = tuple[str, float, float, float, float]
CAR: Box = ("car", 10, 10, 20, 20)
BUS: Box = ("bus", 60, 40, 30, 30)
INITIAL = boxes_element([CAR, BUS])


def _answer(worker: str, *boxes: Box, initial: Any = None, **extra: Any) -> dict[str, Any]:
    hidden = json.dumps(INITIAL if initial is None else initial)
    return answer(worker, **{"box": {**boxes_element(boxes), **extra}, "box-initial-value": hidden})


def _label(consolidated: Send, *answers: dict[str, Any]) -> dict[str, Any]:
    label: dict[str, Any] = label_of(consolidated([entry("0", *answers)]), "0")
    return label


def test_each_worker_has_what_was_changed(consolidated: Send) -> None:
    """Untouched, partly adjusted, and all there is to change at once."""
    label = _label(
        consolidated,
        _answer("a", CAR, BUS),
        _answer("b", ("car", 12, 10, 20, 20), BUS),
        _answer("c", ("bus", 10, 10, 20, 20), ("van", 0, 60, 5, 5)),
    )
    assert label["adjustment-status"] == "adjusted"
    assert label["adjustments"] == {
        "a": {"status": "unadjusted", "unchanged": 2, "changes": []},
        "b": {
            "status": "adjusted",
            "unchanged": 1,
            "changes": [{"change": "moved", "label": "car", "iou": 0.8182}],
        },
        "c": {
            "status": "adjusted",
            "unchanged": 0,
            "changes": [
                {"change": "relabelled", "from": "car", "to": "bus"},
                {"change": "removed", "label": "bus"},
                {"change": "added", "label": "van"},
            ],
        },
    }


def test_the_label_is_merged_as_any_other_and_is_no_page_of_several_elements(consolidated: Send) -> None:
    label = _label(consolidated, _answer("a", CAR, BUS), _answer("b", CAR, BUS), _answer("c", CAR))
    assert [box["class-name"] for box in label["annotations"]] == ["car", "bus"]
    assert label["consolidation"]["kind"] == "boxes"
    assert label["consolidation"]["workers"] == 3


def test_nobody_changed_anything(consolidated: Send) -> None:
    label = _label(consolidated, _answer("a", CAR, BUS), _answer("b", BUS, CAR))
    assert label["adjustment-status"] == "unadjusted"


@pytest.mark.parametrize(("modified", "status"), [(True, "adjusted"), (False, "unadjusted")])
def test_a_page_without_the_hidden_field_tells_by_the_flag_alone(
    consolidated: Send, modified: bool, status: str
) -> None:
    answers = [
        answer("a", box={**boxes_element([CAR]), "initialValueModified": modified}),
        answer("b", box={**boxes_element([CAR]), "initialValueModified": False}),
        answer("c", box=boxes_element([CAR])),
    ]
    label = _label(consolidated, *answers)
    assert label["adjustment-status"] == status
    assert label["adjustments"] == {"a": {"status": status}, "b": {"status": "unadjusted"}}


def test_a_box_that_was_moved_and_moved_back_is_no_adjustment(consolidated: Send) -> None:
    label = _label(consolidated, _answer("a", CAR, BUS, initialValueModified=True))
    assert label["adjustment-status"] == "unadjusted"


def test_a_worker_who_alters_the_initial_value_in_the_browser_is_outvoted(consolidated: Send) -> None:
    """Nor does one whose page lost it go without."""
    label = _label(
        consolidated,
        _answer("a", CAR, BUS, initial=boxes_element([])),
        _answer("b", CAR, BUS),
        _answer("c", CAR, BUS),
    )
    said = {worker: told["status"] for worker, told in label["adjustments"].items()}
    assert said == {"a": "unadjusted", "b": "unadjusted", "c": "unadjusted"}
    lost = _label(consolidated, answer("a", box=boxes_element([CAR, BUS])), _answer("b", CAR, BUS))
    assert lost["adjustments"]["a"] == {"status": "unadjusted", "unchanged": 2, "changes": []}


@pytest.mark.parametrize("initial", ["", "{", "[]", {"boundingBoxes": 3}, {"src": "s3://b/mask.png"}])
def test_an_initial_value_that_cannot_be_read_costs_no_label(consolidated: Send, initial: Any) -> None:
    hidden = initial if isinstance(initial, str) else json.dumps(initial)
    given = answer("a", **{"box": boxes_element([CAR]), "box-initial-value": hidden})
    label = _label(consolidated, given)
    assert len(label["annotations"]) == 1
    assert "adjustment-status" not in label


def test_a_page_that_one_worker_tampers_with_does_not_change_what_the_others_did(consolidated: Send) -> None:
    """Not even that of the worker who comes first."""
    label = _label(
        consolidated,
        _answer("a", CAR, initial=boxes_element([("van", 0, 0, 5, 5)])),
        _answer("b", CAR, BUS),
        _answer("c", BUS, CAR),
    )
    assert {who: one["status"] for who, one in label["adjustments"].items()} == {
        "a": "adjusted",
        "b": "unadjusted",
        "c": "unadjusted",
    }


def test_a_changed_class_is_an_adjustment(consolidated: Send) -> None:
    hidden = json.dumps({"label": "dry"})
    label = _label(
        consolidated,
        answer("a", **{"weather": {"label": "dry"}, "weather-initial-value": hidden}),
        answer("b", **{"weather": {"label": "wet"}, "weather-initial-value": hidden}),
    )
    assert label["adjustments"] == {
        "a": {"status": "unadjusted", "changes": []},
        "b": {"status": "adjusted", "changes": [{"change": "changed"}]},
    }


def test_a_field_of_that_name_without_its_element_is_an_element(consolidated: Send) -> None:
    label = _label(consolidated, answer("a", **{"the-initial-value": {"label": "dry"}}))
    assert label["class-name"] == "dry"


def test_a_page_without_an_initial_value_says_nothing_of_adjustment(consolidated: Send) -> None:
    label = _label(consolidated, answer("a", box=boxes_element([CAR])))
    assert {"adjustment-status", "adjustments"}.isdisjoint(label)
