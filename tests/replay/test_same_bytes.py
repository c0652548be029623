"""What `labeljob replay` gives is what the Lambda gave, to the byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consolidation.label import serialise
from labeljob.simulation import SimulatedJob, Switches, simulate
from labeljob.simulation.job import OUTPUT_PATH
from tests.conftest import Aws
from tests.elements import boxes_element, instance_element, semantic_element
from tests.payloads import (
    ANN,
    ANSWER_URI,
    BOB,
    JOB_ARN,
    OUTPUT_CONFIG,
    REQUEST_URI,
    answer,
    consolidation_event,
    entry,
    stored_answer,
    text_answer,
    votes,
)
from tests.replay.conftest import Replay, Run

Write = Callable[[str, Any], Path]
DATA = Path(__file__).parents[1] / "data"
START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
MASK = {"m": semantic_element([[0, 1]], ["road"])}


def every_kind() -> list[Any]:
    """All kinds, several elements on a page, and everything that can go wrong."""
    boxes, instances = boxes_element([("car", 10, 10, 30, 20)]), instance_element([[0, 1, 2]], ["car", "bus"])
    return [
        votes("7", "car", "bus", "car"),
        entry("5", answer(ANN, b=boxes), answer(BOB, b=boxes_element([])), text_answer("c", "broken")),
        entry("6", answer(ANN, **MASK), answer(BOB, **MASK), answer(ANN, **MASK)),
        entry("8", answer(ANN, i=instances), {"workerId": BOB, "annotationData": {}}),
        entry(
            "9",
            answer(ANN, b=boxes, k={"label": "car"}, note="x"),
            stored_answer(BOB, f"{ANSWER_URI}/none.json"),
        ),
        entry("10", "no annotation"),
        {"datasetObjectId": "11", "annotations": 5},
    ]


@pytest.mark.parametrize("how", ["file", "event in a file", "S3"])
def test_a_replay_gives_the_lambdas_reply_to_the_byte(
    aws: Aws, consolidated: Callable[..., Any], replay: Replay, written: Write, how: str
) -> None:
    """The same request and output path: the same labels, reasons and references."""
    aws.put(REQUEST_URI, json.dumps(every_kind()))
    reply = consolidated({"s3Uri": REQUEST_URI})
    keys = aws.keys()
    masks = {key.rpartition("/")[2] for key in keys if "/output/" in key}
    sources: dict[str, Callable[[], object]] = {
        "file": lambda: written("2026-02-03_10:11:12.json", every_kind()),
        "event in a file": lambda: written(
            "2026-02-03_10:11:12.json", consolidation_event({"s3Uri": REQUEST_URI}, labelingJobArn=JOB_ARN)
        ),
        "S3": lambda: REQUEST_URI,
    }
    run = replay(sources[how](), "--output-config", OUTPUT_CONFIG, "--label-attribute", "Roads-7A")
    response = (run.folder / "2026-02-03_10:11:12.response.json").read_bytes()
    assert response == serialise(reply)
    assert {path.name for path in (run.folder / "output").iterdir()} == masks


def test_replaying_twice_gives_the_same_bytes(replay: Replay, written: Write) -> None:
    path = written("request.json", every_kind()[:4])
    first = (replay(path).folder / "request.response.json").read_bytes()
    assert (replay(path).folder / "request.response.json").read_bytes() == first


@pytest.mark.parametrize(
    "given", ["the whole job", "its last request", "without what it recorded of its workers"]
)
def test_labels_made_with_the_skill_of_workers_are_replayed_to_the_byte(
    replay: Replay, written: Write, tmp_path: Path, given: str
) -> None:
    """Also one request by itself, with what the job had recorded; and the whole job in its order, where nothing is recorded."""
    settings = written("settings.json", {"method": "em"})
    job = SimulatedJob(
        manifest=str(DATA / "birds" / "input.manifest"),
        label_attribute_name="Birds",
        answers=DATA / "birds" / "worker-response",
        answer_key="recorded-object-id",
        out=tmp_path / "job",
        settings=settings,
        max_concurrent=12,
        start_time=START,
    )
    assert simulate(job).all_labeled
    folder = tmp_path / "job/annotations/consolidated-annotation"
    assert len(list((folder / "skill/Birds/records").iterdir())) == 13
    if given == "without what it recorded of its workers":
        shutil.rmtree(folder / "skill")
    number = 13 if given == "its last request" else None
    requests = folder / f"consolidation-request/iteration-{number}" if number else tmp_path / "job"
    run = replay(
        *(requests, "--copy", tmp_path / "job", "--settings", settings, "--label-attribute", "Birds"),
        *("--output-config", f"{OUTPUT_PATH}/Birds/annotations"),
    )
    recorded = sorted(folder.glob(f"consolidation-response/iteration-{number or '*'}/*.json"))
    assert sorted(
        serialise(run.response(name.removesuffix(".response.json"))) for name in run.names()
    ) == sorted(serialise(json.loads(path.read_text("utf-8"))) for path in recorded)


@pytest.mark.parametrize("answers_in_s3", [False, True])
def test_a_simulated_jobs_requests_replayed_are_the_responses_it_recorded(
    replay: Replay, written: Write, tmp_path: Path, *, answers_in_s3: bool
) -> None:
    """Each request's labels are those that the simulated service received from the Lambda."""
    manifest = tmp_path / "input.manifest"
    manifest.write_text("".join(f'{{"source-ref": "s3://acme-in/{place}.jpg"}}\n' for place in range(12)))
    for place in range(12):
        form = MASK if place % 3 == 0 else {"kind": {"label": "car"}}
        for worker in ("ann", "bob"):
            written(f"answers/{place}/{worker}.json", form)
    job = SimulatedJob(
        manifest=str(manifest),
        label_attribute_name="Cats",
        answers=tmp_path / "answers",
        out=tmp_path / "job",
        start_time=START,
        switches=Switches(answers_in_s3=answers_in_s3),
    )
    assert simulate(job).all_labeled
    recorded = {
        f"{path.parent.name}-{path.stem}": json.loads(path.read_text("utf-8"))
        for path in (tmp_path / "job").rglob("consolidation-response/*/*.json")
    }
    assert len(recorded) == 2
    run: Run = replay(
        *(tmp_path / "job", "--copy", tmp_path / "job", "--label-attribute", "Cats"),
        *("--output-config", _output_config(tmp_path / "job")),
    )
    assert run.status == 0
    replayed = [
        run.response(name.removesuffix(".response.json")) for name in run.names() if "response" in name
    ]
    assert sorted(map(serialise, replayed)) == sorted(map(serialise, recorded.values()))


def _output_config(job: Path) -> str:
    """The output path that the job's own events named."""
    (reference,) = {
        json.dumps(document).partition('"mask-ref": "')[2].partition("/consolidated-annotation/")[0]
        for document in [
            json.loads(path.read_text("utf-8"))
            for path in job.rglob("consolidation-response/iteration-1/*.json")
        ]
    }
    return reference
