"""Calls of the two handlers as Lambda makes them: environment, context, limits; their logs go to files."""

from __future__ import annotations

import importlib.util
import json
import os
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import boto3

from shared.errors import GtConsensusError
from shared.json_node import write_json
from shared.telemetry import logger

REPLY_BYTES = 6_291_556
"""Largest reply of a synchronous Lambda call."""
Handler = Callable[[dict[str, Any], Any], Any]
_HIDDEN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


class Function(Protocol):
    """A function that a job calls."""

    @property
    def seconds(self) -> float:
        """Spent in it so far."""
        ...

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Call it and return its reply as JSON passes it on.

        Raises:
            InvocationError: it could not be called, raised, took too long, or its reply is not JSON or too large.
        """
        ...

    def failure_reason(self, role: str) -> str:
        """What the service says when this function fails: it hints at permissions, whatever the cause.

        Args:
            role: the job's execution role.
        """
        ...


class Callables(Protocol):
    """Where a job finds its two functions."""

    def functions(self, logs: Path, time_limit: float) -> tuple[Function, Function]:
        """Pre-annotation and consolidation.

        Args:
            logs: folder for what they log.
            time_limit: seconds that one call may take.
        """
        ...


class InvocationError(GtConsensusError):
    """A handler raised, took too long, or replied with what Lambda cannot pass on."""

    code = "invocation"


@dataclass(frozen=True, slots=True)
class Handlers:
    """The two functions of the job."""

    pre_annotation: Handler
    consolidation: Handler

    @classmethod
    def cold(cls) -> Handlers:
        """The project's own, loaded as a new Lambda sandbox does: nothing that an earlier job left in them is seen."""
        return cls(load_cold("pre_annotation.app"), load_cold("consolidation.app"))

    def functions(self, logs: Path, time_limit: float) -> tuple[Function, Function]:
        """See `Callables.functions`."""
        return (
            Invoker("PreAnnotation", self.pre_annotation, logs / "pre_annotation.jsonl", time_limit),
            Invoker("Consolidation", self.consolidation, logs / "consolidation.jsonl", time_limit),
        )


@dataclass(frozen=True, slots=True)
class SimulatedContext:
    """Lambda's context object, with a clock that runs.

    Attributes:
        function_name: of the function.
        aws_request_id: of the call; the same call of the same job has the same.
        time_limit: the function's timeout in seconds.
        started: reading of `time.monotonic` at which the call began.
    """

    function_name: str
    aws_request_id: str
    time_limit: float
    started: float = field(default_factory=time.monotonic)
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1024

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return function_arn(self.function_name)

    @property
    def log_group_name(self) -> str:
        """Where Lambda would write the log."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The stream in it."""
        return f"simulation/[{self.function_version}]"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout."""
        return max(0, round((self.time_limit - time.monotonic() + self.started) * 1000))


@dataclass(slots=True)
class Invoker:
    """Calls one function.

    Attributes:
        function_name: as it appears in the log and in failure reasons.
        handler: what is called.
        log: file for its log lines and metrics; added to.
        time_limit: seconds a call may take.
        calls: made so far.
        seconds: spent in them.
    """

    function_name: str
    handler: Handler
    log: Path
    time_limit: float
    calls: int = 0
    seconds: float = 0.0

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Call the handler with a copy of the event and return its reply as JSON passes it on.

        Raises:
            InvocationError: the handler raised, took longer than the limit, or its reply is not JSON or too large.
        """
        text = write_json(event)
        self.calls += 1
        request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.function_name}/{self.calls}/{text}"))
        context = SimulatedContext(self.function_name, request_id, self.time_limit)
        try:
            with _logged_to(self.log):
                reply = self.handler(json.loads(text), context)
        except Exception as failure:  # whatever a handler raises is its failure, not the simulator's
            raise InvocationError(f"{type(failure).__name__}: {failure}") from failure
        finally:
            elapsed = time.monotonic() - context.started
            self.seconds += elapsed
        if elapsed > self.time_limit:
            raise InvocationError(f"timed out: took {elapsed:.1f} s of {self.time_limit:g}")
        return _passed_on(reply)

    def failure_reason(self, role: str) -> str:
        """See `Function.failure_reason`."""
        return invocation_failure(function_arn(self.function_name), role)


def invocation_failure(arn: str, role: str) -> str:
    """How the service words that a function failed.

    Args:
        arn: of the function.
        role: the job's execution role.
    """
    return (
        f"ClientError: Exception invoking the Lambda function {arn}. LambdaErrorCode: Unhandled. Ensure the Lambda function "
        f"exists, that the role {role} has permissions to invoke it and try your request again."
    )


def function_arn(function_name: str) -> str:
    """The ARN of a function of the simulated account."""
    return f"arn:aws:lambda:us-east-1:111122223333:function:{function_name}"


@contextmanager
def lambda_environment(values: Mapping[str, str], *, isolated: bool) -> Iterator[None]:
    """Set environment variables for the duration, and let boto3 start afresh under them; then restore what was.

    Args:
        values: variables to set.
        isolated: also hide the person's AWS credentials, profile and configuration, which an endpoint in this process needs not.
    """
    elsewhere = [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_") and name not in values]
    hidden = (*_HIDDEN, *elsewhere) if isolated else ()
    before, session = dict(os.environ), boto3.DEFAULT_SESSION
    local_hosts = ",".join(filter(None, (before.get("NO_PROXY", before.get("no_proxy", "")), "127.0.0.1")))
    changes = {**values, "NO_PROXY": local_hosts, "no_proxy": local_hosts}
    if isolated:
        changes |= {
            "AWS_ACCESS_KEY_ID": "simulation",
            "AWS_SECRET_ACCESS_KEY": "simulation",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    boto3.DEFAULT_SESSION = None
    try:
        for name in hidden:
            os.environ.pop(name, None)
        os.environ.update(changes)
        yield
    finally:
        for name in (*changes, *hidden):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]
        boto3.DEFAULT_SESSION = session


def load_cold(name: str) -> Handler:
    """The handler of a module, loaded as a new Lambda sandbox does.

    Args:
        name: of the module, such as `consolidation.app`.
    """
    specification = importlib.util.find_spec(name)
    if specification is None or specification.loader is None:
        raise ImportError(f"{name} is not installed")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    handler: Handler = module.lambda_handler
    return handler


@contextmanager
def _logged_to(log: Path) -> Iterator[None]:
    """Log lines (the logger's handler) and metrics (printed) into a file."""
    handler: Any = logger.registered_handler
    stream = handler.stream
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No application metrics to publish")
        handler.stream = file
        try:
            yield
        finally:
            handler.stream = stream


def _passed_on(reply: Any) -> Any:
    try:
        body = json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as failure:
        raise InvocationError(f"the reply is not JSON: {failure}") from failure
    if len(body) > REPLY_BYTES:
        raise InvocationError(f"the reply has {len(body)} bytes, Lambda passes on {REPLY_BYTES}")
    return json.loads(body)
