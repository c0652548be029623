"""The job's label-category file: found through DescribeLabelingJob, read once per job, never guessed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest

from shared.errors import ContractError, GtConsensusError, NotAllowedError, ObjectMissingError, StorageError
from tests.conftest import Aws

Send = Callable[..., dict[str, Any]]
FILE = "s3://acme-in/categories.json"
LINE = {"source": "text"}


@dataclass
class SageMaker:
    """A SageMaker endpoint that gives one answer to everything, and counts the questions."""

    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"LabelCategoryConfigS3Uri": FILE})
    asked: list[str] = field(default_factory=list)


@contextmanager
def served(sagemaker: SageMaker) -> Iterator[str]:
    """Serve it on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        """One question."""

        def do_POST(self) -> None:
            """Answer it."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sagemaker.asked.append(request["LabelingJobName"])
            body = json.dumps(sagemaker.answer).encode()
            self.send_response(sagemaker.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server has
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def sagemaker(
    aws: Aws, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SageMaker]:
    """A SageMaker whose job has the categories car and bus, and a deployment that reads them."""
    stub = SageMaker()
    aws.put(FILE, '{"document-version": "2018-11-28", "labels": [{"label": "car"}, {"label": "bus"}]}')
    monkeypatch.setattr("shared.storage.CLIENT_CONFIG.retries", {"mode": "standard", "max_attempts": 1})
    with served(stub) as url:
        configure(READ_LABEL_CATEGORIES="true", AWS_ENDPOINT_URL_SAGEMAKER=url)
        yield stub


def test_the_page_gets_the_categories_of_the_jobs_file(pre_annotated: Send, sagemaker: SageMaker) -> None:
    assert pre_annotated(LINE)["taskInput"]["labels"] == ["car", "bus"]
    assert sagemaker.asked == ["roads-7a"]


def test_a_lines_own_labels_go_before_them(pre_annotated: Send, sagemaker: SageMaker) -> None:
    assert pre_annotated({**LINE, "labels": ["van"]})["taskInput"]["labels"] == ["van"]


def test_they_go_before_those_of_the_settings(
    pre_annotated: Send, sagemaker: SageMaker, configure: Callable[..., None]
) -> None:
    configure({"label-categories": ["van"]})
    assert pre_annotated(LINE)["taskInput"]["labels"] == ["car", "bus"]


def test_a_job_is_asked_about_once_while_warm(pre_annotated: Send, sagemaker: SageMaker) -> None:
    other = "arn:aws:sagemaker:us-east-1:111122223333:labeling-job/cats"
    for _ in range(3):
        pre_annotated(LINE)
        pre_annotated(LINE, labelingJobArn=other)
    assert sagemaker.asked == ["roads-7a", "cats"]


def test_a_job_without_such_a_file_is_asked_about_once_too(pre_annotated: Send, sagemaker: SageMaker) -> None:
    """A hundred thousand objects would otherwise run into SageMaker's rate limit, and fail the job."""
    sagemaker.answer = {}
    for _ in range(3):
        assert pre_annotated(LINE)["taskInput"]["labels"] == []
    assert sagemaker.asked == ["roads-7a"]


def test_a_job_that_is_not_known_yet_is_asked_about_again(
    pre_annotated: Send, sagemaker: SageMaker, log: StringIO, configure: Callable[..., None]
) -> None:
    """As in a console preview: the settings' categories serve until the job is there."""
    configure({"label-categories": ["van"]})
    found = sagemaker.answer
    sagemaker.status, sagemaker.answer = 400, {"__type": "ResourceNotFound", "Message": "no such job"}
    assert pre_annotated(LINE)["taskInput"]["labels"] == ["van"]
    assert "the job is not known yet" in log.getvalue()
    sagemaker.status, sagemaker.answer = 200, found
    assert pre_annotated(LINE)["taskInput"]["labels"] == ["car", "bus"]


@pytest.mark.parametrize("variable", ["", "false", "no"])
def test_nobody_is_asked_unless_the_parameter_says_so(
    pre_annotated: Send, sagemaker: SageMaker, configure: Callable[..., None], variable: str
) -> None:
    configure(READ_LABEL_CATEGORIES=variable)
    assert pre_annotated(LINE)["taskInput"]["labels"] == []
    assert sagemaker.asked == []


def test_nobody_is_asked_about_an_event_without_a_job(pre_annotated: Send, sagemaker: SageMaker) -> None:
    assert pre_annotated(LINE, labelingJobArn=None)["taskInput"]["labels"] == []
    assert sagemaker.asked == []


@pytest.mark.parametrize(
    ("answer", "error", "complaint"),
    [
        (
            {"__type": "AccessDeniedException", "Message": "no"},
            NotAllowedError,
            r"lacks sagemaker:DescribeLabelingJob; .* \(setting READ_LABEL_CATEGORIES\)",
        ),
        (
            {"__type": "InternalFailure", "Message": "no"},
            StorageError,
            "cannot describe labeling job roads-7a: InternalFailure",
        ),
    ],
    ids=["not permitted", "out of order"],
)
def test_a_failure_raises_and_says_what_to_do(
    pre_annotated: Send,
    sagemaker: SageMaker,
    answer: dict[str, str],
    error: type[GtConsensusError],
    complaint: str,
) -> None:
    sagemaker.status, sagemaker.answer = 400, answer
    with pytest.raises(error, match=complaint):
        pre_annotated(LINE)


@pytest.mark.parametrize(
    ("uri", "body", "error", "complaint"),
    [
        (FILE, "{}", ContractError, r"\$\.labels: is required and missing"),
        (FILE, "no json", ContractError, "is not JSON"),
        (FILE, None, ObjectMissingError, "there is no object at s3://acme-in/categories.json"),
        ("s3://acme-out/run-2/categories.json", "{}", NotAllowedError, "AllowedLocations"),
    ],
    ids=["no labels", "no json", "not there", "outside"],
)
def test_a_file_that_cannot_be_read_raises(
    aws: Aws,
    pre_annotated: Send,
    sagemaker: SageMaker,
    uri: str,
    body: str | None,
    error: type[GtConsensusError],
    complaint: str,
) -> None:
    """Workers without categories would give answers that nobody can use."""
    sagemaker.answer = {"LabelCategoryConfigS3Uri": uri}
    aws.s3.delete_object(Bucket="acme-in", Key="categories.json")
    if body is not None:
        aws.put(uri, body)
    with pytest.raises(error, match=complaint):
        pre_annotated(LINE)
