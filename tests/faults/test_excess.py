"""Answers that are too much: a limit ends the work early, and the one answer that is to blame is the only one that is lost."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.payloads import WORKERS, answer, entry, label_of, reasons_by_worker

Send = Callable[..., list[dict[str, Any]]]


def _box(left: float, **more: Any) -> dict[str, Any]:
    return {"label": "car", "left": left, "top": 10, "width": 30, "height": 20, **more}


def _boxes(count: int, apart: float = 40) -> dict[str, Any]:
    return {"boundingBoxes": [_box(10 + apart * place) for place in range(count)]}


def _frames(count: int, boxes: int, apart: float = 40) -> dict[str, Any]:
    listed = [_box(10 + apart * place, **{"object-id": str(place)}) for place in range(boxes)]
    return {"tracking-annotations": [{"frame-no": frame, "annotations": listed} for frame in range(count)]}


def _points(values: Any) -> dict[str, Any]:
    stream = zlib.compress(np.asarray(values, np.uint8).tobytes())
    names = {str(value): {"class-name": f"c{value}"} for value in range(1, 250)}
    return {"pointLabels": base64.b64encode(stream).decode(), "color-map": names}


ROAD = np.repeat([0, 1, 2], 100)
NOISE = np.arange(300) % 250
EXCESS = [
    ("overlaps", 300, _boxes(5), _boxes(200, apart=1)),
    ("overlaps", 400, _frames(3, 5), _frames(3, 200, apart=1)),
    ("overlaps", 100, {"entities": [{"label": "a", "startOffset": 1, "endOffset": 5}]}, {
        "entities": [{"label": "a", "startOffset": 1, "endOffset": 3 + end} for end in range(90)]
    }),
    ("categories", 20, ["a", "b", "c"], [f"item {place}" for place in range(19)]),
    ("cells", 2_000, _points(ROAD), _points(NOISE)),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "most", "good", "excessive"), EXCESS, ids=lambda value: str(value)[:20])
def test_one_excessive_answer_costs_only_itself(
    consolidated: Send,
    configure: Callable[..., None],
    limit: str,
    most: int,
    good: dict[str, Any],
    excessive: dict[str, Any],
) -> None:
    configure({"limits": {limit: most}, "skill-store": "off"})
    answers = [
        answer(who, e=element)
        for who, element in zip(WORKERS, [good, excessive, good, good, good], strict=False)
    ]
    label = label_of(consolidated([entry("0", *answers)]), "0")
    without = label_of(consolidated([entry("0", answers[0], *answers[2:])]), "0")
    assert list(reasons_by_worker(label)) == [WORKERS[1]]
    assert f"(setting limits.{limit})" in reasons_by_worker(label)[WORKERS[1]]
    assert {**label, "consolidation": None} == {**without, "consolidation": None}
    assert label["consolidation"]["confidence"] == without["consolidation"]["confidence"]


@pytest.mark.parametrize("workers", [2, 5])
def test_where_no_answer_is_to_blame_alone_the_label_names_the_limit(
    consolidated: Send, configure: Callable[..., None], workers: int
) -> None:
    configure({"limits": {"overlaps": 300}})
    answers = [answer(who, e=_boxes(60, apart=1)) for who in WORKERS[:workers]]
    error = label_of(consolidated([entry("0", *answers)]), "0")["error"]
    assert error["code"] == "limit"
    assert "(setting limits.overlaps)" in error["message"]


LONG = "x" * 9_000
QUOTED = [
    {"labelMappings": {"road": {"color": LONG}}, "labeledImage": {"pngImageData": ""}},
    {"labelMappings": {LONG: {"color": 3}}, "labeledImage": {"pngImageData": ""}},
    {"tracking-annotations": [{"frame-no": 0, "annotations": [_box(1, **{"object-id": LONG})] * 25}]},
    {"boundingBoxes": [{"label": LONG * 12}] * 25},
]


@pytest.mark.parametrize("element", QUOTED, ids=lambda element: next(iter(element)))
@pytest.mark.parametrize("name", ["e", "n" * 9_000], ids=["short name", "long name"])
def test_what_a_worker_sends_does_not_swell_the_reply_through_what_is_said_of_it(
    consolidated: Send, configure: Callable[..., None], element: Any, name: str
) -> None:
    """Lambda cuts off a reply of more than 6 MB, and with it the labels of the whole batch."""
    configure({"limits": {"reply-bytes": 50_000}})
    payload = [entry(str(place), answer(WORKERS[0], **{name: element})) for place in range(3)]
    assert len(json.dumps(consolidated(payload))) <= 50_000


def test_a_form_of_hundreds_of_broken_elements_does_not_swell_the_reply(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"limits": {"reply-bytes": 50_000}})
    form = {f"element {place}": {"label": ""} for place in range(400)}
    payload = [entry(str(place), answer(WORKERS[0], **form)) for place in range(3)]
    assert len(json.dumps(consolidated(payload))) <= 50_000


def test_overlaps_are_counted_over_all_frames_too(consolidated: Send, configure: Callable[..., None]) -> None:
    """Each of 50 frames is within the limit, all of them are beyond four times of it."""
    configure({"limits": {"overlaps": 40}})
    answers = [answer(who, e=_frames(50, 5)) for who in WORKERS[:2]]
    error = label_of(consolidated([entry("0", *answers)]), "0")["error"]
    assert error["message"] == "in all frames more than 160 pairs of parts overlap (setting limits.overlaps)"


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: {"front": one, "rear": one}], ids=["one", "two sensors"]
)
def test_a_sequence_of_more_parts_than_memory_bears_is_refused(
    consolidated: Send, configure: Callable[..., None], wrap: Callable[[Any], Any]
) -> None:
    """Its frames may each be within the limits."""
    configure({"limits": {"sequence-parts": 40}})
    answers = [answer(WORKERS[0], e=wrap(_frames(10, 5))), answer(WORKERS[1], e=wrap(_frames(4, 5)))]
    label = label_of(consolidated([entry("0", *answers)]), "0")
    assert "seq-label-ref" in label
    (reason,) = reasons_by_worker(label).values()
    assert "parts in all frames, allowed are 40 (setting limits.sequence-parts)" in reason
