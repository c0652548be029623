"""One line of a manifest by the rules that hold for every job: it can be read, is not too long and names something to label."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from labeljob.manifest import rules
from labeljob.manifest.rules import Fault, fault
from shared.json_node import write_json

LINE_CHARACTERS = 100_000
ATTRIBUTE_CHARACTERS = 20_000
LINE_BYTES = 4 * LINE_CHARACTERS
"""A line of more bytes has too many characters however they are encoded."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n\f\v\0"
_SINGLE_QUOTED = re.compile(r"\{\s*u?'")
_DOLLAR = re.compile(r'"(?:\$|\\u0024)')
_NOT_LETTERS = re.compile("[^A-Za-z]")
_NAMES = {"source": "source", "sourceref": "source-ref"}
_ONE_LINE = "write every object on one line of its own, as `json.dumps` does"


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        raise _RepeatedKeyError(times.most_common(1)[0][0])
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is not a number that JSON can carry on")
    return number


_STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_finite, parse_float=_finite)
_LENIENT = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)


def read_line(number: int, row: bytes) -> tuple[dict[str, Any] | None, tuple[Fault, ...]]:
    """Read a line and check what holds for every labeling job.

    Args:
        number: of the line, from 1.
        row: the line without its line feed; a carriage return at its end belongs to the line's end.

    Returns:
        The data object, None where it cannot be read, and the rules it breaks.
    """
    if len(row) > LINE_BYTES:
        return None, (_too_long(number, f"more than {LINE_CHARACTERS:,}"),)
    found: tuple[Fault, ...] = ()
    try:
        text = row.decode()
        try:
            value = _STRICT.decode(text)
        except _RepeatedKeyError as repeated:
            value = _LENIENT.decode(text)
            what = f"has the key {str(repeated)!r} twice in one JSON object"
            found = (fault(rules.DUPLICATE_KEY, number, what, "give each key once"),)
    except (ValueError, RecursionError) as failure:
        return None, (_unreadable(number, row, failure),)
    if not isinstance(value, dict):
        what = f"is not a JSON object: it is {_KINDS.get(type(value), 'a number')}"
        return None, (fault(rules.JSON_SYNTAX, number, what, _ONE_LINE),)
    return value, found + check_data_object(number, text, value)


def check_data_object(
    number: int, text: str, value: dict[str, Any], service_keys: frozenset[str] = frozenset()
) -> tuple[Fault, ...]:
    """The rules that a data object breaks.

    Args:
        number: of its line, from 1.
        text: the line.
        value: the object in it.
        service_keys: keys that may start with $, since the service made them.
    """
    found: tuple[Fault, ...] = ()
    if len(text) > ATTRIBUTE_CHARACTERS or _DOLLAR.search(text):
        found = _form(number, text, value, service_keys)
    source, reference = value.get("source"), value.get("source-ref")
    given = source or reference
    if given and isinstance(given, str) and not (source and reference):
        return found
    return (*found, _sources(number, value))


def _form(number: int, text: str, value: dict[str, Any], service_keys: frozenset[str]) -> tuple[Fault, ...]:
    """Lengths and names of attributes: looked at only where they can be wrong."""
    found = []
    length = len(text.removesuffix("\r"))
    if length > LINE_CHARACTERS:
        found.append(_too_long(number, str(length)))
    for key, member in value.items():
        if key.startswith("$") and key not in service_keys:
            what = f"has the attribute {key!r}; names must not start with $"
            found.append(fault(rules.DOLLAR_KEY, number, what, f"rename it to {key.lstrip('$')!r}"))
        length = len(member if isinstance(member, str) else write_json(member))
        if length > ATTRIBUTE_CHARACTERS:
            what = f"has {length} characters in {key!r}, allowed are {ATTRIBUTE_CHARACTERS}"
            mend = "put it into an S3 object and give its URI, or split it into several objects"
            found.append(fault(rules.ATTRIBUTE_LENGTH, number, what, mend))
    return tuple(found)


def _sources(number: int, value: dict[str, Any]) -> Fault:
    source, reference = value.get("source"), value.get("source-ref")
    if not source and not reference:
        mend = _slip(value) or 'give "source-ref": "s3://bucket/key", or "source": "the text"'
        return fault(rules.SOURCE, number, "has neither source nor source-ref", mend)
    if not all(isinstance(given, str) for given in (source, reference) if given):
        what = "has a source or source-ref that is not a string"
        mend = "JSON in `source` is given as a string: json.dumps it once more"
        return fault(rules.SOURCE, number, what, mend)
    return fault(
        rules.TWO_SOURCES,
        number,
        "has both source and source-ref; exactly one is expected",
        "leave out the one that workers are not to see, or rename it",
    )


def _slip(value: dict[str, Any]) -> str | None:
    """What mends a slip in the name of the key, such as `source_ref`."""
    for key in value:
        name = _NAMES.get(_NOT_LETTERS.sub("", key).lower())
        if name is not None and name != key:
            return f"rename {key!r} to {name!r}"
    return None


def _too_long(number: int, length: str) -> Fault:
    what = f"has {length} characters, allowed are {LINE_CHARACTERS}"
    return fault(
        rules.LINE_LENGTH, number, what, "put what is long into S3 objects and give their URIs instead"
    )


def _unreadable(number: int, row: bytes, failure: Exception) -> Fault:
    if isinstance(failure, UnicodeDecodeError):
        what = f"is not UTF-8: {failure.reason} at byte {failure.start + 1}"
        return fault(
            rules.ENCODING, number, what, "save the file as UTF-8: iconv -f latin1 -t utf-8 IN > OUT"
        )
    if row.startswith(BYTE_ORDER_MARK):
        what = "is not JSON: a byte-order mark stands before it"
        mend = "save the file as UTF-8 without BOM: sed -i '1s/^\\xef\\xbb\\xbf//' FILE"
        return fault(rules.BYTE_ORDER_MARK, number, what, mend)
    if not row.strip(_BLANKS):
        return fault(
            rules.BLANK_LINE, number, "is not JSON: it is empty", "delete it: sed -i '/^\\s*$/d' FILE"
        )
    reason = "nested too deep" if isinstance(failure, RecursionError) else _reason(failure)
    return fault(rules.JSON_SYNTAX, number, f"is not JSON: {reason}", _mend(row.decode().strip(), failure))


def _reason(failure: Exception) -> str:
    if isinstance(failure, json.JSONDecodeError):
        return f"{failure.msg} at character {failure.pos + 1}"
    return str(failure)


def _mend(text: str, failure: Exception) -> str:
    """What people do to get such a line, undone."""
    if _SINGLE_QUOTED.match(text):
        return "this is Python's text of a dict, not JSON: write json.dumps(...) instead of str(...)"
    if text in {"[", "]"} or text.endswith((",", "[")) or text.startswith("[{"):
        return "the file is a JSON array or spread over lines; write it anew: jq -c '.[]' IN > OUT"
    if isinstance(failure, json.JSONDecodeError):
        if failure.msg.startswith(("Unterminated string", "Invalid control character")):
            return f"a line break or tab inside of a string is written \\n or \\t; {_ONE_LINE}"
        if failure.msg == "Extra data":
            return f"there is more on the line than one object; {_ONE_LINE}"
        if failure.pos >= len(text):
            return f"the object is cut off or goes on in the next line; {_ONE_LINE}: jq -c . IN > OUT"
    return _ONE_LINE


_KINDS = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
