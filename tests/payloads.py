"""Builders of what Ground Truth sends to the two functions: answers, payload entries, events, Lambda's context."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Wire = dict[str, Any]

JOB_ARN = "arn:aws:sagemaker:us-east-1:111122223333:labeling-job/roads-7a"
LABEL = "Roads-7A"
OUTPUT_CONFIG = "s3://acme-out/run/Roads-7A/annotations"
ARTEFACTS = f"{OUTPUT_CONFIG}/consolidated-annotation/output/"
REQUEST_URI = (
    f"{OUTPUT_CONFIG}/consolidated-annotation/consolidation-request/iteration-1/2026-02-03_10:11:12.json"
)
ANSWER_URI = f"{OUTPUT_CONFIG}/worker-response/iteration-1"
WORKERS = tuple(f"private.us-east-1.{digit * 16}" for digit in "abcdef")
ANN, BOB, CYD = WORKERS[:3]
MINUTES_LEFT = 60_000


@dataclass(frozen=True)
class Context:
    """Lambda's context object; `remaining` gives the milliseconds that are left, one reading after the other."""

    remaining: Callable[[], int] = lambda: MINUTES_LEFT
    function_name: str = "function"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:function"
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        """What Lambda's context answers."""
        return self.remaining()


def text_answer(worker_id: str, content: str) -> Wire:
    """An element of `annotations` with the answer's text as it is."""
    return {"workerId": worker_id, "annotationData": {"content": content}}


def answer(worker_id: str, **elements: Any) -> Wire:
    """An element of `annotations`: the form that a worker submitted, by element name."""
    return text_answer(worker_id, json.dumps(elements))


def stored_answer(worker_id: str, uri: str) -> Wire:
    """An element of `annotations` whose answer lies in S3."""
    return {"workerId": worker_id, "annotationData": {"s3Uri": uri}}


def entry(data_object_id: Any, *annotations: Any) -> Wire:
    """An element of the payload."""
    return {
        "datasetObjectId": data_object_id,
        "dataObject": {"s3Uri": f"s3://acme-in/roads/{data_object_id}.jpg"},
        "annotations": list(annotations),
    }


def votes(data_object_id: Any, *labels: str) -> Wire:
    """An element of the payload: the class each of some workers chose."""
    return entry(
        data_object_id,
        *(answer(worker, kind={"label": label}) for worker, label in zip(WORKERS, labels, strict=False)),
    )


def consolidation_event(payload: Any, **changes: Any) -> Wire:
    """An event of the consolidation Lambda as captured from custom jobs; a change to None takes the key out."""
    event = {
        "version": "2018-10-06",
        "labelingJobArn": JOB_ARN,
        "labelAttributeName": LABEL,
        "roleArn": "arn:aws:iam::111122223333:role/gt-exec",
        "payload": payload,
        "outputConfig": OUTPUT_CONFIG,
        "maxHumanWorkersPerDataObject": 3,
        "vpcEnabled": False,
        **changes,
    }
    return {name: value for name, value in event.items() if name not in changes or value is not None}


def pre_annotation_event(line: Any, **changes: Any) -> Wire:
    """An event of the pre-annotation Lambda."""
    return {"version": "2018-10-06", "labelingJobArn": JOB_ARN, "dataObject": line, **changes}


def label_of(reply: Iterable[Wire], data_object_id: str, name: str = LABEL) -> Any:
    """The label of the only entry of a reply with the id."""
    (found,) = [one for one in reply if one["datasetObjectId"] == data_object_id]
    (label,) = found["consolidatedAnnotation"]["content"].values()
    assert list(found["consolidatedAnnotation"]["content"]) == [name]
    return label


def ids(reply: Iterable[Wire]) -> list[str]:
    """The ids of a reply, in its order."""
    return [one["datasetObjectId"] for one in reply]


def reasons_by_worker(label: Wire) -> dict[str, str]:
    """Why answers were rejected, by worker."""
    return {one["worker-id"]: one["reason"] for one in label["consolidation"]["rejected"]}


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(
    size: tuple[int, int],
    depth: int,
    colour_type: int,
    rows: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG from its rows (each with its filter byte), with chunks before and after the pixels."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, interlaced)
    pixels = png_chunk(b"IDAT", zlib.compress(rows))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + before + pixels + after + png_chunk(b"IEND", b"")
    )


def base64_text(data: bytes) -> str:
    """Base64, as forms carry it."""
    return base64.b64encode(data).decode()
