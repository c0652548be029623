"""One consolidation request: data objects isolated from each other, one label for each, nothing lost.

The Lambda, `labeljob replay` and `labeljob simulate` all come through `consolidate`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from consolidation.adjustments import adjustments
from consolidation.answers import WorkerForm
from consolidation.fetching import TIME_RAN_OUT, fetched_ahead
from consolidation.kinds.base import WITHOUT_WEIGHT, Task, merge_answers
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
from consolidation.learning import Evidence, Forgetful, SkillMemory, Skills, learn_with
from consolidation.reading import Element, ReadObject, defect, held_bytes, read_object
from consolidation.rejections import Rejection
from shared.contract import AnnotatedDataObject, ConsolidatedAnnotation, WorkerAnnotation
from shared.errors import AnswerError, DeadlineError, GtConsensusError, SettingsError
from shared.json_node import Json
from shared.settings import Settings
from shared.storage import ObjectStore, artefact_name

CONTENT_TYPES = {"png": "image/png", "json": "application/json", "zlib": "application/octet-stream"}


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
    *,
    half_time: Callable[[], bool] = lambda: False,
    memory: SkillMemory | None = None,
    skills: Skills | None = None,
) -> list[ConsolidatedAnnotation]:
    """Make one label for every data object.

    Args:
        job: of the request.
        data_objects: as received; their ids are distinct.
        store: answers that lie in S3 are read from it, artefacts are written to it.
        settings: of the job.
        out_of_time: asked before each data object; once it says yes, the rest get error labels that say so.
        half_time: asked before each data object that is studied; once it says yes, skill is learned from those studied so far.
        memory: what is known of the workers from earlier batches, for the method `em`; None: nothing.
        skills: of the workers, where they have been learned; None: they are learned from this batch and the memory, under `em`.

    Returns:
        One entry per data object, in the order received. The same request gives the same bytes and the same artefacts.
    """
    work = _Work(job, store, settings)
    held: dict[str, _Held] = {}
    if settings.method == "em" and skills is None:
        evidence = Evidence(work.task({}))
        held = work.study(evidence, data_objects, lambda: half_time() or out_of_time())
        skills = learn_with(evidence, memory or Forgetful())
    work.skills = skills or Skills()
    waiting = [entry for entry in data_objects if entry.data_object_id not in held]
    read_on = fetched_ahead(waiting, store, settings, out_of_time)
    replies = []
    for entry in data_objects:
        kept = held.pop(entry.data_object_id, None)
        read = partial(work.read, *next(read_on)) if kept is None else lambda kept=kept: kept
        label = work.label(read, out_of_time)
        replies.append(ConsolidatedAnnotation(entry.data_object_id, job.label_attribute_name, label))
    read_on.close()
    return fit_reply(replies, settings.limits.reply_bytes, work.save, settings)


@dataclass(frozen=True, slots=True)
class _Held:
    """A data object between its study and its merge, with what was arranged of each element."""

    read: ReadObject
    arranged: Mapping[str, Any]


class _Work:
    """The consolidation of one request."""

    def __init__(self, job: Job, store: ObjectStore, settings: Settings) -> None:
        self._job, self._store, self._settings = job, store, settings
        self._categories = job.label_categories or settings.label_categories
        self.skills = Skills()

    def task(self, data_object: Mapping[str, Any]) -> Task:
        """What is known of a data object."""
        return Task(self._settings, self._categories, data_object)

    def study(
        self, evidence: Evidence, data_objects: Sequence[AnnotatedDataObject], enough: Callable[[], bool]
    ) -> dict[str, _Held]:
        """Study data objects until it is enough; those for which there is memory are held for their merge."""
        held: dict[str, _Held] = {}
        room = self._settings.limits.held_bytes
        for entry, fetch in fetched_ahead(data_objects, self._store, self._settings, enough):
            read = read_object(entry, fetch, self._settings)
            if enough() or isinstance(read.failure, DeadlineError):
                break
            arranged = evidence.study(read)
            size = held_bytes(read, arranged)
            if size <= room:
                held[entry.data_object_id] = _Held(read, arranged)
                room -= size
        return held

    def read(self, entry: AnnotatedDataObject, fetch: Callable[[str], bytes]) -> _Held:
        """A data object that was not held."""
        return _Held(read_object(entry, fetch, self._settings), {})

    def label(self, read: Callable[[], _Held], out_of_time: Callable[[], bool]) -> dict[str, Json]:
        """The label of one data object; whatever goes wrong becomes its error label."""
        rejected: Sequence[Rejection] = ()
        try:
            if out_of_time():
                raise DeadlineError(TIME_RAN_OUT)
            held = read()
            rejected = held.read.forms.rejected
            if held.read.failure:
                raise held.read.failure
            return self._merged(held)
        except GtConsensusError as failure:
            return error_label(failure, rejected, self._settings)
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the other data objects their labels
            return error_label(defect(bug), rejected, self._settings)

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

    def _merged(self, held: _Held) -> dict[str, Json]:
        forms, elements = held.read.forms, held.read.elements
        task = self.task(held.read.entry.data_object)
        single = len(elements) == 1 and not self._settings.always_fields
        outer = forms.rejected if single else ()
        fields = {
            element.name: self._field(
                element, forms.forms, outer, replace(task, arranged=held.arranged.get(element.name))
            )
            for element in elements
        }
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
        self, element: Element, forms: Sequence[WorkerForm], outer: Sequence[Rejection], task: Task
    ) -> tuple[dict[str, Json], Judgement]:
        """The label value and the judgement of one form element."""
        name, kind = element.name, element.kind
        if kind is None:
            wanted = name in self._settings.pass_through
            return _passed_through(name, forms, outer, reasons=() if wanted else ("unrecognised",))
        uncounted = [*outer, *element.rejected]
        learned = self.skills.of(element)
        answers = self.skills.skilled(element)
        if not any(answer.weight > 0 for answer in answers):
            silent = [Rejection(answer.worker_id, WITHOUT_WEIGHT) for answer in answers]
            unusable = AnswerError(f"no worker's answer to {name!r} can be used")
            return error_value(unusable), judge_failed(unusable, (*uncounted, *silent))
        if learned is not None:
            task = replace(task, skill=learned.skill)
        try:
            consensus = merge_answers(kind, answers, task)
            label = {
                **kind.write(consensus, task, self.save),
                **adjustments(name, kind, forms, task),
            }
            judgement = judge(kind.name, consensus, uncounted, self._settings)
            return label, self.skills.signed(judgement, element)
        except GtConsensusError as failure:
            return error_value(failure), judge_failed(failure, uncounted)
        except Exception as bug:  # noqa: BLE001 - a defect of ours must not cost the other elements their labels
            return error_value(defect(bug)), judge_failed(defect(bug), uncounted)


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
