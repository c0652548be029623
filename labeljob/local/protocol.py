"""The wire of an AWS service, after botocore's own model of it: requests read and checked, replies and errors written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from moto.core.model import OperationModel
from moto.core.parse import QueryParser, RequestDict
from moto.core.serialize import JSONSerializer, QuerySerializer, ResponseSerializer
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Response

from shared.errors import GtConsensusError

_JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{M}": r"\w",
    r"\p{S}": "",
    r"\p{P}": "",
}
"""What the model's patterns say in Java and Python's `re` does not know; `\\w` is a little wider than `\\p{L}`."""
_SERIALIZERS: Mapping[str, type[ResponseSerializer]] = {"json": JSONSerializer, "query": QuerySerializer}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}


class ServiceError(GtConsensusError):
    """A call that the service refuses.

    Attributes:
        error_code: AWS's, such as `ValidationException`.
        status: of the HTTP response.
    """

    code = "service"

    def __init__(self, error_code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.status = status


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of one service.

    Attributes:
        model: botocore's.
    """

    model: OperationModel

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Refuse what the service's model does not allow, all of it in one message, as the service does.

        Raises:
            ServiceError: something is missing, too long, too short, out of range, no choice, or against its pattern.
        """
        shape = self.model.input_shape
        faults = list(_faults(shape, parameters, "")) if shape else []
        if faults:
            count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
            raise ServiceError("ValidationException", f"{count}: {'; '.join(faults)}")

    def read(self, body: bytes) -> dict[str, Any]:
        """The parameters that the body of a request carries.

        Raises:
            ServiceError: it cannot be read.
        """
        if self.model.service_model.protocol == "query":
            values = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
            request = RequestDict(
                body=body, headers=Headers(), method="POST", url_params={}, url_path="/", values=values
            )
            return QueryParser(self.model).parse(request)
        try:
            parameters = json.loads(body or b"{}")
        except ValueError as failure:
            raise ServiceError("SerializationException", f"the request is not JSON: {failure}") from failure
        if not isinstance(parameters, dict):
            raise ServiceError("SerializationException", "the request is no JSON object")
        return parameters

    def refuse(self, failure: ServiceError) -> Response:
        """The response that carries an error."""
        protocol = self.model.service_model.protocol
        return xml_error(failure) if protocol == "query" else json_error(failure)

    def reply(self, result: Mapping[str, Any]) -> Response:
        """The response that carries `result`, in the shapes of the model."""
        protocol = self.model.service_model.protocol
        written = _SERIALIZERS[str(protocol)](self.model).serialize(dict(result))
        return Response(written["body"], written["status_code"], written["headers"])


def operation(service: str, name: str) -> Operation:
    """A call by its service and name, such as `sagemaker` and `CreateLabelingJob`."""
    return Operation(get_service_model(service).operation_model(name))


def json_error(failure: ServiceError) -> Response:
    """An error as JSON services write it."""
    body = json.dumps({"__type": failure.error_code, "message": failure.message})
    headers = {"x-amzn-ErrorType": failure.error_code}
    return Response(body, failure.status, headers, content_type="application/x-amz-json-1.1")


def xml_error(failure: ServiceError) -> Response:
    """An error as query services write it."""
    kind = "Sender" if failure.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{failure.error_code}</Code>"
        f"<Message>{escape(failure.message)}</Message></Error></ErrorResponse>"
    )
    return Response(body, failure.status, content_type="text/xml")


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_type(shape, value):
        raise ServiceError("SerializationException", f"{path or 'the request'} must be a {shape.type_name}")
    yield from (
        f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {constraint}"
        for constraint in _broken(shape, value)
    )
    if isinstance(shape, StructureShape):
        yield from _faults_of_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _faults_of_list(shape, value, path)
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from _faults(shape.value, member, f"{path}.{key}.member")


def _is_of_type(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return bool(shape.type_name == "boolean")
    return isinstance(value, _TYPES.get(shape.type_name, (object,)))


def _faults_of_structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}.{name[0].lower()}{name[1:]}".removeprefix(".")
        if value.get(name) is not None:
            yield from _faults(member, value[name], place)
        elif name in shape.required_members:
            yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def _faults_of_list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    """Of a list of plain values, what any of them breaks is said of the whole list."""
    if isinstance(shape.member, StructureShape | ListShape | MapShape):
        for place, member in enumerate(value, start=1):
            yield from _faults(shape.member, member, f"{path}.{place}.member")
    elif any(True for member in value for _ in _faults(shape.member, member, path)):
        every = ", ".join(reversed(list(_constraints(shape.member))))
        yield (
            f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Member must satisfy constraint: [{every}]"
        )


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    for constraint, holds in _constraints(shape).items():
        if not holds(value):
            yield constraint


def _constraints(shape: Shape) -> dict[str, Any]:
    """What the model asks of a value, in the service's words, each with its test."""
    found: dict[str, Any] = {}
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    pattern = shape.metadata.get("pattern")
    choices = shape.enum if isinstance(shape, StringShape) else []
    size, noun = (_itself, "value") if shape.type_name in {"integer", "long"} else (len, "length")
    if shape.type_name not in {"structure", "timestamp"}:
        if most is not None:
            found[f"Member must have {noun} less than or equal to {most}"] = lambda value: size(value) <= most
        if least is not None:
            found[f"Member must have {noun} greater than or equal to {least}"] = lambda value: (
                size(value) >= least
            )
    if pattern:
        expression = _expression(pattern)
        found[f"Member must satisfy regular expression pattern: {pattern}"] = expression.fullmatch
    if choices:
        found[f"Member must satisfy enum value set: [{', '.join(choices)}]"] = lambda value: value in choices
    return found


def _itself(value: int) -> int:
    return value


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _shown(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
