"""numpy alone: what a careful programmer writes in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.found import Chosen, Prepared, Regions
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import Map, SemanticScene

_STRIP = 64
"""Rows that are coded at a time."""


def one_hot(work: Sequence[SemanticScene]) -> Prepared:
    """The votes of every pixel for every category, summed in one array."""

    def vote(scene: SemanticScene) -> Map:
        count = np.arange(scene.categories)[:, None, None]
        votes = sum((labels[None] == count).astype(np.uint8) for labels in scene.maps)
        label: Map = np.argmax(votes, axis=0).astype(np.uint8)
        return label

    return Prepared(lambda: [vote(scene) for scene in work], _maps)


def category_by_category(work: Sequence[SemanticScene]) -> Prepared:
    """One category after the other, keeping the best so far."""

    def vote(scene: SemanticScene) -> Map:
        best, label = np.zeros(scene.truth.shape, np.uint8), np.zeros(scene.truth.shape, np.uint8)
        for category in range(scene.categories):
            votes = (scene.maps == category).sum(axis=0, dtype=np.uint8)
            better = votes > best
            label[better], best[better] = category, votes[better]
        return label

    return Prepared(lambda: [vote(scene) for scene in work], _maps)


def joint_code(work: Sequence[SemanticScene]) -> Prepared:
    """All workers' categories as bits of one code for each pixel, and a table, made beforehand, of the vote on every code.

    Row by row, so that the codes stay in the processor's cache.
    """
    workers, bits = len(work[0].maps), int(work[0].categories - 1).bit_length()
    codes = np.arange(1 << (workers * bits))
    said = np.stack([codes >> (bits * worker) & ((1 << bits) - 1) for worker in range(workers)])
    votes = np.stack([(said == category).sum(axis=0) for category in range(1 << bits)])
    table = np.argmax(votes, axis=0).astype(np.uint8)

    def vote(scene: SemanticScene) -> Map:
        label = np.empty(scene.truth.shape, np.uint8)
        for top in range(0, len(label), _STRIP):
            strip = scene.maps[:, top : top + _STRIP]
            code = strip[-1].astype(np.uint16)
            for said in strip[-2::-1]:
                code <<= bits
                code |= said
            table.take(code, out=label[top : top + _STRIP], mode="clip")
        return label

    return Prepared(lambda: [vote(scene) for scene in work], _maps)


def class_vote(work: Sequence[Answers]) -> Prepared:
    """The category with most votes; of equals the first."""

    def run() -> list[npt.NDArray[np.int64]]:
        return [_votes(answers).argmax(axis=1) for answers in work]

    return Prepared(run, lambda made: [Chosen(labels) for labels in made])


def alpha(work: Sequence[Answers]) -> Prepared:
    """Krippendorff's alpha for nominal data, from the votes of each item."""

    def one(answers: Answers) -> float:
        votes = _votes(answers).astype(np.float64)
        said = votes.sum(axis=1)
        votes, said = votes[said > 1], said[said > 1]
        observed = ((said**2 - (votes**2).sum(axis=1)) / (said - 1)).sum() / said.sum()
        totals = votes.sum(axis=0)
        expected = (totals.sum() ** 2 - (totals**2).sum()) / (totals.sum() * (totals.sum() - 1))
        return float(1 - observed / expected)

    return Prepared(lambda: [one(answers) for answers in work], list)


def _votes(answers: Answers) -> npt.NDArray[np.int64]:
    cell = answers.item * answers.categories + answers.label
    return np.bincount(cell, minlength=len(answers.truth) * answers.categories).reshape(
        -1, answers.categories
    )


def _maps(made: Sequence[Map]) -> list[Regions]:
    return [Regions(one) for one in made]
