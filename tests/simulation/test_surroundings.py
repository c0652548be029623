"""What a simulation leaves as it was, and what the handlers find around them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from labeljob.simulation import Handlers, SimulatedJob, simulate
from shared.errors import StorageError

MakeJob = Callable[..., SimulatedJob]


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The URL of an S3 endpoint that outlives simulations."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def client(url: str) -> Any:
    """An S3 client of an endpoint."""
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1")


def test_the_environment_and_the_aws_session_are_restored(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that simulates can go on talking to its own AWS."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("ALLOWED_LOCATIONS", "production/")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before, session = dict(os.environ), boto3.DEFAULT_SESSION
    assert simulate(make_job()).all_labeled
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is session


def test_the_environment_is_restored_when_a_job_breaks_off(make_job: MakeJob, tmp_path: Path) -> None:
    """Errors leave nothing behind either."""
    page = tmp_path / "page.liquid.html"
    page.write_text("{{ task.input.nope }}")
    before = dict(os.environ)
    with pytest.raises(Exception, match="is undefined"):
        simulate(make_job(template=page))
    assert dict(os.environ) == before


def test_a_proxy_is_not_asked_for_the_embedded_s3(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """Company laptops have one."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert simulate(make_job()).all_labeled


def test_endpoints_of_single_services_are_not_those_of_the_embedded_ones(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps files in an S3 of their own has one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    assert simulate(make_job()).all_labeled
    assert os.environ["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9"


def test_log_lines_and_metrics_go_to_files(make_job: MakeJob, capfd: pytest.CaptureFixture[str]) -> None:
    """The terminal stays free."""
    result = simulate(make_job())
    assert capfd.readouterr() == ("", "")
    log = [
        json.loads(line) for line in (result.out / "logs" / "consolidation.jsonl").read_text().splitlines()
    ]
    assert [entry["objects"] for entry in log if entry.get("message") == "consolidated"] == [3]
    assert [entry["Objects"] for entry in log if "_aws" in entry] == [[3.0]]
    assert "SkippedObjects" in (result.out / "logs" / "pre_annotation.jsonl").read_text()


def test_settings_reach_the_handlers_and_do_not_outlive_the_job(make_job: MakeJob, tmp_path: Path) -> None:
    """Each simulation is a cold start."""
    settings = tmp_path / "settings.json"
    settings.write_text('{"include-worker-annotations": true}')
    job = make_job(count=1)
    seen = [
        "annotationsFromAllWorkers" in simulate(one).lines[0]["Cats"]
        for one in (job, replace(job, settings=settings), job)
    ]
    assert seen == [False, True, False]


def test_the_label_category_file_reaches_the_page_of_its_own_job_only(
    make_job: MakeJob, tmp_path: Path
) -> None:
    """Two jobs of one name in one process, each with its own categories."""
    page = tmp_path / "page.liquid.html"
    page.write_text("{{ task.input.labels | join: '+' }}")
    pages = []
    for names in (["cat", "dog"], ["cat", "owl"]):
        categories = tmp_path / "categories.json"
        categories.write_text(json.dumps({"labels": [{"label": name} for name in names]}))
        result = simulate(make_job(count=1, template=page, label_categories=categories))
        assert result.page is not None
        pages.append(result.page.read_text())
    assert pages == ["cat+dog", "cat+owl"]


def test_a_given_endpoint_keeps_what_the_job_wrote(make_job: MakeJob, s3_server: str) -> None:
    """The bucket and the folder hold the same."""
    job = make_job(endpoint_url=s3_server, output_path="s3://acme-kept/run")
    result = simulate(job)
    key = "run/Cats/manifests/output/output.manifest"
    kept = client(s3_server).get_object(Bucket="acme-kept", Key=key)["Body"].read()
    assert kept == result.output_manifest.read_bytes()


def test_a_job_name_is_used_once_on_an_endpoint(
    make_job: MakeJob, s3_server: str, labeljob: Callable[..., Any]
) -> None:
    """As in an account; else files of two jobs would mix."""
    job = make_job(endpoint_url=s3_server, output_path="s3://acme-once/run")
    simulate(job)
    run = labeljob(
        *("simulate", job.manifest, "--answers", job.answers, "--label-attribute", "Cats", "--out", job.out),
        *("--endpoint-url", s3_server, "--output-path", job.output_path),
    )
    assert run.status == 2
    assert "has files already: job names are used once" in run.err


def test_the_manifest_may_lie_in_s3(make_job: MakeJob, s3_server: str) -> None:
    """Read from the endpoint that is given."""
    job = make_job(endpoint_url=s3_server, output_path="s3://acme-manifest/run")
    client(s3_server).create_bucket(Bucket="acme-manifest")
    body = Path(job.manifest).read_bytes()
    client(s3_server).put_object(Bucket="acme-manifest", Key="in/input.manifest", Body=body)
    result = simulate(replace(job, manifest="s3://acme-manifest/in/input.manifest"))
    assert result.counts.labeled == 3


def test_an_endpoint_that_is_not_there_is_named(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its URL and what was wanted of it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr("labeljob.simulation.bucket.CLIENT_CONFIG", None)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(
        StorageError, match=r"cannot open bucket labeljob-simulation at http://127\.0\.0\.1:9"
    ):
        simulate(make_job(endpoint_url="http://127.0.0.1:9"))


def test_an_answer_in_s3_is_read_by_the_handler_from_there(make_job: MakeJob) -> None:
    """The documented alternative that no capture shows."""
    job = make_job(count=1)
    direct = simulate(job).lines
    by_uri = simulate(replace(job, switches=replace(job.switches, answers_in_s3=True)))
    assert by_uri.lines == direct
    request = by_uri.iterations[0].request
    assert request is not None
    folder = "s3://labeljob-simulation/output/Cats/annotations/intermediate/1/answers/0"
    assert [one["annotationData"] for one in json.loads(request.read_text())[0]["annotations"]] == [
        {"s3Uri": f"{folder}/0.json"},
        {"s3Uri": f"{folder}/1.json"},
    ]


def test_progress_names_each_iteration_and_counts_to_the_end(make_job: MakeJob) -> None:
    """What the bar is drawn from."""
    seen: list[Any] = []
    simulate(make_job(count=12), on_progress=seen.append)
    assert list(dict.fromkeys(progress.doing for progress in seen)) == [
        "iteration 1: sending out 10 objects",
        "iteration 1: consolidating 10 objects",
        "iteration 2: sending out 2 objects",
        "iteration 2: consolidating 2 objects",
    ]
    assert (seen[-1].done, seen[-1].total) == (12, 12)


def test_no_more_objects_go_out_at_once_than_allowed(make_job: MakeJob) -> None:
    """MaxConcurrentTaskCount, after the first ten."""
    result = simulate(make_job(count=17, max_concurrent=4))
    assert [iteration.objects for iteration in result.iterations] == [10, 4, 3]


def test_handlers_given_by_the_caller_get_a_copy_of_each_event(make_job: MakeJob) -> None:
    """A handler cannot change the job's data."""

    def pre_annotation(event: dict[str, Any], _: Any) -> Any:
        event["dataObject"]["changed"] = True
        return {"taskInput": {}}

    def consolidation(event: dict[str, Any], _: Any) -> Any:
        return [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"Cats": 1}}}]

    result = simulate(make_job(count=1), handlers=Handlers(pre_annotation, consolidation))
    assert "changed" not in result.lines[0]
