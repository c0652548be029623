"""Rating, by its rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.answers import WorkerForm, element_kinds
from consolidation.kinds.rating import Rating, RatingKind
from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.laws.merging import Merged, merge

KIND = RatingKind()


def _stars(chosen: int, steps: int = 5) -> dict[str, bool]:
    return {str(step): step == chosen for step in range(1, steps + 1)}


def _merge(*chosen: int, **options: Any) -> Merged:
    return merge(KIND, [_stars(step) for step in chosen], **{"label_categories": (), **options})


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        pytest.param(_stars(4), True, id="stars"),
        pytest.param({"-1": False, "0": True, "1": False}, True, id="around zero"),
        pytest.param({"10": True, "9": False, "8": False}, True, id="in any order"),
        pytest.param(_stars(2, steps=2), False, id="two options are no scale"),
        pytest.param({"1": True, "2": False, "5": False}, False, id="a gap"),
        pytest.param({"1": True, "2": True, "3": False}, False, id="two ticked"),
        pytest.param(_stars(9), False, id="none ticked"),
        pytest.param({"good": True, "fair": False, "bad": False}, False, id="words"),
        pytest.param({"01": True, "1": False, "2": False}, False, id="one number twice"),
        pytest.param({"label": "4"}, False, id="a class"),
        pytest.param("4", False, id="a string"),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


def test_radio_buttons_named_by_numbers_are_a_rating_and_others_a_class() -> None:
    numbers = [WorkerForm("w0", {"q": _stars(1)}), WorkerForm("w1", {"q": _stars(5)})]
    words = [WorkerForm("w0", {"q": {"bad": True, "fair": False, "good": False}})]
    assert [found.name for found in element_kinds(numbers).values() if found] == ["rating"]
    assert [found.name for found in element_kinds(words).values() if found] == ["class"]
    assert [found.name for found in element_kinds(words, {"q": "rating"}).values() if found] == ["rating"]


@pytest.mark.parametrize(
    ("element", "rating"),
    [
        (_stars(2, 3), Rating("2", frozenset({"1", "2", "3"}))),
        ({"label": "4"}, Rating("4")),
        ({"bad": False, "good": True}, Rating("good", frozenset({"bad", "good"}))),
        (4, Rating("4")),
        (4.0, Rating("4")),
        ("4", Rating("4")),
    ],
)
def test_accepted_where_the_settings_say_so(element: Any, rating: Rating) -> None:
    assert KIND.accepts(element)
    assert KIND.parse(JsonNode(element, "$", AnswerError), Limits()) == rating


@pytest.mark.parametrize("element", [4.5, True, None, [4], "", {"1": False, "2": False}, {"labels": ["4"]}])
def test_not_accepted(element: Any) -> None:
    assert not KIND.accepts(element)


def test_a_scale_over_the_limit_names_the_setting() -> None:
    with pytest.raises(LimitError, match=r"offers 5 steps, allowed are 4 \(setting limits\.categories\)"):
        KIND.parse(JsonNode(_stars(1), "$", AnswerError), Limits(categories=4))


@pytest.mark.parametrize(
    ("chosen", "value", "reasons"),
    [
        pytest.param((1, 4, 5), 4, (), id="the middle, though all differ"),
        pytest.param((1, 1, 4, 5, 5), 4, (), id="where a plurality would tie"),
        pytest.param((2, 4, 5, 5), 5, ("tie",), id="split in half: more voters behind it"),
        pytest.param((1, 2, 3, 5), 3, ("tie",), id="split in half: nearer to the mean"),
        pytest.param((2, 4), 2, ("tie",), id="split in half, as near: the lower"),
        pytest.param((3, 3, 1, 5), 3, (), id="both middles the same"),
    ],
)
def test_the_value_is_the_median(chosen: tuple[int, ...], value: int, reasons: tuple[str, ...]) -> None:
    merged = _merge(*chosen)
    assert (merged.label["value"], merged.consensus.reasons) == (value, reasons)


def test_a_tie_goes_to_the_more_skilled() -> None:
    assert _merge(2, 4, weights=[1, 1]).label["value"] == 2
    assert _merge(1, 2, 4, weights=[0.5, 1, 1.5]).label["value"] == 4


def test_weights_are_votes() -> None:
    assert _merge(1, 4, 5, weights=[3, 1, 1]).label["value"] == 1


def test_the_scale_is_the_jobs_categories_where_they_hold_all_names() -> None:
    scale = ("bad", "fair", "good", "superb")
    answers = [{"label": "superb"}, {"label": "bad"}, {"label": "good"}]
    label = merge(KIND, answers, label_categories=scale).label
    assert (label["class-name"], label["class-id"], label["value"]) == ("good", 2, 3)
    assert label["mean"] == pytest.approx((4 + 1 + 3) / 3, abs=1e-4)


def test_the_scale_is_that_of_the_numbers_where_the_job_speaks_of_other_things() -> None:
    label = merge(
        KIND, [{"label": "10"}, {"label": "9"}, {"label": "2"}], label_categories=("car", "bus")
    ).label
    assert (label["class-name"], label["class-id"], label["value"]) == ("9", 1, 9)
    assert list(label["votes"]) == ["2", "9", "10"]


def test_a_scale_of_numbers_in_falling_order_keeps_what_they_say() -> None:
    label = merge(KIND, [_stars(5), _stars(4), _stars(4)], label_categories=("5", "4", "3", "2", "1")).label
    assert (label["class-name"], label["class-id"], label["value"]) == ("4", 1, 4)


def test_agreement_falls_with_distance() -> None:
    near, far = _merge(3, 3, 4), _merge(3, 3, 1)
    assert near.consensus.agreement == pytest.approx(1 - 2 / 3 / 4)
    assert far.consensus.agreement == pytest.approx(1 - 4 / 3 / 4)
    assert near.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 1.0, "worker-2": 0.75}


def test_a_crowd_that_ticks_anything_gives_no_confidence() -> None:
    careless = _merge(*[1, 2, 3, 4, 5] * 20)
    assert careless.label["value"] == 3
    assert careless.label["confidence"] < 0.6
    assert _merge(3, 3, 3, 3).label["confidence"] > 0.9


def test_the_label_value_has_the_documented_shape() -> None:
    label = _merge(4, 5, 5).label
    assert {name: label[name] for name in ("class-id", "class-name", "value", "mean", "spread", "votes")} == {
        "class-id": 4,
        "class-name": "5",
        "value": 5,
        "mean": pytest.approx(14 / 3, abs=1e-4),
        "spread": pytest.approx(0.4714, abs=1e-4),
        "votes": {"4": 1, "5": 2},
    }
    assert label["confidence"] == label["probabilities"]["5"]
    assert _merge(4).label["confidence"] is None
