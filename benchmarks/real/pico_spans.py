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


def measure(data: Path) -> list[Row]:
    """F1 of the characters inside spans, over all documents, against a professional's.

    Args:
        data: the folder that holds `pico_spans`.
    """
    scores = defaultdict[str, Score](Score)
    documents = {
        str(document["doc"]): document for document in json_lines(data / DATA_SETS[0] / "documents.jsonl")
    }
    spans: dict[str, dict[str, list[Span]]] = {
        name: {
            worker: [(start, end, _LABEL) for start, end in given]
            for worker, given in document["workers"].items()
        }
        for name, document in documents.items()
    }
    made, voted = labelled(spans), labelled(spans, PLAIN)
    for name, document in documents.items():
        true = _characters(document["professional"])
        workers = spans[name]
        for method, found in (("ours", made[name]), ("plain", voted[name])):
            scores[method].add(_characters([start, end] for start, end, _ in found), true)
        votes = Counter(place for given in document["workers"].values() for place in _characters(given))
        half = {place for place, count in votes.items() if 2 * count >= len(workers)}
        scores["majority"].add(half, true)
        for given in document["workers"].values():
            scores["single"].add(_characters(given), true)
        for method, given in document["published_aggregation"].items():
            scores[method].add(_characters(given), true)
    ours, plain, majority, single = (
        scores.pop(method).f1 for method in ("ours", "plain", "majority", "single")
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
            f"document. Ours with method `majority`: {plain:.4f}. Published: the spans that the authors of the set give, scored here; the "
            "last two weigh workers by their skill.",
        )
    ]


def _characters(spans: Iterable[Sequence[int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end)}
