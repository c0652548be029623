"""Data objects as messages: one manifest line each, with the id by which the service labels an object once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from labeljob.manifest.lines import LINE_CHARACTERS, read_line
from labeljob.manifest.rules import DOLLAR_KEY
from shared.json_node import write_json

ID_ATTRIBUTE = "dataset-objectid-attribute-name"
"""Key whose value names the key that holds an object's id."""
OWN_KEY = "labeljob-id"
"""The key of ids that labeljob makes."""
MESSAGE_BYTES = 262_144
"""Most bytes of one message, and of all messages of a batch together."""
_KEY = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_KEY_CHARACTERS, _ID_CHARACTERS = 140, 1_024
_ID_DIGITS = 32
_NO_XML = {"\ufffe": "\\ufffe", "\uffff": "\\uffff"}
"""Characters that SQS refuses and that JSON can escape; of control characters JSON escapes all."""


@dataclass(frozen=True, slots=True)
class DataObject:
    """An object to be labelled.

    Attributes:
        place: where it was read, such as `new.manifest line 7`.
        object_id: the service labels what comes under one id once.
        message: the manifest line to publish.
        digest: of the message.
    """

    place: str
    object_id: str
    message: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that is no data object of the job.

    Attributes:
        place: where it was read.
        reason: why it would not be labelled.
        mend: what to do about it; may be empty.
    """

    place: str
    reason: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.place} {self.reason}{f'; {self.mend}' if self.mend else ''}"


def data_object(
    place: str, number: int, row: bytes, label_attribute: str, id_key: str | None = None
) -> DataObject | Refused:
    """Make the message of a manifest line.

    The id is the value of the key that the line itself names, else of `id_key`, else the `source-ref` of a line that holds nothing more,
    else a digest of the line: the same object has the same id whenever it is published.

    Args:
        place: what to call the line.
        number: of the line, from 1.
        row: the line's bytes.
        label_attribute: of the job; a line that has it is not labelled again.
        id_key: key that holds the object's id where the line names none.
    """
    value, faults = read_line(number, row)
    chained = value is not None and str(value.get(ID_ATTRIBUTE)).startswith("$")
    for fault in faults:
        # What a streaming job wrote has keys with $ of the service's own.
        if fault.finding.serious and not (chained and fault.finding.rule is DOLLAR_KEY):
            return Refused(place, fault.finding.what, fault.finding.mend)
    if value is None:
        return Refused(place, "is not a data object")
    if label_attribute in value:
        return Refused(
            place,
            f"already has the label {label_attribute!r} and would not be labelled again",
            "leave it out",
        )
    return _with_id(place, _own_id(value) if chained else value, id_key)


def _with_id(place: str, value: dict[str, Any], id_key: str | None) -> DataObject | Refused:
    key = value.get(ID_ATTRIBUTE, id_key)
    if key is None:
        short = len(value.get("source-ref", "")) <= _ID_CHARACTERS
        key = "source-ref" if set(value) == {"source-ref"} and short else OWN_KEY
        if key == OWN_KEY:
            value = {**value, OWN_KEY: _made_id(value)}
    value = {**value, ID_ATTRIBUTE: key}
    reason = _id_fault(key, value)
    if reason:
        return Refused(place, reason, "leave out the id for one made of the object's content")
    message = write_json(value)
    for character, escape in _NO_XML.items():
        message = message.replace(character, escape)
    encoded = message.encode()
    if len(message) > LINE_CHARACTERS:
        return Refused(place, f"has {len(message)} characters with its id, allowed are {LINE_CHARACTERS}")
    if len(encoded) > MESSAGE_BYTES:
        return Refused(place, f"has {len(encoded)} bytes, a message of SNS takes {MESSAGE_BYTES}")
    return DataObject(place, value[key], message, hashlib.sha256(encoded).digest())


def _made_id(value: dict[str, Any]) -> str:
    content = {key: member for key, member in value.items() if key != OWN_KEY}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_ID_DIGITS]


def _own_id(value: dict[str, Any]) -> dict[str, Any]:
    """A line of a streaming job's output: the id that the service gave stays, under a key that may be sent."""
    kept = {key: member for key, member in value.items() if not key.startswith("$") and key != ID_ATTRIBUTE}
    given = value.get(value[ID_ATTRIBUTE])
    return {**kept, OWN_KEY: given, ID_ATTRIBUTE: OWN_KEY} if given else kept


def _id_fault(key: Any, value: dict[str, Any]) -> str:
    if not isinstance(key, str) or len(key) > _KEY_CHARACTERS or not _KEY.fullmatch(key):
        return f"names {key!r} as the key of its id: allowed are letters, digits and inner hyphens, no underscore"
    object_id = value.get(key)
    if object_id is None:
        return f"has no {key!r}, which is to hold its id"
    if not isinstance(object_id, str) or not 1 <= len(object_id) <= _ID_CHARACTERS:
        return f"has in {key!r} no id: that is a text of 1 to {_ID_CHARACTERS} characters"
    return ""
