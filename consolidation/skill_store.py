"""What is known of workers from earlier batches, in S3: a log of records to which each request appends one.

    <folder>/records/00000001.json, 00000002.json, ...    one for each request, never replaced
    <folder>/checkpoints/00000064.json, ...               the sum of the first 64, 128, ... records
    <folder>/latest.json                                  where to begin to read: number of a checkpoint

A record is written under the first free number, and only if nobody else has taken it (`If-None-Match: *`). So the log has one order for
everybody, and "what was known" is a number: the first n records. A request finds itself in the log, by the digest of what it was asked,
before it can append a second time: a retry is labelled with what was known the first time, and of two that run at once the one that
comes second is labelled as the first. Nothing is listed, replaced or deleted, `latest.json` apart, which is only a hint.

Requests to S3, for each batch: a warm function reads the records that others have appended since (16 at a time) and looks once for one
more, and writes its own; a cold one also reads the hint, a checkpoint and fewer than 64 records. Every 64th batch writes a checkpoint and
the hint. A job of 100,000 data objects in batches of ten, with ten functions warm, makes about 10,300 writes and 210,000 reads: 0.14 USD
at 0.005 per 1,000 writes and 0.0004 per 1,000 reads. Its last checkpoint has about 1.5 MB (requests and ids of data objects) and 40 bytes
for every sum; all its checkpoints together eighty times that.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfPatience
from typing import TypeVar

from consolidation.learning import Known
from consolidation.reading import defect
from consolidation.skill_log import Record, Summary
from shared.contract import AnnotatedDataObject
from shared.errors import (
    ContractError,
    GtConsensusError,
    LimitError,
    NotAllowedError,
    ObjectMissingError,
    StorageError,
)
from shared.json_node import parse_json, write_json
from shared.settings import Settings, digest
from shared.storage import AppendStore

PATIENCE_SECONDS = 10.0
"""How long reading may take, and writing; then the batch is consolidated with what it shows itself."""
EVERY = 64
"""Records from one checkpoint to the next."""
_MOST_READ = 512
"""Records read one by one for a batch. Only a log whose checkpoints are broken has more; the rest follows with later batches."""
_EARLIER = 3
"""Checkpoints that are tried before all records are read from the first."""
_PARALLEL = 16
_TRIES = 30
"""Appends that may be lost to others."""
_RECORD_BYTES, _CHECKPOINT_BYTES, _HINT_BYTES = 10_000_000, 30_000_000, 1_000
_JSON = "application/json"
_MOST_FOLDERS = 4
_T = TypeVar("_T")


def skill_folder(output_config: str | None, label_attribute_name: str, settings: Settings) -> str | None:
    """Where the statistics lie, ending in a slash: as the setting `skill-store` says; None: nowhere."""
    if settings.skill_store == "off" or (settings.skill_store == "job" and output_config is None):
        return None
    if settings.skill_store == "job":
        return f"{str(output_config).rstrip('/')}/consolidated-annotation/skill/{label_attribute_name}/"
    return settings.skill_store.rstrip("/") + "/"


def job_digest(output_config: str | None, labeling_job_name: str | None) -> str:
    """What tells a job from others: where its output goes, else its name."""
    return digest([output_config or labeling_job_name])


def request_digest(
    job: str, label_attribute_name: str, data_objects: Sequence[AnnotatedDataObject], settings: Settings
) -> str:
    """What tells a request from others: its job, label, settings, data objects and answers as received, in whatever order of objects."""
    hashed = hashlib.sha256(write_json([job, label_attribute_name, settings.fingerprint()]).encode())
    for entry in sorted(data_objects, key=lambda entry: entry.data_object_id):
        answers = [node.value for node in entry.annotations]
        hashed.update(write_json([entry.data_object_id, dict(entry.data_object), answers]).encode())
    return hashed.hexdigest()[:32]


class WarmSummaries:
    """What has been read of some logs, kept while the function is warm: records never change."""

    def __init__(self) -> None:
        self._kept: dict[str, Summary] = {}

    def of(self, folder: str) -> Summary | None:
        """Of a folder."""
        return self._kept.get(folder)

    def keep(self, folder: str, summary: Summary) -> None:
        """Keep one, and forget that which was kept first where there are many."""
        self._kept[folder] = summary
        if len(self._kept) > _MOST_FOLDERS:
            del self._kept[next(iter(self._kept))]


class _Calls:
    """Calls of a store, several at a time, none of which is waited for beyond a deadline."""

    def __init__(self, store: AppendStore, patience: float) -> None:
        self._store = store
        self._patience, self._deadline = patience, time.monotonic() + patience
        self._pool = ThreadPoolExecutor(max_workers=_PARALLEL, thread_name_prefix="skill")

    def close(self) -> None:
        """Wait for nothing that is still under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def read_all(self, uris: Sequence[str], most: int) -> list[bytes | None]:
        """Bodies of objects; empty where one is too large, None where there is none.

        Without the permission to list S3 does not tell an object that is missing from one that may not be read.
        """
        under_way = [self._pool.submit(self._read, uri, most) for uri in uris]
        return [self._awaited(future) for future in under_way]

    def read(self, uri: str, most: int) -> bytes | None:
        """The same of one object."""
        return self.read_all([uri], most)[0]

    def write(self, uri: str, body: bytes) -> None:
        """Write an object."""
        self._awaited(self._pool.submit(self._store.write, uri, body, _JSON))

    def write_new(self, uri: str, body: bytes) -> bool:
        """Write an object unless there is one; whether it was written."""
        return self._awaited(self._pool.submit(self._store.write_new, uri, body, _JSON))

    def _read(self, uri: str, most: int) -> bytes | None:
        try:
            return self._store.read(uri, limit=most, limit_name="skill-store")
        except LimitError:
            return b""
        except (ObjectMissingError, NotAllowedError):
            return None

    def _awaited(self, future: Future[_T]) -> _T:
        try:
            return future.result(timeout=max(self._deadline - time.monotonic(), 0.0))
        except OutOfPatience as failure:
            raise StorageError(f"the skill store did not answer within {self._patience:g} s") from failure


class SkillStore:
    """`learning.SkillMemory` in a folder of a store, for one request.

    Whatever goes wrong costs the memory, never the batch; `failures` says what it was.
    """

    def __init__(
        self,
        store: AppendStore,
        folder: str,
        job: str,
        request: str,
        *,
        warm: WarmSummaries | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            store: S3 or a folder.
            folder: of the log, ending in a slash.
            job: what tells data objects of this job from those of others that share the folder.
            request: digest of the request.
            warm: of this store.
            patience: seconds for reading, and again for writing.
        """
        self.failures: list[str] = []
        self._store, self._folder, self._job, self._request = store, folder, job, request
        self._warm, self._patience = warm or WarmSummaries(), patience
        self._log: Summary | None = None
        self._position = 0

    def recall(self) -> Known:
        """See `SkillMemory.recall`. Of a request that has its record already: what was known then."""
        known = self._attempt(self._recall)
        return Known() if known is None else known

    def keep(self, known: Known, learned: Known) -> Known:
        """See `SkillMemory.keep`."""
        log = self._log
        if log is None or self._request in log.requests:
            return known
        agreed = self._attempt(lambda calls: self._append(calls, log, known, learned))
        return known if agreed is None else agreed

    def _attempt(self, step: Callable[[_Calls], _T]) -> _T | None:
        calls = _Calls(self._store, self._patience)
        try:
            return step(calls)
        except GtConsensusError as failure:
            self.failures.append(failure.reason)
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the batch its labels
            self.failures.append(defect(bug).reason)
        finally:
            calls.close()
        return None

    def _recall(self, calls: _Calls) -> Known:
        log = self._warm.of(self._folder) or self._begun(calls, self._hint(calls))
        self._warm.keep(self._folder, log)
        self._read_on(calls, log)
        self._log, self._position = log, log.position
        return self._as_known_to(log, calls)

    def _as_known_to(self, log: Summary, calls: _Calls) -> Known:
        """What this request knows: all there is, or what it knew when it was consolidated first."""
        position = log.requests.get(self._request, log.position)
        if position == log.position:
            return log.known(self._job)
        earlier = self._begun(calls, position // EVERY * EVERY)
        self._read_on(calls, earlier, until=position)
        if earlier.position != position:
            raise StorageError(f"{self._folder} has lost records that this request was labelled with before")
        return earlier.known(self._job)

    def _append(self, calls: _Calls, log: Summary, known: Known, learned: Known) -> Known:
        record = Record(self._request, self._position, self._job, learned)
        body = record.to_bytes()
        if len(body) > _RECORD_BYTES:
            raise LimitError(f"the batch's statistics have {len(body)} bytes, kept are {_RECORD_BYTES}")
        for _ in range(_TRIES):
            if calls.write_new(self._place("records", log.position + 1), body):
                log.add(Record.parse(body))
                if log.position % EVERY == 0:
                    self._checkpoint(calls, log)
                return known
            self._read_on(calls, log)
            if self._request in log.requests:
                return self._as_known_to(log, calls)
        raise StorageError(
            f"nothing can be appended to {self._folder}: its records cannot be read, or other batches were always faster"
        )

    def _checkpoint(self, calls: _Calls, log: Summary) -> None:
        body = log.to_bytes()
        if len(body) <= _CHECKPOINT_BYTES:
            calls.write_new(self._place("checkpoints", log.position), body)
            calls.write(f"{self._folder}latest.json", write_json({"checkpoint": log.position}).encode())

    def _hint(self, calls: _Calls) -> int:
        body = calls.read(f"{self._folder}latest.json", _HINT_BYTES)
        try:
            return parse_json(body, error=ContractError)["checkpoint"].integer(least=0) if body else 0
        except ContractError as failure:
            self.failures.append(f"latest.json is left out: {failure.reason}")
            return 0

    def _begun(self, calls: _Calls, number: int) -> Summary:
        """The checkpoint of a number, or one before it that can be read, or nothing yet."""
        for place in range(number, max(number - _EARLIER * EVERY, 0), -EVERY):
            uri = self._place("checkpoints", place)
            body = calls.read(uri, _CHECKPOINT_BYTES)
            try:
                if body is not None and (summary := Summary.parse(body)).position == place:
                    return summary
            except ContractError as failure:
                self.failures.append(f"{uri} is left out: {failure.reason}")
        return Summary()

    def _read_on(self, calls: _Calls, log: Summary, until: int | None = None) -> None:
        """Add the records that follow, up to the last or the one asked for."""
        last = log.position + _MOST_READ if until is None else until
        width = 1
        while log.position < last:
            numbers = range(log.position + 1, min(log.position + width, last) + 1)
            uris = [self._place("records", number) for number in numbers]
            for uri, body in zip(uris, calls.read_all(uris, _RECORD_BYTES), strict=True):
                if body is None:
                    return
                log.add(self._parsed(uri, body))
            width = min(4 * width, _PARALLEL)

    def _parsed(self, uri: str, body: bytes) -> Record | None:
        try:
            return Record.parse(body)
        except ContractError as failure:
            self.failures.append(f"{uri} is left out: {failure.reason}")
            return None

    def _place(self, kind: str, number: int) -> str:
        return f"{self._folder}{kind}/{number:08}.json"
