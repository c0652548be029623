"""What data objects show of the workers who marked entities in them, and what that tells of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from consolidation.estimation import calling, edges, sightings, span_workers
from consolidation.estimation.tallies import Key, Sums, Tallies
from consolidation.kinds.skill import TYPICAL, Learned, Weights

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_MARKED: tuple[tuple[Key, ...], ...] = tuple(
    tuple((sort, what) for what in ("marked", "hidden", "plain")) for sort in ("real", "invented")
)
_SIDES = ("exact", "before", "after")
_BEGIN: tuple[Key, ...] = tuple(("start", side) for side in _SIDES)
_END: tuple[Key, ...] = tuple(("end", side) for side in _SIDES)
_NAMED, _NOTHING = "named", "called"
_PRIOR = 5.0


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
        spans: Integers,
        labels: Sequence[str],
        people: Sequence[str],
        entities: int,
        categories: Sequence[str],
    ) -> span_workers.Judged:
        """What is there in a data object.

        Args:
            spans, labels: of the marks, see `EntityEvidence`.
            people: who answered.
            entities: C.
            categories: the label categories in their order; all labels are among them.
        """
        unknown = len(self.workers)
        places = np.array([self.workers.get(person, unknown) for person in people])
        number = {name: place for place, name in enumerate(categories)}
        said = np.array([number[label] for label in labels], dtype=np.int64)
        own = spans[:, 1]
        each = np.arange(len(spans))
        none = np.full(entities, sightings.UNKNOWN)
        answered = np.zeros(len(people), dtype=np.int64)
        marks = span_workers.SpanMarks(
            sightings.Sightings(
                spans[:, 0],
                places[own],
                np.zeros(entities, dtype=np.int64),
                answered,
                places,
                none,
                np.zeros(1, dtype=bool),
            ),
            calling.Names(spans[:, 0], each, none, places[own], said),
            edges.edges_of(spans[:, 0], spans[:, 2], none),
            edges.edges_of(spans[:, 0], spans[:, 3], none),
        )
        naming = self._naming(places[own], labels, categories)
        return span_workers.judge(marks, self.marking, naming, self.begin, self.end)

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
    said = {key[-1] for sums in known.workers.values() for key in sums if key[0] in {_NAMED, _NOTHING}}
    seen = {label for shown in evidence for label in shown.labels}
    golden = {truth[2] for shown in evidence for truth in shown.truth or () if truth}
    names = ordered({*named, *said, *seen, *golden})
    if not workers or not names:
        return Learned(Weights(), Tallies())
    book = _Book({worker: place for place, worker in enumerate(workers)}, names)
    marks = book.marks(evidence, known)
    before = book.counts(known)
    marking, real, own = span_workers.learn(marks, before)
    return book.learned(marks, marking, real, own, before)


class _Book:
    """Workers and categories by number; the rows are pairs of a worker and a category said."""

    def __init__(self, workers: Mapping[str, int], categories: tuple[str, ...]) -> None:
        self.workers, self.categories = workers, categories
        self.number = {name: place for place, name in enumerate(categories)}
        self.rows: dict[tuple[int, int], int] = {}

    def row(self, worker: int, said: int) -> int:
        return self.rows.setdefault((worker, said), len(self.rows))

    def marks(self, evidence: Sequence[EntityEvidence], known: Tallies) -> span_workers.SpanMarks:
        """All data objects as one."""
        for worker, place in self.workers.items():
            for key in sorted(known.of(worker)):
                if key[0] in {_NAMED, _NOTHING}:
                    self.row(place, self.number[key[-1]])
        places = [
            np.array([self.workers[name] for name in shown.workers], dtype=np.int64) for shown in evidence
        ]
        first = np.cumsum([0, *(shown.entities for shown in evidence)])
        spans = (
            np.concatenate([shown.spans for shown in evidence])
            if evidence
            else np.zeros((0, 4), dtype=np.int64)
        )
        each = [len(shown.spans) for shown in evidence]
        thing = spans[:, 0] + np.repeat(first[:-1], each)
        worker = (
            np.concatenate([mine[shown.spans[:, 1]] for mine, shown in zip(places, evidence, strict=True)])
            if evidence
            else thing
        )
        said = [self.number[label] for shown in evidence for label in shown.labels]
        row = np.array([self.row(*pair) for pair in zip(worker.tolist(), said, strict=True)], dtype=np.int64)
        scene = np.repeat(np.arange(len(evidence)), [shown.entities for shown in evidence])
        truth, begin, end = _truth(evidence, self.number)
        rows = np.array(list(self.rows), dtype=np.int64).reshape(-1, 2)
        return span_workers.SpanMarks(
            sightings.Sightings(
                thing,
                worker,
                scene,
                np.repeat(np.arange(len(evidence)), [len(mine) for mine in places]),
                np.concatenate(places) if places else thing,
                np.where(truth >= 0, 1, np.where(truth == -1, sightings.UNKNOWN, 0)),
                np.array([shown.truth is not None for shown in evidence], dtype=bool),
            ),
            calling.Names(thing, row, np.maximum(truth, -1), rows[:, 0], rows[:, 1]),
            edges.edges_of(thing, spans[:, 2], begin),
            edges.edges_of(thing, spans[:, 3], end),
        )

    def counts(self, known: Tallies) -> span_workers.SpanCounts:
        """What the tallies say; call after `marks`."""
        size, workers = len(self.categories), len(self.workers)
        sums: list[Sums] = [known.of(worker) for worker in self.workers]

        def of(keys: Sequence[Key]) -> Floats:
            return np.array([[own.get(key, 0.0) for own in sums] for key in keys])

        named, invented = np.zeros((size, len(self.rows))), np.zeros(len(self.rows))
        for (worker, said), row in self.rows.items():
            name = self.categories[said]
            invented[row] = sums[worker].get((_NOTHING, name), 0.0)
            named[:, row] = [sums[worker].get((_NAMED, true, name), 0.0) for true in self.categories]
        marked = np.stack([of(keys) for keys in _MARKED])
        return span_workers.SpanCounts(marked.reshape(2, -1, workers), named, invented, of(_BEGIN), of(_END))

    def learned(
        self,
        marks: span_workers.SpanMarks,
        marking: sightings.Marking,
        real: Floats,
        own: span_workers.SpanCounts,
        before: span_workers.SpanCounts,
    ) -> Learned:
        rows = own.named + before.named
        worker, said, unknown = marks.named.worker, marks.named.said, len(self.workers)
        each = np.arange(len(self.categories))
        pooled = calling.pool(rows, own.invented + before.invented, worker, said, unknown + 1)
        everybody = np.append(worker, np.full_like(each, unknown)), np.append(said, each)
        rows_of = np.concatenate([rows, np.zeros((len(each), len(each)))], axis=1)
        names = calling.NameCounts(rows_of, pooled.made, pooled.crowd, pooled.invented)
        begin, usual_begin = edges.habits_of(own.begin + before.begin)
        end, usual_end = edges.habits_of(own.end + before.end)
        skill = EntitySkill(
            self.workers,
            self.categories,
            sightings.Marking(
                np.concatenate([marking.log_odds, marking.crowd[:, None]], axis=1),
                marking.crowd,
                marking.prior,
            ),
            names,
            calling.fit(names, *everybody),
            {
                (place, self.categories[said]): row
                for row, (place, said) in enumerate(
                    zip(*(column.tolist() for column in everybody), strict=True)
                )
            },
            np.concatenate([begin, usual_begin[:, None]], axis=1),
            np.concatenate([end, usual_end[:, None]], axis=1),
        )
        right, made = self._right(rows), own.marked[:, 0].sum(axis=0) + before.marked[:, 0].sum(axis=0)
        typical = (right.sum() + _PRIOR * TYPICAL) / (made.sum() + _PRIOR)
        shares = (right + _PRIOR * typical) / (made + _PRIOR)
        reliability = dict(zip(self.workers, shares.tolist(), strict=True))
        return Learned(skill, self._tallies(own), reliability, float(typical))

    def _right(self, rows: Floats) -> Floats:
        pairs = np.array(list(self.rows), dtype=np.int64).reshape(-1, 2)
        return np.bincount(pairs[:, 0], rows[pairs[:, 1], np.arange(len(pairs))], len(self.workers))

    def _tallies(self, own: span_workers.SpanCounts) -> Tallies:
        workers: dict[str, dict[Key, float]] = {}
        sums = [*zip(_MARKED[0], own.marked[0], strict=True), *zip(_MARKED[1], own.marked[1], strict=True)]
        sums += [*zip(_BEGIN, own.begin, strict=True), *zip(_END, own.end, strict=True)]
        for worker, place in self.workers.items():
            workers[worker] = {key: float(values[place]) for key, values in sums if values[place]}
        ids = list(self.workers)
        for (worker, said), row in self.rows.items():
            mine, name = workers[ids[worker]], self.categories[said]
            if own.invented[row]:
                mine[_NOTHING, name] = float(own.invented[row])
            for true in np.flatnonzero(own.named[:, row]).tolist():
                mine[_NAMED, self.categories[true], name] = float(own.named[true, row])
        return Tallies({worker: sums for worker, sums in workers.items() if sums})


def _truth(
    evidence: Sequence[EntityEvidence], number: Mapping[str, int]
) -> tuple[Integers, Integers, Integers]:
    """Of every entity its category, start and end as far as they are known: -1 where not, category -2 where it is not real."""
    rows: list[tuple[int, int, int]] = []
    for shown in evidence:
        if shown.truth is None:
            rows += [(-1, -1, -1)] * shown.entities
            continue
        rows += [
            (-2, -1, -1) if known is None else (number[known[2]], known[0], known[1]) for known in shown.truth
        ]
    truth, begin, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return truth, begin, end
