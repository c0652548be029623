"""What can be consolidated again: recorded requests, Lambda events and worker responses, in files, folders or S3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from labeljob.simulation.answers import read_answers
from shared.contract import AnnotatedDataObject, ConsolidationPayload, ConsolidationRequest
from shared.errors import ContractError, ObjectMissingError
from shared.json_node import JsonNode, parse_json, write_json
from shared.s3_uri import AllowedLocations, S3Uri
from shared.storage import AwsAccess, ObjectStore, S3Store

_REQUESTS = "consolidation-request"
_JOB = re.compile(
    r"(?P<output>(?:.*/)?(?P<job>[^/]+)/annotations)/(?:consolidated-annotation|worker-response)(?:/|$)"
)
_MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request to consolidate again.

    Attributes:
        name: for the response file; distinct within a replay.
        data_objects: as recorded.
        faults: payload entries without an id.
        labeling_job_name: lower case; None when nothing tells it.
        label_attribute_name: as the event or the job's folder says; None when neither does.
        label_categories: of the event.
        output_config: `s3://.../annotations`, or None.
    """

    name: str
    data_objects: tuple[AnnotatedDataObject, ...]
    faults: tuple[str, ...] = ()
    labeling_job_name: str | None = None
    label_attribute_name: str | None = None
    label_categories: tuple[str, ...] = ()
    output_config: str | None = None


def read_requests(locations: Sequence[str], store: ObjectStore, scratch: Path) -> list[RecordedRequest]:
    """Read everything at some locations.

    Args:
        locations: files, folders or `s3://` URIs of either. A file holds a payload (an array), an event of the consolidation Lambda, or
            one object's worker response. A folder holds such files, a finished job (then its recorded requests are read, or, where
            it has none, its worker responses), or worker responses (`iteration-N/<id>/<time>.json`).
        store: payloads that an event refers to are read from it.
        scratch: empty folder for what is fetched from S3.

    Returns:
        The requests, their names distinct.

    Raises:
        ContractError: there is nothing to consolidate, or a file is not what it should be; names the file. StorageError: S3 refuses.
    """
    requests: list[RecordedRequest] = []
    for number, location in enumerate(locations):
        if location.startswith("s3://"):
            mirror = scratch / str(number)
            found = _read(_fetch(location, mirror), store, mirror)
        elif Path(location).exists():
            found = _read(Path(location), store, None)
        else:
            raise ContractError(f"there is no {location}")
        if not found:
            raise ContractError(f"{location} holds no consolidation request and no worker response")
        requests += found
    return _distinct(requests)


def _read(path: Path, store: ObjectStore, mirror: Path | None) -> list[RecordedRequest]:
    """`mirror` is the folder whose children are buckets, where `path` lies in one."""
    if path.is_file():
        return [_read_file(path, path.stem, store, mirror)]
    requests = _by_age(file for file in path.rglob("*.json") if _REQUESTS in file.parts)
    responses = sorted(
        {file.parents[2] for file in path.rglob("iteration-*/*/*.json") if _REQUESTS not in file.parts}
    )
    if _REQUESTS in {path.name, path.parent.name}:
        requests = _by_age(path.rglob("*.json"))
    if requests:
        return [_read_file(file, _relative_name(file, path), store, mirror) for file in requests]
    if responses:
        return [_from_responses(folder, mirror) for folder in responses]
    return [
        _read_file(file, _relative_name(file, path), store, mirror) for file in _by_age(path.glob("*.json"))
    ]


def _by_age(files: Iterable[Path]) -> list[Path]:
    """Sorted by name with numbers by their size, iteration 2 before iteration 10: the order in which a job made them."""
    return sorted(files, key=lambda file: _natural(str(file)))


def _natural(name: str) -> list[tuple[str, int]]:
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]


def _read_file(file: Path, name: str, store: ObjectStore, mirror: Path | None) -> RecordedRequest:
    root = parse_json(file.read_bytes(), path=str(file))
    if isinstance(root.value, list):
        # From a node of its own, so that paths in labels are those that the Lambda gives.
        payload = ConsolidationPayload.parse(JsonNode(root.value))
        return _located(RecordedRequest(name, payload.data_objects, payload.faults), file, mirror)
    if "payload" in root.object():
        return _from_event(ConsolidationRequest.parse(root.value), name, store)
    if "answers" in root.object():
        return _located(RecordedRequest(name, (_from_response(root, file),)), file, mirror)
    raise root.fail(
        "is neither a payload (an array), nor an event (payload), nor a worker response (answers)"
    )


def _from_event(event: ConsolidationRequest, name: str, store: ObjectStore) -> RecordedRequest:
    root = event.payload
    if isinstance(root, str):
        body = store.read(root, limit=_MOST_BYTES, limit_name="limits.payload-bytes")
        root = JsonNode(parse_json(body, path=root).value)
    payload = ConsolidationPayload.parse(root)
    return RecordedRequest(
        name=name,
        data_objects=payload.data_objects,
        faults=payload.faults,
        labeling_job_name=event.labeling_job_name,
        label_attribute_name=event.label_attribute_name,
        label_categories=event.label_categories,
        output_config=event.output_config,
    )


def _from_response(root: JsonNode, file: Path) -> AnnotatedDataObject:
    """A worker-response file; the object's id is the name of its folder."""
    entry = {
        "datasetObjectId": file.parent.name or file.stem,
        "annotations": [
            {
                "workerId": answer["workerId"].string(),
                "annotationData": {"content": write_json(answer["answerContent"].value)},
            }
            for answer in root["answers"].elements()
        ],
    }
    return AnnotatedDataObject.parse(JsonNode(entry))


def _from_responses(folder: Path, mirror: Path | None) -> RecordedRequest:
    recorded = read_answers(folder)
    entries = [
        {
            "datasetObjectId": name,
            "annotations": [
                {"workerId": answer.worker_id, "annotationData": {"content": answer.content}}
                for answer in answers
            ],
        }
        for name, answers in sorted(recorded.by_id.items(), key=_in_line_order)
    ]
    data_objects = tuple(AnnotatedDataObject.parse(JsonNode(entry)) for entry in entries)
    return _located(RecordedRequest(folder.name or "worker-response", data_objects), folder, mirror)


def _located(request: RecordedRequest, path: Path, mirror: Path | None) -> RecordedRequest:
    """Add what the place says: `<output>/<job>/annotations/...` names the job, and with the bucket the output."""
    place = path.resolve().relative_to(mirror.resolve()) if mirror else path.resolve()
    match = _JOB.match(f"{PurePosixPath(*place.parts)}/")
    if match is None:
        return request
    return replace(
        request,
        labeling_job_name=match["job"].lower(),
        label_attribute_name=match["job"],
        output_config=f"s3://{match['output']}" if mirror else None,
    )


def _fetch(location: str, scratch: Path) -> Path:
    """Copy one JSON object, or all below a prefix, to `scratch/<bucket>/<key>`; returns where the location then lies."""
    place = S3Uri.parse(location)
    store = S3Store(AwsAccess().client(), AllowedLocations(((place.bucket, ""),)))
    keys = [place.key]
    if not place.key.endswith(".json"):
        keys = [key for key in store.keys_below(place) if key.endswith(".json")]
    if not keys:
        raise ObjectMissingError(f"there is no .json object below {place}")
    for key in keys:
        uri = S3Uri.parse(f"s3://{place.bucket}/{key}")
        body = store.read(str(uri), limit=_MOST_BYTES, limit_name="limits.payload-bytes")
        target = _below(scratch, uri)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    return _below(scratch, place)


def _below(folder: Path, place: S3Uri) -> Path:
    return folder.joinpath(place.bucket, *filter(None, place.key.split("/")))


def _distinct(requests: list[RecordedRequest]) -> list[RecordedRequest]:
    taken = {request.name for request in requests}
    named: dict[str, RecordedRequest] = {}
    for request in requests:
        name, times = request.name, 1
        while name in named or (times > 1 and name in taken):
            times += 1
            name = f"{request.name}-{times}"
        named[name] = replace(request, name=name)
    return list(named.values())


def _relative_name(file: Path, folder: Path) -> str:
    """The file's path below the folder, without what every request's path has in it."""
    parts = file.relative_to(folder).with_suffix("").parts
    return "-".join(
        part for part in parts if part not in {"annotations", "consolidated-annotation", _REQUESTS}
    )


def _in_line_order(item: tuple[str, object]) -> tuple[bool, int, str]:
    name = item[0]
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)
