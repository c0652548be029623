"""Relations between medical terms: multi-label, against a judgement made where crowd and expert disagreed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import PLAIN, SETTINGS, labels_of
from benchmarks.real.metrics import Mask, f1, reproduced
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, read_json, rows_of
from benchmarks.reliability import Reliability
from consolidation.kinds.multi_label import MultiLabelKind
from shared.settings import Settings

DATA_SETS = ("medical_relations_multilabel",)
RELATIONS = {
    "cause": frozenset({"CAUSES", "SIDE_EFFECT", "SYMPTOM", "MANIFESTATION"}),
    "treat": frozenset({"TREATS", "PREVENTS"}),
}
"""Which of the 14 labels stand for a judged relation, as the set's README found."""
_ENOUGH = 20
Choices = Mapping[str, Mapping[str, frozenset[str]]]


def measure(data: Path) -> list[Row]:
    """A row for each relation."""
    place = folder(data, DATA_SETS[0])
    choices: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for row in rows_of(place / "answers.csv"):
        choices[row["item"]][row["worker"]] = frozenset(row["labels"].split(";"))
    reference = {row["item"]: row for row in rows_of(place / "reference.csv")}
    results = read_json(place / "expected.json")["results"]
    return [_row(relation, choices, reference, results[f"{relation}_test"]) for relation in RELATIONS]


def _row(
    relation: str,
    choices: Choices,
    reference: Mapping[str, Mapping[str, str]],
    expected: Mapping[str, float],
) -> Row:
    wanted = RELATIONS[relation]
    judged = {item: row[f"{relation}_test"] for item, row in sorted(reference.items())}
    items = [item for item, verdict in judged.items() if verdict in {"1", "-1"}]
    truth: Mask = np.array([judged[item] == "1" for item in items])
    said = {
        item: {worker: bool(labels & wanted) for worker, labels in choices[item].items()} for item in items
    }
    kind = MultiLabelKind()
    every = {
        item: {worker: bool(labels & wanted) for worker, labels in given.items()}
        for item, given in choices.items()
    }
    made, by_majority = (_labels(kind, relation, every, settings) for settings in (SETTINGS, PLAIN))
    ours, plain = (_held(relation, labels, items) for labels in (made, by_majority))
    chances = [made[item]["confidence-map"].get(relation) for item in items]
    known = [(chance, bool(true)) for chance, true in zip(chances, truth, strict=True) if chance is not None]
    shares = np.array([np.mean(list(said[item].values())) for item in items])
    single, note = _best_worker(said, dict(zip(items, truth.tolist(), strict=True)))
    return Row(
        data_set=DATA_SETS[0],
        kind=kind.name,
        metric=f"F1 of *{relation}*",
        items=len(items),
        ours=f1(ours, truth),
        majority=reproduced(f1(shares >= 0.5, truth), expected["f1_vote_share_at_least_0_5"]),
        single=single,
        published={
            "CrowdTruth score >= 0.5": expected["f1_published_score_at_0_5"],
            "CrowdTruth score >= 0.7": expected["f1_published_score_at_0_7"],
        },
        note=f"Labels merged as {', '.join(sorted(wanted))}; all sentences are one batch. Majority: at least half of the workers. "
        f"Under our method `majority`: {f1(plain, truth):.4f}. {note} "
        "CrowdTruth: Dumitrache, Aroyo, Welty, ACM TiiS 2018; its score leaves out spammers. "
        f"A threshold of the vote share chosen with the truth in hand ({expected['best_threshold']:g}) would give "
        f"{expected['f1_vote_share_best']:.4f}.",
        reliability=Reliability.of(*zip(*known, strict=True)),
    )


def _labels(
    kind: MultiLabelKind, relation: str, said: Mapping[str, Mapping[str, bool]], settings: Settings
) -> dict[str, Mapping[str, Any]]:
    objects = {
        item: {worker: {"labels": [relation] * yes} for worker, yes in given.items()}
        for item, given in said.items()
    }
    return {item: made.label for item, made in labels_of(kind, objects, [relation], settings).items()}


def _held(relation: str, labels: Mapping[str, Mapping[str, Any]], items: Sequence[str]) -> Mask:
    """Of each item, whether the label has the relation."""
    return np.array([relation in labels[item]["class-names"] for item in items], np.bool_)


def _best_worker(said: Mapping[str, Mapping[str, bool]], truth: Mapping[str, bool]) -> tuple[float, str]:
    given: defaultdict[str, list[Any]] = defaultdict(list)
    for item, votes in said.items():
        for worker, vote in votes.items():
            given[worker].append((vote, truth[item]))
    scores = {
        worker: f1(*np.array(pairs, np.bool_).T)
        for worker, pairs in given.items()
        if len(pairs) >= _ENOUGH and any(true for _, true in pairs)
    }
    best = min(scores, key=lambda worker: (-scores[worker], -len(given[worker]), worker))
    pooled = f1(*np.array([pair for pairs in given.values() for pair in pairs], np.bool_).T)
    return scores[best], (
        f"Best of the {len(scores)} workers with {_ENOUGH} answers or more, on the {len(given[best])} that worker gave. "
        f"One answer reaches {pooled:.4f}."
    )
