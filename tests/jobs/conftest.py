"""Jobs on the local AWS, and the job commands as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from labeljob.aws import Aws
from labeljob.cli import cli
from labeljob.local import Crowd, LocalAws
from shared.errors import GtConsensusError

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:gt-consensus"
TEAM = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd"
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"


@dataclass(frozen=True)
class Run:
    """What a person sees of a command."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of the standard output."""
        return self.out.splitlines()


Labeljob = Callable[..., Run]


@pytest.fixture
def labeljob() -> Labeljob:
    """Run a command in this process, as `labeljob.cli.main` does."""

    def run(*arguments: str, answer: str | None = None, **environment: str) -> Run:
        result = CliRunner().invoke(cli, [*arguments], input=answer, env=environment)
        if isinstance(result.exception, GtConsensusError):
            return Run(2, result.stdout, f"labeljob: {result.exception}\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Run(result.exit_code, result.stdout, result.stderr)

    return run


@dataclass
class Cats:
    """A team that names cats, and jobs for it.

    Attributes:
        local: the local AWS.
        aws: clients of it.
        folder: of the recorded answers.
        public: whether the team is the public one.
    """

    local: LocalAws
    aws: Aws
    folder: Path
    public: bool = False

    def answer(self, answers: Mapping[int, tuple[Any, ...]]) -> None:
        """What the team answers about each cat, a category or a whole form for each worker; nothing about others."""
        self.folder.mkdir(exist_ok=True)
        for old in self.folder.iterdir():
            old.unlink()
        for cat, categories in answers.items():
            contents = [
                {"workerId": f"w{place}", "answerContent": _form(category)}
                for place, category in enumerate(categories)
            ]
            (self.folder / f"{cat}.json").write_text(json.dumps({"answers": contents}))
        self.local.recruit("public" if self.public else "cats", Crowd(self.folder, "cat"))

    def request(self, name: str, cats: int, **changes: Any) -> dict[str, Any]:
        """CreateLabelingJob about a number of cats; changes with dots in their names are of members."""
        lines = [
            {"source-ref": f"s3://acme-in/cats/{cat}.jpg", "cat": str(cat)} for cat in range(1, cats + 1)
        ]
        manifest = f"s3://acme-in/{name}.manifest"
        self.put(manifest, "".join(f"{json.dumps(line)}\n" for line in lines))
        self.put("s3://acme-in/page.html", "<p>{{ task.input.taskObject }}</p>")
        task = {
            "WorkteamArn": PUBLIC_TEAM if self.public else f"{TEAM}/cats",
            "UiConfig": {"UiTemplateS3Uri": "s3://acme-in/page.html"},
            "PreHumanTaskLambdaArn": f"{FUNCTION}-PreLabelingFunction",
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": f"{FUNCTION}-ConsolidationLabelingFunction"
            },
            "TaskTitle": "Name the cat",
            "TaskDescription": "Say what the picture shows",
            "NumberOfHumanWorkersPerDataObject": 3,
            "TaskTimeLimitInSeconds": 300,
            **changes.pop("task", {}),
        }
        return {
            "LabelingJobName": name,
            "LabelAttributeName": "cats",
            "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}},
            "OutputConfig": {"S3OutputPath": "s3://acme-out/run/"},
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/gt-execution",
            "HumanTaskConfig": task,
            **changes,
        }

    def create(self, name: str, cats: int = 3, **changes: Any) -> None:
        """Make a job."""
        self.aws.sagemaker.create_labeling_job(**self.request(name, cats, **changes))

    def run(self, name: str, cats: int = 3, **changes: Any) -> None:
        """Make a job and let it end."""
        self.create(name, cats, **changes)
        self.local.settle()

    def stream(self, name: str) -> str:
        """Make a streaming job that is held while it initializes; returns its input topic."""
        topics = [self.aws.sns.create_topic(Name=f"GroundTruth-{end}")["TopicArn"] for end in ("in", "out")]
        self.local.hold()
        request = self.request(name, 0)
        request["InputConfig"] = {"DataSource": {"SnsDataSource": {"SnsTopicArn": topics[0]}}}
        request["OutputConfig"]["SnsTopicArn"] = topics[1]
        self.aws.sagemaker.create_labeling_job(**request)
        self.local.settle()
        return topics[0]

    def put(self, uri: str, body: str) -> None:
        """Write an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body.encode())

    def lines(self, uri: str) -> list[dict[str, Any]]:
        """A manifest."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body = self.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return [json.loads(line) for line in body.splitlines()]

    def output(self, name: str) -> list[dict[str, Any]]:
        """A job's output manifest."""
        return self.lines(f"s3://acme-out/run/{name}/manifests/output/output.manifest")


def _form(answer: Any) -> Any:
    return {"category": {"label": answer}} if isinstance(answer, str) else answer


CAT = ("cat", "cat", "cat")
NOTHING: tuple[Any, ...] = ({}, {}, {})


@pytest.fixture
def cats(local_aws: LocalAws, tmp_path: Path) -> Cats:
    """A team that knows the first three cats."""
    made = Cats(local_aws, Aws(), tmp_path / "answers")
    made.answer({1: CAT, 2: CAT, 3: CAT})
    return made
