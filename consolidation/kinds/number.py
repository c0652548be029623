"""Number: one number per data object, such as a slider's or a count."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from consolidation.estimation.medians import middle
from consolidation.estimation.robust import chance_within, spread
from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import existence
from consolidation.kinds.base import Answer, Consensus, Kind, Save, Support, Task, probability
from consolidation.kinds.scatter_skill import ScatterEvidence, ScatterSkill, learn_scatter_skill
from consolidation.kinds.skill import Learned, Study
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Number: TypeAlias = int | float

_CANONICAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)
_LENIENT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_DIGITS = 15
"""Significant decimal digits that every float keeps."""
_LONGEST = 40
"""Characters of a text that is still read as a number."""
_EXACT = 2**53
"""Whole floats below it are exact."""
_FAR = 3
"""An answer more than so many tolerances from the value is an outlier."""
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class MergedNumber:
    """The number and how it came about.

    Attributes:
        value: the weighted median.
        spread: standard deviation of the answers' bulk, >= 0.
        tolerance: how near the truth the value is said to be, >= 0.
        support: who gave a number near it.
        values: (worker id, number, whether it is an outlier), by number, then worker id.
    """

    value: Number
    spread: float
    tolerance: float
    support: Support
    values: tuple[tuple[str, Number, bool], ...]


class NumberKind(Kind):
    """Number: `crowd-slider`, `crowd-input type="number"`, a text box in which most workers wrote a number.

    Recognised: a JSON number; or a string that is one in canonical form: an optional minus, no leading zeros, no blanks, at most 15
    significant digits. Read as well where most answers are numbers: blanks around, a plus sign, leading zeros, an exponent.
    Matched: nothing to match.
    Fused: the weighted median, an answer that somebody gave; where the votes split exactly in half, the mean of the two middle ones, so
    that two workers give their mean. Whole numbers give a whole number wherever that is one. Why no mean or M-estimator:
    `estimation.robust`.
    Under `em`: a batch shows how much too large or too small each worker's numbers are, and how unsteady (`estimation.scatter`, on a
    logarithmic scale that is linear near 0). The bias is taken off, unless all say the same; the vote counts for the usual noise over the
    worker's. Support and outliers are judged without the biases too; `values` are as given.
    Quorum: the value stands in any case; when no more than `quorum` of the votes lie within three tolerances of it, it says `quorum` in its
    reasons. Answers farther away are outliers: they are marked as such and count like the others.
    Tie: none can arise.
    Single worker: that worker's number, confidence null. Empty answer: a field left empty is no answer. Duplicate worker: the last answer
    counts.
    Confidence: probability that the truth lies within `tolerance` of the value, `tolerance` being the setting `number-tolerance` times the
    value's size: the probability that those who are no outliers are right (`estimation.votes.existence`), times that of their centre
    lying so near (`estimation.robust.chance_within`).
    Agreement: mean over worker pairs of 1 - |x - y| / max(|x|, |y|), at least 0; two zeros agree. It does not depend on the unit, but on
    where zero is: numbers around an arbitrary zero agree little. A worker's agreement with the label is the same of the worker's number and
    the value.
    Time O(W^2), memory O(W^2).
    Source: Student t posterior of a mean under an inverse chi-squared prior (Gelman et al., Bayesian Data Analysis, 3.2).
    """

    name: ClassVar[str] = "number"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if isinstance(element, str):
            return _is_canonical(element)
        if isinstance(element, bool) or not isinstance(element, int | float):
            return False
        return abs(element) <= sys.float_info.max

    def accepts(self, element: Json) -> bool:
        """See the class."""
        return self.recognise(element) or (isinstance(element, str) and _read(element) is not None)

    def parse(self, element: JsonNode, limits: Limits) -> Number:
        """Read the number; one without a fraction becomes an integer."""
        if not isinstance(element.value, str):
            return _whole(element.number())
        value = _read(element.value)
        if value is None:
            raise element.fail("must be a number, is another text")
        return _whole(value)

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """The workers' numbers on a scale on which they scatter alike, whatever their size: see `_levelled`."""
        workers = [answer for answer in answers if not answer.gold]
        gold = [_levelled(answer.value) for answer in answers if answer.gold]
        values = np.array([_levelled(answer.value) for answer in workers])
        people = tuple(answer.person for answer in workers)
        return Study(ScatterEvidence(people, values, gold[0] if gold else math.nan))

    def learn(self, evidence: Sequence[ScatterEvidence], known: Tallies, task: Task) -> Learned:
        """How much too large or too small each worker's numbers are, and how unsteady: see `estimation.scatter`."""
        return learn_scatter_skill(evidence, known)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Take the weighted median; see the class for the rules."""
        weights = np.array([answer.weight for answer in answers])
        numbers: list[Number] = [answer.value for answer in answers]
        if isinstance(task.skill, ScatterSkill) and len(set(numbers)) > 1:
            off, votes = task.skill.of([answer.person for answer in answers])
            weights *= votes
            numbers = [_corrected(number, by) for number, by in zip(numbers, off.tolist(), strict=True)]
        total = float(weights.sum())
        exponent, scaled = _scaled(numbers)
        lower, upper = middle(scaled, weights)
        value = _between(numbers[lower], numbers[upper])
        centre = float(scaled[lower] / 2 + scaled[upper] / 2)
        tolerance = task.settings.number_tolerance * abs(centre)
        noise = spread(scaled, weights, centre)
        near = np.abs(scaled - centre) <= _FAR * tolerance * (1 + _SLACK)
        supporters = float(weights[near].sum())
        similarities = similarity(scaled, np.append(scaled, centre))
        merged = MergedNumber(
            value=value,
            spread=_unscaled(noise, exponent),
            tolerance=_unscaled(tolerance, exponent),
            support=Support(
                tuple(answer.worker_id for answer, one in zip(answers, near, strict=True) if one),
                len(answers),
                supporters / total,
            ),
            values=tuple(
                sorted(
                    (
                        (answer.worker_id, answer.value, not one)
                        for answer, one in zip(answers, near.tolist(), strict=True)
                    ),
                    key=lambda given: (given[1], given[0]),
                )
            ),
        )
        return Consensus(
            merged=merged,
            confidence=existence(supporters, total) * chance_within(tolerance, noise, total),
            agreement=_mean_of_pairs(similarities[:, :-1]),
            worker_agreement={
                answer.worker_id: float(share)
                for answer, share in zip(answers, similarities[:, -1], strict=True)
            },
            reasons=() if supporters > task.settings.quorum * total else ("quorum",),
        )

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`value`, `spread`, `tolerance`, `confidence`, `support` and every worker's number."""
        merged: MergedNumber = consensus.merged
        values: list[Any] = [
            {"worker-id": worker, "value": value, "outlier": outlier}
            for worker, value, outlier in merged.values
        ]
        return {
            "value": merged.value,
            "spread": merged.spread,
            "tolerance": merged.tolerance,
            "confidence": probability(consensus.confidence),
            "support": merged.support.to_wire(),
            "values": values,
        }


def similarity(values: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 - |x - y| / max(|x|, |y|), at least 0; 1 for two zeros.

    Args:
        values: float64, shape (n,). others: float64, shape (m,). Differences must not overflow.

    Returns:
        float64, shape (n, m), in [0, 1].
    """
    difference = np.abs(values[:, None] - others[None, :])
    size = np.maximum(np.abs(values)[:, None], np.abs(others)[None, :])
    apart = np.divide(difference, size, out=np.zeros_like(difference), where=size > 0)
    alike: npt.NDArray[np.float64] = np.maximum(1 - apart, 0.0)
    return alike


def _mean_of_pairs(similarities: npt.NDArray[np.float64]) -> float | None:
    workers = len(similarities)
    if workers < 2:
        return None
    return float(similarities[np.triu_indices(workers, 1)].mean())


def _levelled(number: Number) -> float:
    """The number's logarithm, but near 0 the number itself, and as far below 0 for one below 0: errors grow with what is told."""
    return math.copysign(math.log1p(abs(number)), number)


def _corrected(number: Number, off: float) -> Number:
    """The number without a worker's bias, as large as floats can be at most; whole numbers stay whole."""
    if abs(off) < _SLACK:
        return number
    level = _levelled(number) - off
    true = math.copysign(math.expm1(min(abs(level), _levelled(sys.float_info.max))), level)
    return round(true) if isinstance(number, int) else _whole(float(f"{true:.{_DIGITS}g}"))


def _is_canonical(text: str) -> bool:
    if len(text) > _LONGEST or text == "-0" or not _CANONICAL.fullmatch(text):
        return False
    return len(text.lstrip("-0.").replace(".", "")) <= _DIGITS


def _read(text: str) -> Number | None:
    """The number a text states, or None."""
    stripped = text.strip() if len(text) <= _LONGEST else ""
    if not _LENIENT.fullmatch(stripped):
        return None
    if stripped.lstrip("+-").isdecimal():
        return int(stripped)
    value = float(stripped)
    return value if math.isfinite(value) else None


def _whole(value: Number) -> Number:
    return int(value) if abs(value) < _EXACT and value == int(value) else value


def _between(lower: Number, upper: Number) -> Number:
    """The mean of the two middle numbers; to 15 digits where one of them has a fraction."""
    if lower == upper:
        return lower
    if isinstance(lower, int) and isinstance(upper, int):
        return (lower + upper) // 2 if (lower + upper) % 2 == 0 else (lower + upper) / 2
    mean = lower / 2 + upper / 2
    short = float(f"{mean:.{_DIGITS}g}")
    return _whole(short if math.isfinite(short) else mean)


def _scaled(numbers: Sequence[Number]) -> tuple[int, npt.NDArray[np.float64]]:
    """The numbers over a power of two that brings the largest near 1, so that no sum or difference overflows; and its exponent."""
    floats = np.array([float(number) for number in numbers])
    exponent = math.frexp(float(np.abs(floats).max()))[1]
    return exponent, np.ldexp(floats, -exponent)


def _unscaled(value: float, exponent: int) -> float:
    """Back in the unit of the answers, to 6 digits."""
    try:
        return float(f"{math.ldexp(value, exponent):.6g}")
    except OverflowError:
        return sys.float_info.max
