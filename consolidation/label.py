"""What every label has in common: the `consolidation` block, error labels, several fields, labels too large for the reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from consolidation.kinds.base import Consensus, Save, probability, rounded
from consolidation.label_facts import fields_of, rejections_in
from consolidation.rejections import UNUSABLE_GOLD, Rejection
from shared import __version__
from shared.contract import ConsolidatedAnnotation
from shared.errors import GtConsensusError
from shared.json_node import Json, write_json
from shared.settings import Settings

HARMLESS = ("the worker answered more than once", "the worker has weight 0")
"""Beginnings of rejections that follow a rule and ask for no review."""
_SHOWN = 20
"""Reasons, rejections and failed elements that a label moved to S3 shows in its place."""
_LONGEST = 300
"""Characters of a reason: it may quote what a worker sent."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the `consolidation` block says of a label.

    Attributes:
        kind: of the form element; None for several and for what no kind recognises.
        method: how answers were weighed, or `none` where they were passed through.
        workers: workers whose answers counted.
        confidence: probability that the label is right, or None.
        agreement: how far the workers agree, in [0, 1], or None.
        reasons: why a person should look at it; empty when nobody need.
        rejected: answers and parts that did not count.
        answers: share of the label each worker agrees with, by worker id.
        skills: chance that what a worker says is right, by worker id; empty where none was learned.
        skill: fingerprint of the statistics behind `skills`, or None.
    """

    kind: str | None
    method: str
    workers: int
    confidence: float | None
    agreement: float | None
    reasons: tuple[str, ...]
    rejected: tuple[Rejection, ...]
    answers: Mapping[str, float]
    skills: Mapping[str, float] = field(default_factory=dict)
    skill: str | None = None

    def to_wire(self, settings: Settings) -> dict[str, Json]:
        """The block as every label carries it."""
        return {
            "version": __version__,
            "kind": self.kind,
            "method": self.method,
            "workers": self.workers,
            "confidence": probability(self.confidence),
            "agreement": None if self.agreement is None else rounded(self.agreement),
            "needs-review": bool(self.reasons),
            "reasons": list(self.reasons),
            "rejected": [_written(rejection) for rejection in sorted(self.rejected, key=_sequence)],
            "answers": {worker: rounded(share) for worker, share in sorted(self.answers.items())},
            "settings": settings.fingerprint(),
            "skills": {worker: rounded(chance) for worker, chance in sorted(self.skills.items())},
            "skill": settings.weights_fingerprint() if self.method == "weighted" else self.skill,
        }


def judge_failed(failure: GtConsensusError, rejected: Sequence[Rejection]) -> Judgement:
    """The judgement on what gets no label."""
    return Judgement(None, "none", 0, None, None, (f"error:{failure.code}",), tuple(rejected), {})


def judge(kind: str, consensus: Consensus, rejected: Sequence[Rejection], settings: Settings) -> Judgement:
    """The judgement on a merged form element.

    Args:
        kind: of the element.
        consensus: of the element.
        rejected: answers that did not reach the merge.
        settings: the review thresholds.
    """
    everything = (*rejected, *consensus.rejected)
    reasons = list(consensus.reasons)
    if consensus.confidence is not None and rounded(consensus.confidence) < settings.review_confidence:
        reasons.append("low-confidence")
    if consensus.agreement is not None and rounded(consensus.agreement) < settings.review_agreement:
        reasons.append("low-agreement")
    return Judgement(
        kind=kind,
        method=settings.method,
        workers=len(consensus.worker_agreement),
        confidence=consensus.confidence,
        agreement=consensus.agreement,
        reasons=(*reasons, *rejection_reasons(everything)),
        rejected=everything,
        answers=consensus.worker_agreement,
    )


def rejection_reasons(rejected: Sequence[Rejection]) -> tuple[str, ...]:
    """`rejected-answer`, `rejected-part` and `gold-answer-unusable`, each once, where something was lost that no rule explains."""
    serious = [rejection for rejection in rejected if not rejection.reason.startswith(HARMLESS)]
    gold = [rejection for rejection in serious if rejection.reason.startswith(UNUSABLE_GOLD)]
    lost = {
        "rejected-answer": any(rejection.part is None and rejection not in gold for rejection in serious),
        "rejected-part": any(rejection.part is not None for rejection in serious),
        "gold-answer-unusable": bool(gold),
    }
    return tuple(reason for reason, is_so in lost.items() if is_so)


def join_fields(judgements: Mapping[str, Judgement], rejected: Sequence[Rejection]) -> Judgement:
    """One judgement for a page of several form elements: as sure as its least sure element.

    Args:
        judgements: of the elements, by name.
        rejected: answers that could not be read at all.
    """
    made = judgements.values()
    confidences = [judgement.confidence for judgement in made if judgement.confidence is not None]
    agreements = [judgement.agreement for judgement in made if judgement.agreement is not None]
    shares: dict[str, list[float]] = {}
    for judgement in made:
        for worker, share in judgement.answers.items():
            shares.setdefault(worker, []).append(share)
    methods = {judgement.method for judgement in made} - {"none"}
    named = [f"{name}:{reason}" for name, judgement in judgements.items() for reason in judgement.reasons]
    return Judgement(
        kind=None,
        method=min(methods, default="none"),
        workers=max([len(shares), *(judgement.workers for judgement in made)]),
        confidence=min(confidences, default=None),
        agreement=min(agreements, default=None),
        reasons=(*named, *rejection_reasons(rejected)),
        rejected=tuple(rejected),
        answers={worker: sum(each) / len(each) for worker, each in shares.items()},
    )


def error_label(
    failure: GtConsensusError, rejected: Sequence[Rejection], settings: Settings
) -> dict[str, Json]:
    """The label of a data object that cannot be consolidated: never silence.

    Args:
        failure: why; its code and message are the label's `error`.
        rejected: the answers, each with its reason.
    """
    return {**error_value(failure), "consolidation": judge_failed(failure, rejected).to_wire(settings)}


def error_value(failure: GtConsensusError) -> dict[str, Json]:
    """What stands in the place of a label value: `{"error": {"code": ..., "message": ...}}`."""
    return {"error": {"code": failure.code, "message": _clipped(failure.reason)}}


def fit_reply(
    replies: Sequence[ConsolidatedAnnotation], limit: int, save: Save, settings: Settings
) -> list[ConsolidatedAnnotation]:
    """Keep the reply under its size: the largest labels move to S3 until the rest fits.

    A moved label is `{"label-ref": uri, "consolidation": {...}}`, with its `error` if it has one and the `error` of its first `fields`
    that have one; the document at the URI is the whole label. Its block says in `rejected-total` how many rejections there are, where
    it does not list them all. A label that would not become smaller stays. One that cannot be stored becomes an error label that
    says why.

    Args:
        replies: in the order received.
        limit: most bytes of the serialised reply.
        save: stores a label.
        settings: of the job.

    Returns:
        The replies in the same order. Ties between equal sizes: the earlier one moves.
    """
    sizes = [_size_in_reply(reply) for reply in replies]
    fitted = list(replies)
    for place in sorted(range(len(replies)), key=lambda place: -sizes[place]):
        if sum(sizes) + 2 <= limit:
            break
        moved = replace(fitted[place], label=_moved(fitted[place].label, save, settings))
        size = _size_in_reply(moved)
        if size < sizes[place]:
            fitted[place], sizes[place] = moved, size
    return fitted


def _size_in_reply(reply: ConsolidatedAnnotation) -> int:
    """Bytes as Lambda's runtime client writes them at most: blanks after separators, everything but ASCII escaped."""
    return len(json.dumps(reply.to_wire())) + 2


def _moved(label: dict[str, Json], save: Save, settings: Settings) -> dict[str, Json]:
    try:
        uri = save(serialise(label), "json")
    except GtConsensusError as failure:
        return error_label(failure, (), settings)
    error = {"error": label["error"]} if "error" in label else {}
    failing = [name for name, field in fields_of(label).items() if "error" in field and len(name) <= _LONGEST]
    failed = {name: {"error": fields_of(label)[name]["error"]} for name in failing[:_SHOWN]}
    brief, total = _brief(label["consolidation"]), rejections_in(label)
    if total > len(brief["rejected"]):
        brief["rejected-total"] = total
    return {"label-ref": uri, **error, **({"fields": failed} if failed else {}), "consolidation": brief}


def serialise(document: Json) -> bytes:
    """The bytes in which replies are counted and artefacts are written."""
    return write_json(document).encode()


def _brief(block: Any) -> dict[str, Any]:
    """A block without what may be long: reasons and rejections are in the document at `label-ref`."""
    reasons = [_clipped(reason) for reason in block["reasons"][:_SHOWN]]
    return {**block, "reasons": reasons, "rejected": block["rejected"][:_SHOWN]}


def _written(rejection: Rejection) -> dict[str, Json]:
    written: dict[str, Json] = {"worker-id": rejection.worker_id, "reason": _clipped(rejection.reason)}
    return written if rejection.part is None else {**written, "part": _clipped(rejection.part)}


def _clipped(text: str) -> str:
    """The text without its middle, where it is too long: it begins with the place and ends with the setting."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"


def _sequence(rejection: Rejection) -> tuple[str, str, str]:
    return rejection.worker_id, rejection.part or "", rejection.reason
