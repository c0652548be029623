"""The stack as `sam deploy` makes it, on a local AWS that enforces IAM: the functions answer by name, under their own roles."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.artefact import Artefact
from tools.ministack import LocalAws

STACK = "labels"
JOB_ARN = "arn:aws:sagemaker:us-east-1:111122223333:labeling-job/streetscenes"
ANNOTATIONS = "run/streetscenes/annotations"
REQUEST_KEY = (
    f"{ANNOTATIONS}/consolidated-annotation/consolidation-request/iteration-1/2026-02-03_10:11:12.json"
)
OUTPUT_PREFIX = f"{ANNOTATIONS}/consolidated-annotation/output/"


@pytest.fixture(scope="module")
def aws(artefact: Artefact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS with two buckets and the stack, which may touch acme-in and the folder run of acme-out."""
    with LocalAws.started(tmp_path_factory.mktemp("aws")) as local:
        for bucket in ("acme-in", "acme-out"):
            local.s3().create_bucket(Bucket=bucket)
        local.deploy(artefact, STACK, {"AllowedLocations": "acme-in/,acme-out/run/"})
        yield local


def invoke(aws: LocalAws, function: str, event: dict[str, Any]) -> Any:
    """The reply of a deployed function, which must not have raised."""
    response = aws.functions().invoke(FunctionName=f"{STACK}-{function}", Payload=json.dumps(event))
    reply = json.loads(response["Payload"].read())
    assert not response.get("FunctionError"), f"{reply}\n{aws.log.read_text()[-4000:]}"
    return reply


def consolidation_event() -> dict[str, Any]:
    """An event as Ground Truth sends it for a custom job: without label categories."""
    return {
        "version": "2018-10-06",
        "labelingJobArn": JOB_ARN,
        "labelAttributeName": "Streetscenes",
        "roleArn": "arn:aws:iam::111122223333:role/gt-exec",
        "payload": {"s3Uri": f"s3://acme-out/{REQUEST_KEY}"},
        "outputConfig": f"s3://acme-out/{ANNOTATIONS}",
        "maxHumanWorkersPerDataObject": 3,
        "vpcEnabled": False,
    }


@pytest.fixture(scope="module")
def labels(aws: LocalAws, streetscenes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The deployed consolidation's reply to the street scenes."""
    aws.s3().put_object(Bucket="acme-out", Key=REQUEST_KEY, Body=json.dumps(streetscenes).encode())
    reply: list[dict[str, Any]] = invoke(aws, "ConsolidationLabelingFunction", consolidation_event())
    return reply


def mask_of(aws: LocalAws, label: dict[str, Any]) -> Image.Image:
    """The mask that an instance-mask label refers to."""
    bucket, _, key = label["mask-ref"].removeprefix("s3://").partition("/")
    assert bucket == "acme-out"
    assert key.startswith(OUTPUT_PREFIX)
    image = Image.open(io.BytesIO(aws.s3().get_object(Bucket=bucket, Key=key)["Body"].read()))
    image.load()
    return image


def test_pre_annotation_answers_with_the_task_input(aws: LocalAws) -> None:
    """The worker's page gets the object and the whole manifest line."""
    line = {"source-ref": "s3://acme-in/roads/0007.jpg", "camera": "front"}
    event = {"version": "2018-10-06", "labelingJobArn": JOB_ARN, "dataObject": line}
    reply = invoke(aws, "PreLabelingFunction", event)
    assert reply["taskInput"]["taskObject"] == "s3://acme-in/roads/0007.jpg"
    assert reply["taskInput"]["manifestLine"] == line
    assert reply["isHumanAnnotationRequired"] is True
    assert reply["humanAnnotationRequired"] == "true"


def test_consolidation_answers_for_every_object_in_the_order_received(
    labels: list[dict[str, Any]], streetscenes: list[dict[str, Any]]
) -> None:
    """One entry per object, with the label under the attribute's name."""
    assert [entry["datasetObjectId"] for entry in labels] == [
        entry["datasetObjectId"] for entry in streetscenes
    ]
    assert all(list(entry["consolidatedAnnotation"]["content"]) == ["Streetscenes"] for entry in labels)


def test_the_mask_holds_the_persons_that_two_of_three_workers_drew(
    aws: LocalAws, labels: list[dict[str, Any]]
) -> None:
    """In the second scene two workers drew the same two persons and the third drew none."""
    label = labels[1]["consolidatedAnnotation"]["content"]["Streetscenes"]
    mask = mask_of(aws, label)
    assert mask.size == (1280, 960)
    numbers, counts = np.unique(np.asarray(mask), return_counts=True)
    pixels = {int(number): int(count) for number, count in zip(numbers, counts, strict=True)}
    assert set(pixels) == {0, 1, 2}
    assert {entry["instance"]: entry["pixels"] for entry in label["instances"]} == {
        1: pixels[1],
        2: pixels[2],
    }
    # Both drew 9815 of 10850 and 10619 pixels, 2016 of 2697 and 2218; of what one drew, the better worker's and the pixels beside decide.
    assert sorted(pixels[number] for number in (1, 2)) == [2154, 10175]


def test_the_mask_of_a_person_that_one_of_three_workers_drew_is_empty(
    aws: LocalAws, labels: list[dict[str, Any]]
) -> None:
    """The first scene has one candidate and no instance."""
    label = labels[0]["consolidatedAnnotation"]["content"]["Streetscenes"]
    assert label["instances"] == []
    assert np.asarray(mask_of(aws, label)).max() == 0


def test_the_same_request_again_gives_the_same_reply_and_no_new_object(
    aws: LocalAws, labels: list[dict[str, Any]]
) -> None:
    """Ground Truth may repeat a call."""
    before = written(aws)
    assert invoke(aws, "ConsolidationLabelingFunction", consolidation_event()) == labels
    assert written(aws) == before


def written(aws: LocalAws) -> dict[str, str]:
    """Keys and checksums of everything under the run."""
    found = aws.s3().list_objects_v2(Bucket="acme-out", Prefix="run/")["Contents"]
    return {entry["Key"]: entry["ETag"] for entry in found}


def test_the_outputs_name_the_deployed_functions(aws: LocalAws) -> None:
    """A labeling job is made with these two ARNs."""
    outputs = aws.outputs(STACK)
    assert outputs["PreAnnotationFunctionArn"].endswith(f":function:{STACK}-PreLabelingFunction")
    assert outputs["ConsolidationFunctionArn"].endswith(f":function:{STACK}-ConsolidationLabelingFunction")


@pytest.mark.parametrize("output", ["PreAnnotationRoleArn", "ConsolidationRoleArn"])
def test_the_deployed_roles_reach_the_allowed_locations_only(aws: LocalAws, output: str) -> None:
    """What the template's list functions come to: one resource for each location, and no statement that is switched off."""
    role = aws.outputs(STACK)[output].rpartition("/")[2]
    policy: Any = aws.iam().get_role_policy(RoleName=role, PolicyName="data")["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Resource"] == ["arn:aws:s3:::acme-in/*", "arn:aws:s3:::acme-out/run/*"]
