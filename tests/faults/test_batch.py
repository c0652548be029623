"""One batch with everything wrong in it: every object gets its label, and what went wrong costs only itself."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shared.errors import ContractError, ObjectMissingError
from tests.conftest import Aws
from tests.elements import boxes_element, read_png, semantic_element
from tests.payloads import (
    ANN,
    ANSWER_URI,
    BOB,
    CYD,
    REQUEST_URI,
    answer,
    entry,
    ids,
    label_of,
    reasons_by_worker,
    stored_answer,
    text_answer,
    votes,
)

Send = Callable[..., list[dict[str, Any]]]
ROAD = semantic_element([[1, 1, 0], [1, 1, 0]], ["road"])


def cut_off(element: dict[str, Any]) -> dict[str, Any]:
    """The element with the second half of its PNG missing."""
    png = base64.b64decode(element["labeledImage"]["pngImageData"])
    return {**element, "labeledImage": {"pngImageData": base64.b64encode(png[: len(png) // 2]).decode()}}


@pytest.fixture
def batch_of_four(aws: Aws, consolidated: Send) -> list[dict[str, Any]]:
    """A corrupt PNG, a missing S3 answer, a worker who answers twice and an unknown form, in one request from S3."""
    there = aws.put(f"{ANSWER_URI}/8/there.json", json.dumps({"kind": {"label": "car"}}))
    payload = [
        entry("9", answer(ANN, mask=ROAD), answer(BOB, mask=cut_off(ROAD)), answer(CYD, mask=ROAD)),
        entry(
            "8",
            stored_answer(ANN, there),
            stored_answer(BOB, f"{ANSWER_URI}/8/gone.json"),
            answer(CYD, kind={"label": "car"}),
        ),
        entry(
            "3",
            answer(ANN, kind={"label": "bus"}),
            answer(BOB, kind={"label": "car"}),
            answer(ANN, kind={"label": "car"}),
        ),
        entry("4", answer(ANN, drawing={"strokes": [1]}), answer(BOB, drawing={"strokes": [2]})),
    ]
    return consolidated({"s3Uri": aws.put(REQUEST_URI, json.dumps(payload))})


def test_the_batch_of_four_comes_back_as_four_in_the_order_received(batch_of_four: Any) -> None:
    assert ids(batch_of_four) == ["9", "8", "3", "4"]
    assert not any("error" in label_of(batch_of_four, name) for name in ids(batch_of_four))


def test_a_corrupt_png_costs_that_worker_only(aws: Aws, batch_of_four: Any) -> None:
    """The mask is what the other two drew, and the label names the worker and the fault."""
    label = label_of(batch_of_four, "9")
    assert read_png(aws.get(label["mask-ref"])).tolist() == [[1, 1, 0], [1, 1, 0]]
    assert label["internal-color-map"]["1"]["support"]["worker-ids"] == [ANN, CYD]
    assert reasons_by_worker(label) == {BOB: "the PNG is cut off"}
    assert label["consolidation"]["workers"] == 2
    assert label["consolidation"]["needs-review"] is True
    assert "rejected-answer" in label["consolidation"]["reasons"]


def test_an_answer_missing_in_s3_costs_that_worker_only(batch_of_four: Any) -> None:
    label = label_of(batch_of_four, "8")
    assert label["votes"] == {"car": 2}
    assert reasons_by_worker(label) == {BOB: f"there is no object at {ANSWER_URI}/8/gone.json"}
    assert label["consolidation"]["reasons"] == ["rejected-answer"]


def test_a_worker_who_answers_twice_counts_once_with_the_last_answer(batch_of_four: Any) -> None:
    """It follows a rule, so nobody need look at it."""
    label = label_of(batch_of_four, "3")
    assert label["votes"] == {"car": 2}
    assert reasons_by_worker(label) == {ANN: "the worker answered more than once; the last answer counts"}
    assert label["consolidation"]["reasons"] == []
    assert label["consolidation"]["needs-review"] is False


def test_an_unknown_form_is_passed_through_and_marked_for_review(batch_of_four: Any) -> None:
    label = label_of(batch_of_four, "4")
    forms = [json.loads(one["annotationData"]["content"]) for one in label["annotationsFromAllWorkers"]]
    assert forms == [{"drawing": {"strokes": [1]}}, {"drawing": {"strokes": [2]}}]
    assert label["consolidation"]["reasons"] == ["unrecognised"]


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([], "there are no answers"),
        ([text_answer(ANN, "{}"), text_answer(BOB, "no json")], "none of the 2 answers can be used"),
        ([answer(ANN, kind={"label": ""})], "no worker's answer to 'kind' can be used"),
        ("all of them", "$.payload[0].annotations: must be an array, is a string"),
        (
            {"0": answer(ANN, kind={"label": "car"})},
            "$.payload[0].annotations: must be an array, is an object",
        ),
    ],
    ids=["no answers", "all unusable", "the only element unusable", "not an array", "an object"],
)
def test_an_object_without_a_usable_answer_gets_an_error_label_and_the_next_its_label(
    consolidated: Send, annotations: Any, message: str
) -> None:
    payload = [{"datasetObjectId": "0", "annotations": annotations}, votes("1", "car", "car")]
    reply = consolidated(payload)
    broken = label_of(reply, "0")
    assert broken["error"] == {"code": "answer", "message": message}
    assert broken["consolidation"]["reasons"] == ["error:answer"]
    assert broken["consolidation"]["needs-review"] is True
    assert broken["consolidation"]["confidence"] is None
    assert label_of(reply, "1")["class-name"] == "car"


def test_an_error_label_names_every_answer_and_its_fault(consolidated: Send) -> None:
    label = label_of(consolidated([entry("0", text_answer(ANN, "{}"), text_answer(BOB, "nonsense"))]), "0")
    found = reasons_by_worker(label)
    assert found[ANN] == "the form came back empty"
    assert found[BOB].startswith("$: is not JSON")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (
            {"annotationData": {"content": "{}"}},
            "$.payload[0].annotations[0].workerId: is required and missing",
        ),
        ({"workerId": ANN}, "$.payload[0].annotations[0].annotationData: is required and missing"),
        (
            {"workerId": ANN, "annotationData": {}},
            "$.payload[0].annotations[0].annotationData: has neither content nor s3Uri",
        ),
        (
            {"workerId": ANN, "annotationData": {"s3uri": "s3://acme-out/run/x.json"}},
            "$.payload[0].annotations[0].annotationData: has neither content nor s3Uri",
        ),
        (
            {"workerId": ANN, "annotationData": {"content": {"kind": 1}}},
            "$.payload[0].annotations[0].annotationData.content: must be a string, is an object",
        ),
        (
            {"workerId": ANN, "annotationData": {"s3Uri": ""}},
            "$.payload[0].annotations[0].annotationData.s3Uri: must not be empty",
        ),
        ("an answer", "$.payload[0].annotations[0]: must be an object, is a string"),
        (None, "$.payload[0].annotations[0]: must be an object, is null"),
    ],
)
def test_a_malformed_annotation_is_named_by_its_path_and_the_others_count(
    consolidated: Send, broken: Any, reason: str
) -> None:
    label = label_of(consolidated([entry("0", broken, answer(BOB, kind={"label": "car"}))]), "0")
    assert label["votes"] == {"car": 1}
    (rejected,) = label["consolidation"]["rejected"]
    assert rejected["reason"] == reason
    assert rejected["worker-id"] in {ANN, "unknown at $.payload[0].annotations[0]"}


def test_an_entry_without_an_id_cannot_be_answered_but_the_others_are(
    consolidated: Send, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service takes replies by id; what has none is in the log and in the metric of failed objects."""
    nameless = {"annotations": [answer(ANN, kind={"label": "car"})]}
    reply = consolidated([nameless, votes("1", "car"), {"datasetObjectId": ""}, "entry", votes("2", "bus")])
    assert ids(reply) == ["1", "2"]
    assert "$.payload[0].datasetObjectId: is required and missing" in log.getvalue()
    assert '"FailedObjects":[3.0]' in capsys.readouterr().out


def test_entries_that_repeat_an_id_are_answered_once_with_all_their_answers(consolidated: Send) -> None:
    """AWS's own samples reply once per annotation; which of the duplicates counts then is not known."""
    payload = [votes("7", "car"), votes("5", "bus"), entry(7, answer(BOB, kind={"label": "car"}))]
    reply = consolidated(payload)
    assert ids(reply) == ["7", "5"]
    assert label_of(reply, "7")["votes"] == {"car": 2}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["broken second", "broken first"])
def test_a_broken_repetition_of_an_id_does_not_cost_the_answers_of_the_whole_one(
    consolidated: Send, order: tuple[int, int]
) -> None:
    payload = [votes("7", "car", "car"), {"datasetObjectId": "7", "annotations": "none"}]
    label = label_of(consolidated([payload[place] for place in order]), "7")
    assert label["votes"] == {"car": 2}
    (rejected,) = label["consolidation"]["rejected"]
    assert "annotations: must be an array, is a string" in rejected["reason"]


def test_a_broken_data_object_does_not_cost_the_answers(consolidated: Send) -> None:
    """No kind in use needs it."""
    label = label_of(consolidated([{**votes("7", "car", "car"), "dataObject": "s3://acme-in/7.jpg"}]), "7")
    assert label["votes"] == {"car": 2}


def test_workers_who_disagree_on_the_category_of_a_box_still_get_one_box(consolidated: Send) -> None:
    """CVAT and Datumaro crash on this."""
    forms = [boxes_element([(name, 10, 10, 30, 20)]) for name in ("car", "bus", "car")]
    payload = [entry("0", *(answer(who, b=form) for who, form in zip((ANN, BOB, CYD), forms, strict=True)))]
    (box,) = label_of(consolidated(payload), "0")["annotations"]
    assert (box["class-name"], box["support"]["workers"]) == ("car", 3)


def test_two_marks_of_one_worker_are_no_consensus(consolidated: Send) -> None:
    """The same box twice from one worker, nothing from two others: one supporter, a candidate."""
    twice = boxes_element([("car", 10, 10, 30, 20), ("car", 10, 10, 30, 20)])
    empty = boxes_element([])
    label = label_of(
        consolidated([entry("0", answer(ANN, b=twice), answer(BOB, b=empty), answer(CYD, b=empty))]), "0"
    )
    assert label["annotations"] == []
    assert [one["support"]["workers"] for one in label["candidates"]] == [1, 1]


def test_two_empty_masks_agree(consolidated: Send) -> None:
    """0/0 in most libraries."""
    empty = semantic_element(np.zeros((3, 4)), ["road"])
    label = label_of(consolidated([entry("0", answer(ANN, m=empty), answer(BOB, m=empty))]), "0")
    assert label["consolidation"]["agreement"] == 1.0


def test_the_blame_is_put_on_the_worker_whose_answer_it_was(consolidated: Send) -> None:
    """Of five answers the second and the fourth are broken, each in its own way."""
    annotations = [
        answer("w1", b=boxes_element([("car", 10, 10, 30, 20)])),
        answer("w2", b={"boundingBoxes": "many"}),
        answer("w3", b=boxes_element([("car", 10, 10, 30, 20)])),
        answer("w4", b=boxes_element([("car", 500, 500, 30, 20)])),
        answer("w5", b=boxes_element([("car", 10, 10, 30, 20)])),
    ]
    found = reasons_by_worker(label_of(consolidated([entry("0", *annotations)]), "0"))
    assert set(found) == {"w2", "w4"}
    assert "is not an answer of kind boxes" in found["w2"]
    assert "outside of the image" in found["w4"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", ContractError),
        (b'{"datasetObjectId": "0"}', ContractError),
        (b"\xff\xfe", ContractError),
        (None, ObjectMissingError),
    ],
    ids=["no json", "no array", "no utf-8", "not there"],
)
def test_only_a_payload_that_cannot_be_read_at_all_raises(
    aws: Aws, consolidated: Send, body: bytes | None, error: type[Exception]
) -> None:
    """There is no id to reply to."""
    if body is not None:
        aws.put(REQUEST_URI, body)
    with pytest.raises(error):
        consolidated({"s3Uri": REQUEST_URI})
