"""Lambda Invoke: the project's two handlers run in this process, each under the environment that its function is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from labeljob.local.protocol import ServiceError
from labeljob.simulation.handlers import Handler, Invoker, lambda_environment, load_cold

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

HANDLERS = ("pre_annotation.app.lambda_handler", "consolidation.app.lambda_handler")
"""What a function of this AWS can run."""
_SETTINGS_OF_FUNCTIONS = (
    "ALLOWED_LOCATIONS",
    "ALLOWED_ROLES",
    "KMS_KEY_ID",
    "READ_LABEL_CATEGORIES",
    "SETTINGS_S3_URI",
)


@dataclass(frozen=True, slots=True)
class _Sandbox:
    """A loaded function: what it was loaded as, and its handler, which keeps what it has read."""

    configuration: Mapping[str, Any]
    handler: Handler


@dataclass(slots=True)
class LambdaFunctions:
    """The Lambda functions. One runs at a time: handlers share this process's environment and its standard output.

    Attributes:
        client: of this AWS's own Lambda, where the functions are registered.
        logs: folder for what they log, a file per function.
    """

    client: LambdaClient
    logs: Path
    _sandboxes: dict[str, _Sandbox] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def invoke(self, name: str, event: Any) -> Any:
        """Call a function as Lambda does.

        Args:
            name: of the function, or its ARN.
            event: parsed.

        Raises:
            ServiceError: there is no such function, or it is none that can run here. InvocationError: it failed.
        """
        configuration = self._configuration(name)
        function_name = configuration["FunctionName"]
        values = {key: configuration["Environment"].get(key, "") for key in _SETTINGS_OF_FUNCTIONS}
        with self._lock, lambda_environment(values, isolated=False):
            sandbox = self._sandboxes.get(function_name)
            if sandbox is None or sandbox.configuration != configuration:
                handler = load_cold(configuration["Handler"].rpartition(".")[0])
                sandbox = self._sandboxes[function_name] = _Sandbox(configuration, handler)
            log = self.logs / f"{function_name}.jsonl"
            return Invoker(function_name, sandbox.handler, log, configuration["Timeout"]).invoke(event)

    def find(self, name: str) -> None:
        """See that a function can be called.

        Raises:
            ServiceError: it cannot.
        """
        self._configuration(name)

    def _configuration(self, name: str) -> dict[str, Any]:
        try:
            found = self.client.get_function_configuration(FunctionName=name)
        except self.client.exceptions.ResourceNotFoundException as failure:
            message = failure.response["Error"]["Message"]
            raise ServiceError("ResourceNotFoundException", message, 404) from failure
        if found.get("Handler") not in HANDLERS:
            raise ServiceError(
                "InvalidRuntimeException",
                f"{found.get('Handler')} cannot run here; this AWS runs {' and '.join(HANDLERS)} only",
                502,
            )
        return {
            "FunctionName": found["FunctionName"],
            "Handler": found["Handler"],
            "Timeout": found["Timeout"],
            "Environment": found.get("Environment", {}).get("Variables", {}),
        }
