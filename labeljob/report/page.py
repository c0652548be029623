"""The report page: cards in the order in which a person should look at them, laid out by a template that escapes everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from liquid import Environment, FileSystemLoader, StrictUndefined

from labeljob.report.cards import show_object, status_of
from labeljob.report.facts import JobFacts
from labeljob.report.view import Card, Fact, Page
from labeljob.report.words import STATUS

_OPEN = 40
"""Up to so many objects, every card is open."""


def build_page(
    job: JobFacts, title: str | None = None, on_object: Callable[[], object] = lambda: None
) -> Page:
    """The view of a job.

    Args:
        job: from its folder.
        title: None for the job's name.
        on_object: called after each data object.
    """
    expanded = len(job.objects) <= _OPEN
    cards = []
    for data_object in job.objects:
        cards.append(show_object(job, data_object, expanded=expanded))
        on_object()
    return Page(
        title=title or job.name,
        counts=_counts(job),
        facts=_facts(job, cards),
        warnings=tuple(str(warning) for warning in job.record.get("warnings", ())),
        drawn=any(field.canvases or field.passage for card in cards for field in card.fields),
        images=any(canvas.image for card in cards for field in card.fields for canvas in field.canvases),
        cards=tuple(sorted(cards, key=_urgency)),
        overview=tuple(cards),
    )


def render_report(
    job: JobFacts, title: str | None = None, on_object: Callable[[], object] = lambda: None
) -> str:
    """The report of a job as one HTML page that needs nothing else.

    Args:
        job: from its folder.
        title: None for the job's name.
        on_object: called after each data object.
    """
    return render("page", {"page": asdict(build_page(job, title, on_object))})


def write_report(
    job: JobFacts, file: Path, title: str | None = None, on_object: Callable[[], object] = lambda: None
) -> int:
    """Write the report of a job.

    Returns:
        Its size in bytes.

    Raises:
        OSError: the file cannot be written.
    """
    body = render_report(job, title, on_object).encode(errors="replace")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return len(body)


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template of this folder; every value is escaped, a missing one is an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent, ext=".liquid")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def _urgency(card: Card) -> tuple[int, float, int]:
    """By status; what is to review from the least sure on; then by line."""
    unsure = card.status == "review"
    confidence = float(card.confidence) if unsure and card.confidence[0].isdigit() else 0.0
    return list(STATUS).index(card.status), confidence, card.number


def _counts(job: JobFacts) -> tuple[Fact, ...]:
    """How many objects came out how; what did not occur is left out, except what everybody asks for."""
    statuses = [status_of(data_object) for data_object in job.objects]
    counts = [Fact("data objects", str(len(statuses)))]
    counts.append(Fact("labelled", str(sum(status in {"labelled", "review"} for status in statuses))))
    for status, always in (("review", True), ("error", False), ("failed", False), ("unlabelled", False)):
        number = statuses.count(status)
        if number or always:
            counts.append(Fact(STATUS[status], str(number)))
    return tuple(counts)


def _facts(job: JobFacts, cards: Sequence[Card]) -> tuple[Fact, ...]:
    blocks = [data_object.consolidation for data_object in job.objects]
    shown = [field for card in cards for field in card.fields]
    parts = [part for field in shown if field.noun != "Categories" for part in field.parts]
    facts = [
        Fact("label attribute", job.label_attribute_name),
        Fact("job", job.name),
        Fact("status", str(job.record.get("status", ""))),
        Fact("workers", _workers(job)),
        Fact("parts in labels", str(sum(not part.candidate for part in parts)) if parts else ""),
        Fact("candidates kept", str(sum(part.candidate for part in parts)) if parts else ""),
        Fact("method", ", ".join(sorted({str(block["method"]) for block in blocks if "method" in block}))),
        Fact("mean agreement", _mean([block.get("agreement") for block in blocks])),
        Fact("mean confidence", _mean([block.get("confidence") for block in blocks])),
        Fact("version", ", ".join(sorted({str(block["version"]) for block in blocks if "version" in block}))),
        Fact(
            "settings", ", ".join(sorted({str(block["settings"]) for block in blocks if "settings" in block}))
        ),
    ]
    return tuple(fact for fact in facts if fact.value)


def _workers(job: JobFacts) -> str:
    """Different workers in the answers, and how many each object has."""
    known = {
        str(node.value.get("workerId"))
        for data_object in job.objects
        if data_object.answers
        for node in data_object.answers.annotations
        if isinstance(node.value, dict)
    }
    per_object = job.record.get("workers-per-object")
    asked = f"{per_object} per data object" if per_object else ""
    return ", ".join(text for text in (str(len(known)) if known else "", asked) if text)


def _mean(values: Sequence[Any]) -> str:
    numbers = [value for value in values if isinstance(value, int | float)]
    return f"{sum(numbers) / len(numbers):.4f}" if numbers else ""
