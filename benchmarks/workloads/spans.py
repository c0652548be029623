"""Entities in texts: spans of tokens with a type, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.workloads.crowd import FIVE, SPAMMER, mistaken

Span = tuple[int, int, int]
"""First token, token behind the last, type."""


@dataclass(frozen=True)
class Reading:
    """How a kind of worker marks.

    Attributes:
        missed: chance to overlook an entity.
        edge: chance that one of its ends is off by a token.
        outward: -1, 0, 1: the other token is always inside, either, always outside.
        mistaken: chance of another type.
        invented: spans marked that are no entities, as a share of those that are.
    """

    missed: float
    edge: float
    outward: int
    mistaken: float
    invented: float


READINGS = {
    "expert": Reading(missed=0.03, edge=0.04, outward=0, mistaken=0.02, invented=0.02),
    "good": Reading(missed=0.08, edge=0.10, outward=0, mistaken=0.05, invented=0.05),
    "loose": Reading(missed=0.10, edge=0.22, outward=1, mistaken=0.07, invented=0.08),
    "tight": Reading(missed=0.15, edge=0.22, outward=-1, mistaken=0.08, invented=0.05),
    "sloppy": Reading(missed=0.25, edge=0.25, outward=0, mistaken=0.18, invented=0.15),
}


@dataclass(frozen=True)
class Document:
    """One text: its tokens, the true spans, and those of each worker, in order."""

    tokens: int
    truth: tuple[Span, ...]
    marked: tuple[tuple[Span, ...], ...]


def documents(
    seed: int, count: int = 1000, types: int = 4, mean_tokens: int = 120, crew: Sequence[str] = FIVE
) -> list[Document]:
    """Texts of about `mean_tokens` tokens with entities of one to six of them."""
    found = []
    for number in range(count):
        random = np.random.default_rng([seed, 55, number])
        tokens = max(30, int(random.poisson(mean_tokens)))
        truth = _entities(random, tokens, types)
        marked = []
        for name in crew:
            if name == SPAMMER:
                spans = [_anywhere(random, tokens, types) for _ in range(max(1, len(truth) // 2))]
            else:
                spans = _read(random, truth, tokens, types, READINGS[name])
            marked.append(_without_overlaps(spans))
        found.append(Document(tokens, tuple(truth), tuple(marked)))
    return found


def _entities(random: np.random.Generator, tokens: int, types: int) -> list[Span]:
    found: list[Span] = []
    place = 0
    while True:
        place += int(random.geometric(0.09))
        length = int(min(random.geometric(0.45), 6))
        if place + length >= tokens:
            return found
        found.append((place, place + length, int(random.integers(0, types))))
        place += length + 1


def _anywhere(random: np.random.Generator, tokens: int, types: int) -> Span:
    start = int(random.integers(0, tokens - 4))
    return start, start + int(random.integers(1, 4)), int(random.integers(0, types))


def _read(
    random: np.random.Generator, truth: Sequence[Span], tokens: int, types: int, reading: Reading
) -> list[Span]:
    spans = []
    for start, end, kind in truth:
        if random.random() < reading.missed:
            continue
        if random.random() < reading.edge:
            start, end = _moved(random, start, end, tokens, reading.outward)  # noqa: PLW2901 - the worker's own edges
        named = mistaken(random, kind, types) if random.random() < reading.mistaken else kind
        spans.append((start, end, named))
    inventions = random.poisson(reading.invented * max(1, len(truth)))
    return spans + [_anywhere(random, tokens, types) for _ in range(inventions)]


def _moved(random: np.random.Generator, start: int, end: int, tokens: int, outward: int) -> tuple[int, int]:
    """One end moved by a token; at least a token stays."""
    step = int(random.choice([-1, 1])) if outward == 0 else outward
    if random.random() < 0.5:
        start -= step
    else:
        end += step
    start, end = max(0, start), min(tokens, end)
    return start, max(end, start + 1)


def _without_overlaps(spans: Sequence[Span]) -> tuple[Span, ...]:
    """In order, each once, without those that begin inside the one before."""
    kept: list[Span] = []
    for span in sorted(set(spans)):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return tuple(kept)
