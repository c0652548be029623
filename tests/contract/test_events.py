"""The sample events obey the contract and have the outcomes that events/README.md states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consolidation.batch import Job, artefact_prefix, consolidate
from pre_annotation.task_input import decide
from shared.contract import ConsolidationPayload, ConsolidationRequest, PreAnnotationRequest
from shared.errors import ObjectMissingError
from shared.json_node import JsonNode
from shared.settings import Settings

EVENTS = Path(__file__).parents[2] / "events"
DEFAULTS = Settings()
Labels = list[dict[str, Any]]


class _EmptyStore:
    """S3 without any object in it."""

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        raise ObjectMissingError(f"there is no object at {uri}")

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        assert uri.startswith("s3://acme-out/run/Roads-7A/annotations/consolidated-annotation/output/")


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return event


def _labels(name: str, settings: Settings = DEFAULTS) -> Labels:
    request = ConsolidationRequest.parse(_event(f"consolidation/{name}.json"))
    assert isinstance(request.payload, JsonNode)
    job = Job(
        request.label_attribute_name,
        request.label_categories,
        artefact_prefix(request.output_config, settings),
    )
    payload = ConsolidationPayload.parse(request.payload)
    replies = consolidate(job, payload.data_objects, _EmptyStore(), settings)
    assert [reply.data_object_id for reply in replies] == [one.data_object_id for one in payload.data_objects]
    return [reply.label for reply in replies]


def test_every_event_is_listed_once_and_every_listed_one_is_there() -> None:
    listed = re.findall(r"^\| `(.+\.json)`", (EVENTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in EVENTS.rglob("*.json"))


@pytest.mark.parametrize("path", sorted(EVENTS.rglob("*.json")), ids=lambda path: path.stem)
def test_every_event_parses_and_looks_like_a_real_one(path: Path) -> None:
    event = _event(str(path.relative_to(EVENTS)))
    assert event["version"] == "2018-10-06"
    job_name = event["labelingJobArn"].rpartition("/")[2]
    assert job_name == job_name.lower()
    if path.parent.name == "consolidation":
        assert ConsolidationRequest.parse(event).labeling_job_name == job_name
    else:
        assert PreAnnotationRequest.parse(event).data_object == event["dataObject"]


@pytest.mark.parametrize(
    ("name", "task_object", "labels", "previous", "human"),
    [
        ("image", "s3://acme-in/roads/0007.jpg", [], [], True),
        ("text", "The parcel came late & the box was open.", ["complaint", "praise"], [], True),
        ("empty-source", "s3://acme-in/roads/0008.jpg", [], [], True),
        ("earlier-label", "s3://acme-in/roads/0007.jpg", [], ["Roads"], True),
        ("neither-key", None, [], [], False),
        ("streaming", "s3://acme-in/roads/0009.jpg", [], [], True),
    ],
)
def test_pre_annotation_outcomes(
    name: str, task_object: str | None, labels: list[str], previous: list[str], human: bool
) -> None:
    line = _event(f"pre-annotation/{name}.json")["dataObject"]
    reply: dict[str, Any] = decide(line, (), Settings()).response.to_wire()
    task_input = reply["taskInput"]
    assert (task_input["taskObject"], task_input["labels"]) == (task_object, labels)
    assert list(task_input["previousLabels"]) == previous
    assert task_input["manifestLine"] == line
    assert reply["isHumanAnnotationRequired"] is human
    assert reply["humanAnnotationRequired"] == ("true" if human else "false")


@pytest.mark.parametrize(
    ("name", "essence", "expected"),
    [
        ("class", lambda labels: [label["class-name"] for label in labels], ["car", "bus"]),
        ("multi-label", lambda labels: labels[0]["class-names"], ["bus", "car"]),
        (
            "boxes",
            lambda labels: [
                (box["class-name"], box["support"]["workers"]) for box in labels[0]["annotations"]
            ],
            [("car", 3), ("bus", 2)],
        ),
        ("label-categories", lambda labels: labels[0]["class-map"], {"0": "bus", "1": "car"}),
        (
            "rotated-boxes",
            lambda labels: [
                (round(box["angle"]), box["support"]["workers"]) for box in labels[0]["annotations"]
            ],
            [(30, 3), (-76, 2)],
        ),
        (
            "polygons",
            lambda labels: [
                (one["class-name"], one["support"]["workers"]) for one in labels[0]["annotations"]
            ],
            [("house", 3), ("tree", 2)],
        ),
        (
            "semantic-mask",
            lambda labels: [region["class-name"] for region in labels[0]["internal-color-map"].values()],
            ["BACKGROUND", "road", "sky"],
        ),
        (
            "instance-mask",
            lambda labels: [made["support"]["workers"] for made in labels[0]["instances"]],
            [3, 2],
        ),
        (
            "entities",
            lambda labels: [entity["text"] for entity in labels[0]["annotations"]["entities"]],
            ["Ann Smith", "New York City"],
        ),
        (
            "keypoints",
            lambda labels: [
                (point["class-name"], point["x"], point["y"], point["support"]["workers"])
                for point in labels[0]["annotations"]
            ],
            [("left eye", 521, 309, 3), ("right eye", 459, 312, 3), ("nose", 490, 352, 2)],
        ),
        (
            "cuboids",
            lambda labels: [
                (one["object-name"], round(one["yaw"], 2), one["support"]["workers"])
                for one in labels[0]["annotations"]
            ],
            [("Pedestrian:1", 1.15, 2), ("Car:1", 0.33, 3)],
        ),
        (
            "cuboid-tracks",
            lambda labels: (labels[0]["objects"], labels[0]["annotations"], labels[0]["counts"]),
            (1, 3, {"Car": 1}),
        ),
        (
            "linked-tracks",
            lambda labels: [
                (one["object-name"], one["sensors"], one["support"]["workers"])
                for one in labels[0]["linked-objects"]
            ],
            [("Car:1", ["lidar", "camera-0"], 2)],
        ),
        (
            "point-labels",
            lambda labels: [(one["class-name"], one["points"]) for one in labels[0]["color-map"].values()],
            [("BACKGROUND", 2), ("car", 2), ("road", 4)],
        ),
        (
            "text",
            lambda labels: [(label["value"], label["method-of-value"]) for label in labels],
            [("No parking, Monday to Friday", "alignment"), ("B-AX 1204", "vote")],
        ),
        (
            "number",
            lambda labels: [
                (label["value"], [one["outlier"] for one in label["values"]].count(True)) for label in labels
            ],
            [(14, 1), (3, 1)],
        ),
        (
            "rating",
            lambda labels: [(label["value"], "tie" in label["consolidation"]["reasons"]) for label in labels],
            [(4, False), (4, False)],
        ),
        (
            "ranking",
            lambda labels: [[one["item"] for one in label["ranking"]] for label in labels],
            [["repave", "repaint", "widen"], ["repave", "widen", "repaint"]],
        ),
        (
            "polylines",
            lambda labels: [
                (line["class-name"], line["vertices"][0], line["support"]["workers"])
                for line in labels[0]["annotations"]
            ],
            [("lane", {"x": 200, "y": 900}, 3), ("kerb", {"x": 900, "y": 900}, 2)],
        ),
        (
            "lines",
            lambda labels: [labels[0]["annotations"][0]["vertices"], len(labels[0]["candidates"])],
            [[{"x": 302, "y": 701}, {"x": 901, "y": 722}], 1],
        ),
        (
            "video-detections",
            lambda labels: (labels[0]["counts"], labels[0]["candidates"]),
            ({"car": 2, "bus": 1}, 1),
        ),
        (
            "video-tracks",
            lambda labels: (labels[0]["counts"], labels[0]["annotations"], labels[0]["candidates"]),
            ({"car": 1, "bus": 1}, 8, 0),
        ),
        (
            "several-elements",
            lambda labels: sorted(labels[0]["fields"]),
            ["boundingBox", "comment", "weather"],
        ),
        (
            "mixed-page",
            lambda labels: {
                name: field["consolidation"]["kind"] for name, field in labels[0]["fields"].items()
            },
            {"boundingBox": "boxes", "certainty": "number", "comment": "text", "quality": "class"},
        ),
        ("unrecognised", lambda labels: labels[0]["consolidation"]["reasons"], ["unrecognised"]),
    ],
)
def test_consolidation_outcomes(name: str, essence: Callable[[Labels], Any], expected: Any) -> None:
    assert essence(_labels(name)) == expected


def test_a_comment_is_a_text_that_keeps_who_wrote_it() -> None:
    comment = _labels("several-elements")[0]["fields"]["comment"]
    assert comment["value"] == "blurred plate"
    assert comment["consolidation"]["workers"] == 1
    assert [(one["value"], one["support"]["worker-ids"]) for one in comment["alternatives"]] == [
        ("blurred plate", ["private.us-east-1.1b49aa35c94f835e"])
    ]


def test_a_comment_that_is_to_be_passed_through_asks_for_no_review() -> None:
    asked = _labels("several-elements")[0]["consolidation"]["reasons"]
    quiet = _labels("several-elements", Settings(pass_through=("comment",)))[0]
    assert set(asked) - set(quiet["consolidation"]["reasons"]) == {"comment:single-worker"}
    assert (
        "blurred plate"
        in quiet["fields"]["comment"]["annotationsFromAllWorkers"][0]["annotationData"]["content"]
    )


def test_four_troubled_objects_get_four_labels_each_saying_what_happened() -> None:
    """A cut-off PNG, an answer missing in S3, a worker who answered twice, an unknown form."""
    cut_off, missing, twice, unknown = _labels("broken-answers")
    assert cut_off["internal-color-map"]["1"]["class-name"] == "road"
    assert cut_off["consolidation"]["workers"] == 2
    assert cut_off["consolidation"]["rejected"][0]["worker-id"] == "private.us-east-1.1b49aa35c94f835e"
    assert cut_off["consolidation"]["rejected"][0]["reason"] == "the PNG is cut off"
    assert missing["votes"] == {"car": 2}
    assert "there is no object at s3://acme-out/" in missing["consolidation"]["rejected"][0]["reason"]
    assert missing["consolidation"]["reasons"] == ["rejected-answer"]
    assert twice["votes"] == {"bus": 2}
    assert twice["consolidation"]["rejected"] == [
        {
            "worker-id": "private.us-east-1.1b49aa35c94f835e",
            "reason": "the worker answered more than once; the last answer counts",
        }
    ]
    assert twice["consolidation"]["needs-review"] is False
    assert [one["annotationData"]["content"] for one in unknown["annotationsFromAllWorkers"]] == [
        '{"drawing": [1]}',
        '{"drawing": [2]}',
        '{"drawing": [3]}',
    ]
