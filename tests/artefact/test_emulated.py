"""The built functions under Lambda's own runtime client and emulator, cold, with the repository's sample events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tools.artefact import ROOT, Artefact
from tools.runtime import HOST, Emulator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVENTS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "events").rglob("*.json"))
}
PRE_ANNOTATION = [name for name, event in EVENTS.items() if "dataObject" in event]
CONSOLIDATION = [name for name, event in EVENTS.items() if "payload" in event]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of an S3 that lives as long as these tests."""
    server = ThreadedMotoServer(HOST, port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield f"http://{HOST}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def s3(endpoint: str) -> S3Client:
    """A client of that S3."""
    return boto3.Session("test", "test", region_name="us-east-1").client("s3", endpoint_url=endpoint)


def variables(endpoint: str, event: dict[str, Any], service: str) -> dict[str, str]:
    """The environment that the template gives a function, for the buckets of one event."""
    buckets = {text.split("/")[2] for text in strings(event) if text.startswith("s3://")}
    return {
        "ALLOWED_LOCATIONS": ",".join(f"{bucket}/" for bucket in sorted(buckets)) or "acme-in/",
        "ALLOWED_ROLES": "",
        "KMS_KEY_ID": "",
        "SETTINGS_S3_URI": "",
        "READ_LABEL_CATEGORIES": "false",
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": "GtConsensus",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "AWS_ENDPOINT_URL": endpoint,
    }


def strings(value: Any) -> Iterator[str]:
    """All strings within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from strings(member)


def put(s3: S3Client, uri: str, body: bytes) -> None:
    """Write an object, making its bucket."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=body)


def serve(s3: S3Client, event: dict[str, Any], recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make what the event needs in S3, and return the payload: its own, or the recorded one put where it points."""
    s3.create_bucket(Bucket=event["outputConfig"].split("/")[2])
    if isinstance(event["payload"], dict):
        put(s3, event["payload"]["s3Uri"], json.dumps(recorded).encode())
        return recorded
    return list(event["payload"])


def logged(log: Path) -> list[dict[str, Any]]:
    """The JSON lines of a function's log."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.mark.parametrize("name", PRE_ANNOTATION)
def test_pre_annotation_answers_a_sample_event(
    artefact: Artefact, endpoint: str, tmp_path: Path, name: str
) -> None:
    """With a task for the worker's page, and both spellings of the question whether a human is needed."""
    event = EVENTS[name]
    environment = variables(endpoint, event, "pre-annotation")
    with Emulator.of(artefact, "PreAnnotationFunction", environment, tmp_path) as function:
        reply = function.invoke(event)
    data_object = event["dataObject"]
    assert reply["taskInput"]["taskObject"] == (data_object.get("source") or data_object.get("source-ref"))
    assert reply["isHumanAnnotationRequired"] == (name != "neither-key.json")
    assert reply["taskInput"]["manifestLine"] == data_object
    assert reply["humanAnnotationRequired"] == str(reply["isHumanAnnotationRequired"]).lower()


@pytest.mark.parametrize("name", CONSOLIDATION)
def test_consolidation_answers_a_sample_event(
    artefact: Artefact,
    endpoint: str,
    s3: S3Client,
    streetscenes: list[dict[str, Any]],
    tmp_path: Path,
    name: str,
) -> None:
    """With a label for every object of the payload that the event holds or points to."""
    event = EVENTS[name]
    payload = serve(s3, event, streetscenes)
    environment = variables(endpoint, event, "consolidation")
    with Emulator.of(artefact, "ConsolidationFunction", environment, tmp_path) as function:
        reply = function.invoke(event)
    labels = [entry["consolidatedAnnotation"]["content"][event["labelAttributeName"]] for entry in reply]
    assert [entry["datasetObjectId"] for entry in reply] == [entry["datasetObjectId"] for entry in payload]
    assert not [label["error"] for label in labels if "error" in label]
    if payload is streetscenes:
        assert [len(label["instances"]) for label in labels] == [0, 2]
    (metrics,) = [line for line in logged(tmp_path / "ConsolidationFunction.log") if "_aws" in line]
    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "GtConsensus"
    assert ["service"] in directive["Dimensions"]
    assert metrics["service"] == "consolidation"
    rejected = sum(len(label["consolidation"]["rejected"]) for label in labels)
    assert sum(metrics["RejectedAnswers"]) == rejected
    assert (rejected > 0) == (name == "broken-answers.json")
    assert sum(metrics["FailedObjects"]) == 0


def test_a_payload_outside_the_allowed_locations_is_refused_by_name(
    artefact: Artefact, endpoint: str, tmp_path: Path
) -> None:
    """The error says which stack parameter would allow it."""
    event = EVENTS["payload-in-s3.json"]
    environment = {**variables(endpoint, event, "consolidation"), "ALLOWED_LOCATIONS": "acme-elsewhere/"}
    with Emulator.of(artefact, "ConsolidationFunction", environment, tmp_path) as function:
        reply = function.invoke(event)
    assert "AllowedLocations" in reply["errorMessage"]


def test_there_are_sample_events_for_both_functions() -> None:
    """The tests above run once for each."""
    assert PRE_ANNOTATION
    assert CONSOLIDATION
