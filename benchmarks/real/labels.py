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
from consolidation.kinds.skill import Learned
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Settings

SETTINGS = Settings()
"""What every figure is made with: the defaults."""
PLAIN = replace(SETTINGS, method="majority")
"""What they are compared with: one worker, one vote."""


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
        return picture(self.artefacts[self.label[reference]])


@dataclass(frozen=True)
class Batch:
    """Data objects that were consolidated together.

    Attributes:
        learned: what they show of their workers; None under a method that learns nothing.
        consensus: of each, by data object id.
    """

    learned: Learned | None
    consensus: Mapping[str, Consensus]


def consolidated(
    kind: Kind,
    objects: Mapping[str, Sequence[Answer]],
    task: Task,
    contents: Mapping[str, str] | None = None,
    known: Tallies | None = None,
) -> Batch:
    """Study, learn and merge the answers to many data objects, as one batch, as the function does.

    Args:
        kind: what the answers are.
        objects: answers by data object id.
        task: of the job; the method is that of its settings.
        contents: texts that the data objects are, by id.
        known: statistics of earlier batches.
    """
    texts = contents or {}
    tasks = {
        name: replace(task, data_object={"content": texts[name]} if name in texts else {})
        for name in sorted(objects)
    }
    learned = None
    if task.settings.method == "em":
        studies = {name: study_answers(kind, objects[name], own) for name, own in tasks.items()}
        evidence = [study.evidence for study in studies.values() if study.evidence is not None]
        learned = kind.learn(evidence, known or Tallies(), task)
        tasks = {
            name: replace(own, skill=learned.skill, arranged=studies[name].arranged)
            for name, own in tasks.items()
        }
    return Batch(
        learned,
        {name: merge_answers(kind, _skilled(objects[name], learned), own) for name, own in tasks.items()},
    )


def labels_of(
    kind: Kind,
    objects: Mapping[str, Mapping[str, Json]],
    categories: Sequence[str] = (),
    settings: Settings = SETTINGS,
    contents: Mapping[str, str] | None = None,
) -> dict[str, Labelled]:
    """Parse, consolidate and write the answers to many data objects, as one batch.

    Args:
        kind: what the elements are.
        objects: by data object id, one form element by worker id.
        categories: label categories of the job, in order.
        settings: of the job.
        contents: texts that the data objects are, by id.

    Returns:
        The labels by data object id, in the order of the ids.

    Raises:
        GtConsensusError: an answer cannot be used; a benchmark has none such.
    """
    task = Task(settings, tuple(categories))
    answers = {name: parsed(kind, elements, settings) for name, elements in sorted(objects.items())}
    batch = consolidated(kind, answers, task, contents)
    return {
        name: _written(kind, given, batch.consensus[name], task, (contents or {}).get(name))
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


def parsed(kind: Kind, elements: Mapping[str, Json], settings: Settings = SETTINGS) -> list[Answer]:
    """What the kind makes of form elements, by worker id.

    Raises:
        GtConsensusError: one cannot be used.
    """
    return [
        Answer(worker, kind.parse(JsonNode(element, "$", AnswerError), settings.limits))
        for worker, element in sorted(elements.items())
    ]


def written(kind: Kind, consensus: Consensus, task: Task) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A label value, and what it refers to, by URI."""
    artefacts: dict[str, bytes] = {}

    def save(body: bytes, extension: str) -> str:
        uri = f"{hashlib.sha256(body).hexdigest()}.{extension}"
        artefacts[uri] = body
        return uri

    return kind.write(consensus, task, save), artefacts


def picture(body: bytes) -> npt.NDArray[np.uint8]:
    """Indices of an indexed PNG, shape (H, X)."""
    with Image.open(io.BytesIO(body)) as image:
        return np.array(image)


def _skilled(answers: Sequence[Answer], learned: Learned | None) -> Sequence[Answer]:
    """Ties go to the workers who are more reliable, as far as that is known."""
    if learned is None:
        return answers
    return [replace(answer, skill=learned.reliability_of(answer.person)) for answer in answers]


def _written(
    kind: Kind, answers: Sequence[Answer], consensus: Consensus, task: Task, content: str | None
) -> Labelled:
    own = task if content is None else replace(task, data_object={"content": content})
    return Labelled(answers, consensus, *written(kind, consensus, own))
