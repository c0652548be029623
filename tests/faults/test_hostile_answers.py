"""Answers as careless or hostile workers may send them: what cannot count is named, what can counts, nothing leaks."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from consolidation.label import serialise
from shared.errors import LimitError
from tests.conftest import Aws
from tests.elements import boxes_element, class_element, instance_element, semantic_element
from tests.payloads import (
    ANN,
    ANSWER_URI,
    BOB,
    CYD,
    REQUEST_URI,
    WORKERS,
    answer,
    entry,
    label_of,
    reasons_by_worker,
    stored_answer,
    text_answer,
)

Send = Callable[..., list[dict[str, Any]]]
GOOD_BOXES = boxes_element([("car", 10, 10, 30, 20)])
MASK = semantic_element([[0, 1]], ["road"])
INSTANCES = instance_element([[0, 1, 2]], ["car", "bus"])


def box(**changes: Any) -> dict[str, Any]:
    """A form of one box, with changes."""
    return {**GOOD_BOXES, "boundingBoxes": [{**GOOD_BOXES["boundingBoxes"][0], **changes}]}


def merged_with_good(consolidated: Send, good: dict[str, Any], *bad: str) -> dict[str, Any]:
    """The label of one object to which some answers, as text, and one good one were given."""
    annotations = [text_answer(f"bad-{place}", text) for place, text in enumerate(bad)]
    label: dict[str, Any] = label_of(consolidated([entry("0", *annotations, answer(ANN, e=good))]), "0")
    return label


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"left": "10"}, ".left: must be a number, is a string"),
        ({"left": True}, ".left: must be a number, is a boolean"),
        ({"left": None}, ".left: is required and missing"),
        ({"top": [10]}, ".top: must be a number, is an array"),
        ({"width": -30}, "is -30x20; a box needs a width and a height"),
        ({"height": 0}, "a box needs a width and a height"),
        ({"left": -500}, "lies outside of the image"),
        ({"left": 10**400}, ".left: must be at most 1e+300 in size"),
        ({"left": 10**30}, ".left: must be from -1e+09 to 1e+09"),
        ({"width": 1.7e308}, ".width: must be from -1e+09 to 1e+09"),
        ({"label": 7}, ".label: must be a string, is a number"),
        ({"label": None}, ".label: is required and missing"),
        ({"label": ""}, ".label: must not be empty"),
        ({"label": {"name": "car"}}, ".label: must be a string, is an object"),
    ],
    ids=str,
)
def test_a_box_that_cannot_be_read_is_named_and_the_workers_other_boxes_count(
    consolidated: Send, change: dict[str, Any], reason: str
) -> None:
    form = {**GOOD_BOXES, "boundingBoxes": box(**change)["boundingBoxes"] + GOOD_BOXES["boundingBoxes"]}
    label = label_of(consolidated([entry("0", answer(ANN, e=form), answer(BOB, e=GOOD_BOXES))]), "0")
    (rejected,) = label["consolidation"]["rejected"]
    assert (rejected["worker-id"], rejected["part"]) == (ANN, "$.e.boundingBoxes[0]")
    assert reason in rejected["reason"]
    assert [one["support"]["workers"] for one in label["annotations"]] == [2]


def test_a_box_over_the_edge_is_clipped_to_the_image(consolidated: Send) -> None:
    form = box(left=-5, top=70, width=15, height=50)
    label = label_of(consolidated([entry("0", answer(ANN, e=form), answer(BOB, e=form))]), "0")
    (made,) = label["annotations"]
    assert [made[edge] for edge in ("left", "top", "width", "height")] == [0, 70, 10, 10]


def test_boxes_as_far_as_they_may_reach_are_merged_without_an_image_size(consolidated: Send) -> None:
    """No area overflows."""
    form = {"boundingBoxes": box(left=-1e9, top=-1e9, width=1e9, height=1e9)["boundingBoxes"]}
    label = label_of(consolidated([entry("0", answer(ANN, e=form), answer(BOB, e=form))]), "0")
    assert [one["width"] for one in label["annotations"]] == [10**9]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"e": NaN}', "NaN is not JSON"),
        ('{"e": -Infinity}', "-Infinity is not JSON"),
        ('{"e": {"boundingBoxes": [{"left": 1e999}]}}', "1e999 is larger than any number"),
        ("9" * 5_000, "is not JSON"),
        ("{'e': 1}", "is not JSON"),
        ("", "is not JSON"),
        ("\ufeff{}", "is not JSON"),
        ("[" * 100_000, "JSON is nested too deep (setting limits.nesting)"),
        ('{"e": ' + "[" * 70 + "]" * 70 + "}", "JSON is nested deeper than 64 (setting limits.nesting)"),
        ("[]", "must be an object, is an array"),
        ("null", "must be an object, is null"),
        ('"car"', "must be an object, is a string"),
        ("{}", "the form came back empty"),
        ("[{}]", "the form came back empty"),
        ('{"e": []}', "$.e: is not an answer of kind boxes, as other workers gave"),
        ('{"e": {"boundingBoxes": {}}}', "$.e: is not an answer of kind boxes"),
        (
            '{"e": {"boundingBoxes": [], "inputImageProperties": {"width": 0, "height": 5}}}',
            "$.e.inputImageProperties.width: must be from 1 to 1e+09, is 0",
        ),
        (
            '{"e": {"boundingBoxes": [], "inputImageProperties": {"width": "9", "height": 5}}}',
            "$.e.inputImageProperties.width: must be a number, is a string",
        ),
        (
            '{"e": {"boundingBoxes": [], "inputImageProperties": {"width": 1.5, "height": 5}}}',
            "$.e.inputImageProperties.width: must be a whole number, is 1.5",
        ),
    ],
    ids=lambda text: text[:40],
)
def test_a_text_that_is_no_form_of_boxes_costs_its_worker_only(
    consolidated: Send, text: str, reason: str
) -> None:
    label = merged_with_good(consolidated, GOOD_BOXES, text, json.dumps({"e": GOOD_BOXES}))
    assert [one["support"]["workers"] for one in label["annotations"]] == [2]
    assert list(reasons_by_worker(label)) == ["bad-0"]
    assert reason in reasons_by_worker(label)["bad-0"]


def test_an_image_of_a_size_that_no_image_has_costs_its_worker_only(consolidated: Send) -> None:
    """A side may be a number that no array of numbers holds."""
    form = {
        "polylines": [{"label": "lane", "vertices": [{"x": 1, "y": 1}, {"x": 9, "y": 9}]}],
        "inputImageProperties": {"width": 1e308, "height": 960},
    }
    good = {**form, "inputImageProperties": {"width": 1280, "height": 960}}
    label = merged_with_good(consolidated, good, json.dumps({"e": form}))
    assert [one["support"]["workers"] for one in label["annotations"]] == [1]
    assert "inputImageProperties.width: must be from 1 to 1e+09" in reasons_by_worker(label)["bad-0"]


@pytest.mark.parametrize("wrap", ["[%s]", '{"answerContent": %s}'], ids=["list of one", "worker response"])
def test_a_form_in_its_envelope_is_read(consolidated: Send, wrap: str) -> None:
    label = merged_with_good(consolidated, class_element("car"), wrap % '{"e": {"label": "car"}}')
    assert label["votes"] == {"car": 2}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labelMappings": {"road": {"color": "green"}}}, "'green' is not a colour like #2ca02c"),
        ({"labelMappings": {"road": {"color": "#2ca0"}}}, "is not a colour"),
        ({"labelMappings": {"road": {"color": 3}}}, ".road.color: must be a string"),
        ({"labelMappings": {"road": "#2ca02c"}}, ".road: must be an object"),
        (
            {"labelMappings": {"road": {"color": "#2ca02c"}, "sky": {"color": "#2CA02C"}}},
            "has the colour #2ca02c of another category",
        ),
        ({"inputImageProperties": None}, "has no inputImageProperties"),
        ({"labeledImage": {}}, ".labeledImage.pngImageData: is required and missing"),
        ({"labeledImage": {"pngImageData": 5}}, ".pngImageData: must be a string"),
        ({"inputImageProperties": {"width": 3, "height": 1}}, "the PNG is 2x1, the image is 3x1"),
    ],
    ids=str,
)
def test_a_mask_that_cannot_be_read_costs_its_worker_only(
    consolidated: Send, change: dict[str, Any], reason: str
) -> None:
    label = merged_with_good(consolidated, MASK, json.dumps({"e": {**MASK, **change}}))
    assert label["internal-color-map"]["1"]["support"]["workers"] == 1
    assert reason in reasons_by_worker(label)["bad-0"]


def test_instances_of_one_colour_are_told_apart_by_nothing_so_the_second_is_rejected(
    consolidated: Send,
) -> None:
    form = {**INSTANCES, "instances": [*INSTANCES["instances"], {"color": "#2CA02C", "label": "van"}]}
    label = label_of(consolidated([entry("0", answer(ANN, e=form), answer(BOB, e=INSTANCES))]), "0")
    assert [one["label"] for one in label["instances"]] == ["bus", "car"]
    (rejected,) = label["consolidation"]["rejected"]
    assert rejected["part"] == "$.e.instances[2]"
    assert "has the colour #2ca02c of another instance" in rejected["reason"]


@pytest.mark.parametrize(
    "name", ["a\x00b", "\u202eevil", "<script>alert(1)</script>", "car\n{}", "\U0001f697", "a" * 500, " "]
)
def test_any_name_a_worker_gives_is_carried_as_it_is(consolidated: Send, name: str) -> None:
    label = merged_with_good(consolidated, class_element(name), json.dumps({"e": class_element(name)}))
    assert label["votes"] == {name: 2}


@pytest.mark.parametrize("kind", ["content", "s3Uri"])
def test_half_a_character_becomes_a_replacement_character(aws: Aws, consolidated: Send, kind: str) -> None:
    """JSON can escape a lone surrogate, but no encoding can carry it on: the reply must be writable as UTF-8."""
    text = '{"e": {"label": "car\\ud83d"}}'
    uri = aws.put(f"{ANSWER_URI}/0/a.json", text)
    broken = text_answer(ANN, text) if kind == "content" else stored_answer(ANN, uri)
    reply = consolidated([entry("0", broken)])
    assert label_of(reply, "0")["class-name"] == "car\ufffd"
    json.dumps(reply, ensure_ascii=False).encode()


@pytest.mark.parametrize("place", ["datasetObjectId", "workerId", "s3Uri"])
def test_half_a_character_outside_of_the_answers_costs_nobody_a_label(
    consolidated: Send, configure: Callable[..., None], place: str
) -> None:
    configure({"worker-ids": "hashed"})
    broken = {
        "datasetObjectId": entry("0\ud83d", answer(ANN, e=class_element("car"))),
        "workerId": entry("0", answer("ann\ud83d", e=class_element("car"))),
        "s3Uri": entry(
            "0", stored_answer(BOB, f"{ANSWER_URI}/\ud83d.json"), answer(ANN, e=class_element("car"))
        ),
    }[place]
    reply = consolidated([broken])
    (content,) = [one["consolidatedAnnotation"]["content"] for one in reply]
    assert [label["class-name"] for label in content.values()] == ["car"]


LIMITED = [
    ({"answer-bytes": 40}, class_element("c" * 60), "limits.answer-bytes"),
    ({"values": 2}, {"labels": ["a", "b", "c"]}, "limits.values"),
    ({"nesting": 3}, {"label": "car", "deep": [[1]]}, "limits.nesting"),
    ({"text": 3}, class_element("cart"), "limits.text"),
    ({"text": 3}, {"label": "car", "workerComment": "long"}, "limits.text"),
    ({"text": 3}, boxes_element([("cart", 10, 10, 30, 20)]), "limits.text"),
    ({"text": 3}, semantic_element([[1]], ["road"]), "limits.text"),
    ({"text": 3}, instance_element([[1]], ["cart"]), "limits.text"),
    ({"parts": 1}, boxes_element([("car", 10, 10, 30, 20)] * 2), "limits.parts"),
    ({"parts": 1}, INSTANCES, "limits.parts"),
    ({"categories": 1}, semantic_element([[1, 2]], ["road", "sky"]), "limits.categories"),
]


@pytest.mark.parametrize(
    ("limits", "form", "name"), LIMITED, ids=[f"{next(iter(form))}-{name}" for _, form, name in LIMITED]
)
def test_an_answer_over_a_limit_is_refused_and_the_setting_named(
    consolidated: Send,
    configure: Callable[..., None],
    limits: dict[str, int],
    form: dict[str, Any],
    name: str,
) -> None:
    """Without the limit the same answer counts."""
    payload = [entry("0", answer(ANN, e=form))]
    assert label_of(consolidated(payload), "0")["consolidation"]["rejected"] == []
    configure({"limits": limits})
    (rejected,) = label_of(consolidated(payload), "0")["consolidation"]["rejected"]
    assert f"(setting {name})" in rejected["reason"]


def test_a_large_answer_in_s3_is_refused_before_it_is_fetched(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"limits": {"answer-bytes": 40}})
    uri = aws.put(f"{ANSWER_URI}/0/a.json", json.dumps({"e": class_element("c" * 60)}))
    reason = reasons_by_worker(label_of(consolidated([entry("0", stored_answer(ANN, uri))]), "0"))[ANN]
    assert reason == f"{uri} has 80 bytes, allowed are 40 (setting limits.answer-bytes)"


def test_a_large_payload_is_refused(aws: Aws, consolidated: Send, configure: Callable[..., None]) -> None:
    configure({"limits": {"payload-bytes": 100}})
    aws.put(REQUEST_URI, json.dumps([entry("0", answer(ANN, e=class_element("car")))]))
    with pytest.raises(LimitError, match=r"allowed are 100 \(setting limits.payload-bytes\)"):
        consolidated({"s3Uri": REQUEST_URI})


def _everything_that_names_workers() -> list[Any]:
    """Labels with support, candidates, comments, rejections, raw answers, passed-through forms and errors."""
    return [
        entry(
            "boxes",
            answer(ANN, e=GOOD_BOXES),
            answer(BOB, e=boxes_element([("bus", 60, 10, 30, 20)])),
            answer(CYD, e=box(width=-1)),
        ),
        entry(
            "class",
            answer(ANN, e={"label": "car", "workerComment": "hm"}),
            answer(BOB, e=class_element("bus")),
        ),
        entry("mask", answer(ANN, e=MASK), answer(BOB, e=INSTANCES), text_answer(CYD, "broken")),
        entry("instances", answer(ANN, e=INSTANCES), answer(BOB, e=instance_element([[1, 0, 0]], ["car"]))),
        entry("unknown", answer(ANN, x=[1]), answer(BOB, x=[2])),
        entry("twice", answer(ANN, e=class_element("car")), answer(ANN, e=class_element("car"))),
        entry("error", text_answer(ANN, "{}"), {"workerId": BOB}),
        entry("fields", answer(ANN, e=GOOD_BOXES, f=class_element("car")), answer(BOB, f=class_element("a"))),
    ]


@pytest.mark.parametrize("policy", ["hashed", "omitted"])
def test_no_real_worker_id_is_anywhere_in_labels_that_hide_them(
    consolidated: Send, configure: Callable[..., None], policy: str
) -> None:
    configure({"include-worker-annotations": True})
    plain = serialise(consolidated(_everything_that_names_workers())).decode()
    assert all(worker in plain for worker in (ANN, BOB, CYD))
    configure({"include-worker-annotations": True, "worker-ids": policy})
    hidden = serialise(consolidated(_everything_that_names_workers())).decode()
    assert not [worker for worker in WORKERS if worker in hidden]


def _shown_ids(reply: list[dict[str, Any]], data_object_id: str) -> list[str]:
    return list(label_of(reply, data_object_id)["consolidation"]["answers"])


@pytest.fixture
def two_objects_of_bob() -> list[Any]:
    """One object that Bob answered alone, one that he answered with Ann."""
    car = {"e": class_element("car")}
    return [entry("0", answer(BOB, **car)), entry("1", answer(ANN, **car), answer(BOB, **car))]


def test_a_hashed_id_is_the_same_in_every_object(
    consolidated: Send, configure: Callable[..., None], two_objects_of_bob: list[Any]
) -> None:
    configure({"worker-ids": "hashed"})
    reply = consolidated(two_objects_of_bob)
    (bob,) = _shown_ids(reply, "0")
    assert re.fullmatch("[0-9a-f]{16}", bob)
    assert bob in _shown_ids(reply, "1")


def test_an_omitted_id_tells_nothing_of_who_answered_elsewhere(
    consolidated: Send, configure: Callable[..., None], two_objects_of_bob: list[Any]
) -> None:
    configure({"worker-ids": "omitted"})
    reply = consolidated(two_objects_of_bob)
    assert _shown_ids(reply, "0") == ["worker-1"]
    assert _shown_ids(reply, "1") == ["worker-1", "worker-2"]


def test_nothing_a_worker_wrote_is_in_the_log(
    consolidated: Send, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither from answers that count nor from those that are refused."""
    word = "written-by-a-worker"
    forms: list[Any] = [
        {"e": class_element(word)},
        {"e": {"label": "car", "workerComment": word}},
        {"e": box(label=word, left=word)},
        {"e": {**MASK, "labelMappings": {word: {"color": word}}}},
        {"e": {**MASK, "labeledImage": {"pngImageData": word}}},
        {"e": word},
        {"e": {word: word}},
        word,
    ]
    payload = [
        entry(str(place), text_answer(ANN, json.dumps(form)), text_answer(BOB, word), text_answer(BOB, ""))
        for place, form in enumerate(forms)
    ]
    reply = consolidated(payload)
    assert word in json.dumps(reply)
    printed = capsys.readouterr()
    assert '"message":"consolidated"' in log.getvalue()
    assert word not in log.getvalue() + printed.out + printed.err


def test_answers_of_workers_without_weight_are_named_when_no_other_is_left(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"method": "weighted", "default-worker-weight": 0})
    label = label_of(consolidated([entry("0", answer(ANN, e=GOOD_BOXES), answer(BOB, e=GOOD_BOXES))]), "0")
    assert label["error"]["message"] == "no worker's answer to 'e' can be used"
    assert reasons_by_worker(label) == {ANN: "the worker has weight 0", BOB: "the worker has weight 0"}
