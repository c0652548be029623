"""Ordinal ratings of lung nodules by four radiologists: how near the label of three is to the rating of the fourth."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.real.rows import Row
from consolidation.kinds.base import Answer, Task, merge_answers
from consolidation.kinds.rating import RatingKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

SET = "lidc_nodules"
CHARACTERISTICS = {
    "subtlety": 5,
    "internalStructure": 4,
    "calcification": 6,
    "sphericity": 5,
    "margin": 5,
    "lobulation": 5,
    "spiculation": 5,
    "texture": 5,
    "malignancy": 5,
}
"""Steps of each scale, from 1 (LIDC-IDRI, Armato et al. 2011)."""
_READERS = 4
_KIND = RatingKind()
Rule = Callable[[Sequence[int], int], float]


def measure(data: Path) -> list[Row]:
    """Leave one reader out, on the nodules that all four rated: mean distance to the fourth, over nine characteristics."""
    nodules = _nodules(data / SET / "ratings.csv")
    ours, majority, single, mean = (
        float(np.mean([_score(nodules, name, rule) for name in CHARACTERISTICS]))
        for rule in (_ours, _mode, _first, _mean)
    )
    same = {
        rule: np.mean([_score(nodules, name, rule, exact=True) for name in CHARACTERISTICS])
        for rule in (_ours, _mode, _first)
    }
    malignancy = _score(nodules, "malignancy", _ours, exact=True)
    return [
        Row(
            data_set=SET,
            kind=_KIND.name,
            metric="mean distance of three readers' label to the fourth reader, steps",
            items=len(nodules) * len(CHARACTERISTICS) * _READERS,
            ours=ours,
            majority=majority,
            single=single,
            published={"mean of three": mean},
            higher_is_better=False,
            note=f"no truth exists; `single` is one other reader. Exact agreement: ours {same[_ours]:.4f}, majority {same[_mode]:.4f}, "
            f"one other {same[_first]:.4f}; of malignancy ours {malignancy:.4f}, two readers 0.3750 (README)",
        )
    ]


def _nodules(path: Path) -> list[list[dict[str, str]]]:
    grouped: defaultdict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            grouped[row["scan"], row["nodule"]].append(row)
    return [rows for rows in grouped.values() if len(rows) == _READERS]


def _score(
    nodules: Sequence[Sequence[dict[str, str]]], name: str, rule: Rule, *, exact: bool = False
) -> float:
    scores = []
    for rows in nodules:
        ratings = [int(row[name]) for row in rows]
        for place, left_out in enumerate(ratings):
            others = [*ratings[:place], *ratings[place + 1 :]]
            label = rule(others, CHARACTERISTICS[name])
            scores.append(float(round(label) == left_out) if exact else abs(label - left_out))
    return float(np.mean(scores))


def _ours(ratings: Sequence[int], steps: int) -> float:
    answers = [
        Answer(f"r{place}", _KIND.parse(JsonNode(_radio(rating, steps), "$", AnswerError), Settings().limits))
        for place, rating in enumerate(ratings)
    ]
    task = Task(Settings())
    label = _KIND.write(merge_answers(_KIND, answers, task), task, lambda *_: "")
    return float(label["value"])  # type: ignore[arg-type] # the label is JSON


def _radio(rating: int, steps: int) -> dict[str, bool]:
    return {str(step): step == rating for step in range(1, steps + 1)}


def _mode(ratings: Sequence[int], _: int) -> float:
    counts = Counter(ratings)
    return float(min(counts, key=lambda rating: (-counts[rating], rating)))


def _mean(ratings: Sequence[int], _: int) -> float:
    return float(np.mean(ratings))


def _first(ratings: Sequence[int], _: int) -> float:
    return float(ratings[0])
