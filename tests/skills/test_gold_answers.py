"""Known truth in the settings: it tells who is right, even against the majority, and a slip in it costs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import SettingsError
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.conftest import Aws
from tests.payloads import ANN, BOB, answer, entry, ids, label_of, reasons_by_worker, votes

Send = Callable[..., list[dict[str, Any]]]


def _two_wrong_workers(count: int) -> list[Any]:
    """Objects on which Bob and Cyd make the same mistake, and one on which Ann and Bob disagree."""
    wrong = [votes(str(number), "car", "bus", "bus") for number in range(count)]
    return [
        *wrong,
        entry("last", answer(ANN, kind={"label": "car"}), answer(BOB, kind={"label": "bus"})),
    ]


def _gold(count: int, **element: Any) -> dict[str, Any]:
    return {f"s3://acme-in/roads/{number}.jpg": element for number in range(count)}


def test_gold_answers_show_who_is_right_against_the_majority(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    """The object that has no gold answer profits."""
    batch = _two_wrong_workers(12)
    configure({"method": "em", "skill-store": "off"})
    assert label_of(consolidated(batch), "last")["class-name"] == "bus"
    configure(
        {"method": "em", "skill-store": "off", "gold-answers": _gold(12, kind={"label": "car"})},
    )
    label = label_of(consolidated(batch), "last")
    assert label["class-name"] == "car"
    skills = label["consolidation"]["skills"]
    assert skills[ANN] > 0.8
    assert skills[BOB] < 0.5


def test_the_label_of_an_object_is_still_made_of_its_answers(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    """A gold answer is no vote, and stands in no label."""
    configure({"method": "em", "gold-answers": _gold(1, kind={"label": "tram"})})
    label = label_of(consolidated([votes("0", "car", "car", "bus")]), "0")
    assert label["class-name"] == "car"
    assert label["consolidation"]["workers"] == 3
    assert "gold" not in str(label)


def test_a_text_is_known_by_its_content(consolidated: Send, configure: Callable[..., None]) -> None:
    known = {**votes("0", "car", "car", "bus"), "dataObject": {"content": "Ada wrote it"}}
    other = {**votes("1", "car", "car", "bus"), "dataObject": {"content": "Ada wrote this"}}
    configure({"method": "em", "gold-answers": {"Ada wrote it": {"kind": ["no", "class"]}}})
    reply = consolidated([known, other])
    reasons = [label_of(reply, name)["consolidation"]["reasons"] for name in ids(reply)]
    assert ["gold-answer-unusable" in each for each in reasons] == [True, False]


def test_a_gold_answer_that_cannot_be_read_is_told_with_its_place(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    """The batch and the object itself get their labels."""
    configure({"method": "em", "gold-answers": _gold(1, kind={"label": 7})})
    reply = consolidated([votes("0", "car", "car", "car"), votes("1", "bus", "bus", "bus")])
    label = label_of(reply, "0")
    assert label["class-name"] == "car"
    assert label["consolidation"]["reasons"] == ["gold-answer-unusable"]
    assert reasons_by_worker(label) == {
        "gold answer": 'the gold answer cannot be used: $.gold-answers["s3://acme-in/roads/0.jpg"].kind: '
        "is not an answer of kind class, as other workers gave"
    }
    assert label_of(reply, "1")["consolidation"]["reasons"] == []
    assert ids(reply) == ["0", "1"]


def test_other_methods_have_no_use_for_gold_answers(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"method": "majority", "gold-answers": _gold(1, kind={"label": 7})})
    assert (
        label_of(consolidated([votes("0", "car", "car", "car")]), "0")["consolidation"]["needs-review"]
        is False
    )


@pytest.mark.parametrize(
    ("gold", "path"),
    [
        (["s3://a-b/c"], r"\$\.gold-answers"),
        ({"s3://a-b/c": [1]}, r"\$\.gold-answers\.s3://a-b/c"),
        ({"s3://a-b/c": None}, r"\$\.gold-answers\.s3://a-b/c"),
    ],
)
def test_gold_answers_of_a_wrong_shape_are_refused_with_the_place(gold: Any, path: str) -> None:
    with pytest.raises(SettingsError, match=f"{path}: must be an object"):
        Settings.parse(JsonNode({"gold-answers": gold}))
