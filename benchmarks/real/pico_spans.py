"""PICO: passages that describe the participants of clinical trials, marked in medical abstracts by one to seven workers each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.real.labels import PLAIN
from benchmarks.real.rows import Row
from benchmarks.real.spans import Score, Span, json_lines, labelled
from consolidation.kinds.entities import EntitiesKind

DATA_SETS = ("pico_spans",)
_LABEL = "participants"
_PLAIN = "ours by majority"


def measure(data: Path) -> list[Row]:
    """F1 of the characters inside spans, over all documents, against a professional's.

    Args:
        data: the folder that holds `pico_spans`.
    """
    scores = defaultdict[str, Score](Score)
    documents = list(json_lines(data / DATA_SETS[0] / "documents.jsonl"))
    drawn: dict[str, dict[str, list[Span]]] = {
        f"{place:05}": {
            worker: [(start, end, _LABEL) for start, end in spans]
            for worker, spans in document["workers"].items()
        }
        for place, document in enumerate(documents)
    }
    made = {"ours": labelled(drawn), _PLAIN: labelled(drawn, settings=PLAIN)}
    for place, document in enumerate(documents):
        true = _characters(document["professional"])
        workers = document["workers"]
        for method, labels in made.items():
            found = labels[f"{place:05}"]
            scores[method].add(_characters([start, end] for start, end, _ in found.entities), true)
        votes = Counter(place for spans in document["workers"].values() for place in _characters(spans))
        half = {place for place, count in votes.items() if 2 * count >= len(workers)}
        scores["majority"].add(half, true)
        for spans in document["workers"].values():
            scores["single"].add(_characters(spans), true)
        for method, spans in document["published_aggregation"].items():
            scores[method].add(_characters(spans), true)
    ours, plain, majority, single = (
        scores.pop(method).f1 for method in ("ours", _PLAIN, "majority", "single")
    )
    return [
        Row(
            data_set=DATA_SETS[0],
            kind=EntitiesKind.name,
            metric="F1 of characters inside spans",
            items=len(documents),
            ours=ours,
            majority=majority,
            single=single,
            published={f"{method} (Nguyen et al., ACL 2017)": score.f1 for method, score in scores.items()},
            note="majority: characters that at least half of the workers marked. Single: all workers pooled, as none marked every "
            f"document. Under our method `majority`: {plain:.4f}. Published: the spans that the authors of "
            "the set give, scored here; the last two weigh workers by their skill.",
        )
    ]


def _characters(spans: Iterable[Sequence[int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}
