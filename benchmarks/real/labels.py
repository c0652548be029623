"""From workers' answers to a label, as the real kinds make it under the default settings."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_answers
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


def label_of(kind: Kind, elements: Mapping[str, Json], categories: Sequence[str] = ()) -> Labelled:
    """Parse, merge and write the answers to one data object.

    Args:
        kind: what the elements are.
        elements: one form element by worker id.
        categories: label categories of the job, in order.

    Raises:
        GtConsensusError: an answer cannot be used; a benchmark has none such.
    """
    answers = [
        Answer(worker, kind.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits))
        for worker, element in sorted(elements.items())
    ]
    task = task_of(categories)
    consensus = merge_answers(kind, answers, task)
    artefacts: dict[str, bytes] = {}

    def save(body: bytes, extension: str) -> str:
        uri = f"{hashlib.sha256(body).hexdigest()}.{extension}"
        artefacts[uri] = body
        return uri

    return Labelled(answers, consensus, kind.write(consensus, task, save), artefacts)


def task_of(categories: Sequence[str] = ()) -> Task:
    """A data object of a job with these label categories."""
    return Task(SETTINGS, tuple(categories))
