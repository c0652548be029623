"""The stand-in elements themselves: what they refuse, and how the form collects answers."""

from __future__ import annotations

from pathlib import Path

from labeljob.preview.lint import check_page
from tests.browser.conftest import IMAGE, OpenPage

SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n'
REGIONS = "<full-instructions></full-instructions><short-instructions></short-instructions>"
LINE = {"source-ref": IMAGE, "labels": ["car"]}


def page(folder: Path, body: str) -> Path:
    """A template of a person's own."""
    path = folder / "own.liquid.html"
    path.write_text(SCRIPT + body)
    return path


def test_missing_and_broken_attributes_are_listed_on_the_page(open_page: OpenPage, tmp_path: Path) -> None:
    """Where a real page would stay blank."""
    src = "{{ task.input.taskObject | grant_read_access }}"
    body = f'<crowd-form><crowd-bounding-box src="{src}" header="h" labels="car"></crowd-bounding-box></crowd-form>'
    shown = open_page(page(tmp_path, body), LINE)
    shown.expected = [
        f"crowd-bounding-box: {problem}"
        for problem in (
            "name is missing",
            "labels is not JSON",
            "<full-instructions> is missing",
            "<short-instructions> is missing",
        )
    ]
    assert shown.element(".problems li").all_inner_texts() == shown.expected
    assert shown.element(".notice li").count() == 4


ATTRIBUTES = [
    ("crowd-bounding-box", """labels='["a"]'""", True),
    ("crowd-bounding-box", """labels="['a', 'b',]" """, True),
    ("crowd-bounding-box", """labels='[]'""", False),
    ("crowd-bounding-box", """labels='["a", "a"]'""", False),
    ("crowd-bounding-box", """labels='{}'""", False),
    ("crowd-bounding-box", """labels='["a"]' initial-value='{}'""", False),
    ("crowd-bounding-box", """labels='["a"]' initial-value='[{"left": 1}]'""", False),
    ("crowd-bounding-box", """labels='["a"]' initial-value='[]'""", True),
    ("crowd-polyline", """labels='["a"]' initial-value='{"polylines": []}'""", True),
    ("crowd-polyline", """labels='["a"]' initial-value='{"lines": []}'""", False),
    ("crowd-semantic-segmentation", """labels='["a"]' initial-value='{"labelMappings": {}}'""", False),
    (
        "crowd-image-classifier",
        """categories='["a"]' overlay='{"boundingBox": {"labels": [], "value": []}}'""",
        True,
    ),
    ("crowd-image-classifier", """categories='["a"]' overlay='{"polygon": {}}'""", False),
    (
        "crowd-image-classifier-multi-select",
        """categories='["a"]' exclusion-category="{ text: 'None' }" """,
        True,
    ),
    ("crowd-image-classifier-multi-select", """categories='["a"]' exclusion-category="None" """, False),
    ("crowd-slider", "min='low'", False),
    ("crowd-radio-button", "required", False),
]


def test_stand_ins_and_linter_apply_the_same_rules(open_page: OpenPage, tmp_path: Path) -> None:
    """Whatever the one refuses, the other does."""
    src = "{{ task.input.taskObject | grant_read_access }}"
    elements = "\n".join(
        f'<{tag} id="e{number}" name="n{number}" header="h" src="{src}" {attributes}>{REGIONS}</{tag}>'
        for number, (tag, attributes, _) in enumerate(ATTRIBUTES)
    )
    shown = open_page(page(tmp_path, f"<crowd-form>\n{elements}\n</crowd-form>"), LINE)
    faulty = {number for number, (_, _, good) in enumerate(ATTRIBUTES) if not good}
    refused = shown.page.evaluate(
        "[...document.querySelectorAll('[id^=e]')].filter((e) => e.problems.length).map((e) => Number(e.id.slice(1)))"
    )
    assert set(refused) == faulty
    found = check_page(shown.preview.template, shown.preview.task_input)
    assert {finding.line - 3 for finding in found} == faulty
    shown.expected = shown.element(".problems li").all_inner_texts()


def test_an_image_that_cannot_be_shown_says_why(open_page: OpenPage, tmp_path: Path) -> None:
    """A word from the server, not just a broken picture."""
    (tmp_path / "8.png").write_bytes(b"no picture")
    shown = open_page("boxes", {**LINE, "source-ref": "s3://acme-in/roads/8.png"})
    shown.expected = ["crowd-bounding-box: the image cannot be shown: it is no picture"]
    assert shown.element(".problems li").all_inner_texts() == shown.expected


def test_entities_inside_a_form_are_refused(open_page: OpenPage, tmp_path: Path) -> None:
    """The commonest mistake with this element."""
    body = f"""<crowd-form><crowd-entity-annotation name="e" header="h" text="t" labels="[{{label: 'a'}}]">{REGIONS}
      </crowd-entity-annotation></crowd-form>"""
    shown = open_page(page(tmp_path, body), LINE)
    shown.expected = [
        "crowd-entity-annotation: stands inside <crowd-form>, but brings a form of its own: take it out"
    ]
    assert shown.element(".problems li").all_inner_texts() == shown.expected


def test_small_elements_answer_as_documented(open_page: OpenPage, tmp_path: Path) -> None:
    """Buttons and boxes of one name are one answer; empty fields are none; hidden fields are texts."""
    body = """<crowd-form>
      <crowd-checkbox name="seen" value="car" checked>Car</crowd-checkbox>
      <crowd-checkbox name="seen" value="bus">Bus</crowd-checkbox>
      <crowd-toggle-button name="clear">Clear</crowd-toggle-button>
      <crowd-radio-group>
        <crowd-radio-button name="yes" value="yes">Yes</crowd-radio-button>
        <crowd-radio-button name="no" value="no">No</crowd-radio-button>
      </crowd-radio-group>
      <crowd-input name="plate" label="Plate"></crowd-input>
      <crowd-input name="note" label="Note"></crowd-input>
      <crowd-slider name="sure" min="1" max="5" value="3"></crowd-slider>
      <input type="hidden" name="frame" value="{&quot;n&quot;: 7}">
      <label>Colour <select name="colour"><option>red</option><option>blue</option></select></label>
    </crowd-form>"""
    shown = open_page(page(tmp_path, body), LINE)
    shown.page.get_by_role("checkbox", name="Clear").check()
    for name in ("Yes", "No"):
        shown.page.get_by_role("radio", name=name).check()
    shown.page.get_by_label("Plate").fill("AB 1")
    assert shown.submit() == {
        "seen": {"car": True, "bus": False},
        "clear": {"on": True},
        "yes": {"yes": False},
        "no": {"no": True},
        "plate": "AB 1",
        "sure": 3,
        "frame": '{"n": 7}',
        "colour": "red",
    }


def test_a_page_may_refuse_to_submit(open_page: OpenPage, tmp_path: Path) -> None:
    """Checks of the page's own come first, once all elements are ready."""
    body = """<crowd-form><crowd-input name="plate" label="Plate"></crowd-input></crowd-form>
    <script>
      document.addEventListener("all-crowd-elements-ready", () => {
        const form = document.querySelector("crowd-form");
        form.onsubmit = (event) => { if (!document.querySelector("crowd-input").value) event.preventDefault(); };
      });
    </script>"""
    shown = open_page(page(tmp_path, body), LINE)
    shown.page.get_by_role("button", name="Submit").click()
    assert shown.preview.workers == 0
    shown.page.get_by_label("Plate").fill("AB 1")
    assert shown.submit() == {"plate": "AB 1"}
    assert shown.preview.workers == 1


def test_a_page_may_have_a_submit_button_of_its_own(open_page: OpenPage, tmp_path: Path) -> None:
    """Then none is appended."""
    body = """<crowd-form><crowd-input name="plate" label="Plate"></crowd-input>
    <crowd-button form-action="submit">Submit and go on</crowd-button></crowd-form>"""
    shown = open_page(page(tmp_path, body), LINE)
    assert shown.page.get_by_role("button").count() == 1
    shown.page.get_by_label("Plate").fill("AB 1")
    assert shown.submit() == {"plate": "AB 1"}


def test_one_person_may_answer_as_several_workers(open_page: OpenPage) -> None:
    """The label is that of all answers, until one starts over."""
    shown = open_page("class", {"source-ref": IMAGE, "labels": ["cat", "dog"]})
    shown.page.get_by_label("cat").check()
    shown.submit()
    shown.button("Answer as another worker")
    shown.page.get_by_text("Answers so far: 1.").wait_for()
    shown.page.get_by_label("cat").check()
    shown.page.get_by_role("button", name="Submit").click()
    shown.page.get_by_role("heading", name="Label of 2 workers").wait_for()
    shown.button("Start over")
    shown.page.get_by_label("dog").check()
    shown.submit()
    assert shown.preview.workers == 1
