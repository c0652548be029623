"""What can be consolidated again: recorded requests, Lambda events and worker responses, in files, folders or S3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from labeljob.simulation.answers import newest_responses, read_response
from shared.contract import AnnotatedDataObject, ConsolidationPayload, ConsolidationRequest
from shared.errors import ContractError, ObjectMissingError
from shared.json_node import JsonNode, parse_json
from shared.s3_uri import AllowedLocations, S3Uri
from shared.storage import AwsAccess, ObjectStore, S3Store

SECONDS = "timeSpentInSeconds"
"""Beside an answer that comes from a worker-response file: how long the worker took, where the file says."""
_REQUESTS = "consolidation-request"
_RESPONSES = "worker-response"
_TRANSFERS, _FETCHED_AT_ONCE = 16, 1_000
_JOB = re.compile(
    r"(?P<output>(?:.*/)?(?P<job>[^/]+)/annotations)/(?:consolidated-annotation|worker-response)(?:/|$)"
)
_MOST_BYTES = 1 << 30
_T = TypeVar("_T")


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


@dataclass(frozen=True, slots=True)
class Source:
    """Something that holds a request, not yet read.

    Attributes:
        read: reads the request whole.
        read_each: reads its data objects one after the other, where they lie in files of their own; else None.
        read_job: the request without data objects.
    """

    read: Callable[[], RecordedRequest]
    read_each: Callable[[], Iterator[AnnotatedDataObject]] | None
    read_job: Callable[[], RecordedRequest]

    def data_objects(self) -> Iterator[AnnotatedDataObject]:
        """The data objects, of which no more are in memory than must be.

        Raises:
            ContractError: a file is not what it should be; names the file.
        """
        yield from self.read_each() if self.read_each else self.read().data_objects


def find_sources(locations: Sequence[str], store: ObjectStore, scratch: Path) -> list[Source]:
    """Find what there is to read at some locations; in the order in which a job made it.

    Args:
        locations: files, folders or `s3://` URIs of either. A file holds a payload (an array), an event of the consolidation Lambda, or
            one object's worker response. A folder holds such files, a finished job (then its recorded requests are read, or, where
            it has none, its worker responses), or worker responses (`iteration-N/<id>/<time>.json`).
        store: payloads that an event refers to are read from it.
        scratch: empty folder for what is fetched from S3.

    Raises:
        ContractError: there is nothing to consolidate; names the location. StorageError: S3 refuses.
    """
    sources: list[Source] = []
    for number, location in enumerate(locations):
        if location.startswith("s3://"):
            mirror = scratch / str(number)
            found = _sources(_fetch(location, mirror), store, mirror)
        elif Path(location).exists():
            found = _sources(Path(location), store, None)
        else:
            raise ContractError(f"there is no {location}")
        if not found:
            raise ContractError(f"{location} holds no consolidation request and no worker response")
        sources += found
    return sources


def read_requests(locations: Sequence[str], store: ObjectStore, scratch: Path) -> list[RecordedRequest]:
    """Read everything at some locations; see `find_sources`.

    Returns:
        The requests, their names distinct.

    Raises:
        ContractError: there is nothing to consolidate, or a file is not what it should be; names the file. StorageError: S3 refuses.
    """
    return _distinct([source.read() for source in find_sources(locations, store, scratch)])


def _sources(path: Path, store: ObjectStore, mirror: Path | None) -> list[Source]:
    """`mirror` is the folder whose children are buckets, where `path` lies in one."""
    if path.is_file():
        return [_file_source(path, path.stem, store, mirror)]
    requests = _by_age(file for file in path.rglob("*.json") if _REQUESTS in file.parts)
    responses = sorted(
        {file.parents[2] for file in path.rglob("iteration-*/*/*.json") if _REQUESTS not in file.parts}
    )
    if _REQUESTS in {path.name, path.parent.name}:
        requests = _by_age(path.rglob("*.json"))
    if requests:
        return [_file_source(file, _relative_name(file, path), store, mirror) for file in requests]
    if responses:
        return [_responses_source(folder, mirror) for folder in responses]
    return [
        _file_source(file, _relative_name(file, path), store, mirror) for file in _by_age(path.glob("*.json"))
    ]


def _file_source(file: Path, name: str, store: ObjectStore, mirror: Path | None) -> Source:
    read = partial(_read_file, file, name, store, mirror)
    return Source(read, None, lambda: replace(read(), data_objects=()))


def _responses_source(folder: Path, mirror: Path | None) -> Source:
    read_job = partial(_located, RecordedRequest(folder.name or "worker-response", ()), folder, mirror)
    read_each = partial(_from_responses, folder)
    return Source(lambda: replace(read_job(), data_objects=tuple(read_each())), read_each, read_job)


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
        return _located(
            RecordedRequest(name, (_from_response(file.parent.name or file.stem, file),)), file, mirror
        )
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


def _from_response(name: str, file: Path) -> AnnotatedDataObject:
    """A worker-response file; what it tells of an answer's time stands beside the answer."""
    annotations = []
    for answer in read_response(file):
        annotation: dict[str, Any] = {
            "workerId": answer.worker_id,
            "annotationData": {"content": answer.content},
        }
        annotations.append(annotation if answer.seconds is None else {**annotation, SECONDS: answer.seconds})
    return AnnotatedDataObject.parse(JsonNode({"datasetObjectId": name, "annotations": annotations}))


def _from_responses(folder: Path) -> Iterator[AnnotatedDataObject]:
    for name, file in newest_responses(folder).items():
        yield _from_response(name, file)


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
        keys = _wanted([key for key in store.keys_below(place) if key.endswith(".json")])
    if not keys:
        raise ObjectMissingError(f"there is no .json object below {place}")

    def fetch(key: str) -> None:
        uri = S3Uri.parse(f"s3://{place.bucket}/{key}")
        body = store.read(str(uri), limit=_MOST_BYTES, limit_name="limits.payload-bytes")
        target = _below(scratch, uri)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)

    with ThreadPoolExecutor(max_workers=_TRANSFERS, thread_name_prefix="fetch") as pool:
        for few in chunks(keys, _FETCHED_AT_ONCE):
            list(pool.map(fetch, few))
    return _below(scratch, place)


def _wanted(keys: list[str]) -> list[str]:
    """Of a job's objects its requests, else its worker responses; of another folder all."""
    for part in (_REQUESTS, _RESPONSES):
        if found := [key for key in keys if part in key.split("/")]:
            return found
    return keys


def _below(folder: Path, place: S3Uri) -> Path:
    return folder.joinpath(place.bucket, *filter(None, place.key.split("/")))


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of `size` items, the last one shorter."""
    rest = iter(items)
    while few := list(islice(rest, size)):
        yield few


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
