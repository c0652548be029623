"""crowd-kit: classes, tokens of entities, binary masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from crowdkit import aggregation

from benchmarks.found import Chosen, Parts, Prepared, Regions
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import Map, SemanticScene
from benchmarks.workloads.spans import Document, Span

_SILENT: dict[str, dict[str, Any]] = {"GLAD": {"silent": True}, "MACE": {"verbose": 0, "random_state": 0}}
_PRIOR, _DIAGONAL = 0.1, 2.0
"""Answers that a worker's confusion matrix starts with when it is carried by hand: everywhere, and on the diagonal."""


def classes(work: Sequence[Answers], method: str) -> Prepared:
    """One of the library's methods with its own default of 100 iterations (50 for MACE)."""
    answers = work[0]
    frame = _frame(answers)

    def run() -> Any:
        model = _model(method)
        return model.fit_predict(frame), getattr(model, "probas_", None)

    def read(made: Any) -> list[Chosen]:
        items = np.arange(len(answers.truth))
        labels = made[0].reindex(items).fillna(-1).to_numpy().astype(np.int64)
        if made[1] is None:
            return [Chosen(labels)]
        chances = made[1].reindex(items).fillna(0.0)
        return [Chosen(labels, chances.max(axis=1).to_numpy())]

    return Prepared(run, read)


def fresh_batches(work: Sequence[Answers], method: str, size: int, items: int) -> Prepared:
    """Every batch on its own, which is what a library without memory offers; the first `items` items."""
    frames = _batches(work[0], size, items)

    def run() -> npt.NDArray[np.int64]:
        labels = np.full(items, -1, np.int64)
        for frame in frames:
            found = _model(method).fit_predict(frame)
            labels[found.index.to_numpy()] = found.to_numpy()
        return labels

    return Prepared(run, lambda labels: [Chosen(labels)])


def carried_batches(work: Sequence[Answers], size: int, items: int) -> Prepared:
    """Dawid-Skene with the history of each worker given as `initial_error`, for the first `items` items.

    The library uses it in its first M-step alone and returns no counts: they are made here of `probas_`. One iteration is the only way in
    which the history survives.
    """
    answers = work[0]
    frames, count = _batches(answers, size, items), answers.categories

    def run() -> npt.NDArray[np.int64]:
        seen = np.full((answers.workers, count, count), _PRIOR) + _DIAGONAL * np.eye(count)
        labels = np.full(items, -1, np.int64)
        for frame in frames:
            workers = np.unique(frame.worker)
            index = pd.MultiIndex.from_product([workers, range(count)], names=["worker", "label"])
            known = pd.DataFrame(seen[workers].reshape(-1, count), columns=range(count), index=index)
            model = aggregation.DawidSkene(n_iter=1, initial_error_strategy="addition")
            model.fit(frame, initial_error=known)
            labels[model.labels_.index.to_numpy()] = model.labels_.to_numpy()
            chances = model.probas_.reindex(columns=range(count)).fillna(0.0).loc[frame.task]
            np.add.at(seen, (frame.worker.to_numpy(), frame.label.to_numpy()), chances.to_numpy())
        return labels

    return Prepared(run, lambda labels: [Chosen(labels)])


def masks(work: Sequence[SemanticScene], method: str) -> Prepared:
    """The library's masks are binary: one run for each category but background; the first that claims a pixel has it."""
    frames = [
        [
            pd.DataFrame(
                {
                    "task": ["image"] * len(scene.maps),
                    "worker": [f"w{number}" for number in range(len(scene.maps))],
                    "segmentation": [labels == category for labels in scene.maps],
                }
            )
            for category in range(1, scene.categories)
        ]
        for scene in work
    ]

    def run() -> list[Map]:
        made = []
        for scene, by_category in zip(work, frames, strict=True):
            label = np.zeros(scene.truth.shape, np.uint8)
            for category, frame in enumerate(by_category, start=1):
                found = np.asarray(_model(method).fit_predict(frame).loc["image"]).astype(bool)
                label[found & (label == 0)] = category
            made.append(label)
        return made

    return Prepared(run, lambda made: [Regions(one) for one in made])


def tokens(work: Sequence[Document], method: str) -> Prepared:
    """The library has no model of spans: every token is an item, its BIO tag the class."""
    types = 1 + max(kind for document in work for _, _, kind in document.truth)
    items, workers, tags = [], [], []
    first = 0
    for document in work:
        for worker, marked in enumerate(document.marked):
            tagged = np.full(document.tokens, 2 * types)
            for start, end, kind in marked:
                tagged[start:end], tagged[start] = types + kind, kind
            items.append(np.arange(first, first + document.tokens))
            workers.append(np.full(document.tokens, worker))
            tags.append(tagged)
        first += document.tokens
    columns = (np.concatenate(column) for column in (items, workers, tags))
    frame = pd.DataFrame(dict(zip(("task", "worker", "label"), columns, strict=True)))

    def read(found: Any) -> list[Parts]:
        ordered = found.sort_index().to_numpy().tolist()
        results, first = [], 0
        for document in work:
            spans = _spans(ordered[first : first + document.tokens], types)
            first += document.tokens
            shapes, kinds = [span[:2] for span in spans], [span[2] for span in spans]
            results.append(Parts.of(shapes, kinds, [1.0] * len(spans)))
        return results

    return Prepared(lambda: _model(method).fit_predict(frame), read)


def _spans(tags: Sequence[int], types: int) -> list[Span]:
    """Spans of BIO tags: B- is the type, I- the type and the number of types, O twice that number."""
    spans: list[Span] = []
    start, kind = -1, -1
    for place, tag in enumerate([*tags, 2 * types]):
        inside = types <= tag < 2 * types
        if start >= 0 and not (inside and tag - types == kind):
            spans.append((start, place, kind))
            start = -1
        if start < 0 and tag < 2 * types:
            start, kind = place, tag % types
    return spans


def _model(method: str) -> Any:
    return getattr(aggregation, method)(**_SILENT.get(method, {}))


def _frame(answers: Answers) -> Any:
    return pd.DataFrame({"task": answers.item, "worker": answers.worker, "label": answers.label})


def _batches(answers: Answers, size: int, items: int) -> list[Any]:
    frame = _frame(answers)
    starts = range(0, items, size)
    ends = np.searchsorted(answers.item, [min(start + size, items) for start in starts])
    return [
        frame.iloc[low:high] for low, high in zip(np.searchsorted(answers.item, starts), ends, strict=True)
    ]
