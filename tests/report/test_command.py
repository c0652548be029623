"""`labeljob report` as a person runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labeljob.cli import main
from tests.elements import class_element
from tests.report.conftest import MakeReport


@pytest.fixture
def folder(make_report: MakeReport) -> Path:
    """The folder of a job with one cat."""
    return make_report({"a": {"ann": {"mark": class_element("cat")}}}).folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `labeljob report` and return its status."""
    monkeypatch.setattr(sys, "argv", ["labeljob", "report", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_the_page_is_written_where_it_is_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the title given, and the command says where."""
    page = tmp_path / "pages" / "cats.html"
    assert run(monkeypatch, folder, "--html", page, "--title", "Cats & dogs") == 0
    assert "<h1>Cats &amp; dogs</h1>" in page.read_text()
    assert capsys.readouterr().out.startswith(f"report  {page}  (1 data objects, ")


def test_the_page_lies_in_the_folder_where_no_file_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`report.html`."""
    assert run(monkeypatch, folder) == 0
    assert "<h1>label</h1>" in (folder / "report.html").read_text()


def test_a_folder_without_a_job_is_one_line_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback."""
    assert run(monkeypatch, tmp_path) == 2
    assert capsys.readouterr().err.startswith(f"labeljob: {tmp_path / 'manifests'}")


def test_a_label_attribute_that_no_line_has_is_named_with_those_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than a page that shows every object as unlabelled."""
    assert run(monkeypatch, folder, "--label-attribute", "labl") == 2
    told = capsys.readouterr().err
    assert "has 'labl'; there are label, label-metadata, source-ref" in told
