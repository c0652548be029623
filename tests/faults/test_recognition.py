"""What an element is, where the answers leave room: hidden fields, empty answers, answers that fit two kinds, strange ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.payloads import WORKERS, answer, entry, label_of, reasons_by_worker

Send = Callable[..., list[dict[str, Any]]]
CUBOID = {
    "label": "car",
    "center-x": 0,
    "center-y": 0,
    "center-z": 0,
    "length": 4,
    "width": 2,
    "height": 1.5,
}
BOX = {"label": "car", "left": 1, "top": 1, "width": 9, "height": 9, "object-id": "1"}
CUBOID_FRAMES = {"tracking-annotations": [{"frame-number": 0, "annotations": [{**CUBOID, "object-id": "1"}]}]}
VIDEO_FRAMES = {"tracking-annotations": [{"frame-no": 0, "annotations": [BOX]}]}
NO_FRAMES: dict[str, Any] = {"tracking-annotations": []}
STARS = [{str(step): step == chosen for step in range(1, 6)} for chosen in (4, 5)]


@pytest.fixture
def label_from(consolidated: Send) -> Callable[..., Any]:
    """The label of one object from each worker's answer to its only form element."""

    def send(*elements: Any) -> Any:
        answers = [answer(who, e=element) for who, element in zip(WORKERS, elements, strict=False)]
        return label_of(consolidated([entry("0", *answers)]), "0")

    return send


@pytest.mark.parametrize(
    ("seen", "nothing", "kind"),
    [
        ([CUBOID], [], "cuboids"),
        ({"annotations": [CUBOID]}, {"annotations": []}, "cuboids"),
        (CUBOID_FRAMES, NO_FRAMES, "cuboid-tracks"),
        (CUBOID_FRAMES["tracking-annotations"], [], "cuboid-tracks"),
        (VIDEO_FRAMES, NO_FRAMES, "video-tracks"),
        (VIDEO_FRAMES["tracking-annotations"], [], "video-tracks"),
        ({"lidar": CUBOID_FRAMES}, {"lidar": NO_FRAMES}, "linked-tracks"),
    ],
    ids=lambda given: given if isinstance(given, str) else json.dumps(given)[:24],
)
@pytest.mark.parametrize("carry", [json.dumps, lambda element: element], ids=["hidden field", "JSON"])
@pytest.mark.parametrize("empty", [1, 3], ids=["one sees nothing", "most see nothing"])
def test_who_sees_nothing_is_counted_by_the_kind_that_the_others_show(
    label_from: Callable[..., Any], seen: Any, nothing: Any, kind: str, carry: Any, empty: int
) -> None:
    """An empty array says nothing of what it is an array of."""
    label = label_from(carry(seen), carry(seen), *[carry(nothing)] * empty)
    block = label["consolidation"]
    assert (block["kind"], block["workers"], block["rejected"]) == (kind, 2 + empty, [])


def test_where_nobody_sees_anything_the_setting_tells_what_the_element_is(
    label_from: Callable[..., Any], configure: Callable[..., None]
) -> None:
    """Without it two brackets are no text that anybody wrote: the answers are passed on, and a person is asked."""
    assert label_from("[]", "[]")["consolidation"]["reasons"] == ["unrecognised"]
    configure({"element-kinds": {"e": "cuboids"}})
    label = label_from("[]", "[]")
    assert (label["annotations"], label["consolidation"]["rejected"]) == ([], [])


@pytest.mark.parametrize("text", ['["a","b"]', '{"a": 1, "b": 2}', "[]", '{"label": "x"}', '{"labels": []}'])
def test_a_text_that_looks_like_json_is_a_text_where_the_setting_or_the_others_say_so(
    label_from: Callable[..., Any], configure: Callable[..., None], text: str
) -> None:
    beside = label_from("one two", "one two", text)
    assert {one["value"] for one in beside["alternatives"]} == {"one two", text}
    configure({"element-kinds": {"e": "text"}})
    assert label_from(text, text)["value"] == text


def test_what_a_page_hides_and_nobody_merges_is_passed_on_as_it_came(
    label_from: Callable[..., Any], configure: Callable[..., None]
) -> None:
    configure({"pass-through": ["e"]})
    (kept,) = label_from('{"label": "car"}')["annotationsFromAllWorkers"]
    assert json.loads(kept["annotationData"]["content"]) == {"e": '{"label": "car"}'}


def test_a_ranking_of_one_item_in_a_hidden_field_counts_beside_longer_ones(
    label_from: Callable[..., Any],
) -> None:
    label = label_from('["a", "b"]', '["a"]', '["a", "b"]')
    assert [one["support"]["workers"] for one in label["ranking"]] == [3, 2]


@pytest.mark.parametrize("strange", [{"1": False, "": True}, {"4": True, "9": False}, {"label": "4"}])
def test_one_strange_answer_does_not_make_a_class_of_the_others_rating(
    label_from: Callable[..., Any], strange: Any
) -> None:
    label = label_from(STARS[0], STARS[1], strange)
    assert label["consolidation"]["kind"] == "rating"


def test_a_radio_button_may_be_called_label(label_from: Callable[..., Any]) -> None:
    label = label_from({"label": True, "other": False}, {"label": True, "other": False})
    assert (label["class-name"], label["consolidation"]["workers"]) == ("label", 2)


def test_ratings_among_more_checkboxes_are_checkboxes(label_from: Callable[..., Any]) -> None:
    several = {**STARS[0], "1": True}
    assert label_from(STARS[0], STARS[1], several)["consolidation"]["kind"] == "multi-label"


def test_one_answer_that_some_kind_knows_does_not_cost_those_that_none_does(
    label_from: Callable[..., Any],
) -> None:
    label = label_from({"strokes": [[1, 2]]}, {"strokes": [[3, 4]]}, "scribble")
    assert label["consolidation"]["reasons"] == ["unrecognised"]
    assert len(label["annotationsFromAllWorkers"]) == 3


def test_unanswered_elements_do_not_cost_the_one_answer_there_is(label_from: Callable[..., Any]) -> None:
    label = label_from({"label": "car"}, {}, [])
    assert label["class-name"] == "car"
    assert len(reasons_by_worker(label)) == 2
