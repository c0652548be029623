"""What comes through the input topic: messages taken apart into data objects, each with its deduplication id."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from labeljob.manifest.lines import LINE_CHARACTERS, check_data_object
from labeljob.simulation.manifest import ManifestLine, reason_to_fail
from labeljob.simulation.streaming_job import StreamingSwitches
from labeljob.simulation.wire import parse
from shared.errors import ContractError
from shared.json_node import encodable, write_json

KEY_ATTRIBUTE = "dataset-objectid-attribute-name"
"""Names the attribute that holds an object's deduplication id."""
_SEQUENCER = "$sequencer"
_KEY_CHARACTERS = 140
_ID_CHARACTERS = 1_024


@dataclass(frozen=True, slots=True)
class Arrival:
    """One data object as it came.

    Attributes:
        value: the manifest line, with what the service adds; empty when it cannot be read.
        dedup_id: under which it is labelled once.
        fault: which rule it breaks, or None.
    """

    value: Mapping[str, Any]
    dedup_id: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the queue.

    Attributes:
        name: SNS message id; of a message that did not come from SNS, its id in the queue.
        text: what was published.
    """

    name: str
    text: str

    @classmethod
    def read(cls, body: str, message_id: str) -> Message:
        """Take a message out of SNS's envelope.

        Args:
            body: as SQS hands it over.
            message_id: in the queue.
        """
        try:
            envelope = parse(body)
        except ValueError:
            return cls(message_id, body)
        if isinstance(envelope, dict) and envelope.get("Type") == "Notification":
            name, text = envelope.get("MessageId"), envelope.get("Message")
            if isinstance(name, str) and isinstance(text, str):
                return cls(name, text)
        return cls(message_id, body)

    def arrivals(self, label_attribute_name: str, switches: StreamingSwitches) -> list[Arrival]:
        """The data objects in the message: one, several in an event of S3, none in an ignored one.

        Args:
            label_attribute_name: names the keys that the service adds.
            switches: how the unknown is decided.
        """
        own_key = f"${label_attribute_name}-object-id"
        try:
            value = self._parsed(switches)
        except ContractError as failure:
            keys = {KEY_ATTRIBUTE: own_key, own_key: self.name}
            return [Arrival(keys, self.name, failure.message)]
        if value.get("Event") == "s3:TestEvent":
            if switches.test_event == "ignored":
                return []
            fault = "is the s3:TestEvent that S3 sends when notifications are set up; connect the bucket before the job starts"
            return [Arrival({**value, KEY_ATTRIBUTE: own_key, own_key: self.name}, self.name, fault)]
        if isinstance(records := value.get("Records"), list):
            return list(_of_s3(records, self.name, own_key))
        return [_direct(value, self.text, self.name, own_key)]

    def _parsed(self, switches: StreamingSwitches) -> dict[str, Any]:
        try:
            value = encodable(parse(self.text))
        except ValueError as failure:
            value = _python_literal(self.text)
            if value is None:
                raise ContractError(f"is not JSON: {failure}") from failure
            if switches.pseudo_json == "failed":
                raise ContractError(
                    "is not JSON but Python's str() of a dictionary, with single quotes; send json.dumps() of it"
                ) from failure
        if not isinstance(value, dict):
            raise ContractError("is not a JSON object")
        return value


def as_sent(value: Mapping[str, Any], label_attribute_name: str) -> dict[str, Any]:
    """A data object without the deduplication key that the service gave it, for one that came without."""
    own_key = f"${label_attribute_name}-object-id"
    added = {KEY_ATTRIBUTE, own_key} if value.get(KEY_ATTRIBUTE) == own_key else set()
    return {key: member for key, member in value.items() if key not in added}


def manifest_arrival(line: ManifestLine) -> Arrival:
    """A line of the one-time manifest: its own deduplication id, or none that anything else could have."""
    name = f"manifest line {line.number}"
    if line.fault is None and KEY_ATTRIBUTE in line.value:
        return _own(line.value, name)
    return Arrival(line.value, name, line.fault)


def _direct(value: dict[str, Any], text: str, message: str, own_key: str) -> Arrival:
    """An object sent as a manifest line; in a chained job it has keys that the service made."""
    named = value.get(KEY_ATTRIBUTE)
    service_keys = frozenset({str(named), _SEQUENCER})
    fault = reason_to_fail(check_data_object(1, text, value, service_keys))
    if named is None:
        keys = {KEY_ATTRIBUTE: own_key, own_key: message}
        return Arrival({**value, **keys}, message, fault)
    return _own(value, message) if fault is None else Arrival(value, message, fault)


def _own(value: Mapping[str, Any], message: str) -> Arrival:
    """An object with a deduplication key of the sender's choice; a faulty one is known by its message."""
    key, fault = value[KEY_ATTRIBUTE], None
    dedup_id = value.get(key) if isinstance(key, str) else None
    if not isinstance(key, str) or not 0 < len(key) <= _KEY_CHARACTERS:
        fault = f"has a {KEY_ATTRIBUTE} that is not a name of 1 to {_KEY_CHARACTERS} characters"
    elif not isinstance(dedup_id, str) or not dedup_id:
        fault = f"names {key!r} in {KEY_ATTRIBUTE} and has no text under that key"
    elif len(dedup_id) > _ID_CHARACTERS:
        fault = (
            f"has {len(dedup_id)} characters in its deduplication id {key!r}, allowed are {_ID_CHARACTERS}"
        )
    else:
        return Arrival(value, dedup_id)
    return Arrival(value, message, fault)


def _of_s3(records: list[Any], message: str, own_key: str) -> Iterator[Arrival]:
    """The objects of an S3 event notification: deduplicated by URI and sequencer."""
    for place, record in enumerate(records):
        try:
            entry = record["s3"]
            uri = f"s3://{entry['bucket']['name']}/{unquote_plus(entry['object']['key'])}"
            event, sequencer = str(record["eventName"]), str(entry["object"]["sequencer"])
        except (KeyError, TypeError, AttributeError):
            name = f"{message}/{place}"
            fault = "has Records that are no event of S3"
            yield Arrival({KEY_ATTRIBUTE: own_key, own_key: name}, name, fault)
            continue
        name = f"{uri}#{sequencer}"
        value = {"source-ref": uri, KEY_ATTRIBUTE: own_key, own_key: name, _SEQUENCER: sequencer}
        created = event.removeprefix("s3:").startswith("ObjectCreated:")
        yield Arrival(
            value, name, None if created else f"is the event {event}; only ObjectCreated is labelled"
        )


def _python_literal(text: str) -> dict[str, Any] | None:
    """The dictionary that `str` wrote, if it did."""
    if not text.startswith("{") or len(text) > LINE_CHARACTERS:
        return None
    try:
        value = json.loads(write_json(ast.literal_eval(text)))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
