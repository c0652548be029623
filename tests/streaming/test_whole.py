"""A streaming job from its topics to its clean-up, on the local AWS with its own workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.streaming.conftest import CATS, Run, Stream, cats, queue_names


def test_published_labelled_read_and_cleaned_up(
    begun: Stream, labeljob: Callable[..., Run], manifest: Callable[..., Path]
) -> None:
    """A tenth of the objects comes twice; each is labelled once."""
    begun.local.release()
    begun.local.settle()
    labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0)
    assert labeljob("publish", "Cats-1", manifest(*cats(CATS))).out == f"{CATS:>9} sent\n"
    assert labeljob("publish", "Cats-1", manifest(*cats(3)), "--again").out == "        3 sent\n"
    begun.local.settle()
    run = labeljob("tail", "Cats-1", "--keep", "my-labels", "--idle", 0, "--json")
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert sorted(line["source-ref"] for line in lines) == [line["source-ref"] for line in cats(CATS)]
    assert {line["Cats"]["class-name"] for line in lines} == {"cat"}
    labeljob("stop", "Cats-1", "--yes", "--no-wait")
    begun.local.settle()
    told = labeljob("stop", "Cats-1", "--topics").out
    assert "deleted queue GroundTruth-cats-1\n" in told
    assert f"deleted topic {begun.topics.input_arn}\n" in told
    assert f"left topic {begun.topics.output_arn}: arn:aws:sqs:us-east-1:123456789012:my-labels" in told
    assert queue_names(begun.aws) == ["my-labels"]
