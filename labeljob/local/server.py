"""One endpoint for all of the local AWS: what moto lacks is answered here, everything else goes on to moto within the process."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import moto.iam.models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request, Response

from labeljob.aws import Aws
from labeljob.local.controls import Gate
from labeljob.local.crowd import Crowd
from labeljob.local.functions import LambdaFunctions
from labeljob.local.furniture import furnish
from labeljob.local.job import REGION
from labeljob.local.labeling import Labeling
from labeljob.local.permissions import Permissions
from labeljob.local.protocol import Operation, ServiceError, json_error, operation, xml_error
from labeljob.local.running import Runner
from labeljob.local.teams import Workteams
from labeljob.simulation.handlers import InvocationError
from shared.errors import GtConsensusError

Environ = dict[str, Any]
Call = Callable[[Mapping[str, Any]], dict[str, Any]]
_SAGEMAKER = "SageMaker."
_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")
_CONTROL = "/_labeljob/"
_MANAGED_POLICIES = (
    "AdministratorAccess",
    "AmazonS3",
    "AmazonSageMaker",
    "AmazonSNS",
    "AmazonSQS",
    "AWSLambda",
    "CloudWatch",
)
"""What the names of AWS's managed policies begin with that the account has."""


def environment(url: str) -> dict[str, str]:
    """The variables under which the AWS CLI, boto3 and labeljob talk to a local AWS, and to nothing else.

    Args:
        url: of it.
    """
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@dataclass(slots=True)
class LocalService:
    """The local AWS as a WSGI application.

    Attributes:
        url: under which it is served.
        crowds: who answers for which work team.
        out: folder for the functions' logs.
        settings: the functions' settings document, or None.
        gate: that jobs pass before each step.
    """

    url: str
    crowds: Mapping[str, Crowd]
    out: Path
    settings: Path | None
    gate: Gate
    _moto: DomainDispatcherApplication = field(init=False)
    _aws: Aws = field(init=False)
    _teams: Workteams = field(init=False)
    _labeling: Labeling = field(init=False)
    _functions: LambdaFunctions = field(init=False)
    _permissions: Permissions = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is furnished yet, since that takes a server."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._aws = Aws(region=REGION)

    def furnish(self) -> None:
        """Begin with an account that has what jobs need, and no job."""
        self._teams = Workteams()
        for name, crowd in self.crowds.items():
            self._teams.recruit(name, crowd)
        self._functions = LambdaFunctions(self._aws.lambda_, self.out / "logs")
        self._permissions = Permissions(self._aws.iam)
        runner = Runner(self._aws, self._teams, self._functions, self._permissions, self.gate, self.out)
        self._labeling = Labeling(self._aws, self._teams, self.gate, runner.start)
        furnish(self._aws, self.settings)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request, or pass it on."""
        answer = self._answer(environ)
        if answer:
            return answer(environ, start_response)
        try:
            passed_on: Iterable[bytes] = self._moto(environ, start_response)
        except NotImplementedError as missing:
            failure = ServiceError(
                "NotImplemented", f"not in a local AWS: {missing}", HTTPStatus.NOT_IMPLEMENTED
            )
            write = json_error if "HTTP_X_AMZ_TARGET" in environ else xml_error
            refusal: Response = write(failure)
            return refusal(environ, start_response)
        return passed_on

    def _answer(self, environ: Environ) -> Response | None:
        path = environ["PATH_INFO"]
        if path.startswith(_CONTROL):
            return self._control(path.removeprefix(_CONTROL), Request(environ))
        if invoked := _INVOKE.fullmatch(path):
            return self._invoke(invoked["name"], Request(environ))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        name = target.removeprefix(_SAGEMAKER)
        if target != name and name in self._labeling.calls:
            body = Request(environ).get_data()
            answer = _called(operation("sagemaker", name), self._labeling.calls[name], body)
            if name == "DescribeLabelingJob":
                self.gate.looked_at()
            return answer
        action, body = _iam_action(environ)
        if action in self._permissions.calls:
            return _called(operation("iam", action), self._permissions.calls[action], body)
        return None

    def _control(self, action: str, request: Request) -> Response:
        """What only tests and demonstrations ask for."""
        controls: Mapping[str, Callable[[], None]] = {
            "hold": self.gate.hold,
            "lead": lambda: self.gate.hold(led=True),
            "step": lambda: self.gate.step(int(request.args.get("steps", 1))),
            "release": self.gate.release,
            "settle": self.gate.settle,
            "reset": self._reset,
            "recruit": lambda: self._teams.recruit(request.args["name"], _crowd(request.args)),
        }
        if action not in controls or request.method != "POST":
            return Response(f"POST {_CONTROL}{{{','.join(controls)}}}\n", 404)
        try:
            controls[action]()
        except GtConsensusError as failure:
            return Response(f"{failure}\n", 400)
        return Response("", 204)

    def _reset(self) -> None:
        """Let running jobs end, empty the account and furnish it anew."""
        for job in self._labeling.jobs.values():
            job.stopping.set()
        self.gate.release()
        self.gate.settle()
        run_wsgi_app(self._moto, EnvironBuilder("/moto-api/reset", method="POST").get_environ())
        self.furnish()

    def _invoke(self, name: str, request: Request) -> Response:
        """Lambda's Invoke; what a function raises is a reply with `X-Amz-Function-Error`, as Lambda gives it."""
        try:
            if request.headers.get("X-Amz-Invocation-Type", "RequestResponse") == "DryRun":
                return Response(b"", 204)
            reply = self._functions.invoke(name, json.loads(request.get_data() or b"{}"))
        except ServiceError as failure:
            return json_error(failure)
        except InvocationError as failure:
            kind, _, message = failure.message.partition(": ")
            body = json.dumps({"errorMessage": message or kind, "errorType": kind if message else "Unknown"})
            return Response(
                body, 200, {"X-Amz-Function-Error": "Unhandled", "X-Amz-Executed-Version": "$LATEST"}
            )
        return Response(json.dumps(reply), 200, {"X-Amz-Executed-Version": "$LATEST"})


def _crowd(query: Mapping[str, str]) -> Crowd:
    return Crowd(Path(query["answers"]), query.get("answer_key"))


def _called(model: Operation, call: Call, body: bytes) -> Response:
    """Read, check and answer one call."""
    try:
        parameters = model.read(body)
        model.check(parameters)
        return model.reply(call(parameters))
    except ServiceError as failure:
        return model.refuse(failure)


def _iam_action(environ: Environ) -> tuple[str, bytes]:
    """The action of a call of IAM and its body, which is put back for whoever answers it."""
    if "/iam/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
        return "", b""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return next(iter(parse_qs(body.decode()).get("Action", [])), ""), body


@contextmanager
def serving(
    crowds: Mapping[str, Crowd], out: Path, settings: Path | None = None, port: int = 0, pace: float = 0.0
) -> Iterator[str]:
    """Serve a local AWS from this process, whose environment is that of its functions from then on.

    Args:
        crowds: who answers for which work team.
        out: folder for what the functions log.
        settings: document for the functions' setting SETTINGS_S3_URI, or None.
        port: of 127.0.0.1; 0 for one that is free.
        pace: seconds that each data object of a job takes.

    Yields:
        The URL.

    Raises:
        ContractError: recorded answers cannot be read. OSError: the port is taken.
    """
    _load_managed_policies()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = _bound(port)
    url = f"http://127.0.0.1:{server.server_port}"
    os.environ.update(environment(url))
    service = LocalService(url, crowds, out, settings, Gate(pace))
    server.app = service
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        service.furnish()
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _load_managed_policies() -> None:
    """Have moto know AWS's managed policies, but only those that labeling jobs may use: all 1,600 cost a second at each reset."""
    known = json.loads(aws_managed_policies_data)
    wanted = {name: policy for name, policy in known.items() if name.startswith(_MANAGED_POLICIES)}
    vars(moto.iam.models)["aws_managed_policies_data"] = json.dumps(wanted)
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"


def _bound(port: int) -> BaseWSGIServer:
    """A server on its port, which it must have before the application can know its own URL."""
    nothing = Response("", 503)
    return make_server("127.0.0.1", port, nothing, threaded=True, request_handler=MotoRequestHandler)
