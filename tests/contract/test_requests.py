"""Ground Truth's requests, read tolerantly; what is missing and needed is named by its JSON path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.contract import (
    ConsolidationPayload,
    ConsolidationRequest,
    PreAnnotationRequest,
    WorkerAnnotation,
    job_name_of,
    parse_label_category_file,
)
from shared.errors import ContractError
from shared.json_node import JsonNode, parse_json
from tests.conftest import Aws
from tests.payloads import (
    ANN,
    ANSWER_URI,
    BOB,
    JOB_ARN,
    LABEL,
    OUTPUT_CONFIG,
    REQUEST_URI,
    answer,
    consolidation_event,
    entry,
    ids,
    label_of,
    pre_annotation_event,
    stored_answer,
    votes,
)

Send = Callable[..., list[dict[str, Any]]]
PAYLOAD = {"s3Uri": REQUEST_URI}
DOCUMENTED = {
    "version": "2018-10-16",
    "labelingJobArn": JOB_ARN,
    "labelCategories": ["car", "bus"],
    "labelAttributeName": LABEL,
    "roleArn": "arn:aws:iam::111122223333:role/gt-exec",
    "payload": PAYLOAD,
}


def test_the_documented_event_is_read() -> None:
    assert ConsolidationRequest.parse(DOCUMENTED) == ConsolidationRequest(
        labeling_job_arn=JOB_ARN,
        label_attribute_name=LABEL,
        label_categories=("car", "bus"),
        role_arn="arn:aws:iam::111122223333:role/gt-exec",
        payload=REQUEST_URI,
        output_config=None,
        kms_key_id=None,
    )


def test_the_captured_event_is_read() -> None:
    """It has keys that no page documents, and no label categories."""
    request = ConsolidationRequest.parse(consolidation_event(PAYLOAD, kmsKeyId="1234abcd"))
    assert request.label_categories == ()
    assert request.output_config == OUTPUT_CONFIG
    assert request.kms_key_id == "1234abcd"
    assert request.labeling_job_name == "roads-7a"
    assert request.payload_name == REQUEST_URI


def test_two_keys_are_enough() -> None:
    request = ConsolidationRequest.parse({"labelAttributeName": "Cats", "payload": PAYLOAD})
    assert request.label_attribute_name == "Cats"
    assert request.labeling_job_name is None


@pytest.mark.parametrize(
    "key", ["version", "labelingJobArn", "labelCategories", "roleArn", "outputConfig", "kmsKeyId"]
)
@pytest.mark.parametrize("absence", ["absent", "null", "unknown beside it"])
def test_an_optional_key_may_be_absent_or_null_and_unknown_ones_are_ignored(key: str, absence: str) -> None:
    event: dict[str, Any] = {**consolidation_event(PAYLOAD), "labelCategories": ["car"]}
    event |= {key: None, "unknown": {"a": [1]}}
    if absence == "absent":
        del event[key]
    assert ConsolidationRequest.parse(event).label_attribute_name == LABEL


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        (None, ()),
        ([], ()),
        (["car", "bus"], ("car", "bus")),
        (["car", "bus", "car"], ("car", "bus")),
        ([{"label": "car"}, {"label": "bus", "attributes": []}], ("car", "bus")),
        (["car", {"label": "bus"}], ("car", "bus")),
    ],
    ids=str,
)
def test_label_categories_come_in_several_forms(categories: Any, expected: tuple[str, ...]) -> None:
    event = {**consolidation_event(PAYLOAD), "labelCategories": categories}
    assert ConsolidationRequest.parse(event).label_categories == expected


@pytest.mark.parametrize(
    ("output_config", "expected"),
    [
        (OUTPUT_CONFIG, OUTPUT_CONFIG),
        ({"s3OutputPath": OUTPUT_CONFIG}, OUTPUT_CONFIG),
        ({"S3OutputPath": OUTPUT_CONFIG, "KmsKeyId": ""}, OUTPUT_CONFIG),
        (None, None),
    ],
    ids=str,
)
def test_the_output_config_is_a_string_or_the_apis_object(output_config: Any, expected: str | None) -> None:
    event = {**consolidation_event(PAYLOAD), "outputConfig": output_config}
    assert ConsolidationRequest.parse(event).output_config == expected


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"payload": None}, "$.payload: is required and missing"),
        ({"payload": {}}, "$.payload.s3Uri: is required and missing"),
        ({"payload": {"s3uri": "s3://a"}}, "$.payload.s3Uri: is required and missing"),
        ({"payload": {"s3Uri": 5}}, "$.payload.s3Uri: must be a string, is a number"),
        ({"payload": "s3://a"}, "$.payload: must be an object, is a string"),
        ({"labelAttributeName": None}, "$.labelAttributeName: is required and missing"),
        ({"labelAttributeName": ""}, "$.labelAttributeName: must not be empty"),
        ({"labelCategories": "car"}, "$.labelCategories: must be an array, is a string"),
        ({"labelCategories": ["car", 5]}, "$.labelCategories[1]: must be a string, is a number"),
        ({"labelCategories": [{"name": "car"}]}, "$.labelCategories[0].label: is required and missing"),
        ({"kmsKeyId": 5}, "$.kmsKeyId: must be a string, is a number"),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_is_named_by_its_path(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ContractError) as error:
        ConsolidationRequest.parse({**consolidation_event(PAYLOAD), **change})
    assert str(error.value) == complaint


@pytest.mark.parametrize("event", [[], "event", None, 5])
def test_an_event_that_is_no_object_is_refused(event: Any) -> None:
    with pytest.raises(ContractError, match=r"\$: must be an object"):
        ConsolidationRequest.parse(event)
    with pytest.raises(ContractError, match=r"\$: must be an object"):
        PreAnnotationRequest.parse(event)


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({}, "$.dataObject: is required and missing"),
        ({"dataObject": "s3://a/b.jpg"}, "$.dataObject: must be an object, is a string"),
        ({"dataObject": {}, "labelingJobArn": 5}, "$.labelingJobArn: must be a string, is a number"),
    ],
)
def test_a_pre_annotation_event_needs_its_data_object(event: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ContractError) as error:
        PreAnnotationRequest.parse(event)
    assert str(error.value) == complaint


def test_a_pre_annotation_event_is_read_whatever_its_version() -> None:
    line = {"source": "text", "other": [1]}
    for version in ("2018-10-06", "2018-10-16", None):
        assert PreAnnotationRequest.parse(pre_annotation_event(line, version=version)).data_object == line


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (JOB_ARN, "roads-7a"),
        ("arn:aws:sagemaker:us-east-1:111122223333:labeling-job/", None),
        ("roads", None),
        (None, None),
    ],
)
def test_the_jobs_name_is_the_last_part_of_the_arn(arn: str | None, name: str | None) -> None:
    assert job_name_of(arn) == name


def test_an_answer_is_inline_or_in_s3_and_inline_goes_first() -> None:
    both = {"workerId": ANN, "annotationData": {"content": "{}", "s3Uri": "s3://a-b/c"}}
    assert WorkerAnnotation.parse(JsonNode(both)).content == "{}"
    stored = stored_answer(ANN, "s3://a-b/c")
    assert WorkerAnnotation.parse(JsonNode(stored)).s3_uri == "s3://a-b/c"


@pytest.mark.parametrize("wire", [answer(ANN, kind={"label": "car"}), stored_answer(BOB, "s3://a-b/c")])
def test_an_answer_is_written_as_it_was_read(wire: dict[str, Any]) -> None:
    assert WorkerAnnotation.parse(JsonNode({**wire, "unknown": 1})).to_wire() == wire


@pytest.mark.parametrize(
    ("identifier", "name"), [("7", "7"), (7, "7"), (0, "0"), ("a/b c", "a/b c"), ("007", "007")]
)
def test_ids_are_opaque_and_numbers_are_taken_for_their_text(identifier: Any, name: str) -> None:
    payload = ConsolidationPayload.parse(JsonNode([entry(identifier)]))
    assert [found.data_object_id for found in payload.data_objects] == [name]


@pytest.mark.parametrize("identifier", [True, 7.5, None, "", ["7"]])
def test_what_is_no_id_is_a_fault_of_the_payload(identifier: Any) -> None:
    payload = ConsolidationPayload.parse(JsonNode([{"datasetObjectId": identifier}]))
    assert payload.data_objects == ()
    assert "$[0].datasetObjectId" in payload.faults[0]


@pytest.mark.parametrize("missing", ["dataObject", "annotations"])
def test_an_entry_may_lack_everything_but_its_id(missing: str) -> None:
    whole = votes("7", "car")
    for wire in ({**whole, missing: None}, {key: value for key, value in whole.items() if key != missing}):
        (found,) = ConsolidationPayload.parse(JsonNode([wire])).data_objects
        assert found.fault is None
        assert len(found.annotations) == (1 if missing == "dataObject" else 0)


def test_a_label_category_file_is_read_in_order() -> None:
    file = {
        "document-version": "2018-11-28",
        "labels": [{"label": "car"}, {"label": "bus", "attributes": []}],
    }
    assert parse_label_category_file(JsonNode(file)) == ("car", "bus")


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ({}, "$.labels: is required and missing"),
        ({"labels": [{"name": "car"}]}, "$.labels[0].label: is required and missing"),
        ({"labels": {"label": "car"}}, "$.labels: must be an array, is an object"),
    ],
)
def test_a_label_category_file_without_names_is_refused(file: Any, complaint: str) -> None:
    with pytest.raises(ContractError) as error:
        parse_label_category_file(JsonNode(file))
    assert str(error.value) == complaint


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([votes("7", "car")]).encode(),
        b"\xef\xbb\xbf" + json.dumps([votes("7", "car")]).encode(),
        json.dumps([votes("7", "car")], indent=2).encode(),
    ],
    ids=["plain", "byte-order mark", "indented"],
)
def test_the_payload_is_read_whatever_its_bytes(aws: Aws, consolidated: Send, body: bytes) -> None:
    aws.put(REQUEST_URI, body)
    assert label_of(consolidated(PAYLOAD), "7")["class-name"] == "car"


def test_html_safe_escapes_are_read_as_what_they_stand_for(aws: Aws, consolidated: Send) -> None:
    r"""The service writes `=` as `\u003d` and `'` as `\u0027`, in the payload and once more in answers."""
    content = r"{\"kind\":{\"label\":\"driver\\u0027s a\u003db\"}}"
    payload = (
        '[{"datasetObjectId":"7","annotations":[{"workerId":"w","annotationData":{"content":"'
        + content
        + '"}}]}]'
    )
    aws.put(REQUEST_URI, payload)
    assert label_of(consolidated(PAYLOAD), "7")["class-name"] == "driver's a=b"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order mark"])
def test_an_answer_in_s3_counts_like_one_inline(aws: Aws, consolidated: Send, mark: bytes) -> None:
    """AWS's sample looks for `s3uri`, and so drops it."""
    uri = aws.put(f"{ANSWER_URI}/7/a.json", mark + b'{"kind":{"label":"car"}}')
    reply = consolidated([entry("7", stored_answer(ANN, uri), answer(BOB, kind={"label": "car"}))])
    assert label_of(reply, "7")["votes"] == {"car": 2}


def test_the_reply_is_a_bare_array_with_one_entry_per_id_in_the_order_received(consolidated: Send) -> None:
    """Real payloads are not sorted."""
    reply = consolidated([votes("7", "car"), votes("5", "bus"), votes("10", "car"), votes("7", "car")])
    assert isinstance(reply, list)
    assert ids(reply) == ["7", "5", "10"]
    assert all(set(one) == {"datasetObjectId", "consolidatedAnnotation"} for one in reply)


@pytest.mark.parametrize("name", ["Roads-7A", "roads-7a", "city-ref", "\u00c4pfel"])
def test_the_label_stands_under_the_labels_name_as_it_was_sent(consolidated: Send, name: str) -> None:
    """The ARN's job name is in lower case; the key is not."""
    (one,) = consolidated([votes("7", "car")], labelAttributeName=name)
    assert list(one["consolidatedAnnotation"]["content"]) == [name]


def test_the_labels_say_the_place_of_a_category_in_the_jobs_order(consolidated: Send) -> None:
    label = label_of(consolidated([votes("7", "car")], labelCategories=["bus", "van", "car"]), "7")
    assert (label["class-id"], label["class-name"]) == (2, "car")


def test_the_events_categories_go_before_those_of_the_settings(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"label-categories": ["bus", "car"]})
    assert label_of(consolidated([votes("7", "car")]), "7")["class-id"] == 1
    assert label_of(consolidated([votes("7", "car")], labelCategories=["car"]), "7")["class-id"] == 0


def test_no_payload_entry_gives_an_empty_reply(consolidated: Send) -> None:
    assert consolidated([]) == []


@pytest.mark.parametrize(
    ("line", "required"), [({"source": "text"}, True), ({"camera": "front"}, False)], ids=["asked", "skipped"]
)
def test_both_spellings_of_the_flag_say_the_same(
    pre_annotated: Callable[..., Any], line: Any, required: bool
) -> None:
    """Which one the service reads is not known: the documented one is a boolean, that of AWS's samples a string."""
    reply = pre_annotated(line)
    assert reply["isHumanAnnotationRequired"] is required
    assert reply["humanAnnotationRequired"] == ("true" if required else "false")


def test_strict_json_text_is_read_with_its_place() -> None:
    node = parse_json('{"a": [{"b": 5}]}', path="answer.json")
    with pytest.raises(ContractError, match=r"answer.json.a\[0\].b: must be a string, is a number"):
        next(node["a"].elements())["b"].string()
