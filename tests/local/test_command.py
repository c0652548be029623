"""`labeljob local` as a person runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from labeljob.local import Crowd, LocalAws
from shared.errors import ContractError
from tests.local.conftest import sound_request

COMMAND = [sys.executable, "-m", "labeljob", "local"]
BIRDS = Path(__file__).parent.parent / "data" / "birds" / "worker-response"


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, ended with the block if it has not ended itself."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_says_what_to_paste_and_ends_with_ctrl_c() -> None:
    """What it prints works in a shell."""
    with running("--crowd", f"birds={BIRDS}:recorded-object-id") as process:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("work teams"):
                break
        exports = "\n".join(line for line in printed.splitlines() if line.startswith(("export", "unset")))
        teams = (
            "import boto3; print(boto3.client('sagemaker').list_workteams()['Workteams'][0]['WorkteamName'])"
        )
        shell = f'{exports}\n{sys.executable} -c "{teams}"'
        seen = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
        assert seen.stdout == "birds\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert re.search(r"^AWS for labeling jobs at http://127.0.0.1:\d+; Ctrl-C ends it", printed)
    assert "execution role  gt-execution" in printed


def test_attached_it_ends_with_the_program_that_started_it() -> None:
    """Even if that was killed: the pipe closes all the same."""
    with running("--json", "--attached") as process:
        assert process.stdin
        assert process.stdout
        assert "AWS_ENDPOINT_URL" in process.stdout.readline()
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_port_that_is_taken_is_told_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert (
        run.stderr == f"labeljob: port {port} cannot be used: Address already in use; give another --port\n"
    )


@pytest.mark.parametrize(
    ("crowd", "message"),
    [("birds", "is not NAME=ANSWERS"), ("birds=nowhere:key", "there are no recorded answers at nowhere")],
)
def test_a_crowd_that_is_not_there_is_a_usage_error(crowd: str, message: str) -> None:
    run = subprocess.run([*COMMAND, "--crowd", crowd], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert message in run.stderr


def test_answers_that_cannot_be_read_are_told_before_it_serves(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text("{")
    with pytest.raises(ContractError, match="did not start"), LocalAws.started({"cats": Crowd(tmp_path)}):
        pass


def test_settings_of_the_functions_lie_where_the_functions_read_them(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"method": "majority"}')
    variables = (
        "import boto3; c = boto3.client('lambda').get_function_configuration("
        "FunctionName='gt-consensus-ConsolidationLabelingFunction'); print(c['Environment']['Variables']['SETTINGS_S3_URI'])"
    )
    with LocalAws.started(settings=settings) as local:
        run = subprocess.run(
            [sys.executable, "-c", variables],
            env=os.environ | dict(local.environment),
            capture_output=True,
            text=True,
            check=True,
        )
    assert run.stdout.startswith("s3://acme-in/")


def test_paced_a_job_takes_its_time_but_stops_at_once_and_nobody_answers_for_a_crowd_that_is_not_there() -> (
    None
):
    """An hour per object: stopped before the first one."""
    public = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
    request = sound_request()
    request["HumanTaskConfig"]["WorkteamArn"] = public
    request["HumanTaskConfig"]["PublicWorkforceTaskPrice"] = {
        "AmountInUsd": {"Cents": 3, "TenthFractionsOfACent": 6}
    }
    request["InputConfig"]["DataAttributes"] = {
        "ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation"]
    }
    with LocalAws.started(pace=3600) as local:
        session = boto3.Session("local", "local", region_name="us-east-1")
        s3 = session.client("s3", endpoint_url=local.url)
        sagemaker = session.client("sagemaker", endpoint_url=local.url)
        s3.put_object(Bucket="acme-in", Key="cats.manifest", Body=b'{"source-ref": "s3://acme-in/1.jpg"}\n')
        s3.put_object(Bucket="acme-in", Key="page.html", Body=b"<p></p>")
        sagemaker.create_labeling_job(**request)
        sagemaker.stop_labeling_job(LabelingJobName="Cats-1")
        local.settle()
        job: dict[str, Any] = dict(sagemaker.describe_labeling_job(LabelingJobName="Cats-1"))
    assert job["LabelingJobStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert job["LabelCounters"]["TotalLabeled"] == job["LabelCounters"]["FailedNonRetryableError"] == 0
