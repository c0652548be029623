"""What the two sets of spans have in common: labels of the kind `entities`, and precision, recall and F1 of sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consolidation.kinds.base import Answer, Task, merge_answers
from consolidation.kinds.entities import EntitiesKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

Span = tuple[int, int, str]
"""Start, end, label category."""
_KIND, _SETTINGS = EntitiesKind(), Settings()


def labelled(workers: Mapping[str, Sequence[Span]], text: str | None = None) -> list[Span]:
    """The entities of a label under the default settings.

    Args:
        workers: each worker's spans, in characters.
        text: in which they lie, None when it is not known.
    """
    answers = [
        Answer(worker, _KIND.parse(JsonNode(_element(spans), "$", AnswerError), _SETTINGS.limits))
        for worker, spans in workers.items()
    ]
    task = Task(_SETTINGS, data_object={} if text is None else {"content": text})
    label: Any = _KIND.write(merge_answers(_KIND, answers, task), task, lambda _body, _extension: "")
    return [
        (entity["startOffset"], entity["endOffset"], entity["label"])
        for entity in label["annotations"]["entities"]
    ]


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
