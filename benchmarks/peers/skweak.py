"""skweak: span voting and a hidden Markov model over labelling functions, every worker one of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import spacy
from skweak import generative, voting
from spacy.tokens import Doc, Span

from benchmarks.found import Parts, Prepared
from benchmarks.workloads.spans import Document

_NAME = "merged"


def majority(work: Sequence[Document]) -> Prepared:
    """`SequentialMajorityVoter`."""
    return _merged(
        work, lambda types, texts: list(voting.SequentialMajorityVoter(_NAME, labels=types).pipe(texts))
    )


def hidden_markov(work: Sequence[Document]) -> Prepared:
    """`HMM`."""
    return _merged(work, lambda types, texts: list(generative.HMM(_NAME, types).fit_and_aggregate(texts)))


def _merged(work: Sequence[Document], merge: Callable[[list[str], list[Any]], list[Any]]) -> Prepared:
    types = [f"T{number}" for number in range(1 + max(kind for one in work for _, _, kind in one.truth))]
    vocabulary = spacy.blank("en").vocab
    texts = []
    for document in work:
        text = Doc(vocabulary, words=["x"] * document.tokens)
        for worker, marked in enumerate(document.marked):
            text.spans[f"worker-{worker}"] = [
                Span(text, start, end, label=types[kind]) for start, end, kind in marked
            ]
        texts.append(text)

    def read(made: Sequence[Any]) -> list[Parts]:
        results = []
        for text in made:
            spans = list(text.spans[_NAME])
            shapes = [(span.start, span.end) for span in spans]
            kinds = [types.index(span.label_) for span in spans]
            results.append(Parts.of(shapes, kinds, [1.0] * len(spans)))
        return results

    return Prepared(lambda: merge(types, texts), read)
