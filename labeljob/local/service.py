"""The local AWS as one WSGI application: what moto lacks is answered here, everything else goes on to moto within the process."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request, Response

from labeljob.aws import Aws
from labeljob.local.controls import Gate
from labeljob.local.crowd import Crowd
from labeljob.local.functions import LambdaFunctions
from labeljob.local.furniture import furnish
from labeljob.local.job import REGION
from labeljob.local.labeling import TAGGING, Labeling
from labeljob.local.permissions import Permissions
from labeljob.local.protocol import Operation, ServiceError, json_error, operation, xml_error
from labeljob.local.running import Runner
from labeljob.local.teams import Workteams
from labeljob.simulation.handlers import InvocationError
from shared.errors import GtConsensusError

Environ = dict[str, Any]
Call = Callable[[Mapping[str, Any]], dict[str, Any]]
_CONTROL = "/_labeljob/"
_IAM = "/iam/aws4_request"
_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")
_LABELING_JOB = b":labeling-job/"
_SAGEMAKER = "SageMaker."


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
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith(_SAGEMAKER):
            name, body = environ["HTTP_X_AMZ_TARGET"].removeprefix(_SAGEMAKER), _body(environ)
            if name in self._labeling.calls and (name not in TAGGING or _LABELING_JOB in body):
                answer = _called(operation("sagemaker", name), self._labeling.calls[name], body)
                if name == "DescribeLabelingJob":
                    self.gate.looked_at()
                return answer
        elif _IAM in environ.get("HTTP_AUTHORIZATION", ""):
            body = _body(environ)
            action = next(iter(parse_qs(body.decode()).get("Action", [])), "")
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

    def stop_jobs(self) -> None:
        """Stop every job and wait until all have ended."""
        for job in list(self._labeling.jobs.values()):
            job.stopping.set()
        self.gate.release()
        self.gate.settle()

    def _reset(self) -> None:
        """Stop the jobs, empty the account and furnish it anew."""
        self.stop_jobs()
        run_wsgi_app(self._moto, EnvironBuilder("/moto-api/reset", method="POST").get_environ())
        self.furnish()

    def _invoke(self, name: str, request: Request) -> Response:
        """Lambda's Invoke; what a function raises is a reply with `X-Amz-Function-Error`, as Lambda gives it."""
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in {"RequestResponse", "DryRun"}:
            return json_error(ServiceError("InvalidParameterValueException", f"{kind} is not in a local AWS"))
        try:
            if kind == "DryRun":
                self._functions.find(name)
                return Response(b"", 204)
            reply = self._functions.invoke(name, json.loads(request.get_data() or b"{}"))
        except ValueError as failure:
            return json_error(
                ServiceError("InvalidRequestContentException", f"the payload is not JSON: {failure}")
            )
        except ServiceError as failure:
            return json_error(failure)
        except InvocationError as failure:
            error, _, message = failure.message.partition(": ")
            body = json.dumps(
                {"errorMessage": message or error, "errorType": error if message else "Unknown"}
            )
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


def _body(environ: Environ) -> bytes:
    """The body of a request; it is put back for whoever answers it."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
