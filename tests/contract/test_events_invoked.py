"""The sample events through the two handlers, with a real S3 endpoint: what `sam local invoke` shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from consolidation.app import lambda_handler as consolidation_handler
from pre_annotation.app import lambda_handler as pre_annotation_handler
from tests.conftest import Aws
from tests.payloads import Context, ids

ROOT = Path(__file__).parents[2]
STREETSCENES = ROOT / "tests" / "data" / "streetscenes" / "consolidation_request.json"
WITH_ARTEFACTS = {
    "broken-answers",
    "cuboid-tracks",
    "instance-mask",
    "linked-tracks",
    "payload-in-s3",
    "point-labels",
    "semantic-mask",
    "undocumented-keys",
    "video-detections",
    "video-tracks",
}
consolidate: Any = consolidation_handler
pre_annotate: Any = pre_annotation_handler


def _event(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.stem


def _references(value: Any) -> list[str]:
    """The artefacts a label refers to."""
    if isinstance(value, list):
        return [uri for member in value for uri in _references(member)]
    if isinstance(value, dict):
        own = [member for name, member in value.items() if name.endswith("-ref")]
        return own + _references(list(value.values()))
    return []


@pytest.mark.parametrize("path", sorted((ROOT / "events" / "consolidation").glob("*.json")), ids=_name)
def test_a_consolidation_event_gives_a_label_for_every_object(aws: Aws, path: Path) -> None:
    """None of them an error, and every mask is where its label says."""
    event = _event(path)
    payload = event["payload"]
    if isinstance(payload, dict):
        aws.put(payload["s3Uri"], STREETSCENES.read_bytes())
        payload = _event(STREETSCENES)
    reply = json.loads(json.dumps(consolidate(event, Context())))
    assert ids(reply) == ids(payload)
    contents = [one["consolidatedAnnotation"]["content"] for one in reply]
    assert all(list(content) == [event["labelAttributeName"]] for content in contents)
    labels = [content[event["labelAttributeName"]] for content in contents]
    assert [label["error"] for label in labels if "error" in label] == []
    prefix = f"{event['outputConfig']}/consolidated-annotation/output/"
    assert all(uri.startswith(prefix) and aws.get(uri) for uri in _references(labels))
    assert bool(_references(labels)) == (path.stem in WITH_ARTEFACTS)


@pytest.mark.usefixtures("aws")
def test_a_mixed_page_gives_one_label_with_all_its_parts() -> None:
    """What `worker_templates/mixed-form` submits; tests/browser/test_texts.py has the page itself."""
    event = _event(ROOT / "events" / "consolidation" / "mixed-page.json")
    (entry,) = consolidate(event, Context())
    label = entry["consolidatedAnnotation"]["content"][event["labelAttributeName"]]
    boxes, certainty, comment, quality = (label["fields"][name] for name in sorted(label["fields"]))
    assert [(box["class-name"], box["support"]["workers"]) for box in boxes["annotations"]] == [
        ("car", 3),
        ("bus", 2),
    ]
    assert (quality["class-name"], quality["votes"]) == ("limited", {"limited": 2, "good": 1})
    assert certainty["value"] == 75
    assert comment["value"] == "bus partly hidden by a tree"
    assert label["consolidation"]["workers"] == 3
    assert label["consolidation"]["confidence"] == min(
        field["consolidation"]["confidence"] for field in label["fields"].values()
    )
    assert "quality:low-agreement" in label["consolidation"]["reasons"]


@pytest.mark.parametrize("path", sorted((ROOT / "events" / "pre-annotation").glob("*.json")), ids=_name)
@pytest.mark.usefixtures("aws")
def test_a_pre_annotation_event_gives_a_task_or_spares_the_workers(path: Path) -> None:
    event = _event(path)
    reply = pre_annotate(event, Context())
    line = event["dataObject"]
    assert reply["taskInput"]["taskObject"] == (line.get("source") or line.get("source-ref"))
    assert reply["isHumanAnnotationRequired"] is (reply["taskInput"]["taskObject"] is not None)
