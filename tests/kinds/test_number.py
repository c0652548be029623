"""Number, by its rule book."""

from __future__ import annotations

from typing import Any

import pytest

from consolidation.answers import WorkerForm, element_kinds
from consolidation.kinds.number import NumberKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.laws.merging import Merged, merge

KIND = NumberKind()


def _merge(*numbers: Any, **options: Any) -> Merged:
    return merge(KIND, numbers, **options)


@pytest.mark.parametrize(
    ("element", "mine"),
    [
        (7, True),
        (-0.25, True),
        ("7", True),
        ("-12.50", True),
        ("0", True),
        ("123456789012345", True),
        ("1234567890123456", False),
        ("-0", False),
        ("007", False),
        (" 7", False),
        ("+7", False),
        ("1e3", False),
        ("1,000", False),
        ("٣", False),
        ("", False),
        ("12 b", False),
        (True, False),
        (float("nan"), False),
        (10**400, False),
        ([7], False),
        ("9" * 10**5, False),
    ],
)
def test_recognised(element: Any, mine: bool) -> None:
    assert KIND.recognise(element) is mine


@pytest.mark.parametrize(
    ("element", "number"),
    [
        (7, 7),
        (7.0, 7),
        ("7.50", 7.5),
        (" 7 ", 7),
        ("+7", 7),
        ("007", 7),
        ("1e3", 1000),
        (".5", 0.5),
        ("-0", 0),
    ],
)
def test_read_where_most_answers_are_numbers(element: Any, number: float) -> None:
    assert KIND.accepts(element)
    read = KIND.parse(JsonNode(element, "$", AnswerError), Limits())
    assert (read, type(read)) == (number, type(number))


def test_another_text_is_no_number() -> None:
    assert not KIND.accepts("seven")
    with pytest.raises(AnswerError, match=r"\$: must be a number, is another text"):
        KIND.parse(JsonNode("seven", "$", AnswerError), Limits())


@pytest.mark.parametrize(
    ("answers", "named", "kind"),
    [
        pytest.param(["12", 13, "11"], {}, "number", id="numbers, however sent"),
        pytest.param(["12", "12b", "12"], {}, "text", id="one that is none: all are texts"),
        pytest.param(["12", "12", "12"], {"house": "text"}, "text", id="house numbers, by the settings"),
    ],
)
def test_which_kind_numeric_strings_are(answers: list[Any], named: dict[str, str], kind: str) -> None:
    forms = [WorkerForm(f"w{place}", {"house": answer}) for place, answer in enumerate(answers)]
    found = element_kinds(forms, named)["house"]
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize(
    ("numbers", "value"),
    [
        pytest.param((3, 4, 4), 4, id="a count"),
        pytest.param((3, 5), 4, id="two give their mean"),
        pytest.param((3, 4), 3.5, id="which need not be whole"),
        pytest.param((0.1, 0.2), 0.15, id="to 15 digits"),
        pytest.param((98, 100, 103, 1e6), 101.5, id="an outlier"),
        pytest.param((-5, "-7", -7.0), -7, id="written in different ways"),
        pytest.param((10**300, 10**300), 10**300, id="very large"),
        pytest.param((1.7e308, -1.7e308, 1.6e308), 1.6e308, id="sums would overflow"),
        pytest.param((2**53 + 1, 2**53 + 3), 2**53 + 2, id="beyond what floats hold"),
    ],
)
def test_the_value_is_the_median(numbers: tuple[Any, ...], value: float) -> None:
    label = _merge(*numbers).label
    assert label["value"] == value
    assert isinstance(label["value"], type(value))


def test_weights_are_votes() -> None:
    assert _merge(1, 2, 9, weights=[1, 1, 3]).label["value"] == 9


def test_outliers_are_marked_and_count() -> None:
    merged = _merge(40, 42, 44, 400)
    assert merged.label["value"] == 43
    assert merged.label["tolerance"] == pytest.approx(4.3)
    assert merged.label["values"][-1] == {"worker-id": "worker-3", "value": 400, "outlier": True}
    assert [one["outlier"] for one in merged.label["values"]] == [False, False, False, True]
    assert merged.label["support"]["workers"] == 3
    assert merged.consensus.reasons == ()


def test_a_value_without_a_quorum_near_it_says_so() -> None:
    merged = _merge(1, 50, 400)
    assert merged.label["value"] == 50
    assert merged.consensus.reasons == ("quorum",)
    assert merged.consensus.confidence is not None
    assert merged.consensus.confidence < 0.2


def test_the_spread_is_that_of_the_bulk() -> None:
    assert _merge(9, 10, 11, 10, 12, 8, 5000).label["spread"] == pytest.approx(1.4826)
    assert _merge(5, 5, 5, 9).label["spread"] == 0


def test_confidence_grows_with_answers_and_with_their_agreement() -> None:
    def sure(*numbers: float) -> float:
        return _merge(*numbers).consensus.confidence or 0.0

    assert sure(100, 100) < sure(100, 100, 100) < sure(100, 100, 100, 100)
    assert sure(90, 100, 110) < sure(98, 100, 102)
    assert sure(100, 100, 100, 100, 900) < sure(100, 100, 100, 100)


def test_a_wider_tolerance_is_met_more_surely() -> None:
    def sure(tolerance: float) -> float:
        return _merge(90, 100, 110, settings=Settings(number_tolerance=tolerance)).consensus.confidence or 0.0

    assert sure(0.01) < sure(0.1) < sure(0.3)


def test_the_unit_does_not_matter() -> None:
    metres, millimetres = _merge(1.2, 1.3, 2.0), _merge(1200, 1300, 2000)
    assert metres.consensus.confidence == pytest.approx(millimetres.consensus.confidence)
    assert metres.consensus.agreement == pytest.approx(millimetres.consensus.agreement)


def test_agreement_is_the_mean_ratio_of_pairs() -> None:
    merged = _merge(50, 100, 0)
    assert merged.consensus.agreement == pytest.approx(0.5 / 3)
    assert merged.consensus.worker_agreement == {"worker-0": 1.0, "worker-1": 0.5, "worker-2": 0.0}
    assert _merge(0, 0).consensus.agreement == 1.0
    assert _merge(-1, 1).consensus.agreement == 0.0


def test_the_label_value_has_the_documented_shape() -> None:
    label = _merge(40, 44, "42").label
    assert list(label) == ["value", "spread", "tolerance", "confidence", "support", "values"]
    assert label["values"] == [
        {"worker-id": "worker-0", "value": 40, "outlier": False},
        {"worker-id": "worker-2", "value": 42, "outlier": False},
        {"worker-id": "worker-1", "value": 44, "outlier": False},
    ]
    assert _merge(7).label["confidence"] is None
