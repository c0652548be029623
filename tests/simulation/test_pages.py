"""Worker pages of simulated jobs: rendered for every object, the first one kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import SimulatedJob, simulate
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


def test_a_page_for_texts_shows_them_as_text(make_job: Callable[..., SimulatedJob], templates: Path) -> None:
    """Neither markup nor Liquid inside a text is run."""
    text = "<script>alert(1)</script>\nsecond line {{ task.input.x }}"
    job = make_job([{"source": text, "labels": LABELS}], template=templates / "class-text.liquid.html")
    result = simulate(job)
    assert result.page is not None
    page = Page(result.page.read_text())
    assert text in page.text
    assert json.loads(page.tags["crowd-classifier"]["categories"] or "") == LABELS
    assert "crowd-image-classifier" not in page.tags


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


def test_mistakes_in_the_template_are_warnings_of_the_job(
    make_job: Callable[..., SimulatedJob], tmp_path: Path
) -> None:
    """The page renders, but no worker can use it."""
    page = tmp_path / "page.liquid.html"
    page.write_text("<p></p>")
    warnings = simulate(make_job(template=page)).warnings
    about = [warning.partition(";")[0] for warning in warnings if warning.startswith("worker template")]
    assert about == [
        "worker template page.liquid.html, error, line 1: does not load https://assets.crowd.aws/crowd-html-elements.js",
        "worker template page.liquid.html, error, line 1: has no <crowd-form>, so workers cannot submit",
    ]
