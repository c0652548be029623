"""Every kind's labels on the report page, whatever their workers answered, and labels that somebody has spoilt."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidation.kinds import KINDS
from labeljob.cli import cli
from labeljob.report.drawings import READ
from labeljob.report.facts import REQUESTS
from labeljob.report.fields import SHOWN
from labeljob.report.words import explain
from shared.settings import Settings
from tests.laws.every_kind import UNDER_LAW
from tests.laws.merging import KindUnderLaw
from tests.report.conftest import KeptJob, MakeReport, labelled, shown, workers
from tests.strategies import CATEGORIES

EVENTS = Path(__file__).parents[2] / "events" / "consolidation"
STRANGE: list[Any] = [
    None,
    "x",
    "",
    -1,
    0,
    1.5,
    1e300,
    10**40,
    True,
    [],
    {},
    [[]],
    [{}],
    {"a": 1},
    "s3://x/y",
    "#12",
]
every_kind = pytest.mark.parametrize("law", UNDER_LAW, ids=str)


def job_of(law: KindUnderLaw, elements: list[Any]) -> KeptJob:
    """A label of a kind."""
    content = law.data_object.get("content")
    kinds = Settings(element_kinds={"mark": law.kind.name})
    return labelled(workers(*elements), content, CATEGORIES, kinds)


def test_every_kind_is_shown_and_its_answers_are_read() -> None:
    """A kind added to the table of kinds needs its place on the page."""
    names = {kind.name for kind in KINDS}
    assert names <= set(SHOWN)
    assert names <= set(READ)


@every_kind
@settings(max_examples=15)
@given(data=st.data())
def test_every_label_is_shown_with_what_each_worker_answered(law: KindUnderLaw, data: st.DataObject) -> None:
    """Nothing is left to the label as written, and no reason stands there as a code alone."""
    job = job_of(law, data.draw(law.elements))
    (facts,) = job.objects
    page = shown(job)
    card = page.card(1)
    assert facts.consolidation["kind"] == law.kind.name
    assert "cannot be drawn" not in card
    assert "see the label as written" not in card
    for worker, share in facts.consolidation["answers"].items():
        said = card.split("how far each agrees with the label")[1]
        assert f"agrees with the label: {share}" in said.split(f" {worker} ")[1]
        assert not said.split(f" {worker} ")[1].startswith("agrees with the label"), "the answer is not told"
    for code in facts.consolidation["reasons"]:
        words = explain(code, {"": law.kind.name}).words
        assert words.endswith("."), f"{code} has no words"
        assert " ".join(words.split()) in card


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document but its root."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


def spoilt(document: Any, data: st.DataObject) -> Any:
    """A document with a value somewhere replaced or left out."""
    made = copy.deepcopy(document)
    path = data.draw(st.sampled_from(list(places(document))))
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    if isinstance(holder, dict) and data.draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = data.draw(st.sampled_from(STRANGE))
    return made


@every_kind
@settings(max_examples=40)
@given(data=st.data())
def test_a_spoilt_label_costs_a_note_at_most(law: KindUnderLaw, data: st.DataObject) -> None:
    """Whatever stands in a manifest or in a document beside it."""
    job = job_of(law, data.draw(law.elements))
    (facts,) = job.objects
    label = spoilt(facts.label, data)
    documents = {
        uri: json.dumps(spoilt(json.loads(body), data)).encode() if body.startswith(b"{") else body
        for uri, body in job.artefacts.items()
    }
    page = shown(replace(job, objects=(replace(facts, label=label),), artefacts=documents))
    assert page.order() == [1]


def without_folders(value: Any) -> Any:
    """A label whose artefacts are named by their content alone."""
    if isinstance(value, dict):
        return {key: without_folders(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_folders(member) for member in value]
    return value.rpartition("/")[2] if isinstance(value, str) and "output/" in value else value


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if (EVENTS / f"{kind.name}.json").is_file()])
def test_the_sample_events_run_from_manifest_to_page_and_replay(
    make_report: MakeReport, tmp_path: Path, name: str
) -> None:
    """`labeljob simulate`, `report` and `replay` on the answers of `events/`; replayed requests give the same labels."""
    payload = json.loads((EVENTS / f"{name}.json").read_text())["payload"]
    answers = {
        entry["datasetObjectId"]: {
            one["workerId"]: json.loads(one["annotationData"]["content"]) for one in entry["annotations"]
        }
        for entry in payload
    }
    lines = [
        {"source": entry["dataObject"]["content"]}
        if "content" in entry["dataObject"]
        else {"source-ref": entry["dataObject"]["s3Uri"]}
        for entry in payload
    ]
    report = make_report(answers, lines=lines)
    labels = [line["label"] for line in report.lines]
    assert [label["consolidation"]["kind"] for label in labels] == [name] * len(payload)
    assert "cannot be drawn" not in report.page.text
    for number, label in enumerate(labels, start=1):
        assert all(worker in report.page.card(number) for worker in label["consolidation"]["answers"])

    out = tmp_path / "replayed"
    result = CliRunner().invoke(cli, ["replay", str(report.folder / REQUESTS), "--out", str(out)])
    assert result.exit_code == 0, result.output
    (response,) = out.rglob("*.response.json")
    replies = {
        reply["datasetObjectId"]: reply["consolidatedAnnotation"]["content"]
        for reply in json.loads(response.read_text())
    }
    again = [label for place in range(len(payload)) for label in replies[str(place)].values()]
    assert without_folders(again) == without_folders(labels)
