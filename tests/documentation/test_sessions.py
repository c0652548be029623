"""What the documentation shows of commands and cells is what they give."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from tools import rule_tables, tutorial
from tools.terminal_sessions import difference, furnished, played

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_labeljob_shows_what_its_commands_print(tmp_path: Path) -> None:
    """`python -m tools.terminal_sessions docs/labeljob.md --write` writes it anew."""
    page = (DOCS / "labeljob.md").read_text(encoding="utf-8")
    with furnished(tmp_path) as session:
        now = played(page, session)
    assert difference(page, now, "labeljob.md") == ""


def test_the_tutorial_shows_what_its_cells_give() -> None:
    """`python -m tools.tutorial` writes it anew."""
    assert _outputs(tutorial.executed()) == _outputs(tutorial.read())


def test_the_page_of_misconfigurations_is_the_declaration() -> None:
    """`python -m tools.rule_tables` writes it anew."""
    assert rule_tables.PAGE.read_text(encoding="utf-8") == rule_tables.page()


def _outputs(notebook: NotebookNode) -> list[list[str]]:
    """The texts that each cell gives; pictures are compared by their text, for their bytes are the encoder's."""
    return [
        [str(output.get("text") or output["data"]["text/plain"]) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
