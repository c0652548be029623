"""Ordinal ratings of lung nodules by four radiologists: how near the label of three is to the rating of the fourth."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.real.labels import PLAIN, SETTINGS, labels_of
from benchmarks.real.rows import Row
from consolidation.kinds.rating import RatingKind
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
Triples = Sequence[Sequence[int]]
Rule = Callable[[Triples, int], list[float]]
"""Labels of many triples of ratings on a scale of so many steps."""


def measure(data: Path) -> list[Row]:
    """Leave one reader out, on the nodules that all four rated: mean distance to the fourth, over nine characteristics."""
    nodules = _nodules(data / SET / "ratings.csv")
    ours, plain, majority, single, mean = (
        float(np.mean([_score(nodules, name, rule) for name in CHARACTERISTICS]))
        for rule in (_ours, _plain, _mode, _first, _mean)
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
            f"one other {same[_first]:.4f}; distance under our method `majority`: {plain:.4f}; "
            f"exact agreement of malignancy ours {malignancy:.4f}, two readers 0.3750 (README)",
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
    for place in range(_READERS):
        ratings = [[int(row[name]) for row in rows] for rows in nodules]
        left_out = [given.pop(place) for given in ratings]
        for label, other in zip(rule(ratings, CHARACTERISTICS[name]), left_out, strict=True):
            scores.append(float(round(label) == other) if exact else abs(label - other))
    return float(np.mean(scores))


def _ours(triples: Triples, steps: int) -> list[float]:
    """One batch, in which no reader comes twice: the set does not tell who reads another scan."""
    return _labelled(triples, steps, SETTINGS)


def _plain(triples: Triples, steps: int) -> list[float]:
    return _labelled(triples, steps, PLAIN)


def _labelled(triples: Triples, steps: int, settings: Settings) -> list[float]:
    objects = {
        f"{number:05}": {
            f"{number:05}/r{place}": _radio(rating, steps) for place, rating in enumerate(ratings)
        }
        for number, ratings in enumerate(triples)
    }
    return [float(made.label["value"]) for made in labels_of(_KIND, objects, (), settings).values()]


def _radio(rating: int, steps: int) -> dict[str, bool]:
    return {str(step): step == rating for step in range(1, steps + 1)}


def _mode(triples: Triples, _: int) -> list[float]:
    counts = [Counter(ratings) for ratings in triples]
    return [float(min(count, key=lambda rating: (-count[rating], rating))) for count in counts]


def _mean(triples: Triples, _: int) -> list[float]:
    return [float(np.mean(ratings)) for ratings in triples]


def _first(triples: Triples, _: int) -> list[float]:
    return [float(ratings[0]) for ratings in triples]
