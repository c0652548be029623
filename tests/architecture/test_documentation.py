"""What the documentation says of settings, kinds and the environment is what the code declares."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from consolidation.kinds import KINDS
from labeljob.report.words import explain
from shared.settings import ENVIRONMENT, Limits, Settings, to_wire
from tools.kind_pictures.drawing import picture
from tools.kind_pictures.scenes import SCENES

DOCS = Path(__file__).parents[2] / "docs"


def _table(heading: str, file: str = "settings.md") -> list[list[str]]:
    section = (DOCS / file).read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


@pytest.mark.parametrize(("heading", "declared"), [("Job settings", Settings()), ("Limits", Limits())])
def test_settings_table_is_the_declaration(heading: str, declared: Settings | Limits) -> None:
    fields = [item for item in dataclasses.fields(declared) if item.name != "limits"]
    wire = to_wire(declared)
    expected = [
        [f"`{name}`", f"`{_shown(wire[name])}`", item.metadata["meaning"]]
        for item in fields
        for name in [item.name.replace("_", "-")]
    ]
    assert _table(heading) == expected


def test_environment_table_is_the_declaration() -> None:
    assert _table("Environment") == [[f"`{name}`", meaning] for name, meaning in ENVIRONMENT.items()]


def test_every_kind_has_its_section() -> None:
    sections = set(re.findall(r"^## .*\(`(.+)`\)$", (DOCS / "kinds.md").read_text(), re.MULTILINE))
    assert {kind.name for kind in KINDS} <= sections


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_every_section_has_the_picture_that_the_kind_makes_today(kind: str) -> None:
    """`python -m tools.kind_pictures` draws them anew."""
    section = (DOCS / "kinds.md").read_text().split(f"(`{kind}`)\n")[1].split("\n## ")[0]
    assert f"![{SCENES[kind].caption}](images/{kind}.svg)" in section
    assert (DOCS / "images" / f"{kind}.svg").read_text() == picture(kind)


@pytest.mark.parametrize("heading", ["Confidence", "Agreement"])
def test_confidence_and_agreement_of_every_kind_are_explained(heading: str) -> None:
    explained = {name for kinds, _ in _table(heading, "concepts.md") for name in re.findall("`(.+?)`", kinds)}
    assert {kind.name for kind in KINDS} <= explained


def test_the_report_has_words_for_every_documented_reason() -> None:
    documented = [
        code for codes, _ in _table("Review", "concepts.md") for code in re.findall("`(.+?)`", codes)
    ]
    codes = [re.sub(r"\b[A-Z]+$", "7", code) for code in documented]
    told = {
        code: {explain(code, {"": kind.name}).words for kind in KINDS} - {code.replace("-", " ")}
        for code in codes
    }
    assert [code for code, words in told.items() if not words] == []


def _shown(value: object) -> str:
    empty = {(): "[]", "": '""', False: "false", True: "true"}
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, bool | str | tuple) and value in empty:
        return empty[value]
    return f"{value}"
