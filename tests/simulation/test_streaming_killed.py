"""`labeljob simulate --streaming`, killed by SIGKILL in the middle and resumed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import boto3
import pytest

from tests.conftest import AWS_VARIABLES

MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def outside() -> Iterator[str]:
    """The URL of an endpoint in a process of its own, which outlives the simulation's."""
    command = [sys.executable, "-c", MOTO]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


class Labels:
    """What comes to the job's output topic while simulations come and go."""

    def __init__(self, url: str) -> None:
        """Subscribe a queue and begin to empty it."""
        self.lines: list[dict[str, Any]] = []
        self._sqs = boto3.client("sqs", endpoint_url=url)
        self._queue = self._sqs.create_queue(QueueName="labels")["QueueUrl"]
        sns = boto3.client("sns", endpoint_url=url)
        topic = sns.create_topic(Name="GroundTruth-Cats-output")["TopicArn"]
        arn = "arn:aws:sqs:us-east-1:123456789012:labels"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self._last = Event()
        self._thread = Thread(target=self._empty, daemon=True)
        self._thread.start()

    def all(self) -> list[dict[str, Any]]:
        """The lines that came, when no more will."""
        self._last.set()
        self._thread.join()
        return self.lines

    def _empty(self) -> None:
        while True:
            last = self._last.is_set()
            about: Any = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
            messages = self._sqs.receive_message(**about).get("Messages", [])
            if messages:
                self.lines += [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
                entries: Any = [
                    {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
                    for message in messages
                ]
                self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
            elif last:
                return


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.Popen[str]]:
    """Start the command on the manifest in the test's folder."""
    for name, value in AWS_VARIABLES.items():
        monkeypatch.setenv(name, value)

    def begin(*options: str) -> subprocess.Popen[str]:
        about: tuple[str | Path, ...] = (
            "--answers",
            tmp_path / "answers",
            "--answer-key",
            "row",
            "--label-attribute",
            "Cats",
        )
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "labeljob",
            "simulate",
            tmp_path / "input.manifest",
            *about,
        ]
        command += ["--streaming", "--out", tmp_path / "out", "--max-concurrent", "200", *options]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )

    return begin


def prepare(folder: Path, count: int) -> None:
    """A manifest of so many objects, a tenth of them twice, and their answers."""
    order = random.Random(count)
    lines = [
        {"source": f"text {place}", "row": f"r{place}", "dataset-objectid-attribute-name": "row"}
        for place in range(count)
    ]
    lines += order.choices(lines, k=count // 10)
    order.shuffle(lines)
    (folder / "input.manifest").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / "answers").mkdir()
    for place in range(count):
        name = "cat" if place % 2 else "dog"
        answers = [
            {"workerId": worker, "answerContent": {"category": {"label": name}}} for worker in ("ann", "bob")
        ]
        (folder / "answers" / f"r{place}.json").write_text(json.dumps({"answers": answers}))


def kill_at(process: subprocess.Popen[str], percentage: int) -> None:
    """Kill a simulation when it reports how far it is."""
    with process:
        assert process.stderr
        for line in process.stderr:
            if int(line.split(" %")[0]) >= percentage:
                process.kill()
                break
    assert process.returncode == -9


def finish(process: subprocess.Popen[str]) -> dict[str, int]:
    """Let a simulation end, and read its summary."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    rows = (line.rsplit(maxsplit=1) for line in out.splitlines() if line.startswith("  "))
    return {name.strip(): int(value.replace(",", "")) for name, value in rows}


def check(folder: Path, count: int) -> None:
    """Each object has its own label, once."""
    text = (folder / "out/manifests/output/output.manifest").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert sorted(int(line["row"][1:]) for line in lines) == list(range(count))
    assert all(line["Cats"]["class-name"] == ("cat" if int(line["row"][1:]) % 2 else "dog") for line in lines)


def test_two_thousand_objects_on_an_endpoint_that_stays(
    outside: str, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """A tenth is sent twice; killed twice; each labelled once, none lost, announced once but for the call that was cut off."""
    prepare(tmp_path, 2_000)
    labels = Labels(outside)
    kill_at(start("--endpoint-url", outside), 30)
    kill_at(start("--endpoint-url", outside, "--resume"), 60)
    summary = finish(start("--endpoint-url", outside, "--resume"))
    assert summary["objects"] == summary["labelled"] == 2_000
    assert 200 <= summary["duplicates dropped"] <= 200 + 2 * 10, "a call cut off is made again"
    assert summary["most in work at once"] == 200
    check(tmp_path, 2_000)
    announced = Counter(line["row"] for line in labels.all())
    assert len(announced) == 2_000
    assert announced.total() <= 2_000 + 2 * 10


def test_on_an_endpoint_that_is_killed_too(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """What the job had not received is sent again, and files of labels already made are there."""
    prepare(tmp_path, 300)
    kill_at(start(), 50)
    summary = finish(start("--resume"))
    assert summary["objects"] == summary["labelled"] == 300
    assert (summary["duplicates dropped"], summary["messages received"]) == (30, 330)
    check(tmp_path, 300)
    responses = list((tmp_path / "out/annotations/worker-response").glob("iteration-*/*/*.json"))
    assert len(responses) == 300
