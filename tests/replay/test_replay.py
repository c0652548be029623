"""`labeljob replay`: what it reads, where it writes, what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from labeljob.cli import cli
from tests.conftest import Aws
from tests.elements import read_png, semantic_element
from tests.payloads import (
    ANN,
    ANSWER_URI,
    ARTEFACTS,
    BOB,
    OUTPUT_CONFIG,
    REQUEST_URI,
    answer,
    consolidation_event,
    entry,
    ids,
    label_of,
    stored_answer,
    text_answer,
    votes,
)
from tests.replay.conftest import Replay

Write = Callable[[str, Any], Path]
DATA = Path(__file__).parents[1] / "data"
EVENTS = Path(__file__).parents[2] / "events" / "consolidation"
REQUESTS = "Roads-7A/annotations/consolidated-annotation/consolidation-request"
START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
MASK = {"m": semantic_element([[0, 1]], ["road"])}


def test_a_request_file_gives_a_response_file_of_its_name(replay: Replay, written: Write) -> None:
    run = replay(written("2026-02-03_10:11:12.json", [votes("7", "car", "car"), votes("5", "bus")]))
    assert run.status == 0
    assert run.names() == ["2026-02-03_10:11:12.response.json"]
    reply = run.response("2026-02-03_10:11:12")
    assert ids(reply) == ["7", "5"]
    assert label_of(reply, "7", "label")["class-name"] == "car"


def test_an_element_without_a_label_is_an_error_of_its_object(replay: Replay, written: Write) -> None:
    broken = {"kind": {"label": "wet"}, "mask": {**MASK["m"], "labeledImage": {"pngImageData": "AAAA"}}}
    run = replay(written("request.json", [entry("7", answer(ANN, **broken), answer(BOB, **broken))]))
    assert run.status == 1
    assert "data object 7: mask: no worker's answer to 'mask' can be used" in " ".join(run.out.split())


def test_masks_lie_in_the_folder_output_and_labels_refer_to_them_from_the_results(
    replay: Replay, written: Write
) -> None:
    """Nothing tells the job's output path, so the reference is a path."""
    run = replay(written("request.json", [entry("0", answer(ANN, **MASK))]))
    reference = label_of(run.response("request"), "0", "label")["mask-ref"]
    assert reference.startswith("output/")
    assert read_png((run.folder / reference).read_bytes()).tolist() == [[0, 1]]


def test_labels_refer_to_masks_where_the_output_config_says(replay: Replay, written: Write) -> None:
    """As the Lambda's own labels do; the files still go to the folder."""
    path = written("request.json", [entry("0", answer(ANN, **MASK))])
    run = replay(path, "--output-config", OUTPUT_CONFIG, "--label-attribute", "Roads-7A")
    reference = label_of(run.response("request"), "0")["mask-ref"]
    assert reference.startswith(ARTEFACTS)
    assert (run.folder / "output" / reference.rpartition("/")[2]).is_file()


def test_a_requests_folder_tells_the_label_and_the_job(replay: Replay, written: Write) -> None:
    """Settings for the job apply."""
    path = written(f"{REQUESTS}/iteration-1/2026-02-03_10:11:12.json", [votes("7", "car")])
    settings = written(
        "settings.json",
        {"jobs": [{"pattern": "roads-7a", "settings": {"include-worker-annotations": True}}]},
    )
    run = replay(path, "--settings", settings)
    assert "annotationsFromAllWorkers" in label_of(run.response("2026-02-03_10:11:12"), "7")


@pytest.mark.parametrize("below", ["", "/annotations", "/annotations/consolidated-annotation"])
def test_a_finished_jobs_folder_is_replayed_request_by_request(
    replay: Replay, written: Write, tmp_path: Path, below: str
) -> None:
    """Its worker responses, consolidation responses and other files are left alone."""
    for iteration, name in ((1, "7"), (2, "8")):
        written(f"{REQUESTS}/iteration-{iteration}/12:00.json", [votes(name, "car")])
    written("Roads-7A/annotations/worker-response/iteration-1/7/12:00.json", {"answers": []})
    written("Roads-7A/annotations/consolidated-annotation/consolidation-response/iteration-1/12:00.json", [])
    written("Roads-7A/simulation.json", {})
    run = replay(f"{tmp_path}/Roads-7A{below}")
    assert run.status == 0
    assert run.names() == ["iteration-1-12:00.response.json", "iteration-2-12:00.response.json"]
    assert ids(run.response("iteration-2-12:00")) == ["8"]


def test_the_real_birds_worker_responses_are_replayed_in_the_order_of_their_lines(replay: Replay) -> None:
    """151 images, 5 workers each: as many labels, none without."""
    run = replay(DATA / "birds" / "worker-response", "--label-attribute", "Birds")
    assert run.status == 0
    reply = run.response("worker-response")
    assert len(reply) == 151
    assert ids(reply) == sorted(ids(reply), key=int)
    assert all(label_of(reply, name, "Birds")["consolidation"]["workers"] == 5 for name in ids(reply)[:10])


def test_one_worker_response_file_is_one_object_named_by_its_folder(replay: Replay) -> None:
    file = next((DATA / "birds" / "worker-response").rglob("iteration-1/36/*.json"))
    run = replay(file)
    assert ids(run.response(file.stem)) == ["36"]


def test_an_event_brings_its_label_and_categories(replay: Replay) -> None:
    run = replay(EVENTS / "label-categories.json")
    label = label_of(run.response("label-categories"), "7")
    assert label["class-map"] == {"0": "bus", "1": "car"}


def test_files_and_folders_go_together_and_names_stay_distinct(
    replay: Replay, written: Write, tmp_path: Path
) -> None:
    """Not one response is written over another."""
    paths = [written(f"{folder}/a.json", [votes(folder, "car")]) for folder in ("one", "two")]
    written("three/a-2.json", [votes("three", "car")])
    run = replay(*paths, tmp_path / "three")
    assert run.names() == ["a-2.response.json", "a-3.response.json", "a.response.json"]
    assert ids(run.response("a")) == ["one"]
    assert ids(run.response("a-3")) == ["two"]
    assert ids(run.response("a-2")) == ["three"]


def test_requests_in_s3_are_fetched_and_their_place_tells_the_output(aws: Aws, replay: Replay) -> None:
    aws.put(
        REQUEST_URI, json.dumps([entry("0", answer(ANN, **MASK)), entry("1", answer(ANN, k={"label": "a"}))])
    )
    run = replay(REQUEST_URI)
    reply = run.response("2026-02-03_10:11:12")
    assert label_of(reply, "0")["mask-ref"].startswith(ARTEFACTS)
    assert aws.keys() == [REQUEST_URI.removeprefix("s3://acme-out/")]


def test_a_jobs_folder_in_s3_is_fetched(aws: Aws, replay: Replay) -> None:
    """Answers that its requests refer to are read from S3 as well."""
    answered = aws.put(f"{ANSWER_URI}/7/a.json", '{"kind": {"label": "car"}}')
    aws.put(REQUEST_URI, json.dumps([entry("7", stored_answer(ANN, answered))]))
    aws.put(f"{OUTPUT_CONFIG}/consolidated-annotation/output/mask.png", b"png")
    run = replay("s3://acme-out/run/Roads-7A")
    assert run.status == 0
    assert run.names() == ["iteration-1-2026-02-03_10:11:12.response.json"]
    assert label_of(run.response("iteration-1-2026-02-03_10:11:12"), "7")["class-name"] == "car"


def test_a_key_that_climbs_is_refused_and_nothing_is_written(
    aws: Aws, replay: Replay, tmp_path: Path
) -> None:
    aws.s3.put_object(Bucket="acme-out", Key="run/../../../evil/a.json", Body=b"[]")
    before = {path.name for path in tmp_path.parent.iterdir()}
    run = replay("s3://acme-out/run/")
    assert run.status == 2
    assert "'.' or '..' segment" in run.err
    assert {path.name for path in tmp_path.parent.iterdir()} == before


def test_a_copy_stands_in_for_s3(replay: Replay, written: Write, tmp_path: Path) -> None:
    """Answers and payloads are found by the longest part of their key, so any downloaded folder serves."""
    written("copy/Roads-7A/annotations/worker-response/iteration-1/7/a.json", {"kind": {"label": "car"}})
    payload = [entry("7", stored_answer(ANN, f"{ANSWER_URI}/7/a.json"), answer(BOB, kind={"label": "car"}))]
    written(f"copy/{REQUEST_URI.removeprefix('s3://acme-out/run/')}", payload)
    event = written("event.json", consolidation_event({"s3Uri": REQUEST_URI}))
    run = replay(event, "--copy", tmp_path / "copy")
    assert run.status == 0
    assert label_of(run.response("event"), "7")["votes"] == {"car": 2}


def test_an_answer_that_the_copy_lacks_is_rejected_by_name(
    replay: Replay, written: Write, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    path = written(
        "r.json", [entry("7", stored_answer(ANN, f"{ANSWER_URI}/7/a.json"), answer(BOB, k={"label": "a"}))]
    )
    label = label_of(replay(path, "--copy", tmp_path / "copy").response("r"), "7", "label")
    (rejected,) = label["consolidation"]["rejected"]
    assert f"there is no copy of {ANSWER_URI}/7/a.json" in rejected["reason"]


def test_limits_hold_for_a_copy_too(replay: Replay, written: Write, tmp_path: Path) -> None:
    written("copy/a.json", {"kind": {"label": "car"}})
    path = written("r.json", [entry("7", stored_answer(ANN, "s3://acme-out/run/a.json"))])
    settings = written("settings.json", {"limits": {"answer-bytes": 10}})
    label = label_of(
        replay(path, "--copy", tmp_path / "copy", "--settings", settings).response("r"), "7", "label"
    )
    (rejected,) = label["consolidation"]["rejected"]
    assert rejected["reason"].endswith("has 26 bytes, allowed are 10 (setting limits.answer-bytes)")


def test_the_method_and_the_settings_are_those_given(replay: Replay, written: Write) -> None:
    """Two of three workers count for nothing much, once answers are weighed."""
    path = written("request.json", [votes("0", "car", "car", "bus")])
    settings = written("settings.json", {"worker-weights": {ANN: 0.1, BOB: 0.1}})
    default = label_of(replay(path, "--settings", settings).response("request"), "0", "label")
    assert (default["class-name"], default["consolidation"]["method"]) == ("car", "em")
    weighted = replay(path, "--settings", settings, "--method", "weighted")
    label = label_of(weighted.response("request"), "0", "label")
    assert (label["class-name"], label["consolidation"]["method"]) == ("bus", "weighted")


def test_status_1_and_the_reason_when_an_object_ends_in_an_error(replay: Replay, written: Write) -> None:
    payload = [votes("0", "car", "car"), entry("1", text_answer(ANN, "{}")), {"annotations": []}]
    run = replay(written("request.json", payload))
    assert run.status == 1
    assert ids(run.response("request")) == ["0", "1"]
    assert "error: request: data object 1: none of the 1 answers can be used" in run.out
    assert "error: request: data object (no id): $[2].datasetObjectId: is required and missing" in run.out


def test_the_summary_counts_objects_labels_errors_and_reviews(replay: Replay, written: Write) -> None:
    payload = [votes("0", "car", "car", "car"), votes("1", "car"), entry("2")]
    run = replay(written("request.json", payload))
    (row,) = [
        line.split() for line in run.out.splitlines() if line.startswith("request ") and "objects" not in line
    ]
    assert row == ["request", "3", "2", "1", "2"]
    assert "to review: 1 label for single-worker" in run.out
    assert f"responses in {run.folder}, artefacts in {run.folder / 'output'}" in run.out


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("broken.json", "{", "is not JSON"),
        ("other.json", {"a": 1}, "is neither a payload (an array), nor an event"),
        ("event.json", {"payload": {"s3Uri": "s3://acme-out/a.json"}}, "$.labelAttributeName: is required"),
        ("empty/readme.txt", "nothing", "holds no consolidation request and no worker response"),
    ],
)
def test_status_2_and_one_line_for_an_input_that_is_no_request(
    replay: Replay, written: Write, name: str, content: Any, complaint: str
) -> None:
    path = written(name, content)
    run = replay(path.parent if name.startswith("empty") else path)
    assert run.status == 2
    assert complaint in run.err
    assert run.err.startswith("labeljob: ")
    assert len(run.err.splitlines()) == 1


def test_status_2_for_an_input_that_is_not_there(aws: Aws, replay: Replay, tmp_path: Path) -> None:
    assert f"there is no {tmp_path / 'none.json'}" in replay(tmp_path / "none.json").err
    run = replay("s3://acme-out/run/none/")
    assert (run.status, "there is no .json object below s3://acme-out/run/none/" in run.err) == (2, True)
    assert replay("s3://acme-out/run/none.json").status == 2


@pytest.mark.parametrize(
    ("settings", "complaint"), [("{", "is not JSON"), ({"quroum": 1}, "quroum: is not a setting")]
)
def test_status_2_for_settings_that_are_wrong(
    replay: Replay, written: Write, settings: Any, complaint: str
) -> None:
    run = replay(written("r.json", [votes("0", "car")]), "--settings", written("s.json", settings))
    assert (run.status, complaint in run.err) == (2, True)


def test_status_2_for_options_that_are_wrong(tmp_path: Path) -> None:
    """As click tells it."""
    for arguments, complaint in (
        (["replay", "--out", str(tmp_path)], "Missing argument 'REQUESTS...'"),
        (["replay", "a.json"], "Missing option '--out'"),
        (["replay", "a.json", "--out", "o", "--method", "best"], "'best' is not one of"),
        (["replay", "a.json", "--out", "o", "--settings", "none.json"], "'none.json' does not exist"),
    ):
        result = CliRunner().invoke(cli, arguments)
        assert (result.exit_code, complaint in result.output) == (2, True), result.output


def test_the_command_runs_as_a_program(written: Write, tmp_path: Path) -> None:
    """Without credentials or network, when nothing lies in S3."""
    path = written("request.json", [votes("0", "car", "car")])
    command = [sys.executable, "-m", "labeljob", "replay", str(path), "--out", str(tmp_path / "out")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "out" / "request.response.json").is_file()
