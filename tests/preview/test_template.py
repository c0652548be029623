"""Worker templates: what Ground Truth's Liquid does, and the project's own pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import SimulatedJob, simulate
from labeljob.simulation.page import WorkerTemplate
from shared.errors import ContractError

LABELS = ["cat", 'a "big" <dog>', "l'été & more"]
CROWD_ELEMENTS = {
    "class": "crowd-image-classifier",
    "boxes": "crowd-bounding-box",
    "semantic-mask": "crowd-semantic-segmentation",
    "instance-mask": "crowd-instance-segmentation",
}


class Page(HTMLParser):
    """Start tags with their attributes, as a browser reads them; and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the first tag of each name."""
        self.tags.setdefault(tag, dict(attrs))

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def template(folder: Path, source: str) -> WorkerTemplate:
    """A template with this source."""
    path = folder / "page.liquid.html"
    path.write_text(source)
    return WorkerTemplate.read(path)


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("{{ task.input.text }}", "a &lt;b&gt; &amp; c"),
        ("{{ task.input.text | escape }}", "a &lt;b&gt; &amp; c"),
        ("{{ task.input.text | skip_autoescape }}", "a <b> & c"),
        ("{{ '&lt;p&gt;' | escape_once }}", "&lt;p&gt;"),
        ("{{ task.input.list | to_json | escape }}", "[&#34;x&#34;,1]"),
        ("{{ task.input.list | to_json | skip_autoescape }}", '["x",1]'),
        (
            "{{ task.input.source-ref | grant_read_access }}",
            "https://acme-in.s3.amazonaws.com/a%20b/1.jpg?X-Amz-Expires=900&amp;X-Amz-Signature=simulated",
        ),
        ("{{ 'https://acme.example/1.jpg' | grant_read_access }}", "https://acme.example/1.jpg"),
        ("{% if task.input.nope %}yes{% else %}no{% endif %}", "no"),
        ("{{ task.input.nope | default: 'none' }}", "none"),
        ("{% for one in task.input.list %}{{ one }};{% endfor %}", "x;1;"),
    ],
)
def test_liquid_as_ground_truth_has_it(tmp_path: Path, source: str, page: str) -> None:
    """Escaped unless asked not to be; S3 URIs become signed URLs."""
    task_input = {"text": "a <b> & c", "list": ["x", 1], "source-ref": "s3://acme-in/a b/1.jpg"}
    assert template(tmp_path, source).render(task_input) == page


@pytest.mark.parametrize(
    "use",
    ["{{ task.input.nope }}", "{{ task.input.nope | to_json }}", "{{ task.input.nope | grant_read_access }}"],
)
def test_a_missing_input_is_named_with_line_and_column(tmp_path: Path, use: str) -> None:
    """The real service would leave a hole in the page."""
    with pytest.raises(
        ContractError, match=r"page\.liquid\.html line 2, column 6: task\.input\.nope is undefined"
    ):
        template(tmp_path, f"<p>\n  {use}\n</p>").render({"text": "x"})


def test_a_filter_that_ground_truth_does_not_have_is_named_with_line_and_column(tmp_path: Path) -> None:
    """`s3_presign` is an invention of forums."""
    with pytest.raises(ContractError, match=r"line 1, column 19: unknown filter 's3_presign'"):
        template(tmp_path, "{{ task.input.x | s3_presign }}").render({"x": 1})


def test_a_template_that_is_no_liquid_is_unusable(tmp_path: Path) -> None:
    """Found before the first object."""
    with pytest.raises(ContractError, match=r"page\.liquid\.html line 1, column 4: unexpected tag 'nope'"):
        template(tmp_path, "{% nope %}")


def test_a_template_has_a_longest_length(tmp_path: Path) -> None:
    """RenderUiTemplate takes no more."""
    with pytest.raises(ContractError, match="has 128001 characters, allowed are 1 to 128000"):
        template(tmp_path, "x" * 128_001)


def test_a_page_without_form_or_script_is_warned_of(tmp_path: Path) -> None:
    """It renders, but no worker can use it."""
    assert [warning.split(" ", 1)[1] for warning in template(tmp_path, "<p></p>").warnings()] == [
        "does not load https://assets.crowd.aws/crowd-html-elements.js; crowd elements stay blank",
        "has no <crowd-form>, so workers cannot submit",
    ]


@pytest.mark.parametrize("name", CROWD_ELEMENTS)
def test_every_page_shows_the_image_and_offers_the_labels(
    name: str, make_job: Callable[..., SimulatedJob], templates: Path, tmp_path: Path
) -> None:
    """Label names with quotes, brackets and accents reach the crowd element whole."""
    categories = tmp_path / "categories.json"
    categories.write_text(json.dumps({"labels": [{"label": label} for label in LABELS]}))
    line = {"source-ref": "s3://acme-in/cats/a 0.jpg", "camera": "<script>alert(1)</script>"}
    job = make_job([line], template=templates / f"{name}.liquid.html", label_categories=categories)
    result = simulate(job)
    assert result.page is not None
    assert result.warnings == ()
    page = Page(result.page.read_text())
    assert page.tags["script"] == {"src": "https://assets.crowd.aws/crowd-html-elements.js"}
    element = page.tags[CROWD_ELEMENTS[name]]
    assert json.loads(element.get("labels") or element["categories"] or "") == LABELS
    assert (element["src"] or "").startswith("https://acme-in.s3.amazonaws.com/cats/a%200.jpg?")
    assert element["name"]
    assert element["header"]
    assert {"crowd-form", "short-instructions", "full-instructions"} <= page.tags.keys()


def test_the_class_page_shows_a_text_as_text(make_job: Callable[..., SimulatedJob], templates: Path) -> None:
    """Neither markup nor Liquid inside a text is run."""
    text = "<script>alert(1)</script>\nsecond line {{ task.input.x }}"
    job = make_job([{"source": text, "labels": LABELS}], template=templates / "class.liquid.html")
    result = simulate(job)
    assert result.page is not None
    page = Page(result.page.read_text())
    assert text in page.text
    assert json.loads(page.tags["crowd-classifier"]["categories"] or "") == LABELS
    assert "crowd-image-classifier" not in page.tags


@pytest.mark.parametrize("name", CROWD_ELEMENTS)
def test_no_page_hands_data_to_the_browser_unescaped(name: str, templates: Path) -> None:
    """The two habits that keep a page safe."""
    source = (templates / f"{name}.liquid.html").read_text()
    assert "skip_autoescape" not in source
    assert source.count("to_json") == source.count("to_json | escape") > 0


def test_the_page_kept_is_that_of_the_manifests_first_object(
    make_job: Callable[..., SimulatedJob], tmp_path: Path
) -> None:
    """Whatever the order in which objects go out."""
    page = tmp_path / "page.liquid.html"
    page.write_text("<crowd-form>{{ task.input.taskObject }}</crowd-form>")
    result = simulate(make_job(count=12, template=page))
    assert result.page is not None
    assert result.page.read_text() == "<crowd-form>s3://acme-in/cats/0.jpg</crowd-form>"


def test_a_page_without_its_input_stops_the_simulation_and_names_the_object(
    make_job: Callable[..., Any], tmp_path: Path
) -> None:
    """One line of a thousand may lack what the page reads."""
    page = tmp_path / "page.liquid.html"
    page.write_text("{{ task.input.manifestLine.camera }}")
    lines = [{"source": "a", "camera": 1}, {"source": "b"}]
    with pytest.raises(ContractError, match=r"data object 1: .*manifestLine\.camera is undefined"):
        simulate(make_job(lines, template=page))
