"""The skill of a batch's workers: every data object is studied, and what they all show is learned, before any is merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Kind, Task, study_answers
from consolidation.kinds.skill import Learned
from consolidation.label import Judgement
from consolidation.reading import Element, ReadObject
from shared.errors import GtConsensusError
from shared.settings import digest

ElementKind = tuple[str, str]
"""Name of a form element and name of its kind: skill at one does not tell of another."""


@dataclass(frozen=True, slots=True)
class Known:
    """What data objects showed of their workers.

    Attributes:
        tallies: statistics of workers at each form element.
        objects: ids of the data objects behind them; what these show is not counted again.
    """

    tallies: Mapping[ElementKind, Tallies] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()


class SkillMemory(Protocol):
    """What is known of workers from earlier batches, and where this one's share is kept."""

    def recall(self) -> Known:
        """The statistics of all earlier batches; never raises."""
        ...

    def keep(self, known: Known, learned: Known) -> Known:
        """Keep what this batch adds, once, however often the request comes; never raises.

        Args:
            known: what `recall` gave.
            learned: this batch's own statistics, of data objects that are not among those known.

        Returns:
            `known`, or what was known when this very request was consolidated before: the labels are to be made with that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Forgetful:
    """No memory: a batch is all there is."""

    def recall(self) -> Known:
        """Nothing."""
        return Known()

    def keep(self, known: Known, learned: Known) -> Known:
        """Nothing is kept."""
        del learned
        return known


@dataclass(frozen=True, slots=True)
class Skills:
    """The skill of workers at each form element.

    Attributes:
        learned: by element and kind.
        fingerprints: the first 12 hex digits of SHA-256 over the statistics that each was made from.
        incomplete: elements at which a defect of ours kept something from being learned; their labels say so.
    """

    learned: Mapping[ElementKind, Learned] = field(default_factory=dict)
    fingerprints: Mapping[ElementKind, str] = field(default_factory=dict)
    incomplete: frozenset[ElementKind] = frozenset()

    def of(self, element: Element) -> Learned | None:
        """What was learned for a form element; None where nothing was."""
        return self.learned.get(_key(element))

    def skilled(self, element: Element) -> list[Answer]:
        """The answers to a form element, with what was learned of their workers in the place of the settings' skill, for ties."""
        learned = self.of(element)
        if learned is None:
            return list(element.answers)
        return [replace(answer, skill=learned.reliability_of(answer.person)) for answer in element.answers]

    def signed(self, judgement: Judgement, element: Element) -> Judgement:
        """The judgement on a form element, with the skill that its label was made with."""
        reasons = ("skill-incomplete",) if _key(element) in self.incomplete else ()
        learned = self.of(element)
        shown = (
            {answer.worker_id: learned.reliability_of(answer.person) for answer in element.answers}
            if learned
            else {}
        )
        return replace(
            judgement,
            reasons=(*judgement.reasons, *reasons),
            skills=shown,
            skill=self.fingerprints.get(_key(element)),
        )


@dataclass(slots=True)
class Evidence:
    """What data objects show of their workers, gathered one by one; small, so that a whole job's may be held.

    Attributes:
        job: a task without data object.
    """

    job: Task
    _objects: set[str] = field(default_factory=set)
    _incomplete: set[ElementKind] = field(default_factory=set)
    _shown: dict[ElementKind, list[tuple[str, Any]]] = field(default_factory=dict)
    _kinds: dict[ElementKind, Kind] = field(default_factory=dict)

    def study(self, read: ReadObject) -> dict[str, Any]:
        """Add a data object.

        Returns:
            What was arranged for the merge, by form element. An element that cannot be studied shows nothing: its merge says why.
        """
        arranged = {}
        task = replace(self.job, data_object=read.entry.data_object)
        for element in read.elements:
            if element.kind is None or not element.answers:
                continue
            answers = [*element.answers, *([element.gold] if element.gold else [])]
            try:
                study = study_answers(element.kind, answers, task)
            except GtConsensusError:
                continue
            except Exception:  # noqa: BLE001 - a defect of ours must not cost the object its label
                self._incomplete.add(_key(element))
                continue
            arranged[element.name] = study.arranged
            self._kinds[_key(element)] = element.kind
            shown = self._shown.setdefault(_key(element), [])
            if study.evidence is not None:
                shown.append((read.entry.data_object_id, study.evidence))
                self._objects.add(read.entry.data_object_id)
        return arranged

    def learn(self, known: Known) -> Skills:
        """The skill of all workers, from everything that was studied and what was known before.

        The order in which data objects came changes nothing, and those that are known already show nothing new. Where learning fails the
        element's answers count alike.
        """
        learned, fingerprints, incomplete = {}, {}, set(self._incomplete)
        for key, kind in sorted(self._kinds.items(), key=lambda item: item[0]):
            ordered = sorted(self._shown[key], key=lambda pair: pair[0])
            shown = [evidence for name, evidence in ordered if name not in known.objects]
            before = known.tallies.get(key, Tallies())
            try:
                learned[key] = kind.learn(shown, before, self.job)
            except Exception:  # noqa: BLE001 - a defect of ours must not cost the batch its labels
                incomplete.add(key)
                continue
            fingerprints[key] = digest([before.to_wire(), learned[key].tallies.to_wire()])
        return Skills(learned, fingerprints, frozenset(incomplete))

    def share(self, skills: Skills, known: Known) -> Known:
        """What this evidence adds to what was known, as `learn` made it of both."""
        tallies = {key: learned.tallies for key, learned in skills.learned.items()}
        return Known(tallies, frozenset(self._objects) - known.objects)


def learn_with(evidence: Evidence, memory: SkillMemory) -> Skills:
    """Learn with what is remembered, and have this batch's share remembered."""
    known = memory.recall()
    skills = evidence.learn(known)
    agreed = memory.keep(known, evidence.share(skills, known))
    return skills if agreed is known else evidence.learn(agreed)


def _key(element: Element) -> ElementKind:
    return element.name, element.kind.name if element.kind else ""
