"""Pages on which workers choose: from the click to the label of three workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import HOSTILE, IMAGE, OpenPage, WorkerPage

LABELS = ["cat", HOSTILE, "dog"]
CLIP = "s3://acme-in/clips/0007.mp4"
LINES = {
    "image": {"source-ref": IMAGE, "labels": LABELS},
    "text": {"source": f"First line\n\n{HOSTILE}\nعربي", "labels": LABELS},
    "video": {"source-ref": CLIP, "labels": LABELS},
}
NONE = "None of the above"


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    """A file that the browser is given as a video. It need not play: what counts is that its bytes arrive."""
    body = bytes(range(256)) * 8
    (tmp_path / "0007.mp4").write_bytes(body)
    return body


@pytest.mark.parametrize(
    ("template", "line"), [("class", "image"), ("class-text", "text"), ("class-video", "video")]
)
def test_class(open_page: OpenPage, clip: bytes, template: str, line: str) -> None:
    """A page asks for a choice before it lets the form go; names are shown letter by letter."""
    shown = open_page(template, LINES[line])
    shown.page.get_by_role("button", name="Submit").click()
    assert "Choose a category" in shown.element(".unfinished").inner_text()
    shown.page.get_by_label(HOSTILE, exact=True).check()
    sent = shown.submit()
    assert sent == {"category": {"label": HOSTILE}}
    label = shown.label(sent, {"category": {"label": "dog"}}, sent)
    assert (label["class-name"], label["class-id"]) == (HOSTILE, 1)
    assert label["votes"] == {HOSTILE: 2, "dog": 1}


@pytest.mark.parametrize(
    ("template", "line"),
    [("multi-label", "image"), ("multi-label-text", "text"), ("multi-label-video", "video")],
)
def test_multi_label(open_page: OpenPage, clip: bytes, template: str, line: str) -> None:
    """Chosen with the keyboard; what excludes the others unticks them, and is unticked by them."""
    shown = open_page(template, LINES[line])
    shown.page.get_by_label("cat", exact=True).check()
    shown.page.get_by_label(NONE, exact=True).check()
    assert not shown.page.get_by_label("cat", exact=True).is_checked()
    shown.page.get_by_label("dog", exact=True).press("Space")
    assert not shown.page.get_by_label(NONE, exact=True).is_checked()
    shown.page.get_by_label(HOSTILE, exact=True).press("Space")
    sent = shown.submit()
    assert sent == {"categories": {"labels": [HOSTILE, "dog"]}}
    label = shown.label(sent, {"categories": {"labels": ["dog"]}}, {"categories": {"labels": ["dog", "cat"]}})
    assert label["class-names"] == ["dog"]
    assert [one["class-name"] for one in label["candidates"]] == ["cat", HOSTILE]


def test_none_of_the_categories_is_an_answer(open_page: OpenPage) -> None:
    """A vote against all of them."""
    shown = open_page("multi-label", LINES["image"])
    shown.page.get_by_label(NONE, exact=True).check()
    assert shown.submit() == {"categories": {"labels": []}}


@pytest.mark.parametrize("template", ["class-text", "multi-label-text"])
def test_a_text_is_shown_as_it_stands(open_page: OpenPage, template: str) -> None:
    """Line breaks, markup, Liquid, quotes, emoji."""
    shown = open_page(template, LINES["text"])
    assert shown.element("classification-target div").inner_text() == LINES["text"]["source"]
    assert shown.page.locator("script").count() == 1


@pytest.mark.parametrize("template", ["class-video", "multi-label-video"])
def test_the_browser_is_given_the_clip(open_page: OpenPage, clip: bytes, template: str) -> None:
    """Whole, and in the ranges that players ask for."""
    shown = open_page(template, LINES["video"])
    video = shown.element("classification-target video")
    assert video.evaluate("video => video.controls")
    fetched = video.evaluate(
        """async video => {
          const [whole, part] = await Promise.all([fetch(video.src), fetch(video.src, {headers: {Range: "bytes=256-511"}})]);
          return [whole.headers.get("Content-Type"), [...new Uint8Array(await whole.arrayBuffer())],
                  part.status, [...new Uint8Array(await part.arrayBuffer())]];
        }"""
    )
    assert fetched == ["video/mp4", list(clip), 206, list(range(256))]


@pytest.mark.parametrize("line", [LINES["text"], LINES["image"]], ids=["text", "image"])
def test_rating(open_page: OpenPage, line: dict[str, Any]) -> None:
    """One step is required; the arrow keys go from step to step."""
    shown = open_page("rating", line)
    shown.page.get_by_role("button", name="Submit").click()
    assert shown.element("input[name=rating]:invalid").count() == 5
    shown.page.get_by_label("fair").check()
    shown.page.keyboard.press("ArrowDown")
    sent = shown.submit()
    assert sent == rating(4)
    label = shown.label(sent, rating(5), rating(4))
    assert (label["value"], label["class-name"]) == (4, "4")
    assert label["consolidation"]["kind"] == "rating"


def test_verification_of_boxes(open_page: OpenPage) -> None:
    """The earlier label is drawn over the image; the comment comes along."""
    shown = open_page("verification", {**verified(boxes_label()), "labels": ["right", HOSTILE]})
    drawing = shown.element(".stage rect.shape")
    assert drawing.count() == 2
    assert drawing.first.get_attribute("x") == "10"
    check_verdict(shown, HOSTILE)


def test_verification_has_verdicts_of_its_own(open_page: OpenPage) -> None:
    """Where the job names none."""
    shown = open_page("verification", verified(boxes_label()))
    check_verdict(shown, "wrong")


def check_verdict(shown: WorkerPage, verdict: str) -> None:
    """Choose, comment, submit, merge with one who agrees and one who does not."""
    shown.page.get_by_label(verdict, exact=True).check()
    shown.page.get_by_text("Add a comment", exact=True).click()
    shown.page.get_by_label("What is wrong, and where?").fill('the bus at the left\nhas "no" box')
    sent = shown.submit()
    assert sent == {"verdict": {"label": verdict, "workerComment": 'the bus at the left\nhas "no" box'}}
    label = shown.label(sent, {"verdict": {"label": "right"}}, {"verdict": {"label": verdict}})
    assert label["class-name"] == verdict
    assert [one["comment"] for one in label["comments"]] == ['the bus at the left\nhas "no" box']


def rating(step: int) -> dict[str, Any]:
    """An answer of radio buttons from 1 to 5."""
    return {"rating": {str(number): number == step for number in range(1, 6)}}


def boxes_label() -> dict[str, Any]:
    """Two boxes, as a built-in job writes them."""
    return {
        "image_size": [{"width": 120, "height": 90, "depth": 3}],
        "annotations": [
            {"class_id": 0, "left": 10, "top": 10, "width": 30, "height": 20},
            {"class_id": 1, "left": 60, "top": 40, "width": 40, "height": 30},
        ],
    }


def verified(label: dict[str, Any]) -> dict[str, Any]:
    """A manifest line that carries an earlier label."""
    metadata = {
        "class-map": {"0": "car", "1": HOSTILE},
        "objects": [{"confidence": 0.8}, {"confidence": 0.9}],
    }
    return {"source-ref": IMAGE, "Roads": label, "Roads-metadata": metadata}
