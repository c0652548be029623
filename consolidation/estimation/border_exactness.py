"""How exactly workers draw borders and lines, and which way they lean, from how far their drawings of the same things lie apart.

What is true of a thing is never seen; but the drawings of three workers say how far each is from the others, and those of many things how
far each usually is. Every worker has a variance, as a multiple of what is usual for the thing, and an offset: pixels by which the
worker's borders lie outside of where they should be. Both are estimated together, by maximum likelihood with a prior (restricted to what
the unknown truth leaves free), reweighted so that one gross drawing counts for little (as in Lange, Little & Taylor 1989,
doi:10.2307/2290063). Offsets are random effects (DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2): as far as workers do not
differ by more than chance, they are 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from consolidation.estimation.tallies import Key, Tallies

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PRIOR = 10.0
"""Things' worth of belief that a worker is as exact as the others."""
_THING = 1.0
"""Drawings' worth of belief that a thing is drawn as exactly as the others are."""
_FREEDOM = 4.0
_ROUNDS = 20
_SAY = 0.5
_LEAST = 0.03
"""No worker's variance is taken for less than this share of the usual one, so that nobody decides alone."""
_KNOWN = 1e-3
"""The variance of a gold answer."""
_TINY = 1e-12
_KEYS: tuple[Key, ...] = tuple(
    ("drawn", what) for what in ("spread", "free", "things", "lean", "weight", "squares", "gold")
)
"""Of the tallies: squared distances from the others, and how many these are worth; drawings; sums over them of the offset from the others,
by inverse variance, of that weight, and of the squared offset; drawings of things with a gold answer."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How far M workers' drawings of one thing lie apart.

    Attributes:
        workers: M worker ids, each once.
        squares: float64, shape (M, M): mean squared distance between two drawings, in pixels.
        offsets: float64, shape (M,): mean distance by which a drawing lies outside of one line, the same for all, in pixels.
        size: what the thing's errors are measured by, in pixels, > 0.
    """

    workers: tuple[str, ...]
    squares: Floats
    offsets: Floats
    size: float


@dataclass(frozen=True, slots=True)
class Hands:
    """What is known of how exactly workers draw.

    Attributes:
        variances: by worker id, as a multiple of what is usual, > 0; one who is not there has 1.
        offsets: by worker id, pixels by which the worker draws too wide; one who is not there has 0.
        tallies: what the drawings themselves say, without what was known before.
    """

    variances: Mapping[str, float] = field(default_factory=dict)
    offsets: Mapping[str, float] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Tallies)

    def __bool__(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.variances)

    def variances_of(self, workers: Sequence[str]) -> Floats:
        """Of each worker, as drawings are to be fused by: float64, shape (n,).

        Two models have equal say, by the logarithms of their weights: workers are as exact as they were seen to be, or all alike. The first
        takes their errors to be independent; where two workers err alike it would trust these two too much.
        """
        return np.array([self.variances.get(worker, 1.0) ** _SAY for worker in workers], np.float64)

    def offsets_of(self, workers: Sequence[str]) -> Floats:
        """Of each worker: float64, shape (n,)."""
        return np.array([self.offsets.get(worker, 0.0) for worker in workers], np.float64)


@dataclass(slots=True)
class _Things:
    """Things that equally many workers drew: numbers of workers, shape (C, M), and what `Apart` has of each."""

    workers: Integers
    squares: Floats
    offsets: Floats
    sizes: Floats


def learn_hands(things: Sequence[Apart], known: Tallies, gold: str = "") -> Hands:
    """Estimate all workers' variances and offsets.

    Args:
        things: those that at least two workers drew are used.
        known: statistics of earlier things.
        gold: the worker id under which what is known to be right stands. Where there is such, offsets are from it; otherwise they are so
            that those of the steadiest workers come to 0.

    Returns:
        Of every worker with a drawing, or known. Nothing of anybody without drawings and statistics.

    Does not depend on the order of the things, but for rounding. Time O(rounds * drawings * workers of a thing).
    """
    stacks, names = _stacked(things, known)
    if not names:
        return Hands()
    before = known.table(names, _KEYS)
    fixed = np.array([name == gold for name in names])
    variances: Floats = np.where(fixed, _KNOWN, 1.0)
    offsets: Floats = np.zeros(len(names))
    seen = np.zeros_like(before)
    for _ in range(_ROUNDS):
        usual = _usual(stacks, variances, offsets)
        seen = sum(
            (_seen(stack, variances, offsets, usual, fixed) for stack in stacks), np.zeros_like(before)
        )
        total = seen + before
        spread = (total[0] + PRIOR) / (total[1] + PRIOR)
        spread /= np.exp((np.log(spread) * total[1] * ~fixed).sum() / max((total[1] * ~fixed).sum(), _TINY))
        updated = np.where(fixed, _KNOWN, np.maximum(spread, _LEAST))
        moved = _offsets(total[2:], fixed)
        settled = np.allclose(updated, variances, rtol=1e-4) and np.allclose(moved, offsets, atol=1e-3)
        variances, offsets = updated, moved
        if settled:
            break
    tallies = {
        name: dict(zip(_KEYS, sums, strict=True))
        for name, sums in zip(names, seen.T.tolist(), strict=True)
        if any(sums) and name != gold
    }
    return Hands(
        {name: value for name, value in zip(names, variances.tolist(), strict=True) if name != gold},
        {name: value for name, value in zip(names, offsets.tolist(), strict=True) if name != gold},
        Tallies(tallies),
    )


def _stacked(things: Sequence[Apart], known: Tallies) -> tuple[list[_Things], list[str]]:
    """Things by the number of workers who drew them, and all workers, sorted."""
    by_size = defaultdict[int, list[Apart]](list)
    for thing in things:
        if len(thing.workers) > 1:
            by_size[len(thing.workers)].append(thing)
    listed = {name for same in by_size.values() for thing in same for name in thing.workers}
    listed |= {name for name in known.workers if not known.of(name).keys().isdisjoint(_KEYS)}
    names = sorted(listed)
    number = {name: place for place, name in enumerate(names)}
    stacks = [
        _Things(
            np.array([[number[name] for name in thing.workers] for thing in same], np.int64),
            np.array([thing.squares for thing in same]),
            np.array([thing.offsets for thing in same]),
            np.array([thing.size for thing in same]),
        )
        for _, same in sorted(by_size.items())
    ]
    return stacks, names


def _residuals(stack: _Things, variances: Floats, offsets: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean squared distance of each drawing from its thing's consensus, in its thing's size; share in that; offsets corrected."""
    share = 1 / variances[stack.workers]
    share /= share.sum(axis=1, keepdims=True)
    corrected = stack.offsets - offsets[stack.workers]
    squares = stack.squares - _differences(stack.offsets) + _differences(corrected)
    to_all = np.einsum("cij,cj->ci", squares, share)
    apart = to_all - (to_all * share).sum(axis=1, keepdims=True) / 2
    return np.maximum(apart, 0.0) / stack.sizes[:, None] ** 2, share, corrected


def _differences(values: Floats) -> Floats:
    squared: Floats = (values[:, :, None] - values[:, None, :]) ** 2
    return squared


def _usual(stacks: Sequence[_Things], variances: Floats, offsets: Floats) -> float:
    """The usual variance of a drawing by a worker of variance 1, in its thing's size."""
    found = [np.zeros(0)]
    for stack in stacks:
        apart, share, _ = _residuals(stack, variances, offsets)
        found.append((apart / variances[stack.workers]).sum(axis=1) / (share.shape[1] - 1))
    every = np.concatenate(found)
    return float(np.median(every)) if len(every) else 0.0


def _seen(
    stack: _Things, variances: Floats, offsets: Floats, usual: float, fixed: npt.NDArray[np.bool_]
) -> Floats:
    """The statistics of `_KEYS`, for each worker."""
    apart, share, corrected = _residuals(stack, variances, offsets)
    own = variances[stack.workers]
    free = 1 - share
    own_scale = (apart / own).sum(axis=1, keepdims=True) + _THING * usual
    scale = own_scale / (share.shape[1] - 1 + _THING) + _TINY
    spread = apart / scale
    trust = (_FREEDOM + 1) / (_FREEDOM + spread / (own * free))
    variance = own * scale * stack.sizes[:, None] ** 2
    middle = (share * corrected).sum(axis=1, keepdims=True)
    outside = stack.offsets - (middle - share * corrected) / free
    weight = free / (
        variance + _TINY
    )  # one over the variance of a drawing and of the others' consensus together
    weight *= trust
    columns = (
        trust * spread, free, np.ones_like(free),
        weight * outside, weight, weight * outside**2,
        np.ones_like(free) * fixed[stack.workers].any(axis=1, keepdims=True),
    )  # fmt: skip
    flat = stack.workers.reshape(-1)
    return np.array([np.bincount(flat, column.reshape(-1), len(variances)) for column in columns])


def _offsets(sums: Floats, fixed: npt.NDArray[np.bool_]) -> Floats:
    """Offsets as random effects, from the last five of `_KEYS`; shape (W,)."""
    things, total, weight, squares, gold = sums
    anchored = bool(gold.any())
    some = (weight > 0) & ~fixed
    offsets = np.zeros(len(weight))
    count = int(some.sum())
    if count < 2 or things[some].sum() <= count:
        return offsets
    mean = total[some] / weight[some]
    noise = max(float((squares[some] - total[some] * mean).sum() / (things[some].sum() - count)), 0.0)
    heavy = weight[some]
    level = 0.0 if anchored else float((heavy * mean).sum() / heavy.sum())
    excess = float((heavy * (mean - level) ** 2).sum()) - noise * (count - (not anchored))
    between = max(excess / float(heavy.sum() - (heavy**2).sum() / heavy.sum()), 0.0)
    if between > 0:
        offsets[some] = (mean - level) * between / (between + noise / heavy)
    return offsets
