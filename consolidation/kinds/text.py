"""Text: what workers wrote, such as a transcript, a name or a comment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from consolidation.estimation.alignment import (
    Agreed,
    Shingles,
    SlotVotes,
    Text,
    agreed_units,
    align,
    overlap,
    shingles,
    similarity,
    slot_votes,
)
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import count_votes, existence, existences, winner
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Consensus, Kind, Save, Support, Task, probability, text_within
from consolidation.kinds.skill import Learned, Study
from consolidation.kinds.text_skill import TextEvidence, TextSkill, learn_text_skill
from consolidation.kinds.words import Unit, characters_of, is_one_word, joined, words_of
from shared.json_node import Json, JsonNode, write_json
from shared.settings import Limits

Floats = npt.NDArray[np.float64]
LONGEST = 5_000
"""Units of one text up to which texts are aligned."""
MOST = 500_000
"""Different texts times the units of all of them, up to which texts are aligned: a second or so of work."""
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class MergedText:
    """The text and how it came about.

    Attributes:
        value: the text.
        method: `vote`, `alignment` or `medoid`.
        alternatives: every writing with who wrote it, most votes first.
    """

    value: str
    method: str
    alternatives: tuple[tuple[str, Support], ...]


class TextKind(Kind):
    """Text: `crowd-input`, `crowd-text-area`.

    Recognised: every string that no kind before it in the table takes. Where the setting `element-kinds` says so, numbers too.
    Matched: texts are compared word by word, without case and without punctuation at the ends of words (`kinds.words`); character by
    character when no text at all has a blank inside (names, serial numbers), and wherever the script has no blanks.
    Fused: `vote`: a text that more than `quorum` of the votes wrote, in its most frequent writing. Else `alignment`: all texts are
    aligned into a word transition network, from the medoid on by distance from it, and each slot takes the unit with most votes, in its
    most frequent writing there. Else `medoid`: of all texts the one of highest confidence. Of these two the one of higher confidence, and
    an alignment only if its words have on the mean more than `quorum` of the votes: texts that say different things are not mixed.
    Under `em` a worker has the votes that the share of the worker's words that are right is worth, as the likeness of the worker's texts
    to the others' tells it (`estimation.likeness`): hardly any for one who agrees with nobody.
    Quorum: a medoid says `quorum` in its reasons, an alignment `quorum:part-N` for its Nth unit when no more than `quorum` of the votes
    have it.
    Tie between texts: higher votes, then higher summed skill, then the text that comes first in code point order; the label says `tie`.
    In a slot: higher summed skill, then what the text nearest to the medoid has.
    Single worker: that worker's text, confidence null. Empty answer: a field left empty is no answer; an empty string is a text.
    Duplicate worker: the last answer counts.
    Confidence: expected share of the label's units that are right: the sum of their probabilities, over their number and that of the
    units expected to be missing; each unit, and each place where somebody wrote more, by `estimation.votes.existence`. Of an empty text:
    the probability that nothing is missing. An answer equal to the label never lowers it (but where it brings the texts over
    the limit below). Since every other word counts as the same rival, it errs on the low side.
    Agreement: mean over worker pairs of 1 - edit distance / units of the longer text. A worker's agreement with the label: the same of
    the worker's text and the label.
    Limit: texts of more than 5,000 units, or different texts times their units beyond 500,000, are not aligned: similarity is then the
    share of runs of five units in common, and the confidence `estimation.votes.existence` of the mean similarity.
    Time O(D * U^2 / word size) for D different texts of U units in all, memory O(U^2) bits for the longest pair and O(D^2).
    Source: Fiscus 1997 (ROVER).
    """

    name: ClassVar[str] = "text"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, str)

    def accepts(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, str | int | float) and not isinstance(element, bool)

    def parse(self, element: JsonNode, limits: Limits) -> str:
        """Read the text; a number as JSON writes it."""
        if isinstance(element.value, str):
            return text_within(element, limits, empty=True)
        return write_json(element.number())

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """How alike the texts are, and how like the gold answer's."""
        del task
        if len(answers) == 1:
            return Study(None)
        texts = _texts(answers)
        alike = texts.likeness()
        number = np.array(texts.text_of)
        gold = np.array([answer.gold for answer in answers])
        to_truth = alike[number[~gold], number[gold][0]] if gold.any() else None
        people = tuple(answer.person for answer in answers if not answer.gold)
        return Study(TextEvidence(people, alike[np.ix_(number[~gold], number[~gold])], to_truth))

    def learn(self, evidence: Sequence[TextEvidence], known: Tallies, task: Task) -> Learned:
        """How much of what each worker writes is right."""
        del task
        return learn_text_skill(evidence, known)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Vote, align or choose; see the class for the rules."""
        alternatives = _alternatives(answers)
        if isinstance(task.skill, TextSkill):
            votes = [task.skill.of(answer.person) for answer in answers]
            answers = [
                replace(answer, weight=answer.weight * own, skill=own)
                for answer, own in zip(answers, votes, strict=True)
            ]
        texts = _texts(answers)
        chosen = _vote(texts, task.settings.quorum) or _aligned(texts, task.settings.quorum)
        shares = texts.similarities_to(chosen.text)
        return Consensus(
            merged=MergedText(chosen.value, chosen.method, alternatives),
            confidence=texts.confidence(chosen.text),
            agreement=texts.pair_agreement(),
            worker_agreement={
                answer.worker_id: shares[place] for answer, place in zip(answers, texts.text_of, strict=True)
            },
            reasons=chosen.reasons,
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`value`, `confidence`, how it was found, and everything that was written."""
        merged: MergedText = consensus.merged
        alternatives: list[Any] = [
            {"value": writing, "support": support.to_wire()} for writing, support in merged.alternatives
        ]
        return {
            "value": merged.value,
            "confidence": probability(consensus.confidence),
            "method-of-value": merged.method,
            "alternatives": alternatives,
        }


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The text that becomes the label: its units, its writing, how it was found, why it needs review."""

    text: Text
    value: str
    method: str
    reasons: tuple[str, ...] = ()


class _Texts:
    """The different texts of several answers, in code point order of their units, and how far they are from each other."""

    def __init__(self, answers: Sequence[Answer], *, characters: bool) -> None:
        self.characters = characters
        folded = {writing: _folded(self.units(writing)) for writing in {answer.value for answer in answers}}
        self.texts: list[Text] = sorted(set(folded.values()))
        number = {text: place for place, text in enumerate(self.texts)}
        self.text_of = [number[folded[answer.value]] for answer in answers]
        places = np.array(self.text_of, np.int64)
        self.weights = count_votes(places, np.array([answer.weight for answer in answers]), len(number))
        self.skills = count_votes(places, np.array([answer.skill for answer in answers]), len(number))
        self.total = float(self.weights.sum())
        self.writings = [self._most_frequent(answers, place) for place in range(len(self.texts))]
        most = sum(len(text) for text in self.texts) * len(self.texts)
        self.alignable = max(map(len, self.texts)) <= LONGEST and most <= MOST
        self._compared: dict[Text, tuple[list[float], SlotVotes | None]] = {}
        self._units: dict[int, tuple[Unit, ...]] = {}

    def units(self, writing: str) -> tuple[Unit, ...]:
        """The units in which these texts are compared."""
        return characters_of(writing) if self.characters else words_of(writing)

    def units_of(self, place: int) -> tuple[Unit, ...]:
        """The units of a text in its most frequent writing."""
        if place not in self._units:
            self._units[place] = self.units(self.writings[place])
        return self._units[place]

    def similarities_to(self, text: Text) -> list[float]:
        """Similarity of a text to each of the texts."""
        return self._compare(text)[0]

    def likeness(self) -> Floats:
        """float64, shape (D, D): similarity of each text to each. Half the work of asking for one after the other."""
        alike = np.eye(len(self.texts))
        for one, other in combinations(range(len(self.texts)), 2):
            pair = self.texts[one], self.texts[other]
            alike[one, other] = alike[other, one] = (
                similarity(*pair, align(*pair))
                if self.alignable
                else overlap(self._shingles[one], self._shingles[other])
            )
        return alike

    def votes(self, text: Text) -> SlotVotes | None:
        """What the workers say of each slot of a text; None where texts are too long to align."""
        return self._compare(text)[1]

    def confidence(self, text: Text) -> float:
        """Expected share of a text's units that are right; see `TextKind`."""
        votes = self.votes(text)
        if votes is None:
            return existence(float(np.dot(self.weights, self.similarities_to(text))), self.total)
        missing = 1 - existences(votes.gaps, self.total - votes.gaps)
        if not text:
            return 1 - float(missing.max()) if len(missing) else existence(self.total, self.total)
        right = existences(votes.units, self.total - votes.units)
        return float(right.sum() / (len(right) + missing.sum()))

    def pair_agreement(self) -> float | None:
        """Mean similarity of two workers' texts."""
        heads = Counter(self.text_of)
        pairs = len(self.text_of) * (len(self.text_of) - 1) / 2
        if not pairs:
            return None
        alike = sum(count * (count - 1) / 2 for count in heads.values())
        for one, other in combinations(range(len(self.texts)), 2):
            alike += heads[one] * heads[other] * self.similarities_to(self.texts[one])[other]
        return min(alike / pairs, 1.0)

    def ranked(self) -> list[int]:
        """The texts by confidence, then votes, then skill, then code points: the first is the medoid."""
        return sorted(
            range(len(self.texts)),
            key=lambda place: (
                -round(self.confidence(self.texts[place]), 12),
                -round(float(self.weights[place]), 9),
                -round(float(self.skills[place]), 9),
                place,
            ),
        )

    def _compare(self, text: Text) -> tuple[list[float], SlotVotes | None]:
        if text not in self._compared:
            self._compared[text] = self._aligned(text) if self.alignable else self._unaligned(text)
        return self._compared[text]

    def _aligned(self, text: Text) -> tuple[list[float], SlotVotes]:
        alignments = [align(text, other) for other in self.texts]
        shares = [similarity(text, other, steps) for other, steps in zip(self.texts, alignments, strict=True)]
        return shares, slot_votes(text, alignments, self.texts, self.weights.tolist())

    def _unaligned(self, text: Text) -> tuple[list[float], None]:
        own = self._shingles[self.texts.index(text)]
        return [overlap(own, other) for other in self._shingles], None

    @cached_property
    def _shingles(self) -> list[Shingles]:
        return shingles(self.texts)

    def _most_frequent(self, answers: Sequence[Answer], place: int) -> str:
        written = zip(answers, self.text_of, strict=True)
        said = ((str(answer.value), answer) for answer, text in written if text == place)
        return count_ballot(said).choice


def _texts(answers: Sequence[Answer]) -> _Texts:
    return _Texts(answers, characters=all(is_one_word(answer.value) for answer in answers))


def _vote(texts: _Texts, quorum: float) -> _Chosen | None:
    """The text that has a quorum, if one has."""
    best, tied = winner(texts.weights, texts.skills)
    if texts.weights[best] <= quorum * texts.total:
        return None
    return _Chosen(texts.texts[best], texts.writings[best], "vote", ("tie",) if tied else ())


def _aligned(texts: _Texts, quorum: float) -> _Chosen:
    """The alignment of all texts or the medoid, whichever is surer."""
    ranked = texts.ranked()
    medoid = texts.texts[ranked[0]]
    sure = texts.confidence(medoid)
    tied = texts.confidence(texts.texts[ranked[1]]) >= sure - _TIE
    reasons = ("tie",) if tied else ()
    if texts.alignable:
        value = _network(texts, ranked)
        text = _folded(texts.units(value))
        votes = texts.votes(text)
        if votes is not None and votes.share > quorum and texts.confidence(text) >= sure - _TIE:
            if text in texts.texts:
                value = texts.writings[texts.texts.index(text)]
            else:
                reasons = ()
            parts = tuple(_without_quorum(votes, quorum))
            return _Chosen(text, value, "alignment", (*reasons, *parts))
    return _Chosen(medoid, texts.writings[ranked[0]], "medoid", (*reasons, "quorum"))


def _network(texts: _Texts, ranked: Sequence[int]) -> str:
    """The text that most of the texts have in each slot of their alignment, which begins with the medoid and goes on by distance."""
    near = texts.similarities_to(texts.texts[ranked[0]])
    order = sorted(ranked, key=lambda place: (-round(near[place], 9), place))
    agreed = agreed_units(
        [texts.texts[place] for place in order],
        [float(texts.weights[place]) for place in order],
        [float(texts.skills[place]) for place in order],
    )
    units = [_written(one, texts, order) for one in agreed]
    return joined(units, characters=texts.characters)


def _written(agreed: Agreed, texts: _Texts, order: Sequence[int]) -> Unit:
    """A unit of the network in its most frequent writing there; of equals, the first in code point order."""
    votes: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for text, place in agreed.sources:
        unit = texts.units_of(order[text])[place]
        votes[unit.writing, unit.spaced] += float(texts.weights[order[text]])
    writing, spaced = min(votes, key=lambda option: (-round(votes[option], 9), option))
    return Unit(agreed.unit, writing, spaced)


def _without_quorum(votes: SlotVotes, quorum: float) -> Iterator[str]:
    for place, support in enumerate(votes.units.tolist(), start=1):
        if support <= quorum * votes.total:
            yield f"quorum:part-{place}"


def _folded(units: Sequence[Unit]) -> Text:
    return tuple(unit.folded for unit in units)


def _alternatives(answers: Sequence[Answer]) -> tuple[tuple[str, Support], ...]:
    total = sum(answer.weight for answer in answers)
    writers: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        writers[answer.value].append(answer)
    supports = {
        writing: Support(
            tuple(answer.worker_id for answer in own),
            len(answers),
            sum(answer.weight for answer in own) / total,
        )
        for writing, own in writers.items()
    }
    return tuple(sorted(supports.items(), key=lambda option: (-round(option[1].share, 9), option[0])))
