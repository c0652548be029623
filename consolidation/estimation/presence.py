"""Which marked parts are real, where workers differ in how many they find and how many they invent.

There are real parts and places where one may be invented. Every worker has a chance to mark a part of either sort; those that nobody
marks are not seen, so what is seen is conditioned on "somebody marked it". Chances and posteriors are estimated together by
expectation-maximisation: the two-class case of Dawid & Skene (1979, doi:10.2307/2346806) for truncated data, with the parts that nobody
marked as missing ones in the M-step (Dempster, Laird & Rubin 1977, section 4.2). Workers are drawn to their crowd, the crowd to FOUND and
INVENTED, with which a part is real if more than half of the workers marked it: few answers give the majority's decisions, many give each
worker's own weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation.votes import existence

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FOUND, INVENTED = 0.8, 0.2
"""Chances of a worker of a crowd of which nothing is known: to mark a real part, and one that others invented."""
_ALIKE = 0.1
"""Correlation of workers' errors: what is hard for one is hard for others."""
UNKNOWN = -1
"""Truth of a part that no gold answer tells."""
COUNTS = ("found", "real", "invented", "chances")
"""What is counted of a worker: real parts marked, and all of them; invented parts marked, and all of them."""
_LIKE_CROWD = 4.0
"""Parts' worth of belief that a worker is as the crowd."""
_MOST_INVENTED = FOUND / 2
"""Highest mean of the workers' chances to invent. Where all mark the same parts, they might as well all invent the same: not to be told
from the marks, so it is not believed."""
_LIKE_ANY_CROWD = 1.0
"""Workers' worth of belief that the crowd is as FOUND and INVENTED say."""
ODDS = 0.5
"""Real parts for one place where a part may be invented, where nothing is known: a part that half of the workers marked is then as likely
an invention as one that a worker more marked is real."""
_LIKE_ANY_SCENE = 4.0
"""Places' worth of belief in ODDS."""
_MISLED = 0.01
"""Chance that what the marks say of a part is no matter of who marked it: nobody is surer than that."""
_ROUNDS = 40
_LONGEST = 32.0
_TINY = 1e-12
_STILL = 1e-4
_LEAST = 1e-3
_BITS = 52


@dataclass(frozen=True, slots=True)
class Marks:
    """Who marked which parts, and who could have.

    Attributes:
        part: int64, shape (M,): the part marked, in [0, C).
        worker: int64, shape (M,): who marked it, in [0, W); once per part.
        crew: int64, shape (C,): for each part the crew that could have marked it, in [0, G).
        seat_crew, seat_worker: int64, shape (R,): the workers of each crew, each pair once, sorted.
        truth: int64, shape (C,): 1 where a part is known to be real, 0 where it is known not to be, else UNKNOWN. Parts that nobody
            marked are those known to be real.
    """

    part: Integers
    worker: Integers
    crew: Integers
    seat_crew: Integers
    seat_worker: Integers
    truth: Integers

    def per_part(self, values: Floats) -> Floats:
        """Sums over the workers who marked each part: float64, shape (C,), of values of shape (W,)."""
        return np.bincount(self.part, values[self.worker], len(self.crew)).astype(np.float64)

    def per_crew(self, values: Floats) -> Floats:
        """Sums over the workers who could have marked each part: float64, shape (C,), of values of shape (W,)."""
        sums = np.bincount(self.seat_crew, values[self.seat_worker]).astype(np.float64)
        return sums[self.crew]


@dataclass(frozen=True, slots=True)
class Rates:
    """Chances of workers.

    Attributes:
        found: float64, shape (W,), in (0, 1): to mark a real part.
        invented: float64, shape (W,), in (0, 1): to mark a part that somebody marks although it is none.
        odds: how many real parts there are for one place where a part may be invented, whether or not anybody marks them.
    """

    found: Floats
    invented: Floats
    odds: float


@dataclass(frozen=True, slots=True)
class Presence:
    """What `learn_presence` found.

    Attributes:
        rates: of the workers; one more at the end for a worker who is not known: the crowd's.
        real: float64, shape (C,): probability that each part is real, by these rates.
        counts: float64, shape (W, 4): expected COUNTS, of these marks alone.
    """

    rates: Rates
    real: Floats
    counts: Floats


def learn_presence(marks: Marks, known: Floats) -> Presence:
    """Chances of workers, and which parts are real.

    Args:
        marks: of W workers. Parts of crews of one say nothing, unless their truth is known.
        known: float64, shape (W, 4): COUNTS from elsewhere, which count as if their parts were among these.

    Without any marks or counts everybody has FOUND and INVENTED. Time O(rounds * (distinct patterns + R)) after one pass over the marks.
    """
    alike, number, of = _patterns(marks)
    seats = np.bincount(alike.seat_crew)[alike.crew]
    telling = of * ((seats > 1) | (alike.truth != UNKNOWN))
    before_these = known[:, [1, 3]].sum(axis=0) / (np.average(seats, weights=of) if len(of) else 1.0)
    rates = reached = _rates(known, _odds(before_these))
    real: Floats = np.zeros(len(of))
    counts = np.zeros_like(known)
    for _ in range(_ROUNDS if len(of) else 0):
        path, before = [reached], real
        for _ in range(2):
            before, real = real, _expected(alike, path[-1])
            counts, there = _counted(alike, path[-1], real, telling, len(known))
            path.append(_rates(counts + known, _odds(there + before_these)))
        rates, reached = path[-1], _leap(path)
        if np.abs(real - before).max() < _STILL:
            break
    return Presence(rates, real[number], counts)


def existence_posterior(marks: Marks, rates: Rates, silence: float = 1.0) -> Floats:
    """Probability that each part is real.

    Two models see the same marks differently, and are pooled by their log-odds (`say`): here workers differ and parts are alike; in
    `votes.existence` workers are alike and parts differ in how easily they are found. On crowds with known truth the pool is better
    calibrated than either, and decides as well as the better.

    Args:
        marks: without known truth.
        rates: of their workers.
        silence: votes against a part that a worker's silence counts for in `votes.existence`.

    Returns:
        float64, shape (C,), in (0, 1).

    Time O(M + R + C).
    """
    everybody = np.ones(len(rates.found))
    support = marks.per_part(everybody)
    crew = marks.per_crew(everybody)
    heard = support + silence * (crew - support)
    plain = np.array([existence(*votes) for votes in zip(support.tolist(), heard.tolist(), strict=True)])
    skilled = say(crew)
    odds = skilled * _log_odds(marks, rates) + (1 - skilled) * np.log(plain / (1 - plain))
    pooled: Floats = (1 - _MISLED) * _logistic(odds) + _MISLED / 2
    return pooled


def say(workers: Floats) -> Floats:
    """Share of the say, in (0, 1], that the skill of so many workers has beside a model in which all are alike.

    What n workers say is worth n / (1 + (n - 1) * correlation) independent ones (the design effect of clustered samples: Kish 1965).
    """
    share: Floats = 1 / (1 + _ALIKE * (workers - 1))
    return share


def _log_odds(marks: Marks, rates: Rates) -> Floats:
    found, invented = rates.found, rates.invented
    marked = marks.per_part(np.log(found * (1 - invented) / (invented * (1 - found))))
    odds: Floats = marked + marks.per_crew(np.log((1 - found) / (1 - invented))) + np.log(rates.odds)
    return odds


def _expected(marks: Marks, rates: Rates) -> Floats:
    """E-step: probability that each part is real, by these rates alone."""
    real: Floats = np.where(marks.truth == UNKNOWN, _logistic(_log_odds(marks, rates)), marks.truth)
    return real


def _counted(
    marks: Marks, rates: Rates, real: Floats, telling: Floats, workers: int
) -> tuple[Floats, Floats]:
    """Expected COUNTS, shape (W, 4), and how many real and invented parts there are, shape (2,).

    Each marked part stands for those of its like that nobody marked.
    """
    columns, there = [], []
    for part, chance, all_seen in ((real, rates.found, marks.truth == 1), (1 - real, rates.invented, False)):
        weight = telling * part
        nobody = np.where(all_seen, 0.0, np.exp(marks.per_crew(np.log1p(-chance))))
        with_unseen = weight / (1 - nobody)
        crews = np.bincount(marks.crew, with_unseen)
        columns.append(np.bincount(marks.worker, weight[marks.part], workers))
        columns.append(np.bincount(marks.seat_worker, crews[marks.seat_crew], workers))
        there.append(float(with_unseen.sum()))
    return np.stack(columns, axis=1), np.array(there)


def _odds(there: Floats) -> float:
    """Real parts for one that is invented, given how many of each there are."""
    return float((there[0] + _LIKE_ANY_SCENE * ODDS) / (there[1] + _LIKE_ANY_SCENE))


def _rates(counts: Floats, odds: float) -> Rates:
    """M-step; a worker more at the end, who is as the crowd."""
    found = _drawn_to_crowd(counts[:, 0], counts[:, 1], FOUND)
    invented = _drawn_to_crowd(counts[:, 2], counts[:, 3], INVENTED)
    bounded = np.maximum(invented * min(_MOST_INVENTED / invented.mean(), 1.0), _LEAST)
    return Rates(found, bounded, odds)


def _leap(path: Sequence[Rates]) -> Rates:
    """Where the estimation is heading, from two steps of it (SQUAREM: Varadhan & Roland 2008, doi:10.1111/j.1467-9469.2007.00585.x)."""
    logits = [
        np.concatenate(
            [
                np.log(one.found / (1 - one.found)),
                np.log(one.invented / (1 - one.invented)),
                [np.log(one.odds)],
            ]
        )
        for one in path
    ]
    step, turn = logits[1] - logits[0], logits[2] - 2 * logits[1] + logits[0]
    ratio = float(np.linalg.norm(step)) / max(float(np.linalg.norm(turn)), _TINY)
    length = min(max(ratio, 1.0), _LONGEST)
    reached = logits[0] + 2 * length * step + length**2 * turn
    workers = len(path[0].found)
    chances = np.clip(_logistic(reached[:-1]), _LEAST, 1 - _LEAST)
    return Rates(chances[:workers], chances[workers:], float(np.exp(reached[-1])))


def _drawn_to_crowd(hits: Floats, tries: Floats, typical: float) -> Floats:
    """Shares of workers as the mean of what they did and what the crowd does, a worker's say growing with what is known of him."""
    told = tries + _LIKE_CROWD
    crowd = ((hits / told).sum() + _LIKE_ANY_CROWD * typical) / ((tries / told).sum() + _LIKE_ANY_CROWD)
    return np.clip(np.append((hits + _LIKE_CROWD * crowd) / told, crowd), _LEAST, 1 - _LEAST)


def _patterns(marks: Marks) -> tuple[Marks, Integers, Floats]:
    """One part for all that the same workers of the same crew marked; the number of each part's; how many parts each stands for.

    Crews of more than 52 workers are left as they are.
    """
    parts = len(marks.crew)
    seats = np.bincount(marks.seat_crew, minlength=1)
    if not parts or seats.max() > _BITS:
        return marks, np.arange(parts), np.ones(parts)
    starts = np.cumsum(seats) - seats
    seat = np.arange(len(marks.seat_crew)) - starts[marks.seat_crew]
    workers = int(marks.seat_worker.max()) + 1
    place = np.searchsorted(
        marks.seat_crew * workers + marks.seat_worker, marks.crew[marks.part] * workers + marks.worker
    )
    marked = np.bincount(marks.part, 2.0 ** seat[place], parts).astype(np.int64)
    distinct, markers = np.unique(marked, return_inverse=True)
    key = (marks.crew * len(distinct) + markers) * 3 + marks.truth + 1
    _, first, number, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    renumbered = np.full(parts, -1)
    renumbered[first] = np.arange(len(first))
    kept = renumbered[marks.part] >= 0
    one_each = Marks(
        part=renumbered[marks.part[kept]],
        worker=marks.worker[kept],
        crew=marks.crew[first],
        seat_crew=marks.seat_crew,
        seat_worker=marks.seat_worker,
        truth=marks.truth[first],
    )
    return one_each, number, count.astype(np.float64)


def _logistic(odds: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-np.clip(odds, -40, 40)))
    return probability
