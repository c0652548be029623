"""The two functions of a labeling job, as the job calls them: the account's, AWS's own, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeljob.local.functions import LambdaFunctions
from labeljob.local.furniture import CONSOLIDATION_FUNCTION, PRE_ANNOTATION_FUNCTION
from labeljob.local.job import ACCOUNT
from labeljob.local.permissions import Identity
from labeljob.local.protocol import ServiceError
from labeljob.simulation.bucket import Bucket
from labeljob.simulation.handlers import Function, InvocationError, invocation_failure

_REQUESTS = "/consolidated-annotation/consolidation-request/"


@dataclass(frozen=True, slots=True)
class JobFunctions:
    """Finds the functions that a labeling job names; see `labeljob.simulation.handlers.Callables`.

    Attributes:
        task: HumanTaskConfig.
        deployed: the account's functions.
        role: of the job, which must be allowed to invoke them.
        bucket: where answers lie.
    """

    task: Mapping[str, Any]
    deployed: LambdaFunctions
    role: Identity
    bucket: Bucket

    @property
    def consolidates(self) -> bool:
        """Whether the job has a consolidation function."""
        return not _passes_through(self._consolidation)

    @property
    def _consolidation(self) -> str | None:
        config = self.task.get("AnnotationConsolidationConfig", {})
        arn: str | None = config.get("AnnotationConsolidationLambdaArn")
        return arn

    def functions(self, logs: Path, time_limit: float) -> tuple[Function, Function]:
        """Pre-annotation and consolidation; the functions' own time limits and logs apply."""
        first, second = self.task.get("PreHumanTaskLambdaArn"), self._consolidation
        return (
            _PassedOn()
            if first is None or _passes_through(first)
            else _Invoked(self.deployed, first, self.role, PRE_ANNOTATION_FUNCTION),
            _Unconsolidated(self.bucket)
            if second is None or _passes_through(second)
            else _Invoked(self.deployed, second, self.role, CONSOLIDATION_FUNCTION),
        )


def _passes_through(arn: str | None) -> bool:
    return arn is None or arn.endswith(("function:PRE-PassThrough", "function:ACS-PassThrough"))


@dataclass(slots=True)
class _Invoked:
    """A Lambda function; in place of one of AWS's own, the stack's runs."""

    deployed: LambdaFunctions
    arn: str
    role: Identity
    stand_in: str
    seconds: float = 0.0

    def invoke(self, event: Mapping[str, Any]) -> Any:
        own = self.arn.split(":")[4] == ACCOUNT
        if own and not self.role.may("lambda:InvokeFunction", self.arn):
            raise InvocationError(
                f"{self.role.arn} is not allowed to perform lambda:InvokeFunction on {self.arn}"
            )
        try:
            return self.deployed.invoke(self.arn if own else self.stand_in, json.loads(json.dumps(event)))
        except ServiceError as failure:
            raise InvocationError(f"{failure.error_code}: {failure.message}") from failure

    def failure_reason(self, role: str) -> str:
        return invocation_failure(self.arn, role)


@dataclass(slots=True)
class _PassedOn:
    """A job without pre-annotation: the page gets the manifest line."""

    seconds: float = 0.0

    def invoke(self, event: Mapping[str, Any]) -> Any:
        return {"taskInput": dict(event["dataObject"]), "isHumanAnnotationRequired": True}

    def failure_reason(self, role: str) -> str:
        raise NotImplementedError  # it cannot fail


@dataclass(slots=True)
class _Unconsolidated:
    """A job without consolidation: the label is empty, and its metadata say where the workers' answers lie."""

    bucket: Bucket
    seconds: float = 0.0

    def invoke(self, event: Mapping[str, Any]) -> Any:
        uri, label = event["payload"]["s3Uri"], event["labelAttributeName"]
        folder, _, name = uri.partition(_REQUESTS)
        responses = f"{folder}/worker-response/{name.partition('/')[0]}"
        newest = {key.partition("/")[0]: f"{responses}/{key}" for key in self.bucket.keys(responses)}
        return [
            {
                "datasetObjectId": name,
                "consolidatedAnnotation": {
                    "content": {label: {}, f"{label}-metadata": {"worker-response-ref": newest[name]}}
                },
            }
            for name in (entry["datasetObjectId"] for entry in json.loads(self.bucket.read(uri)))
        ]

    def failure_reason(self, role: str) -> str:
        raise NotImplementedError  # it cannot fail
