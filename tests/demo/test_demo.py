"""`make demo` as somebody sees it who has just cloned the project."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeljob import demo

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "data"
JOBS = {"streetscenes": 2, "birds": 151, "nodules": 40, "cells": 15}


@dataclass(frozen=True)
class Demo:
    """A run of the demo as a command of its own.

    Attributes:
        status: exit status.
        blocks: the lines it printed, by the first word of each block's heading.
        err: standard error.
        folder: it was started in.
    """

    status: int
    blocks: dict[str, list[str]]
    err: str
    folder: Path

    def labels(self, name: str) -> list[dict[str, Any]]:
        """The labels in the output manifest of a job."""
        manifest = self.folder / "build" / "demo" / name / "manifests" / "output" / "output.manifest"
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        key = next(key.removesuffix("-metadata") for key in lines[0] if key.endswith("-metadata"))
        return [line[key] for line in lines]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run the demo once, in an empty folder."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "labeljob.demo"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    blocks = [block.splitlines() for block in run.stdout.strip().split("\n\n")]
    by_name = {block[0].split()[0]: [line.strip() for line in block[1:]] for block in blocks}
    return Demo(run.returncode, by_name, run.stderr, folder)


def share(right: int) -> str:
    """As the demo prints it for the birds."""
    return f"{right} of 151 ({100 * right / 151:.1f} %)"


def iou(one: Any, other: Any) -> float:
    """Of two masks."""
    return float(np.sum(one & other) / np.sum(one | other))


def test_all_four_jobs_are_labelled_and_the_status_is_0(seen: Demo) -> None:
    """Without a word on standard error."""
    assert (seen.status, seen.err) == (0, "")
    assert {name: len(seen.labels(name)) for name in JOBS} == JOBS
    assert not any("error" in label for name in JOBS for label in seen.labels(name))


@pytest.mark.parametrize(
    ("name", "heading", "line"),
    [
        ("streetscenes", "People", "2 images, 3 workers each"),
        ("birds", "Birds", "151 images, 5 workers each"),
        ("nodules", "Nodules", "40 slices, 4 workers each"),
        ("cells", "Cells", "15 images, 7 workers each"),
    ],
)
def test_each_job_says_what_came_out_as_its_manifest_has_it(
    seen: Demo, name: str, heading: str, line: str
) -> None:
    """Objects, workers, labelled, to review, candidates."""
    labels = seen.labels(name)
    review = sum(label["consolidation"]["needs-review"] for label in labels)
    first, second, *_ = seen.blocks[heading]
    assert first == line
    assert second.startswith(f"{len(labels)} labelled, {review} to review")
    if "candidates" in labels[0]:
        candidates = sum(len(label["candidates"]) for label in labels)
        assert second.endswith(f"{candidates} candidate{'' if candidates == 1 else 's'} kept")


def test_the_birds_are_compared_with_the_truth_one_worker_and_the_service(seen: Demo) -> None:
    """137 is what Ground Truth itself got right; 86.2 % is known of the data set."""
    with (DATA / "birds" / "truth.csv").open() as table:
        truth = [(row["label"], row["ground_truth_service_label"]) for row in csv.DictReader(table)]
    ours = [label["class-name"] for label in seen.labels("birds")]
    right = sum(name == true for name, (true, _) in zip(ours, truth, strict=True))
    same = sum(name == service for name, (_, service) in zip(ours, truth, strict=True))
    assert seen.blocks["Birds"][2:] == [
        f"right: {share(right)}",
        "one worker alone: 86.2 % on average",
        "Ground Truth's own labels: 137 of 151 (90.7 %)",
        f"same class as Ground Truth's own output manifest: {same} of 151 lines",
    ]
    assert right >= 137


def test_the_cells_are_compared_with_the_gold_standard(seen: Demo) -> None:
    """The mask that the manifest names, against the published one; better than one worker."""
    job = seen.folder / "build" / "demo" / "cells"
    found = []
    manifest = (DATA / "cells" / "input.manifest").read_text().splitlines()
    names = [json.loads(line)["source-ref"] for line in manifest]
    for label, name in zip(seen.labels("cells"), names, strict=True):
        mask = job / "annotations" / label["mask-ref"].partition("/annotations/")[2]
        with Image.open(mask) as ours, Image.open(DATA / "cells" / "gold" / Path(name).name) as gold:
            found.append(iou(np.asarray(ours) > 0, np.asarray(gold) > 0))
    overall, alone = seen.blocks["Cells"][2:]
    assert overall == f"mean IoU with the gold standard: {np.mean(found):.3f}"
    assert alone.startswith("one worker alone: 0.800 on average")
    assert np.mean(found) > 0.84


def test_it_says_where_everything_lies_and_it_lies_there(seen: Demo) -> None:
    """Pages, manifests, masks; the pages are small enough to open at once."""
    places = [line.split()[-1] for line in seen.blocks["Look"]]
    assert places[:5] == [
        f"build/demo/{page}.html" for page in ("index", "streetscenes", "birds", "nodules", "cells")
    ]
    found = {place: list(seen.folder.glob(place)) for place in places}
    assert [len(files) for files in found.values()] == [1, 1, 1, 1, 1, 4, 2, 4]
    for (page,) in list(found.values())[:5]:
        assert page.stat().st_size < 10_000_000
    index = (seen.folder / "build" / "demo" / "index.html").read_text()
    assert all(f'href="{name}.html"' in index for name in JOBS)


def test_every_object_is_on_its_jobs_page(seen: Demo) -> None:
    """One card each, with its URI."""
    for name, objects in JOBS.items():
        page = (seen.folder / "build" / "demo" / f"{name}.html").read_text()
        manifest = (DATA / name / "input.manifest").read_text().splitlines()
        assert page.count('<details class="card"') == objects
        assert all(json.loads(line)["source-ref"] in page for line in manifest)


@pytest.fixture
def cells_only(monkeypatch: pytest.MonkeyPatch) -> demo.Example:
    """A demo of one job."""
    example = next(example for example in demo.EXAMPLES if example.name == "cells")
    monkeypatch.setattr(demo, "EXAMPLES", (example,))
    return example


def status(out: Path) -> int:
    """Run the demo in this process."""
    with pytest.raises(SystemExit) as end:
        demo.main(["--out", str(out)])
    return int(end.value.code or 0)


def test_a_second_run_replaces_the_first(cells_only: demo.Example, tmp_path: Path) -> None:
    """Nothing of the first is left, and the second does not stumble over it."""
    assert status(tmp_path) == 0
    old = tmp_path / "cells" / "annotations" / "old.json"
    old.write_text("{}")
    assert status(tmp_path) == 0
    assert not old.exists()


def test_a_job_with_an_object_that_failed_is_status_1_and_named(
    cells_only: demo.Example,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Somebody runs the demo in CI."""
    answers = tmp_path / "answers" / "0"
    answers.mkdir(parents=True)
    (answers / "ann.json").write_text('{"mark": {"label": "cell"}}')
    example = replace(cells_only, answers=str(answers.parent), measure=demo.measure_nothing)
    monkeypatch.setattr(demo, "EXAMPLES", (example,))
    assert status(tmp_path / "out") == 1
    printed = capsys.readouterr().out
    assert "1 labelled, 1 to review, 14 failed" in printed
    assert "line 2: no worker answered" in printed


def test_without_the_example_jobs_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An installed package has no tests."""
    monkeypatch.setattr(demo, "DATA", tmp_path / "none")
    assert status(tmp_path) == 2
    assert capsys.readouterr().err.startswith("demo: the example jobs are not at ")
