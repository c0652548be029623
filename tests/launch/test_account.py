"""Rules of `labeljob create` that the account breaks, not the job file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from labeljob.aws import Aws, AwsError
from labeljob.launch.job_file import read_job_file
from labeljob.launch.request import build
from labeljob.launch.uploading import send
from labeljob.local import LocalAws
from tests.launch.job_files import JOBS, Break, findings_of, write


def test_a_stack_of_something_else(local_aws: LocalAws, tmp_path: Path) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "others"}}}}
    Aws().cloudformation.create_stack(StackName="others", TemplateBody=json.dumps(template))
    (finding,) = findings_of(Break("stack-outputs", changes={"functions/stack": "others"}), tmp_path, Aws())
    assert finding.rule.code == "stack-outputs"
    assert "PreAnnotationFunctionArn" in finding.what


def test_a_name_that_is_taken_in_another_case(local_aws: LocalAws, tmp_path: Path) -> None:
    path = write(tmp_path, JOBS["custom"])
    aws = Aws()
    plan = build(read_job_file(path), aws)
    local_aws.hold()
    for upload in plan.uploads:
        send(upload, aws)
    aws.sagemaker.create_labeling_job(**dict(plan.request))
    (finding,) = findings_of(Break("name-taken", changes={"name": "Roads-7"}), tmp_path, aws)
    assert finding.rule.code == "name-taken"
    assert "'roads-7'" in finding.what


@pytest.fixture
def refusing() -> Iterator[str]:
    """An endpoint of AWS that allows nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self.rfile.read(length)
            self._refuse(b'{"__type": "AccessDeniedException", "Message": "not you"}')

        def do_GET(self) -> None:
            self._refuse(b"<Error><Code>AccessDenied</Code><Message>not you</Message></Error>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _refuse(self, body: bytes) -> None:
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("AWS_PROFILE", "nobody", r"\(nobody\) could not be found"),
        ("AWS_DEFAULT_REGION", "us east 1", "'us east 1'"),
        ("AWS_CONFIG_FILE", __file__, "Unable to parse config file"),
    ],
)
def test_an_environment_without_use_is_told_in_our_words(
    variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(AwsError, match=says):
        Aws()


def test_what_may_not_be_asked_is_advice(
    local_aws: LocalAws, refusing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("S3", "SAGEMAKER"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", refusing)
    found = findings_of(Break("", changes={"template": "s3://acme-in/page.liquid.html"}), tmp_path, Aws())
    assert [finding.rule.code for finding in found] == ["name-unchecked", "file-unread"]
    assert not any(finding.serious for finding in found)
