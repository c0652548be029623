"""What the worker's page gets of a manifest line, and which lines no worker sees."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pre_annotation.initial_value import initial_value
from pre_annotation.task_input import confidence_of, decide, previous_labels, task_object_of
from shared.errors import ContractError, SettingsError
from shared.settings import Settings
from tests.payloads import consolidation_event, pre_annotation_event

Send = Callable[..., dict[str, Any]]
URI = "s3://acme-in/roads/0007.jpg"
BOXES = {"image_size": [{"width": 100, "height": 80, "depth": 3}], "annotations": []}


@pytest.mark.parametrize(
    ("line", "task_object"),
    [
        ({"source": "text"}, "text"),
        ({"source-ref": URI}, URI),
        ({"source": "text", "source-ref": URI}, "text"),
        ({"source": "", "source-ref": URI}, URI),
        ({"source": None, "source-ref": URI}, URI),
        ({"source": {"a": 1}, "source-ref": URI}, URI),
        ({"source": '{"a": 1}'}, '{"a": 1}'),
        ({"source": ""}, None),
        ({"source-ref": ""}, None),
        ({"source_ref": URI}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_task_object_is_the_source_unless_it_is_empty_else_the_source_ref(
    line: dict[str, Any], task_object: str | None
) -> None:
    """AWS's sample takes an empty `source` for the task."""
    assert task_object_of(line) == task_object


def test_the_page_gets_the_object_the_labels_the_line_and_earlier_labels(pre_annotated: Send) -> None:
    line = {"source-ref": URI, "camera": "front", "labels": ["car", "bus"], "Vehicles": BOXES}
    line["Vehicles-metadata"] = {"class-map": {"0": "car"}}
    before = copy.deepcopy(line)
    assert pre_annotated(line) == {
        "taskInput": {
            "taskObject": URI,
            "labels": ["car", "bus"],
            "manifestLine": before,
            "previousLabels": {"Vehicles": {"label": BOXES, "metadata": {"class-map": {"0": "car"}}}},
            "initialValue": initial_value(BOXES, {"class-map": {"0": "car"}}),
            "initialValues": {},
        },
        "isHumanAnnotationRequired": True,
        "humanAnnotationRequired": "true",
    }
    assert line == before


def test_a_line_that_no_worker_can_be_shown_is_skipped_and_the_job_goes_on(
    pre_annotated: Send, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exception would fail the whole job."""
    reply = pre_annotated({"camera": "front"})
    assert reply["isHumanAnnotationRequired"] is False
    assert reply["taskInput"]["taskObject"] is None
    assert "the line has neither source nor source-ref" in log.getvalue()
    assert '"SkippedObjects":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("own", "labels"),
    [
        (["van"], ["van"]),
        ([], ["car", "bus"]),
        (None, ["car", "bus"]),
        ("van", ["car", "bus"]),
        (["van", ""], ["car", "bus"]),
        ([0, 1], ["car", "bus"]),
        ({"van": 1}, ["car", "bus"]),
    ],
    ids=str,
)
def test_a_lines_own_labels_go_before_the_jobs(
    pre_annotated: Send, configure: Callable[..., None], own: Any, labels: list[str]
) -> None:
    configure({"label-categories": ["car", "bus"]})
    assert pre_annotated({"source": "text", "labels": own})["taskInput"]["labels"] == labels


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ({"source": "t", "a": 1, "a-metadata": {}}, ["a"]),
        ({"source": "t", "a": 1, "a-metadata": {}, "b": None, "b-metadata": {}}, ["a", "b"]),
        ({"source": "t", "a": 1}, []),
        ({"source": "t", "a-metadata": {}}, []),
        ({"source": "t", "a": 1, "a-metadata": "yes"}, []),
        ({"source": "t", "a": 1, "a-metadata": {}, "a-metadata-metadata": {}}, ["a", "a-metadata"]),
    ],
    ids=str,
)
def test_an_earlier_label_is_an_attribute_with_metadata_beside_it(
    line: dict[str, Any], names: list[str]
) -> None:
    assert list(previous_labels(line)) == names


OURS = {"class-name": "car", "consolidation": {"confidence": 0.95}}
CONFIDENT = [
    ("ours", OURS, {"type": "groundtruth/custom"}, 0.95),
    ("ours goes first", OURS, {"confidence": 0.2}, 0.95),
    ("ours of one worker", {"consolidation": {"confidence": None}}, {}, None),
    ("built-in class", 0, {"confidence": 0.91, "class-name": "car"}, 0.91),
    ("built-in class of one worker", 0, {"confidence": 0.0}, 0.0),
    (
        "built-in boxes: the least sure",
        BOXES,
        {"objects": [{"confidence": 0.97}, {"confidence": 0.92}]},
        0.92,
    ),
    ("boxes of which one says nothing", BOXES, {"objects": [{"confidence": 0.97}, {}]}, None),
    ("no boxes", BOXES, {"objects": []}, None),
    ("built-in entities", {}, {"entities": [{"confidence": 0.93}, {"confidence": 0.99}]}, 0.93),
    ("built-in multi-label", [0, 1], {"confidence-map": {"0": 0.9, "1": 0.95}}, 0.9),
    ("no confidence", "s3://a/b.png", {"internal-color-map": {}}, None),
    ("a word", 0, {"confidence": "high"}, None),
    ("true", 0, {"confidence": True}, None),
    ("a percentage", 0, {"confidence": 95}, None),
    ("negative", 0, {"confidence": -0.5}, None),
    ("not a number", 0, {"confidence": float("nan")}, None),
    ("infinite", 0, {"confidence": float("inf")}, None),
    ("beyond any float", 0, {"confidence": 10**400}, None),
    (
        "one of the objects no probability",
        0,
        {"objects": [{"confidence": 0.9}, {"confidence": float("nan")}]},
        None,
    ),
    ("malformed", 0, {"objects": "many", "confidence-map": [0.9]}, None),
]


@pytest.mark.parametrize(
    ("label", "metadata", "confidence"),
    [case[1:] for case in CONFIDENT],
    ids=[case[0] for case in CONFIDENT],
)
def test_the_confidence_of_an_earlier_label_is_read_where_each_kind_states_it(
    label: Any, metadata: dict[str, Any], confidence: float | None
) -> None:
    assert confidence_of({"label": label, "metadata": metadata}) == confidence


@pytest.mark.parametrize(
    ("label", "metadata", "confidence"),
    [case[1:] for case in CONFIDENT],
    ids=[case[0] for case in CONFIDENT],
)
def test_a_line_is_spared_its_workers_only_by_a_sure_enough_label(
    label: Any, metadata: dict[str, Any], confidence: float | None
) -> None:
    line = {"source": "text", "Cats": label, "Cats-metadata": metadata}
    decision = decide(line, (), Settings(skip_label="Cats", skip_confidence=0.91))
    skipped = confidence is not None and confidence >= 0.91
    assert decision.response.human_annotation_required is not skipped
    if skipped:
        assert decision.skipped == f"Cats already has confidence {confidence} (skip-confidence 0.91)"


def test_no_line_is_skipped_unless_a_label_is_named() -> None:
    line = {"source": "text", "Cats": 0, "Cats-metadata": {"confidence": 0.99}}
    assert decide(line, (), Settings()).response.human_annotation_required
    assert decide(line, (), Settings(skip_label="Dogs")).response.human_annotation_required
    assert not decide(line, (), Settings(skip_label="Cats")).response.human_annotation_required


def test_a_label_that_consolidation_made_spares_the_next_job_its_workers(
    consolidated: Callable[..., Any], pre_annotated: Send, configure: Callable[..., None], log: StringIO
) -> None:
    """Five workers agreed; the line of the next job carries the label with the metadata the service writes."""
    configure({"skip-label": "Roads-7A", "label-categories": ["car", "bus"]})
    payload = [
        {
            "datasetObjectId": "0",
            "annotations": [
                {"workerId": f"w{number}", "annotationData": {"content": '{"kind":{"label":"car"}}'}}
                for number in range(5)
            ],
        }
    ]
    (one,) = consolidated(payload)
    line = {"source-ref": URI, **one["consolidatedAnnotation"]["content"]}
    line["Roads-7A-metadata"] = {"type": "groundtruth/custom", "human-annotated": "yes"}
    assert pre_annotated(line)["isHumanAnnotationRequired"] is False
    assert "Roads-7A already has confidence" in log.getvalue()


def test_a_task_too_long_for_a_page_is_told_in_the_log(pre_annotated: Send, log: StringIO) -> None:
    """RenderUiTemplate takes 128,000 characters; the line comes in the task twice."""
    reply = pre_annotated({"source": "x" * 64_000})
    assert reply["isHumanAnnotationRequired"] is True
    assert "taskInput is too long for a worker page" in log.getvalue()


def test_a_task_of_ordinary_length_is_not(pre_annotated: Send, log: StringIO) -> None:
    pre_annotated({"source": "x" * 60_000})
    assert "too long" not in log.getvalue()


def test_the_line_is_not_in_the_log(pre_annotated: Send, log: StringIO) -> None:
    pre_annotated({"source": "a private text", "camera": "front"})
    pre_annotated({"other": "a private text"})
    assert "a private text" not in log.getvalue()


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, ContractError),
        (pre_annotation_event("text"), ContractError),
        (consolidation_event([]), ContractError),
    ],
    ids=["empty", "no object", "the other function's"],
)
@pytest.mark.usefixtures("aws")
@pytest.mark.filterwarnings("ignore:No application metrics")
def test_an_event_of_something_else_raises(event: Any, error: type[Exception]) -> None:
    from pre_annotation.app import lambda_handler  # noqa: PLC0415 - for this test only
    from tests.payloads import Context  # noqa: PLC0415 - as above

    handler: Any = lambda_handler
    with pytest.raises(error, match=r"\$\.dataObject"):
        handler(event, Context())


def test_a_broken_deployment_raises_since_every_object_would_fail(
    pre_annotated: Send, configure: Callable[..., None]
) -> None:
    configure(ALLOWED_LOCATIONS="")
    with pytest.raises(SettingsError, match="set the stack parameter AllowedLocations"):
        pre_annotated({"source": "text"})


def test_importing_the_function_brings_neither_numpy_nor_boto3() -> None:
    """It runs once per data object, and cold starts are paid for."""
    code = "import sys, pre_annotation.app; print(sorted({'numpy', 'boto3', 'botocore.session', 'PIL'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout.replace("'", '"')) == []
