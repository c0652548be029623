"""Entities: spans of a text, each with a label category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from consolidation.estimation.spans import Spans, most_supported, overlaps_between
from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import (
    Answer,
    Consensus,
    Save,
    Task,
    check_count,
    probability,
)
from consolidation.kinds.entity_skill import EntitySkill, learn_entities
from consolidation.kinds.entity_verdicts import evidence_of, judge_entities
from consolidation.kinds.part_columns import Part
from consolidation.kinds.parts import (
    Decision,
    Layout,
    PartsKind,
    clusters_of,
    consensus_of,
    decide,
    read_parts,
)
from consolidation.kinds.skill import Learned, Study
from consolidation.kinds.text_offsets import UNDECIDED, Text, without_text
from consolidation.rejections import Rejection
from shared.errors import LimitError
from shared.json_node import Json, JsonNode
from shared.settings import Limits

SILENCE = 0.5
"""How much of a vote against an entity it is not to have marked it: to miss one is easier than to invent one (docs/decisions/0008)."""
_REACH = 1_000_000_000
"""No text is longer."""
_QUOTED = 1_000
"""Most characters of an entity that the label quotes."""


@dataclass(frozen=True, slots=True)
class EntitiesAnswer:
    """One worker's entities.

    Attributes:
        spans: int64, shape (n, 2): start, end, as the worker's page counts.
        labels: n label categories.
        paths: n JSON paths.
        faults: (JSON path, reason) of entities that could not be read.
    """

    spans: Spans
    labels: tuple[str, ...]
    paths: tuple[str, ...]
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EntitySpans:
    """Where the entities of all workers lie.

    Attributes:
        spans: of the parts, in their order.
        read_as: how offsets were read, see `text_offsets.TextRead`.
        text: in which they lie; None when it is not known, or not how offsets count it.
        trimmed: entities that lost white space at their ends.
        faults: entities that have no place in the text, or that a worker marked twice.
    """

    spans: tuple[tuple[int, int], ...]
    read_as: str
    text: str | None
    trimmed: int
    faults: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class MergedEntity:
    """A decision with its span."""

    decision: Decision
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MergedEntities:
    """All entities of a label, by their place in the text; `categories` in the job's order."""

    categories: tuple[str, ...]
    where: EntitySpans
    labels: tuple[MergedEntity, ...]
    candidates: tuple[MergedEntity, ...]


class EntitiesKind(PartsKind[EntitySpans]):
    """Entities: `crowd-entity-annotation`.

    Recognised: an object with an array `entities`.
    Offsets: found in the text, where the data object has it, and written as code points: see `kinds.text_offsets`. White space at the
    ends of a span is cut off first. A span that leaves the text, cuts a character in two or holds nothing but white space is rejected,
    as is one that the same worker marked twice.
    Matched: across workers by mean IoU of their characters (setting `iou-threshold`, per kind or category), same category first, then
    any; at most one entity per worker in a cluster, so that nested entities of one worker stay apart and find their own counterparts.
    Fused: the marked span whose start and end have most votes together; of equals the shortest, then the first.
    Quorum: an entity is a label when more than `quorum` of the votes heard support it, a worker who did not mark it being heard with
    half a vote (`SILENCE`): with the default 0.5 more than a third of the workers. Of entities that overlap, and that no worker marked
    both, only the one with most support is a label. The others are kept under `candidates`.
    Under `em`: a batch shows how often each worker marks what is real and what is not, which categories the worker confuses, and on which
    side of an edge the worker errs (`kinds.entity_skill`). An entity is a label when it is more likely real than `quorum`, by that model
    and the vote, pooled; its category is the likeliest of those given it; its span the one whose start and end are likeliest together;
    of entities that contradict each other only the likeliest is a label. Workers who are not known count as the batch's crowd.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:part-N`.
    Tie (of overlapping entities): the longer, then the first, then the order of the label categories.
    Single worker: the worker's entities, confidence null. Empty answer: a vote that there is nothing. Duplicate worker: the last answer
    counts.
    Confidence of an entity: probability that it is real, given the votes heard, times that its category is right, given what those who
    marked it called it; a candidate that contradicts a label is real only where the label is not. Confidence of the label and agreement:
    as for boxes, with the IoU of characters.
    Time O(E log E + L) for E entities of all workers and L characters, plus the pairs that overlap; memory O(E + L + pairs).
    Source: boundaries and category are decided apart, as Ground Truth's own consolidation does ("Annotation consolidation" in its
    developer guide: boundaries by the mode, else the median; the category by the vote).
    """

    name: ClassVar[str] = "entities"

    def recognise(self, element: Json) -> bool:
        """See the class."""
        return isinstance(element, dict) and isinstance(element.get("entities"), list)

    def parse(self, element: JsonNode, limits: Limits) -> EntitiesAnswer:
        """Read the entities; one that cannot be read is a fault of its own, not of the answer."""
        listed = element["entities"]
        check_count(listed, len(listed.array()), "has {} entities", limits.parts, "limits.parts")
        found, labels, faults = read_parts(listed, lambda node: (_span(node), node.path), limits)
        spans = np.array([span for span, _ in found], dtype=np.int64).reshape(-1, 2)
        return EntitiesAnswer(spans, tuple(labels), tuple(path for _, path in found), faults)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Find in the text, match, decide, fuse; see the class for the rules."""
        layout = self.layout(answers, task)
        categories = task.categories(layout.columns.names)
        if isinstance(task.skill, EntitySkill) and len(answers) > 1 and layout.parts:
            judged = judge_entities(self.clustered(layout, task), answers, task, task.skill, SILENCE)
            fused = [MergedEntity(made, *layout.shapes.spans[marked]) for made, marked in judged]
        else:
            decisions = decide(self.name, layout, answers, task, silence=SILENCE)
            fused = [_fused(made, layout, answers) for made in decisions]
        number = {name: place for place, name in enumerate(categories)}
        fused.sort(key=lambda made: (made.start, made.end, number[made.decision.label]))
        entities = _without_contradictions(fused, answers, task)
        merged = MergedEntities(
            categories=categories,
            where=layout.shapes,
            labels=tuple(entity for entity in entities if entity.decision.accepted),
            candidates=tuple(entity for entity in entities if not entity.decision.accepted),
        )
        decisions = [entity.decision for entity in entities]
        consensus = consensus_of(merged, layout, decisions, answers, layout.shapes.faults)
        unclear = ("offset-unit",) if layout.shapes.read_as == UNDECIDED else ()
        return replace(consensus, reasons=(*consensus.reasons, *unclear))

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """The entities that workers marked, matched with each other and with a gold answer's."""
        layout = self.clustered(self.lay_out(answers, task), task)
        arranged = replace(layout, given=tuple(answer.worker_id for answer in answers))
        gold = any(answer.gold for answer in answers)
        return Study(evidence_of(layout, answers), None if gold else arranged)

    def learn(self, evidence: Sequence[Any], known: Tallies, task: Task) -> Learned:
        """How often workers find, invent and confuse entities, and how exact they are: see `kinds.entity_skill`."""
        return learn_entities(evidence, known, task.categories)

    def clustered(self, layout: Layout[EntitySpans], task: Task) -> Layout[EntitySpans]:
        """The layout with its clusters."""
        if layout.clusters is not None:
            return layout
        return replace(layout, clusters=clusters_of(self.name, layout, task))

    def lay_out(self, answers: Sequence[Answer], task: Task) -> Layout[EntitySpans]:
        """Entities from the beginning of the text to its end, with the IoU of their characters."""
        parts, where = _found(answers, task)
        spans = np.array(where.spans, dtype=np.int64).reshape(-1, 2)
        workers = np.array([part.worker for part in parts], dtype=np.int64)
        try:
            overlaps = overlaps_between(spans, workers, task.settings.limits.overlaps)
        except OverflowError as failure:
            raise _too_many(task) from failure
        return Layout(parts, overlaps, where)

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """The built-in shape (`annotations`) with confidence, support and text, candidates, and how offsets were read."""
        merged: MergedEntities = consensus.merged
        single = consensus.confidence is None
        used = {entity.decision.label for entity in (*merged.labels, *merged.candidates)}
        text = merged.where.text
        return {
            "annotations": {
                "labels": [{"label": name} for name in merged.categories if name in used],
                "entities": [_written(entity, text, single=single) for entity in merged.labels],
            },
            "candidates": [_written(entity, text, single=single) for entity in merged.candidates],
            "offset-unit": "code-point" if text is not None else "as-given",
            "offsets-read-as": merged.where.read_as,
            "trimmed": merged.where.trimmed,
        }


def _span(node: JsonNode) -> tuple[int, int]:
    start, end = (node[edge].integer(least=0, most=_REACH) for edge in ("startOffset", "endOffset"))
    if end <= start:
        raise node.fail(
            f"goes from {start} to {end}; an entity needs a character, and endOffset is exclusive"
        )
    return start, end


def _too_many(task: Task) -> LimitError:
    most = task.settings.limits.overlaps
    return LimitError(f"more than {most} pairs of entities overlap", limit="limits.overlaps")


def _text(task: Task) -> Text | None:
    """The text, unless the data object has only where it lies."""
    content = task.data_object.get("content")
    if not isinstance(content, str) or content.startswith("s3://"):
        return None
    return Text(content)


def _found(answers: Sequence[Answer], task: Task) -> tuple[list[Part], EntitySpans]:
    """The entities of all workers that have a place in the text, by start, end, category and worker."""
    text = _text(task)
    given = [answer.value.spans for answer in answers]
    read = text.read(given, [answer.weight for answer in answers]) if text else without_text(given)
    known = text if read.in_code_points else None
    rows: list[tuple[int, int, str, int]] = []
    faults: list[Rejection] = []
    trimmed = 0
    for worker, answer in enumerate(answers):
        spans = known.trimmed(read.spans[worker]) if known else read.spans[worker]
        shorter = (spans != read.spans[worker]).any(axis=1).tolist()
        placed: set[tuple[int, int, str]] = set()
        for place, (start, end) in enumerate(spans.tolist()):
            label = answer.value.labels[place]
            if reason := read.complaints[worker][place] or _fault_of(start, end, label, placed):
                faults.append(Rejection(answer.worker_id, reason, answer.value.paths[place]))
                continue
            trimmed += shorter[place]
            placed.add((start, end, label))
        rows += [(*entity, worker) for entity in placed]
    rows.sort()
    where = EntitySpans(
        tuple((start, end) for start, end, _, _ in rows),
        read.read_as,
        known.text if known else None,
        trimmed,
        tuple(faults),
    )
    return [Part(worker, label) for _, _, label, worker in rows], where


def _fault_of(start: int, end: int, label: str, placed: set[tuple[int, int, str]]) -> str:
    if start == end:
        return "holds nothing but white space"
    return "is marked twice" if (start, end, label) in placed else ""


def _fused(made: Decision, layout: Layout[EntitySpans], answers: Sequence[Answer]) -> MergedEntity:
    spans = [layout.shapes.spans[member] for member in made.members]
    weights = [answers[layout.parts[member].worker].weight for member in made.members]
    return MergedEntity(made, *most_supported(spans, weights))


def _without_contradictions(
    entities: Sequence[MergedEntity], answers: Sequence[Answer], task: Task
) -> list[MergedEntity]:
    """Of entities that overlap, and that no worker marked both, keep the one with most support as a label.

    Args:
        entities: by start.

    Returns:
        The same, in their order; those that contradict a label are candidates, and real only where it is not.

    Raises:
        LimitError: too many overlap.
    """
    rivals = _rivals(entities, task) if len(answers) > 1 else {}
    if not rivals:
        return list(entities)
    ranked = sorted(
        (place for place in rivals if entities[place].decision.accepted),
        key=lambda place: (
            -entities[place].decision.existence,
            entities[place].start - entities[place].end,
            place,
        ),
    )
    kept: set[int] = set()
    for place in ranked:
        if kept.isdisjoint(rivals[place]):
            kept.add(place)
    settled = list(entities)
    for place in rivals.keys() - kept:
        if stronger := [entities[other].decision.existence for other in rivals[place] if other in kept]:
            made, free = entities[place].decision, 1 - max(stronger)
            made = made._replace(
                accepted=False, existence=made.existence * free, confidence=made.confidence * free
            )
            settled[place] = replace(entities[place], decision=made)
    return settled


def _rivals(entities: Sequence[MergedEntity], task: Task) -> dict[int, list[int]]:
    """For each entity those that overlap it and that no worker marked beside it; entities without any are left out."""
    who = [frozenset(entity.decision.support.worker_ids) for entity in entities]
    rivals: dict[int, list[int]] = {}
    pairs = 0
    for place, entity in enumerate(entities):
        for other in range(place + 1, len(entities)):
            if entities[other].start >= entity.end:
                break
            pairs += 1
            if pairs > task.settings.limits.overlaps:
                raise _too_many(task)
            if who[place].isdisjoint(who[other]):
                rivals.setdefault(place, []).append(other)
                rivals.setdefault(other, []).append(place)
    return rivals


def _written(entity: MergedEntity, text: str | None, *, single: bool) -> dict[str, Json]:
    quoted = text is not None and entity.end - entity.start <= _QUOTED
    return {
        "label": entity.decision.label,
        "startOffset": entity.start,
        "endOffset": entity.end,
        **({"text": text[entity.start : entity.end]} if text is not None and quoted else {}),
        "confidence": None if single else probability(entity.decision.confidence),
        "support": entity.decision.support.to_wire(),
    }
