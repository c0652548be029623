"""`labeljob simulate --streaming` as a person runs it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import Progress, SimulatedJob
from labeljob.simulation.streaming_run import simulate_streaming
from shared.errors import ContractError
from tests.conftest import Aws


@pytest.fixture
def command(make_job: Callable[..., SimulatedJob], labeljob: Callable[..., Any]) -> Callable[..., Any]:
    """Run the command on a small job."""

    def run(*options: object, **job: Any) -> Any:
        made = make_job(**job)
        return labeljob(
            *("simulate", made.manifest, "--answers", made.answers, "--label-attribute", "Cats"),
            *("--out", made.out, "--start-time", "2026-02-03T10:00:00", *options),
        )

    return run


def test_a_summary_of_what_came_and_what_became_of_it(command: Callable[..., Any], tmp_path: Path) -> None:
    """Lines may come twice; those with a deduplication id are labelled once."""
    own = {"source": "a", "dataset-objectid-attribute-name": "source"}
    run = command(
        "--streaming", lines=[own, own, {"source": "b"}], answers={"0": {"ann": "cat"}, "2": {"ann": "cat"}}
    )
    assert run.status == 0, run.err
    assert (
        run.out
        == f"""\
Job Stopped
  lines of the manifest                        3
  messages received                            3
  duplicates dropped                           1
  dropped after 14 days in the queue           0
  objects                                      2
  labelled                                     2
    needing review                             2
    error labels                               0
  failed                                       0
  announced on the output topic                2
  most in work at once                         2
  most waiting in the queue                    3
output manifest  {tmp_path}/out/manifests/output/output.manifest
all files        {tmp_path}/out
"""
    )
    assert run.err.splitlines() == ["0 % labelled", "30 % labelled", "100 % labelled"]
    record = json.loads((tmp_path / "out" / "simulation.json").read_text())
    assert (record["status"], record["ended"][:10]) == ("Stopped", "2026-02-13")


def test_what_has_no_label_is_named_with_its_reason(command: Callable[..., Any]) -> None:
    """Broken lines come as broken messages; what SNS would not take is not sent."""
    lines = ["broken", {"source": "x" * 300_000}, {"source": "c"}, {"source": "d"}]
    run = command("--streaming", lines=lines, answers={"2": {"ann": "cat"}})
    assert run.status == 1
    assert "bad message: object 1: the data object is not JSON" in run.out
    assert "expired: object 3: no worker answered" in run.out
    assert "not sent: object 2: line 2 has 300014 bytes, SNS takes from 1 to 262144" in run.out


def test_a_line_that_is_not_utf_8_is_a_failed_object(
    make_job: Callable[..., SimulatedJob], labeljob: Callable[..., Any]
) -> None:
    """SNS carries text; the broken byte shows in it."""
    made = make_job([{"source": "a"}])
    Path(made.manifest).write_bytes(b'{"source": "\xff"}\n')
    run = labeljob(
        "simulate",
        made.manifest,
        "--answers",
        made.answers,
        "--label-attribute",
        "Cats",
        "--out",
        made.out,
        "--streaming",
    )
    assert run.status == 1
    assert "bad message: object 1: the data object is not JSON" in run.out


@pytest.mark.parametrize("option", [("--resume",), ("--pseudo-json", "read"), ("--failed-objects", "silent")])
def test_options_of_streaming_need_streaming(command: Callable[..., Any], option: tuple[str, ...]) -> None:
    """A batch job would pass over them."""
    run = command(*option)
    assert run.status == 2
    assert f"{option[0]} is for streaming jobs; add --streaming" in run.err


def test_streaming_has_no_order_to_shuffle(command: Callable[..., Any]) -> None:
    """Objects come as they are sent."""
    run = command("--streaming", "--seed", 1)
    assert (run.status, "--seed is for batch jobs" in run.err) == (2, True)


def test_resuming_needs_a_job_that_was_started(command: Callable[..., Any], tmp_path: Path) -> None:
    """One line says what to do."""
    run = command("--streaming", "--resume")
    assert run.status == 2
    assert (
        run.err
        == f"labeljob: {tmp_path}/out has no journal of a streaming job to resume; run without --resume\n"
    )


def test_messages_that_the_endpoint_has_lost_are_told(
    make_job: Callable[..., SimulatedJob], aws: Aws
) -> None:
    """It was started anew while the job was down: its objects would be missing without a word."""
    job = make_job(count=90, endpoint_url=aws.url, output_path="s3://acme-out/run")
    looks: list[Progress] = []

    def die(progress: Progress) -> None:
        looks.append(progress)
        if len(looks) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_streaming(job, on_progress=die)
    urllib.request.urlopen(urllib.request.Request(f"{aws.url}/moto-api/reset", method="POST")).close()  # noqa: S310 - our own server
    with pytest.raises(
        ContractError, match=r"^the queue is empty, and \d+ messages that were sent never came"
    ):
        simulate_streaming(job, resume=True)


def test_a_job_that_is_over_cannot_be_resumed(command: Callable[..., Any], tmp_path: Path) -> None:
    """As StopLabelingJob is final."""
    assert command("--streaming").status == 0
    run = command("--streaming", "--resume")
    assert run.status == 2
    assert run.err == f"labeljob: the job in {tmp_path}/out is Stopped; there is nothing to resume\n"


def test_another_job_cannot_be_resumed(command: Callable[..., Any]) -> None:
    """Ids and answers would be mixed."""
    assert command("--streaming").status == 0
    run = command("--streaming", "--resume", "--job-name", "dogs")
    assert run.status == 2
    assert "is of another manifest, name, label, output path or number of workers" in run.err


def test_starting_anew_replaces_an_earlier_job(command: Callable[..., Any]) -> None:
    """Batch or streaming."""
    assert command().status == 0
    assert command("--streaming").status == 0
    assert command("--streaming").status == 0


def test_the_first_worker_page_is_shown(command: Callable[..., Any], templates: Path, tmp_path: Path) -> None:
    """With a template every object's page is rendered."""
    run = command(
        "--streaming", "--template", templates / "class-text.liquid.html", lines=[{"source": "Tom"}]
    )
    assert f"worker page      {tmp_path}/out/page.html" in run.out
    assert "Tom" in (tmp_path / "out" / "page.html").read_text()
