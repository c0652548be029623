"""An earlier label as what an adjustment page starts from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pre_annotation.initial_value import initial_value, initial_values
from pre_annotation.task_input import decide
from shared.settings import Settings
from tests.laws.every_kind import UNDER_LAW
from tests.laws.merging import KindUnderLaw

SHOWN_BY_ELEMENTS = (
    *("class", "multi-label", "boxes", "rotated-boxes", "polygons", "polylines", "lines", "keypoints"),
    "entities",
)
BOX = {"class_id": 0, "left": 111, "top": 134, "width": 61, "height": 128}


@pytest.mark.parametrize("law", [law for law in UNDER_LAW if law.kind.name in SHOWN_BY_ELEMENTS], ids=str)
@given(data=st.data())
def test_a_label_becomes_the_answer_of_a_worker_who_agrees_with_it(
    law: KindUnderLaw, data: st.DataObject
) -> None:
    merged = law.merge(data.draw(law.elements))
    label = {**merged.label, "consolidation": {"kind": law.kind.name}}
    started = initial_value(label, {}, law.data_object.get("content", ""))
    assert started is not None
    assert law.essence(started) == law.essence(law.as_element(merged.label, merged.artefacts))


@pytest.mark.parametrize(
    ("label", "metadata", "expected"),
    [
        pytest.param(
            {"annotations": [BOX], "image_size": [{"width": 1280, "height": 960, "depth": 3}]},
            {"class-map": {"0": "car"}},
            {
                "boundingBoxes": [{"label": "car", "left": 111, "top": 134, "width": 61, "height": 128}],
                "inputImageProperties": {"width": 1280, "height": 960},
            },
            id="boxes of a built-in job",
        ),
        pytest.param(
            {
                "annotations": {
                    "labels": [{"label": "person"}],
                    "entities": [{"label": "person", "startOffset": 0, "endOffset": 3}],
                }
            },
            {"entities": [{"confidence": 0}]},
            {"entities": [{"startOffset": 0, "endOffset": 3, "label": "person"}]},
            id="entities of a built-in job",
        ),
        pytest.param(
            "s3://acme-out/city.png",
            {
                "internal-color-map": {
                    "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
                    "1": {"class-name": "road", "hex-color": "#f28333"},
                }
            },
            {"labelMappings": {"road": {"color": "#f28333"}}, "src": "s3://acme-out/city.png"},
            id="a semantic mask of a built-in job",
        ),
        pytest.param(
            {
                "consolidation": {"kind": "semantic-mask"},
                "mask-ref": "s3://acme-out/1.png",
                "internal-color-map": {"1": {"class-name": "road", "hex-color": "#f28333"}},
            },
            {},
            {"labelMappings": {"road": {"color": "#f28333"}}, "src": "s3://acme-out/1.png"},
            id="a semantic mask of ours",
        ),
        pytest.param(
            {
                "consolidation": {"kind": "instance-mask"},
                "mask-ref": "s3://acme-out/1.png",
                "instances": [{"instance": 1, "label": "car", "color": "#2ca02c", "pixels": 9}],
            },
            {},
            {"instances": [{"color": "#2ca02c", "label": "car"}], "src": "s3://acme-out/1.png"},
            id="instances of ours",
        ),
    ],
)
def test_labels_of_every_make_are_shown(label: Any, metadata: dict[str, Any], expected: Any) -> None:
    assert initial_value(label, metadata) == expected


@pytest.mark.parametrize(
    "label",
    [
        *(None, 3, "text", [], {}, {"error": {"code": "x"}}, {"label-ref": "s3://b/k"}),
        {"annotations": [BOX]},  # a class id that nothing names
        {"annotations": [{**BOX, "left": None}, 7]},
        {"consolidation": {"kind": "polygons"}, "annotations": 3},
        {"consolidation": "polygons"},
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_none_and_the_job_goes_on(label: Any) -> None:
    assert initial_value(label, {}) is None
    line = {"source-ref": "s3://acme-in/1.jpg", "Roads": label, "Roads-metadata": {}}
    assert decide(line, (), Settings()).response.task_input["initialValue"] is None


@pytest.mark.parametrize(
    ("reading", "start", "end"),
    [("any", 4, 7), ("code-point", 4, 7), ("utf-16", 5, 8), ("utf-16-lf", 4, 7), ("code-point-lf", 3, 6)],
)
def test_entities_are_counted_as_the_page_counted_them(reading: str, start: int, end: int) -> None:
    """Our labels have code points; a page may count UTF-16 units, or CR LF as one."""
    label = {
        "annotations": {"entities": [{"label": "person", "startOffset": 4, "endOffset": 7}]},
        "offset-unit": "code-point",
        "offsets-read-as": reading,
        "consolidation": {"kind": "entities"},
    }
    line = {"source": "😀\r\n Ann", "Names": label, "Names-metadata": {}}
    started = decide(line, (), Settings()).response.task_input["initialValue"]
    assert started == {"entities": [{"startOffset": start, "endOffset": end, "label": "person"}]}


def test_a_page_of_several_elements_has_an_initial_value_for_each() -> None:
    label = {
        "fields": {
            "weather": {"class-name": "dry", "consolidation": {"kind": "class"}},
            "note": {"annotationsFromAllWorkers": [], "consolidation": {"kind": None}},
        }
    }
    assert initial_value(label, {}) is None
    assert initial_values(label, {}) == {"weather": {"label": "dry"}, "note": None}


def test_the_setting_says_which_of_several_labels_is_adjusted() -> None:
    line = {
        "source-ref": "s3://acme-in/1.jpg",
        "Cats": {"class-name": "yes", "consolidation": {"kind": "class"}},
        "Cats-metadata": {},
        "Dogs": {"class-name": "no", "consolidation": {"kind": "class"}},
        "Dogs-metadata": {},
    }
    started = [
        decide(line, (), Settings(adjust_label=name)).response.task_input["initialValue"]
        for name in ("", "Cats", "Dogs", "Birds")
    ]
    assert started == [None, {"label": "yes"}, {"label": "no"}, None]
