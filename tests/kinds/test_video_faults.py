"""Video frames that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import AnswerError, LimitError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.elements import Element
from tests.laws.merging import BY_NAME, merge
from tests.video_elements import LEFT, RIGHT, box, frame, video

TRACKS = BY_NAME["video-tracks"]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        pytest.param(box(LEFT, "9", width=0), "is 0x20; a box needs a width and a height", id="no width"),
        pytest.param(box(LEFT, "9", label=""), "label: must not be empty", id="no category"),
        pytest.param(box(RIGHT, "1"), "object-id '1' is in this frame already", id="twice in a frame"),
        pytest.param("box", "must be an object, is a string", id="no part at all"),
    ],
)
def test_a_part_that_cannot_be_read_costs_only_itself(part: Any, reason: str) -> None:
    merged = merge(TRACKS, [video(frame(0, box(LEFT, "1"), part)), video(frame(0, box(LEFT, "1")))])
    assert (merged.label["counts"], merged.label["annotations"]) == ({"car": 1}, 1)
    rejection = merged.consensus.rejected[0]
    assert (rejection.worker_id, rejection.part) == ("worker-0", "$.tracking-annotations[0].annotations[1]")
    assert reason in rejection.reason


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"annotations": []}, "has neither frame-no nor frame", id="no number and no name"),
        pytest.param(frame(0), "is a frame that the answer has already; the first counts", id="twice"),
        pytest.param(
            frame(2, annotations=[box(LEFT, "1")] * 4), "has 4 parts, allowed are 3", id="too many parts"
        ),
    ],
)
def test_a_frame_that_cannot_be_read_costs_only_itself(broken: Element, reason: str) -> None:
    element = video(frame(0, box(LEFT, "1")), broken)
    answer = TRACKS.parse(JsonNode(element, "$", AnswerError), Limits(parts=3))
    assert len(answer.parts) == 1
    assert [path for path, _ in answer.faults] == ["$.tracking-annotations[1]"]
    assert reason in answer.faults[0][1]


def test_too_many_frames_are_refused_by_name_of_the_limit() -> None:
    element = JsonNode(video(frame(0), frame(1)), "$", AnswerError)
    with pytest.raises(LimitError) as refused:
        TRACKS.parse(element, Limits(frames=1))
    assert (
        refused.value.reason == "$.tracking-annotations: has 2 frames, allowed are 1 (setting limits.frames)"
    )
