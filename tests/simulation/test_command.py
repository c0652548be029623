"""`labeljob simulate` as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import SimulatedJob


@pytest.fixture
def command(make_job: Callable[..., SimulatedJob], labeljob: Callable[..., Any]) -> Callable[..., Any]:
    """Run the command on a small job."""

    def run(*options: object, **job: Any) -> Any:
        made = make_job(**job)
        return labeljob(
            *("simulate", made.manifest, "--answers", made.answers, "--label-attribute", "Cats"),
            *("--out", made.out, *options),
        )

    return run


def test_status_0_and_a_summary_when_all_is_labelled(command: Callable[..., Any], tmp_path: Path) -> None:
    """The summary goes to standard output, what the job is at to standard error."""
    run = command()
    assert run.status == 0
    assert "Job Completed" in run.out
    assert "│ labelled         │ 3 │" in run.out
    assert f"output manifest  {tmp_path / 'out/manifests/output/output.manifest'}" in run.out
    assert run.err.splitlines() == [
        "iteration 1: sending out 3 objects",
        "iteration 1: consolidating 3 objects",
    ]


def test_status_1_when_an_object_failed_and_the_reason_is_told(command: Callable[..., Any]) -> None:
    """One object without a label is enough."""
    run = command(answers={"0": {"ann": "cat"}, "2": {"ann": "cat"}})
    assert run.status == 1
    assert "expired: object 1 (line 2): no worker answered" in run.out


def test_status_1_when_a_label_is_an_error(command: Callable[..., Any], tmp_path: Path) -> None:
    """A label that says why there is none is no success."""
    for worker in ("ann", "bob"):
        answer = tmp_path / "answers" / "0" / f"{worker}.json"
        answer.parent.mkdir(parents=True, exist_ok=True)
        answer.write_text("[]")
    run = command(lines=[{"source": "a"}], answers={})
    assert run.status == 1
    assert "error labels" in run.out


def test_status_1_and_the_services_words_when_the_job_fails(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real cause stands beside what Ground Truth would say."""
    monkeypatch.setattr("pre_annotation.task_input.decide", lambda *_: 1 / 0)
    run = command()
    assert run.status == 1
    assert "the job failed: line " in run.out
    assert "ZeroDivisionError" in run.out
    assert "Ground Truth says: ClientError: Exception invoking the Lambda function" in run.out
    assert json.loads((tmp_path / "out" / "simulation.json").read_text())["status"] == "Failed"


def test_many_failures_of_a_kind_are_told_by_five_and_a_count(command: Callable[..., Any]) -> None:
    """Nine hundred lines would hide the summary."""
    run = command(count=9, answers={"0": {"ann": "cat"}})
    told = [line for line in run.out.splitlines() if line.startswith("expired: ")]
    assert len(told) == 6
    assert told[-1] == "expired: 3 more, in simulation.json"


def test_status_2_when_the_manifest_is_not_there(labeljob: Callable[..., Any], tmp_path: Path) -> None:
    """One line, no traceback."""
    run = labeljob("simulate", tmp_path / "none", "--answers", tmp_path, "--label-attribute", "Cats")
    assert run.status == 2
    assert run.err.strip() == f"labeljob: {tmp_path / 'none'} cannot be read: No such file or directory"


def test_status_2_when_the_start_time_is_no_time(command: Callable[..., Any]) -> None:
    """The message shows how a time is written."""
    run = command("--start-time", "yesterday")
    assert run.status == 2
    assert "'yesterday' is not a time such as 2026-02-03T10:11:12" in run.err


def test_a_start_time_with_a_zone_is_written_in_utc(command: Callable[..., Any], tmp_path: Path) -> None:
    """All times of the service are UTC."""
    assert command("--start-time", "2026-02-03T10:00:00+02:00").status == 0
    record = json.loads((tmp_path / "out" / "simulation.json").read_text())
    assert record["started"] == "2026-02-03T08:00:00.000000"


def test_switches_are_options(command: Callable[..., Any], tmp_path: Path) -> None:
    """Each unknown of the service can be chosen on the command line."""
    assert command("--skipped", "unlabeled", "--metadata", "merged", "--answers-in-s3").status == 0
    switches = json.loads((tmp_path / "out" / "simulation.json").read_text())["switches"]
    assert (switches["skipped"], switches["metadata"], switches["answers_in_s3"]) == (
        "unlabeled",
        "merged",
        True,
    )


def test_the_results_lie_under_the_jobs_name_where_no_folder_is_named(
    make_job: Callable[..., SimulatedJob],
    labeljob: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """`--out` has a default."""
    job = make_job()
    monkeypatch.chdir(tmp_path)
    run = labeljob(
        *(
            "simulate",
            job.manifest,
            "--answers",
            job.answers,
            "--label-attribute",
            "Cats",
            "--job-name",
            "Cats-2",
        )
    )
    assert run.status == 0
    assert (tmp_path / "Cats-2" / "manifests" / "output" / "output.manifest").is_file()
