"""The sample events with answers spoilt at any place, with workers of any weight, and with one worker only."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidation.batch import Job, consolidate
from shared.contract import ConsolidationPayload, ConsolidationRequest
from shared.errors import ObjectMissingError
from shared.json_node import JsonNode
from shared.settings import Settings

Wire = dict[str, Any]
METHODS = {method: Settings(method=method) for method in ("majority", "em")}
FOLDER = Path(__file__).parents[2] / "events" / "consolidation"
EVENTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
ANSWERED = [name for name, event in EVENTS.items() if isinstance(event["payload"], list)]
HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e308, -1e308, 10**30, 2**63, 10**299, 10**301),
    *("", " ", "NaN", "Infinity", "1e308", "-1", "00", "٣", "²", "\ud83d", "\x00", "a\u0301", "e" * 3_000),
    *(
        "[]",
        "{}",
        '["a","b"]',
        '{"a":1}',
        "[[[[1]]]]",
        "#gggggg",
        "#fff",
        "BACKGROUND",
        "background",
        "car:1",
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        [None],
        ["a", "b"],
        {"": 1},
        {"a": True, "b": False},
        {"1": 1, "2": 2},
        {"label": "car"},
    ),
    *({"label": 7}, {"x": 1e308, "y": -1e308}, {"width": 1, "height": 1}, {"__proto__": []}),
)
"""Values that no page sends where they are put."""


class _Memory:
    """S3 without any answers; keeps what is written."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        raise ObjectMissingError(f"there is no object at {uri}")

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        self.written[uri] = body


def _consolidated(event: Wire, of_job: Settings = METHODS["em"]) -> tuple[list[Wire], dict[str, bytes]]:
    """The labels in the order of the payload, as JSON carries them, and the artefacts."""
    request = ConsolidationRequest.parse(event)
    assert isinstance(request.payload, JsonNode)
    job = Job(request.label_attribute_name, request.label_categories, "s3://bucket/output/")
    payload, store = ConsolidationPayload.parse(request.payload), _Memory()
    replies = consolidate(job, payload.data_objects, store, of_job)
    assert [one.data_object_id for one in replies] == [one.data_object_id for one in payload.data_objects]
    return json.loads(json.dumps([reply.label for reply in replies], allow_nan=False)), store.written


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a document."""
    yield place
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield from _places(member, (*place, key))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


@st.composite
def _spoilt(draw: st.DrawFn, form: Any) -> str:
    """A form's text with one to three values replaced, taken away, doubled, renamed or moved elsewhere; sometimes cut off."""
    document = [copy.deepcopy(form)]
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(document) if place]
        place = draw(st.sampled_from(places))
        holder, key = _at(document, place[:-1]), place[-1]
        match draw(st.integers(0, 9)):
            case 0 if len(place) > 1:
                del holder[key]
            case 1 if isinstance(holder, list) and holder is not document:
                holder.insert(key, copy.deepcopy(holder[key]))
            case 2 if isinstance(holder, dict):
                holder[draw(st.sampled_from(["", "label", "x", "1", "\ud83d", "a" * 3_000]))] = holder.pop(
                    key
                )
            case 3:
                holder[key] = copy.deepcopy(_at(document, draw(st.sampled_from(places))))
            case 4 if isinstance(holder[key], dict | list):
                holder[key] = json.dumps(holder[key])
            case _:
                holder[key] = copy.deepcopy(draw(st.sampled_from(HOSTILE)))
    text = json.dumps(document[0])
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 19)) == 0 else text


def _answers_of(event: Wire) -> list[tuple[int, int]]:
    """Object and annotation of every answer that stands in the event as JSON."""
    return [
        (place, position)
        for place, entry in enumerate(event["payload"])
        for position, one in enumerate(entry["annotations"])
        if one["annotationData"].get("content", "").startswith("{")
    ]


def _without_blame(label: Wire) -> Wire:
    """A label without what it says of answers that did not count, and of the reasons that follow from it."""
    block = label.get("consolidation", {})
    fields = {name: _without_blame(field) for name, field in label.get("fields", {}).items()}
    kept = {key: value for key, value in block.items() if key not in {"rejected", "reasons", "needs-review"}}
    return {**label, **({"fields": fields} if fields else {}), "consolidation": kept}


def _rejections(label: Wire) -> list[Wire]:
    blocks = [label, *label.get("fields", {}).values()]
    return [one for block in blocks for one in block["consolidation"]["rejected"]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ANSWERED)
@settings(max_examples=25)
@given(data=st.data())
def test_a_spoilt_answer_costs_at_most_itself(name: str, method: str, data: st.DataObject) -> None:
    """Every object has a label of finite numbers, and none of our own defects is in it.

    Other objects do not change at all, unless it is by what the answer told of its worker's skill.
    """
    of_job = METHODS[method]
    event = copy.deepcopy(EVENTS[name])
    place, position = data.draw(st.sampled_from(_answers_of(event)))
    content = event["payload"][place]["annotations"][position]["annotationData"]
    worker = event["payload"][place]["annotations"][position]["workerId"]
    whole, _ = _consolidated(event, of_job)
    content["content"] = data.draw(_spoilt(json.loads(content["content"])))
    labels, artefacts = _consolidated(event, of_job)
    documents = [body.decode() for uri, body in artefacts.items() if uri.endswith(".json")]
    assert "unexpected " not in json.dumps(labels)
    assert "skill-incomplete" not in json.dumps(labels)
    assert not [text for text in documents if json.loads(text, parse_constant=pytest.fail) is None]
    others = [
        (label, before)
        for other, (label, before) in enumerate(zip(labels, whole, strict=True))
        if other != place
    ]
    assert all(label == before for label, before in others) or method == "em"
    assert all(("error" in label) == ("error" in before) for label, before in others)
    mine = labels[place]
    assert "consolidation" in mine
    costs_all = [
        one
        for one in _rejections(mine)
        if one["worker-id"] == worker and "part" not in one and "more than once" not in one["reason"]
    ]
    if costs_all and "fields" not in mine and "annotationsFromAllWorkers" not in mine:
        content["content"] = "unreadable"
        assert _without_blame(mine) == _without_blame(_consolidated(event, of_job)[0][place])


def _members(value: Any, key: str) -> Iterator[Any]:
    """Every member of that name, however deep."""
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(member, key)
    if isinstance(value, dict) and key in value:
        yield value[key]


@pytest.mark.parametrize("weight", [1e-6, 700.0, 1e6])
@pytest.mark.parametrize("name", ANSWERED)
def test_weights_of_any_size_give_probabilities(name: str, weight: float) -> None:
    """What the setting allows must not underflow: a probability that is no number is no JSON."""
    weighted = Settings(method="weighted", default_worker_weight=weight)
    labels, artefacts = _consolidated(EVENTS[name], weighted)
    documents = [json.loads(body) for uri, body in artefacts.items() if uri.endswith(".json")]
    assert "unexpected " not in json.dumps(labels)
    assert all(found is None or 0 < found < 1 for found in _members([labels, documents], "confidence"))


@pytest.mark.parametrize("name", [name for name in ANSWERED if name != "broken-answers"])
def test_one_worker_alone_gives_no_probability(name: str) -> None:
    """Neither of the label nor of any of its parts."""
    event = copy.deepcopy(EVENTS[name])
    for entry in event["payload"]:
        entry["annotations"] = entry["annotations"][:1]
    labels, artefacts = _consolidated(event)
    documents = [json.loads(body) for uri, body in artefacts.items() if uri.endswith(".json")]
    everything = [labels, documents]
    assert set(_members(everything, "confidence")) <= {None}
    assert not [one for shown in _members(everything, "probabilities") for one in shown.values() if one]
    assert not [one for shown in _members(everything, "confidence-map") for one in shown.values() if one]
    assert all(label["consolidation"]["needs-review"] for label in labels)
