"""One consolidation request: data objects isolated from each other, one label for each, nothing lost.

The Lambda, `labeljob replay` and `labeljob simulate` all come through `consolidate`.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from consolidation.adjustments import adjustments
from consolidation.answers import Forms, WorkerForm, element_kinds, read_forms
from consolidation.identities import identify
from consolidation.kinds.base import WITHOUT_WEIGHT, Answer, Kind, Task, merge_answers
from consolidation.label import (
    Judgement,
    error_label,
    error_value,
    fit_reply,
    join_fields,
    judge,
    judge_failed,
    rejection_reasons,
)
from consolidation.rejections import Rejection
from shared.contract import AnnotatedDataObject, ConsolidatedAnnotation, WorkerAnnotation
from shared.errors import AnswerError, DeadlineError, GtConsensusError, MergeError, SettingsError
from shared.json_node import Json, JsonNode
from shared.settings import Settings
from shared.storage import ObjectStore, artefact_name

CONTENT_TYPES = {"png": "image/png", "json": "application/json", "zlib": "application/octet-stream"}
_FETCHES = 16
_AHEAD = 8
"""Data objects whose answers are fetched ahead of the one that is merged: enough to hide S3's latency, few enough for memory."""
_TIME_RAN_OUT = "the function's time ran out; `labeljob replay` repairs it from the same request"
_PATIENCE_SECONDS = 0.25
"""How often the deadline is looked at while an answer is awaited from S3."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a request says of its job.

    Attributes:
        label_attribute_name: key of the label.
        label_categories: of the event; empty when it has none, then those of the settings hold.
        artefact_prefix: where masks and large labels go, ending in a slash; None when the request names no place.
    """

    label_attribute_name: str
    label_categories: tuple[str, ...]
    artefact_prefix: str | None


def artefact_prefix(output_config: str | None, settings: Settings) -> str | None:
    """`artefact-prefix` of the settings, else `<outputConfig>/consolidated-annotation/output/`, else None."""
    if settings.artefact_prefix:
        return settings.artefact_prefix.rstrip("/") + "/"
    if output_config is None:
        return None
    return output_config.rstrip("/") + "/consolidated-annotation/output/"


def consolidate(
    job: Job,
    data_objects: Sequence[AnnotatedDataObject],
    store: ObjectStore,
    settings: Settings,
    out_of_time: Callable[[], bool] = lambda: False,
) -> list[ConsolidatedAnnotation]:
    """Make one label for every data object.

    Args:
        job: of the request.
        data_objects: as received; their ids are distinct.
        store: answers that lie in S3 are read from it, artefacts are written to it.
        settings: of the job.
        out_of_time: asked before each data object; once it says yes, the rest get error labels that say so.

    Returns:
        One entry per data object, in the order received. The same request gives the same bytes and the same artefacts.
    """
    work = _Work(job, store, settings)
    replies = [
        ConsolidatedAnnotation(
            entry.data_object_id, job.label_attribute_name, work.label(entry, fetch, out_of_time)
        )
        for entry, fetch in _fetched_ahead(data_objects, store, settings, out_of_time)
    ]
    return fit_reply(replies, settings.limits.reply_bytes, work.save, settings)


class _Work:
    """The consolidation of one request."""

    def __init__(self, job: Job, store: ObjectStore, settings: Settings) -> None:
        self._job, self._store, self._settings = job, store, settings
        self._categories = job.label_categories or settings.label_categories

    def label(
        self, entry: AnnotatedDataObject, fetch: Callable[[str], bytes], out_of_time: Callable[[], bool]
    ) -> dict[str, Json]:
        """The label of one data object; whatever goes wrong becomes its error label."""
        forms = Forms((), (), ())
        try:
            if out_of_time():
                raise DeadlineError(_TIME_RAN_OUT)
            if entry.fault and not entry.annotations:
                raise AnswerError(entry.fault)
            forms = identify(read_forms(entry, fetch, self._settings.limits), self._settings)
            return self._merged(entry, forms)
        except GtConsensusError as failure:
            return error_label(failure, forms.rejected, self._settings)
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the other data objects their labels
            return error_label(_defect(bug), forms.rejected, self._settings)

    def save(self, body: bytes, extension: str) -> str:
        """Write an artefact under its content's name and return its URI."""
        if self._job.artefact_prefix is None:
            raise SettingsError(
                "the request has no outputConfig, so there is no place for masks; set artefact-prefix",
                path="artefact-prefix",
            )
        uri = self._job.artefact_prefix + artefact_name(body, extension)
        self._store.write(uri, body, CONTENT_TYPES[extension])
        return uri

    def _merged(self, entry: AnnotatedDataObject, forms: Forms) -> dict[str, Json]:
        if not forms.forms:
            answers = len(entry.annotations)
            raise AnswerError(
                f"none of the {answers} answers can be used" if answers else "there are no answers"
            )
        task = Task(self._settings, self._categories, entry.data_object)
        kinds = element_kinds(forms.forms, self._settings.element_kinds)
        single = len(kinds) == 1 and not self._settings.always_fields
        outer = forms.rejected if single else ()
        fields = {name: self._field(name, kind, forms.forms, outer, task) for name, kind in kinds.items()}
        if single:
            label, judgement = next(iter(fields.values()))
        else:
            label = {
                "fields": {
                    name: {**field, "consolidation": made.to_wire(self._settings)}
                    for name, (field, made) in fields.items()
                }
            }
            judgement = join_fields({name: made for name, (_, made) in fields.items()}, forms.rejected)
        if self._settings.include_worker_annotations:
            label = {**label, "annotationsFromAllWorkers": [one.to_wire() for one in forms.annotations]}
        return {**label, "consolidation": judgement.to_wire(self._settings)}

    def _field(
        self,
        name: str,
        kind: Kind | None,
        forms: Sequence[WorkerForm],
        outer: Sequence[Rejection],
        task: Task,
    ) -> tuple[dict[str, Json], Judgement]:
        """The label value and the judgement of one form element."""
        wanted = name in self._settings.pass_through
        if kind is None or wanted:
            return _passed_through(name, forms, outer, reasons=() if wanted else ("unrecognised",))
        answers, rejected = self._parsed(name, kind, forms)
        uncounted = [*outer, *rejected]
        if not any(answer.weight > 0 for answer in answers):
            silent = [Rejection(answer.worker_id, WITHOUT_WEIGHT) for answer in answers]
            unusable = AnswerError(f"no worker's answer to {name!r} can be used")
            return error_value(unusable), judge_failed(unusable, (*uncounted, *silent))
        try:
            consensus = merge_answers(kind, answers, task)
            label = {
                **kind.write(consensus, task, self.save),
                **adjustments(name, kind, forms, task),
            }
            return label, judge(kind.name, consensus, uncounted, self._settings)
        except GtConsensusError as failure:
            return error_value(failure), judge_failed(failure, uncounted)
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the other elements their labels
            defect = _defect(bug)
            return error_value(defect), judge_failed(defect, uncounted)

    def _parsed(
        self, name: str, kind: Kind, forms: Sequence[WorkerForm]
    ) -> tuple[list[Answer], list[Rejection]]:
        """Each worker's last answer that can be used, and a rejection for every one that cannot."""
        answers, rejected = [], []
        for form in forms:
            for value in form.tries(name, kind):
                element = JsonNode(value, f"$.{name}", AnswerError)
                try:
                    answers.append(self._weighed(form, self._read(kind, element)))
                    break
                except GtConsensusError as failure:
                    rejected.append(Rejection(form.worker_id, failure.reason))
        return answers, rejected

    def _read(self, kind: Kind, element: JsonNode) -> Any:
        if not kind.accepts(element.value):
            raise element.fail(f"is not an answer of kind {kind.name}, as other workers gave")
        try:
            return kind.parse(element, self._settings.limits)
        except GtConsensusError:
            raise
        except Exception as bug:
            raise _defect(bug) from bug  # a defect of ours costs this answer, not the other workers'

    def _weighed(self, form: WorkerForm, value: Any) -> Answer:
        weight = form.skill if self._settings.method == "weighted" else 1.0
        return Answer(form.worker_id, value, weight, form.skill)


def _passed_through(
    name: str, forms: Sequence[WorkerForm], outer: Sequence[Rejection], *, reasons: tuple[str, ...]
) -> tuple[dict[str, Json], Judgement]:
    """An element that no kind recognises, or that is not to be merged: every answer is kept as it came."""
    answered = [form for form in forms if name in form.elements]
    kept = [
        WorkerAnnotation(
            form.worker_id, json.dumps({name: form.answer(name, None)}, ensure_ascii=False), None
        )
        for form in sorted(answered, key=lambda form: form.worker_id)
    ]
    reasons = (*reasons, *rejection_reasons(outer))
    judgement = Judgement(None, "none", len(answered), None, None, reasons, tuple(outer), {})
    return {"annotationsFromAllWorkers": [annotation.to_wire() for annotation in kept]}, judgement


def _defect(bug: Exception) -> MergeError:
    """What may be said of an unexpected exception: where it arose. Its text may quote an answer, which no log may hold."""
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    return MergeError(f"unexpected {type(bug).__name__} at {Path(frame.filename).name}:{frame.lineno}")


def _fetched_ahead(
    data_objects: Sequence[AnnotatedDataObject],
    store: ObjectStore,
    settings: Settings,
    out_of_time: Callable[[], bool],
) -> Iterator[tuple[AnnotatedDataObject, Callable[[str], bytes]]]:
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
            raise DeadlineError(_TIME_RAN_OUT)
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
