"""How able workers are at marking parts: what one data object shows, what a batch teaches, and what both say of a data object's parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.matching import Clusters
from consolidation.estimation.naming import (
    UNNAMED,
    Names,
    Naming,
    Table,
    learn_names,
    triple,
    untripled,
)
from consolidation.estimation.placing import PlaceCounts, Places, Placing, learn_places
from consolidation.estimation.presence import (
    COUNTS,
    UNKNOWN,
    Marks,
    Rates,
    existence_posterior,
    learn_presence,
)
from consolidation.estimation.tallies import Key, Tallies, total
from consolidation.kinds.base import Answer, Task
from consolidation.kinds.part_columns import Columns
from consolidation.kinds.skill import Learned

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_CONFUSION = "confusion"
_PLACED, _OFFSET, _SQUARE = "placed", "offset", "square"
_NORMAL, _GOLD = ("normal",), ("gold",)


@dataclass(frozen=True, slots=True)
class PartsEvidence:
    """Who marked what on one data object.

    Attributes:
        workers: persons who could have marked its parts; a gold answer is none of them.
        part: int64, shape (M,): the part marked, in [0, parts).
        worker: int64, shape (M,): place in `workers`; UNKNOWN for a gold answer.
        said: int64, shape (M,): place of the label category in `names`.
        names: label categories.
        parts: how many there are.
        gold: whether there is a gold answer.
        offset: float64, shape (M, D): where each mark lies beside the middle of its part, in units of the part's size; None for kinds
            without coordinates.
    """

    workers: tuple[str, ...]
    part: Integers
    worker: Integers
    said: Integers
    names: tuple[str, ...]
    parts: int
    gold: bool = False
    offset: Floats | None = None

    @classmethod
    def of(
        cls,
        clusters: Clusters,
        columns: Columns,
        answers: Sequence[Answer],
        offset: Floats | None,
    ) -> PartsEvidence:
        """From the marks that mean the same parts.

        Args:
            clusters: of P marks.
            columns: of the marks.
            answers: of all who could have marked the parts; a gold one may be among them.
            offset: as the attribute.
        """
        place: list[int] = []
        persons: list[str] = []
        for answer in answers:
            place.append(UNKNOWN if answer.gold else len(persons))
            persons += [] if answer.gold else [answer.person]
        return cls(
            workers=tuple(persons),
            part=clusters.part,
            worker=np.array(place, np.int64)[columns.worker[clusters.marks]],
            said=columns.said[clusters.marks],
            names=columns.names,
            parts=len(clusters),
            gold=UNKNOWN in place,
            offset=offset,
        )


@dataclass(frozen=True, slots=True)
class PartsSkill:
    """What is known of the workers of a job at marking parts.

    Attributes:
        persons: place of each worker in the arrays; who is not named has the last.
        categories: number of each label category.
        rates: chances to find and to invent.
        naming: how they confuse categories.
        placing: their biases and noises; None where parts have no coordinates.
    """

    persons: Mapping[str, int]
    categories: Mapping[str, int]
    rates: Rates
    naming: Naming
    placing: Placing | None = None

    def __bool__(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.persons)

    def places(self, persons: Iterable[str]) -> Integers:
        """Where each person is in the arrays."""
        stranger = len(self.persons)
        return np.array([self.persons.get(person, stranger) for person in persons], np.int64)

    def numbers(self, categories: Iterable[str]) -> Integers:
        """The number of each category, those that are not known after those that are."""
        unknown = len(self.categories)
        return np.array(
            [self.categories.get(name, unknown + place) for place, name in enumerate(categories)], np.int64
        )

    def existence(
        self, part: Integers, worker: Integers, crew: Integers, parts: int, silence: float
    ) -> Floats:
        """Probability that each part of a data object is real.

        Args:
            part, worker: int64, shape (M,): who marked what, as places in `crew`.
            crew: int64, shape (n,): `places` of the workers.
            parts: how many there are.
            silence: see `existence_posterior`.

        Returns:
            float64, shape (parts,), in (0, 1).
        """
        own = Rates(self.rates.found[crew], self.rates.invented[crew], self.rates.odds)
        seats = np.arange(len(crew))
        nobody = np.zeros(parts, np.int64)
        return existence_posterior(
            Marks(part, worker, nobody, np.zeros_like(seats), seats, nobody + UNKNOWN), own, silence
        )

    def reliability(self) -> Floats:
        """Expected Dice coefficient of a worker's parts with the real ones, times the chance to name one rightly; shape (W + 1,)."""
        found = self.rates.odds * self.rates.found
        dice: Floats = 2 * found / (found + self.rates.invented + self.rates.odds)
        return dice * self.naming.accuracy


def learn_parts(evidence: Sequence[PartsEvidence], known: Tallies, task: Task) -> Learned:
    """The skill of workers at marking parts, from many data objects.

    Args:
        evidence: of each data object.
        known: statistics of earlier batches: COUNTS, and `("confusion", true, said)`.
        task: of the job.

    Time as `learn_presence` and `learn_names`.
    """
    persons = sorted({person for one in evidence for person in one.workers} | set(known.workers))
    place = {person: number for number, person in enumerate(persons)}
    named = {
        key[position]
        for sums in known.workers.values()
        for key in sums
        if key[0] == _CONFUSION
        for position in (1, 2)
    }
    categories = task.categories(named.union(*(one.names for one in evidence)))
    number = {name: position for position, name in enumerate(categories)}
    batch = _Batch.of(evidence, place, number)
    presence = learn_presence(batch.marks, known.table(persons, [(what,) for what in COUNTS]).T)
    naming, confusions = learn_names(
        Names.of(batch.marks.part, batch.marks.worker, batch.said, len(batch.marks.crew)),
        presence.real,
        batch.true,
        len(persons),
        task.choices(categories),
        _confusions(known, place, number),
    )
    placing, places = _learn_places(evidence, place, presence.real, known)
    skill = PartsSkill(place, number, presence.rates, naming, placing)
    *reliability, typical = skill.reliability().tolist()
    if not persons:
        return Learned(skill, Tallies())
    return Learned(
        skill,
        total([_tallies(persons, categories, presence.counts, confusions), _place_tallies(persons, places)]),
        dict(zip(persons, reliability, strict=True)),
        typical,
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """The marks of many data objects.

    Attributes:
        said: int64, shape (M,): category of each mark.
        true: int64, shape (C,): category of each part, UNNAMED unless a gold answer tells it.
    """

    marks: Marks
    said: Integers
    true: Integers

    @classmethod
    def of(
        cls, evidence: Sequence[PartsEvidence], place: Mapping[str, int], number: Mapping[str, int]
    ) -> _Batch:
        """Put the evidence together. Time O(M)."""
        crews: dict[tuple[int, ...], int] = {}
        columns: dict[str, list[Integers]] = {
            name: [] for name in ("part", "worker", "said", "crew", "truth", "true")
        }
        parts = 0
        for one in evidence:
            own = np.array([place[person] for person in one.workers], np.int64)
            crew = crews.setdefault(tuple(sorted(own.tolist())), len(crews))
            said = np.array([number[name] for name in one.names], np.int64)[one.said]
            gold = one.worker == UNKNOWN
            truth = np.full(one.parts, 0 if one.gold else UNKNOWN)
            true = np.full(one.parts, UNNAMED)
            truth[one.part[gold]], true[one.part[gold]] = 1, said[gold]
            columns["part"].append(one.part[~gold] + parts)
            columns["worker"].append(own[one.worker[~gold]])
            columns["said"].append(said[~gold])
            columns["crew"].append(np.full(one.parts, crew))
            columns["truth"].append(truth)
            columns["true"].append(true)
            parts += one.parts
        joined = {name: np.concatenate([np.zeros(0, np.int64), *many]) for name, many in columns.items()}
        seats = [(crew, worker) for members, crew in crews.items() for worker in members]
        seat_crew, seat_worker = np.array(seats, np.int64).reshape(-1, 2).T
        marks = Marks(
            joined["part"], joined["worker"], joined["crew"], seat_crew, seat_worker, joined["truth"]
        )
        return cls(marks, joined["said"], joined["true"])


def _confusions(known: Tallies, place: Mapping[str, int], number: Mapping[str, int]) -> Table:
    rows = [
        (place[person], number[key[1]], number[key[2]], value)
        for person, sums in known.workers.items()
        for key, value in sums.items()
        if key[0] == _CONFUSION
    ]
    worker, true, said = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3).T
    return Table.summed(triple(worker, true, said), np.array([row[3] for row in rows], np.float64))


def _tallies(persons: Sequence[str], categories: Sequence[str], counts: Floats, confusions: Table) -> Tallies:
    sums: dict[str, dict[Key, float]] = {
        person: {(what,): value for what, value in zip(COUNTS, row, strict=True) if value}
        for person, row in zip(persons, counts.tolist(), strict=True)
    }
    columns: Any = (*untripled(confusions.keys), confusions.values)
    for worker, true, said, value in zip(*(column.tolist() for column in columns), strict=True):
        if value:
            sums[persons[worker]][_CONFUSION, categories[true], categories[said]] = value
    return Tallies({person: own for person, own in sums.items() if own})


def _learn_places(
    evidence: Sequence[PartsEvidence], place: Mapping[str, int], real: Floats, known: Tallies
) -> tuple[Placing | None, PlaceCounts | None]:
    """How workers place parts, where parts have coordinates; gold answers have the number behind the last worker's."""
    told = [sums for sums in known.workers.values() if any(key[0] == _PLACED for key in sums)]
    offsets = [one.offset for one in evidence if one.offset is not None and len(one.offset)]
    coordinates = (
        offsets[0].shape[1]
        if offsets
        else max((len([0 for key in sums if key[0] == _PLACED]) for sums in told), default=0)
    )
    if not coordinates:
        return None, None
    starts = np.cumsum([0, *(one.parts for one in evidence)])
    part = [one.part + start for one, start in zip(evidence, starts.tolist(), strict=False)]
    worker = [
        np.array([*(place[person] for person in one.workers), len(place)], np.int64)[one.worker]
        for one in evidence
    ]
    nothing = np.zeros(0, np.int64)
    places = Places(
        np.concatenate([nothing, *part]),
        np.concatenate([nothing, *worker]),
        np.concatenate([np.zeros((0, coordinates)), *offsets]),
    )
    return learn_places(places, real, _known_places(place, coordinates, known))


def _known_places(place: Mapping[str, int], coordinates: int, known: Tallies) -> PlaceCounts:
    def of(keys: Sequence[Key]) -> Floats:
        return known.table(list(place), keys).T

    placed, offset, square = (
        of([(what, str(axis)) for axis in range(coordinates)]) for what in (_PLACED, _OFFSET, _SQUARE)
    )
    return PlaceCounts(placed, offset, square, of([_NORMAL])[:, 0], of([_GOLD])[:, 0])


def _place_tallies(persons: Sequence[str], counts: PlaceCounts | None) -> Tallies:
    if counts is None:
        return Tallies()
    sums: dict[str, dict[Key, float]] = {}
    for number, person in enumerate(persons):
        own: dict[Key, float] = {_NORMAL: float(counts.normal[number]), _GOLD: float(counts.gold[number])}
        for what, values in ((_PLACED, counts.placed), (_OFFSET, counts.offset), (_SQUARE, counts.square)):
            own |= {(what, str(axis)): value for axis, value in enumerate(values[number].tolist())}
        sums[person] = {key: value for key, value in own.items() if value}
    return Tallies({person: own for person, own in sums.items() if own})
