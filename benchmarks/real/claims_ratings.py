"""Claims rated from 1 (surely true) to 6 (surely false) by a public workforce full of spam, with gold questions."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from benchmarks.real.labels import PLAIN, SETTINGS, labels_of
from benchmarks.real.rows import Row
from consolidation.kinds.base import Answer, Task, merge_answers
from consolidation.kinds.rating import RatingKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

SET = "gt_claims_ordinal_multiselect"
STEPS = tuple(str(step) for step in range(1, 7))
METRIC = "accuracy on the gold claims"
_MIDDLE = 3.5
_LEAST_GOLD = 10
_KIND = RatingKind()
Claims = Mapping[str, Mapping[str, str]]
"""Rating of each claim by each worker."""


def measure(data: Path) -> list[Row]:
    """Accuracy on the 25 gold claims; a rating above 3.5 says `false`. Of a worker's several answers to a claim the last counts."""
    gold = {row["item"]: row["gold"] for row in _rows(data / SET / "gold.csv")}
    every: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in _rows(data / SET / "answers.csv"):
        every[row["item"]][row["worker"]] = row["truth"]
    claims = {claim: given for claim, given in every.items() if claim in gold}
    plain = _accuracy(_ours(every, PLAIN), gold)
    alike = {claim: dict.fromkeys(given, 1.0) for claim, given in claims.items()}
    learned = {claim: _log_odds(claims, gold, claim) for claim in claims}
    single = _best_worker(claims, gold)
    return [
        Row(
            data_set=SET,
            kind=_KIND.name,
            metric=METRIC,
            items=len(gold),
            ours=_accuracy(_ours(every, SETTINGS), gold),
            majority=_accuracy({claim: _mode(claims[claim], alike[claim]) for claim in claims}, gold),
            single=single,
            published={"one answer (README)": 0.4984, "mean (README)": 0.4, "median (README)": 0.4},
            note="most answers are careless, so that any vote that counts workers alike is at chance; the README counts repeated answers, "
            f"too. Ours: all {len(every)} claims are one batch. Under our method `majority`: "
            f"{plain:.4f}. `single` is the best worker with {_LEAST_GOLD} or more gold answers",
        ),
        Row(
            data_set=SET,
            kind=_KIND.name,
            metric=f"{METRIC}, workers weighted by the other gold claims",
            items=len(gold),
            ours=_accuracy({claim: _weighted(claims[claim], learned[claim]) for claim in claims}, gold),
            majority=_accuracy({claim: _mode(claims[claim], learned[claim]) for claim in claims}, gold),
            single=single,
            published={"weights by log odds (README)": 0.6},
            note="method `weighted`; a weight is the log odds of the worker's accuracy on the other gold claims, one right and one wrong "
            "answer added, and 0 for a worker worse than chance; `majority` is the vote with the same weights",
        ),
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_right(given: float, gold: str) -> bool:
    return ("false" if given > _MIDDLE else "true") == gold


def _log_odds(claims: Claims, gold: Mapping[str, str], left_out: str) -> dict[str, float]:
    weights = {}
    for worker in claims[left_out]:
        others = [claim for claim in claims if claim != left_out and worker in claims[claim]]
        right = sum(_is_right(float(claims[claim][worker]), gold[claim]) for claim in others)
        weights[worker] = max(math.log((right + 1) / (len(others) - right + 1)), 0.0)
    return weights


def _ours(claims: Claims, settings: Settings) -> dict[str, float]:
    objects = {
        claim: {worker: _radio(rating) for worker, rating in given.items()} for claim, given in claims.items()
    }
    return {
        claim: float(made.label["value"]) for claim, made in labels_of(_KIND, objects, (), settings).items()
    }


def _weighted(given: Mapping[str, str], weights: Mapping[str, float]) -> float:
    settings = Settings(method="weighted")
    answers = [
        Answer(
            worker,
            _KIND.parse(JsonNode(_radio(rating), "$", AnswerError), settings.limits),
            weights[worker],
            weights[worker],
        )
        for worker, rating in given.items()
    ]
    task = Task(settings)
    label = _KIND.write(merge_answers(_KIND, answers, task), task, lambda *_: "")
    return float(label["value"])  # type: ignore[arg-type] # the label is JSON


def _radio(rating: str) -> dict[str, bool]:
    return {step: step == rating for step in STEPS}


def _mode(given: Mapping[str, str], weights: Mapping[str, float]) -> float:
    votes = dict.fromkeys(STEPS, 0.0)
    for worker, rating in given.items():
        votes[rating] += weights[worker]
    return float(max(STEPS, key=votes.__getitem__))


def _accuracy(ratings: Mapping[str, float], gold: Mapping[str, str]) -> float:
    known = [claim for claim in ratings if claim in gold]
    return sum(_is_right(ratings[claim], gold[claim]) for claim in known) / len(known)


def _best_worker(claims: Claims, gold: Mapping[str, str]) -> float:
    own: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for claim, given in claims.items():
        for worker, rating in given.items():
            own[worker][claim] = float(rating)
    return max(_accuracy(ratings, gold) for ratings in own.values() if len(ratings) >= _LEAST_GOLD)
