"""Real jobs, simulated with the real handlers from the answers that their workers gave."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from labeljob.simulation import SimulatedJob, SimulationResult, simulate

DATA = Path(__file__).parent.parent / "data"
START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
TIME = r"2026-02-03_\d\d:\d\d:\d\d\.json"


@pytest.fixture(scope="module")
def birds_job(tmp_path_factory: pytest.TempPathFactory) -> SimulatedJob:
    """The 151 birds, each seen by 5 workers."""
    return SimulatedJob(
        manifest=str(DATA / "birds" / "input.manifest"),
        answers=DATA / "birds" / "worker-response",
        label_attribute_name="Birds",
        out=tmp_path_factory.mktemp("birds") / "out",
        answer_key="recorded-object-id",
        start_time=START,
    )


@pytest.fixture(scope="module")
def birds(birds_job: SimulatedJob) -> SimulationResult:
    """The bird job, simulated."""
    return simulate(birds_job)


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but the logs, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "logs" not in path.relative_to(folder).parts
    }


def read(path: Path | None) -> Any:
    """A JSON file that must be there."""
    assert path is not None
    return json.loads(path.read_text())


def test_every_bird_is_labelled_and_as_many_rightly_as_a_majority_vote_finds(birds: SimulationResult) -> None:
    """137 of 151, as computed for this data set by others."""
    with (DATA / "birds" / "truth.csv").open() as table:
        truth = {row["item"]: row["label"] for row in csv.DictReader(table)}
    right = sum(line["Birds"]["class-name"] == truth[line["recorded-object-id"]] for line in birds.lines)
    assert birds.counts.labeled == 151
    assert birds.all_labeled
    assert right == 137


def test_the_output_manifest_is_the_input_in_its_order_with_label_and_metadata(
    birds: SimulationResult,
) -> None:
    """Input keys are kept, whatever the order of work."""
    given = [json.loads(line) for line in (DATA / "birds" / "input.manifest").read_text().splitlines()]
    written = [json.loads(line) for line in birds.output_manifest.read_text().splitlines()]
    assert written == list(birds.lines)
    assert [{key: line[key] for key in ("source-ref", "recorded-object-id")} for line in written] == given
    assert {tuple(line) for line in written} == {
        ("source-ref", "recorded-object-id", "Birds", "Birds-metadata")
    }
    metadata = written[0]["Birds-metadata"]
    assert re.fullmatch(r"2026-02-03T\d\d:\d\d:\d\d\.\d{6}", metadata.pop("creation-date"))
    assert metadata == {"type": "groundtruth/custom", "job-name": "birds", "human-annotated": "yes"}


def test_ten_objects_make_the_first_iteration_and_the_rest_the_second(birds: SimulationResult) -> None:
    """As the service's own files of this job show."""
    requests = [read(iteration.request) for iteration in birds.iterations]
    responses = [read(iteration.response) for iteration in birds.iterations]
    ids = [[entry["datasetObjectId"] for entry in request] for request in requests]
    assert [len(each) for each in ids] == [10, 141]
    assert sorted((name for each in ids for name in each), key=int) == [str(place) for place in range(151)]
    assert [[entry["datasetObjectId"] for entry in response] for response in responses] == ids
    assert ids[0] != sorted(ids[0], key=int)


def test_files_lie_and_are_named_as_the_service_does(birds: SimulationResult) -> None:
    """Every file is accounted for; those of the service, and the log of what each batch showed of its workers."""
    consolidated = "annotations/consolidated-annotation"
    patterns = [
        *(rf"annotations/worker-response/iteration-[12]/\d+/{TIME}",) * 151,
        *(rf"{consolidated}/consolidation-request/iteration-{number}/{TIME}" for number in (1, 2)),
        *(rf"{consolidated}/consolidation-response/iteration-{number}/{TIME}" for number in (1, 2)),
        *(rf"{consolidated}/skill/Birds/records/{number:08}\.json" for number in (1, 2)),
        r"manifests/output/output\.manifest",
        r"simulation\.json",
    ]
    names = sorted(files(birds.out))
    assert len(names) == len(patterns)
    assert [name for name in names if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []


def test_the_same_inputs_and_start_time_give_the_same_bytes(
    birds: SimulationResult, birds_job: SimulatedJob, tmp_path: Path
) -> None:
    """Only `logs/` may differ."""
    again = simulate(replace(birds_job, out=tmp_path / "again"))
    assert files(again.out) == files(birds.out)


def test_another_seed_sends_objects_out_in_another_order(
    birds: SimulationResult, birds_job: SimulatedJob, tmp_path: Path
) -> None:
    """The output keeps the manifest's order all the same."""
    other = simulate(replace(birds_job, out=tmp_path / "other", seed=1))
    assert read(other.iterations[0].request) != read(birds.iterations[0].request)
    assert [line["source-ref"] for line in other.lines] == [line["source-ref"] for line in birds.lines]


def test_worker_responses_of_a_simulation_are_answers_for_another(
    birds: SimulationResult, birds_job: SimulatedJob, tmp_path: Path
) -> None:
    """What is written can be read, byte for byte."""
    again = simulate(replace(birds_job, out=tmp_path / "again", answers=birds.out, answer_key=None))
    assert again.output_manifest.read_bytes() == birds.output_manifest.read_bytes()


def test_a_consolidation_request_finds_its_objects_by_what_they_are(
    birds: SimulationResult, birds_job: SimulatedJob, tmp_path: Path
) -> None:
    """Its ids are those of a longer manifest and would mislead."""
    request = DATA / "birds" / "consolidation_request.json"
    again = simulate(replace(birds_job, out=tmp_path / "again", answers=request, answer_key=None))
    assert [line["Birds"]["votes"] for line in again.lines] == [
        line["Birds"]["votes"] for line in birds.lines
    ]


def test_masks_are_written_to_s3_and_copied_beside_the_manifest(
    labeljob: Callable[..., Any], data: Path, templates: Path, tmp_path: Path
) -> None:
    """Two persons found by two of three workers, as published, where every worker has one vote."""
    settings = tmp_path / "settings.json"
    settings.write_text('{"method": "majority"}')
    request = data / "streetscenes" / "consolidation_request.json"
    manifest = tmp_path / "input.manifest"
    sources = [entry["dataObject"]["s3Uri"] for entry in json.loads(request.read_text())]
    manifest.write_text("".join(json.dumps({"source-ref": source}) + "\n" for source in sources))
    out = tmp_path / "out"
    run = labeljob(
        *("simulate", manifest, "--answers", request, "--label-attribute", "People", "--out", out),
        *("--template", templates / "instance-mask.liquid.html", "--answers-in-s3", "--settings", settings),
    )
    lines = [json.loads(line) for line in (out / "manifests/output/output.manifest").read_text().splitlines()]
    assert run.status == 0
    assert [instance["pixels"] for instance in lines[1]["People"]["instances"]] == [9815, 2016]
    mask = lines[1]["People"]["mask-ref"].removeprefix("s3://labeljob-simulation/output/People/")
    with Image.open(out / mask) as image:
        assert image.size == (1280, 960)
    assert "SSDB00010.JPG?" in (out / "page.html").read_text()
    assert "nothing to choose from" in run.err


def test_requests_escape_what_html_would_read_and_carry_answers_as_text(data: Path, tmp_path: Path) -> None:
    r"""The base64 padding of real payloads reads `\u003d`."""
    request = data / "streetscenes" / "consolidation_request.json"
    given = json.loads(request.read_text())
    padded = next(entry for entry in given if "=" in json.dumps(entry))
    manifest = tmp_path / "input.manifest"
    manifest.write_text(json.dumps({"source-ref": padded["dataObject"]["s3Uri"]}) + "\n")
    result = simulate(SimulatedJob(str(manifest), request, "People", tmp_path / "out", start_time=START))
    body = result.iterations[0].request
    assert body is not None
    text = body.read_text()
    assert "\\u003d" in text
    assert not set("=<>&'") & set(text)
    assert json.loads(text) == [padded | {"datasetObjectId": "0"}]
