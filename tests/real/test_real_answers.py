"""Real crowds' answers: what the labels made of them are worth."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from consolidation.batch import Job, consolidate
from consolidation.kinds.semantic_mask import SemanticMaskKind
from shared.contract import ConsolidationPayload
from shared.errors import AnswerError
from shared.json_node import JsonNode, parse_json
from shared.settings import Limits, Settings
from tests.elements import read_png

DATA = Path(__file__).parents[1] / "data"
Labels = dict[str, dict[str, Any]]


class _Memory:
    """Artefacts in a dictionary; no answer of these requests lies in S3."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        self.written[uri] = body


@cache
def _consolidated(name: str, method: str = "majority") -> tuple[Labels, dict[str, bytes]]:
    payload = ConsolidationPayload.parse(
        parse_json((DATA / name / "consolidation_request.json").read_bytes())
    )
    store = _Memory()
    replies = consolidate(
        Job("label", (), "s3://bucket/output/"), payload.data_objects, store, Settings(method=method)
    )
    return {reply.data_object_id: reply.label for reply in replies}, store.written


def test_birds_a_majority_is_right_on_137_of_151_images() -> None:
    labels, _ = _consolidated("birds")
    with (DATA / "birds" / "truth.csv").open() as table:
        truth = {row["item"]: row["label"] for row in csv.DictReader(table)}
    right = sum(labels[name]["class-name"] == label for name, label in truth.items())
    assert (right, len(truth)) == (137, 151)


def test_birds_the_labels_flagged_for_review_are_wrong_more_often_than_the_others() -> None:
    labels, _ = _consolidated("birds")
    with (DATA / "birds" / "truth.csv").open() as table:
        wrong = {
            row["item"]: labels[row["item"]]["class-name"] != row["label"] for row in csv.DictReader(table)
        }
    review = {name for name, label in labels.items() if label["consolidation"]["needs-review"]}
    flagged = [wrong[name] for name in wrong if name in review]
    others = [wrong[name] for name in wrong if name not in review]
    assert np.mean(flagged) > 3 * np.mean(others)


def test_streetscenes_two_of_three_workers_persons_become_two_instances() -> None:
    labels, written = _consolidated("streetscenes")
    second = labels["1"]
    assert [
        (made["label"], made["support"]["workers"], made["support"]["of"]) for made in second["instances"]
    ] == [
        ("Person", 2, 3),
        ("Person", 2, 3),
    ]
    numbers = read_png(written[second["mask-ref"]])
    assert numbers.shape == (960, 1280)
    assert np.bincount(numbers.reshape(-1)).tolist()[1:] == [made["pixels"] for made in second["instances"]]
    assert second["candidates"] == []


def test_streetscenes_a_person_that_one_of_three_workers_saw_is_kept_for_review() -> None:
    labels, written = _consolidated("streetscenes")
    first = labels["0"]
    assert first["instances"] == []
    candidate = first["candidates"][0]
    assert (candidate["support"]["workers"], candidate["support"]["of"], candidate["pixels"]) == (1, 3, 1863)
    assert first["consolidation"]["needs-review"] is True
    assert "quorum:candidate-1" in first["consolidation"]["reasons"]
    assert int((read_png(written[candidate["mask-ref"]]) == candidate["instance"]).sum()) == 1863


def test_cells_the_fused_masks_are_nearer_to_the_gold_standard_than_single_workers() -> None:
    labels, written = _consolidated("cells")
    fused, single = [], []
    request = json.loads((DATA / "cells" / "consolidation_request.json").read_bytes())
    for entry in request:
        gold = read_png((DATA / "cells" / "gold" / Path(entry["dataObject"]["s3Uri"]).name).read_bytes()) > 0
        fused.append(_iou(read_png(written[labels[entry["datasetObjectId"]]["mask-ref"]]) > 0, gold))
        single += [_iou(_drawn(annotation), gold) for annotation in entry["annotations"]]
    assert np.mean(fused) == pytest.approx(0.8424, abs=1e-4)
    assert np.mean(fused) > np.mean(single) + 0.03


def test_cells_a_vote_of_the_patterns_is_the_pixel_majority() -> None:
    labels, written = _consolidated("cells")
    entry = json.loads((DATA / "cells" / "consolidation_request.json").read_bytes())[0]
    drawn = np.stack([_drawn(annotation) for annotation in entry["annotations"]])
    fused = read_png(written[labels[entry["datasetObjectId"]]["mask-ref"]]) > 0
    assert (fused == (drawn.sum(axis=0) >= 4)).all()


def test_nodules_every_box_of_every_reader_is_in_a_label_or_a_candidate() -> None:
    labels, _ = _consolidated("nodules")
    for entry in json.loads((DATA / "nodules" / "consolidation_request.json").read_bytes()):
        answers = [json.loads(one["annotationData"]["content"]) for one in entry["annotations"]]
        drawn = sum(len(answer["boundingBox"]["boundingBoxes"]) for answer in answers)
        label = labels[entry["datasetObjectId"]]
        boxes = [*label["annotations"], *label["candidates"]]
        assert sum(box["support"]["workers"] for box in boxes) == drawn
        assert label["consolidation"]["rejected"] == []
        assert all(box["support"]["of"] == 4 for box in boxes)


def test_weighted_with_equal_weights_is_the_majority() -> None:
    assert _without_method(_consolidated("birds")[0]) == _without_method(
        _consolidated("birds", "weighted")[0]
    )


def _without_method(labels: Labels) -> Labels:
    hidden = ("method", "settings", "skill")
    return {
        name: {**label, "consolidation": {k: v for k, v in label["consolidation"].items() if k not in hidden}}
        for name, label in labels.items()
    }


def _drawn(annotation: dict[str, Any]) -> Any:
    element = json.loads(annotation["annotationData"]["content"])["crowd-semantic-segmentation"]
    value = SemanticMaskKind().parse(JsonNode(element, "$", AnswerError), Limits())
    return value.numbers[value.colour_map.indices] > 0


def _iou(one: Any, other: Any) -> float:
    return float((one & other).sum() / (one | other).sum())
