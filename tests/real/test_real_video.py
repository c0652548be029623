"""A real job's `SeqLabel.json`: read, and returned by workers who all agree with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from consolidation.answers import recognise
from tests.laws.merging import BY_NAME, merge

FILE = Path(__file__).parents[1] / "data" / "vehicles" / "SeqLabel.json"
ADDED = {"confidence", "support"}


def _sequence() -> dict[str, Any]:
    sequence: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return sequence


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_who_agree_with_a_real_label_get_it_back(workers: int) -> None:
    """Frames, numbers as text, boxes, attributes, class ids, object ids and names."""
    sequence = _sequence()
    kind = recognise(sequence)
    assert kind is BY_NAME["video-tracks"]
    merged = merge(kind, [sequence] * workers, label_categories=("bus", "van", "Vehicle"))
    label = merged.label
    assert (label["frames"], label["objects"], label["candidates"]) == (12, 3, 0)
    assert label["counts"] == {"Vehicle": 3}
    found = json.loads(merged.artefacts[label["seq-label-ref"]])["tracking-annotations"]
    for frame, real in zip(found, sequence["tracking-annotations"], strict=True):
        parts = [{key: part[key] for key in part.keys() - ADDED} for part in frame["annotations"]]
        by_id = {part["object-id"]: part for part in real["annotations"]}
        assert {part["object-id"]: part for part in parts} == by_id
        assert {key: frame[key] for key in ("frame-no", "frame", "frame-attributes")} == {
            key: real[key] for key in ("frame-no", "frame", "frame-attributes")
        }
    assert set(merged.consensus.worker_agreement.values()) == {1.0}
