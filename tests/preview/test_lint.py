"""The linter: every mistake with its line, and none in the project's own templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labeljob.preview.crowd_elements import relaxed_json, rules
from labeljob.preview.lint import Finding, check_page, check_source, check_template
from labeljob.preview.template import WorkerTemplate
from pre_annotation.task_input import decide
from shared.settings import Settings

TEMPLATES = Path(__file__).parents[2] / "worker_templates"
NAMES = sorted(path.name.partition(".")[0] for path in TEMPLATES.glob("*.liquid.html"))
SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n'
TEXTS = ("class-text", "multi-label-text", "entities", "entities-adjustment")
HOSTILE = "</script><script>alert('x')</script> \"quoted\" {{ task.input }} 😀 <b onclick=x> &quot; \\"
LABEL = {
    "Roads": {
        "annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 5, "height": 5}],
        "image_size": [{"width": 10, "height": 10}],
    },
    "Roads-metadata": {"class-map": {"0": HOSTILE}},
}


def template(folder: Path, body: str, start: str = SCRIPT) -> WorkerTemplate:
    """A template that begins as it should; its body begins on line 2."""
    path = folder / "page.liquid.html"
    path.write_text(start + body, encoding="utf-8")
    return WorkerTemplate.read(path)


def task_input(line: dict[str, Any]) -> dict[str, Any]:
    """What the pre-annotation function makes of a line."""
    return dict(decide(line, (), Settings()).response.task_input)


def places(findings: list[Finding]) -> list[tuple[int, str]]:
    """Line and message of each finding."""
    return [(finding.line, finding.message) for finding in findings]


IMAGE = task_input({"source-ref": "s3://acme-in/0.jpg", "labels": ["car", "bus"]})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("labels", [["car", "bus"], ["car", HOSTILE]], ids=["plain", "hostile"])
def test_the_projects_templates_have_no_mistake(name: str, labels: list[str]) -> None:
    """Under the task input that the pre-annotation function makes, with nothing missing and nothing unescaped."""
    source = {"source": HOSTILE} if name in TEXTS else {"source-ref": f"s3://acme-in/{HOSTILE}.jpg"}
    earlier = LABEL if name == "verification" else {}
    line = {**source, "labels": labels, "camera": HOSTILE, **earlier}
    page = WorkerTemplate.read(TEMPLATES / f"{name}.liquid.html")
    findings = check_template(page, task_input(line))
    assert [finding for finding in findings if finding.serious] == []
    if name.endswith("-adjustment"):
        assert ["initialValue is null" in finding.message for finding in findings] == [True]
    else:
        assert findings == []
    page.render(task_input(line))


@pytest.mark.parametrize("name", NAMES)
def test_every_template_tells_workers_what_to_do(name: str) -> None:
    """Short and full instructions, difficult cases among them; to_json never without escape."""
    source = (TEMPLATES / f"{name}.liquid.html").read_text()
    assert source.count("<short-instructions>") == source.count("<full-instructions header=") == 1
    assert "skip_autoescape" not in source
    assert source.count("to_json") == source.count("to_json | escape")


def test_every_kind_of_shape_has_its_adjustment_page() -> None:
    """What was drawn can be corrected."""
    drawn = {
        "boxes",
        "polygons",
        "polylines",
        "lines",
        "keypoints",
        "semantic-mask",
        "instance-mask",
        "entities",
    }
    assert {f"{name}-adjustment" for name in drawn} | drawn <= set(NAMES)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            "{{ task.input.x | skip_autoescape }}",
            "skip_autoescape on task.input.x: text of the manifest can run",
        ),
        ("<script>x = {{ task.input.labels | to_json }}</script>", "task.input.labels in <script>: escaping"),
        (
            "<style>a { background: url({{ task.input.taskObject | grant_read_access }}) }</style>",
            "grant_read_access in <style>: its & is escaped there, which breaks the signature",
        ),
        ("<p onclick=\"go('{{ task.input.x }}')\">", "task.input.x in an event handler: escaping for HTML"),
        ("<p title={{ task.input.x }}>", "task.input.x in an attribute without quotes: a blank in it"),
        ('<p title="{{ task.input.x | to_json }}">', "to_json in an attribute without escape"),
    ],
)
def test_what_is_unsafe_in_the_template_is_found(tmp_path: Path, body: str, found: str) -> None:
    """With its line, whatever the task input."""
    (finding,) = check_source(template(tmp_path, f"<crowd-form></crowd-form>\n{body}"))
    assert finding.line == 3
    assert finding.message.startswith(found)


@pytest.mark.parametrize(
    "body",
    [
        "{{ '<br>' | skip_autoescape }}",
        "{% comment %}{{ task.input.x | skip_autoescape }}{% endcomment %}",
        "<!-- {{ task.input.taskObject | skip_autoescape }} -->",
        '<p title="{{ task.input.labels | to_json | escape }}">',
        "<p title='{{ task.input.taskObject | default: \"a|b\" }}'>",
        "<script>const text = document.body.dataset.text; if (1 < 2) text;</script>",
        "<script>x = '{{ 'a' }}'</script>",
    ],
)
def test_what_is_safe_is_no_mistake(tmp_path: Path, body: str) -> None:
    """Texts of the template itself, comments, escaped JSON."""
    page = template(tmp_path, f"<crowd-form>{body}</crowd-form>")
    assert check_template(page, IMAGE) == []


def test_a_page_without_script_or_form_is_found(tmp_path: Path) -> None:
    """It renders, but no worker can use it."""
    assert places(check_source(template(tmp_path, "<p></p>", start=""))) == [
        (1, "does not load https://assets.crowd.aws/crowd-html-elements.js; crowd elements stay blank"),
        (1, "has no <crowd-form>, so workers cannot submit"),
    ]


def test_the_script_is_to_come_first(tmp_path: Path) -> None:
    """Behind comments is early enough."""
    late = template(tmp_path, f"<crowd-form></crowd-form>\n{SCRIPT}", start="")
    assert places(check_source(late)) == [(1, "does not begin with the script of the crowd elements")]
    commented = template(tmp_path, f"<!-- ours -->\n{SCRIPT}<crowd-form></crowd-form>", start="")
    assert check_source(commented) == []


LABELS = "{{ task.input.labels | to_json | escape }}"
REGIONS = "<full-instructions></full-instructions><short-instructions></short-instructions>"
BOX = (
    '<crowd-bounding-box name="b" header="h" src="{{ task.input.taskObject | grant_read_access }}" '
    f'labels="{LABELS}">{REGIONS}</crowd-bounding-box>'
)
BUTTONS = "".join(f"<crowd-radio-button name={name}></crowd-radio-button>" for name in "ab")


def _box(old: str, new: str) -> str:
    """An element with one mistake."""
    assert old in BOX
    return BOX.replace(old, new)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{{ task.input.nope }}", "task.input.nope is undefined for this line"),
        ("{% for x in task.input.nope %}{% endfor %}", "task.input.nope is undefined for this line"),
        (_box('name="b" ', ""), "<crowd-bounding-box> has no name"),
        (
            _box(" | grant_read_access", ""),
            "src of <crowd-bounding-box> is an s3:// URI, which no browser reads",
        ),
        (_box(LABELS, "car"), "labels of <crowd-bounding-box> is not JSON"),
        (_box(LABELS, "[]"), "labels of <crowd-bounding-box> is empty"),
        (_box(LABELS, "['a', 'a']"), "labels of <crowd-bounding-box> names something twice"),
        (
            _box("<short-instructions></short-instructions>", ""),
            "<crowd-bounding-box> has no <short-instructions>",
        ),
        (
            f"</crowd-form>{BOX}",
            "<crowd-bounding-box> is outside of <crowd-form>, so its answer is not submitted",
        ),
        ('<img src="{{ task.input.taskObject }}">', "src of <img> is an s3:// URI, which no browser reads"),
        ("<input type=text>", "<input> has no name, so its value is not submitted"),
        ("<textarea name=taken></textarea>", "the name 'taken' is taken by line 2; only one answer is kept"),
        ("<crowd-input name=a />", "<crowd-input .../> is not closed in HTML and swallows what follows"),
        (f"<crowd-radio-group>{BUTTONS}</crowd-radio-group>", "its buttons have names of their own"),
        ("<crowd-slider name=a min=low></crowd-slider>", "min of <crowd-slider> is no number: 'low'"),
    ],
)
def test_what_is_wrong_in_the_page_is_found(tmp_path: Path, body: str, found: str) -> None:
    """With its line in the template."""
    (finding,) = check_page(template(tmp_path, f"<crowd-form><input name=taken>\n{body}</crowd-form>"), IMAGE)
    assert finding.line == 3
    assert finding.message.startswith(found)


def test_entities_stand_on_their_own(tmp_path: Path) -> None:
    """The element brings a form of its own."""
    attributes = """name="e" header="h" labels="[{label: 'a'}]" text="t\""""
    entities = f"<crowd-entity-annotation {attributes}>{REGIONS}</crowd-entity-annotation>"
    assert check_page(template(tmp_path, entities), IMAGE) == []
    assert places(check_page(template(tmp_path, f"<crowd-form>\n{entities}</crowd-form>"), IMAGE)) == [
        (3, "<crowd-entity-annotation> is inside <crowd-form>; it brings a form of its own")
    ]


def test_markup_from_the_data_is_found(tmp_path: Path) -> None:
    """Whichever way it comes into the page."""
    page = template(
        tmp_path, "<crowd-form>\n<p>{{ task.input.taskObject | skip_autoescape }}</p></crowd-form>"
    )
    found = check_page(page, task_input({"source": "a <b>bold</b> <script>alert(1)</script>"}))
    assert places(found) == [
        (3, "<b> comes from the data and would be part of the page"),
        (3, "<script> comes from the data and would be part of the page"),
    ]


def test_lines_are_those_of_the_template_whatever_liquid_repeats(tmp_path: Path) -> None:
    """Loops and conditions do not shift them."""
    body = "<crowd-form>{% for label in task.input.labels %}\n<p>{{ label }}</p>\n{% endfor %}\n<input>\n</crowd-form>"
    assert [line for line, _ in places(check_page(template(tmp_path, body), IMAGE))] == [5]


def test_the_untaken_branch_is_not_blamed(tmp_path: Path) -> None:
    """What a template tests for may be missing."""
    body = "<crowd-form>{% if task.input.nope %}{{ task.input.nope.x }}{% endif %}{{ task.input.nope | default: 'x' }}</crowd-form>"
    assert check_page(template(tmp_path, body), IMAGE) == []


def test_a_page_for_images_says_so_of_a_text() -> None:
    """The commonest mix-up."""
    page = WorkerTemplate.read(TEMPLATES / "boxes.liquid.html")
    (found,) = check_page(page, task_input({"source": "some text", "labels": ["a"]}))
    assert found.message == "src of <crowd-bounding-box> is no URL: 'some text'"
    assert "needs a page for texts" in found.remedy


def test_an_adjustment_page_of_another_kind_says_so() -> None:
    """It would start from nothing, and nobody would notice."""
    page = WorkerTemplate.read(TEMPLATES / "polygons-adjustment.liquid.html")
    line = {"source-ref": "s3://acme-in/0.jpg", "labels": [HOSTILE], **LABEL}
    (found,) = check_page(page, task_input(line))
    assert (
        found.message
        == "the earlier label has boundingBoxes, inputImageProperties, the page starts from polygons"
    )
    assert not found.serious


def test_more_labels_than_an_element_takes() -> None:
    """Polylines take ten."""
    page = WorkerTemplate.read(TEMPLATES / "polylines.liquid.html")
    labels = [str(number) for number in range(11)]
    (found,) = check_page(page, task_input({"source-ref": "s3://acme-in/0.jpg", "labels": labels}))
    assert found.message == "labels of <crowd-polyline> has 11 entries, the element takes 10"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'it\\'s', 'say \"x\"']", ["a", "it's", 'say "x"']),
        ("{ text: 'None: of, these', }", {"text": "None: of, these"}),
        ("[{label: 'a', vertices: [{x: 1, y: 2.5}],},]", [{"label": "a", "vertices": [{"x": 1, "y": 2.5}]}]),
    ],
)
def test_json_as_crowd_elements_read_it(text: str, value: Any) -> None:
    """The documentation's own examples have single quotes and bare keys."""
    assert relaxed_json(text) == value


def test_every_element_of_the_templates_has_rules() -> None:
    """None is left unchecked."""
    plain = {"crowd-form"}
    used = {word for name in NAMES for word in _elements((TEMPLATES / f"{name}.liquid.html").read_text())}
    assert used - plain <= rules().keys()


def _elements(source: str) -> set[str]:
    return {part.split()[0].strip(">/") for part in source.split("<") if part.startswith("crowd-")}
