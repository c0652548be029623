"""What a streaming job is given and what it has done so far, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mypy_boto3_s3 import S3Client
from mypy_boto3_sns import SNSClient
from mypy_boto3_sqs import SQSClient

from labeljob.simulation.answers import RecordedAnswer, RecordedAnswers
from labeljob.simulation.job import EXECUTION_ROLE, Switches
from labeljob.simulation.manifest import ManifestLine
from shared.errors import ContractError
from shared.s3_uri import S3Uri

IDLE = timedelta(days=10)
"""A job to which nothing comes for so long is stopped."""
UNSENT = timedelta(days=14)
"""An object that waits for so long in the queue is dropped: the longest that SQS keeps a message."""
AVAILABILITY = timedelta(days=30)
"""How long a private team is offered a task where the job does not say."""

STREAMING_SWITCHES: Mapping[str, tuple[str, ...]] = {
    "pseudo_json": ("failed", "read"),
    "test_event": ("failed", "ignored"),
    "object_ids": ("opaque", "numbered"),
    "failures": ("silent", "published"),
}
"""What no source says of streaming: the choices for each, the first is the default."""


class Clients(Protocol):
    """The clients a streaming job works with; `labeljob.aws.Aws` has them."""

    @property
    def s3(self) -> S3Client:
        """S3."""

    @property
    def sns(self) -> SNSClient:
        """SNS."""

    @property
    def sqs(self) -> SQSClient:
        """SQS."""


Answers = Callable[[ManifestLine], tuple[RecordedAnswer, ...]]
"""What workers answer to a data object, in order of submission; empty where nobody does. The line's number counts distinct objects."""


@dataclass(frozen=True, slots=True)
class StreamingSwitches:
    """How a simulated streaming job behaves where the real one's behaviour is not known; `STREAMING_SWITCHES` lists the choices.

    Attributes:
        pseudo_json: a message with single quotes, as Python's `str` writes a dictionary, is a failed object, or read all the same.
        test_event: S3's `s3:TestEvent` is taken for a data object, which fails, or ignored.
        object_ids: `datasetObjectId` says nothing, or counts the objects from 0 as in batch jobs.
        failures: failed objects are not announced on the output topic, or are.
    """

    pseudo_json: str = "failed"
    test_event: str = "failed"
    object_ids: str = "opaque"
    failures: str = "silent"

    def __post_init__(self) -> None:
        """Refuse what is not a choice.

        Raises:
            ContractError: a switch has another value; names the choices.
        """
        for name, choices in STREAMING_SWITCHES.items():
            if getattr(self, name) not in choices:
                raise ContractError(
                    f"must be one of {', '.join(choices)}, is {getattr(self, name)!r}", path=name
                )


@dataclass(frozen=True, slots=True)
class StreamedJob:
    """A streaming labeling job.

    Attributes:
        job_name: LabelingJobName, in the caller's case.
        label_attribute_name: key of the label in the output manifest.
        labeling_job_arn: as events carry it: the name in lower case.
        output_path: S3OutputPath.
        input_topic: ARN of the SNS topic that objects are sent to.
        output_topic: ARN of the SNS topic that labels are sent to, or None.
        role: ARN of the execution role.
        workers: answers asked for per object, 1-9.
        max_concurrent: MaxConcurrentTaskCount, 1-5,000.
        availability: how long a task is offered; an object that nobody answers fails thereafter.
        categories: of the label-category file.
        start_time: when the job starts, by its simulated clock.
        time_limit: seconds that one call of a function may take.
        switches: what is not known of the service.
        streaming: what is not known of its streaming.
    """

    job_name: str
    label_attribute_name: str
    labeling_job_arn: str
    output_path: str
    input_topic: str
    start_time: datetime
    output_topic: str | None = None
    role: str = EXECUTION_ROLE
    workers: int = 1
    max_concurrent: int = 1_000
    availability: timedelta = AVAILABILITY
    categories: tuple[str, ...] = ()
    time_limit: float = 900.0
    switches: Switches = field(default_factory=Switches)
    streaming: StreamingSwitches = field(default_factory=StreamingSwitches)

    def __post_init__(self) -> None:
        """Refuse an output path that is none.

        Raises:
            NotAllowedError: `output_path` is no S3 URI.
        """
        S3Uri.parse(self.output_folder)

    @property
    def output_folder(self) -> str:
        """`<S3OutputPath>/<job>`, beneath which everything is written."""
        return f"{self.output_path.rstrip('/')}/{self.job_name}"

    @property
    def output_config(self) -> str:
        """`outputConfig` of the consolidation event."""
        return f"{self.output_folder}/annotations"

    @property
    def queue_name(self) -> str:
        """Of the queue that the service makes in the customer's account."""
        return f"GroundTruth-{self.job_name.lower()}"


@dataclass(frozen=True, slots=True)
class Counters:
    """What a streaming job has done so far.

    Attributes:
        received: messages taken from the queue, redeliveries not counted.
        duplicates: objects dropped because their deduplication id had come before.
        dropped: messages that waited too long in the queue.
        objects: distinct data objects.
        labeled: of them, with a label.
        failed: of them, given up.
        in_work: of them, before workers now.
        peak_in_work: most that were before workers at once.
        announced: messages sent to the output topic.
    """

    received: int = 0
    duplicates: int = 0
    dropped: int = 0
    objects: int = 0
    labeled: int = 0
    failed: int = 0
    in_work: int = 0
    peak_in_work: int = 0
    announced: int = 0


def recorded(answers: RecordedAnswers, answer_key: str | None = None) -> Answers:
    """Workers who answer what was recorded.

    Args:
        answers: recorded.
        answer_key: attribute of the object that holds the id under which its answers were recorded; None: the recorded data object
            that is the object's own, or else how many distinct objects came before it.
    """

    def answered(line: ManifestLine) -> tuple[RecordedAnswer, ...]:
        if answer_key is not None:
            name = str(line.value.get(answer_key))
        else:
            source = next(iter(line.data_object.values()))
            name = answers.sources.get(source, str(line.number - 1))
        return answers.by_id.get(name, ())

    return answered
