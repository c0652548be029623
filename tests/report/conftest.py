"""Small simulated jobs and the pages that the report makes of them, read as a browser reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from consolidation.batch import Job, consolidate
from labeljob.report import JobFacts, read_job, render_report
from labeljob.report.facts import ObjectFacts
from labeljob.simulation import SimulatedJob, simulate
from shared.contract import AnnotatedDataObject
from shared.errors import ContractError
from shared.json_node import JsonNode
from shared.settings import Settings

START = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)
VOID = {"meta", "input", "img", "br", "hr", "link"}
Answers = Mapping[str, Mapping[str, Any]]
"""What a worker's form holds, by data object and worker."""


class PageReader(HTMLParser):
    """A page's elements with their attributes, and the text of each card."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.cards: dict[str, str] = {}
        self.text = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(source)
        self.close()
        assert [tag for tag, _ in self._open] == [], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element; a card begins with `details.card`."""
        self._say(" ")
        named = {name: value or "" for name, value in attrs}
        self.elements.append((tag, named))
        if tag not in VOID:
            self._open.append((tag, named["id"] if named.get("class") == "card" else None))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Elements close in the order in which they opened."""
        assert self._open.pop()[0] == tag
        self._say(" ")

    def handle_data(self, data: str) -> None:
        """Text goes to the page, and to the card it is in; what is not on the page does not count."""
        if not any(tag in {"style", "title"} for tag, _ in self._open):
            self._say(data)

    def _say(self, data: str) -> None:
        self.text += data
        for _, card in self._open:
            if card:
                self.cards[card] = self.cards.get(card, "") + data

    def order(self) -> list[int]:
        """Lines of the cards from top to bottom."""
        return [int(card.removeprefix("object-")) for card in self.cards]

    def card(self, number: int) -> str:
        """A card's text with single blanks."""
        return " ".join(self.cards[f"object-{number}"].split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Elements of a name whose attributes hold the given words."""
        return [
            named
            for name, named in self.elements
            if name == tag
            and all(
                value in named.get(key.rstrip("_"), "").split() or named.get(key.rstrip("_")) == value
                for key, value in attributes.items()
            )
        ]


@dataclass(frozen=True)
class Report:
    """A job's folder with its report."""

    folder: Path
    lines: list[dict[str, Any]]
    source: str
    page: PageReader = field(init=False)

    def __post_init__(self) -> None:
        """Read the page."""
        object.__setattr__(self, "page", PageReader(self.source))


def report_of(folder: Path) -> Report:
    """The report of a job's folder."""
    job = read_job(folder)
    manifest = folder / "manifests" / "output" / "output.manifest"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    return Report(folder, lines, render_report(job))


MakeReport = Callable[..., Report]


@pytest.fixture
def make_report(tmp_path: Path) -> MakeReport:
    """Simulate a job from answers, `{object: {worker: form}}`, and make its report."""

    def make(
        answers: Answers, lines: Sequence[Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Report:
        if lines is None:
            lines = [{"source-ref": f"s3://acme-in/images/{name}.png"} for name in answers]
        manifest = tmp_path / "input.manifest"
        manifest.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        entries = [
            {
                "datasetObjectId": str(number),
                "dataObject": {"content": lines[number]["source"]}
                if "source" in lines[number]
                else {"s3Uri": lines[number]["source-ref"]},
                "annotations": [
                    {"workerId": worker, "annotationData": {"content": json.dumps(form)}}
                    for worker, form in forms.items()
                ],
            }
            for number, forms in enumerate(answers.values())
        ]
        request = tmp_path / "request.json"
        request.write_text(json.dumps(entries))
        document = None
        if settings is not None:
            document = tmp_path / "settings.json"
            document.write_text(json.dumps(settings))
        job = SimulatedJob(
            manifest=str(manifest),
            answers=request,
            label_attribute_name="label",
            out=tmp_path / "out",
            settings=document,
            start_time=START,
        )
        return report_of(simulate(job).out)

    return make


@dataclass(frozen=True)
class KeptJob(JobFacts):
    """A job whose artefacts are in memory."""

    artefacts: dict[str, bytes] = field(default_factory=dict)

    def artefact(self, uri: str, most: int = 0) -> bytes:
        """What was written there."""
        if uri not in self.artefacts:
            raise ContractError(f"{uri} is not in the job's folder")
        return self.artefacts[uri]


class _Memory:
    """S3 in memory."""

    def __init__(self) -> None:
        self.artefacts: dict[str, bytes] = {}

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """No answer lies in S3."""
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Keep it."""
        self.artefacts[uri] = body


def labelled(
    forms: Mapping[str, Mapping[str, Any]],
    content: str | None = None,
    label_categories: Sequence[str] = (),
    settings: Settings | None = None,
) -> KeptJob:
    """A job of one data object with the label that its workers' forms give.

    Args:
        forms: by worker.
        content: the data object, where it is a text.
        label_categories: of the job.
        settings: of the job; None: one worker, one vote.
    """
    data_object = {"s3Uri": "s3://acme-in/a.png"} if content is None else {"content": content}
    annotations = [
        {"workerId": worker, "annotationData": {"content": json.dumps(form)}}
        for worker, form in forms.items()
    ]
    entry = AnnotatedDataObject.parse(
        JsonNode({"datasetObjectId": "0", "dataObject": data_object, "annotations": annotations})
    )
    store = _Memory()
    job = Job("label", tuple(label_categories), "s3://acme-out/output/")
    (reply,) = consolidate(job, [entry], store, settings or Settings(method="majority"))
    label = json.loads(json.dumps(reply.label))
    facts = ObjectFacts(1, "s3://acme-in/a.png" if content is None else content, content, label, None, entry)
    return KeptJob(Path(), "job", "label", {}, (facts,), store.artefacts)


def shown(job: JobFacts) -> PageReader:
    """The page of a job."""
    return PageReader(render_report(job))


def workers(*elements: Any, name: str = "mark") -> dict[str, dict[str, Any]]:
    """One form per worker, ann, bob, cid ..., of one element."""
    names = ("ann", "bob", "cid", "dee", "eve", "fay", "gus")
    return {worker: {name: element} for worker, element in zip(names, elements, strict=False)}
