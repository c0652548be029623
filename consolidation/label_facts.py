"""What a label that was made says of itself, for those who read it; imports nothing of how labels are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def errors_of(label: Mapping[str, Any]) -> list[str]:
    """Why a label, or an element of it, is none: its `error`, and those of its `fields` with their names."""
    own = [label["error"]["message"]] if "error" in label else []
    return own + [
        f"{name}: {field['error']['message']}" for name, field in fields_of(label).items() if "error" in field
    ]


def rejections_in(label: Mapping[str, Any]) -> int:
    """Answers and parts that a label and its elements say did not count."""
    if "rejected-total" in label["consolidation"]:
        return int(label["consolidation"]["rejected-total"])
    blocks = [label, *fields_of(label).values()]
    return sum(len(block["consolidation"]["rejected"]) for block in blocks)


def fields_of(label: Mapping[str, Any]) -> Mapping[str, Any]:
    """Labels by form element; empty for a label of one element."""
    fields: Mapping[str, Any] = label.get("fields", {})
    return fields
