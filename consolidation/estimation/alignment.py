"""Texts as sequences of units (words or characters): edit distance, alignment, and the text that most of several agree on word by word.

The alignment of several texts is a word transition network as in ROVER (Fiscus 1997, doi:10.1109/ASRU.1997.659110): texts are aligned one
after another to the slots found so far, and each slot takes the unit with most votes, "nothing" being one. Distances are Levenshtein's,
computed for a whole row of bits at a time (Myers 1999, doi:10.1145/316542.316550, as given by Hyyro 2003); the path comes from the rows
kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Text = tuple[str, ...]
"""A text as its units."""
Step = tuple[int | None, int | None]
"""A place in one sequence and the place in the other that is aligned with it; None where one has nothing there."""
SHINGLE = 5
"""Units of a shingle."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SLACK = 1e-9


def align(one: Text, other: Text) -> list[Step]:
    """A cheapest alignment of two texts, in order. The same whichever comes first.

    Time O(n * m / word size), memory O(n * m) bits for texts of n and m units.
    """
    if other < one:
        return [(second, first) for first, second in align(other, one)]
    return _path(_masks([(unit,) for unit in one]), len(one), other)


def similarity(one: Text, other: Text, steps: Sequence[Step]) -> float:
    """1 - edit distance / units of the longer text, in [0, 1]; 1 for two empty texts. `steps` is their alignment."""
    same = sum(
        first is not None and second is not None and one[first] == other[second] for first, second in steps
    )
    longest = max(len(one), len(other))
    return 1 - (len(steps) - same) / longest if longest else 1.0


@dataclass(frozen=True, slots=True)
class Shingles:
    """The runs of SHINGLE units in a text (Broder 1997, doi:10.1109/SEQUEN.1997.666900), one ending at each unit.

    Attributes:
        hashes: uint64, shape (h,): the different ones, ascending.
        counts: int64, shape (h,): how often each occurs.
    """

    hashes: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]


def shingles(texts: Sequence[Text]) -> list[Shingles]:
    """The shingles of texts that are to be compared with each other. Time O(units of all), memory 8 bytes per unit of one text."""
    number = {unit: place for place, unit in enumerate(sorted(set().union(*texts)), start=1)}
    made = []
    for text in texts:
        units = np.zeros(len(text) + SHINGLE - 1, np.uint64)
        units[SHINGLE - 1 :] = [number[unit] for unit in text]
        hashes = np.zeros(len(text), np.uint64)
        for place in range(SHINGLE):
            hashes *= _FACTOR
            hashes += units[place : place + len(text)]
        made.append(Shingles(*np.unique(hashes, return_counts=True)))
    return made


def overlap(one: Shingles, other: Shingles) -> float:
    """Shingles in common / shingles of the longer text, in [0, 1]: a similarity for texts too long to align.

    Lower than that of an alignment, as a rule: an error spoils every shingle it is in.
    """
    _, first, second = np.intersect1d(one.hashes, other.hashes, assume_unique=True, return_indices=True)
    longest = int(max(one.counts.sum(), other.counts.sum()))
    common = int(np.minimum(one.counts[first], other.counts[second]).sum())
    return common / longest if longest else 1.0


@dataclass(frozen=True, slots=True)
class SlotVotes:
    """What several texts say of each slot of one text: of each of its units, and of each place where a text has units that it lacks.

    Attributes:
        units: float64, shape (n,): votes for each unit of the text.
        gaps: float64, shape (g,): votes for nothing at each place where somebody has something more.
        total: votes of all.
    """

    units: Floats
    gaps: Floats
    total: float

    @property
    def share(self) -> float:
        """Mean share of the votes that the units have; 0 for none."""
        return float(self.units.mean()) / self.total if len(self.units) else 0.0


def slot_votes(
    text: Text, alignments: Sequence[Sequence[Step]], others: Sequence[Text], weights: Sequence[float]
) -> SlotVotes:
    """Votes on the slots of a text.

    Args:
        text: of n units.
        alignments: of the text with each of the others.
        others: the texts that vote.
        weights: their votes.

    A text that is equal votes for every unit and every gap. Time O(units of all).
    """
    units = np.zeros(len(text))
    more: dict[tuple[int, int], float] = {}
    for steps, other, weight in zip(alignments, others, weights, strict=True):
        place, run = 0, 0
        for first, second in steps:
            if first is None:
                more[place, run] = more.get((place, run), 0.0) + weight
                run += 1
                continue
            place, run = first + 1, 0
            if second is not None and text[first] == other[second]:
                units[first] += weight
    total = float(sum(weights))
    return SlotVotes(units, total - np.array([more[slot] for slot in sorted(more)], dtype=np.float64), total)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A unit that most texts have at a place.

    Attributes:
        unit: which.
        sources: (text, place in it) of each that has it, ascending.
    """

    unit: str
    sources: tuple[tuple[int, int], ...]


def agreed_units(texts: Sequence[Text], weights: Sequence[float], skills: Sequence[float]) -> list[Agreed]:
    """Align texts into a word transition network and vote in each of its slots.

    Args:
        texts: in the order in which they are aligned: the most central first.
        weights: votes of each, > 0.
        skills: what breaks ties, >= 0.

    Returns:
        The units that win their slots, in order; slots that nothing wins are left out. Ties: higher summed skill, then what
        the text aligned first has there.

    Time O(W * n * s / word size) for W texts of n units and s slots, memory O(n * s) bits.
    """
    slots: list[dict[str, list[tuple[int, int]]]] = []
    for number, text in enumerate(texts):
        grown = []
        for slot, place in _path(_masks(slots), len(slots), text):
            found = slots[slot] if slot is not None else {}
            if place is not None:
                found.setdefault(text[place], []).append((number, place))
            grown.append(found)
        slots = grown
    return list(_winners(slots, weights, skills))


def _winners(
    slots: Sequence[Mapping[str, list[tuple[int, int]]]], weights: Sequence[float], skills: Sequence[float]
) -> Iterator[Agreed]:
    for slot in slots:
        holders = {unit: [text for text, _ in sources] for unit, sources in slot.items()}
        silent = set(range(len(weights))).difference(*holders.values())
        options = [*((unit, holders[unit]) for unit in slot), *([(None, sorted(silent))] if silent else [])]
        votes = [sum(weights[text] for text in texts) for _, texts in options]
        trust = [sum(skills[text] for text in texts) for _, texts in options]
        leading = [place for place, cast in enumerate(votes) if cast >= max(votes) * (1 - _SLACK)]
        most = max(trust[place] for place in leading) * (1 - _SLACK)
        best = min((options[place][1][0], options[place][0]) for place in leading if trust[place] >= most)[1]
        if best is not None:
            yield Agreed(best, tuple(slot[best]))


def _masks(slots: Sequence[Sequence[str] | Mapping[str, object]]) -> dict[str, int]:
    """For each unit the slots that hold it, as bits."""
    places: dict[str, list[int]] = {}
    for place, units in enumerate(slots):
        for unit in units:
            places.setdefault(unit, []).append(place)
    masks = {}
    for unit, held in places.items():
        bits = bytearray(len(slots) // 8 + 1)
        for place in held:
            bits[place >> 3] |= 1 << (place & 7)
        masks[unit] = int.from_bytes(bits, "little")
    return masks


def _path(masks: Mapping[str, int], slots: int, text: Text) -> list[Step]:
    """A cheapest path of a text through slots: a step costs nothing where the slot holds the unit, else 1.

    Of equally cheap paths, from the end: the one that takes a slot that holds the unit, then one that skips a slot, then one that skips a
    unit.
    """
    full = (1 << slots) - 1
    rising, falling = full, 0  # where the cost grows, or shrinks, from one slot to the next
    rows = [(rising, falling)]
    for unit in text:
        equal = masks.get(unit, 0)
        free = (((equal & rising) + rising) ^ rising) | equal | falling
        more = falling | ~(free | rising)
        less = free & rising
        more = more << 1 | 1
        rising = (less << 1 | ~(free | more)) & full
        falling = free & more & full
        rows.append((rising, falling))
    steps: list[Step] = []
    slot, place = slots, len(text)
    while slot and place:
        bit = 1 << slot - 1
        if masks.get(text[place - 1], 0) & bit:
            slot, place = slot - 1, place - 1
            steps.append((slot, place))
        elif rows[place][0] & bit:
            slot -= 1
            steps.append((slot, None))
        elif rows[place - 1][1] & bit:
            place -= 1
            steps.append((None, place))
        else:
            slot, place = slot - 1, place - 1
            steps.append((slot, place))
    steps += [(left, None) for left in reversed(range(slot))]
    steps += [(None, left) for left in reversed(range(place))]
    return steps[::-1]
