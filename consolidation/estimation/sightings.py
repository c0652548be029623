"""Which of the things that workers marked are real, when workers differ in what they overlook and what they invent.

Real things lie in the data objects at some rate, and things that are mistaken for them at another. Every worker marks a thing of
either sort with a chance of their own, but things differ too: half of each sort stand out and half are hidden, so that workers miss
the same ones together. What nobody marked is not seen; as both rates are estimated, the number of such things is known, and they
count as missed. All is estimated by expectation-maximisation (Dempster, Laird & Rubin 1977) as in Dawid & Skene (1979),
doi:10.2307/2346806, with two classes, each of two grades of difficulty (compare Qu, Tan & Kutner 1996, doi:10.2307/2533043).

A worker's chances are drawn to the crowd's, the crowd's to those under which a vote is right that hears the silent with half a vote
(docs/decisions/0008): few answers give about that vote, many give the worker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.sums import sums_at

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
UNKNOWN = -1
REAL, FALSE = 0, 1
SORTS = 2
GRADES: Floats = np.array([-1.0, 1.0])
"""How far the log-odds of marking a thing are from their mean: half of all things are hidden, half stand out."""
STRENGTH = 8.0
"""How many things' worth of belief a worker is drawn to the crowd by."""
CROWD = 100.0
"""How many things' worth of belief the crowd is drawn to PRIOR by, and the rates to each other."""
PRIOR: Floats = np.log([0.7 / 0.3, 0.1 / 0.9])
"""Log-odds to mark a real thing, and one that is not, of a crowd nothing is known of: where less than a third marked it is not real."""
_STEP, _BOUND, _LARGE = 1.0, 7.0, 500.0
_SEEN = 0.05
"""At least so large a share of the things of a sort is taken to be seen, so that the unseen stay countable."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Who marked what in data objects.

    Attributes:
        thing, worker: int64, shape (M,): who marked which thing, in [0, C) and [0, W); each pair once.
        scene: int64, shape (C,): the data object of each thing, in [0, S).
        answered, answered_by: int64, shape (R,): which data object was answered by whom, each pair once.
        truth: int64, shape (C,): 1 where a thing is known to be real, 0 where it is known not to be, else UNKNOWN.
        complete: bool, shape (S,): whether all real things of the data object are among its things.
    """

    thing: Integers
    worker: Integers
    scene: Integers
    answered: Integers
    answered_by: Integers
    truth: Integers
    complete: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Marking:
    """How workers mark things.

    Attributes:
        log_odds: float64, shape (2, W): of marking a real thing, and one that is not, midway between the grades of difficulty.
        crowd: float64, shape (2,): the same of a worker nothing is known of.
        prior: log of the rate of real things over that of others.
    """

    log_odds: Floats
    crowd: Floats
    prior: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What is there.

    Attributes:
        real: float64, shape (C,), in [0, 1]: probability that each thing is real.
        graded: float64, shape (2, 2, C): probability that each thing is real, and that it is not, hidden and standing out.
        unseen: float64, shape (2, 2, S): expected number of those in each data object that nobody marked.
    """

    real: Floats
    graded: Floats
    unseen: Floats


def vote(sightings: Sightings) -> Belief:
    """Where estimation begins: a vote that hears the silent with half a vote."""
    marks = np.bincount(sightings.thing, minlength=len(sightings.scene))
    answers = np.bincount(sightings.answered, minlength=len(sightings.complete))[sightings.scene]
    real = _clamped((marks + 1) / (marks + 1 + (answers - marks) / 2 + 1), sightings)
    graded = np.repeat(np.stack([real, 1 - real])[:, None], len(GRADES), axis=1) / len(GRADES)
    return Belief(real, graded, np.zeros((SORTS, len(GRADES), len(sightings.complete))))


def believe(sightings: Sightings, marking: Marking, hint: Floats) -> Belief:
    """What is there, given how workers mark.

    Args:
        hint: float64, shape (C,): log of how much likelier a thing is real for other reasons. Not modified.

    Time and memory O(M + R + C).
    """
    things, scenes = len(sightings.scene), len(sightings.complete)
    marks = np.bincount(sightings.thing, minlength=things)
    told, graded = np.empty((SORTS, things)), np.empty((SORTS, len(GRADES), things))
    unseen = np.empty((SORTS, len(GRADES), scenes))
    for sort in (REAL, FALSE):
        said = sums_at(sightings.thing, marking.log_odds[sort][sightings.worker], things)
        for grade, shift in enumerate(GRADES):
            refused = np.logaddexp(0, marking.log_odds[sort] + shift)[sightings.answered_by]
            none = sums_at(sightings.answered, refused, scenes)
            unseen[sort, grade] = np.exp(-none) / len(GRADES)
            graded[sort, grade] = marks * shift - none[sightings.scene]
        top = graded[sort].max(axis=0)
        graded[sort] = np.exp(graded[sort] - top)
        total = graded[sort].sum(axis=0)
        graded[sort] /= total
        told[sort] = said + top + np.log(total)
    real = _clamped(_chance(told[REAL] - told[FALSE] + marking.prior + hint), sightings)
    both = np.stack([real, 1 - real])
    seen = np.maximum(1 - unseen.sum(axis=(1, 2)) / max(scenes, 1), _SEEN)
    rates = both.sum(axis=1) / seen / max(scenes, 1)
    unseen *= np.where(sightings.complete, 0, rates[:, None])[:, None]
    return Belief(real, graded * both[:, None], unseen)


def count(sightings: Sightings, belief: Belief, workers: int) -> Floats:
    """Expected numbers that say all about how workers mark; those of several batches add up.

    Returns:
        float64, shape (2, 3, W): of real things, and of others, those that each worker marked; those that a worker had before them
        hidden, and standing out.
    """
    scenes = len(sightings.complete)
    counts = np.empty((SORTS, 1 + len(GRADES), workers))
    for sort in (REAL, FALSE):
        made = (belief.real if sort == REAL else 1 - belief.real)[sightings.thing]
        counts[sort, 0] = sums_at(sightings.worker, made, workers)
        for grade in range(len(GRADES)):
            there = sums_at(sightings.scene, belief.graded[sort, grade], scenes)
            there += belief.unseen[sort, grade]
            counts[sort, 1 + grade] = sums_at(sightings.answered_by, there[sightings.answered], workers)
    return counts


def fit(counts: Floats, before: Marking | None = None) -> Marking:
    """One step of Newton's method toward the chances that explain the counts best.

    Args:
        counts: float64, shape (2, 3, W): as `count` gives them, of all batches. Not modified.
        before: where to step from; None for PRIOR.
    """
    if before is None:
        before = Marking(np.repeat(PRIOR[:, None], counts.shape[2], axis=1), PRIOR, 0.0)
    log_odds, crowd = np.empty_like(before.log_odds), np.empty(SORTS)
    for sort in (REAL, FALSE):
        own = before.log_odds[sort]
        chances = _chance(own + GRADES[:, None])
        expected = (counts[sort, 1:] * chances).sum(axis=0)
        slope = (counts[sort, 1:] * chances * (1 - chances)).sum(axis=0)
        weight = slope.sum()
        mean = ((own * slope).sum() + before.crowd[sort] * CROWD) / (weight + CROWD)
        crowd[sort] = _stepped(mean, counts[sort, 0].sum() - expected.sum(), weight, PRIOR[sort], CROWD)
        log_odds[sort] = _stepped(own, counts[sort, 0] - expected, slope, crowd[sort], STRENGTH)
    rates = counts[:, 1:].sum(axis=(1, 2)) + CROWD
    return Marking(log_odds, crowd, float(np.log(rates[REAL] / rates[FALSE])))


def _stepped(own: Floats, surplus: Floats, slope: Floats, toward: Floats, strength: float) -> Floats:
    """Log-odds after a step of Newton's method, drawn toward others by so many answers."""
    chance = _chance(own)
    drawn = surplus + strength * (_chance(toward) - chance)
    step = drawn / (slope + strength * chance * (1 - chance))
    stepped: Floats = np.clip(own + np.clip(step, -_STEP, _STEP), -_BOUND, _BOUND)
    return stepped


def _chance(log_odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -_LARGE, _LARGE)))
    return chance


def _clamped(real: Floats, sightings: Sightings) -> Floats:
    return np.where(sightings.truth == UNKNOWN, real, sightings.truth)
