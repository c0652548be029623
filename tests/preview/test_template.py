"""Worker templates: what Ground Truth's Liquid does."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeljob.preview.template import WorkerTemplate
from shared.errors import ContractError


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
