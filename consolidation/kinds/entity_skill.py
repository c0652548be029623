"""What data objects show of the workers who marked entities in them, and what that tells of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation import calling, edges, sightings, span_workers
from consolidation.estimation.sums import sums_at
from consolidation.estimation.tallies import Key, Sums, Tallies
from consolidation.kinds.skill import TYPICAL, Learned

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_MARKED: tuple[tuple[Key, ...], ...] = tuple(
    tuple((sort, what) for what in ("marked", "hidden", "plain")) for sort in ("real", "invented")
)
_SIDES = ("exact", "before", "after")
_BEGIN: tuple[Key, ...] = tuple(("start", side) for side in _SIDES)
_END: tuple[Key, ...] = tuple(("end", side) for side in _SIDES)
_NAMED, _NOTHING = "named", "called"
_OPEN, _FALSE = -1, -2
_PRIOR = 5.0
"""Entities' worth of belief that what a worker marks is as often right as what the crowd does, and the crowd as TYPICAL."""


@dataclass(frozen=True, slots=True)
class EntityEvidence:
    """The entities that workers marked in one data object.

    Attributes:
        workers: who answered, sorted.
        spans: int64, shape (M, 4): which entity each mark is of, in [0, C); who made it; its start and end.
        labels: M label categories.
        entities: C.
        truth: None where there is no gold answer; else C times its start, end and category, or None for what it does not mark.
    """

    workers: tuple[str, ...]
    spans: Integers
    labels: tuple[str, ...]
    entities: int
    truth: tuple[tuple[int, int, str] | None, ...] | None


@dataclass(frozen=True, slots=True)
class EntitySkill:
    """How able workers are.

    Attributes:
        workers: their places in the arrays; behind the last stands a worker who is not known.
        categories: label categories, in their order.
        marking: how W + 1 workers mark.
        names: what is known of how they name.
        naming: the same as chances.
        rows: by worker and category said, the row of `names` and `naming`.
        begin, end: float64, shape (3, W + 1): see `estimation.edges`.
    """

    workers: Mapping[str, int]
    categories: tuple[str, ...]
    marking: sightings.Marking
    names: calling.NameCounts
    naming: calling.Naming
    rows: Mapping[tuple[int, str], int]
    begin: Floats
    end: Floats

    def judge(
        self,
        entity: Integers,
        worker: Integers,
        labels: Sequence[str],
        people: Sequence[str],
        entities: int,
        categories: Sequence[str],
    ) -> tuple[Floats, Floats]:
        """What is there in a data object.

        Args:
            entity, worker, labels: of the marks, see `EntityEvidence`.
            people: who answered.
            entities: C.
            categories: the label categories in their order; all labels are among them.

        Returns:
            float64, shape (C,): probability of each entity. float64, shape (K, C): of its categories, given that it is real.
        """
        unknown = len(self.workers)
        places = np.array([self.workers.get(person, unknown) for person in people])
        number = {name: place for place, name in enumerate(categories)}
        said = np.array([number[label] for label in labels], dtype=np.int64)
        makers = places[worker]
        none, only = np.full(entities, sightings.UNKNOWN), np.zeros(entities, dtype=np.int64)
        alone = np.zeros(len(people), dtype=np.int64)
        return span_workers.judge(
            sightings.Sightings(entity, makers, only, alone, places, none, np.zeros(1, dtype=bool)),
            calling.Names(entity, np.arange(len(entity)), none, makers, said),
            self.marking,
            self._naming(makers, labels, categories),
        )

    def habits(self, people: Sequence[str]) -> tuple[list[list[float]], list[list[float]]]:
        """How these people mark starts and ends, see `edges.likeliest`."""
        places = [self.workers.get(person, len(self.workers)) for person in people]
        return self.begin[:, places].tolist(), self.end[:, places].tolist()

    def _naming(self, places: Integers, labels: Sequence[str], categories: Sequence[str]) -> calling.Naming:
        """The naming of each mark."""
        rows = [self.rows.get(said) for said in zip(places.tolist(), labels, strict=True)]
        found = [row for row in rows if row is not None]
        if len(found) == len(rows) and len(categories) == len(self.categories):
            columns = np.array(found, dtype=np.int64)
            told = self.naming
            return calling.Naming(told.rows[:, columns], told.shares, told.invented[columns])
        known, more = self.names, len(categories) - len(self.categories)
        wider = (*self.categories, *(name for name in categories if name not in self.categories))
        order = np.array([wider.index(name) for name in categories], dtype=np.int64)
        said = np.array([categories.index(label) for label in labels], dtype=np.int64)
        counted = np.zeros((len(wider), len(rows)))
        for mark, row in enumerate(rows):
            if row is not None:
                counted[: len(self.categories), mark] = known.rows[:, row]
        counts = calling.NameCounts(
            counted[order],
            np.pad(known.made, ((0, more), (0, 0)))[order],
            np.pad(known.crowd, (0, more))[np.ix_(order, order)],
            np.pad(known.invented, (0, more))[order],
        )
        return calling.fit(counts, places, said)


def learn_entities(
    evidence: Sequence[EntityEvidence], known: Tallies, ordered: Callable[[Iterable[str]], tuple[str, ...]]
) -> Learned:
    """How able the workers are, from what many data objects show and what was known before.

    Args:
        evidence: of data objects.
        known: as the tallies returned for other data objects.
        ordered: puts label categories into the order of the job.
    """
    workers = sorted({worker for shown in evidence for worker in shown.workers} | set(known.workers))
    named = {key[1] for sums in known.workers.values() for key in sums if key[0] == _NAMED}
    said = {label for _, label in _said(known)}
    seen = {label for shown in evidence for label in shown.labels}
    golden = {truth[2] for shown in evidence for truth in shown.truth or () if truth}
    names = ordered({*named, *said, *seen, *golden})
    if not workers or not names:
        return Learned(None, Tallies())
    book = _Book({worker: place for place, worker in enumerate(workers)}, names)
    marks, before = book.marks(evidence, known)
    marking, own = span_workers.learn(marks, before)
    return book.learned(marks, marking, own, before)


@dataclass(frozen=True, slots=True)
class _Book:
    """Workers and label categories by number."""

    workers: Mapping[str, int]
    categories: tuple[str, ...]

    def marks(
        self, evidence: Sequence[EntityEvidence], known: Tallies
    ) -> tuple[span_workers.SpanMarks, span_workers.SpanCounts]:
        """All data objects as one, and what is known from others."""
        number = {name: place for place, name in enumerate(self.categories)}
        crews = [np.array([self.workers[name] for name in shown.workers], np.int64) for shown in evidence]
        sizes = [shown.entities for shown in evidence]
        spans = np.concatenate([np.zeros((0, 4), np.int64), *(shown.spans for shown in evidence)])
        ahead = np.repeat(np.cumsum([0, *sizes])[:-1], [len(shown.spans) for shown in evidence])
        thing = spans[:, 0] + ahead
        none = np.zeros(0, np.int64)
        mine = [crew[shown.spans[:, 1]] for crew, shown in zip(crews, evidence, strict=True)]
        worker = np.concatenate([none, *mine])
        said = np.array([number[label] for shown in evidence for label in shown.labels], np.int64)
        size = len(self.categories)
        told = [self.workers[who] * size + number[what] for who, what in _said(known)]
        pairs = np.unique(np.concatenate([none, np.array(told, np.int64), worker * size + said]))
        row = np.searchsorted(pairs, worker * size + said)
        truth, begin, end = _truth(evidence, number)
        marks = span_workers.SpanMarks(
            sightings.Sightings(
                thing,
                worker,
                np.repeat(np.arange(len(evidence)), sizes),
                np.repeat(np.arange(len(evidence)), [len(crew) for crew in crews]),
                np.concatenate([none, *crews]),
                np.where(truth >= 0, 1, np.where(truth == _OPEN, sightings.UNKNOWN, 0)),
                np.array([shown.truth is not None for shown in evidence], np.bool_),
            ),
            calling.Names(thing, row, np.maximum(truth, _OPEN), pairs // size, pairs % size),
            edges.edges_of(thing, spans[:, 2], begin),
            edges.edges_of(thing, spans[:, 3], end),
        )
        return marks, self._counts(known, marks.named)

    def _counts(self, known: Tallies, names: calling.Names) -> span_workers.SpanCounts:
        sums: list[Sums] = [known.of(worker) for worker in self.workers]

        named = np.zeros((len(self.categories), len(names.said)))
        invented = np.zeros(len(names.said))
        for row, (worker, said) in enumerate(zip(names.worker.tolist(), names.said.tolist(), strict=True)):
            own, name = sums[worker], self.categories[said]
            if own:
                invented[row] = own.get((_NOTHING, name), 0.0)
                named[:, row] = [own.get((_NAMED, true, name), 0.0) for true in self.categories]
        marked = np.stack([known.table(tuple(self.workers), keys) for keys in _MARKED])
        begin, end = (known.table(tuple(self.workers), keys) for keys in (_BEGIN, _END))
        return span_workers.SpanCounts(marked, named, invented, begin, end)

    def learned(
        self,
        marks: span_workers.SpanMarks,
        marking: sightings.Marking,
        own: span_workers.SpanCounts,
        before: span_workers.SpanCounts,
    ) -> Learned:
        """What the counts say of the workers."""
        worker, said, unknown = marks.named.worker, marks.named.said, len(self.workers)
        each = np.arange(len(self.categories))
        rows = own.named + before.named
        pooled = calling.pool(rows, own.invented + before.invented, worker, said, unknown + 1)
        makers, names = np.append(worker, np.full_like(each, unknown)), np.append(said, each)
        counts = calling.NameCounts(
            np.concatenate([rows, np.zeros((len(each), len(each)))], axis=1),
            pooled.made,
            pooled.crowd,
            pooled.invented,
        )
        pairs = zip(makers.tolist(), [self.categories[name] for name in names.tolist()], strict=True)
        skill = EntitySkill(
            self.workers,
            self.categories,
            sightings.Marking(
                np.append(marking.log_odds, marking.crowd[:, None], axis=1), marking.crowd, marking.prior
            ),
            counts,
            calling.fit(counts, makers, names),
            {pair: row for row, pair in enumerate(pairs)},
            edges.habits_of(own.begin + before.begin),
            edges.habits_of(own.end + before.end),
        )
        right = sums_at(worker, rows[said, np.arange(len(said))], unknown)
        made = (own.marked + before.marked)[:, 0].sum(axis=0)
        typical = float((right.sum() + _PRIOR * TYPICAL) / (made.sum() + _PRIOR))
        shares = (right + _PRIOR * typical) / (made + _PRIOR)
        reliability = dict(zip(self.workers, shares.tolist(), strict=True))
        return Learned(skill, self._tallies(own, marks.named), reliability, typical)

    def _tallies(self, own: span_workers.SpanCounts, names: calling.Names) -> Tallies:
        keys = [*_MARKED[0], *_MARKED[1], *_BEGIN, *_END]
        sums = np.concatenate([*own.marked, own.begin, own.end]).T.tolist()
        tallies: list[dict[Key, float]] = [
            {key: value for key, value in zip(keys, values, strict=True) if value} for values in sums
        ]
        named, invented = own.named.T.tolist(), own.invented.tolist()
        for row, (worker, said) in enumerate(zip(names.worker.tolist(), names.said.tolist(), strict=True)):
            name = self.categories[said]
            counts: dict[Key, float] = {
                (_NAMED, true, name): value for true, value in zip(self.categories, named[row], strict=True)
            }
            counts[_NOTHING, name] = invented[row]
            tallies[worker].update({key: value for key, value in counts.items() if value})
        return Tallies({person: own for person, own in zip(self.workers, tallies, strict=True) if own})


def _said(known: Tallies) -> Iterator[tuple[str, str]]:
    """Who said which categories."""
    for worker, sums in known.workers.items():
        yield from ((worker, key[-1]) for key in sums if key[0] in {_NAMED, _NOTHING})


def _truth(
    evidence: Sequence[EntityEvidence], number: Mapping[str, int]
) -> tuple[Integers, Integers, Integers]:
    """Of every entity its category, start and end where a gold answer marks it; else all three _OPEN, or _FALSE and _OPEN."""
    rows: list[tuple[int, int, int]] = []
    for shown in evidence:
        if shown.truth is None:
            rows += [(_OPEN, _OPEN, _OPEN)] * shown.entities
            continue
        rows += [
            (number[true[2]], true[0], true[1]) if true else (_FALSE, _OPEN, _OPEN) for true in shown.truth
        ]
    truth, begin, end = np.array(rows, np.int64).reshape(-1, 3).T
    return truth, begin, end
