"""What the two sets of spans have in common: labels of the kind `entities`, and precision, recall and F1 of sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.real.labels import SETTINGS, labels_of
from consolidation.kinds.entities import EntitiesKind
from shared.settings import Settings

Span = tuple[int, int, str]
"""Start, end, label category."""


@dataclass(frozen=True)
class Marked:
    """What a label says of a document: its entities, and how sure of each it is, candidates included, where it says so."""

    entities: Sequence[Span]
    confidence: Mapping[Span, float]


def labelled(
    documents: Mapping[str, Mapping[str, Sequence[Span]]],
    texts: Mapping[str, str] | None = None,
    settings: Settings = SETTINGS,
) -> dict[str, Marked]:
    """What the labels say, all documents being one batch.

    Args:
        documents: each worker's spans, in characters, by document.
        texts: in which they lie, where they are known.
        settings: of the job.
    """
    objects = {
        document: {worker: _element(spans) for worker, spans in workers.items()}
        for document, workers in documents.items()
    }
    return {
        document: _marked(made.label)
        for document, made in labels_of(EntitiesKind(), objects, (), settings, texts).items()
    }


def _marked(label: Mapping[str, Any]) -> Marked:
    entities = label["annotations"]["entities"]
    every = {_span(entity): entity["confidence"] for entity in (*label["candidates"], *entities)}
    sure = {span: confidence for span, confidence in every.items() if confidence is not None}
    return Marked([_span(entity) for entity in entities], sure)


def _span(entity: Mapping[str, Any]) -> Span:
    return entity["startOffset"], entity["endOffset"], entity["label"]


def _element(spans: Sequence[Span]) -> Any:
    return {
        "entities": [{"startOffset": start, "endOffset": end, "label": label} for start, end, label in spans]
    }


@dataclass
class Score:
    """Counts over the data objects of a set: what was found, what there is, what of it is the same."""

    found: int = 0
    true: int = 0
    same: int = 0

    def add(self, found: set[Any], true: set[Any]) -> None:
        """One more data object."""
        self.found += len(found)
        self.true += len(true)
        self.same += len(found & true)

    @property
    def f1(self) -> float:
        """In [0, 1]."""
        return 2 * self.same / max(self.found + self.true, 1)


def json_lines(file: Path) -> Iterator[Any]:
    """The documents of a file that has one per line."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
