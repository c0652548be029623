"""What a kind is: the four parts each file in `kinds/` provides, and the values that pass between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeAlias, TypeVar

from consolidation.estimation.tallies import Tallies
from consolidation.estimation.votes import chances
from consolidation.kinds.skill import Learned, Study, Weights, learn_weights
from consolidation.rejections import Rejection
from shared.errors import GtConsensusError, LimitError
from shared.json_node import Json, JsonNode
from shared.settings import Limits, Settings

WITHOUT_WEIGHT = "the worker has weight 0"
"""Why an answer does not count whose worker's votes are set to nothing."""
_EXCESS = 4
"""An answer is excessive when the others come to less than one part in so many of the limit that is met with it."""
_ENOUGH_TO_JUDGE = 3
"""Of two answers nobody can say which is excessive, or wrong."""
_DECISIVE = 1e6
"""Votes of a gold answer: more than all workers have."""
Made = TypeVar("Made")
Save: TypeAlias = Callable[[bytes, str], str]
"""Stores an artefact (bytes, file extension) and returns the URI under which the label may refer to it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One worker's parsed answer to one form element.

    Attributes:
        worker_id: who gave it.
        value: what `Kind.parse` made of it.
        weight: votes the worker counts for, >= 0.
        skill: what breaks ties between equal votes, >= 0.
        person: the id by which the worker's skill is kept, where labels show another; empty: `worker_id`.
        gold: whether it is known to be right. Gold answers are studied, never merged.
    """

    worker_id: str
    value: Any
    weight: float = 1.0
    skill: float = 1.0
    person: str = ""
    gold: bool = False

    def __post_init__(self) -> None:
        """The person is the worker shown, unless it is said otherwise."""
        if not self.person:
            object.__setattr__(self, "person", self.worker_id)


@dataclass(frozen=True, slots=True)
class Task:
    """What is known of a data object besides its answers.

    Attributes:
        settings: of the job.
        label_categories: of the job, in order; empty when neither event nor settings name any.
        data_object: `{"s3Uri": ...}` or `{"content": ...}`.
        skill: of the workers, as the kind's `learn` gave it; None where every answer counts as its weight says.
        arranged: of these answers, as the kind's `study` gave it; None where it is to be found again.
    """

    settings: Settings
    label_categories: tuple[str, ...] = ()
    data_object: Mapping[str, Any] = field(default_factory=dict)
    skill: Any = None
    arranged: Any = None

    def categories(self, seen: Iterable[str]) -> tuple[str, ...]:
        """The job's label categories, and behind them, sorted, the names that workers used beyond these."""
        return (*self.label_categories, *sorted(set(seen) - set(self.label_categories)))

    def choices(self, seen: Iterable[str]) -> int:
        """How many categories a worker could choose from; at least 2 when the job does not say."""
        return max(len(self.categories(seen)), 1 if self.label_categories else 2)


@dataclass(frozen=True, slots=True)
class Support:
    """Who stands behind a part.

    Attributes:
        worker_ids: the workers who marked it, sorted.
        of: workers who could have marked it.
        share: their share of the votes, in [0, 1].
    """

    worker_ids: tuple[str, ...]
    of: int
    share: float

    def to_wire(self) -> dict[str, Json]:
        """`workers` of `of` workers, their share of the votes, and their ids."""
        return {
            "workers": len(self.worker_ids),
            "of": self.of,
            "share": rounded(self.share),
            "worker-ids": list(self.worker_ids),
        }


@dataclass(frozen=True, slots=True)
class Consensus:
    """What a merge makes of the answers of one form element.

    Attributes:
        merged: the merged value, of the kind's own type.
        confidence: probability that the label is right, in (0, 1); None for a single worker.
        agreement: how far the workers agree with each other, in [0, 1]; None for a single worker.
        worker_agreement: for each worker who counted, the share of the label the worker agrees with, in [0, 1].
        reasons: why a person should look at it, such as `tie` or `quorum:boxes[1]`.
        rejected: answers or parts that could not be counted.
    """

    merged: Any
    confidence: float | None
    agreement: float | None
    worker_agreement: Mapping[str, float]
    reasons: tuple[str, ...] = ()
    rejected: tuple[Rejection, ...] = ()


class Kind(ABC):
    """One annotation kind. The class docstring of each is its rule book."""

    name: ClassVar[str]
    absorbs: ClassVar[frozenset[str]] = frozenset()
    """Kinds whose answers this kind reads as well: one answer of this kind makes theirs to the same element its own."""
    special_of: ClassVar[str | None] = None
    """The kind that recognises whatever this one does, and more."""

    @abstractmethod
    def recognise(self, element: Json) -> bool:
        """Whether the answer to a form element has this kind's shape. Never raises."""

    def accepts(self, element: Json) -> bool:
        """Whether an answer may be read as this kind once the others, or the setting `element-kinds`, say it is. Never raises."""
        return self.recognise(element)

    @abstractmethod
    def parse(self, element: JsonNode, limits: Limits) -> Any:
        """Read one worker's answer to a form element.

        Raises:
            AnswerError: it cannot be used; names the JSON path. LimitError: it meets a limit; names the setting.
        """

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """What the answers to one data object show of their workers, however they are merged later. Pure; called by `study_answers`.

        Args:
            answers: sorted by worker id, of positive weight; a gold answer may be among them.
            task: of the data object; without skill.

        Returns:
            Here: how far each worker agrees with the gold answer, else with the plain consensus of at least three workers.

        Raises:
            MergeError: the answers cannot be compared with each other.
        """
        workers = [answer for answer in answers if not answer.gold]
        gold = [replace(answer, weight=_DECISIVE) for answer in answers if answer.gold]
        if len(workers) + len(gold) < (2 if gold else _ENOUGH_TO_JUDGE):
            return Study(None)
        shares = self.merge([*workers, *gold], task).worker_agreement
        return Study(
            {answer.person: shares[answer.worker_id] for answer in workers if answer.worker_id in shares}
        )

    def learn(self, evidence: Sequence[Any], known: Tallies, task: Task) -> Learned:
        """The skill of all workers, from what many data objects show.

        Args:
            evidence: of each data object, as `study` gave it; not None; in an order that does not depend on that of arrival.
            known: statistics of earlier batches, which count as if their data objects were among these.
            task: of the job; without data object.

        Returns:
            Here: `Weights`. Without evidence and tallies every kind gives a skill under which its merge is the plain one.
        """
        return learn_weights(evidence, known)

    @abstractmethod
    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Merge at least one answer. Pure: inputs are not modified; called by `merge_answers`.

        Raises:
            MergeError: the answers cannot be merged with each other.
        """

    @abstractmethod
    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The label value beside `consolidation`, in Ground Truth's shape for this kind; artefacts go through `save`."""


def merge_answers(kind: Kind, answers: Sequence[Answer], task: Task) -> Consensus:
    """Merge answers by a kind's rule, under the laws that hold for every kind.

    Workers are put in the order of their ids, so that the order received changes nothing; a worker of weight 0 is left out and
    named; a single worker gives neither confidence nor agreement and asks for review. Where the answers together meet a limit, and
    without one of them come to no more than a quarter of it, that one is rejected.

    Args:
        kind: the kind that parsed the answers.
        answers: one per worker, at least one of positive weight.
        task: of the data object, with the skill that was learned of its workers, if any.

    Raises:
        MergeError: see `Kind.merge`. LimitError: the answers together are too many for it.
    """
    counted, silent = _counted(answers)
    if isinstance(task.skill, Weights):
        votes, task = task.skill, replace(task, skill=None)
        counted = [replace(answer, weight=answer.weight * votes.of(answer.person)) for answer in counted]
    try:
        consensus = kind.merge(counted, task)
    except LimitError as failure:
        consensus, rejection = _without_the_excessive(kind.merge, counted, task, failure)
        consensus = replace(consensus, rejected=(rejection, *consensus.rejected))
    consensus = replace(consensus, rejected=(*silent, *consensus.rejected))
    if len(consensus.worker_agreement) > 1:
        return consensus
    return replace(consensus, confidence=None, agreement=None, reasons=("single-worker", *consensus.reasons))


def merge_alone(kind: Kind, answers: Sequence[Answer], task: Task) -> Consensus:
    """Merge the answers to a data object that is a batch of its own: its workers' skill is learned from these answers alone.

    Raises:
        MergeError, LimitError: see `merge_answers`.
    """
    with suppress(GtConsensusError):  # answers that cannot be studied tell nothing of skill, as in a batch
        study = study_answers(kind, answers, task)
        evidence = [] if study.evidence is None else [study.evidence]
        task = replace(task, skill=kind.learn(evidence, Tallies(), task).skill, arranged=study.arranged)
    return merge_answers(kind, answers, task)


def study_answers(kind: Kind, answers: Sequence[Answer], task: Task) -> Study:
    """Study the answers that `merge_answers` merges.

    Raises:
        MergeError, LimitError: see there.
    """
    counted, _ = _counted(answers)
    try:
        return kind.study(counted, task)
    except LimitError as failure:
        study, _ = _without_the_excessive(kind.study, counted, task, failure)
        return Study(
            study.evidence
        )  # what was arranged lacks an answer: the merge meets the limit again itself


def _counted(answers: Sequence[Answer]) -> tuple[list[Answer], tuple[Rejection, ...]]:
    """The answers of positive weight, sorted by worker id, and the others as rejections."""
    ordered = sorted(answers, key=lambda answer: answer.worker_id)
    counted = [answer for answer in ordered if answer.weight > 0]
    silent = tuple(Rejection(answer.worker_id, WITHOUT_WEIGHT) for answer in ordered if answer.weight <= 0)
    return counted, silent


def _without_the_excessive(
    act: Callable[[Sequence[Answer], Task], Made], answers: Sequence[Answer], task: Task, failure: LimitError
) -> tuple[Made, Rejection]:
    """What comes of the answers without the one that alone makes the others meet a limit, and why that one is left out.

    Raises:
        LimitError: the failure, where there is no such answer.
    """
    name = (failure.limit or "").removeprefix("limits.").replace("-", "_")
    limits = task.settings.limits
    if len(answers) < _ENOUGH_TO_JUDGE or not hasattr(limits, name):
        raise failure
    tightened = replace(limits, **{name: getattr(limits, name) // _EXCESS})
    within = replace(task, settings=replace(task.settings, limits=tightened), arranged=None)
    found: list[tuple[Made, Rejection]] = []
    for left_out in answers:
        others = [answer for answer in answers if answer is not left_out]
        with suppress(LimitError):
            made = act(others, within)
            found.append(
                (made, Rejection(left_out.worker_id, f"with this answer, and only with it, {failure.reason}"))
            )
    if len(found) != 1:
        raise failure
    return found[0]


def rounded(share: float) -> float:
    """A share or probability as labels carry it: 4 decimals."""
    return round(float(share), 4)


def probability(value: float | None) -> float | None:
    """A probability as labels carry it: 4 decimals, never 0 or 1, which no finite number of answers can prove."""
    return None if value is None else min(max(rounded(value), 0.0001), 0.9999)


def text_within(node: JsonNode, limits: Limits, *, empty: bool = False) -> str:
    """A text or name inside an answer.

    Raises:
        LimitError: it is longer than `limits.text`. The answer's own error: it is no string, or empty although it may not be.
    """
    text = node.string(empty=empty)
    if len(text) > limits.text:
        raise LimitError(
            f"has {len(text)} characters, allowed are {limits.text}", path=node.path, limit="limits.text"
        )
    return text


def check_count(node: JsonNode, count: int, of: str, most: int, limit: str) -> None:
    """Refuse an answer with too many of something.

    Args:
        node: the place to name.
        count: how many there are.
        of: the beginning of the complaint up to the number, and what is counted, as in `has {} boxes`.
        most, limit: what is allowed, and the setting that says so.

    Raises:
        LimitError: there are more.
    """
    if count > most:
        raise LimitError(f"{of.format(count)}, allowed are {most}", path=node.path, limit=limit)


def class_map(categories: Sequence[str], used: Iterable[str]) -> dict[str, Json]:
    """`{"0": "car"}`: the categories used, by their position; the shape of Ground Truth's built-in `class-map`."""
    wanted = set(used)
    return {str(number): name for number, name in enumerate(categories) if name in wanted}


def label_probability(votes: Mapping[str, float], label_category: str, choices: int) -> float:
    """Probability that a part has a label category, given the votes of those who marked the part."""
    names = sorted(votes)
    counts = tuple(votes[name] for name in names)
    return chances(counts, max(choices, len(names)))[names.index(label_category)]
