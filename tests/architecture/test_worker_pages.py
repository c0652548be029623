"""The table of templates in docs/worker-pages.md is what lies in worker_templates/."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _rows() -> list[list[str]]:
    section = (ROOT / "docs" / "worker-pages.md").read_text().split("## Templates\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]


def test_every_template_is_in_the_table() -> None:
    listed = [name for row in _rows() for name in re.findall(r"`([^`]+)`", row[0])]
    there = {path.name.partition(".")[0] for path in (ROOT / "worker_templates").glob("*.liquid.html")}
    assert sorted(listed) == sorted(there)


def test_elements_have_the_names_that_the_table_says() -> None:
    for template, _, _, names, _ in _rows():
        for page in re.findall(r"`([^`]+)`", template):
            source = (ROOT / "worker_templates" / f"{page}.liquid.html").read_text()
            for name in re.findall(r"`([^`]+)`", names):
                assert f'name="{name}"' in source, page
