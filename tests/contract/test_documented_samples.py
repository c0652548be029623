"""Every sample of an answer in AWS's developer guide is recognised as its kind, also those that are no JSON as printed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consolidation.answers import element_kinds, read_forms
from shared.contract import AnnotatedDataObject, ConsolidationPayload
from shared.errors import ContractError
from shared.json_node import JsonNode, parse_json
from shared.settings import Limits
from tests.payloads import ANN, answer, entry, text_answer

SAMPLES = Path(__file__).parents[1] / "data" / "documented"

FORMS = {
    "crowd-bounding-box__01.json": "boxes",
    "crowd-bounding-box__02.json": "boxes",
    "crowd-bounding-box__03.json": "boxes",
    "crowd-classifier__01.json": "class",
    "crowd-classifier-multi-select__01.txt": "multi-label",
    "crowd-entity-annotation__03.json": "entities",
    "crowd-image-classifier__01.txt": "class",
    "crowd-image-classifier-multi__01.txt": "multi-label",
    "crowd-instance-segmentation__01.txt": "instance-mask",
    "crowd-keypoint__01.json": "keypoints",
    "crowd-line__01.txt": "lines",
    "crowd-polygon__01.txt": "polygons",
    "crowd-polygon__02.json": "polygons",
    "crowd-polygon__03.json": "polygons",
    "crowd-polyline__01.txt": "polylines",
    "crowd-semantic-segmentation__01.json": "semantic-mask",
}
"""What a worker's form submits: an object with one element."""

PAYLOADS = {
    "custom-templates-step3-lambda-requirements__11.json": "entities",
    "custom-templates-step3-lambda-requirements__12.json": "semantic-mask",
    "custom-templates-step3-lambda-requirements__13.json": "boxes",
    "custom-templates-step3-lambda-test__01.json": "entities",
}
"""What a post-annotation function finds at `payload.s3Uri`."""

DOCUMENTS = {
    "data-output__13.txt": (None, "video-detections"),
    "data-output__15.txt": (None, "video-tracks"),
    "data-output__17.txt": ("3d-bounding-box", "cuboids"),
    "data-output__19.txt": (None, "cuboid-tracks"),
    "data-output__21.json": (None, "linked-tracks"),
}
"""Labels of sequences and point clouds, whose shape a page of one's own submits: the member that holds it (None: the whole), the kind."""


@dataclass(frozen=True)
class Repair:
    """A slip of the guide, and the least that makes it JSON: `old` stands there `times` times and becomes `new`."""

    slip: str
    old: str
    new: str
    times: int = 1


_KEY = Repair("a key without quotes", "labels: [", '"labels": [')
_PLACEHOLDER = "a placeholder in the place of members"
_NAMES = "{name: value, name: value}"

REPAIRS: dict[str, tuple[Repair, ...]] = {
    "crowd-classifier-multi-select__01.txt": (_KEY,),
    "crowd-image-classifier-multi__01.txt": (_KEY,),
    "crowd-image-classifier__01.txt": (Repair("a missing comma", '"<value>"\n', '"<value>",\n'),),
    "crowd-instance-segmentation__01.txt": (
        Repair("a colon behind a value", '>": \n', '>"\n', 3),
        Repair("a comma behind the last element", "},\n      ],", "}\n      ],"),
    ),
    "crowd-line__01.txt": (Repair("a comment", " //This is the name you set for the crowd-line", ""),),
    "crowd-polygon__01.txt": (Repair("a closing bracket that was never opened", "}\n]", "}"),),
    "crowd-polyline__01.txt": (
        Repair("a comment", " //This is the name you set for the crowd-polyline", ""),
        Repair("two commas", "},\n            ,\n", "},\n"),
    ),
    "data-output__13.txt": (
        Repair(
            "a comma behind the last member", '"no",\n                    }', '"no"\n                    }', 2
        ),
        Repair(_PLACEHOLDER, _NAMES, "{}", 2),
    ),
    "data-output__15.txt": (Repair(_PLACEHOLDER, _NAMES, "{}"),),
    "data-output__17.txt": (
        Repair("a comma behind the last member", '"Car",\n        }', '"Car"\n        }'),
        Repair(_PLACEHOLDER, _NAMES, "{}"),
    ),
    "data-output__19.txt": (Repair(_PLACEHOLDER, _NAMES, "{}"),),
}


def _printed(file: str) -> str:
    return (SAMPLES / file).read_text()


def _repaired(file: str) -> str:
    text = _printed(file)
    for repair in REPAIRS.get(file, ()):
        assert text.count(repair.old) == repair.times, f"{file}: {repair.slip}"
        text = text.replace(repair.old, repair.new)
    return text


def _no_fetch(uri: str) -> bytes:
    raise AssertionError(uri)


def _kinds(data_object: AnnotatedDataObject) -> list[str | None]:
    """The kinds of the elements of all answers to a data object, of which none may be rejected."""
    read = read_forms(data_object, _no_fetch, Limits())
    assert read.rejected == ()
    return [kind.name if kind else None for kind in element_kinds(read.forms).values()]


def _object(annotation: dict[str, Any]) -> AnnotatedDataObject:
    return AnnotatedDataObject.parse(JsonNode(entry("0", annotation), "$", ContractError))


@pytest.mark.parametrize(("file", "kind"), FORMS.items())
def test_form_of_a_crowd_element_is_recognised(file: str, kind: str) -> None:
    assert _kinds(_object(text_answer(ANN, _repaired(file)))) == [kind]


@pytest.mark.parametrize(("file", "kind"), PAYLOADS.items())
def test_answers_in_a_payload_are_recognised(file: str, kind: str) -> None:
    payload = ConsolidationPayload.parse(parse_json(_repaired(file)))
    assert payload.data_objects
    assert [_kinds(one) for one in payload.data_objects] == [[kind]] * len(payload.data_objects)


@pytest.mark.parametrize("hidden", [False, True], ids=["as JSON", "as the text of a hidden field"])
@pytest.mark.parametrize(("file", "where", "kind"), [(file, *told) for file, told in DOCUMENTS.items()])
def test_label_document_is_recognised_when_a_page_submits_it(
    file: str, where: str | None, kind: str, *, hidden: bool
) -> None:
    document = json.loads(_repaired(file))
    element = document if where is None else document[where]
    assert _kinds(_object(answer(ANN, work=json.dumps(element) if hidden else element))) == [kind]


def test_every_sample_has_its_kind() -> None:
    listed = {*FORMS, *PAYLOADS, *DOCUMENTS}
    assert listed == {path.name for path in SAMPLES.iterdir() if path.name != "README.md"}


def test_exactly_the_samples_with_a_repair_are_no_json_as_printed() -> None:
    broken = set()
    for file in (*FORMS, *PAYLOADS, *DOCUMENTS):
        try:
            json.loads(_printed(file))
        except ValueError:
            broken.add(file)
    assert broken == set(REPAIRS) == {path.name for path in SAMPLES.glob("*.txt")}


@pytest.mark.parametrize("file", REPAIRS)
def test_repairs_make_a_sample_json(file: str) -> None:
    assert isinstance(json.loads(_repaired(file)), dict | list)


def test_readme_names_each_slip() -> None:
    rows = dict(
        re.findall(
            r"^\| `([^`]+\.txt)` \| [^|]+ \| ([^|]+) \|", (SAMPLES / "README.md").read_text(), re.MULTILINE
        )
    )
    for file, repairs in REPAIRS.items():
        assert rows[file] == "; ".join(repair.slip for repair in repairs)
