"""CoNLL-2003: named entities of four types in news, marked by one to eight workers of Mechanical Turk a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.real.labels import PLAIN
from benchmarks.real.rows import Row
from benchmarks.real.spans import Score, Span, json_lines, labelled
from consolidation.kinds.entities import EntitiesKind

DATA_SETS = ("conll_mturk_ner",)
PUBLISHED = {
    "majority vote, both halves (Nguyen et al., ACL 2017)": 67.27,
    "majority vote (Simpson & Gurevych, EMNLP 2019)": 65.4,
    "MACE (Simpson & Gurevych)": 70.0,
    "HMM-Crowd (Simpson & Gurevych)": 74.2,
    "Dawid-Skene (Simpson & Gurevych)": 74.4,
}
"""F1 in percent, as the set's README recalls them; on both halves of the set, of which one is measured here."""


def measure(data: Path) -> list[Row]:
    """F1 of entities whose start, end and type are all those of the gold standard.

    Args:
        data: the folder that holds `conll_mturk_ner`.
    """
    ours, plain, majority, strict, single = (Score() for _ in range(5))
    sentences = {
        f"{number:05}": sentence
        for number, sentence in enumerate(json_lines(data / DATA_SETS[0] / "sentences.jsonl"))
    }
    tags = {
        name: {worker: given.split() for worker, given in sentence["workers"].items()}
        for name, sentence in sentences.items()
    }
    spans = {name: {worker: _spans(said) for worker, said in given.items()} for name, given in tags.items()}
    made, voted = labelled(spans), labelled(spans, PLAIN)
    for name, sentence in sentences.items():
        gold = set(_spans(sentence["gold"].split()))
        ours.add(set(made[name]), gold)
        plain.add(set(voted[name]), gold)
        answers = list(tags[name].values())
        majority.add(set(_spans(_vote(answers, prefer_entities=True))), gold)
        strict.add(set(_spans(_vote(answers, prefer_entities=False))), gold)
        for given in spans[name].values():
            single.add(set(given), gold)
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=EntitiesKind.name,
            metric="F1 of exact spans with their type, %",
            items=len(sentences),
            ours=100 * ours.f1,
            majority=100 * majority.f1,
            single=100 * single.f1,
            published=PUBLISHED,
            note=f"majority: per token, ties to an entity; ties to no entity give {100 * strict.f1:.2f}. "
            f"Ours with method `majority`: {100 * plain.f1:.2f}. Single: all workers pooled, as none marked every sentence. The published "
            "methods weigh workers by their skill.",
        )
    ]


def _spans(tags: Sequence[str]) -> list[Span]:
    """Entities of a sequence of tags: a new one begins at B- or where the type changes."""
    types = [tag.partition("-")[2] for tag in tags]
    edges = [
        place
        for place, tag in enumerate(tags)
        if place == 0 or tag.startswith("B-") or types[place] != types[place - 1]
    ]
    return [(start, end, types[start]) for start, end in pairwise([*edges, len(tags)]) if types[start]]


def _vote(answers: Sequence[Sequence[str]], *, prefer_entities: bool) -> list[str]:
    """The tag that most workers gave each token; of equals no entity or one, then the first by name."""
    voted = []
    for given in zip(*answers, strict=True):
        votes = defaultdict[int, list[str]](list)
        for tag, count in Counter(given).items():
            votes[count].append(tag)
        voted.append(min(votes[max(votes)], key=lambda tag: ((tag == "O") == prefer_entities, tag)))
    return voted
