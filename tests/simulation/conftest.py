"""Small jobs to simulate, and the command as a person runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labeljob.aws import Aws as LabeljobAws
from labeljob.cli import main
from labeljob.simulation import SimulatedJob
from tests.conftest import Aws
from tests.simulation.streams import Stream

DATA = Path(__file__).parent.parent / "data"
TEMPLATES = Path(__file__).parent.parent.parent / "worker_templates"
START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)

MakeJob = Callable[..., SimulatedJob]


@dataclass(frozen=True)
class Run:
    """What a person sees of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def data() -> Path:
    """The folder of recorded jobs."""
    return DATA


@pytest.fixture
def templates() -> Path:
    """The project's worker templates."""
    return TEMPLATES


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """Make a job of `count` cats, each called so by two workers, or of the manifest lines and answers given."""

    def make(
        lines: list[Any] | None = None, answers: dict[str, Any] | None = None, count: int = 3, **options: Any
    ) -> SimulatedJob:
        if lines is None:
            lines = [{"source-ref": f"s3://acme-in/cats/{place}.jpg"} for place in range(count)]
        manifest = tmp_path / "input.manifest"
        manifest.write_text(
            "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        )
        if answers is None:
            answers = {str(place): {"ann": "cat", "bob": "cat"} for place in range(len(lines))}
        for data_object_id, labels in answers.items():
            folder = tmp_path / "answers" / data_object_id
            folder.mkdir(parents=True, exist_ok=True)
            for worker, label in labels.items():
                (folder / f"{worker}.json").write_text(json.dumps({"category": {"label": label}}))
        settled = {"start_time": START, "out": tmp_path / "out", "answers": tmp_path / "answers", **options}
        return SimulatedJob(manifest=str(manifest), label_attribute_name="Cats", **settled)

    return make


@pytest.fixture
def labeljob(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `labeljob` with arguments."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["labeljob", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Run(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def clients(aws_url: str) -> LabeljobAws:
    """Clients of the local AWS; made once, since making them is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws_url)
        made = LabeljobAws()
        made_at = {client.meta.endpoint_url for client in (made.s3, made.sns, made.sqs)}
    assert made_at == {aws_url}
    return made


@pytest.fixture
def stream(aws: Aws, clients: LabeljobAws, tmp_path: Path) -> Stream:
    """Topics and a queue of labels on the local AWS."""
    topics = [clients.sns.create_topic(Name=f"cats-{name}")["TopicArn"] for name in ("input", "output")]
    labels = clients.sqs.create_queue(QueueName="labels")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:labels"
    clients.sns.subscribe(TopicArn=topics[1], Protocol="sqs", Endpoint=arn)
    return Stream(clients, topics[0], topics[1], labels, tmp_path / "journal")
