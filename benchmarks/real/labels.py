"""From workers' answers to a label, as the real kinds make it under the default settings."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_answers, study_answers
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Settings

SETTINGS = Settings()
"""What every figure is made with: the defaults."""


@dataclass(frozen=True)
class Labelled:
    """A label and how it came about.

    Attributes:
        answers: what `Kind.parse` made of the elements, in the order of `merge_answers`: by worker id.
        consensus: what the kind's merge gave.
        label: the label value, as it would stand in the output manifest.
        artefacts: what the label refers to, by URI.
    """

    answers: Sequence[Answer]
    consensus: Consensus
    label: Mapping[str, Any]
    artefacts: Mapping[str, bytes]

    def picture(self, reference: str) -> npt.NDArray[np.uint8]:
        """Indices of the indexed PNG that the label names by a key such as `mask-ref`; shape (H, X)."""
        with Image.open(io.BytesIO(self.artefacts[self.label[reference]])) as image:
            return np.array(image)


def labels_of(
    kind: Kind,
    objects: Mapping[str, Mapping[str, Json]],
    categories: Sequence[str] = (),
    settings: Settings = SETTINGS,
) -> dict[str, Labelled]:
    """Parse, study, merge and write the answers to many data objects, as one batch.

    Args:
        kind: what the elements are.
        objects: by data object id, one form element by worker id.
        categories: label categories of the job, in order.
        settings: of the job.

    Returns:
        The labels by data object id, in the order of the ids.

    Raises:
        GtConsensusError: an answer cannot be used; a benchmark has none such.
    """
    task = Task(settings, tuple(categories))
    answers = {name: _answers(kind, elements, settings) for name, elements in sorted(objects.items())}
    studies = {}
    if settings.method == "em":
        studies = {name: study_answers(kind, given, task) for name, given in answers.items()}
        evidence = [study.evidence for study in studies.values() if study.evidence is not None]
        learned = kind.learn(evidence, Tallies(), task)
        task = replace(task, skill=learned.skill)
        answers = {
            name: [replace(answer, skill=learned.reliability_of(answer.person)) for answer in given]
            for name, given in answers.items()
        }
    return {
        name: _labelled(kind, given, replace(task, arranged=studies[name].arranged if studies else None))
        for name, given in answers.items()
    }


def label_of(
    kind: Kind, elements: Mapping[str, Json], categories: Sequence[str] = (), settings: Settings = SETTINGS
) -> Labelled:
    """`labels_of` for a data object that is a batch of its own."""
    return labels_of(kind, {"": elements}, categories, settings)[""]


def task_of(categories: Sequence[str] = ()) -> Task:
    """A data object of a job with these label categories."""
    return Task(SETTINGS, tuple(categories))


def _answers(kind: Kind, elements: Mapping[str, Json], settings: Settings) -> list[Answer]:
    return [
        Answer(worker, kind.parse(JsonNode(element, "$", AnswerError), settings.limits))
        for worker, element in sorted(elements.items())
    ]


def _labelled(kind: Kind, answers: Sequence[Answer], task: Task) -> Labelled:
    consensus = merge_answers(kind, answers, task)
    artefacts: dict[str, bytes] = {}

    def save(body: bytes, extension: str) -> str:
        uri = f"{hashlib.sha256(body).hexdigest()}.{extension}"
        artefacts[uri] = body
        return uri

    return Labelled(answers, consensus, kind.write(consensus, task, save), artefacts)
