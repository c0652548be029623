"""docs/tutorial.ipynb, run from top to bottom.

python -m tools.tutorial    # run it and write what its cells give into it
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tools.terminal_sessions import in_one_form

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"
_MINUTES = 5


def read() -> NotebookNode:
    """The notebook as it is written."""
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-any-return, no-untyped-call] # nbformat has no types


def executed() -> NotebookNode:
    """The notebook with what its cells give now; only texts and pictures, without counts and times.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    notebook = read()
    client = NotebookClient(
        notebook,
        timeout=60 * _MINUTES,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
        record_timing=False,
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.pop("execution_count", None)
            if "text" in output:
                output["text"] = in_one_form(output["text"])
    return notebook


def main() -> None:
    """Write the notebook anew."""
    nbformat.write(executed(), NOTEBOOK)  # type: ignore[no-untyped-call] # see above


if __name__ == "__main__":
    main()
