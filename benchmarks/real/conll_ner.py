"""CoNLL-2003: named entities of four types in news, marked by one to eight workers of Mechanical Turk a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from benchmarks.real.labels import PLAIN, SETTINGS
from benchmarks.real.rows import Row
from benchmarks.real.spans import Marked, Score, Span, json_lines, labelled
from benchmarks.reliability import Reliability
from consolidation.kinds.entities import EntitiesKind
from shared.settings import Settings

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
    ours, plain, majority, strict, single = Score(), Score(), Score(), Score(), Score()
    sentences = list(json_lines(data / DATA_SETS[0] / "sentences.jsonl"))
    sure, right = list[float](), list[bool]()
    made, by_majority = (_labelled(sentences, settings) for settings in (SETTINGS, PLAIN))
    for sentence, label, voted in zip(sentences, made, by_majority, strict=True):
        gold = set(_spans(sentence["gold"].split()))
        tags = {worker: given.split() for worker, given in sentence["workers"].items()}
        ours.add(set(label.entities), gold)
        plain.add(set(voted.entities), gold)
        sure += label.confidence.values()
        right += [span in gold for span in label.confidence]
        majority.add(set(_spans(_vote(list(tags.values()), prefer_entities=True))), gold)
        strict.add(set(_spans(_vote(list(tags.values()), prefer_entities=False))), gold)
        for given in tags.values():
            single.add(set(_spans(given)), gold)
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
            f"Under our method `majority`: {100 * plain.f1:.2f}. Single: all workers pooled, as none marked every sentence. "
            "The published methods weigh workers by their skill.",
            reliability=Reliability.of(sure, right),
        )
    ]


def _labelled(sentences: Sequence[Mapping[str, Any]], settings: Settings) -> list[Marked]:
    """Our labels, from tokens to the characters of texts of as many words, and back."""
    longest = max(sentence["tokens"] for sentence in sentences)
    words = [f"w{place}" for place in range(longest)]
    starts = [0, *accumulate(len(word) + 1 for word in words)]
    token = {start: place for place, start in enumerate(starts)}
    drawn = {
        f"{number:05}": {
            worker: [(starts[first], starts[end] - 1, label) for first, end, label in _spans(given.split())]
            for worker, given in sentence["workers"].items()
        }
        for number, sentence in enumerate(sentences)
    }
    texts = {
        f"{number:05}": " ".join(words[: sentence["tokens"]]) for number, sentence in enumerate(sentences)
    }

    def in_tokens(span: Span) -> Span:
        return token[span[0]], token[span[1] + 1], span[2]

    return [
        Marked(
            [in_tokens(span) for span in made.entities],
            {in_tokens(span): sure for span, sure in made.confidence.items()},
        )
        for made in labelled(drawn, texts, settings).values()
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
