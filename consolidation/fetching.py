"""Answers that lie in S3, fetched ahead of the data object that is read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from shared.contract import AnnotatedDataObject
from shared.errors import DeadlineError
from shared.settings import Settings
from shared.storage import ObjectStore

TIME_RAN_OUT = "the function's time ran out; `labeljob replay` repairs it from the same request"
_FETCHES = 16
_AHEAD = 8
"""Data objects whose answers are fetched ahead of the one that is merged: enough to hide S3's latency, few enough for memory."""
_PATIENCE_SECONDS = 0.25
"""How often the deadline is looked at while an answer is awaited from S3."""


def fetched_ahead(
    data_objects: Sequence[AnnotatedDataObject],
    store: ObjectStore,
    settings: Settings,
    out_of_time: Callable[[], bool],
) -> Generator[tuple[AnnotatedDataObject, Callable[[str], bytes]]]:
    """Each data object with a function that gives its S3 answers, which are already on their way while there is time."""
    read = partial(store.read, limit=settings.limits.answer_bytes, limit_name="limits.answer-bytes")
    pool = ThreadPoolExecutor(max_workers=_FETCHES, thread_name_prefix="answers")
    waiting: dict[int, Mapping[str, Future[bytes]]] = {}
    try:
        for place, entry in enumerate(data_objects):
            reach = place if out_of_time() else min(place + _AHEAD, len(data_objects))
            for ahead in range(place, reach):
                if ahead not in waiting:
                    waiting[ahead] = {
                        uri: pool.submit(read, uri) for uri in _answer_uris(data_objects[ahead])
                    }
            yield entry, partial(_await, waiting.pop(place, {}), out_of_time)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _await(futures: Mapping[str, Future[bytes]], out_of_time: Callable[[], bool], uri: str) -> bytes:
    """The answer at a URI, which may keep S3 busy for longer than the function has time.

    Raises:
        DeadlineError: it has not come in time. Whatever reading it raises.
    """
    while not futures[uri].done():
        if out_of_time():
            raise DeadlineError(TIME_RAN_OUT)
        wait([futures[uri]], timeout=_PATIENCE_SECONDS)
    return futures[uri].result()


def _answer_uris(entry: AnnotatedDataObject) -> list[str]:
    uris = []
    for node in entry.annotations:
        data = node.value.get("annotationData") if isinstance(node.value, dict) else None
        uri = data.get("s3Uri") if isinstance(data, dict) else None
        if isinstance(uri, str) and data is not None and data.get("content") is None:
            uris.append(uri)
    return list(dict.fromkeys(uris))
