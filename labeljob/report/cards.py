"""A data object's card: label, judgement, workers and rejections, from the facts of the job's folder."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from labeljob.report.adjusted import changes_in_words, status_in_words
from labeljob.report.canvas import worker_colour
from labeljob.report.drawings import Chosen, Drawing, DrawnMask, read_drawings
from labeljob.report.facts import JobFacts, ObjectFacts
from labeljob.report.fields import show_field
from labeljob.report.fields.entries import LabelledElement, kind_of
from labeljob.report.mask_pictures import thumbnails
from labeljob.report.pictures import Thumbnail
from labeljob.report.view import Card, Fact, Field, Rejected, Worker
from labeljob.report.words import STATUS, explain, shortened
from labeljob.report.worker_answers import read_worker_answers
from shared.json_node import JsonNode

_DOCUMENT_CHARACTERS = 20_000
_SOURCE_CHARACTERS = 2_000
_NAME_CHARACTERS = 120


def show_object(job: JobFacts, data_object: ObjectFacts, *, expanded: bool) -> Card:
    """The card of one data object.

    Args:
        job: that the object is of.
        data_object: its line.
        expanded: whether the card is open also when nobody need look at it.
    """
    status = status_of(data_object)
    block = data_object.consolidation
    answers = read_worker_answers(job, data_object)
    labels = _fields(data_object.label)
    workers = sorted({*map(str, _members(block, "answers")), *answers.elements})
    colours = {worker: worker_colour(place) for place, worker in enumerate(workers)}
    kinds = {name: kind_of(value) for name, value in labels.items()}
    drawn = {
        name: read_drawings(answers.of(name or None), kind, data_object.text) for name, kind in kinds.items()
    }
    fields = _shown(job, data_object, labels, kinds, drawn, colours)
    workers_shown = _workers(colours, block, drawn, fields, labels)
    return Card(
        number=data_object.number,
        name=_name(data_object),
        source=""
        if any(field.passage for field in fields.values())
        else data_object.source[:_SOURCE_CHARACTERS],
        status=status,
        status_words=STATUS[status],
        summary=_summary(fields, status),
        expanded=expanded or status in {"failed", "error", "review"},
        problem=_problem(data_object),
        confidence=_figure(block.get("confidence")),
        agreement=_figure(block.get("agreement")),
        workers_counted=_figure(block.get("workers")),
        reasons=tuple(explain(str(code), kinds) for code in _elements(block, "reasons")),
        fields=tuple(fields.values()),
        workers=workers_shown,
        gallery=any(worker.thumbnails for worker in workers_shown),
        rejected=tuple(_rejections(data_object.label, "")),
        document=_document(data_object.label),
    )


def _shown(
    job: JobFacts,
    data_object: ObjectFacts,
    labels: Mapping[str, Any],
    kinds: Mapping[str, str | None],
    drawn: Mapping[str, Mapping[str, Drawing]],
    colours: Mapping[str, str],
) -> dict[str, Field]:
    """The label of each form element, by name."""
    return {
        name: _field(
            LabelledElement(
                job=job,
                node=JsonNode(value),
                kind=kinds[name],
                name=name,
                html_name=f"object-{data_object.number}-{place}",
                drawings=drawn[name],
                colours=colours,
                text=data_object.text,
            )
        )
        for place, (name, value) in enumerate(labels.items(), start=1)
    }


def status_of(data_object: ObjectFacts) -> str:
    """A key of `words.STATUS`."""
    if data_object.label is None:
        return "failed" if data_object.failure else "unlabelled"
    if data_object.error:
        return "error"
    return "review" if data_object.needs_review else "labelled"


def _name(data_object: ObjectFacts) -> str:
    """The end of the URI; of a text, its beginning."""
    source = data_object.source
    name = source.rstrip("/").rpartition("/")[2] if source.startswith("s3://") else source
    return shortened(name, _NAME_CHARACTERS) or f"line {data_object.number}"


def _fields(label: Any) -> dict[str, Any]:
    """The label's form elements; the only one has no name."""
    if label is None:
        return {}
    fields = label.get("fields") if isinstance(label, dict) else None
    if isinstance(fields, dict) and fields:
        return dict(fields)
    return {"": label}


def _field(element: LabelledElement) -> Field:
    """The view of a form element, and whether it was adjusted."""
    field = show_field(element)
    adjusted = status_in_words(element.node.value)
    return replace(field, facts=(*field.facts, Fact("adjustment", adjusted))) if adjusted else field


def _workers(
    colours: Mapping[str, str],
    block: Mapping[str, Any],
    drawn: Mapping[str, Mapping[str, Drawing]],
    fields: Mapping[str, Field],
    labels: Mapping[str, Any],
) -> tuple[Worker, ...]:
    small: defaultdict[str, list[Thumbnail]] = defaultdict(list)
    for name, field in fields.items():
        masks = {worker: made for worker, made in drawn[name].items() if isinstance(made, DrawnMask)}
        if field.canvases and masks:
            for worker, thumbnail in thumbnails(masks, field.canvases[0]).items():
                small[worker].append(thumbnail)
    shares = _members(block, "answers")
    drawn_on = any(field.canvases or field.strip or field.rankers for field in fields.values())
    changes = {name: changes_in_words(label) for name, label in labels.items()}
    made = []
    for worker, colour in colours.items():
        own = {name: drawings[worker] for name, drawings in drawn.items() if worker in drawings}
        share = shares.get(worker)
        made.append(
            Worker(
                worker_id=worker,
                colour=colour if drawn_on else "",
                agreement=_figure(share),
                percent=round(100 * share, 1) if isinstance(share, int | float) else 0,
                skill=", ".join(_skills(worker, labels)),
                said=tuple(_named(name, drawing.words) for name, drawing in own.items()),
                changed=tuple(_named(name, told[worker]) for name, told in changes.items() if worker in told),
                comments=tuple(
                    one.comment for one in own.values() if isinstance(one, Chosen) and one.comment
                ),
                thumbnails=tuple(small[worker]),
            )
        )
    return tuple(made)


def _skills(worker: str, labels: Mapping[str, Any]) -> Iterator[str]:
    """What the labels of the form elements say of a worker's skill."""
    for name, label in labels.items():
        block = label.get("consolidation") if isinstance(label, dict) else None
        skill = _members(block if isinstance(block, dict) else {}, "skills").get(worker)
        if isinstance(skill, int | float):
            yield _named(name, _figure(skill))


def _named(field: str, words: str) -> str:
    return f"{field}: {words}" if field else words


def _rejections(label: Any, field: str) -> Iterator[Rejected]:
    """Of the whole label, then of its form elements."""
    if not isinstance(label, dict):
        return
    block = label.get("consolidation")
    for entry in _elements(block if isinstance(block, dict) else {}, "rejected"):
        if isinstance(entry, dict):
            path = str(entry.get("part") or "")
            part = " ".join(text for text in (field, path) if text)
            reason = str(entry.get("reason")).removeprefix(f"{path}: ")
            yield Rejected(str(entry.get("worker-id")), part, reason)
    fields = label.get("fields")
    for name, value in (fields if isinstance(fields, dict) else {}).items():
        yield from _rejections(value, name)


def _problem(data_object: ObjectFacts) -> str:
    if data_object.error:
        return str(data_object.error.get("message"))
    return data_object.fault or (data_object.failure or "" if data_object.label is None else "")


def _summary(fields: Mapping[str, Field], status: str) -> str:
    if status in {"failed", "unlabelled", "error"}:
        return "no label"
    return " · ".join(f"{name}: {field.summary}" if name else field.summary for name, field in fields.items())


def _document(label: Any) -> str:
    if label is None:
        return ""
    text = json.dumps(label, indent=1, ensure_ascii=False)
    if len(text) <= _DOCUMENT_CHARACTERS:
        return text
    return f"{text[:_DOCUMENT_CHARACTERS]}\n... {len(text) - _DOCUMENT_CHARACTERS} more characters in the manifest"


def _figure(value: Any) -> str:
    """A number as the label has it; a dash for none."""
    return f"{value}" if isinstance(value, int | float) and not isinstance(value, bool) else "–"  # noqa: RUF001 - a dash for people


def _members(block: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = block.get(key)
    return value if isinstance(value, dict) else {}


def _elements(block: Mapping[str, Any], key: str) -> list[Any]:
    value = block.get(key)
    return value if isinstance(value, list) else []
