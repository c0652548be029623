"""A cursor over parsed JSON that knows its path, so that every complaint about a document can name the place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from shared.errors import ContractError, GtConsensusError, LimitError

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None
"""What `json.loads` returns. The members are `Any` because JSON nests; `JsonNode` is how they are read."""

_LARGEST = 10**300
"""The largest integer taken for a number: beyond about 1.8e308 there is no float of it."""
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A JSON value and where it stands.

    Attributes:
        value: the parsed value. Never modified.
        path: JSON path from the document's root, such as `$.annotations[0].workerId`.
        error: class of the error raised when the value is not what is asked for.
    """

    value: Any
    path: str = "$"
    error: type[GtConsensusError] = ContractError

    def fail(self, message: str) -> GtConsensusError:
        """An error of this document's class that names this place."""
        return self.error(message, path=self.path)

    def __getitem__(self, key: str) -> JsonNode:
        """The member `key`, which must be there."""
        member = self.get(key)
        if member is None:
            raise JsonNode(None, f"{self.path}.{key}", self.error).fail("is required and missing")
        return member

    def get(self, key: str) -> JsonNode | None:
        """The member `key`, or None when it is absent or null."""
        value = self.object().get(key)
        return None if value is None else JsonNode(value, f"{self.path}.{key}", self.error)

    def items(self) -> Iterator[tuple[str, JsonNode]]:
        """The members of an object, in document order."""
        for key, value in self.object().items():
            yield key, JsonNode(value, f"{self.path}.{key}", self.error)

    def elements(self) -> Iterator[JsonNode]:
        """The elements of an array."""
        for index, value in enumerate(self.array()):
            yield JsonNode(value, f"{self.path}[{index}]", self.error)

    def object(self) -> dict[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            raise self.fail(f"must be an object, is {_kind(self.value)}")
        return self.value

    def array(self) -> list[Any]:
        """The value as an array."""
        if not isinstance(self.value, list):
            raise self.fail(f"must be an array, is {_kind(self.value)}")
        return self.value

    def string(self, *, empty: bool = False) -> str:
        """The value as a string, by default one that is not empty."""
        if not isinstance(self.value, str):
            raise self.fail(f"must be a string, is {_kind(self.value)}")
        if not self.value and not empty:
            raise self.fail("must not be empty")
        return self.value

    def boolean(self) -> bool:
        """The value as a boolean."""
        if not isinstance(self.value, bool):
            raise self.fail(f"must be true or false, is {_kind(self.value)}")
        return self.value

    def number(self, *, least: float = -math.inf, most: float = math.inf) -> float:
        """The value as a finite number in [least, most]; an integer stays an integer."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(f"must be a number, is {_kind(value)}")
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise self.fail(f"must be at most {_LARGEST:g} in size")
        if not math.isfinite(value):
            raise self.fail(f"must be finite, is {value}")
        if not least <= value <= most:
            raise self.fail(f"must be from {least:g} to {most:g}, is {value}")
        return value

    def integer(self, *, least: float = -math.inf, most: float = math.inf) -> int:
        """The value as an integer in [least, most]."""
        value = self.number(least=least, most=most)
        if value != int(value):
            raise self.fail(f"must be a whole number, is {value}")
        return int(value)

    def strings(self) -> tuple[str, ...]:
        """The value as an array of strings."""
        return tuple(element.string() for element in self.elements())


def parse_json(
    text: str | bytes,
    *,
    error: type[GtConsensusError] = ContractError,
    path: str = "$",
    nesting: int | None = None,
) -> JsonNode:
    """Parse strict JSON text: UTF-8, no NaN or Infinity, no number beyond floats, no deeper than `nesting`.

    A lone surrogate, which JSON can escape but no encoding can carry on, becomes U+FFFD, the replacement character.

    Args:
        text: the document; bytes are UTF-8, with or without a byte-order mark.
        error: class of the error for text that is not JSON, and of those the returned node raises.
        path: the path under which the document's root is to be named.
        nesting: levels of arrays and objects allowed, None for what the parser itself bears.

    Raises:
        `error`: not UTF-8 or not JSON. LimitError: nested too deep.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if _SURROGATE_ESCAPE.search(text):
            value = encodable(value)
    except RecursionError as failure:
        raise LimitError("JSON is nested too deep", path=path, limit="limits.nesting") from failure
    except (ValueError, UnicodeDecodeError) as failure:
        raise error(f"is not JSON: {failure}", path=path) from failure
    if nesting is not None and _deeper_than(value, nesting):
        raise LimitError(f"JSON is nested deeper than {nesting}", path=path, limit="limits.nesting")
    return JsonNode(value, path, error)


def write_json(document: Any) -> str:
    """JSON text without blanks, keys in the order made. Lone surrogates stay escaped, so that it can always be encoded.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":"), allow_nan=False)
    return text


def encodable(value: Any) -> Any:
    """The value with lone surrogates replaced by U+FFFD, in keys too."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [encodable(member) for member in value]
    if isinstance(value, dict):
        return {encodable(key): encodable(member) for key, member in value.items()}
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    """A number as JSON readers agree on it: what no float can hold would be written again as `Infinity`, which is not JSON."""
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits[:40]} is larger than any number")
    return value


def _deeper_than(value: Any, nesting: int) -> bool:
    level = [value]
    for _ in range(nesting):
        level = [
            member
            for container in level
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(member, dict | list) for member in level)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
