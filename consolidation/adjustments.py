"""Adjustment jobs: what each worker changed of the initial value that the page showed.

The page tells it in two ways, either of which may be absent: the boolean `initialValueModified` in the answer to a form element (crowd
elements set it), and a hidden field named `<element>-initial-value` that carries the initial value in the shape of an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consolidation.answers import INITIAL_VALUE, WorkerForm, read_as
from consolidation.kinds.base import Answer, Kind, Task, rounded
from consolidation.kinds.parts import Layout, PartsKind, decide
from shared.errors import AnswerError, GtConsensusError
from shared.json_node import Json, JsonNode, write_json

_MODIFIED = "initialValueModified"
_SAME = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of one worker: whether anything was changed, and what (None when only the former is known)."""

    adjusted: bool
    changes: tuple[dict[str, Json], ...] | None = None
    unchanged: int | None = None


def adjustments(name: str, kind: Kind, forms: Sequence[WorkerForm], task: Task) -> dict[str, Json]:
    """What workers changed of the initial value of a form element.

    Args:
        name: of the element.
        kind: of the element.
        forms: of the data object; the workers' last answers are looked at.
        task: of the data object.

    Returns:
        `adjustment-status` (`adjusted` when at least one worker changed something, as in Ground Truth's own adjustment jobs) and
        `adjustments`, by worker id; empty when the page showed no initial value. All pages showed the same: what most of them sent
        back, so that a worker who alters it in the browser is believed by nobody. Each worker's entry has `status`; where the initial
        value is known, `unchanged` (number of parts) and `changes`: `added`, `removed`, `moved` (with the IoU) or `relabelled`
        (`from`, `to`).

    Time O(W) clusterings of two answers.
    """
    told = {}
    initial = _initial_element(name, kind, forms)
    for form in sorted(forms, key=lambda form: form.worker_id):
        if name in form.elements and (one := _told(kind, initial, form.answer(name, kind), task)):
            told[form.worker_id] = one
    if not told:
        return {}
    status = "adjusted" if any(one.adjusted for one in told.values()) else "unadjusted"
    return {
        "adjustment-status": status,
        "adjustments": {worker: _written(one) for worker, one in told.items()},
    }


def _told(kind: Kind, initial: Json, element: Json, task: Task) -> _Told | None:
    """None when neither the page nor the answer says anything."""
    if initial is not None and (told := _compared(kind, initial, element, task)):
        return told
    modified = element.get(_MODIFIED) if isinstance(element, dict) else None
    return _Told(modified) if isinstance(modified, bool) else None


def _initial_element(name: str, kind: Kind, forms: Sequence[WorkerForm]) -> Json:
    """The initial value: the same on every worker's page, so that of those that can be read, most say what it was."""
    given: dict[str, Json] = {}
    votes: Counter[str] = Counter()
    for form in sorted(forms, key=lambda form: form.worker_id):
        value = read_as(form.elements.get(name + INITIAL_VALUE), kind)
        if isinstance(value, dict | list) and kind.accepts(value):
            text = write_json(value)
            given.setdefault(text, value)
            votes[text] += 1
    return given[votes.most_common(1)[0][0]] if votes else None


def _compared(kind: Kind, initial: Json, element: Json, task: Task) -> _Told | None:
    """None where the answer cannot be read."""
    if not kind.accepts(element):
        return None
    if not isinstance(kind, PartsKind):
        changed = _without_flag(element) != _without_flag(initial)
        return _Told(changed, ({"change": "changed"},) if changed else ())
    try:
        before, after = (
            kind.parse(JsonNode(value, "$", AnswerError), task.settings.limits)
            for value in (initial, element)
        )
        pair = (Answer("before", before), Answer("after", after))
        layout = kind.lay_out(pair, task)
        return _matched(kind, layout, pair, task)
    except GtConsensusError:
        return None


def _without_flag(element: Json) -> Json:
    if not isinstance(element, dict):
        return element
    return {key: value for key, value in element.items() if key not in {_MODIFIED, "workerComment"}}


def _matched(kind: PartsKind[Any], layout: Layout[Any], pair: Sequence[Answer], task: Task) -> _Told:
    pairs = zip(layout.overlaps.first.tolist(), layout.overlaps.second.tolist(), strict=True)
    overlap = dict(zip(pairs, layout.overlaps.iou.tolist(), strict=True))
    changes: list[dict[str, Json]] = []
    unchanged = 0
    for made in decide(kind.name, layout, pair, task):
        before, after = (
            [part for part in made.members if layout.parts[part].worker == who] for who in (0, 1)
        )
        if not before or not after:
            gone, label = bool(before), layout.parts[made.members[0]].label
            changes.append({"change": "removed" if gone else "added", "label": label})
            continue
        old, new = layout.parts[before[0]].label, layout.parts[after[0]].label
        iou = overlap[made.members[0], made.members[1]]
        if old != new:
            changes.append({"change": "relabelled", "from": old, "to": new})
        if iou < _SAME:
            changes.append({"change": "moved", "label": new, "iou": rounded(iou)})
        unchanged += old == new and iou >= _SAME
    return _Told(bool(changes), tuple(changes), unchanged)


def _written(told: _Told) -> dict[str, Json]:
    written: dict[str, Json] = {"status": "adjusted" if told.adjusted else "unadjusted"}
    if told.unchanged is not None:
        written["unchanged"] = told.unchanged
    return written if told.changes is None else {**written, "changes": list(told.changes)}
