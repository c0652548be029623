"""`labeljob output`: the labels of a job, from S3 and from a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.jobs.conftest import CAT, NOTHING, Cats, Labeljob


def test_labels_are_shown_a_line_each(cats: Cats, labeljob: Labeljob) -> None:
    cats.answer({1: CAT, 2: ("cat", "dog", "cow"), 3: NOTHING})
    cats.run("cats-1", 4)
    rows = [line.split(maxsplit=2) for line in labeljob("output", "cats-1").lines if line[:8].strip()]
    assert [row[:2] for row in rows] == [["1", "1.jpg"], ["2", "2.jpg"], ["3", "3.jpg"], ["4", "4.jpg"]]
    assert rows[0][2].startswith("cat (0.")
    assert "to review: quorum" in rows[1][2]
    assert rows[2][2].startswith("no label: ")
    assert rows[3][2].startswith("failed: ClientError: Annotation tasks expired.")

    def numbers(*options: str) -> list[str]:
        return [line.split()[0] for line in labeljob("output", "cats-1", *options).lines if line[:8].strip()]

    assert numbers("--failed") == ["3", "4"]
    assert numbers("--review") == ["2"]
    assert numbers("--failed", "--review", "-n", "2") == ["2", "3"]
    assert numbers("--all") == ["1", "2", "3", "4"]
    first = labeljob("output", "cats-1", "-n", "1", "--json")
    assert json.loads(first.out) == cats.output("cats-1")[0]
    assert first.err == "the first 1; for more: --number or --all\n"


def test_a_job_without_output_says_so(cats: Cats, labeljob: Labeljob) -> None:
    cats.local.hold()
    cats.create("cats-1")
    cats.local.settle()
    run = labeljob("output", "cats-1")
    assert run.status == 2
    assert run.err == (
        "labeljob: cats-1 is Initializing and has no output manifest at "
        "s3://acme-out/run/cats-1/manifests/output/output.manifest\n"
    )


def test_a_folder_needs_no_aws(tmp_path: Path, labeljob: Labeljob) -> None:
    folder = tmp_path / "copy"
    manifest = folder / "manifests" / "output" / "output.manifest"
    manifest.parent.mkdir(parents=True)
    lines = [
        {
            "source": "a long text that nobody wants to read to its end",
            "mood": {"class-name": "glad", "confidence": 0.9},
        },
        {"source": "b", "mood-metadata": {"failure-reason": "ClientError: nobody answered"}},
    ]
    manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run = labeljob("output", "--folder", str(folder), AWS_DEFAULT_REGION="", AWS_REGION="")
    assert run.lines == [
        "       1  a long text that nobody wants t…  glad (0.9)",
        "       2  b                                 failed: ClientError: nobody answered",
    ]
    assert labeljob("output", "--folder", str(folder), "--review").lines == ["no such labels"]
    assert labeljob("output").status == 2
    assert labeljob("output", "--folder", str(folder), "--joined", "x").status == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--label-attribute", "mood"), "--label-attribute goes with --folder"),
        (("--joined", "x", "--failed"), "--joined takes the NAME of a job, and writes all of its labels"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    labeljob: Labeljob, options: tuple[str, ...], told: str
) -> None:
    run = labeljob("output", "cats-1", *options)
    assert (run.status, told in run.err) == (2, True)
