"""`python -m tools.kind_pictures`: draw the pictures of docs/kinds.md anew."""

from __future__ import annotations

from pathlib import Path

from tools.kind_pictures.drawing import picture, pictured

FOLDER = Path(__file__).parents[2] / "docs" / "images"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in pictured():
        (FOLDER / f"{name}.svg").write_text(picture(name), encoding="utf-8")
        print(f"docs/images/{name}.svg")
