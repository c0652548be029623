"""Labels in a few words: ours of every kind, those of built-in task types, and whatever else stands in a manifest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeljob.jobs.summaries import summary
from shared.settings import Settings
from tests.laws.every_kind import UNDER_LAW
from tests.laws.merging import KindUnderLaw
from tests.report.conftest import labelled, workers
from tests.strategies import CATEGORIES

KEYS = [
    *("annotations", "class-name", "class-names", "consolidation", "counts", "error", "fields", "instances"),
    *("internal-color-map", "kind", "label-ref", "mask-ref", "objects", "ranking", "sensors", "value"),
]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("law", UNDER_LAW, ids=str)
@settings(max_examples=10)
@given(data=st.data())
def test_every_kind_is_told_in_words(law: KindUnderLaw, data: st.DataObject) -> None:
    """No label is shown as the JSON it is."""
    kinds = Settings(element_kinds={"mark": law.kind.name})
    job = labelled(workers(*data.draw(law.elements)), law.data_object.get("content"), CATEGORIES, kinds)
    label = job.objects[0].label
    told = summary(label)
    assert told
    assert not told.startswith("{")
    if "class-name" in label:
        assert told.startswith(label["class-name"])
    if isinstance(label.get("annotations"), list):
        assert told.startswith(f"{len(label['annotations'])} ")
    for key in ("mask-ref", "labels-ref", "seq-label-ref"):
        assert label.get(key, "") in told


@given(
    label=anything,
    metadata=st.none() | st.dictionaries(st.sampled_from(["class-map", "class-name"]), anything),
)
def test_whatever_stands_in_a_manifest_is_told(label: Any, metadata: dict[str, Any] | None) -> None:
    assert isinstance(summary(label, metadata), str)


BUILT_IN: list[tuple[Any, dict[str, Any], str]] = [
    (9, {"class-name": "Canary", "confidence": 0.95}, "Canary (0.95)"),
    ([1, 0], {"class-map": {"0": "car", "1": "bus"}}, "bus, car"),
    ([], {"class-map": {}}, "none of the categories"),
    (
        {
            "image_size": [],
            "annotations": [{"class_id": 0, "left": 1, "top": 1, "width": 2, "height": 2}] * 2,
        },
        {"class-map": {"0": "dog"}},
        "2 boxes: 2 x dog",
    ),
    (
        {"annotations": {"labels": [], "entities": [{"label": "person", "startOffset": 0, "endOffset": 3}]}},
        {"entities": [{"confidence": 0}]},
        "1 entity: person",
    ),
    ("s3://acme-out/mask.png", {"internal-color-map": {}}, "s3://acme-out/mask.png"),
    ({}, {"worker-response-ref": "s3://acme-out/answers.json"}, "answers in s3://acme-out/answers.json"),
    ({"annotationsFromAllWorkers": [{}, {}]}, {}, "answers of 2 workers, not merged"),
    ({"annotations": [{"class_id": 3, "vertices": []}]}, {}, "1 outline: class 3"),
    ("0", {}, '"0"'),
    ({"mine": 1}, {}, '{"mine": 1}'),
]


@pytest.mark.parametrize(
    ("label", "metadata", "told"), BUILT_IN, ids=[json.dumps(row[0])[:40] for row in BUILT_IN]
)
def test_labels_of_others_are_told_by_their_shape(label: Any, metadata: dict[str, Any], told: str) -> None:
    assert summary(label, metadata) == told


def test_a_page_of_several_elements_names_each() -> None:
    label = {
        "fields": {
            "animal": {"class-name": "cat", "confidence": 0.9},
            "note": {"error": {"code": "answer", "message": "empty"}},
        },
        "consolidation": {},
    }
    assert summary(label) == "animal: cat (0.9); note: no label: empty"


def test_what_workers_wrote_does_not_steer_the_terminal() -> None:
    assert summary({"class-name": "cat\x1b[2J\n dog"}) == "cat\ufffd[2J dog"
    assert summary({"value": "\x1b]0;title\x07", "confidence": 1.0}) == '"\\u001b]0;title\\u0007" (1.0)'
