"""The handlers' replies read as the service reads them: every id once, the label under its exact name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labeljob.simulation.handlers import InvocationError
from labeljob.simulation.job import Switches

DOCUMENTED_FLAG = "isHumanAnnotationRequired"
SAMPLE_FLAG = "humanAnnotationRequired"
TASK_INPUT_CHARACTERS = 128_000
"""The longest task input that RenderUiTemplate takes."""


@dataclass(frozen=True, slots=True)
class PreAnnotationReply:
    """What the pre-annotation handler said of a data object.

    Attributes:
        task_input: for the worker template.
        human_annotation_required: whether workers see it.
        warnings: what may not work with the real service.
    """

    task_input: Mapping[str, Any]
    human_annotation_required: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsolidationReply:
    """What the consolidation handler said of a batch.

    Attributes:
        contents: `content` by data object id, each with the label under its name.
        faults: why an object of the batch has no content, by its id.
        missing: ids that the reply left out; they have a fault too.
        warnings: what the service would silently pass over.
    """

    contents: Mapping[str, Mapping[str, Any]]
    faults: Mapping[str, str]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def read_pre_annotation_reply(reply: Any) -> PreAnnotationReply:
    """Read a pre-annotation reply; either spelling of the flag, as a boolean or as `true` / `false` in any case.

    Raises:
        InvocationError: there is no object `taskInput`.
    """
    if not isinstance(reply, dict) or not isinstance(reply.get("taskInput"), dict):
        raise InvocationError("the pre-annotation reply has no object taskInput")
    flags = {name: _flag(reply[name]) for name in (DOCUMENTED_FLAG, SAMPLE_FLAG) if name in reply}
    warnings = [
        f"pre-annotation gives {name} as {reply[name]!r}; it is read as true"
        for name, flag in flags.items()
        if flag is None
    ]
    if SAMPLE_FLAG in flags and DOCUMENTED_FLAG not in flags:
        warnings.append(
            f"pre-annotation gives {SAMPLE_FLAG} only; the documented name is {DOCUMENTED_FLAG}, the other may be ignored"
        )
    if len({flag is not False for flag in flags.values()}) > 1:
        warnings.append(
            f"pre-annotation gives {DOCUMENTED_FLAG} and {SAMPLE_FLAG} with different values; the first is used"
        )
    required = flags.get(DOCUMENTED_FLAG, flags.get(SAMPLE_FLAG)) is not False
    return PreAnnotationReply(reply["taskInput"], required, tuple(warnings))


def read_consolidation_reply(
    reply: Any, sent: Sequence[str], label_attribute_name: str, switches: Switches
) -> ConsolidationReply:
    """Read a consolidation reply.

    Args:
        reply: parsed.
        sent: ids of the batch.
        label_attribute_name: the key required in each `content`.
        switches: `on_duplicate` is applied.

    Raises:
        InvocationError: the reply is no array.
    """
    if not isinstance(reply, list):
        raise InvocationError("the consolidation reply is not a bare array")
    contents: dict[str, Mapping[str, Any]] = {}
    faults: dict[str, str] = {}
    warnings: list[str] = []
    ids = [_id_of(entry) for entry in reply]
    times_by_id = Counter(ids)
    if None in ids:
        warnings.append(f"{ids.count(None)} entries of a consolidation reply have no datasetObjectId string")
    if unknown := sorted({name for name in ids if name is not None} - set(sent)):
        warnings.append(f"a consolidation reply has ids that were not sent: {', '.join(unknown[:5])}")
    for name, entry in _chosen(ids, reply, switches).items():
        if name not in sent:
            continue
        fault = _fault(entry, label_attribute_name)
        if fault is None:
            contents[name] = entry["consolidatedAnnotation"]["content"]
        else:
            faults[name] = fault
    if switches.on_duplicate == "fail-object":
        for name in sent:
            if (times := times_by_id[name]) > 1:
                faults[name] = f"the consolidation reply has the id {times} times"
                contents.pop(name, None)
    missing = tuple(name for name in sent if name not in ids)
    faults |= dict.fromkeys(missing, "the consolidation reply leaves the id out")
    warnings += _extras(contents, label_attribute_name)
    return ConsolidationReply(contents, faults, missing, tuple(warnings))


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _id_of(entry: Any) -> str | None:
    name = entry.get("datasetObjectId") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None


def _chosen(ids: Sequence[str | None], reply: Sequence[Any], switches: Switches) -> dict[str, Any]:
    """One entry per id: the last of several, or the first."""
    pairs = [(name, entry) for name, entry in zip(ids, reply, strict=True) if name is not None]
    return dict(reversed(pairs)) if switches.on_duplicate == "first" else dict(pairs)


def _fault(entry: Mapping[str, Any], label_attribute_name: str) -> str | None:
    annotation = entry.get("consolidatedAnnotation")
    content = annotation.get("content") if isinstance(annotation, dict) else None
    if not isinstance(content, dict):
        return "the consolidation reply has no object consolidatedAnnotation.content"
    if label_attribute_name not in content:
        keys = ", ".join(sorted(content)) or "nothing"
        return f"the consolidation reply has {keys} where {label_attribute_name} is expected"
    return None


def _extras(contents: Mapping[str, Mapping[str, Any]], label_attribute_name: str) -> list[str]:
    own = {label_attribute_name, f"{label_attribute_name}-metadata"}
    extras = sorted({key for content in contents.values() for key in content} - own)
    return [f"keys beside the label are dropped: {', '.join(extras)}"] if extras else []
