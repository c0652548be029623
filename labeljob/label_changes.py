"""How two labels of one data object differ, and which workers made the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOW_SURE = frozenset(
    {
        "alternatives",
        "annotationsFromAllWorkers",
        "candidate-frames",
        "candidates",
        "confidence",
        "confidence-map",
        "consolidation",
        "probabilities",
        "spread",
        "support",
        "support-map",
        "tied-pixels",
        "tied-points",
        "votes",
    }
)
"""What a label says of itself; labels that differ in nothing else say the same."""
NO_LABEL, DECIDED, MEASURED = "no label before", "decided otherwise", "numbers differ"
_AGREES = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """A label, or one element of it, that is not what it was.

    Attributes:
        data_object_id: of the object.
        line: of the manifest, from 1; None without one.
        element: name of the form element; None where the label has only one.
        what: NO_LABEL, DECIDED (a category, a text, the number of parts), or MEASURED (numbers only).
        before, after: what the label said and says, without how sure it is.
        workers_for, workers_against: those who agree with the label more than with the one before, and those who do less; or, where
            nothing tells how far they agreed before, who agrees and who does not: worker id, skill, agreement before and now.
    """

    data_object_id: str
    line: int | None
    element: str | None
    what: str
    before: Any
    after: Any
    workers_for: tuple[Mapping[str, Any], ...]
    workers_against: tuple[Mapping[str, Any], ...]

    def to_wire(self) -> dict[str, Any]:
        """A line of `changes.jsonl`."""
        return {
            "data-object-id": self.data_object_id,
            **({} if self.line is None else {"line": self.line}),
            **({} if self.element is None else {"element": self.element}),
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "why": {"for": list(self.workers_for), "against": list(self.workers_against)},
        }


def changes_between(
    data_object_id: str,
    before: Any,
    after: Mapping[str, Any],
    metadata: Any = None,
    *,
    line: int | None = None,
) -> list[Change]:
    """The elements in which a label differs from the one before.

    Args:
        data_object_id: of the object.
        before: the label; of a built-in task type it may be a number, None where there was none.
        after: ours.
        metadata: of the label before; names the class that a number stands for.
        line: of the manifest.
    """
    earlier = _elements(_named(before, metadata))
    changes = []
    for element, label in _elements(after).items():
        was = earlier.get(element)
        said_before, said_now = said(was), said(label)
        if isinstance(was, Mapping) and set(was) == {"class-name"}:
            said_now = {"class-name": said_now.get("class-name")}
        if said_before != said_now:
            pro, contra = _sides(was, label)
            what = _what(was, said_before, said_now)
            changes.append(Change(data_object_id, line, element, what, said_before, said_now, pro, contra))
    return changes


def said(label: Any) -> Any:
    """What a label says, without how sure it is, and without the number of a class whose name stands beside it."""
    if isinstance(label, Mapping):
        names = set(label) - HOW_SURE - ({"class-id"} if "class-name" in label else set())
        return {name: said(value) for name, value in label.items() if name in names}
    if isinstance(label, list):
        return [said(member) for member in label]
    return label


def _named(label: Any, metadata: Any) -> Any:
    """The label of a built-in task by its class's name."""
    if not isinstance(label, Mapping) and isinstance(metadata, Mapping) and "class-name" in metadata:
        return {"class-name": metadata["class-name"]}
    return label


def _elements(label: Any) -> dict[str | None, Any]:
    fields = label.get("fields") if isinstance(label, Mapping) else None
    return dict(fields) if isinstance(fields, Mapping) and "label-ref" not in label else {None: label}


def _what(was: Any, before: Any, now: Any) -> str:
    if was is None or (isinstance(was, Mapping) and "error" in was):
        return NO_LABEL
    return MEASURED if _skeleton(before) == _skeleton(now) else DECIDED


def _skeleton(value: Any) -> Any:
    """The value without its measures: whole numbers too, where they are no number of a class."""
    if isinstance(value, Mapping):
        return {
            name: member if name in {"class_id", "class-id"} else _skeleton(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_skeleton(member) for member in value]
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


def _sides(
    was: Any, now: Mapping[str, Any]
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
    block = now.get("consolidation", {})
    earlier = was.get("consolidation", {}).get("answers") if isinstance(was, Mapping) else None
    pro: list[Mapping[str, Any]] = []
    contra: list[Mapping[str, Any]] = []
    for worker, agrees in block.get("answers", {}).items():
        before = (earlier or {}).get(worker)
        told = {"worker-id": worker, "skill": block.get("skills", {}).get(worker), "agrees": agrees}
        if before is None:
            (pro if agrees >= _AGREES else contra).append(told)
        elif agrees != before:
            (pro if agrees > before else contra).append({**told, "agreed": before})
    return tuple(sorted(pro, key=_by_skill)), tuple(sorted(contra, key=_by_skill))


def _by_skill(told: Mapping[str, Any]) -> tuple[float, str]:
    return -(told["skill"] or 0.0), told["worker-id"]
