"""Pages on which workers mark or type text, and forms of mixed elements."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import HOSTILE, IMAGE, SIZE, OpenPage, WorkerPage
from tests.elements import boxes_element

TEXT = f"😀 Ada met Bob\nin “Ulm”. {HOSTILE}"
LABELS = ["person", 'a "big" <place>']


def test_entities(open_page: OpenPage) -> None:
    """Selected with the mouse; offsets count as JavaScript does, an emoji as two. One is removed again."""
    shown = open_page("entities", {"source": TEXT, "labels": LABELS})
    assert shown.element("crowd-form").count() == 1
    assert shown.element(".text").inner_text() == TEXT
    select(shown, "Ada")
    select(shown, "met")
    shown.button(LABELS[1])
    select(shown, "Ulm")
    shown.button("Remove 2")
    sent = shown.submit()
    assert sent == {"entities": {"entities": [entity("Ada", LABELS[0]), entity("Ulm", LABELS[1])]}}
    label = shown.label(sent, sent, {"entities": {"entities": [entity("Ada", LABELS[0])]}})
    found = [
        (one["label"], TEXT[one["startOffset"] : one["endOffset"]])
        for one in label["annotations"]["entities"]
    ]
    assert found == [(LABELS[0], "Ada"), (LABELS[1], "Ulm")]


def test_text(open_page: OpenPage) -> None:
    """Typed by keyboard over several lines; an empty field is not let go."""
    shown = open_page("text", {"source-ref": IMAGE})
    shown.page.get_by_role("button", name="Submit").click()
    assert shown.element(".unfinished").inner_text() == "Fill in: Text in the image"
    shown.page.get_by_label("Text in the image").click()
    shown.page.keyboard.type("Nº 7, ")
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.insert_text(HOSTILE)
    sent = shown.submit()
    typed = f"Nº 7, \n{HOSTILE}"
    assert sent == {"transcription": typed}
    label = shown.label(sent, sent, sent)
    assert label["value"] == typed


def test_mixed_form(open_page: OpenPage) -> None:
    """Every element gives a field of the label, the comment is passed through."""
    shown = open_page("mixed-form", {"source-ref": IMAGE, "labels": ["car"]}, pass_through=("comment",))
    shown.drag((10, 20), (40, 50))
    shown.page.get_by_label("limited: some things cannot be told apart").check()
    slider = shown.page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    shown.page.get_by_label("Comment (may be left empty)").fill(HOSTILE)
    sent = shown.submit()
    assert sent == {
        "boundingBox": {
            "boundingBoxes": [{"height": 30, "label": "car", "left": 10, "top": 20, "width": 30}],
            "inputImageProperties": {"height": SIZE[1], "width": SIZE[0]},
        },
        "quality": {"good": False, "limited": True, "unusable": False},
        "certainty": 55,
        "comment": HOSTILE,
    }
    other = {
        "boundingBox": boxes_element([("car", 10, 20, 30, 30)], SIZE),
        "quality": {"good": True, "limited": False, "unusable": False},
        "certainty": 60,
    }
    label = shown.label(sent, other, {**other, "quality": sent["quality"]}, pass_through=("comment",))
    fields = label["fields"]
    assert [box["class-name"] for box in fields["boundingBox"]["annotations"]] == ["car"]
    assert fields["quality"]["class-name"] == "limited"
    assert [one["annotationData"]["content"] for one in fields["comment"]["annotationsFromAllWorkers"]]
    assert fields["certainty"]["value"] == 60


def test_an_empty_comment_is_no_answer(open_page: OpenPage) -> None:
    """As the real element has it: a field left empty is missing."""
    shown = open_page("mixed-form", {"source-ref": IMAGE, "labels": ["car"]})
    shown.page.get_by_label("good: everything can be told apart").check()
    assert set(shown.submit()) == {"boundingBox", "quality", "certainty"}


def entity(words: str, label: str) -> dict[str, Any]:
    """An entity by its words, its offsets in UTF-16 units as the page counts."""
    before = TEXT[: TEXT.index(words)]
    start = len(before.encode("utf-16-le")) // 2
    return {"endOffset": start + len(words), "label": label, "startOffset": start}


def select(shown: WorkerPage, words: str) -> None:
    """Drag the mouse over some words."""
    box = shown.element(".text").evaluate(
        """(shown, words) => {
          const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(words);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + words.length);
            const {left, right, top, bottom} = range.getBoundingClientRect();
            return {left, right, y: (top + bottom) / 2};
          }
        }""",
        words,
    )
    shown.page.mouse.move(box["left"] + 1, box["y"])
    shown.page.mouse.down()
    shown.page.mouse.move(box["right"], box["y"])
    shown.page.mouse.up()
