"""Recorded answers in the forms people have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import Handlers, SimulatedJob, simulate
from shared.errors import ContractError

MakeJob = Callable[..., SimulatedJob]


def write(path: Path, document: Any) -> Path:
    """A JSON file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def response(**labels: str) -> dict[str, Any]:
    """A worker-response document: label by worker."""
    answers = [
        {"workerId": worker, "answerContent": {"category": {"label": label}}}
        for worker, label in labels.items()
    ]
    return {"answers": answers}


def votes(result: Any) -> list[Any]:
    """The votes of each label of a result."""
    return [line["Cats"]["votes"] for line in result.lines]


def request_entry(name: str, source: str, content: str, **data: Any) -> dict[str, Any]:
    """An entry of a consolidation request with one answer."""
    annotation = {"workerId": "ann", "annotationData": data or {"content": content}}
    return {"datasetObjectId": name, "dataObject": {"s3Uri": source}, "annotations": [annotation]}


def test_a_folder_of_one_file_per_object(make_job: MakeJob, tmp_path: Path) -> None:
    """`<id>.json` holds all answers to one object."""
    write(tmp_path / "recorded" / "0.json", response(ann="cat", bob="dog", cid="cat"))
    job = replace(make_job(count=1), answers=tmp_path / "recorded")
    assert votes(simulate(job)) == [{"cat": 2, "dog": 1}]


def test_of_several_response_files_the_newest_counts(make_job: MakeJob, tmp_path: Path) -> None:
    """A later iteration beats a later time; then the later time."""
    folder = tmp_path / "recorded" / "worker-response"
    write(folder / "iteration-2" / "0" / "2026-01-01_00_00_01.json", response(ann="old"))
    write(folder / "iteration-2" / "0" / "2026-01-01_00_00_02.json", response(ann="new"))
    write(folder / "iteration-1" / "0" / "2026-01-01_00_00_03.json", response(ann="oldest"))
    job = replace(make_job(count=1), answers=tmp_path / "recorded")
    assert votes(simulate(job)) == [{"new": 1}]


def test_recorded_time_and_identity_are_kept_and_the_dates_are_the_jobs(
    make_job: MakeJob, tmp_path: Path
) -> None:
    """Answers of 2019 in a job of 2026 get its dates; what was measured stays."""
    document = response(ann="cat", bob="cat")
    identity = {"identityData": {"identityProviderType": "Cognito", "sub": "a-1"}}
    document["answers"][0] |= {
        "submissionTime": "2019-04-18T16:11:15Z",
        "timeSpentInSeconds": 12.5,
        "workerMetadata": identity,
    }
    write(tmp_path / "recorded" / "0.json", document)
    result = simulate(replace(make_job(count=1), answers=tmp_path / "recorded"))
    written = list(result.out.glob("annotations/worker-response/iteration-1/0/*.json"))
    assert [path.name for path in written] == ["2026-02-03_10:00:43.json"]
    assert json.loads(written[0].read_text())["answers"] == [
        {
            "acceptanceTime": "2026-02-03T10:00:01.000Z",
            "submissionTime": "2026-02-03T10:00:13.500Z",
            "timeSpentInSeconds": 12.5,
            "workerId": "ann",
            "answerContent": {"category": {"label": "cat"}},
            "workerMetadata": identity,
        },
        {
            "acceptanceTime": "2026-02-03T10:00:13.500Z",
            "submissionTime": "2026-02-03T10:00:43.500Z",
            "timeSpentInSeconds": 30.0,
            "workerId": "bob",
            "answerContent": {"category": {"label": "cat"}},
        },
    ]


def test_an_event_may_carry_the_request(make_job: MakeJob, tmp_path: Path) -> None:
    """As the samples of events/ do; an event whose payload lies in S3 holds no answers."""
    entry = request_entry("0", "s3://acme-in/cats/0.jpg", json.dumps({"category": {"label": "cat"}}))
    event = write(tmp_path / "event.json", {"version": "2018-10-06", "payload": [entry]})
    assert votes(simulate(replace(make_job(count=1), answers=event))) == [{"cat": 1}]
    write(event, {"version": "2018-10-06", "payload": {"s3Uri": "s3://acme-out/request.json"}})
    with pytest.raises(ContractError, match=r"event\.json\.payload: must be an array"):
        simulate(replace(make_job(count=1), answers=event))


def test_an_answer_that_is_no_json_goes_through_as_the_worker_left_it(
    make_job: MakeJob, tmp_path: Path
) -> None:
    """The handler must see what a real worker can do to it."""
    recorded = write(tmp_path / "request.json", [request_entry("0", "s3://acme-in/cats/0.jpg", "{broken")])
    result = simulate(replace(make_job(count=1), answers=recorded))
    assert result.counts.error_labels == 1
    assert not result.all_labeled
    assert result.lines[0]["Cats"]["error"]["code"] == "answer"
    stored = next(result.out.glob("annotations/worker-response/iteration-1/0/*.json"))
    assert json.loads(stored.read_text())["answers"][0]["answerContent"] == "{broken"


def test_a_lone_surrogate_in_an_answer_breaks_nothing(make_job: MakeJob, tmp_path: Path) -> None:
    """JSON can escape half a character that UTF-8 cannot carry: in an answer it is replaced, in a reply it is an error."""
    recorded = write(tmp_path / "recorded" / "0.json", response(ann="cat \ud800"))
    reply = [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"Cats": "cat \ud800"}}}]
    handlers = Handlers(lambda *_: {"taskInput": {}}, lambda *_: reply)
    result = simulate(replace(make_job(count=1), answers=recorded.parent), handlers=handlers)
    request = result.iterations[0].request
    assert request is not None
    assert "cat \ufffd" in request.read_text()
    assert [failure.reason.split(":")[0] for failure in result.failures] == ["the reply is not JSON"]


def test_a_request_about_other_objects_is_matched_by_line_with_a_warning(
    make_job: MakeJob, tmp_path: Path
) -> None:
    """Answers given to wrong objects are worth nothing, so a person is told."""
    content = '{"category": {"label": "cat"}}'
    recorded = write(tmp_path / "request.json", [request_entry("0", "s3://elsewhere/0.jpg", content)])
    result = simulate(replace(make_job(count=1), answers=recorded))
    assert votes(result) == [{"cat": 1}]
    assert result.warnings == (
        "the recorded answers are about other data objects than the manifest's; they were matched by line number",
    )


def test_recorded_objects_without_a_line_are_counted(make_job: MakeJob) -> None:
    """A manifest cut short is noticed."""
    answers = {name: {"ann": "cat"} for name in ("0", "1", "7", "8")}
    result = simulate(make_job([{"source": "a"}, {"source": "b"}], answers))
    assert result.warnings == ("2 recorded data objects have no manifest line",)


def test_more_workers_than_a_real_job_takes_are_warned_of(make_job: MakeJob) -> None:
    """All answers are used, though no real job would have them."""
    result = simulate(make_job(count=1, answers={"0": {f"worker-{place}": "cat" for place in range(11)}}))
    assert votes(result) == [{"cat": 11}]
    assert result.warnings == ("some objects have 11 answers; a real job takes at most 9 workers per object",)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"answers": 1}, r"0\.json\.answers: must be an array"),
        ({"answers": [{"answerContent": {}}]}, r"0\.json\.answers\[0\]\.workerId: is required"),
        ({"answers": [{"workerId": "ann"}]}, r"0\.json\.answers\[0\]\.answerContent: is required"),
    ],
)
def test_a_broken_response_file_is_named_with_the_place(
    make_job: MakeJob, tmp_path: Path, document: Any, message: str
) -> None:
    """File and JSON path stand in the message."""
    write(tmp_path / "recorded" / "0.json", document)
    with pytest.raises(ContractError, match=message):
        simulate(replace(make_job(count=1), answers=tmp_path / "recorded"))


def test_a_request_whose_answers_lie_elsewhere_is_unusable(make_job: MakeJob, tmp_path: Path) -> None:
    """Nobody can fetch answers from a bucket that is not named."""
    entry = request_entry("0", "s3://acme-in/cats/0.jpg", "", s3Uri="s3://acme-out/answer.json")
    recorded = write(tmp_path / "request.json", [entry])
    with pytest.raises(ContractError, match=r"the answer lies at s3://acme-out/answer\.json"):
        simulate(replace(make_job(count=1), answers=recorded))
