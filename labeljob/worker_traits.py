"""What a job's workers did, counted on the way through its answers: how much, how fast, how alike to each other and to themselves."""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np

from consolidation.estimation.agreement import krippendorff_alpha
from consolidation.learning import ElementKind
from consolidation.reading import Element, ReadObject
from labeljob.requests import SECONDS

_LEAST = 10
"""Answers, or times, from which on a pattern is told."""
_CONSTANT = 0.9
"""Share of a worker's answers that are one and the same, from which on it may be a pattern."""
_CHANCE = 1e-3
"""Largest probability, over all workers or pairs together, at which chance is no explanation."""
_COPIES = 3
_FREE_HAND = 0.5
"""Share of answers that are given to several objects, below which an element is one that is drawn or written freely."""
_HASTE = 0.25
"""Share of the usual time under which a worker is too fast."""
_COMMENT = "workerComment"


@dataclass(slots=True)
class _Pair:
    """What two workers did on the data objects that both answered."""

    shared: int = 0
    expected: float = 0.0
    same: int = 0
    apart: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    alike: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Traits:
    """What workers did at one form element.

    Attributes:
        answers: how many each gave.
        given: how often each worker gave which answer (by its digest).
    """

    answers: Counter[str] = field(default_factory=Counter)
    given: defaultdict[str, Counter[bytes]] = field(default_factory=lambda: defaultdict(Counter))
    _objects: Counter[bytes] = field(default_factory=Counter)
    _item: array[int] = field(default_factory=lambda: array("q"))
    _said: array[int] = field(default_factory=lambda: array("q"))
    _number: dict[bytes, int] = field(default_factory=dict)
    _items: int = 0
    _compared: Counter[str] = field(default_factory=Counter)
    _dissents: Counter[str] = field(default_factory=Counter)
    _against: defaultdict[str, Counter[tuple[bytes, bytes]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _wrong: defaultdict[bytes, Counter[bytes]] = field(default_factory=lambda: defaultdict(Counter))
    _pairs: defaultdict[tuple[str, str], _Pair] = field(default_factory=lambda: defaultdict(_Pair))

    def add(self, given: Mapping[str, bytes]) -> None:
        """Add a data object: each worker's answer, as a digest."""
        new = {answer for answer in given.values() if answer not in self._objects}
        for worker, answer in given.items():
            self.answers[worker] += 1
            self.given[worker][answer] += 1
            self._item.append(self._items)
            self._said.append(self._number.setdefault(answer, len(self._number)))
        self._items += 1
        counts = Counter(given.values())
        self._objects.update(counts.keys())
        majority = next((answer for answer, votes in counts.items() if 2 * votes > len(given)), None)
        apart = {worker: answer for worker, answer in given.items() if answer != majority}
        if majority is not None:
            for worker in given:
                self._compared[worker] += 1
                self._dissents[worker] += worker in apart
                self._against[worker][majority, given[worker]] += 1
            self._wrong[majority].update(apart.values())
        share = len(apart) / len(given)
        for one, other in combinations(sorted(given), 2):
            pair = self._pairs[one, other]
            pair.shared += 1
            if given[one] == given[other] and given[one] in new:
                pair.alike.append(given[one])
            if majority is not None:
                pair.expected += share * share
                if one in apart and other in apart:
                    said = majority, apart[one]
                    pair.apart[said] = pair.apart.get(said, 0) + 1
                    pair.same += apart[one] == apart[other]

    def alpha(self) -> float | None:
        """Krippendorff's alpha of the answers, each being like or unlike another; None where they are drawn or written freely."""
        if self._free_hand():
            return None
        return krippendorff_alpha(np.array(self._item, np.int64), np.array(self._said, np.int64))

    def constant(self) -> dict[str, tuple[int, int]]:
        """Workers who give one answer nearly always, whatever the object: how often, of how many.

        Of answers that are drawn or written freely it is enough that others do not give it. Of others it counts how often a worker gives it
        where the majority says something else: more often than chance has it by what all workers do there.
        """
        found = {}
        free_hand = self._free_hand()
        for worker, own in sorted(self.given.items()):
            answer, times = own.most_common(1)[0]
            count = self.answers[worker]
            if count < _LEAST or times < _CONSTANT * count:
                continue
            there, still = (count, times) if free_hand else self._stuck(worker, answer)
            if free_hand:
                everywhere = sum(each[answer] for each in self.given.values())
                usual = everywhere - times, sum(self.answers.values()) - count
            else:
                everybody = [self._stuck(other, answer) for other in self.given if other != worker]
                usual = sum(each for _, each in everybody), sum(each for each, _ in everybody)
            share = (usual[0] + 1) / (usual[1] + 2)
            if there and _binomial_tail(still, there, share) * len(self.given) < _CHANCE:
                found[worker] = (times, count)
        return found

    def _stuck(self, worker: str, answer: bytes) -> tuple[int, int]:
        """On how many objects the majority says something else than an answer, and on how many of these the worker gives it."""
        against = self._against[worker]
        there = {pair: times for pair, times in against.items() if pair[0] != answer}
        return sum(there.values()), sum(times for pair, times in there.items() if pair[1] == answer)

    def _free_hand(self) -> bool:
        """Whether answers are drawn or written freely: most of them are given to one object only."""
        several = {answer for answer, objects in self._objects.items() if objects > 1}
        shared = sum(own[answer] for own in self.given.values() for answer in several & own.keys())
        return shared < _FREE_HAND * sum(self.answers.values())

    def copies(self) -> dict[str, tuple[str, int, int]]:
        """Workers who answer like another far more often than chance has it: who, on how many objects, of how many.

        Of answers that are drawn or written freely every identical one is told, unless it is given to several objects, as an empty one is.
        Of others it is identical answers against the majority, compared with how often two who dissent say the same, and with how often
        these two dissent together. Two who always say the same are told as such.
        """
        free_hand, constant = self._free_hand(), self.constant()
        same = self._identical() if free_hand else {pair: told.same for pair, told in self._pairs.items()}
        tests = max(sum(times > 0 for times in same.values()), 1)
        found: dict[str, tuple[str, int, int]] = {}
        usual = self._usual(same) if free_hand else 0.0
        for (one, other), times in sorted(same.items(), key=lambda item: (-item[1], item[0])):
            if times < _COPIES:
                break  # those that follow have fewer
            if one in constant or other in constant:
                continue
            pair = self._pairs[one, other]
            chance = (
                _poisson_tail(times, usual * pair.shared)
                if free_hand
                else self._dissent_chance(one, other, pair)
            )
            if chance * tests < _CHANCE:
                found.setdefault(one, (other, times, pair.shared))
                found.setdefault(other, (one, times, pair.shared))
        return found

    def _identical(self) -> dict[tuple[str, str], int]:
        """Identical answers of pairs, without those that are given to several objects."""
        return {
            pair: sum(self._objects[answer] == 1 for answer in told.alike)
            for pair, told in self._pairs.items()
        }

    def _usual(self, same: Mapping[tuple[str, str], int]) -> float:
        """How often two workers' answers are the same, by the median pair of those that share objects, and never nothing."""
        shares = [same.get(pair, 0) / told.shared for pair, told in self._pairs.items()]
        shared = sum(told.shared for told in self._pairs.values())
        return median(shares) + 1 / (shared + 1)

    def _dissent_chance(self, one: str, other: str, pair: _Pair) -> float:
        """Probability that two independent workers say the same against the majority as often as these do; of two tests the better."""
        alike = sum(
            times * self._wrong[majority][said] / self._wrong[majority].total()
            for (majority, said), times in pair.apart.items()
        )
        together = sum(sum(told.apart.values()) for told in self._pairs.values())
        agreeing = sum(told.same for told in self._pairs.values()) / together
        mean = self._dissents.total() / self._compared.total()
        rates = [self._dissents[worker] / self._compared[worker] for worker in (one, other)]
        dissenting = math.prod(rates) * pair.expected / (mean * mean) * agreeing
        return 2 * min(_poisson_tail(pair.same, alike), _poisson_tail(pair.same, dissenting))


@dataclass(slots=True)
class Observer:
    """Gathers traits while a job is read; its `see` is shown every data object."""

    traits: dict[ElementKind, Traits] = field(default_factory=dict)
    seconds: defaultdict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))

    def see(self, read: ReadObject) -> None:
        """Add a data object."""
        for node in read.entry.annotations:
            if isinstance(node.value, dict) and isinstance(node.value.get(SECONDS), int | float):
                self.seconds[str(node.value.get("workerId"))].append(node.value[SECONDS])
        for element in read.elements:
            if element.kind is not None and element.answers:
                traits = self.traits.setdefault((element.name, element.kind.name), Traits())
                traits.add(dict(_digests(element, read)))

    def hasty(self) -> dict[str, tuple[float, float]]:
        """Workers who take less than a quarter of the time that workers usually take: seconds, and the usual seconds."""
        medians = {worker: median(times) for worker, times in self.seconds.items() if len(times) >= _LEAST}
        usual = median(medians.values()) if medians else 0.0
        return {worker: (own, usual) for worker, own in sorted(medians.items()) if own < _HASTE * usual}


def _digests(element: Element, read: ReadObject) -> Iterable[tuple[str, bytes]]:
    forms = {form.person: form for form in read.forms.forms}
    for answer in element.answers:
        said = _without_comment(forms[answer.person].answer(element.name, element.kind))
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        yield answer.person, hashlib.blake2b(text.encode(), digest_size=8).digest()


def _without_comment(said: Any) -> Any:
    return (
        {name: value for name, value in said.items() if name != _COMMENT} if isinstance(said, dict) else said
    )


def _poisson_tail(times: int, expected: float) -> float:
    """Probability of at least so many events where so many are expected."""
    if expected <= 0:
        return 0.0 if times else 1.0
    term = math.exp(-expected + times * math.log(expected) - math.lgamma(times + 1))
    total, number = 0.0, times
    while term > total * 1e-12 and number < times + 10_000:
        total += term
        number += 1
        term *= expected / number
    return min(total, 1.0)


def _binomial_tail(times: int, count: int, share: float) -> float:
    """Probability of at least `times` of `count` where each has the probability `share`."""
    inner = (
        math.lgamma(count + 1)
        - math.lgamma(number + 1)
        - math.lgamma(count - number + 1)
        + number * math.log(share)
        + (count - number) * math.log1p(-share)
        for number in range(times, count + 1)
    )
    return min(sum(map(math.exp, inner)), 1.0)
