"""Streaming jobs on the local AWS, and what comes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labeljob.aws import Aws
from labeljob.simulation import Handlers
from labeljob.simulation.answers import RecordedAnswer
from labeljob.simulation.manifest import ManifestLine
from labeljob.simulation.streaming import StreamingJob
from labeljob.simulation.streaming_job import Answers, StreamedJob

START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Stream:
    """A streaming job's surroundings on the local AWS: topics, a queue that gets every label, a folder for the journal."""

    clients: Aws
    input_topic: str
    output_topic: str
    labels: str
    folder: Path

    def send(self, *messages: object) -> None:
        """Publish messages; what is not text becomes JSON."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            self.clients.sns.publish(TopicArn=self.input_topic, Message=text)

    def job(self, answers: Answers | None = None, **options: Any) -> StreamingJob:
        """The job, new or taken up again; two workers call everything a cat unless `answers` says otherwise."""
        about = {item.name for item in fields(StreamedJob)}
        settled: dict[str, Any] = {"workers": 2, "output_topic": self.output_topic, "start_time": START}
        settled |= {name: value for name, value in options.items() if name in about}
        job = StreamedJob(
            job_name="Cats",
            label_attribute_name="Cats",
            labeling_job_arn="arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats",
            output_path="s3://acme-out/run",
            input_topic=self.input_topic,
            **settled,
        )
        rest = {name: value for name, value in options.items() if name not in about}
        handlers = rest.pop("handlers", None) or Handlers.cold()
        return StreamingJob(job, self.clients, answers or two_cats, handlers, self.folder, **rest)

    def output(self) -> list[dict[str, Any]]:
        """The output manifest, parsed."""
        place: Any = {"Bucket": "acme-out", "Key": "run/Cats/manifests/output/output.manifest"}
        body = self.clients.s3.get_object(**place)["Body"].read().decode()
        return [json.loads(line) for line in body.splitlines()]

    def announced(self) -> list[dict[str, Any]]:
        """What came to the output topic, parsed, in no order that matters."""
        found: list[dict[str, Any]] = []
        while messages := self.clients.sqs.receive_message(QueueUrl=self.labels, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        return found

    def waiting(self) -> int:
        """Messages in the job's queue."""
        url = self.clients.sqs.get_queue_url(QueueName="GroundTruth-cats")["QueueUrl"]
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        reply = self.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(map(int, reply["Attributes"].values()))


def two_cats(_: ManifestLine) -> tuple[RecordedAnswer, ...]:
    """Two workers who see a cat."""
    return tuple(RecordedAnswer(worker, '{"category":{"label":"cat"}}') for worker in ("ann", "bob"))


def to_the_end(job: StreamingJob) -> None:
    """Work until there is nothing left to do."""
    while job.step() or not job.idle():
        pass
