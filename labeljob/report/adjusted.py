"""What workers changed of the label that the page showed them, in words: see `consolidation.adjustments`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labeljob.report.words import count, number
from shared.errors import GtConsensusError
from shared.json_node import JsonNode

_MOST = 12
"""Most changes that are written out."""


def status_in_words(label: Any) -> str:
    """How many workers changed anything; empty for a label of a job that adjusts none."""
    told = _adjustments(label)
    if told is None:
        return ""
    changed = sum(entry.get("status") == "adjusted" for entry in told.values() if isinstance(entry, dict))
    if not changed:
        return "no worker changed the label that the page showed"
    return f"{changed} of {count(len(told), 'worker')} changed the label that the page showed"


def changes_in_words(label: Any) -> dict[str, str]:
    """By worker: what became of the label that the page showed; workers whose entry cannot be read are left out."""
    told = {}
    for worker, entry in (_adjustments(label) or {}).items():
        try:
            told[worker] = _changes(JsonNode(entry))
        except GtConsensusError:
            continue
    return told


def _adjustments(label: Any) -> dict[str, Any] | None:
    found = label.get("adjustments") if isinstance(label, dict) else None
    return found if isinstance(found, dict) else None


def _changes(entry: JsonNode) -> str:
    if entry["status"].string() != "adjusted":
        return "left it as it was"
    listed = entry.get("changes")
    if listed is None:
        return "changed it"
    words = list(_each(listed))
    more, unchanged = len(words) - _MOST, entry.get("unchanged")
    told = [*words[:_MOST], *([f"{more} more changes"] if more > 0 else [])]
    if unchanged and unchanged.integer():
        told.append(f"left {count(unchanged.integer(), 'part')} unchanged")
    return "; ".join(told)


def _each(listed: JsonNode) -> Iterator[str]:
    for change in listed.elements():
        match kind := change["change"].string():
            case "moved":
                yield f"moved {_name(change)} (overlap {number(change.object().get('iou'))})"
            case "relabelled":
                yield f"relabelled {change['from'].string()} as {change['to'].string()}"
            case "added" | "removed":
                yield f"{kind} {_name(change)}"
            case _:
                yield "changed it" if kind == "changed" else kind


def _name(change: JsonNode) -> str:
    named = change.get("label")
    return named.string() if named else "a part"
