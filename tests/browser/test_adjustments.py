"""Adjustment pages: from the earlier label to what each worker changed of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import HOSTILE, IMAGE, SIZE, OpenPage
from tests.browser.test_texts import select
from tests.elements import COLOURS

LABELS = ["car", HOSTILE]
PROPERTIES = {"width": SIZE[0], "height": SIZE[1]}
MASK = "s3://acme-out/run/roads/annotations/consolidated-annotation/output/abc.png"
TEXT = f"Ada met Bob. {HOSTILE}"


def line(kind: str, label: dict[str, Any], **source: str) -> dict[str, Any]:
    """A manifest line that carries a label of this project."""
    return {
        **(source or {"source-ref": IMAGE}),
        "labels": LABELS,
        "Roads": {**label, "consolidation": {"kind": kind}},
        "Roads-metadata": {"type": "groundtruth/custom"},
    }


def part(name: str, **place: Any) -> dict[str, Any]:
    """A part of a label."""
    return {"class-name": name, "class_id": LABELS.index(name), **place, "confidence": 0.9}


def parts(*listed: dict[str, Any]) -> dict[str, Any]:
    """A label made of parts."""
    return {"image_size": [{**PROPERTIES}], "annotations": list(listed)}


def initial(sent: dict[str, Any], element: str) -> Any:
    """What the hidden field tells the consolidation."""
    return json.loads(sent[f"{element}-initial-value"])


def test_boxes(open_page: OpenPage) -> None:
    """One box moved by mouse, the other given another category."""
    earlier = parts(
        part("car", left=10, top=10, width=20, height=20), part(HOSTILE, left=60, top=40, width=30, height=30)
    )
    shown = open_page("boxes-adjustment", line("boxes", earlier))
    assert shown.element("svg.drawing rect").count() == 2
    shown.button("1")
    shown.drag((20, 20), (24, 20))
    shown.page.get_by_label("Category of 2").select_option("car")
    sent = shown.submit()
    boxes = [
        {"height": 20, "label": "car", "left": 14, "top": 10, "width": 20},
        {"height": 30, "label": "car", "left": 60, "top": 40, "width": 30},
    ]
    assert sent["boundingBox"] == {
        "initialValueModified": True,
        "inputImageProperties": PROPERTIES,
        "boundingBoxes": boxes,
    }
    unchanged = {**sent, "boundingBox": {**initial(sent, "boundingBox"), "initialValueModified": False}}
    label = shown.label(sent, unchanged, unchanged)
    assert label["adjustment-status"] == "adjusted"
    mine, *others = label["adjustments"].values()
    assert mine == {
        "status": "adjusted",
        "unchanged": 0,
        "changes": [
            {"change": "moved", "label": "car", "iou": pytest.approx(16 / 24, abs=1e-4)},
            {"change": "relabelled", "from": HOSTILE, "to": "car"},
        ],
    }
    assert others == [{"status": "unadjusted", "unchanged": 2, "changes": []}] * 2
    assert [(box["class-name"], box["left"]) for box in label["annotations"]] == [("car", 10), (HOSTILE, 60)]


SHAPES = {
    "polygons": ("vertices", [{"x": 10, "y": 10}, {"x": 60, "y": 10}, {"x": 60, "y": 50}]),
    "polylines": ("vertices", [{"x": 10, "y": 10}, {"x": 60, "y": 10}, {"x": 60, "y": 50}]),
    "lines": ("vertices", [{"x": 10, "y": 10}, {"x": 60, "y": 10}]),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes(open_page: OpenPage, kind: str) -> None:
    """Moved by the arrow keys."""
    key, vertices = SHAPES[kind]
    shown = open_page(f"{kind}-adjustment", line(kind, parts(part("car", **{key: vertices}))))
    shown.button("1")
    for _ in range(5):
        shown.element("svg.drawing").press("ArrowDown")
    sent = shown.submit()
    moved = [{"x": point["x"], "y": point["y"] + 5} for point in vertices]
    assert sent[kind][kind] == [{"label": "car", "vertices": moved}]
    assert sent[kind].get("initialValueModified") is (None if kind == "polygons" else True)
    assert initial(sent, kind) == {
        kind: [{"label": "car", "vertices": vertices}],
        "inputImageProperties": PROPERTIES,
    }
    check_moved(shown.label(sent, *[{**sent, kind: initial(sent, kind)}] * 2))


def test_keypoints(open_page: OpenPage) -> None:
    """One point moved, one removed."""
    earlier = parts(part("car", x=30, y=40), part(HOSTILE, x=90, y=20))
    shown = open_page("keypoints-adjustment", line("keypoints", earlier))
    shown.button("Remove 2")
    shown.button("1")
    shown.drag((30, 40), (32, 40))
    sent = shown.submit()
    assert sent["keypoints"]["keypoints"] == [{"label": "car", "x": 32, "y": 40}]
    points = [{"label": "car", "x": 30, "y": 40}, {"label": HOSTILE, "x": 90, "y": 20}]
    assert initial(sent, "keypoints") == {"keypoints": points, "inputImageProperties": PROPERTIES}
    label = shown.label(sent, *[{**sent, "keypoints": initial(sent, "keypoints")}] * 2)
    assert label["adjustment-status"] == "adjusted"
    assert {change["change"] for change in next(iter(label["adjustments"].values()))["changes"]} >= {
        "removed"
    }


def test_semantic_mask(open_page: OpenPage, tmp_path: Path) -> None:
    """The earlier mask is shown as it was drawn, its white background left out, and painted over."""
    numbers = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    numbers[10:40, 10:50] = 1
    save_mask(tmp_path / "abc.png", numbers, ("#ffffff", "#d62728"))
    colours = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
        "1": {"class-name": "car", "hex-color": "#d62728"},
    }
    label = {"mask-ref": MASK, "image_size": [{**PROPERTIES}], "internal-color-map": colours}
    shown = open_page("semantic-mask-adjustment", line("semantic-mask", label))
    shown.button(HOSTILE)
    shown.drag((60, 50), (110, 80))
    sent = shown.submit()
    element = sent["crowd-semantic-segmentation"]
    assert element["initialValueModified"] is True
    assert element["labelMappings"] == {"car": {"color": "#d62728"}, HOSTILE: {"color": "#2ca02c"}}
    assert initial(sent, "crowd-semantic-segmentation") == {
        "labelMappings": {"car": {"color": "#d62728"}},
        "src": MASK,
    }
    made = shown.label(sent, sent, sent)
    expected = numbers.copy()
    expected[50:80, 60:110] = 2
    assert np.array_equal(shown.mask(made), expected)
    assert made["adjustment-status"] == "adjusted"


def test_instance_mask(open_page: OpenPage, tmp_path: Path) -> None:
    """One earlier instance kept, one removed, one new."""
    numbers = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    numbers[10:40, 10:50] = 1
    numbers[10:40, 50:90] = 2
    save_mask(tmp_path / "abc.png", numbers, ("#000000", *COLOURS[:2]))
    instances = [{"instance": place, "label": "car", "color": COLOURS[place - 1]} for place in (1, 2)]
    shown = open_page(
        "instance-mask-adjustment", line("instance-mask", {"mask-ref": MASK, "instances": instances})
    )
    shown.button("Remove 2")
    shown.button(HOSTILE)
    shown.drag((60, 50), (110, 80))
    sent = shown.submit()
    assert sent["annotatedResult"]["instances"] == [
        {"color": COLOURS[0], "label": "car"},
        {"color": COLOURS[1], "label": HOSTILE},
    ]
    assert initial(sent, "annotatedResult")["src"] == MASK
    made = shown.label(sent, sent, sent)
    assert {(one["label"], one["pixels"]) for one in made["instances"]} == {("car", 1200), (HOSTILE, 1500)}


def test_entities(open_page: OpenPage) -> None:
    """The hidden field reaches the form that the element brings."""
    entities = [
        {"label": "car", "startOffset": 0, "endOffset": 3, "confidence": 0.9},
        {"label": HOSTILE, "startOffset": 4, "endOffset": 7, "confidence": 0.9},
    ]
    earlier = {"annotations": {"labels": [], "entities": entities}}
    shown = open_page("entities-adjustment", line("entities", earlier, source=TEXT))
    assert shown.element(".text mark").all_inner_texts() == ["Ada", "met"]
    shown.button("Remove 2")
    select(shown, "Bob")
    sent = shown.submit()
    started = [{key: one[key] for key in ("label", "startOffset", "endOffset")} for one in entities]
    assert initial(sent, "entities") == {"entities": started}
    assert sent["entities"] == {"entities": [started[0], {"endOffset": 11, "label": "car", "startOffset": 8}]}
    label = shown.label(sent, *[{**sent, "entities": initial(sent, "entities")}] * 2)
    changes = next(iter(label["adjustments"].values()))["changes"]
    assert sorted(change["change"] for change in changes) == ["added", "removed"]


@pytest.mark.parametrize(
    ("kind", "element", "key"),
    [
        ("boxes", "boundingBox", "boundingBoxes"),
        ("polygons", "polygons", "polygons"),
        ("lines", "lines", "lines"),
    ],
)
def test_an_earlier_label_without_parts_is_a_start(
    open_page: OpenPage, kind: str, element: str, key: str
) -> None:
    """Nothing found before is something to correct too: the hidden field says so."""
    shown = open_page(f"{kind}-adjustment", line(kind, parts()))
    sent = shown.submit()
    assert sent[element][key] == []
    assert initial(sent, element)[key] == []


def check_moved(label: dict[str, Any]) -> None:
    """The first worker has moved something, the others have left all as it was."""
    mine, *others = label["adjustments"].values()
    assert label["adjustment-status"] == "adjusted"
    assert [change["change"] for change in mine["changes"]] == ["moved"]
    assert [one["status"] for one in others] == ["unadjusted", "unadjusted"]


def save_mask(file: Path, numbers: np.ndarray[Any, Any], colours: tuple[str, ...]) -> None:
    """An opaque palette PNG, as labels refer to."""
    image = Image.frombytes("P", SIZE, numbers.tobytes())
    image.putpalette([value for colour in colours for value in bytes.fromhex(colour[1:])])
    image.save(file)
