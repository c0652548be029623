"""Pages on which workers draw: from the mouse to the label of three workers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import HOSTILE, IMAGE, SIZE, OpenPage, WorkerPage
from tests.elements import boxes_element, instance_element, semantic_element

LABELS = ["car", HOSTILE]
LINE = {"source-ref": IMAGE, "labels": LABELS}
PROPERTIES = {"height": SIZE[1], "width": SIZE[0]}


def test_boxes(open_page: OpenPage) -> None:
    """Dragged with the mouse, one of them to the left and upwards; one moved by key, one removed."""
    shown = open_page("boxes", LINE)
    shown.drag((10, 20), (40, 50))
    shown.button(HOSTILE)
    shown.drag((100, 80), (70, 60))
    shown.drag((1, 1), (9, 9))
    shown.button("Remove 3")
    shown.button("1")
    shown.element("svg.drawing").press("ArrowRight")
    sent = shown.submit()
    assert sent == {
        "boundingBox": {
            "boundingBoxes": [
                {"height": 30, "label": "car", "left": 11, "top": 20, "width": 30},
                {"height": 20, "label": HOSTILE, "left": 70, "top": 60, "width": 30},
            ],
            "inputImageProperties": PROPERTIES,
        }
    }
    other = {"boundingBox": boxes_element([("car", 11, 20, 30, 31), (HOSTILE, 70, 60, 30, 20)], SIZE)}
    third = {"boundingBox": boxes_element([("car", 11, 20, 30, 30)], SIZE)}
    label = shown.label(sent, other, third)
    found = [
        (box["class-name"], box["left"], box["top"], box["width"], box["height"])
        for box in label["annotations"]
    ]
    assert found == [("car", 11, 20, 30, 30), (HOSTILE, 70, 60, 30, 20)]
    assert [box["support"]["workers"] for box in label["annotations"]] == [3, 2]
    assert label["image_size"] == [{"width": 120, "height": 90}]


def test_semantic_mask(open_page: OpenPage) -> None:
    """Two categories, one partly erased."""
    shown = open_page("semantic-mask", LINE)
    shown.drag((10, 10), (50, 40))
    shown.button(HOSTILE)
    shown.drag((60, 50), (110, 80))
    shown.button("Erase")
    shown.drag((10, 10), (20, 40))
    sent = shown.submit()
    element = sent["crowd-semantic-segmentation"]
    assert element["labelMappings"] == {"car": {"color": "#2ca02c"}, HOSTILE: {"color": "#1f77b4"}}
    assert element["inputImageProperties"] == PROPERTIES
    other = {
        "crowd-semantic-segmentation": semantic_element(drawn((20, 10, 50, 40), (60, 50, 110, 80)), LABELS)
    }
    label = shown.label(sent, other, other)
    assert label["consolidation"]["agreement"] == 1
    assert [entry["class-name"] for entry in label["internal-color-map"].values()] == ["BACKGROUND", *LABELS]
    assert np.array_equal(shown.mask(label), drawn((20, 10, 50, 40), (60, 50, 110, 80)))


def test_instance_mask(open_page: OpenPage) -> None:
    """Two instances of one category that touch."""
    shown = open_page("instance-mask", LINE)
    shown.drag((10, 10), (50, 40))
    shown.button("New instance")
    shown.drag((50, 10), (90, 40))
    sent = shown.submit()
    assert sent["annotatedResult"]["instances"] == [
        {"color": "#2ca02c", "label": "car"},
        {"color": "#1f77b4", "label": "car"},
    ]
    other = {"annotatedResult": instance_element(drawn((10, 10, 50, 40), (50, 10, 90, 40)), ["car", "car"])}
    label = shown.label(sent, other, other)
    assert label["consolidation"]["agreement"] == 1
    assert [(one["label"], one["pixels"]) for one in label["instances"]] == [("car", 1200), ("car", 1200)]
    assert np.count_nonzero(shown.mask(label)) == 2400


def test_polygons(open_page: OpenPage) -> None:
    """Closed by a click on the first point; one given up."""
    shown = open_page("polygons", LINE)
    shown.click((10, 10), (60, 10), (60, 50), (10, 50), (10, 10))
    shown.click((70, 70), (80, 80))
    shown.page.keyboard.press("Escape")
    shown.element("svg.drawing").press("Escape")
    sent = shown.submit()
    corners = [{"x": 10, "y": 10}, {"x": 60, "y": 10}, {"x": 60, "y": 50}, {"x": 10, "y": 50}]
    assert sent == {
        "polygons": {"inputImageProperties": PROPERTIES, "polygons": [{"label": "car", "vertices": corners}]}
    }
    label = shown.label(sent, sent, sent)
    (polygon,) = label["annotations"]
    assert polygon["class-name"] == "car"
    assert {(point["x"], point["y"]) for point in polygon["vertices"]} >= {
        (10, 10),
        (60, 10),
        (60, 50),
        (10, 50),
    }


def test_polylines(open_page: OpenPage) -> None:
    """Ended by Enter."""
    shown = open_page("polylines", LINE)
    shown.click((10, 10), (60, 40), (110, 50))
    shown.element("svg.drawing").press("Enter")
    sent = shown.submit()
    points = [{"x": 10, "y": 10}, {"x": 60, "y": 40}, {"x": 110, "y": 50}]
    assert sent == {
        "polylines": {"inputImageProperties": PROPERTIES, "polylines": [{"label": "car", "vertices": points}]}
    }
    check_line_label(shown, sent, points)


def test_lines(open_page: OpenPage) -> None:
    """The second click ends a line."""
    shown = open_page("lines", LINE)
    shown.click((10, 10), (110, 50))
    sent = shown.submit()
    points = [{"x": 10, "y": 10}, {"x": 110, "y": 50}]
    assert sent == {
        "lines": {"inputImageProperties": PROPERTIES, "lines": [{"label": "car", "vertices": points}]}
    }
    check_line_label(shown, sent, points)


def test_keypoints(open_page: OpenPage) -> None:
    """One point for each category; two workers are a pixel off, in opposite directions."""
    shown = open_page("keypoints", LINE)
    shown.click((30, 40))
    shown.button(HOSTILE)
    shown.click((90, 20))
    sent = shown.submit()
    assert sent == {
        "keypoints": {
            "inputImageProperties": PROPERTIES,
            "keypoints": [{"label": "car", "x": 30, "y": 40}, {"label": HOSTILE, "x": 90, "y": 20}],
        }
    }
    label = shown.label(sent, moved(sent, 1), moved(sent, -1))
    found = {(point["class-name"], point["x"], point["y"]) for point in label["annotations"]}
    assert found == {("car", 30, 40), (HOSTILE, 90, 20)}


@pytest.mark.parametrize(
    ("template", "element", "key"),
    [
        ("boxes", "boundingBox", "boundingBoxes"),
        ("polygons", "polygons", "polygons"),
        ("keypoints", "keypoints", "keypoints"),
    ],
)
def test_nothing_drawn_is_an_answer(open_page: OpenPage, template: str, element: str, key: str) -> None:
    """A vote that there is nothing."""
    shown = open_page(template, LINE)
    assert shown.submit() == {element: {"inputImageProperties": PROPERTIES, key: []}}


def check_line_label(shown: WorkerPage, sent: dict[str, Any], points: list[dict[str, int]]) -> None:
    """All agree: the label runs where the answers do, in one direction or the other."""
    label = shown.label(sent, sent, sent)
    (line,) = label["annotations"]
    assert line["class-name"] == "car"
    ends = [line["vertices"][0], line["vertices"][-1]]
    assert sorted((end["x"], end["y"]) for end in ends) == sorted(
        (p["x"], p["y"]) for p in (points[0], points[-1])
    )


def moved(sent: dict[str, Any], by: int) -> dict[str, Any]:
    """The keypoints of another worker."""
    points = [{**point, "x": point["x"] + by} for point in sent["keypoints"]["keypoints"]]
    return {"keypoints": {**sent["keypoints"], "keypoints": points}}


def drawn(*rectangles: tuple[int, int, int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Rectangles (left, top, right, bottom) numbered from 1 on."""
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for number, (left, top, right, bottom) in enumerate(rectangles, start=1):
        mask[top:bottom, left:right] = number
    return mask
