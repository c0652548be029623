"""What crowd elements ask of their attributes: `stand_ins/rules.json`, which the stand-in elements in the browser apply as well.

Source: Developer Guide, "Crowd HTML Elements Reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STAND_INS = Path(__file__).parent / "stand_ins"
"""Folder of the stand-in elements."""
_READABLE = re.compile(r"(https?://|//|/|data:|blob:)", re.IGNORECASE)
_OVERLAYS = {"boundingBox", "semanticSegmentation", "instanceSegmentation"}
_TOKEN = re.compile(
    r"""("(?:[^"\\]|\\.)*")|'((?:[^'\\]|\\.)*)'|([A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])""", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one element asks for.

    Attributes:
        required: attributes that must be there and not be blank.
        attributes: type of each attribute that is checked.
        regions: elements that must be inside.
        unsupported: attributes that do nothing.
        most: most labels or categories, or None.
    """

    required: tuple[str, ...] = ()
    attributes: Mapping[str, str] | None = None
    regions: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an element, and what to do."""

    message: str
    remedy: str


@cache
def rules() -> Mapping[str, Rule]:
    """The rules by element name."""
    document = json.loads((STAND_INS / "rules.json").read_text(encoding="utf-8"))
    return {
        name: Rule(
            required=tuple(rule.get("required", ())),
            attributes=rule.get("attributes", {}),
            regions=tuple(rule.get("regions", ())),
            unsupported=tuple(rule.get("unsupported", ())),
            most=rule.get("most"),
        )
        for name, rule in document.items()
    }


def check_attributes(element: str, attributes: Mapping[str, str | None]) -> Iterator[Problem]:
    """What is wrong with the attributes of an element, as they stand in the page."""
    rule = rules().get(element, Rule())
    for name in rule.required:
        if not (attributes.get(name) or "").strip():
            yield Problem(f"<{element}> has no {name}", _REMEDIES.get(name, f"give it {name}"))
    for name in rule.unsupported:
        if name in attributes:
            yield Problem(
                f"<{element}> does not support {name}", 'use <input type="radio" required> in its place'
            )
    for name, kind in (rule.attributes or {}).items():
        value = attributes.get(name)
        if value is not None and value.strip():
            yield from _check_value(element, name, kind, value, rule)


def relaxed_json(text: str) -> Any:
    """JSON as crowd elements read it: single quotes, bare keys and trailing commas are allowed.

    Raises:
        ValueError: it is not even that.
    """
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(_TOKEN.sub(_strict, text))


_REMEDIES = {
    "labels": 'set labels="{{ task.input.labels | to_json | escape }}"',
    "categories": 'set categories="{{ task.input.labels | to_json | escape }}"',
    "name": "name it: the answer stands under this name",
    "src": 'set src="{{ task.input.taskObject | grant_read_access }}"',
    "text": 'set text="{{ task.input.taskObject }}"',
    "header": "say in header what the worker is to do",
}
_NO_LABELS = "give the job label categories: the line's `labels`, the setting label-categories, or --labels"


def _strict(token: re.Match[str]) -> str:
    double, single, key = token.groups()
    if double is not None:
        return str(double)
    if single is not None:
        return json.dumps(re.sub(r"\\(['\"])", r"\1", single))
    return json.dumps(key) if key is not None else ""


def _check_value(element: str, name: str, kind: str, value: str, rule: Rule) -> Iterator[Problem]:
    place = f"{name} of <{element}>"
    if kind == "url":
        yield from check_url(place, value)
        return
    if kind == "number":
        if not re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value):
            yield Problem(f"{place} is no number: {value[:40]!r}", "give a number")
        return
    try:
        document = relaxed_json(value)
    except ValueError as failure:
        yield Problem(f"{place} is not JSON: {failure}", "write it with `| to_json | escape`")
        return
    wrong = _shape(kind, document)
    if wrong:
        yield Problem(f"{place} {wrong}", _NO_LABELS if "empty" in wrong else "see docs/worker-pages.md")
    elif rule.most and name in {"labels", "categories"} and len(document) > rule.most:
        yield Problem(
            f"{place} has {len(document)} entries, the element takes {rule.most}",
            "use fewer, or ask in two jobs",
        )


def check_url(place: str, value: str) -> Iterator[Problem]:
    """What keeps a browser from reading a URL."""
    if value.startswith("s3://"):
        yield Problem(f"{place} is an s3:// URI, which no browser reads", "add `| grant_read_access`")
    elif not _READABLE.match(value):
        yield Problem(
            f"{place} is no URL: {value[:40]!r}",
            "a line with `source` needs a page for texts, one with `source-ref` a page for files",
        )


def _shape(kind: str, document: Any) -> str | None:
    """What is wrong with the value of a JSON attribute, or None."""
    family, _, key = kind.partition(":")
    if family in {"names", "labels", "array"}:
        if not isinstance(document, list):
            return "is no JSON list"
        return _list_shape(family, document)
    if not isinstance(document, dict):
        return "is no JSON object"
    needed = {key, "src"} if family == "mask" else {key}
    if family == "overlay":
        return None if document.keys() & _OVERLAYS else f"has none of {', '.join(sorted(_OVERLAYS))}"
    return None if needed <= document.keys() else f"has no {' and '.join(sorted(needed - document.keys()))}"


def _list_shape(family: str, entries: list[Any]) -> str | None:
    if family == "array":
        good = all(isinstance(entry, dict) and isinstance(entry.get("label"), str) for entry in entries)
        return None if good else "must list objects with a label"
    names = [
        entry.get("label") if family == "labels" and isinstance(entry, dict) else entry for entry in entries
    ]
    if not names:
        return "is empty"
    if not all(isinstance(name, str) and name for name in names):
        return "must list names" if family == "names" else "must list objects with a label"
    return None if len(set(names)) == len(names) else "names something twice"
