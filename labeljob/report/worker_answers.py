"""The answers to a data object, under the worker ids that its label shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from consolidation.answers import INITIAL_VALUE, Forms, Hidden, read_as, read_forms, recognise
from consolidation.identities import identify
from labeljob.report.facts import JobFacts, ObjectFacts
from shared.json_node import Json
from shared.settings import WORKER_IDS, Limits, Settings


@dataclass(frozen=True, slots=True)
class WorkerAnswers:
    """The answers to a data object.

    Attributes:
        elements: by worker id as the label shows it, then by name of the form element.
    """

    elements: Mapping[str, Mapping[str, Json]]

    def of(self, element: str | None) -> dict[str, Json]:
        """Answers to a form element by worker id; None for the only one a form has."""
        if element is not None:
            return {worker: form[element] for worker, form in self.elements.items() if element in form}
        known = {name for form in self.elements.values() for name in form}
        carriers = {name + INITIAL_VALUE for name in known}
        answered = {
            worker: [value for name, value in form.items() if name not in carriers]
            for worker, form in self.elements.items()
        }
        return {worker: values[0] for worker, values in answered.items() if len(values) == 1}


def read_worker_answers(job: JobFacts, data_object: ObjectFacts) -> WorkerAnswers:
    """The answers to a data object, under the worker ids its label shows.

    A job may hash or omit worker ids in its labels; the report then does so too. Where the label names nobody, workers are numbered.
    """
    if data_object.answers is None:
        return WorkerAnswers({})
    forms = read_forms(data_object.answers, job.artefact, Limits())
    for policy in WORKER_IDS:
        shown = identify(forms, replace(Settings(), worker_ids=policy))
        mentioned = _mentioned(data_object.label)
        if mentioned and mentioned <= _ids(shown):
            return _elements(shown)
    return _elements(identify(forms, replace(Settings(), worker_ids="omitted")))


def _elements(forms: Forms) -> WorkerAnswers:
    return WorkerAnswers(
        {
            form.worker_id: {name: _stated(element) for name, element in form.elements.items()}
            for form in forms.forms
        }
    )


def _stated(element: Any) -> Json:
    """Of hidden JSON that a kind knows, what it states; else the text."""
    return read_as(element, recognise(element.value) if isinstance(element, Hidden) else None)


def _ids(forms: Forms) -> set[str]:
    return {form.worker_id for form in forms.forms} | {rejection.worker_id for rejection in forms.rejected}


def _mentioned(label: Any) -> set[str]:
    """The worker ids in a label's `consolidation` block and in the answers it passes on."""
    passed = label.get("annotationsFromAllWorkers") if isinstance(label, dict) else None
    if isinstance(passed, list):
        return {str(entry.get("workerId")) for entry in passed if isinstance(entry, dict)}
    block = label.get("consolidation") if isinstance(label, dict) else None
    if not isinstance(block, dict):
        return set()
    answers, rejected = block.get("answers"), block.get("rejected")
    return {str(worker) for worker in (answers if isinstance(answers, dict) else ())} | {
        str(entry.get("worker-id"))
        for entry in (rejected if isinstance(rejected, list) else ())
        if isinstance(entry, dict)
    }
