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


def labelled(
    documents: Mapping[str, Mapping[str, Sequence[Span]]], settings: Settings = SETTINGS
) -> dict[str, list[Span]]:
    """The entities of the labels of many documents, as one batch.

    Args:
        documents: by id each worker's spans; the text is not told.
        settings: of the job.
    """
    objects = {
        name: {worker: _element(spans) for worker, spans in workers.items()}
        for name, workers in documents.items()
    }
    return {
        name: [
            (entity["startOffset"], entity["endOffset"], entity["label"])
            for entity in made.label["annotations"]["entities"]
        ]
        for name, made in labels_of(EntitiesKind(), objects, settings=settings).items()
    }


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
