"""Runs one kind over elements of several workers, from JSON to label, and says what each law needs to know of a kind.

What the laws know of each kind is in `tests/laws/kinds/`, one file per kind, each with a `LAW`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds import KINDS
from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_alone, merge_answers
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from shared.storage import artefact_name
from tests import strategies

Label = dict[str, Any]
Artefacts = dict[str, bytes]
SETTINGS = Settings(method="majority", disagreement_maps=True)
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Merged:
    """A label, the artefacts it refers to, and what came of the merge."""

    label: Label
    artefacts: Artefacts
    consensus: Consensus

    def resolved(self) -> Label:
        """The label with the JSON documents it refers to in the place of the references."""
        documents = {uri: json.loads(body) for uri, body in self.artefacts.items() if uri.endswith(".json")}
        return {
            key: documents.get(value, value) if isinstance(value, str) else value
            for key, value in self.label.items()
        }


def assert_close(found: Any, expected: Any) -> None:
    """Rows (name, numbers...) that are equal up to the one pixel by which halves round to the even side."""
    assert [row[0] for row in found] == [row[0] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=1)


@dataclass(frozen=True)
class KindUnderLaw:
    """What the laws need to know of a kind.

    Attributes:
        kind: the kind.
        elements: strategy of the answers of one or more workers.
        as_element: a label as the answer of a worker who agrees with all of it.
        essence: what an answer says, without the order of its parts or the choice of its colours.
        parts: number of parts in an answer.
        accounted: parts of answers that the label, its candidates and the rejections account for.
        renamed: an answer with its label categories under other names; None for kinds without categories.
        mirrored: an answer as if the scene had been mirrored; None for kinds without geometry.
        close: compares the essences of a mirrored label and of the label of mirrored answers.
        data_object: what the answers are about, where a kind looks at it.
        keys: JSON keys that the kind looks for, for the fuzzing of its parser.
        settings: under which the laws are tried.
        own_skill: under the method `em`: whether skill is learned from the answers themselves; else the workers are not known.
    """

    kind: Kind
    elements: strategies.Elements
    as_element: Callable[[Label, Artefacts], Any]
    essence: Callable[[Any], Any]
    parts: Callable[[Any], int]
    accounted: Callable[[Merged], int]
    renamed: Callable[[Any, Mapping[str, str]], Any] | None
    mirrored: Callable[[Any], Any] | None = None
    close: Callable[[Any, Any], None] = assert_close
    data_object: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    settings: Settings = SETTINGS
    own_skill: bool = False

    def __str__(self) -> str:
        return f"{self.kind.name}-{self.settings.method}{'-own' if self.own_skill else ''}"

    def under(self, method: str, *, own_skill: bool = False) -> KindUnderLaw:
        """The same kind under a method."""
        return replace(self, settings=replace(self.settings, method=method), own_skill=own_skill)

    @property
    def skill(self) -> Any:
        """Of workers of whom nothing is known, where the method asks for one."""
        if self.settings.method != "em" or self.own_skill:
            return None
        return self.kind.learn([], Tallies(), Task(self.settings)).skill

    def merge(self, elements: Sequence[Any], **options: Any) -> Merged:
        """Parse, merge and write elements about the kind's data object."""
        known = {"data_object": self.data_object, "settings": self.settings, "skill": self.skill}
        return merge(self.kind, elements, **{**known, "alone": self.own_skill, **options})

    def answers(self, elements: Sequence[Any]) -> list[Answer]:
        """The elements parsed, each of a worker of its own."""
        return answers_of(self.kind, elements, self.settings)


def merge(
    kind: Kind,
    elements: Sequence[Any],
    *,
    weights: Sequence[float] | None = None,
    workers: Sequence[str] | None = None,
    label_categories: Sequence[str] = strategies.CATEGORIES,
    data_object: Mapping[str, Any] | None = None,
    settings: Settings = SETTINGS,
    skill: Any = None,
    alone: bool | None = None,
) -> Merged:
    """Parse, merge and write the elements of several workers.

    Args:
        alone: whether the workers' skill is learned from these elements; None: where the method asks for skill, and none is given.
    """
    answers = answers_of(kind, elements, settings, weights, workers)
    task = Task(settings, tuple(label_categories), data_object or {}, skill)
    if alone is None:
        alone = settings.method == "em" and skill is None
    consensus = (merge_alone if alone else merge_answers)(kind, answers, task)
    artefacts: Artefacts = {}

    def save(body: bytes, extension: str) -> str:
        uri = f"s3://bucket/{artefact_name(body, extension)}"
        artefacts[uri] = body
        return uri

    return Merged(kind.write(consensus, task, save), artefacts, consensus)


def answers_of(
    kind: Kind,
    elements: Sequence[Any],
    settings: Settings,
    weights: Sequence[float] | None = None,
    workers: Sequence[str] | None = None,
) -> list[Answer]:
    """Elements parsed; by default of worker-0, worker-1 and so on, each with one vote."""
    names = workers or [f"worker-{place}" for place in range(len(elements))]
    return [
        Answer(name, kind.parse(JsonNode(element, "$", AnswerError), settings.limits), weight, weight)
        for name, element, weight in zip(names, elements, weights or [1.0] * len(elements), strict=True)
    ]


def supporters(parts: Sequence[Any]) -> int:
    """Workers behind the parts of a label, each counted once per part."""
    return sum(int(part.get("support", part)["workers"]) for part in parts)


def support_of_all(merged: Merged) -> int:
    """Of a label with `annotations` and `candidates`."""
    return supporters(merged.label["annotations"]) + supporters(merged.label["candidates"])
