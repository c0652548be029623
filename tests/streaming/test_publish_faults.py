"""Publishing while things fail: the publisher is killed, SNS does not take what it is given. Nothing is lost, and nothing gets two ids."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labeljob.aws import Aws
from labeljob.streaming.publisher import Pacing, publish
from tests.streaming.conftest import Run, Stream, cats
from tests.streaming.faults import Meddler, Verdicts, meddling

MakeManifest = Callable[..., Path]
ALL = 65


@pytest.fixture
def sns(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meddler]:
    """What stands between the publisher and SNS."""
    with meddling(stream.local.url) as meddler:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", meddler.url)
        yield meddler


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_point_and_run_again_it_loses_nothing(
    stream: Stream,
    sns: Meddler,
    labeljob: Callable[..., Run],
    manifest: MakeManifest,
    batch: int,
    moment: str,
) -> None:
    """Killed before SNS has a batch, or when SNS has it and the publisher does not know."""
    path = manifest(*cats(ALL))
    command = [sys.executable, "-m", "labeljob", "publish", "Cats-1", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:

        def kill(number: int) -> bool:
            if number == batch:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            return number < batch

        setattr(sns, moment, kill)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    sns.before = sns.after = lambda _: True
    known = 10 * (batch - 1)
    run = labeljob("publish", "Cats-1", path)
    told = [f"{ALL - known:>9} sent", *([f"{known:>9} sent before, not sent again"] if known else [])]
    assert (run.status, run.out.splitlines()) == (0, told)
    received = stream.received()
    times = Counter(line["source-ref"] for line in received)
    assert sorted(times) == [line["source-ref"] for line in cats(ALL)]
    twice = {uri for uri, count in times.items() if count > 1}
    assert len(twice) == (0 if moment == "before" else min(10, ALL - known))
    messages = {json.dumps(line) for line in received if line["source-ref"] in twice}
    assert len(messages) == len(twice), "what is sent twice is the same, id and all"


def test_ended_by_a_person_it_says_how_to_go_on(
    stream: Stream, sns: Meddler, labeljob: Callable[..., Run], manifest: MakeManifest
) -> None:
    path = manifest(*cats(ALL))
    command = [sys.executable, "-m", "labeljob", "publish", "Cats-1", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:

        def interrupt(number: int) -> bool:
            if number == 2:
                process.send_signal(signal.SIGINT)
                process.wait()
            return number < 2

        sns.before = interrupt
        _, told = process.communicate()
    assert (process.returncode, told) == (1, "ended; the same command, run again, goes on from there\n")
    sns.before = lambda _: True
    assert labeljob("publish", "Cats-1", path).out.startswith(f"{ALL - 10:>9} sent\n")


def test_an_entry_that_sns_could_not_take_is_tried_again(
    stream: Stream, sns: Meddler, manifest: MakeManifest
) -> None:
    sns.refuse = lambda messages: {} if len(sns.batches) > 2 else {1: "InternalError", 3: "InternalError"}
    waited: list[float] = []
    done = publish("Cats-1", [str(manifest(*cats(10)))], Aws(), pacing=Pacing(wait=waited.append))
    assert (done.sent, done.complete, waited) == (10, True, [1.0, 2.0])
    assert [len(batch) for batch in sns.batches] == [10, 2, 2]
    assert len(stream.received()) == 10


def test_entries_that_are_never_taken_are_named_and_sent_the_next_time(
    stream: Stream, sns: Meddler, manifest: MakeManifest
) -> None:
    path = manifest(*cats(3))

    def refuse(messages: list[str]) -> Verdicts:
        return {
            place: "InternalError" if "0000" in message else "InvalidParameter"
            for place, message in enumerate(messages)
            if "0001" not in message
        }

    sns.refuse = refuse
    waited: list[float] = []
    done = publish("Cats-1", [str(path)], Aws(), pacing=Pacing(wait=waited.append))
    assert [str(failure) for failure in done.failed] == [
        f"{path} line 3 was not taken by SNS: InvalidParameter as the test wants",
        f"{path} line 1 was not taken by SNS: InternalError as the test wants",
    ]
    assert (done.sent, waited) == (1, [1.0, 2.0, 4.0, 8.0, 16.0])
    sns.refuse = lambda _: {}
    assert publish("Cats-1", [str(path)], Aws()).sent == 2
    assert len(stream.received()) == 3


def test_batches_keep_to_ten_messages_and_256_kb(
    stream: Stream, sns: Meddler, manifest: MakeManifest
) -> None:
    large = [
        json.dumps(
            {"source": f"{place}", **dict.fromkeys("abcd"[: place % 5], "ü" * 19_000)}, ensure_ascii=False
        )
        for place in range(25)
    ]
    done = publish("Cats-1", [str(manifest(*large))], Aws())
    assert done.sent == 25
    assert max(map(len, sns.batches)) <= 10
    assert max(sum(len(message.encode()) for message in batch) for batch in sns.batches) <= 262_144
    assert len(sns.batches) < 12
    assert len(stream.received()) == 25
